//! The central store: a table of keys and, with each, what its algorithm remembers.

use super::STORE_BYTES;
use super::message::Msg;
use super::rule::Kept;
use super::system::RateLimiter;
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::view::State;
use crate::parts::limiter::Limiter;
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub struct Store {
    table: BTreeMap<u64, Kept>,
    bytes: usize,
    /// The latest instant this store has decided by: its clock may be set back, its decisions never are.
    latest: u64,
}

impl Store {
    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, RateLimiter>) {
        if let Msg::Take { ticket, key } = msg {
            self.latest = self.latest.max(cx.clock().0);
            let system = cx.shared();
            let kept = self.table.entry(key).or_insert_with(|| system.rule.fresh());
            let before = system.rule.bytes(kept);
            let allowed = system.rule.decide(kept, self.latest).allowed();
            let remaining = system.rule.remaining(kept, self.latest) as i64;
            self.bytes = self.bytes + system.rule.bytes(kept) - before;
            cx.gauge(STORE_BYTES, self.bytes as f64);
            cx.fact(Fact { key, at: self.latest, allowed });
            cx.send(from, Msg::Decided { ticket, allowed, remaining });
        }
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} keys", self.table.len()), state: State::Busy, fill: None }
    }
}
