//! The ledger: what was granted to whom and when, beside the promise it must keep.

use super::NEVER_ABOVE_LIMIT;
use super::system::RateLimiter;
use crate::kernel::invariant::Lamps;
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use std::collections::{BTreeMap, VecDeque};

/// One decision, by the clock that made it.
pub struct Fact {
    pub key: u64,
    pub at: u64,
    pub allowed: bool,
}

#[derive(Clone, Default)]
pub struct Ledger {
    granted: BTreeMap<u64, VecDeque<u64>>,
}

impl Watch<RateLimiter> for Ledger {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, system: &RateLimiter, lamps: &mut Lamps) {
        if !fact.allowed {
            return;
        }
        let window = system.quota.window_ns;
        let granted = self.granted.entry(fact.key).or_default();
        while granted.front().is_some_and(|at| at + window <= fact.at) {
            granted.pop_front();
        }
        granted.push_back(fact.at);
        let allowed = match system.algorithm {
            "token-bucket" | "gcra" | "leaky-bucket" => system.quota.burst + system.quota.limit,
            _ => system.quota.limit,
        };
        let count = granted.len() as u64;
        lamps.judge(NEVER_ABOVE_LIMIT, now, count <= allowed, || {
            let (from, to) = (Time(granted[0]), Time(fact.at));
            format!("user {} got {count} from {from} to {to}, in less than one window; {allowed} are allowed", fact.key)
        });
    }
}
