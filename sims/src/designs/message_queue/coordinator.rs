//! The group's coordinator: who is a member, who owns what, and how far each partition has been committed.

use super::metrics;
use super::system::Queue;
use super::watch::Fact;
use super::wire::{Msg, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::group::{Beat, Group, Part, Phase};
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Coordinator {
    group: Group,
    heard: BTreeMap<u32, Time>,
    /// The latest wish to join of each member: an assignment answers that one.
    attempts: BTreeMap<u32, u64>,
    offsets: Vec<u64>,
    /// The last commit that counted of each partition: its generation and number.
    last: Vec<(u32, u64)>,
    /// Since when a partition has had nobody at work on it.
    stopped: BTreeMap<u32, Time>,
    owners: Vec<Option<u32>>,
    began: Time,
    /// Members of an empty group are given time to gather.
    gathering: bool,
}

const TICK: Span = Span::millis(200);
/// An empty group waits so long for more members before it deals out partitions.
const GATHER: Span = Span::millis(500);
/// A rebalance waits so long for members that do not come.
const REBALANCE_WAIT: Span = Span::secs(10);

fn plain(parts: &[Part]) -> impl Iterator<Item = u32> + '_ {
    parts.iter().map(|part| part.number)
}

impl Coordinator {
    pub fn new(parts: u32) -> Coordinator {
        let count = parts as usize;
        Coordinator {
            group: Group::new(&[parts]),
            heard: BTreeMap::new(),
            attempts: BTreeMap::new(),
            offsets: vec![0; count],
            last: vec![(0, 0); count],
            stopped: BTreeMap::new(),
            owners: vec![None; count],
            began: Time::ZERO,
            gathering: false,
        }
    }

    pub fn group(&self) -> &Group {
        &self.group
    }

    pub fn offset(&self, part: u32) -> u64 {
        self.offsets.get(part as usize).copied().unwrap_or(0)
    }

    /// What it knows is durable; it only gives everybody time to be heard again.
    pub fn start(&mut self, cx: &mut Cx<'_, Queue>) {
        let now = cx.now();
        self.heard.values_mut().for_each(|at| *at = now);
        self.began = now;
        cx.background(TICK, Timer::Tick);
        if self.group.phase() == Phase::Joining {
            cx.after(GATHER, Timer::Settle { generation: self.group.generation() });
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) {
        match timer {
            Timer::Tick => {
                self.sweep(cx);
                cx.background(TICK, Timer::Tick);
            }
            Timer::Settle { generation } if generation == self.group.generation() => {
                self.gathering = false;
                self.settle_if(self.group.complete(), cx);
            }
            _ => {}
        }
    }

    /// Members that have been silent for too long are out; so is who lets a rebalance wait.
    fn sweep(&mut self, cx: &mut Cx<'_, Queue>) {
        let (now, patience) = (cx.now(), cx.system().session_timeout);
        let silent: Vec<u32> = self.heard.iter().filter(|(_, at)| now.since(**at) > patience).map(|(member, _)| *member).collect();
        for member in silent {
            cx.log(format!("{} is out of the group: not heard for {patience}", cx.name(NodeId(member))));
            self.gone(member, cx);
        }
        if self.group.phase() == Phase::Joining && !self.gathering {
            let late = now.since(self.began) > REBALANCE_WAIT;
            self.settle_if(late || self.group.complete(), cx);
        }
    }

    fn gone(&mut self, member: u32, cx: &mut Cx<'_, Queue>) {
        let last_heard = self.heard.remove(&member).unwrap_or(cx.now());
        for (part, owner) in self.owners.iter().enumerate() {
            if *owner == Some(member) {
                self.stopped.entry(part as u32).or_insert(last_heard);
            }
        }
        if self.group.leave(member) {
            self.began = cx.now();
        }
        self.settle_if(self.group.complete(), cx);
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Queue>) {
        match msg {
            Msg::Join { attempt, generation, holds } => self.join(from, attempt, generation, &holds, cx),
            Msg::Pulse { generation } => {
                if self.group.has(from.0) {
                    self.heard.insert(from.0, cx.now());
                }
                let beat = self.group.beat(from.0, generation);
                // Who has joined already waits for the others and hears of it when all are there.
                let waits = self.group.phase() == Phase::Joining && self.group.has(from.0) && !self.group.awaited().any(|member| member == from.0);
                if beat != Beat::Fine && !waits {
                    cx.send(from, Msg::Heard { generation, beat });
                }
            }
            Msg::Commit { generation, part, offset, number } => self.commit(from, generation, part, offset, number, cx),
            Msg::Quit => self.gone(from.0, cx),
            _ => {}
        }
    }

    fn join(&mut self, from: NodeId, attempt: u64, generation: u32, holds: &[u32], cx: &mut Cx<'_, Queue>) {
        let (member, now) = (from.0, cx.now());
        if self.attempts.get(&member).is_some_and(|latest| attempt < *latest) {
            return;
        }
        let was_empty = self.group.phase() == Phase::Empty;
        let parts: Vec<Part> = holds.iter().map(|part| Part { topic: 0, number: *part }).collect();
        let Ok(begins) = self.group.join(member, generation, &parts) else {
            return cx.send(from, Msg::Heard { generation, beat: Beat::Fenced });
        };
        self.heard.insert(member, now);
        self.attempts.insert(member, attempt);
        for (part, owner) in self.owners.iter().enumerate() {
            // What it no longer says it holds, nobody works on.
            if *owner == Some(member) && !holds.contains(&(part as u32)) {
                self.stopped.entry(part as u32).or_insert(now);
            }
        }
        if begins {
            self.began = now;
            if was_empty {
                self.gathering = true;
                cx.after(GATHER, Timer::Settle { generation: self.group.generation() });
            }
        }
        self.settle_if(!self.gathering && self.group.complete(), cx);
    }

    /// Deals out the partitions anew.
    fn settle_if(&mut self, ready: bool, cx: &mut Cx<'_, Queue>) {
        if !ready || self.gathering {
            return;
        }
        let system = cx.shared();
        let given = self.group.settle(system.assignor, system.protocol());
        let generation = self.group.generation();
        cx.count(metrics::REBALANCES, 1);
        cx.record_since(metrics::REBALANCE, self.began);
        self.heard.retain(|member, _| given.contains_key(member));
        self.attempts.retain(|member, _| given.contains_key(member));
        for (member, parts) in &given {
            for part in plain(parts) {
                self.hand(part, *member, generation, cx);
            }
            let with_offsets = plain(parts).map(|part| (part, self.offset(part))).collect();
            let attempt = self.attempts.get(member).copied().unwrap_or(0);
            cx.send(NodeId(*member), Msg::Assigned { attempt, generation, parts: with_offsets });
        }
        let idle = given.values().filter(|parts| parts.is_empty()).count();
        cx.gauge(metrics::IDLE_CONSUMERS, idle as f64);
        let largest = given.values().map(Vec::len).max().unwrap_or(0);
        cx.gauge(metrics::LARGEST_SHARE, largest as f64);
    }

    /// A partition has its owner for this generation.
    fn hand(&mut self, part: u32, member: u32, generation: u32, cx: &mut Cx<'_, Queue>) {
        cx.fact(Fact::Owned { part, member, generation });
        let Some(owner) = self.owners.get_mut(part as usize) else { return };
        if owner.is_some_and(|before| before != member) {
            cx.count(metrics::MOVED, 1);
        }
        *owner = Some(member);
        if let Some(since) = self.stopped.remove(&part) {
            cx.record_since(metrics::STOPPED, since);
        }
    }

    fn commit(&mut self, from: NodeId, generation: u32, part: u32, offset: u64, number: u64, cx: &mut Cx<'_, Queue>) {
        let member = from.0;
        let counted = !cx.system().fence_commits || self.group.may_commit(member, generation);
        if counted && let (Some(stored), Some(last)) = (self.offsets.get_mut(part as usize), self.last.get_mut(part as usize)) {
            if last.0 == generation && number <= last.1 {
                return;
            }
            *last = (generation, number);
            *stored = offset;
            cx.fact(Fact::Committing { part, member, offset });
        } else {
            cx.count(metrics::COMMITS_REFUSED, 1);
        }
        cx.send(from, Msg::Committed { generation, part, offset, counted });
    }

    pub fn weight(&self) -> usize {
        self.group.weight() + self.offsets.len() * 32 + self.heard.len() * 48 + self.stopped.len() * 24
    }

    pub fn look(&self, _: &Queue) -> Look {
        let members = self.group.members().count();
        let label = match self.group.phase() {
            Phase::Joining => format!("rebalances {members}"),
            Phase::Empty => "nobody".into(),
            Phase::Stable => format!("gen {}", self.group.generation()),
        };
        Look { label, state: if self.group.phase() == Phase::Joining { State::Warn } else { State::Busy }, fill: None }
    }
}
