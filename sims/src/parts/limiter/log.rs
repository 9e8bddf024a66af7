//! The sliding-window log: the instant of every request let through in the last window. Exact, and dear in memory.

use super::{Decision, Limiter, Quota};
use std::collections::VecDeque;

/// Never more than `limit` in any half-open interval (t - window, t] of the deciding clock.
#[derive(Clone, Copy, Debug)]
pub struct SlidingLog {
    limit: usize,
    window_ns: u64,
}

/// Instants in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log(VecDeque<u64>);

impl Log {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = u64> {
        self.0.iter().copied()
    }

    /// Forgets what lies at or before `edge`.
    #[inline]
    fn forget(&mut self, edge: u64) {
        while self.0.front().is_some_and(|first| *first <= edge) {
            self.0.pop_front();
        }
    }

    /// Keeps the order even if callers' clocks differ, as a sorted set does.
    #[inline]
    fn add(&mut self, now: u64) {
        if self.0.back().is_none_or(|last| *last <= now) {
            self.0.push_back(now);
        } else {
            let place = self.0.partition_point(|at| *at <= now);
            self.0.insert(place, now);
        }
    }
}

impl SlidingLog {
    pub fn new(quota: &Quota) -> SlidingLog {
        SlidingLog { limit: quota.limit as usize, window_ns: quota.window_ns }
    }

    fn forget(&self, log: &mut Log, now: u64) {
        // Before the first window has passed nothing is old, not even what came at instant 0.
        if let Some(edge) = now.checked_sub(self.window_ns) {
            log.forget(edge);
        }
    }

    fn live(&self, log: &Log, now: u64) -> usize {
        match now.checked_sub(self.window_ns) {
            Some(edge) => log.0.len() - log.0.partition_point(|at| *at <= edge),
            None => log.0.len(),
        }
    }
}

impl Limiter for SlidingLog {
    type State = Log;

    fn fresh(&self) -> Log {
        Log::default()
    }

    #[inline]
    fn decide(&self, log: &mut Log, now: u64) -> Decision {
        self.forget(log, now);
        if log.len() >= self.limit {
            // A debt may hold more than the limit: wait until only limit - 1 are left.
            let frees = log.0[log.len() - self.limit];
            return Decision::Refuse { retry_ns: (frees + self.window_ns).saturating_sub(now) };
        }
        log.add(now);
        Decision::ALLOW
    }

    fn charge(&self, log: &mut Log, now: u64, n: u64) {
        self.forget(log, now);
        for _ in 0..n {
            log.add(now);
        }
    }

    fn remaining(&self, log: &Log, now: u64) -> u64 {
        self.limit.saturating_sub(self.live(log, now)) as u64
    }

    fn idle(&self, log: &Log, now: u64) -> bool {
        self.live(log, now) == 0
    }

    fn bytes(&self, log: &Log) -> usize {
        size_of::<Log>() + log.len() * size_of::<u64>()
    }
}
