//! Limiters that count per window of the clock: the fixed window and the sliding counter. One packed word of state each.

use super::{Decision, Limiter, Quota};

const COUNT_BITS: u32 = 20;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// A count that starts anew whenever the clock crosses a multiple of the window.
///
/// The whole limit may go just before an edge and again just after it: twice the limit in an instant.
#[derive(Clone, Copy, Debug)]
pub struct FixedWindow {
    limit: u64,
    window_ns: u64,
}

impl FixedWindow {
    pub fn new(quota: &Quota) -> FixedWindow {
        FixedWindow { limit: quota.limit, window_ns: quota.window_ns }
    }

    /// The count as of now: the upper bits say of which window it is. An older clock finds the newer window's count.
    #[inline]
    fn count(&self, state: u64, number: u64) -> u64 {
        if state >> COUNT_BITS < number { 0 } else { state & COUNT_MASK }
    }
}

impl Limiter for FixedWindow {
    type State = u64;

    fn fresh(&self) -> u64 {
        0
    }

    #[inline]
    fn decide(&self, state: &mut u64, now: u64) -> Decision {
        let number = now / self.window_ns;
        let count = self.count(*state, number);
        if count >= self.limit {
            let end = ((*state >> COUNT_BITS) + 1).saturating_mul(self.window_ns);
            return Decision::Refuse { retry_ns: end.saturating_sub(now) };
        }
        *state = number.max(*state >> COUNT_BITS) << COUNT_BITS | (count + 1);
        Decision::ALLOW
    }

    fn charge(&self, state: &mut u64, now: u64, n: u64) {
        let number = now / self.window_ns;
        let count = (self.count(*state, number) + n).min(COUNT_MASK);
        *state = number.max(*state >> COUNT_BITS) << COUNT_BITS | count;
    }

    fn remaining(&self, state: &u64, now: u64) -> u64 {
        self.limit.saturating_sub(self.count(*state, now / self.window_ns))
    }

    fn idle(&self, state: &u64, now: u64) -> bool {
        self.count(*state, now / self.window_ns) == 0
    }

    fn bytes(&self, _: &u64) -> usize {
        size_of::<u64>()
    }
}

/// Two counts, of this window and of the one before, the latter weighed by how much of it still overlaps the last `window`.
///
/// Exact if the previous window's requests were spread evenly; otherwise wrong by a little in either direction.
#[derive(Clone, Copy, Debug)]
pub struct SlidingCounter {
    limit: u64,
    window_ns: u64,
}

/// The parts of the packed word: 24 bits of window number, 20 of the count before, 20 of the count now.
#[derive(Clone, Copy)]
struct Counts {
    number: u64,
    before: u64,
    now: u64,
}

/// Window numbers are kept modulo 2^24: a key idle for just that long (a year of two-second windows) is taken for a busy one.
const NUMBER_MASK: u64 = (1 << 24) - 1;
/// A clock may be so many windows behind the one that wrote last; more, and it is taken to be far ahead.
const WINDOWS_BEHIND_MAX: u64 = 16;

impl SlidingCounter {
    pub fn new(quota: &Quota) -> SlidingCounter {
        SlidingCounter { limit: quota.limit, window_ns: quota.window_ns }
    }

    #[inline]
    fn counts(&self, state: u64, now: u64) -> Counts {
        let number = (now / self.window_ns) & NUMBER_MASK;
        let held = Counts { number: state >> (2 * COUNT_BITS), before: state >> COUNT_BITS & COUNT_MASK, now: state & COUNT_MASK };
        match number.wrapping_sub(held.number) & NUMBER_MASK {
            0 => held,
            1 => Counts { number, before: held.now, now: 0 },
            // The asker's clock is behind the one that wrote: judge in the newer window.
            passed if passed > NUMBER_MASK - WINDOWS_BEHIND_MAX => held,
            _ => Counts { number, before: 0, now: 0 },
        }
    }

    #[inline]
    fn pack(counts: Counts) -> u64 {
        counts.number << (2 * COUNT_BITS) | counts.before << COUNT_BITS | counts.now
    }

    /// The estimate of the last window's requests, times the window: whole numbers, so nothing is rounded.
    #[inline]
    fn weighed(&self, counts: Counts, now: u64) -> u64 {
        let overlap = self.window_ns - now % self.window_ns;
        counts.before * overlap + counts.now * self.window_ns
    }
}

impl Limiter for SlidingCounter {
    type State = u64;

    fn fresh(&self) -> u64 {
        0
    }

    #[inline]
    fn decide(&self, state: &mut u64, now: u64) -> Decision {
        let mut counts = self.counts(*state, now);
        let (weighed, whole) = (self.weighed(counts, now), self.limit * self.window_ns);
        if weighed + self.window_ns > whole {
            return Decision::Refuse { retry_ns: self.retry(counts, now, weighed + self.window_ns - whole) };
        }
        counts.now += 1;
        *state = Self::pack(counts);
        Decision::ALLOW
    }

    fn charge(&self, state: &mut u64, now: u64, n: u64) {
        let mut counts = self.counts(*state, now);
        counts.now = (counts.now + n).min(COUNT_MASK);
        *state = Self::pack(counts);
    }

    fn remaining(&self, state: &u64, now: u64) -> u64 {
        (self.limit * self.window_ns).saturating_sub(self.weighed(self.counts(*state, now), now)) / self.window_ns
    }

    fn idle(&self, state: &u64, now: u64) -> bool {
        let counts = self.counts(*state, now);
        counts.before == 0 && counts.now == 0
    }

    fn bytes(&self, _: &u64) -> usize {
        size_of::<u64>()
    }
}

impl SlidingCounter {
    /// The weight of the previous window falls by `before` a nanosecond; if that is not enough, the next window begins.
    fn retry(&self, counts: Counts, now: u64, excess: u64) -> u64 {
        let left = self.window_ns - now % self.window_ns;
        if counts.before == 0 { left } else { excess.div_ceil(counts.before).min(left) }
    }
}
