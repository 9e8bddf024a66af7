//! Limiters that meter a flow: token bucket, leaky bucket, GCRA. One word of state each, exact in rationals.

use super::{Decision, Interval, Limiter, Quota};

/// What the three share: time in units of 1/scale ns, the steady interval, the depth of the bucket in units.
#[derive(Clone, Copy, Debug)]
struct Meter {
    scale: u64,
    interval: u64,
    depth: u64,
}

impl Meter {
    fn new(quota: &Quota) -> Meter {
        let Interval { scale, interval } = quota.interval();
        Meter { scale, interval, depth: interval.saturating_mul(quota.burst) }
    }

    #[inline]
    fn units(&self, now: u64) -> u64 {
        now.saturating_mul(self.scale)
    }

    /// Nanoseconds, rounded up: who comes back then is not refused for a fraction.
    #[inline]
    fn nanos(&self, units: u64) -> u64 {
        units.div_ceil(self.scale)
    }
}

/// Tokens drip in at the rate up to `burst`; a request takes one.
///
/// The state is one number, the instant at which the bucket was (or would have been) empty: tokens = time since then, so
/// that refilling costs nothing and one compare-and-swap is enough (the form of folly's `TokenBucket`).
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket(Meter);

impl TokenBucket {
    pub fn new(quota: &Quota) -> TokenBucket {
        TokenBucket(Meter::new(quota))
    }

    /// What is in the bucket, in units; a debt is below zero. The word holds a signed instant: a full bucket at the start
    /// was empty before time began.
    #[inline]
    fn credit(&self, empty_at: u64, now: u64) -> i64 {
        (self.0.units(now) as i64).saturating_sub(empty_at as i64).min(self.0.depth as i64)
    }
}

impl Limiter for TokenBucket {
    type State = u64;

    fn fresh(&self) -> u64 {
        (-(self.0.depth as i64)) as u64
    }

    #[inline]
    fn decide(&self, empty_at: &mut u64, now: u64) -> Decision {
        let (credit, interval) = (self.credit(*empty_at, now), self.0.interval as i64);
        if credit < interval {
            return Decision::Refuse { retry_ns: self.0.nanos((interval - credit) as u64) };
        }
        *empty_at = (self.0.units(now) as i64 - credit + interval) as u64;
        Decision::ALLOW
    }

    fn charge(&self, empty_at: &mut u64, now: u64, n: u64) {
        let spent = self.0.interval.saturating_mul(n) as i64;
        *empty_at = (self.0.units(now) as i64 - self.credit(*empty_at, now)).saturating_add(spent) as u64;
    }

    fn remaining(&self, empty_at: &u64, now: u64) -> u64 {
        self.credit(*empty_at, now).max(0) as u64 / self.0.interval
    }

    fn idle(&self, empty_at: &u64, now: u64) -> bool {
        self.credit(*empty_at, now) == self.0.depth as i64
    }

    fn bytes(&self, _: &u64) -> usize {
        size_of::<u64>()
    }
}

/// The generic cell rate algorithm of ATM networks (ITU-T I.371): a request may come at most `(burst - 1)` intervals
/// before its theoretical arrival time, which is the state.
#[derive(Clone, Copy, Debug)]
pub struct Gcra {
    meter: Meter,
    tolerance: u64,
}

impl Gcra {
    pub fn new(quota: &Quota) -> Gcra {
        let meter = Meter::new(quota);
        Gcra { meter, tolerance: meter.depth - meter.interval }
    }
}

impl Limiter for Gcra {
    type State = u64;

    fn fresh(&self) -> u64 {
        0
    }

    #[inline]
    fn decide(&self, expected: &mut u64, now: u64) -> Decision {
        let now = self.meter.units(now);
        let early = expected.saturating_sub(now);
        if early > self.tolerance {
            return Decision::Refuse { retry_ns: self.meter.nanos(early - self.tolerance) };
        }
        *expected = now + early + self.meter.interval;
        Decision::ALLOW
    }

    fn charge(&self, expected: &mut u64, now: u64, n: u64) {
        *expected = self.meter.units(now).max(*expected).saturating_add(self.meter.interval.saturating_mul(n));
    }

    fn remaining(&self, expected: &u64, now: u64) -> u64 {
        let early = expected.saturating_sub(self.meter.units(now));
        self.meter.depth.saturating_sub(early) / self.meter.interval
    }

    fn idle(&self, expected: &u64, now: u64) -> bool {
        *expected <= self.meter.units(now)
    }

    fn bytes(&self, _: &u64) -> usize {
        size_of::<u64>()
    }
}

/// A queue of `burst` places that lets one request out per interval: bursts are delayed, not passed on.
///
/// The state is when the exit is free again. It admits exactly what GCRA admits, and what leaves it is evenly spaced.
#[derive(Clone, Copy, Debug)]
pub struct LeakyBucket(Meter);

impl LeakyBucket {
    pub fn new(quota: &Quota) -> LeakyBucket {
        LeakyBucket(Meter::new(quota))
    }

    #[inline]
    fn queued(&self, free_at: u64, now: u64) -> u64 {
        free_at.saturating_sub(self.0.units(now))
    }
}

impl Limiter for LeakyBucket {
    type State = u64;

    fn fresh(&self) -> u64 {
        0
    }

    #[inline]
    fn decide(&self, free_at: &mut u64, now: u64) -> Decision {
        let queued = self.queued(*free_at, now);
        if queued + self.0.interval > self.0.depth {
            return Decision::Refuse { retry_ns: self.0.nanos(queued + self.0.interval - self.0.depth) };
        }
        *free_at = self.0.units(now) + queued + self.0.interval;
        Decision::Allow { wait_ns: self.0.nanos(queued) }
    }

    fn charge(&self, free_at: &mut u64, now: u64, n: u64) {
        *free_at = self.0.units(now).max(*free_at).saturating_add(self.0.interval.saturating_mul(n));
    }

    fn remaining(&self, free_at: &u64, now: u64) -> u64 {
        self.0.depth.saturating_sub(self.queued(*free_at, now)) / self.0.interval
    }

    fn idle(&self, free_at: &u64, now: u64) -> bool {
        self.queued(*free_at, now) == 0
    }

    fn bytes(&self, _: &u64) -> usize {
        size_of::<u64>()
    }
}
