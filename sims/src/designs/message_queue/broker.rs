//! A broker: copies of partitions, some of which it leads, and what it tells the controller.

use super::idempotence::Check;
use super::metrics;
use super::record::{Id, Record};
use super::replica::{Follow, Lead, Peer, Replica, Role, Waiting};
use super::system::Queue;
use super::watch::Fact;
use super::wire::{Acks, Metadata, Msg, NoRead, PartState, Refusal, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::disk::File;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::parts::segments::Shape;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone)]
pub struct Broker {
    controller: NodeId,
    /// Which of its lives this is; none before the first.
    life: u64,
    version: u64,
    replicas: BTreeMap<u32, Replica>,
}

/// Between two heartbeats, and between two looks at who lags.
const TICK: Span = Span::millis(200);
/// A follower that hears nothing asks again.
pub const ASK_AGAIN: Span = Span::millis(500);
const EXPIRE_EVERY: Span = Span::millis(500);
/// A leader whose wish for another in-sync set is not answered wishes anew.
const WISH_AGAIN: Span = Span::secs(1);

impl Broker {
    pub fn new(controller: NodeId, parts: impl Iterator<Item = u32>, shape: Shape) -> Broker {
        Broker { controller, life: 0, version: 0, replicas: parts.map(|part| (part, Replica::new(part, shape))).collect() }
    }

    pub fn replica(&self, part: u32) -> Option<&Replica> {
        self.replicas.get(&part)
    }

    pub fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        self.replicas.values_mut().for_each(|replica| each(&mut replica.log));
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Queue>) {
        // A restart is a new life: what was promised in the last one is void.
        self.life = cx.now().0 + 1;
        self.say_alive(cx);
        cx.background(TICK, Timer::Tick);
        cx.background(EXPIRE_EVERY, Timer::Expire);
        let every = cx.system().flush_every;
        cx.background(every, Timer::Flush);
    }

    /// The logs have lost already what was not synced.
    pub fn crash(&mut self) {
        self.version = 0;
        for replica in self.replicas.values_mut() {
            replica.role = Role::Idle;
            replica.epoch = 0;
            replica.watermark = replica.watermark.min(replica.log.end());
            replica.learn_producers();
        }
    }

    fn say_alive(&self, cx: &mut Cx<'_, Queue>) {
        cx.send(self.controller, Msg::Alive { life: self.life, version: self.version });
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) {
        match timer {
            Timer::Tick => {
                self.say_alive(cx);
                self.replicas.values_mut().for_each(|replica| replica.tick(self.controller, self.life, cx));
                cx.background(TICK, Timer::Tick);
            }
            Timer::Synced { part } => {
                if let Some(replica) = self.replicas.get_mut(&part) {
                    replica.advance(cx);
                    replica.fetch_if_synced(self.life, cx);
                }
            }
            Timer::Flush => {
                if !cx.system().sync_first {
                    cx.sync(Timer::Flushed);
                }
                let every = cx.system().flush_every;
                cx.background(every, Timer::Flush);
            }
            Timer::Expire => {
                self.expire(cx);
                cx.background(EXPIRE_EVERY, Timer::Expire);
            }
            _ => {}
        }
    }

    /// Leaders drop old segments; followers hear of it with the next answer to a fetch.
    fn expire(&mut self, cx: &mut Cx<'_, Queue>) {
        let system = cx.shared();
        let oldest = cx.now().0.saturating_sub(system.retention.0);
        for replica in self.replicas.values_mut().filter(|replica| replica.leads()) {
            let before = replica.log.start();
            let start = replica.log.expire(oldest, system.retention_bytes, replica.watermark);
            if start > before {
                replica.producers.keep_before(start);
                cx.fact(Fact::Trimmed { part: replica.part, start });
            }
        }
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Queue>) {
        match msg {
            Msg::State { life, metadata } => self.learn(life, &metadata, cx),
            Msg::Produce { part, request, acks, idempotent, records } => {
                let refused = match self.replicas.get_mut(&part) {
                    Some(replica) if replica.leads() => replica.produce(from, request, acks, idempotent, &records, cx).err(),
                    _ => Some(Refusal::NotLeader),
                };
                if let Some(why) = refused.filter(|_| acks != Acks::None) {
                    cx.send(from, Msg::Produced { part, request, result: Err(why) });
                }
            }
            Msg::Fetch { part, epoch, from: at, last_epoch, life, knows } => {
                if let Some(replica) = self.replicas.get_mut(&part).filter(|replica| replica.epoch == epoch) {
                    replica.fetched_by(from, at, last_epoch, life, knows, (self.controller, self.life), cx);
                }
            }
            Msg::Fetched { part, epoch, from: at, records, watermark, start, diverges } => {
                if let Some(replica) = self.replicas.get_mut(&part).filter(|replica| replica.epoch == epoch) {
                    replica.take(at, &records, watermark, start, diverges, self.life, cx);
                }
            }
            Msg::Read { part, from: at } => self.read(from, part, at, cx),
            Msg::WhereAreEnds => {
                let ends = self.replicas.values().filter(|replica| replica.leads()).map(|replica| (replica.part, replica.log.end())).collect();
                cx.send(from, Msg::Ends(ends));
            }
            _ => {}
        }
    }

    /// The controller has spoken. What was meant for an earlier life of this broker does not count.
    fn learn(&mut self, life: u64, metadata: &Arc<Metadata>, cx: &mut Cx<'_, Queue>) {
        if life != self.life || metadata.version < self.version {
            return;
        }
        self.version = metadata.version;
        for (part, state) in metadata.parts.iter().enumerate() {
            if let Some(replica) = self.replicas.get_mut(&(part as u32)) {
                replica.obey(state, self.life, cx);
            }
        }
    }

    fn read(&mut self, reader: NodeId, part: u32, from: u64, cx: &mut Cx<'_, Queue>) {
        let system = cx.shared();
        let why = match self.replicas.get_mut(&part) {
            Some(replica) if replica.leads() => {
                let (start, end, visible) = (replica.log.start(), replica.log.end(), replica.visible(&system));
                if from < start {
                    NoRead::TooOld { start }
                } else if from > end {
                    NoRead::TooNew { end: visible }
                } else if from < visible {
                    return replica.serve(reader, from, visible, cx);
                } else {
                    if let Role::Leader(lead) = &mut replica.role {
                        lead.readers.insert(reader, from);
                    }
                    return;
                }
            }
            _ => NoRead::NotLeader,
        };
        cx.send(reader, Msg::NotRead { part, why });
    }

    pub fn weight(&self) -> usize {
        self.replicas.values().map(|replica| std::mem::size_of::<Replica>() * 3 / 2 + replica.weight()).sum()
    }

    pub fn look(&self, _: &Queue) -> Look {
        let leads: Vec<String> = self.replicas.values().filter(|replica| replica.leads()).map(|replica| replica.part.to_string()).collect();
        let behind = self.replicas.values().filter(|replica| matches!(replica.role, Role::Follower(_)) && replica.watermark > replica.log.end()).count();
        let state = if leads.is_empty() { State::Idle } else { State::Leader };
        let label = match leads.len() {
            0 if behind > 0 => "catching up".to_string(),
            0 => "follows".to_string(),
            1..=8 => format!("leads {}", leads.join(" ")),
            n => format!("leads {n}"),
        };
        let share = self.replicas.len().max(1);
        Look { label, state, fill: Some(leads.len() as f64 / share as f64) }
    }
}

impl Replica {
    /// Takes the role that the controller gives it.
    fn obey(&mut self, state: &PartState, life: u64, cx: &mut Cx<'_, Queue>) {
        if state.epoch < self.epoch {
            return;
        }
        let (newer, me) = (state.epoch > self.epoch, cx.me());
        if state.leader == Some(me) {
            match &mut self.role {
                Role::Leader(lead) if !newer => {
                    lead.asked = None;
                    if state.version > lead.version {
                        lead.version = state.version;
                        lead.isr.clone_from(&state.isr);
                    }
                    self.advance(cx);
                }
                _ => self.lead(state, cx),
            }
            return;
        }
        match &self.role {
            Role::Follower(follow) if !newer && follow.leader == state.leader => {}
            _ => self.follow(state, life, cx),
        }
    }

    fn lead(&mut self, state: &PartState, cx: &mut Cx<'_, Queue>) {
        self.epoch = state.epoch;
        let (now, end) = (cx.now(), self.log.end());
        let peers = state.replicas.iter().filter(|id| **id != cx.me()).map(|id| (*id, Peer { caught: now, fetched: now, end_then: end, ..Peer::default() }));
        let lead = Lead {
            isr: state.isr.clone(),
            version: state.version,
            begins: end,
            peers: peers.collect(),
            asked: None,
            waiting: Vec::new(),
            readers: BTreeMap::new(),
        };
        self.refuse_waiting(cx);
        self.role = Role::Leader(lead);
        let start = self.log.start();
        let ids = self.ids(start, end);
        cx.fact(Fact::Leads { part: self.part, epoch: self.epoch, start, ids });
        self.advance(cx);
    }

    fn follow(&mut self, state: &PartState, life: u64, cx: &mut Cx<'_, Queue>) {
        self.refuse_waiting(cx);
        self.epoch = state.epoch;
        self.role = Role::Follower(Follow { leader: state.leader, asked: cx.now() });
        if !cx.system().cut_by_epoch {
            // The first protocol's way, with which KIP-101 begins: what is above one's own watermark is taken for unagreed.
            self.cut(self.watermark);
        }
        self.fetch_if_synced(life, cx);
    }

    fn produce(&mut self, to: NodeId, request: u64, acks: Acks, idempotent: bool, records: &[Record], cx: &mut Cx<'_, Queue>) -> Result<(), Refusal> {
        let system = cx.shared();
        let Role::Leader(lead) = &self.role else { return Err(Refusal::NotLeader) };
        if acks == Acks::All && lead.isr.len() < system.min_insync {
            return Err(Refusal::NotEnoughReplicas);
        }
        let ids: Vec<Id> = records.iter().map(|record| record.id).collect();
        let check = if idempotent { self.producers.check(records) } else { Check::Next };
        let first = match check {
            Check::Next => self.write(idempotent, records, cx)?,
            Check::Repeat(first) => {
                cx.count(metrics::REPEATS_STOPPED, 1);
                // Of one so old that its place is forgotten, later ones have been acknowledged since.
                let Some(first) = first else {
                    cx.send(to, Msg::Produced { part: self.part, request, result: Ok(0) });
                    return Ok(());
                };
                first
            }
            Check::Gap => return Err(Refusal::OutOfOrder),
            Check::OldEpoch => return Err(Refusal::OldEpoch),
        };
        if acks != Acks::None {
            let waiting = Waiting { to, request, acks, first, end: first + records.len() as u64, ids };
            if let Role::Leader(lead) = &mut self.role {
                lead.waiting.push(waiting);
            }
        }
        self.feed(cx);
        self.advance(cx);
        Ok(())
    }

    /// Appends a whole batch or none of it.
    fn write(&mut self, idempotent: bool, records: &[Record], cx: &mut Cx<'_, Queue>) -> Result<u64, Refusal> {
        let (first, now) = (self.log.end(), cx.now().0);
        for record in records {
            let record = if idempotent { *record } else { Record { producer: 0, ..*record } };
            let Ok(offset) = self.log.append(self.epoch, now, &record.encode()) else {
                self.cut(first);
                return Err(Refusal::DiskFull);
            };
            self.producers.note(offset, &record);
        }
        if cx.system().sync_first {
            cx.sync(Timer::Synced { part: self.part });
        }
        Ok(first)
    }

    /// A follower asks, and so says what it holds.
    #[allow(clippy::too_many_arguments, reason = "the fields of one message")]
    fn fetched_by(&mut self, peer: NodeId, from: u64, last_epoch: Option<u32>, life: u64, knows: u64, me: (NodeId, u64), cx: &mut Cx<'_, Queue>) {
        let (end, start, now) = (self.log.end(), self.log.start(), cx.now());
        let diverges = match last_epoch {
            _ if from < start => None,
            None if from > end => Some((u32::MAX, end)),
            last => crate::parts::segments::divergence(self.log.epochs(), end, from, last),
        };
        let Role::Leader(lead) = &mut self.role else { return };
        let Some(known) = lead.peers.get_mut(&peer) else { return };
        known.life = life;
        if diverges.is_some() || from < start {
            known.parked = false;
            let (part, epoch, watermark) = (self.part, self.epoch, self.watermark);
            return cx.send(peer, Msg::Fetched { part, epoch, from, records: Vec::new(), watermark, start, diverges });
        }
        if from >= end {
            known.caught = now;
        } else if from >= known.end_then {
            known.caught = known.caught.max(known.fetched);
        }
        let asks_again = known.parked && known.end == from;
        (known.end, known.fetched, known.end_then, known.parked) = (from, now, end, true);
        let back = !lead.isr.contains(&peer) && lead.asked.is_none() && from >= self.watermark && from >= lead.begins;
        if back {
            let isr: Vec<NodeId> = lead.isr.iter().copied().chain([peer]).collect();
            lead.wish(self.part, self.epoch, isr, me, cx);
        }
        self.advance(cx);
        if from < end || asks_again && knows < self.watermark {
            self.feed_one(peer, from, cx);
        }
    }

    /// Looks after followers that lag, and after answers that did not come.
    fn tick(&mut self, controller: NodeId, life: u64, cx: &mut Cx<'_, Queue>) {
        let (now, end, me) = (cx.now(), self.log.end(), cx.me());
        let patience = cx.system().lag_most;
        match &mut self.role {
            Role::Idle => {}
            Role::Leader(lead) => {
                if lead.asked.as_ref().is_some_and(|(at, _)| now.since(*at) > WISH_AGAIN) {
                    lead.asked = None;
                }
                let lags = |id: &NodeId| *id != me && lead.peers.get(id).is_some_and(|peer| peer.end < end && now.since(peer.caught) > patience);
                if lead.asked.is_none() && lead.isr.iter().any(lags) {
                    let isr: Vec<NodeId> = lead.isr.iter().copied().filter(|id| !lags(id)).collect();
                    lead.wish(self.part, self.epoch, isr, (controller, life), cx);
                }
            }
            Role::Follower(follow) => {
                if now.since(follow.asked) >= ASK_AGAIN {
                    self.fetch_if_synced(life, cx);
                }
            }
        }
    }
}

impl Lead {
    /// Asks the controller for another in-sync set.
    fn wish(&mut self, part: u32, epoch: u32, isr: Vec<NodeId>, (controller, life): (NodeId, u64), cx: &mut Cx<'_, Queue>) {
        let lives = isr.iter().map(|id| (*id, if *id == cx.me() { life } else { self.peers.get(id).map_or(0, |peer| peer.life) })).collect();
        cx.send(controller, Msg::AlterIsr { part, epoch, version: self.version, isr: lives });
        self.asked = Some((cx.now(), isr));
    }
}
