//! The monitor: counts missed pings, and changes the ring in steps so that every quorum of the old ring meets every quorum of the new.
//!
//! Clear the newcomers; let all servers write both rings; let the new owners pull; let all servers read the new ring; let them
//! write it alone. A server that is not heard of for a lease's length is not waited for: it stops using the cache by itself.

use super::messages::{Msg, Plan};
use super::metrics;
use super::system::{Caching, Timer};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::ring::Ring;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Between pings, and between looks at what is under way.
const TICK: Span = Span::millis(250);
/// A server that has not heard from the monitor for this long leaves the cache alone.
pub const SERVER_LEASE: Span = Span::millis(1_500);
/// Keys by whose owners a ring change is measured.
const SAMPLE: u64 = 4_096;

#[derive(Clone)]
pub struct Monitor {
    plan: Plan,
    members: BTreeMap<NodeId, Member>,
    servers: BTreeMap<NodeId, Server>,
    change: Option<Change>,
    round: u64,
    last_loss: Time,
    lost_before: Vec<NodeId>,
}

#[derive(Clone, Debug)]
struct Member {
    missed: u32,
    answered: u64,
    blank: bool,
    dismissed: bool,
    dead: bool,
}

#[derive(Clone, Debug, Default)]
struct Server {
    heard: Time,
    acked: u64,
}

/// A ring change under way.
#[derive(Clone, Debug)]
struct Change {
    old: Arc<Ring>,
    new: Arc<Ring>,
    step: Step,
    waiting: BTreeSet<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Clear,
    WriteBoth,
    Pull,
    ReadNew,
}

impl Monitor {
    pub fn new(plan: Plan, members: &[NodeId]) -> Monitor {
        let member = |id: &NodeId| (*id, Member { missed: 0, answered: 0, blank: false, dismissed: false, dead: false });
        Monitor {
            plan,
            members: members.iter().map(member).collect(),
            servers: BTreeMap::new(),
            change: None,
            round: 0,
            last_loss: Time::ZERO,
            lost_before: Vec::new(),
        }
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Caching>) {
        // Servers may hold leases given before a crash: hear from them before going on.
        for server in cx.nodes("app") {
            self.servers.entry(server).or_default().heard = cx.now();
        }
        cx.background(TICK, Timer::Tick);
    }

    pub fn admit(&mut self, id: NodeId) {
        self.members.insert(id, Member { missed: 0, answered: self.round, blank: true, dismissed: false, dead: false });
    }

    /// # Errors
    /// If nobody would be left.
    pub fn dismiss(&mut self, id: NodeId) -> Result<(), String> {
        if self.wanted().iter().filter(|m| **m != id.0).count() == 0 {
            return Err("the last member cannot leave".into());
        }
        if let Some(member) = self.members.get_mut(&id) {
            member.dismissed = true;
        }
        Ok(())
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub fn fate(&self, id: NodeId) -> &'static str {
        match self.members.get(&id) {
            _ if self.plan.read.members().contains(&id.0) => match self.members.get(&id) {
                Some(m) if m.missed > 0 => "late",
                Some(m) if m.blank => "catching up",
                _ => "member",
            },
            Some(m) if m.dismissed => "left",
            Some(m) if m.dead => "dead",
            Some(_) => "joining",
            None => "",
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Cx<'_, Caching>) {
        match *msg {
            Msg::Pong { round, blank } => {
                if let Some(member) = self.members.get_mut(&from) {
                    member.answered = member.answered.max(round);
                    member.blank = blank;
                }
            }
            Msg::Hello { acked, sent } => {
                self.servers.insert(from, Server { heard: cx.now(), acked });
                cx.send(from, Msg::State { plan: self.plan.clone(), sent });
                self.go_on(cx);
            }
            Msg::Cleared { phase } | Msg::Pulled { phase } => {
                let step = if matches!(msg, Msg::Cleared { .. }) { Step::Clear } else { Step::Pull };
                if let Some(change) = &mut self.change
                    && change.step == step
                    && phase == self.plan.phase
                {
                    change.waiting.remove(&from);
                }
                self.go_on(cx);
            }
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Cx<'_, Caching>) {
        if !matches!(timer, Timer::Tick) {
            return;
        }
        cx.background(TICK, Timer::Tick);
        self.judge_pings(cx);
        self.round += 1;
        let ids: Vec<NodeId> = self.members.keys().copied().collect();
        for id in ids {
            cx.send(id, Msg::Ping { round: self.round });
        }
        if self.change.is_some() {
            self.order(cx);
            self.go_on(cx);
        } else {
            self.begin_change(cx);
            self.help_the_blank(cx);
        }
    }

    /// A member that missed enough pings in a row is dead; one that answers again is not.
    fn judge_pings(&mut self, cx: &mut Cx<'_, Caching>) {
        let limit = cx.system().missed_pings;
        for (id, member) in &mut self.members {
            // A slow answer to an earlier ping still says that it lives.
            let late = self.round.saturating_sub(member.answered);
            member.missed = if late == 0 { 0 } else { late.min(1_000) as u32 };
            let dead = member.missed >= limit;
            if dead != member.dead {
                member.dead = dead;
                if dead {
                    cx.count(metrics::FAILOVERS, 1);
                }
                let name = cx.name(*id).to_string();
                cx.log(format!("{name} {}", if dead { "is taken for dead" } else { "answers again" }));
            }
        }
        let lost = self.lost();
        if lost.iter().any(|id| !self.lost_before.contains(id)) {
            self.last_loss = cx.now();
        }
        self.lost_before = lost;
    }

    /// Members of the ring whose memory cannot be counted on.
    fn lost(&self) -> Vec<NodeId> {
        let of_ring = |id: &NodeId| self.plan.read.members().contains(&id.0);
        self.members.iter().filter(|(id, m)| of_ring(id) && (m.dead || m.blank)).map(|(id, _)| *id).collect()
    }

    fn wanted(&self) -> Vec<u32> {
        self.members.iter().filter(|(_, m)| !m.dead && !m.dismissed).map(|(id, _)| id.0).collect()
    }

    /// If as many members lost their memory as a write needs, an acknowledged write may be known to nobody: then only time helps, until
    /// whatever old value is still held has expired.
    fn memory_suffices(&self, cx: &Cx<'_, Caching>) -> bool {
        let system = cx.system();
        self.lost().len() < system.write_quorum(system.replicas) || cx.now() >= self.last_loss + system.ttl_longest() + SERVER_LEASE
    }

    fn sources(&self, ring: &Ring) -> Vec<NodeId> {
        let lost = self.lost();
        ring.members().iter().map(|m| NodeId(*m)).filter(|id| !lost.contains(id)).collect()
    }

    fn begin_change(&mut self, cx: &mut Cx<'_, Caching>) {
        let wanted = self.wanted();
        if wanted.is_empty() || wanted == self.plan.read.members() {
            return;
        }
        let system = cx.shared();
        let old = Arc::clone(&self.plan.read);
        let new = old.members().iter().filter(|m| !wanted.contains(m)).fold((*old).clone(), |ring, gone| ring.without(*gone));
        let new = Arc::new(wanted.iter().filter(|m| !old.members().contains(m)).fold(new, |ring, come| ring.with(*come)));
        self.measure(&old, &new, &system, cx);
        if !system.handover {
            self.plan = Plan { phase: self.plan.phase + 1, read: Arc::clone(&new), also: None };
            self.settle(&new, cx);
            return;
        }
        let newcomers = new.members().iter().filter(|m| !old.members().contains(m)).map(|m| NodeId(*m)).collect();
        self.plan.phase += 1;
        self.change = Some(Change { old, new, step: Step::Clear, waiting: newcomers });
        self.order(cx);
        self.go_on(cx);
    }

    /// Says, or says again, what the present step asks of the cache nodes.
    fn order(&mut self, cx: &mut Cx<'_, Caching>) {
        let Some(change) = &self.change else { return };
        let phase = self.plan.phase;
        match change.step {
            Step::Clear => {
                for id in &change.waiting {
                    cx.send(*id, Msg::Clear { phase });
                }
            }
            Step::Pull => {
                if !self.memory_suffices(cx) {
                    return;
                }
                let sources = self.sources(&change.old);
                for id in &change.waiting {
                    let (old, new) = (Arc::clone(&change.old), Arc::clone(&change.new));
                    cx.send(*id, Msg::Pull { phase, old, new, sources: sources.clone() });
                }
            }
            Step::WriteBoth | Step::ReadNew => {}
        }
    }

    /// Goes to the next step when nobody is waited for.
    fn go_on(&mut self, cx: &mut Cx<'_, Caching>) {
        let Some(mut change) = self.change.take() else { return };
        // Who dies on the way has not caught up: back to the old ring, which is still the one that is read.
        if change.waiting.iter().any(|id| self.members.get(id).is_none_or(|m| m.dead)) {
            self.plan.phase += 1;
            self.plan.also = None;
            return;
        }
        let done = match change.step {
            Step::Clear | Step::Pull => change.waiting.is_empty(),
            Step::WriteBoth | Step::ReadNew => self.servers_follow(cx.now()),
        };
        if !done {
            self.change = Some(change);
            return;
        }
        self.plan.phase += 1;
        match change.step {
            Step::Clear => {
                self.plan.also = Some(Arc::clone(&change.new));
                change.step = Step::WriteBoth;
            }
            Step::WriteBoth => {
                change.waiting = change.new.members().iter().map(|m| NodeId(*m)).collect();
                change.step = Step::Pull;
            }
            Step::Pull => {
                self.plan.read = Arc::clone(&change.new);
                self.plan.also = Some(Arc::clone(&change.old));
                change.step = Step::ReadNew;
            }
            Step::ReadNew => {
                self.plan.also = None;
                self.settle(&change.new, cx);
                return;
            }
        }
        self.change = Some(change);
        self.order(cx);
    }

    /// Every server that may use the cache has taken up the present phase.
    fn servers_follow(&self, now: Time) -> bool {
        self.servers.values().all(|s| s.acked >= self.plan.phase || now > s.heard + SERVER_LEASE)
    }

    fn settle(&mut self, ring: &Arc<Ring>, cx: &mut Cx<'_, Caching>) {
        for id in self.members.keys() {
            cx.send(*id, Msg::Settle { phase: self.plan.phase, ring: Arc::clone(ring) });
        }
        cx.gauge(metrics::IMBALANCE, ring.imbalance());
        cx.gauge(metrics::MEMBERS, ring.members().len() as f64);
        cx.count(metrics::RING_CHANGES, 1);
        cx.log(format!("the ring has {} members", ring.members().len()));
    }

    /// A member that lost its memory without being missed catches up by the same pull.
    fn help_the_blank(&mut self, cx: &mut Cx<'_, Caching>) {
        if !self.memory_suffices(cx) {
            return;
        }
        let ring = Arc::clone(&self.plan.read);
        let sources = self.sources(&ring);
        let blank: Vec<NodeId> = self.members.iter().filter(|(id, m)| m.blank && !m.dead && ring.members().contains(&id.0)).map(|(id, _)| *id).collect();
        for id in blank {
            let order = Msg::Pull { phase: self.plan.phase, old: Arc::clone(&ring), new: Arc::clone(&ring), sources: sources.clone() };
            cx.send(id, order);
        }
    }

    /// Which keys change owner, and whether any does that had no reason to.
    fn measure(&self, old: &Ring, new: &Ring, system: &Caching, cx: &mut Cx<'_, Caching>) {
        let joined = |m: u32| !old.members().contains(&m);
        let left = |m: u32| !new.members().contains(&m);
        let (mut moved, mut astray, mut example) = (0u64, 0u64, None);
        for key in 0..SAMPLE {
            let place = Caching::place(key);
            let (Some(from), Some(to)) = (system.placement.owner(old, place), system.placement.owner(new, place)) else { continue };
            if from != to {
                moved += 1;
                if !joined(to) && !left(from) {
                    astray += 1;
                    example = example.or(Some((key, NodeId(from), NodeId(to))));
                }
            }
        }
        cx.gauge(metrics::MOVED_SHARE, moved as f64 / SAMPLE as f64);
        let example = example.map(|(key, from, to)| (key, cx.name(from).to_string(), cx.name(to).to_string()));
        cx.fact(Fact::RingChanged { astray, sample: SAMPLE, example });
    }

    pub fn look(&self) -> Look {
        let label = match &self.change {
            Some(change) => format!("{:?}", change.step).to_lowercase(),
            None => format!("{} members", self.plan.read.members().len()),
        };
        let state = if self.change.is_some() { State::Busy } else { State::Idle };
        Look { label, state, fill: None }
    }
}
