//! What `bench` times: making ids by an injected clock and by the real one, and entering keys into the index.

use crate::kernel::bench::{Bench, Case, WallClock};
use crate::kernel::rng::Rng;
use crate::parts::btree::{Split, Tree};
use crate::parts::snowflake::{Clock, Generator, HandClock, Layout, Policy, Refused, Slot};
use crate::parts::ulid::Ulid;
use crate::parts::uuid;
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

#[rustfmt::skip]
pub const BENCHES: &[Bench] = &[
    Bench { name: "snowflake-injected", says: "one id, the clock in a cell", threads: &[1], ops: 20_000_000, prepare: || Box::new(Injected) },
    Bench { name: "snowflake-atomic", says: "one id, state and clock in atomics shared by all threads", threads: &[1, 2], ops: 4_000_000, prepare: || Box::new(Shared::default()) },
    Bench { name: "snowflake-real-clock", says: "one id by the real clock, waiting where 4096 of a millisecond are used up", threads: &[1, 2], ops: 409_600, prepare: || Box::new(Real::default()) },
    Bench { name: "uuid4", says: "one UUID of version 4", threads: &[1], ops: 10_000_000, prepare: || Box::new(Rival(Kind::Uuid4)) },
    Bench { name: "uuid7", says: "one UUID of version 7, the clock in a cell", threads: &[1], ops: 10_000_000, prepare: || Box::new(Rival(Kind::Uuid7)) },
    Bench { name: "ulid", says: "one ULID, the clock in a cell", threads: &[1], ops: 10_000_000, prepare: || Box::new(Rival(Kind::Ulid)) },
    Bench { name: "index-sorted", says: "one rising key into a B+ tree of 256 entries a page, 256 pages in memory", threads: &[1], ops: 500_000, prepare: || Box::new(Index { random: false }) },
    Bench { name: "index-random", says: "one random key into the same", threads: &[1], ops: 500_000, prepare: || Box::new(Index { random: true }) },
];

const START_MS: u64 = super::config::START_MS;

/// Makes ids until `ops` are made; `wait` is called where there is none yet. Gives the ids folded together.
fn make<S: Slot, C: Clock>(ids: &Generator<S, C>, ops: u64, wait: impl Fn(u64)) -> u64 {
    let (mut made, mut folded) = (0, 0u64);
    while made < ops {
        match ids.generate() {
            Ok(id) => {
                folded ^= id;
                made += 1;
            }
            Err(Refused::NotYet { until_ms }) => wait(until_ms),
            Err(_) => break,
        }
    }
    folded
}

struct Injected;

impl Case for Injected {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let ids: Generator<Cell<u64>, HandClock> = Generator::new(Layout::TWITTER, thread as u64, Policy::Wait, HandClock::at(START_MS));
        make(&ids, ops, |until_ms| ids.clock().set(until_ms))
    }
}

/// A clock that threads share.
struct SharedClock(AtomicU64);

impl Clock for SharedClock {
    fn millis(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Shared(Generator<AtomicU64, SharedClock>);

impl Default for Shared {
    fn default() -> Shared {
        Shared(Generator::new(Layout::TWITTER, 1, Policy::Wait, SharedClock(AtomicU64::new(START_MS))))
    }
}

impl Case for Shared {
    fn run(&self, _: usize, ops: u64) -> u64 {
        make(&self.0, ops, |until_ms| {
            self.0.clock().0.fetch_max(until_ms, Ordering::Relaxed);
        })
    }
}

/// The real clock, where the caller has wound it.
#[derive(Default)]
struct RealClock(Option<WallClock>);

impl Clock for RealClock {
    #[inline]
    fn millis(&self) -> u64 {
        self.0.map_or(START_MS, |now| now() / 1_000_000)
    }
}

struct Real {
    ids: Generator<AtomicU64, RealClock>,
    /// Every id of every round, for the note.
    made: Mutex<Vec<u64>>,
}

impl Default for Real {
    fn default() -> Real {
        Real { ids: Generator::new(Layout::TWITTER, 1, Policy::Wait, RealClock::default()), made: Mutex::default() }
    }
}

impl Case for Real {
    fn wind(&mut self, wall: WallClock) {
        self.ids = Generator::new(Layout::TWITTER, 1, Policy::Wait, RealClock(Some(wall)));
    }

    fn run(&self, _: usize, ops: u64) -> u64 {
        let mut own = Vec::with_capacity(ops as usize);
        while (own.len() as u64) < ops && self.ids.clock().0.is_some() {
            match self.ids.generate() {
                Ok(id) => own.push(id),
                Err(_) => std::hint::spin_loop(),
            }
        }
        let folded = own.iter().fold(0, |a, b| a ^ b);
        if let Ok(mut made) = self.made.lock() {
            made.append(&mut own);
        }
        folded
    }

    fn note(&self) -> Option<String> {
        let mut made = self.made.lock().ok()?.clone();
        let all = made.len();
        made.sort_unstable();
        made.dedup();
        Some(format!("the format's cap is {} ids/s; {all} ids, {} of them twice", 4_096_000, all - made.len()))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Uuid4,
    Uuid7,
    Ulid,
}

struct Rival(Kind);

impl Case for Rival {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut rng = Rng::numbered(1, "bench ids", thread as u64);
        let (mut v7, mut ulid, mut folded) = (uuid::V7::default(), Ulid::default(), 0);
        for n in 0..ops {
            let random = u128::from(rng.u64()) << 64 | u128::from(rng.u64());
            let ms = START_MS + n / 4096;
            folded ^= match self.0 {
                Kind::Uuid4 => uuid::v4(random),
                Kind::Uuid7 => v7.next(ms, random),
                Kind::Ulid => ulid.next(ms, random),
            };
        }
        folded as u64
    }
}

struct Index {
    random: bool,
}

impl Case for Index {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut rng = Rng::numbered(1, "bench keys", thread as u64);
        let mut tree = Tree::new(256, 256, Split::RightMost { keep: 0.9 });
        for n in 0..ops {
            tree.insert(if self.random { rng.u64() } else { n }, n);
        }
        tree.traffic().fetches
    }
}
