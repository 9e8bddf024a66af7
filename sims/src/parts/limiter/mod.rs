//! Rate limiting: six algorithms behind one trait, each a pure step on its state, run on whatever cell and clock one has.
//!
//! An algorithm is a function of (state, now). Where the state lives (a plain cell, an atomic, a lock) and whose clock gives
//! `now` are the caller's: the simulation, the benchmark and a server use the same code.

mod bucket;
mod cell;
mod log;
mod window;

#[cfg(test)]
mod tests;

pub use bucket::{Gcra, LeakyBucket, TokenBucket};
pub use cell::{Clock, Held, Limit, LimitByKey, Manual};
pub use log::{Log, SlidingLog};
pub use window::{FixedWindow, SlidingCounter};

/// What is promised to one key: `limit` requests per `window`, and for buckets how many may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub limit: u64,
    pub window_ns: u64,
    pub burst: u64,
}

/// Packed counters hold 20 bits.
pub const LIMIT_MAX: u64 = (1 << 20) - 1;
/// With [`LIMIT_MAX`], products of window and limit stay below 2^63.
pub const WINDOW_MAX_NS: u64 = 3_600_000_000_000;

impl Quota {
    /// Nothing if a number is zero or above its maximum.
    pub fn new(limit: u64, window_ns: u64, burst: u64) -> Option<Quota> {
        let fits = (1..=LIMIT_MAX).contains(&limit) && (1..=LIMIT_MAX).contains(&burst) && (1..=WINDOW_MAX_NS).contains(&window_ns);
        fits.then_some(Quota { limit, window_ns, burst })
    }

    /// The rate as an exact fraction: one request per `interval / scale` nanoseconds, in lowest terms.
    /// Buckets count time in units of 1/scale ns, so that no decision is ever rounded.
    pub fn interval(&self) -> Interval {
        let common = gcd(self.window_ns, self.limit);
        Interval { scale: self.limit / common, interval: self.window_ns / common }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Units per nanosecond.
    pub scale: u64,
    /// Units between two requests at the steady rate.
    pub interval: u64,
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The answer to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Let through after waiting so long: only a leaky bucket makes anybody wait.
    Allow { wait_ns: u64 },
    /// Refused; asking again after so long may succeed.
    Refuse { retry_ns: u64 },
}

impl Decision {
    pub const ALLOW: Decision = Decision::Allow { wait_ns: 0 };

    #[inline]
    pub fn allowed(self) -> bool {
        matches!(self, Decision::Allow { .. })
    }
}

/// One algorithm with its numbers. `now` is in nanoseconds of whatever clock the caller trusts.
pub trait Limiter {
    type State: Clone;

    /// The state of a key never seen: the whole quota is there.
    fn fresh(&self) -> Self::State;

    /// Judges one request. A refusal leaves the state as good as it was.
    fn decide(&self, state: &mut Self::State, now: u64) -> Decision;

    /// Spends `n` requests without asking: what others are known to have let through. May leave a debt.
    fn charge(&self, state: &mut Self::State, now: u64, n: u64);

    /// What may still be asked for at this instant; never negative, whatever the debt.
    fn remaining(&self, state: &Self::State, now: u64) -> u64;

    /// What the answer's header says: [`Limiter::remaining`], unless the implementation is at fault.
    fn reported(&self, state: &Self::State, now: u64) -> i64 {
        self.remaining(state, now) as i64
    }

    /// Whether this state decides as a fresh one would from here on: then a store may forget the key.
    fn idle(&self, state: &Self::State, now: u64) -> bool;

    /// What the state takes in memory, without its key.
    fn bytes(&self, state: &Self::State) -> usize;
}
