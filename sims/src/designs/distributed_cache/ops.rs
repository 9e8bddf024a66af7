//! Requests in flight at an application server: how a read finds its value, and how a write reaches enough replicas.

use super::app::{App, DEADLINE};
use super::messages::{Msg, Pass, Plan, Put, Vote};
use super::system::{Caching, Coalesce, Invalidation, Timer, WriteMode};
use super::watch::Fact;
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::parts::lease::Grant;
use crate::parts::single_flight::Seat;
use crate::parts::version_vector::{Dot, Siblings, VersionVector};

/// How long answers are waited for before something else is tried.
const PATIENCE: Span = Span::millis(20);
/// Before the first look again at a key that another fetches; each further one waits twice as long, up to `AGAIN_MAX`.
const AGAIN: Span = Span::millis(4);
const AGAIN_MAX: Span = Span::millis(256);
/// Looks before a reader goes to the origin by itself.
const LOOKS_MAX: u32 = 10;
/// Times a write asks the replicas again that have not answered.
const RETRIES_MAX: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for replicas.
    Replicas,
    /// Waiting for another's fetch.
    Parked,
    /// Waiting for the origin.
    Origin,
}

#[derive(Clone, Debug)]
pub struct Op {
    pub key: u64,
    pub began: Time,
    /// When the replicas were asked, the last time.
    pub asked: Time,
    pub phase: u64,
    pub generation: u32,
    pub stage: Stage,
    pub plan: Plan,
    pub patience: Option<Ticket>,
    pub deadline: Option<Ticket>,
    /// Replicas of the ring that is read, then of the one that is also written.
    pub sets: [Vec<u32>; 2],
    pub votes: Vec<(NodeId, Vote)>,
    /// Replicas that answered that they cannot vote.
    pub blanks: Vec<NodeId>,
    /// Everything the votes know.
    pub merged: Siblings,
    /// The version a value must have reached, once the origin's index has said it.
    pub version: Option<Siblings>,
    pub looks: u32,
    pub patient: bool,
    pub leads: bool,
    pub asked_origin: Time,
    /// A write's own version, and who has it.
    pub write: Option<Siblings>,
    pub acks: Vec<NodeId>,
    pub stand_ins: Vec<(NodeId, NodeId)>,
    pub retries: u32,
}

impl Op {
    fn new(key: u64, now: Time, plan: &Plan, system: &Caching) -> Op {
        let second = plan.also.as_ref().map_or_else(Vec::new, |ring| system.set(ring, key));
        Op {
            key,
            began: now,
            asked: now,
            phase: 0,
            generation: 0,
            stage: Stage::Replicas,
            plan: plan.clone(),
            patience: None,
            deadline: None,
            sets: [system.set(&plan.read, key), second],
            votes: Vec::new(),
            blanks: Vec::new(),
            merged: Siblings::default(),
            version: None,
            looks: 0,
            patient: true,
            leads: false,
            asked_origin: now,
            write: None,
            acks: Vec::new(),
            stand_ins: Vec::new(),
            retries: 0,
        }
    }

    /// Every replica of either ring, once.
    fn everyone(&self) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = self.sets[0].iter().chain(&self.sets[1]).map(|m| NodeId(*m)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether the value can be put together from the votes: each live write's bytes are held by somebody.
    fn has_value(&self) -> bool {
        let held = |dot: &Dot| self.votes.iter().any(|(_, v)| v.value && v.known.live.contains(dot));
        self.votes.iter().any(|(_, v)| v.value) && self.merged.live.iter().all(held)
    }

    /// The lease of whoever decides: the first replica of the set that gave one.
    fn grant(&self) -> Option<Grant> {
        self.sets[0].iter().find_map(|m| self.votes.iter().find(|(from, _)| from.0 == *m).and_then(|(_, vote)| vote.lease))
    }
}

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
        if cx.rest.watch.last_was_stale {
            cx.count(metrics::STALE_READS, 1);
        }
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

    pub(super) fn begin_write(&mut self, key: u64, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        cx.count(metrics::WRITES, 1);
        if !self.may_use_cache(cx.now()) {
            // It could not tell the replicas: better no write than a stale cache.
            return cx.fail(reasons::CUT_OFF);
        }
        let op = Op { stage: Stage::Origin, ..Op::new(key, cx.now(), &self.plan, &system) };
        let id = self.new_op(op, cx);
        let deadline = cx.after(DEADLINE, Timer::Deadline(id));
        if let Some(op) = self.ops.get_mut(&id) {
            op.deadline = Some(deadline);
            op.write = Some(Siblings::default());
        }
        if system.write_mode == WriteMode::Behind {
            self.writes_made += 1;
            let dot = Dot { actor: cx.me().0 | self.incarnation << 16, count: self.writes_made };
            let context = self.contexts.get(&key).cloned().unwrap_or_default();
            let mut seen = context.clone();
            seen.see(dot);
            self.contexts.insert(key, seen);
            cx.fact(Fact::Written { key, dot, context: context.clone() });
            self.tell_replicas(id, Siblings::write(dot, &context), cx);
        } else {
            cx.send(self.origin, Msg::Commit { op: id, key });
        }
    }

    pub(super) fn committed(&mut self, id: u64, dot: Dot, context: &VersionVector, cx: &mut Cx<'_, Caching>) {
        let (mode, invalidation) = (cx.system().write_mode, cx.system().invalidation);
        let known = Siblings::write(dot, context);
        if mode == WriteMode::Aside && invalidation != Invalidation::Message {
            if let Some(op) = self.ops.get_mut(&id) {
                op.write = Some(known);
            }
            return self.acknowledge_write(id, cx);
        }
        self.tell_replicas(id, known, cx);
    }

    fn tell_replicas(&mut self, id: u64, known: Siblings, cx: &mut Cx<'_, Caching>) {
        // The replicas of now: while the origin was busy the ring may have changed.
        let (plan, phase) = (self.plan.clone(), self.plan.phase);
        let system = cx.shared();
        let Some(op) = self.ops.get_mut(&id) else { return };
        let second = plan.also.as_ref().map_or_else(Vec::new, |ring| system.set(ring, op.key));
        op.sets = [system.set(&plan.read, op.key), second];
        (op.plan, op.phase, op.stage) = (plan, phase, Stage::Replicas);
        op.write = Some(known);
        self.send_puts(id, cx);
    }

    fn send_puts(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let mode = cx.system().write_mode;
        let Some(op) = self.ops.get(&id) else { return };
        let Some(known) = op.write.clone() else { return };
        let debtor = op.sets[0].first().map(|m| NodeId(*m));
        for replica in op.everyone().into_iter().filter(|r| !op.acks.contains(r)) {
            let put = Put {
                op: id,
                key: op.key,
                known: known.clone(),
                value: mode != WriteMode::Aside,
                born: op.began,
                owes_origin: mode == WriteMode::Behind && Some(replica) == debtor,
                stands_in_for: None,
            };
            cx.send(replica, Msg::Put(put));
        }
        let patience = cx.after(PATIENCE, Timer::Patience(id));
        if let Some(op) = self.ops.get_mut(&id) {
            op.patience = Some(patience);
        }
    }

    /// Some replicas are silent: ask them again, or, with a sloppy quorum, others in their place.
    fn write_again(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get_mut(&id) else { return };
        if op.stage != Stage::Replicas || op.retries >= RETRIES_MAX {
            return;
        }
        op.retries += 1;
        if cx.system().sloppy && op.stand_ins.is_empty() {
            self.call_stand_ins(id, cx);
        }
        self.send_puts(id, cx);
    }

    fn call_stand_ins(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        let Some(op) = self.ops.get_mut(&id) else { return };
        let silent: Vec<u32> = op.sets[0].iter().copied().filter(|m| !op.acks.contains(&NodeId(*m))).collect();
        let mut walk = Vec::new();
        op.plan.read.replicas(Caching::place(op.key), system.replicas + silent.len(), &mut walk);
        let others = walk.into_iter().filter(|m| !op.sets[0].contains(m));
        op.stand_ins = others.zip(silent).map(|(stand_in, owner)| (NodeId(stand_in), NodeId(owner))).collect();
        let Some(known) = op.write.clone() else { return };
        for (stand_in, owner) in op.stand_ins.clone() {
            let value = system.write_mode != WriteMode::Aside;
            let put = Put { op: id, key: op.key, known: known.clone(), value, born: op.began, owes_origin: false, stands_in_for: Some(owner) };
            cx.send(stand_in, Msg::Put(put));
        }
    }

    pub(super) fn stored(&mut self, from: NodeId, id: u64, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        let Some(op) = self.ops.get_mut(&id) else { return };
        // A stand-in's word counts as its owner's.
        let counted = op.stand_ins.iter().find(|(stand_in, _)| *stand_in == from).map_or(from, |(_, owner)| *owner);
        if op.stage != Stage::Replicas || op.acks.contains(&counted) {
            return;
        }
        op.acks.push(counted);
        let enough = op.sets.iter().all(|set| {
            let got = set.iter().filter(|m| op.acks.contains(&NodeId(**m))).count();
            set.is_empty() || got >= system.write_quorum(set.len())
        });
        if enough {
            self.acknowledge_write(id, cx);
        }
    }

    fn acknowledge_write(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
        let Some(op) = self.ops.get(&id) else { return };
        if !self.counts(op, cx.now()) {
            return self.give_up(id, reasons::CUT_OFF, cx);
        }
        let Some(op) = self.close(id, cx) else { return };
        cx.count(metrics::WRITES_ACKED, 1);
        cx.record_since(metrics::WRITE, op.began);
        if let Some(dot) = op.write.as_ref().and_then(|w| w.live.first()) {
            cx.fact(Fact::Acked { key: op.key, dot: *dot });
        }
    }
}

/// A lease that came too late, or to one who needs none: others would wait for nothing.
fn give_back(replica: NodeId, key: u64, vote: &Vote, cx: &mut Cx<'_, Caching>) {
    if let Some(Grant { token, first: true }) = vote.lease {
        cx.send(replica, Msg::Release { key, token });
    }
}
