//! What is timed natively: the same parts that the simulation uses.

use crate::kernel::bench::{Bench, Case};
use crate::kernel::time::Time;
use crate::parts::cache::{Cache, Entry, Lru, S3Fifo};
use crate::parts::hash::mix;
use crate::parts::ring::Ring;
use crate::parts::zipf::Zipf;
use std::sync::Mutex;

pub const BENCHES: &[Bench] = &[
    Bench { name: "ring-look-up", says: "owner of a random key, 100 nodes x 150 points", threads: &[1], ops: 5_000_000, prepare: ring },
    Bench { name: "ring-replicas", says: "the three distinct replicas of a random key", threads: &[1], ops: 1_000_000, prepare: replicas },
    Bench { name: "zipf-draw", says: "one rank of a million, Zipf(0.99)", threads: &[1], ops: 5_000_000, prepare: draws },
    Bench { name: "s3-fifo", says: "get, or put after a miss: Zipf(0.99) over a million keys, a tenth fits", threads: &[1], ops: 1_000_000, prepare: s3_fifo },
    Bench { name: "lru", says: "the same with least recently used", threads: &[1], ops: 1_000_000, prepare: lru },
];

const KEYS: usize = 1_000_000;

struct OnRing(Ring);

fn hundred_nodes() -> Ring {
    Ring::new(&(0..100).collect::<Vec<_>>(), 150, 1)
}

fn ring() -> Box<dyn Case> {
    Box::new(OnRing(hundred_nodes()))
}

impl Case for OnRing {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        (0..ops).fold(0, |sum, i| sum.wrapping_add(u64::from(self.0.owner(mix(i ^ (thread as u64) << 40)).unwrap_or(0))))
    }

    fn note(&self) -> Option<String> {
        Some(format!("deviation of the shares over their mean {:.3}", self.0.imbalance()))
    }
}

struct Replicas(Ring);

fn replicas() -> Box<dyn Case> {
    Box::new(Replicas(hundred_nodes()))
}

impl Case for Replicas {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut set = Vec::with_capacity(3);
        (0..ops).fold(0, |sum, i| {
            self.0.replicas(mix(i ^ (thread as u64) << 40), 3, &mut set);
            sum.wrapping_add(set.iter().map(|m| u64::from(*m)).sum())
        })
    }
}

struct Draws(Zipf);

fn draws() -> Box<dyn Case> {
    Box::new(Draws(Zipf::new(KEYS, 0.99)))
}

impl Case for Draws {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        (0..ops).fold(0, |sum, i| sum.wrapping_add(self.0.rank(mix(i ^ (thread as u64) << 40)) as u64))
    }
}

/// One thread's cache and a stream of keys drawn beforehand, so that drawing is not timed.
struct Stream<C> {
    keys: Vec<u32>,
    state: Mutex<State<C>>,
}

struct State<C> {
    cache: C,
    at: usize,
    gets: u64,
    hits: u64,
}

fn stream<C: Cache<u64> + Send + 'static>() -> Box<dyn Case> {
    let zipf = Zipf::new(KEYS, 0.99);
    let keys: Vec<u32> = (0..4 * KEYS as u64).map(|i| zipf.rank(mix(i)) as u32).collect();
    let case = Stream { keys, state: Mutex::new(State { cache: C::with_capacity(KEYS as u64 / 10), at: 0, gets: 0, hits: 0 }) };
    case.run(0, 3 * KEYS as u64);
    if let Ok(mut state) = case.state.lock() {
        (state.gets, state.hits) = (0, 0);
    }
    Box::new(case)
}

fn s3_fifo() -> Box<dyn Case> {
    stream::<S3Fifo<u64>>()
}

fn lru() -> Box<dyn Case> {
    stream::<Lru<u64>>()
}

impl<C: Cache<u64> + Send> Case for Stream<C> {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut guard) = self.state.lock() else { return 0 };
        let State { cache, at, gets, hits } = &mut *guard;
        let (mut out, mut sum) = (Vec::new(), 0u64);
        for _ in 0..ops {
            let key = u64::from(self.keys[*at]);
            *at = if *at + 1 == self.keys.len() { 0 } else { *at + 1 };
            *gets += 1;
            if let Some(value) = cache.get(key, Time(0)) {
                sum = sum.wrapping_add(*value);
                *hits += 1;
            } else {
                cache.put(key, Entry { value: key, bytes: 1, expires: Time::MAX }, Time(0), &mut out);
                out.clear();
            }
        }
        sum
    }

    fn note(&self) -> Option<String> {
        let state = self.state.lock().ok()?;
        (state.gets > 0).then(|| format!("hit ratio {:.3}", state.hits as f64 / state.gets as f64))
    }
}
