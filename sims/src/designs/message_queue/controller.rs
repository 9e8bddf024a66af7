//! The controller: decides who leads each partition and who is in sync, and tells everybody.

use super::metrics;
use super::system::Queue;
use super::watch::Fact;
use super::wire::{Metadata, Msg, PartState, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Clone)]
pub struct Controller {
    brokers: BTreeMap<NodeId, Known>,
    metadata: Arc<Metadata>,
    /// When leadership was last evened out.
    evened: Time,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// Which of its lives was last heard of; 0 before the first.
    life: u64,
    heard: Time,
    alive: bool,
}

const TICK: Span = Span::millis(200);
/// How often a partition's first replica is made its leader again, if it can be.
const EVEN_OUT: Span = Span::secs(5);

impl Controller {
    pub fn new(metadata: Arc<Metadata>) -> Controller {
        Controller { brokers: BTreeMap::new(), metadata, evened: Time::ZERO }
    }

    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub fn alive(&self, broker: NodeId) -> bool {
        self.brokers.get(&broker).is_some_and(|known| known.alive)
    }

    /// What it decided is durable: it only forgets when it last heard of whom.
    pub fn start(&mut self, cx: &mut Cx<'_, Queue>) {
        let now = cx.now();
        if self.brokers.is_empty() {
            self.brokers = cx.nodes("b").into_iter().map(|id| (id, Known { life: 0, heard: now, alive: true })).collect();
        }
        self.brokers.values_mut().for_each(|known| known.heard = now);
        cx.background(TICK, Timer::Tick);
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) {
        if !matches!(timer, Timer::Tick) {
            return;
        }
        let (now, patience) = (cx.now(), cx.system().broker_timeout);
        let silent: Vec<NodeId> = self.brokers.iter().filter(|(_, known)| known.alive && now.since(known.heard) > patience).map(|(id, _)| *id).collect();
        for broker in silent {
            self.fence(broker, cx);
        }
        if now.since(self.evened) > EVEN_OUT {
            self.evened = now;
            self.even_out(cx);
        }
        cx.background(TICK, Timer::Tick);
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Queue>) {
        match msg {
            Msg::Alive { life, version } => self.heard(from, life, version, cx),
            Msg::AlterIsr { part, epoch, version, isr } => self.alter(from, part, epoch, version, &isr, cx),
            Msg::WhoLeads => cx.send(from, Msg::Leaders(Arc::clone(&self.metadata))),
            _ => {}
        }
    }

    fn heard(&mut self, broker: NodeId, life: u64, version: u64, cx: &mut Cx<'_, Queue>) {
        let now = cx.now();
        let Some(known) = self.brokers.get_mut(&broker) else { return };
        if life < known.life {
            return;
        }
        let (reborn, returns) = (known.life != 0 && life > known.life, !known.alive);
        *known = Known { life, heard: now, alive: true };
        if reborn {
            self.reborn(broker, cx);
        }
        if returns || reborn {
            self.fill_vacant(cx);
        }
        if version != self.metadata.version {
            self.tell(broker, cx);
        }
    }

    /// A broker is silent for too long: it leaves every in-sync set that has somebody else, and leads nothing.
    fn fence(&mut self, broker: NodeId, cx: &mut Cx<'_, Queue>) {
        if let Some(known) = self.brokers.get_mut(&broker) {
            known.alive = false;
        }
        cx.log(format!("{} is taken for dead", cx.name(broker)));
        self.change(cx, |controller, state, cx| controller.depart(state, broker, cx));
    }

    /// It has restarted without having stopped in good order: what it acknowledged last may be gone.
    fn reborn(&mut self, broker: NodeId, cx: &mut Cx<'_, Queue>) {
        let leaves = cx.system().leaves_in_sync;
        self.change(cx, |controller, state, cx| {
            let other = state.isr.iter().any(|id| *id != broker && controller.alive(*id));
            if leaves && other {
                return controller.depart(state, broker, cx);
            }
            // It leads on, but under a new epoch: what it writes now stands where something else may have stood.
            let leads = state.leader == Some(broker);
            state.epoch += u32::from(leads);
            leads
        });
    }

    /// Takes a broker out of a partition's in-sync set, unless it is the last; if it led, another is chosen. True if anything changed.
    fn depart(&self, state: &mut PartState, broker: NodeId, cx: &mut Cx<'_, Queue>) -> bool {
        let (was_in, led) = (state.isr.contains(&broker), state.leader == Some(broker));
        if was_in && state.isr.len() > 1 {
            state.isr.retain(|id| *id != broker);
            cx.count(metrics::ISR_SHRINKS, 1);
        }
        if led {
            self.elect(state, cx);
        }
        was_in || led
    }

    /// The first replica in order that is alive and in sync; with unclean elections, else one that is only alive.
    fn elect(&self, state: &mut PartState, cx: &mut Cx<'_, Queue>) {
        let before = state.leader;
        let clean = state.replicas.iter().copied().find(|id| state.isr.contains(id) && self.alive(*id));
        let any = || state.replicas.iter().copied().find(|id| self.alive(*id));
        state.leader = match clean {
            Some(leader) => Some(leader),
            None if cx.system().unclean_election => any().inspect(|leader| {
                state.isr = vec![*leader];
                cx.count(metrics::UNCLEAN, 1);
            }),
            None => None,
        };
        state.epoch += 1;
        if state.leader.is_some() && state.leader != before {
            cx.count(metrics::FAILOVERS, 1);
            cx.fact(Fact::FailedOver);
        }
    }

    /// Partitions without a leader look for one again.
    fn fill_vacant(&mut self, cx: &mut Cx<'_, Queue>) {
        self.change(cx, |controller, state, cx| {
            let can = state.replicas.iter().any(|id| controller.alive(*id) && (state.isr.contains(id) || cx.system().unclean_election));
            let vacant = state.leader.is_none() && can;
            if vacant {
                controller.elect(state, cx);
            }
            vacant
        });
    }

    fn even_out(&mut self, cx: &mut Cx<'_, Queue>) {
        self.change(cx, |controller, state, _| {
            let Some(first) = state.replicas.first().copied() else { return false };
            let moves = state.leader.is_some_and(|leader| leader != first) && state.isr.contains(&first) && controller.alive(first);
            if moves {
                state.leader = Some(first);
                state.epoch += 1;
            }
            moves
        });
    }

    /// A leader wants another in-sync set. Nobody joins it in a life that is over (KIP-903).
    fn alter(&mut self, leader: NodeId, part: u32, epoch: u32, version: u32, isr: &[(NodeId, u64)], cx: &mut Cx<'_, Queue>) {
        let allowed = self.metadata.parts.get(part as usize).is_some_and(|state| {
            let may = |(id, life): &(NodeId, u64)| {
                let known = self.brokers.get(id).copied().unwrap_or_default();
                known.alive && state.replicas.contains(id) && (known.life == *life || state.isr.contains(id) && *life == 0)
            };
            state.leader == Some(leader) && (state.epoch, state.version) == (epoch, version) && isr.iter().any(|(id, _)| *id == leader) && isr.iter().all(may)
        });
        if !allowed {
            return self.tell(leader, cx);
        }
        let wanted: Vec<NodeId> = isr.iter().map(|(id, _)| *id).collect();
        let mut at = 0;
        self.change(cx, |_, state, cx| {
            at += 1;
            if at - 1 != part {
                return false;
            }
            let metric = if wanted.len() < state.isr.len() { metrics::ISR_SHRINKS } else { metrics::ISR_EXPANDS };
            cx.count(metric, 1);
            state.isr.clone_from(&wanted);
            true
        });
    }

    /// Lets `turn` change partitions, one after the other; tells every broker if one did.
    fn change(&mut self, cx: &mut Cx<'_, Queue>, mut turn: impl FnMut(&Controller, &mut PartState, &mut Cx<'_, Queue>) -> bool) {
        let mut metadata = Metadata::clone(&self.metadata);
        let mut changed = false;
        for state in &mut metadata.parts {
            if turn(self, state, cx) {
                state.version += 1;
                changed = true;
            }
        }
        if !changed {
            return;
        }
        metadata.version += 1;
        self.metadata = Arc::new(metadata);
        self.measure(cx);
        let brokers: Vec<NodeId> = self.brokers.keys().copied().collect();
        brokers.into_iter().for_each(|broker| self.tell(broker, cx));
    }

    fn tell(&self, broker: NodeId, cx: &mut Cx<'_, Queue>) {
        let life = self.brokers.get(&broker).map_or(0, |known| known.life);
        cx.send(broker, Msg::State { life, metadata: Arc::clone(&self.metadata) });
    }

    fn measure(&self, cx: &mut Cx<'_, Queue>) {
        let offline = self.metadata.parts.iter().filter(|state| state.leader.is_none()).count();
        let under = self.metadata.parts.iter().filter(|state| state.isr.len() < state.replicas.len()).count();
        cx.gauge(metrics::OFFLINE, offline as f64);
        cx.gauge(metrics::UNDER_REPLICATED, under as f64);
    }

    pub fn weight(&self) -> usize {
        self.metadata.parts.iter().map(|state| 120 + (state.replicas.len() + state.isr.len()) * 4).sum::<usize>() + self.brokers.len() * 60
    }

    pub fn look(&self, _: &Queue) -> Look {
        let offline = self.metadata.parts.iter().filter(|state| state.leader.is_none()).count();
        let (label, state) =
            if offline > 0 { (format!("{offline} offline"), State::Warn) } else { (format!("{} led", self.metadata.parts.len()), State::Busy) };
        Look { label, state, fill: None }
    }
}
