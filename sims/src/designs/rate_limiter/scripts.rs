//! Three limiters that are often written and do not work, run as they would run: on keys that expire.

use crate::kernel::rng::Rng;
use crate::parts::limiter::{Decision, Limiter, Quota};
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000_000;

/// A numeric key of the store: its value, and when the store forgets it. Without an expiry it stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    pub value: Option<i64>,
    pub expires: Option<u64>,
}

impl Count {
    /// The store drops a key whose time has come.
    fn lapse(&mut self, now: u64) {
        if self.expires.is_some_and(|at| at <= now) {
            *self = Count::default();
        }
    }

    /// What it will be at that instant.
    fn at(mut self, now: u64) -> Count {
        self.lapse(now);
        self
    }

    /// INCR or DECR: a missing key counts as 0.
    pub fn add(&mut self, now: u64, by: i64) -> i64 {
        self.lapse(now);
        let value = self.value.unwrap_or(0) + by;
        self.value = Some(value);
        value
    }

    /// EXPIRE: a missing key stays missing.
    pub fn expire(&mut self, now: u64, after: u64) {
        self.lapse(now);
        if self.value.is_some() {
            self.expires = Some(now + after);
        }
    }
}

/// INCR, and EXPIRE if that made 1. Called a token bucket at times; it is a fixed window that begins with the first request.
/// Here both steps are one; with a central store the servers take them one after the other, and may die in between.
#[derive(Clone, Copy, Debug)]
pub struct IncrExpire {
    limit: i64,
    window_ns: u64,
}

impl IncrExpire {
    pub fn new(quota: &Quota) -> IncrExpire {
        IncrExpire { limit: quota.limit as i64, window_ns: quota.window_ns }
    }
}

impl Limiter for IncrExpire {
    type State = Count;

    fn fresh(&self) -> Count {
        Count::default()
    }

    fn decide(&self, key: &mut Count, now: u64) -> Decision {
        let count = key.add(now, 1);
        if count == 1 {
            key.expire(now, self.window_ns);
        }
        if count <= self.limit { Decision::ALLOW } else { Decision::Refuse { retry_ns: key.expires.map_or(u64::MAX, |at| at - now) } }
    }

    fn charge(&self, key: &mut Count, now: u64, n: u64) {
        for _ in 0..n {
            self.decide(key, now);
        }
    }

    fn remaining(&self, key: &Count, now: u64) -> u64 {
        self.reported(key, now).max(0) as u64
    }

    /// Refused requests are counted too, and nobody clamps.
    fn reported(&self, key: &Count, now: u64) -> i64 {
        self.limit - key.at(now).value.unwrap_or(0)
    }

    fn idle(&self, key: &Count, now: u64) -> bool {
        key.at(now).value.is_none()
    }

    fn bytes(&self, _: &Count) -> usize {
        size_of::<Count>()
    }
}

/// Reads the key, takes the burst if it is missing, and counts *down the missing key*: to -1, for one second.
#[derive(Clone, Copy, Debug)]
pub struct DecrExpire {
    burst: i64,
}

impl DecrExpire {
    pub fn new(quota: &Quota) -> DecrExpire {
        DecrExpire { burst: quota.burst as i64 }
    }
}

impl Limiter for DecrExpire {
    type State = Count;

    fn fresh(&self) -> Count {
        Count::default()
    }

    fn decide(&self, key: &mut Count, now: u64) -> Decision {
        if key.at(now).value.unwrap_or(self.burst) <= 0 {
            return Decision::Refuse { retry_ns: key.expires.map_or(u64::MAX, |at| at - now) };
        }
        key.add(now, -1);
        key.expire(now, SECOND);
        Decision::ALLOW
    }

    fn charge(&self, key: &mut Count, now: u64, n: u64) {
        for _ in 0..n {
            key.add(now, -1);
            key.expire(now, SECOND);
        }
    }

    fn remaining(&self, key: &Count, now: u64) -> u64 {
        self.reported(key, now).max(0) as u64
    }

    fn reported(&self, key: &Count, now: u64) -> i64 {
        key.at(now).value.unwrap_or(self.burst)
    }

    fn idle(&self, key: &Count, now: u64) -> bool {
        key.at(now).value.is_none()
    }

    fn bytes(&self, _: &Count) -> usize {
        size_of::<Count>()
    }
}

/// A sorted set of seconds, each member named `second-random`. The store seeds the script's generator alike for every
/// call, so that replicas agree: all requests of one second have one name, and overwrite each other.
#[derive(Clone, Copy, Debug)]
pub struct RandomMember {
    limit: usize,
    window_s: u64,
}

/// Members with their scores.
pub type Members = BTreeMap<(u64, u64), u64>;

impl RandomMember {
    pub fn new(quota: &Quota) -> RandomMember {
        RandomMember { limit: quota.limit as usize, window_s: (quota.window_ns / SECOND).max(1) }
    }

    fn add(&self, set: &mut Members, second: u64) {
        let random = Rng::stream(0, "script").u64();
        set.insert((second, random), second);
    }

    fn forget(&self, set: &mut Members, second: u64) {
        if let Some(edge) = second.checked_sub(self.window_s) {
            set.retain(|_, score| *score > edge);
        }
    }

    fn count(&self, set: &Members, second: u64) -> usize {
        set.values().filter(|score| **score + self.window_s > second).count()
    }
}

impl Limiter for RandomMember {
    type State = Members;

    fn fresh(&self) -> Members {
        Members::new()
    }

    fn decide(&self, set: &mut Members, now: u64) -> Decision {
        let second = now / SECOND;
        self.forget(set, second);
        if set.len() >= self.limit {
            return Decision::Refuse { retry_ns: SECOND };
        }
        self.add(set, second);
        Decision::ALLOW
    }

    fn charge(&self, set: &mut Members, now: u64, n: u64) {
        self.forget(set, now / SECOND);
        if n > 0 {
            self.add(set, now / SECOND);
        }
    }

    fn remaining(&self, set: &Members, now: u64) -> u64 {
        self.limit.saturating_sub(self.count(set, now / SECOND)) as u64
    }

    fn idle(&self, set: &Members, now: u64) -> bool {
        self.count(set, now / SECOND) == 0
    }

    fn bytes(&self, set: &Members) -> usize {
        size_of::<Members>() + set.len() * size_of::<((u64, u64), u64)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed<L: Limiter>(limiter: &L, instants: impl Iterator<Item = u64>) -> usize {
        let mut state = limiter.fresh();
        instants.filter(|now| limiter.decide(&mut state, *now).allowed()).count()
    }

    /// 34,000 requests in 3.5 s with a burst of 50: a real store let 4 through.
    #[test]
    fn counting_down_a_missing_key_admits_one_a_second() {
        let limiter = DecrExpire::new(&Quota::new(50, SECOND, 50).unwrap());
        assert_eq!(passed(&limiter, (0..34_000).map(|n| n * 3_500_000_000 / 34_000)), 4);
    }

    /// 60,000 requests in 60 s under a limit of 100: a real store of that age let all through.
    #[test]
    fn equal_members_overwrite_each_other_and_refuse_nothing() {
        let limiter = RandomMember::new(&Quota::new(100, 60 * SECOND, 100).unwrap());
        assert_eq!(passed(&limiter, (0..60_000).map(|n| n * 1_000_000)), 60_000);
    }

    #[test]
    fn a_count_without_expiry_never_goes_away() {
        let limiter = IncrExpire::new(&Quota::new(2, SECOND, 2).unwrap());
        let mut key = Count::default();
        key.add(0, 1);
        assert_eq!((0..100).filter(|n| limiter.decide(&mut key, n * SECOND * 3600).allowed()).count(), 1);
        assert_eq!(limiter.reported(&key, 1_000_000 * SECOND), -99);
    }
}
