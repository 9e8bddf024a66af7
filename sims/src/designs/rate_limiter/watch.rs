//! The ledger: what was granted to whom and when, beside the promise that must be kept.

use super::system::{RateLimiter, subject, told};
use super::{LIMIT_REACHED, NEVER_ABOVE_BURST, NEVER_ABOVE_LIMIT, NEVER_REFUSED_WITH_QUOTA, REMAINING_NOT_NEGATIVE};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use crate::kernel::weight::{Flat, deep};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Granted,
    Refused,
}

/// One decision on one key, with the instant of the clock that made it.
pub struct Fact {
    pub key: u64,
    pub at: u64,
    pub verdict: Verdict,
    /// What the answer says is left; none if nobody judged.
    pub remaining: Option<i64>,
}

#[derive(Clone, Default)]
pub struct Ledger {
    /// By user or address, and by promise: what was granted under another is not held against this one.
    accounts: BTreeMap<(u64, u64), Account>,
}

/// What one user or address was granted under one promise.
#[derive(Clone, Default)]
struct Account {
    /// Instants of the last window.
    granted: VecDeque<u64>,
    /// A bucket that never refuses, in requests times window: below zero, more than burst + rate * t was granted.
    level: i128,
    latest: u64,
}

impl Account {
    fn grant(&mut self, at: u64, window: u64, limit: u64, at_once: u64) {
        self.granted.push_back(at);
        let gained = i128::from(at - self.latest) * i128::from(limit);
        let token = i128::from(window);
        self.level = (self.level + gained).min(i128::from(at_once) * token) - token;
        self.latest = at;
    }
}

impl Watch<RateLimiter> for Ledger {
    type Fact = Fact;

    fn weight(&self) -> usize {
        self.accounts.bytes() + deep(self.accounts.values(), |account| account.granted.bytes())
    }

    fn see(&mut self, now: Time, fact: Fact, system: &RateLimiter, lamps: &mut Lamps) {
        let who = subject(fact.key);
        let promised = system.promised(who);
        let (window, limit, at_once) = (promised.quota.window_ns, promised.quota.limit, promised.at_once);
        let full = || Account { level: i128::from(at_once) * i128::from(window), latest: fact.at, ..Account::default() };
        let account = self.accounts.entry((who, promised.mark)).or_insert_with(full);
        let at = fact.at.max(account.latest);
        while account.granted.front().is_some_and(|granted| granted + window <= at) {
            account.granted.pop_front();
        }
        if let Some(remaining) = fact.remaining {
            lamps.judge(REMAINING_NOT_NEGATIVE, now, remaining >= 0, || format!("{} was told that {remaining} requests remain", told(fact.key)));
        }
        if fact.verdict == Verdict::Granted {
            account.grant(at, window, limit, at_once);
            let count = account.granted.len() as u64;
            // From a bucket a window gives its burst and what drips in meanwhile.
            let most = if at_once == limit && !super::rule::is_bucket(system.algorithm) { limit } else { at_once + limit };
            lamps.judge(NEVER_ABOVE_LIMIT, now, count <= most, || {
                format!("{} got {count} in ({}, {}], {most} are allowed", told(who), Time(at.saturating_sub(window)), Time(at))
            });
            lamps
                .judge(NEVER_ABOVE_BURST, now, account.level >= 0, || format!("{} got more than {at_once} and {limit} per window, by {}", told(who), Time(at)));
        } else {
            let count = account.granted.len() as u64;
            let least = limit.min(at_once);
            lamps.reach(LIMIT_REACHED);
            lamps.judge(NEVER_REFUSED_WITH_QUOTA, now, count >= least, || {
                format!("{} was refused at {} after {count} in the last window; {least} are promised", told(who), Time(at))
            });
        }
    }
}
