//! What `greenroom bench rate-limiter` times: decisions of each algorithm, on one key and on a million.

use crate::kernel::bench::{Bench, Case};
use crate::parts::keyed::Keyed;
use crate::parts::limiter::{Clock, FixedWindow, Gcra, Held, LeakyBucket, Limiter, Log, Quota, SlidingCounter, SlidingLog, TokenBucket};
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A thousand a second, and the clock gains about four milliseconds with every decision: all are allowed, as in good times.
const QUOTA: Quota = Quota { limit: 1000, window_ns: 1_000_000_000, burst: 100 };
const TICK_NS: u64 = 1 << 22;
const MANY: u64 = 1_000_000;

/// A thread's clock: it moves on whenever it is read, and every few readings catches up with the other threads', so that
/// nobody is refused for being behind. It starts where the round before ended.
struct Ticking<'a> {
    now: Cell<u64>,
    shared: &'a AtomicU64,
}

const CATCH_UP: u64 = 16 * TICK_NS;

impl<'a> Ticking<'a> {
    fn after(shared: &'a AtomicU64) -> Ticking<'a> {
        Ticking { now: Cell::new(shared.load(Ordering::Relaxed)), shared }
    }
}

impl Clock for Ticking<'_> {
    #[inline]
    fn now(&self) -> u64 {
        let mut now = self.now.get() + TICK_NS;
        if now.is_multiple_of(CATCH_UP) {
            now = now.max(self.shared.fetch_max(now, Ordering::Relaxed));
        }
        self.now.set(now);
        now
    }
}

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.shared.fetch_max(self.now.get(), Ordering::Relaxed);
    }
}

struct OneKey<L, H> {
    limiter: L,
    held: H,
    clock: AtomicU64,
}

impl<L, H> Case for OneKey<L, H>
where
    L: Limiter + Sync + Send,
    H: Held<L::State> + Sync + Send,
{
    fn run(&self, _: usize, ops: u64) -> u64 {
        let clock = Ticking::after(&self.clock);
        (0..ops).map(|_| u64::from(self.held.decide(&self.limiter, clock.now()).allowed())).sum()
    }
}

fn one<L, H>(limiter: L) -> Box<dyn Case>
where
    L: Limiter + Sync + Send + 'static,
    H: Held<L::State> + Sync + Send + 'static,
{
    let held = H::hold(limiter.fresh());
    Box::new(OneKey::<L, H> { limiter, held, clock: AtomicU64::new(0) })
}

/// A million keys, in an order that no cache foresees.
struct ManyKeys<L, H> {
    limiter: L,
    table: Keyed<AtomicU64, H>,
    clock: AtomicU64,
}

impl<L, H> Case for ManyKeys<L, H>
where
    L: Limiter + Sync + Send,
    H: Held<L::State> + Sync + Send,
{
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let clock = Ticking::after(&self.clock);
        let mut key = thread as u64;
        (0..ops)
            .map(|_| {
                // An odd step below a million that shares no factor with it visits every key.
                key = (key + 617_411) % MANY;
                self.table.slot(key).map_or(0, |held| u64::from(held.decide(&self.limiter, clock.now()).allowed()))
            })
            .sum()
    }

    fn note(&self) -> Option<String> {
        Some(format!("{} keys in use", self.table.iter().count()))
    }
}

fn many<L, H>(limiter: L) -> Box<dyn Case>
where
    L: Limiter + Sync + Send + 'static,
    H: Held<L::State> + Sync + Send + 'static,
{
    let table = Keyed::with_room(MANY as usize, || H::hold(limiter.fresh()));
    // The first visit claims a slot; it is not what is timed.
    for key in 0..MANY {
        table.slot(key);
    }
    Box::new(ManyKeys::<L, H> { limiter, table, clock: AtomicU64::new(0) })
}

const fn case(name: &'static str, says: &'static str, ops: u64, prepare: fn() -> Box<dyn Case>) -> Bench {
    Bench { name, says, threads: &[1, 2], ops, prepare }
}

const ONE: &str = "one decision on one key, clock injected, allowed";
const EACH: &str = "one decision on one of a million keys, hashing included, clock injected, allowed";

pub const BENCHES: &[Bench] = &[
    case("fixed-window-one-key", ONE, 5_000_000, || one::<_, AtomicU64>(FixedWindow::new(&QUOTA))),
    case("sliding-log-one-key", ONE, 2_000_000, || one::<_, Mutex<Log>>(SlidingLog::new(&QUOTA))),
    case("sliding-counter-one-key", ONE, 5_000_000, || one::<_, AtomicU64>(SlidingCounter::new(&QUOTA))),
    case("token-bucket-one-key", ONE, 5_000_000, || one::<_, AtomicU64>(TokenBucket::new(&QUOTA))),
    case("leaky-bucket-one-key", ONE, 5_000_000, || one::<_, AtomicU64>(LeakyBucket::new(&QUOTA))),
    case("gcra-one-key", ONE, 5_000_000, || one::<_, AtomicU64>(Gcra::new(&QUOTA))),
    case("fixed-window-million-keys", EACH, 1_000_000, || many::<_, AtomicU64>(FixedWindow::new(&QUOTA))),
    case("sliding-log-million-keys", EACH, 1_000_000, || many::<_, Mutex<Log>>(SlidingLog::new(&QUOTA))),
    case("sliding-counter-million-keys", EACH, 1_000_000, || many::<_, AtomicU64>(SlidingCounter::new(&QUOTA))),
    case("token-bucket-million-keys", EACH, 1_000_000, || many::<_, AtomicU64>(TokenBucket::new(&QUOTA))),
    case("leaky-bucket-million-keys", EACH, 1_000_000, || many::<_, AtomicU64>(LeakyBucket::new(&QUOTA))),
    case("gcra-million-keys", EACH, 1_000_000, || many::<_, AtomicU64>(Gcra::new(&QUOTA))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_times_decisions_that_allow() {
        for bench in BENCHES.iter().filter(|b| b.name.ends_with("one-key")) {
            let case = (bench.prepare)();
            assert_eq!(case.run(0, 1000) + case.run(1, 1000), 2000, "{}", bench.name);
        }
    }

    #[test]
    fn a_million_keys_have_room() {
        let case = many::<_, AtomicU64>(Gcra::new(&QUOTA));
        assert_eq!(case.run(0, MANY), MANY);
        assert_eq!(case.note().unwrap(), "1000000 keys in use");
    }
}
