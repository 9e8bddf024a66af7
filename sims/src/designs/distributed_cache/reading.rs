//! How a read finds its value: votes of the replicas, a lease or a shared fetch, the origin.

use super::app::{App, DEADLINE};
use super::messages::{Msg, Pass, Vote};
use super::ops::{Op, PATIENCE, Stage};
use super::system::{Caching, Coalesce, Invalidation, Timer, WriteMode};
use super::watch::Fact;
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;
use crate::parts::lease::Grant;
use crate::parts::single_flight::Seat;
use crate::parts::version_vector::Siblings;

/// Before the first look again at a key that another fetches; each further one waits twice as long, up to `AGAIN_MAX`.
const AGAIN: Span = Span::millis(4);
const AGAIN_MAX: Span = Span::millis(256);
/// Looks before a reader goes to the origin by itself.
const LOOKS_MAX: u32 = 10;

impl App {
    pub(super) fn begin_read(&mut self, key: u64, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        cx.count(metrics::READS, 1);
        let op = Op::new(key, cx.now(), &self.plan, &system);
        cx.fact(Fact::Placed { key, set: op.sets[0].clone(), members: self.plan.read.members().len() });
        let id = self.new_op(op, cx);
        cx.fact(Fact::ReadBegan { op: id, key });
        let deadline = cx.after(DEADLINE, Timer::Deadline(id));
        if let Some(op) = self.ops.get_mut(&id) {
            op.deadline = Some(deadline);
        }
        self.ask_replicas(id, cx);
    }

    /// Asks every replica; the first R that vote decide.
    pub(super) fn ask_replicas(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let now = cx.now();
        let usable = self.may_use_cache(now);
        let (plan, phase) = (self.plan.clone(), self.plan.phase);
        let Some(op) = self.ops.get_mut(&id) else { return };
        if op.phase != phase {
            // Another look goes by the latest plan; what was learned before stays a floor.
            op.sets[0] = cx.system().set(&plan.read, op.key);
            (op.plan, op.phase) = (plan, phase);
        }
        op.stage = Stage::Replicas;
        op.asked = now;
        op.votes.clear();
        op.blanks.clear();
        op.patient = true;
        let (key, set) = (op.key, op.sets[0].clone());
        if !usable || set.is_empty() {
            cx.count(metrics::NO_QUORUM, 1);
            return self.fetch(id, cx);
        }
        for replica in &set {
            cx.send(NodeId(*replica), Msg::Read { op: id, key });
        }
        if cx.system().invalidation == Invalidation::Version && cx.system().write_mode == WriteMode::Aside {
            cx.send(self.origin, Msg::AskVersion { op: id, key });
        }
        let patience = cx.after(PATIENCE, Timer::Patience(id));
        if let Some(op) = self.ops.get_mut(&id) {
            op.patience = Some(patience);
        }
    }

    pub(super) fn voted(&mut self, from: NodeId, id: u64, key: u64, vote: Vote, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get_mut(&id) else { return give_back(from, key, &vote, cx) };
        if op.write.is_some() || op.votes.iter().any(|(f, _)| *f == from) || !op.sets[0].contains(&from.0) {
            return;
        }
        if vote.blank {
            if !op.blanks.contains(&from) {
                op.blanks.push(from);
            }
        } else {
            op.merged.merge(&vote.known);
            op.votes.push((from, vote));
        }
        if op.stage == Stage::Replicas {
            self.decide(id, cx);
        }
    }

    pub(super) fn version_known(&mut self, id: u64, known: Siblings, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get_mut(&id) else { return };
        op.version = Some(known);
        if op.stage == Stage::Replicas {
            self.decide(id, cx);
        }
    }

    /// With R votes in: a hit, or whose turn it is to fetch.
    fn decide(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        let Some(op) = self.ops.get(&id) else { return };
        let quorum = system.read_quorum(op.sets[0].len());
        if op.votes.len() < quorum {
            // Too many cannot vote: no use waiting.
            if op.blanks.len() + quorum > op.sets[0].len() {
                cx.count(metrics::NO_QUORUM, 1);
                self.fetch(id, cx);
            }
            return;
        }
        let by_version = system.invalidation == Invalidation::Version && system.write_mode == WriteMode::Aside;
        if by_version && op.version.is_none() {
            return;
        }
        let new_enough = !by_version || op.version.as_ref().is_some_and(|v| op.merged.covers(v));
        if op.has_value() && new_enough && self.counts(op, cx.now()) {
            return self.hit(id, cx);
        }
        match system.coalesce {
            Coalesce::None => self.fetch(id, cx),
            Coalesce::SingleFlight => self.share_flight(id, cx),
            Coalesce::Lease => self.ask_for_lease(id, cx),
        }
    }

    fn hit(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.close(id, cx) else { return };
        cx.count(metrics::HITS, 1);
        if op.looks > 0 {
            cx.count(metrics::COALESCED, 1);
            cx.fact(Fact::FillShared);
        }
        cx.record_since(metrics::LOOKUP, op.asked);
        let born = op.votes.iter().filter(|(_, v)| v.value).map(|(_, v)| v.born).min().unwrap_or(op.began);
        // Read repair: a replica that voted without the value gets it.
        for (replica, vote) in &op.votes {
            give_back(*replica, op.key, vote, cx);
            if !vote.value || !vote.known.covers(&op.merged) {
                cx.send(*replica, Msg::Fill { key: op.key, known: op.merged.clone(), born, pass: Pass::Repair });
            }
        }
        let merged = op.merged.clone();
        self.answer(id, &op, &merged, cx);
    }

    fn share_flight(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get_mut(&id) else { return };
        match self.flights.join(op.key, id) {
            Seat::Lead => {
                op.leads = true;
                self.fetch(id, cx);
            }
            Seat::Wait => op.stage = Stage::Parked,
        }
    }

    /// The first replica's lease decides; if it has not voted yet, it is waited for until patience ends.
    fn ask_for_lease(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get_mut(&id) else { return };
        let first = op.sets[0].first().map(|m| NodeId(*m));
        let heard = op.votes.iter().any(|(from, _)| Some(*from) == first) || op.blanks.iter().any(|b| Some(*b) == first);
        if op.patient && !heard {
            return;
        }
        match op.grant() {
            Some(grant) if !grant.first && op.looks < LOOKS_MAX => {
                let wait = (AGAIN * (1 << op.looks.min(8))).min(AGAIN_MAX);
                op.looks += 1;
                op.stage = Stage::Parked;
                if let Some(patience) = op.patience.take() {
                    cx.cancel(patience);
                }
                cx.after(wait, Timer::Again(id));
            }
            _ => self.fetch(id, cx),
        }
    }

    /// Goes to the origin.
    fn fetch(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let now = cx.now();
        let Some(op) = self.ops.get_mut(&id) else { return };
        if let Some(patience) = op.patience.take() {
            cx.cancel(patience);
        }
        op.stage = Stage::Origin;
        op.asked_origin = now;
        cx.count(metrics::MISSES, 1);
        cx.record(metrics::LOOKUP, now.since(op.asked).0);
        cx.send(self.origin, Msg::Query { op: id, key: op.key });
    }

    pub(super) fn row_came(&mut self, id: u64, row: &Siblings, cx: &mut Cx<'_, Caching>) {
        let usable = self.ops.get(&id).is_some_and(|op| self.counts(op, cx.now()));
        let Some(op) = self.close(id, cx) else { return };
        if usable {
            self.fill_replicas(&op, row, cx);
        }
        self.answer(id, &op, row, cx);
        if op.leads {
            for waiter in self.flights.land(&op.key) {
                self.share(waiter, row, cx);
            }
        }
    }

    fn fill_replicas(&self, op: &Op, row: &Siblings, cx: &mut Cx<'_, Caching>) {
        let leased = cx.system().coalesce == Coalesce::Lease;
        for replica in op.everyone() {
            let vote = op.votes.iter().find(|(from, _)| *from == replica).map(|(_, vote)| vote);
            let pass = match vote {
                Some(Vote { lease: Some(lease), .. }) => Pass::Lease(lease.token),
                // It holds a value, only an older one.
                Some(Vote { value: true, .. }) => Pass::Repair,
                _ if leased => continue,
                _ => Pass::Open,
            };
            cx.send(replica, Msg::Fill { key: op.key, known: row.clone(), born: op.asked_origin, pass });
        }
    }

    /// One who waited takes the leader's row, unless the replicas told of something newer: then it fetches for itself.
    fn share(&mut self, waiter: u64, row: &Siblings, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get(&waiter) else { return };
        if !row.covers(&op.merged) || !self.counts(op, cx.now()) {
            return self.fetch(waiter, cx);
        }
        let Some(op) = self.close(waiter, cx) else { return };
        cx.count(metrics::MISSES, 1);
        cx.count(metrics::COALESCED, 1);
        cx.fact(Fact::FillShared);
        self.answer(waiter, &op, row, cx);
    }

    fn answer(&mut self, id: u64, op: &Op, known: &Siblings, cx: &mut Cx<'_, Caching>) {
        cx.record_since(metrics::READ, op.began);
        if known.live.len() > 1 {
            cx.count(metrics::SIBLINGS, 1);
        }
        if cx.system().write_mode == WriteMode::Behind {
            self.contexts.entry(op.key).or_default().merge(&known.seen);
        }
        cx.fact(Fact::ReadEnded { op: id, live: known.live.clone() });
    }

    pub(super) fn patience_ends(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get_mut(&id) else { return };
        op.patience = None;
        op.patient = false;
        if op.write.is_some() {
            return self.write_again(id, cx);
        }
        if op.stage != Stage::Replicas {
            return;
        }
        let enough = op.votes.len() >= cx.system().read_quorum(op.sets[0].len());
        let knows_version = op.version.is_some() || cx.system().invalidation != Invalidation::Version;
        if enough && knows_version {
            self.decide(id, cx);
        } else {
            cx.count(metrics::NO_QUORUM, 1);
            self.fetch(id, cx);
        }
    }

    /// A request fails. Of those who waited for it one takes the lead: a leader that fails must not take its crowd along.
    pub(super) fn give_up(&mut self, id: u64, reason: usize, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.close(id, cx) else { return };
        cx.fail(if reason == reasons::TIMEOUT && op.write.is_some() { reasons::NO_WRITE_QUORUM } else { reason });
        cx.fact(Fact::ReadGone { op: id });
        for (replica, vote) in &op.votes {
            give_back(*replica, op.key, vote, cx);
        }
        if op.leads {
            for waiter in self.flights.land(&op.key) {
                self.share_flight(waiter, cx);
            }
        }
    }
}

/// A lease that came too late, or to one who needs none: others would wait for nothing.
fn give_back(replica: NodeId, key: u64, vote: &Vote, cx: &mut Cx<'_, Caching>) {
    if let Some(Grant { token, first: true }) = vote.lease {
        cx.send(replica, Msg::Release { key, token });
    }
}
