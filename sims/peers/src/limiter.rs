//! The limiter beside governor: one key with an injected and with the real clock, a hundred thousand keys.

use crate::measure::{compare as measure, contender};
use governor::clock::FakeRelativeClock;
use governor::middleware::NoOpMiddleware;
use governor::{Quota as TheirQuota, RateLimiter};
use sims::parts::limiter::{Clock, Gcra, Limit, LimitByKey, Manual, Quota};
use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// High enough that every decision allows.
const PER_SECOND: u32 = 1_000_000;

/// The clock that governor reads too: the processor's own counter, calibrated.
struct Real(quanta::Clock, quanta::Instant);

impl Clock for Real {
    fn now(&self) -> u64 {
        self.0.now().duration_since(self.1).as_nanos() as u64
    }
}

pub fn compare() {
    let quota = Quota::new(1_000_000, 1_000_000_000, 1_000_000).expect("within limits");
    let per_second = NonZeroU32::new(PER_SECOND).expect("not zero");
    let theirs = TheirQuota::per_second(per_second);

    let clock = Manual::at(1);
    let ours = Limit::<_, AtomicU64, _>::new(Gcra::new(&quota), &clock);
    let fake = FakeRelativeClock::default();
    let governor = RateLimiter::direct_with_clock(theirs, fake.clone());
    let word = AtomicU64::new(0);
    measure(
        "one key, injected clock that moves with each decision",
        2_000_000,
        vec![
            contender("greenroom, GCRA on one atomic", |ops| {
                (0..ops)
                    .filter(|_| {
                        clock.advance(1_000);
                        ours.check().allowed()
                    })
                    .count() as u64
            }),
            contender("governor, fake clock", |ops| {
                (0..ops)
                    .filter(|_| {
                        fake.advance(Duration::from_nanos(1_000));
                        governor.check().is_ok()
                    })
                    .count() as u64
            }),
            contender("one compare-and-swap", |ops| {
                for _ in 0..ops {
                    let old = word.load(std::sync::atomic::Ordering::Relaxed);
                    let _ = word.compare_exchange(old, old + 1, std::sync::atomic::Ordering::Relaxed, std::sync::atomic::Ordering::Relaxed);
                }
                0
            }),
        ],
    );
    let still = Manual::at(1_000_000_000);
    let ours = Limit::<_, AtomicU64, _>::new(Gcra::new(&quota), &still);
    let plain = Limit::<_, Cell<u64>, _>::new(Gcra::new(&quota), &still);
    let fake = FakeRelativeClock::default();
    let governor = RateLimiter::direct_with_clock(theirs, fake.clone());
    measure(
        "one key, injected clock read only",
        900_000,
        vec![
            contender("greenroom, GCRA on one atomic", |ops| {
                still.advance(1_000_000_000);
                (0..ops).filter(|_| ours.check().allowed()).count() as u64
            }),
            contender("greenroom, GCRA in a plain cell", |ops| {
                still.advance(1_000_000_000);
                (0..ops).filter(|_| plain.check().allowed()).count() as u64
            }),
            contender("governor, fake clock", |ops| {
                fake.advance(Duration::from_secs(1));
                (0..ops).filter(|_| governor.check().is_ok()).count() as u64
            }),
        ],
    );

    let quanta = quanta::Clock::new();
    let start = quanta.now();
    let ours = Limit::<_, AtomicU64, _>::new(Gcra::new(&quota), Real(quanta, start));
    let governor = RateLimiter::direct(theirs);
    measure(
        "one key, the real clock",
        900_000,
        vec![
            contender("greenroom", |ops| (0..ops).filter(|_| ours.check().allowed()).count() as u64),
            contender("governor", |ops| (0..ops).filter(|_| governor.check().is_ok()).count() as u64),
        ],
    );

    const KEYS: u64 = 100_000;
    let clock = Manual::at(1_000_000_000);
    let ours = LimitByKey::<_, AtomicU64, AtomicU64, _>::new(Gcra::new(&quota), &clock, KEYS as usize);
    let fake = FakeRelativeClock::default();
    let governor = RateLimiter::<u64, _, _, NoOpMiddleware<<FakeRelativeClock as governor::clock::Clock>::Instant>>::new(
        theirs,
        governor::state::keyed::DefaultKeyedStateStore::<u64>::default(),
        fake.clone(),
    );
    let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) % KEYS;
    measure(
        "a hundred thousand keys, one thread, allowed decisions",
        1_000_000,
        vec![
            contender("greenroom's keyed store", |ops| {
                clock.advance(1_000_000_000);
                (0..ops).filter(|n| ours.check(key(*n)).is_some_and(|d| d.allowed())).count() as u64
            }),
            contender("governor's default keyed store", |ops| {
                fake.advance(Duration::from_secs(1));
                (0..ops).filter(|n| governor.check_key(&key(*n)).is_ok()).count() as u64
            }),
        ],
    );
}
