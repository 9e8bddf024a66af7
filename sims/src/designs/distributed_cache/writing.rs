//! How a write reaches the origin and enough replicas: aside, through or behind.

use super::app::{App, DEADLINE};
use super::messages::{Msg, Put};
use super::ops::{Op, PATIENCE, Stage};
use super::system::{Caching, Invalidation, Timer, WriteMode};
use super::watch::Fact;
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::parts::version_vector::{Dot, Siblings, VersionVector};

/// Times a write asks the replicas again that have not answered.
const RETRIES_MAX: u32 = 20;

impl App {
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
    pub(super) fn write_again(&mut self, id: u64, cx: &mut Cx<'_, Caching>) {
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
