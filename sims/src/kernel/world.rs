//! A world: nodes, their clocks and fates, the links between them.

use super::action::Action;
use super::cx::Cx;
use super::design::Spec;
use super::disk::{Device, Disk};
use super::faults::Inflicted;
use super::knob::Knobs;
use super::network::{Clock, Delay, Network};
use super::node::{Message, Node, NodeId, System, Watch};
use super::rng::Rng;
use super::run::{Occasion, Run};
use super::sim::{Core, Model, Sim};
use super::stage::Stage;
use super::time::{Span, Time};
use super::trail::Chain;
use super::view::{Ask, Passage, View};
use super::weight::Flat;
use super::{inflict, picture};
use std::collections::VecDeque;
use std::sync::Arc;

/// What [`super::design::Design::start`] points to, for a design with nodes.
pub fn start<S: System>(spec: &Spec) -> Box<dyn Run> {
    Box::new(Sim::new(spec, World::<S>::new(spec)))
}

pub struct World<S: System> {
    pub(crate) nodes: Vec<S::Node>,
    pub(crate) rest: Rest<S>,
}

/// Everything but the nodes themselves, so that a node's handler can hold both.
pub(crate) struct Rest<S: System> {
    pub system: Arc<S>,
    pub watch: S::Watch,
    pub slots: Vec<Slot<S>>,
    pub roles: Vec<&'static str>,
    /// How many nodes each role ever had.
    pub numbers: Vec<usize>,
    /// One delay per pair of roles, row by row.
    pub delays: Vec<Delay>,
    /// One per role.
    pub disks: Vec<Disk>,
    /// Chance of the disks: how long syncs take, and what a crash tears.
    pub syncs: Rng,
    pub tears: Rng,
    pub network: Network,
    pub load: f64,
    /// Counts `load` actions, so that an old one's end does not undo a newer one.
    pub load_turns: u32,
    pub seed: u64,
    pub now: Time,
    pub started: bool,
    pub passages: VecDeque<Passage>,
}

/// One node's surroundings.
pub(crate) struct Slot<S: System> {
    pub name: String,
    pub role: usize,
    pub life: Life,
    /// Counts crashes: timers of an earlier life do not fire.
    pub epoch: u32,
    /// What arrived while it was paused.
    pub held: Vec<Event<S>>,
    /// Knobs were turned while it was paused.
    pub missed: bool,
    pub clock: Clock,
    pub rng: Rng,
    pub device: Device<S::Timer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    Up,
    Paused,
    Crashed,
    /// Crashed, and not restarted at the end either.
    Dead,
    /// Left for good.
    Gone,
}

pub enum Event<S: System> {
    Deliver {
        from: NodeId,
        to: NodeId,
        msg: S::Msg,
    },
    Timer {
        node: NodeId,
        epoch: u32,
        timer: S::Timer,
    },
    /// A sync begins, or has ended.
    Sync {
        node: NodeId,
        epoch: u32,
        ended: bool,
    },
    /// A pause with an end is over.
    Resume {
        node: NodeId,
        epoch: u32,
    },
    /// A node has crashed itself: what it had not synced is lost. It is back after that span, if one is given.
    Fell {
        node: NodeId,
        epoch: u32,
        back: Option<Span>,
    },
    /// A node that crashed itself comes back.
    Back {
        node: NodeId,
        epoch: u32,
    },
    /// A load factor with an end is over.
    LoadBack {
        turn: u32,
    },
}

/// Messages remembered for the space-time view, in a run that is followed.
pub(crate) const PASSAGES_MAX: usize = 16_384;

impl<S: System> World<S> {
    fn new(spec: &Spec) -> World<S> {
        World {
            nodes: Vec::new(),
            rest: Rest {
                system: Arc::new(S::configure(&spec.knobs)),
                watch: S::Watch::default(),
                slots: Vec::new(),
                roles: Vec::new(),
                numbers: Vec::new(),
                delays: Vec::new(),
                disks: Vec::new(),
                syncs: Rng::stream(spec.seed, "syncs"),
                tears: Rng::stream(spec.seed, "tears"),
                network: Network::new(spec.seed),
                load: 1.0,
                load_turns: 0,
                seed: spec.seed,
                now: Time::ZERO,
                started: false,
                passages: VecDeque::new(),
            },
        }
    }

    pub fn system(&self) -> &S {
        &self.rest.system
    }

    pub fn watch(&self) -> &S::Watch {
        &self.rest.watch
    }

    pub fn now(&self) -> Time {
        self.rest.now
    }

    /// Every node that has not left.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.rest.ids()
    }

    /// Nodes of a role that have not left, in the order they were added.
    pub fn role(&self, role: &str) -> Vec<NodeId> {
        self.rest.role(role)
    }

    pub fn node(&self, id: NodeId) -> &S::Node {
        &self.nodes[id.at()]
    }

    pub fn name(&self, id: NodeId) -> &str {
        &self.rest.slots[id.at()].name
    }

    pub fn is_up(&self, id: NodeId) -> bool {
        self.rest.slots[id.at()].life == Life::Up
    }

    pub(crate) fn stage<'a>(&'a mut self, core: &'a mut Core<Event<S>>) -> Stage<'a, S> {
        self.rest.now = core.now();
        Stage { nodes: &mut self.nodes, rest: &mut self.rest, core }
    }

    /// Lets one node handle something; a paused one keeps it for later.
    #[inline]
    fn dispatch(&mut self, to: NodeId, event: Event<S>, core: &mut Core<Event<S>>) {
        let slot = &mut self.rest.slots[to.at()];
        match slot.life {
            Life::Up => {}
            Life::Paused => return slot.held.push(event),
            Life::Crashed | Life::Dead | Life::Gone => return,
        }
        let current = slot.epoch;
        let node = &mut self.nodes[to.at()];
        let cx = &mut Cx { rest: &mut self.rest, core, me: to };
        match event {
            Event::Deliver { from, msg, .. } => node.on_msg(from, msg, cx),
            Event::Timer { epoch, timer, .. } if epoch == current => node.on_timer(timer, cx),
            Event::Timer { .. } | Event::Sync { .. } | Event::Resume { .. } | Event::Fell { .. } | Event::Back { .. } | Event::LoadBack { .. } => {}
        }
    }

    /// A sync begins or has ended. The disk works on while its node is paused; who waited hears of it when the node goes on.
    fn sync(&mut self, id: NodeId, ended: bool, core: &mut Core<Event<S>>) {
        let (node, slot) = (&mut self.nodes[id.at()], &mut self.rest.slots[id.at()]);
        let (now, epoch, disk) = (core.now(), slot.epoch, self.rest.disks[slot.role]);
        if !ended {
            node.files(&mut |file| file.begin());
            slot.device.begin(now);
            let takes = disk.sync.draw(&mut self.rest.syncs) + slot.device.slow;
            core.after(takes, Event::Sync { node: id, epoch, ended: true });
            return;
        }
        node.files(&mut |file| file.done());
        let (took, waited) = slot.device.done(now);
        if let Some(metric) = disk.metric {
            core.metrics.record(metric, took.0);
        }
        for timer in waited {
            self.dispatch(id, Event::Timer { node: id, epoch, timer }, core);
        }
        if self.rest.slots[id.at()].device.goes_on() {
            core.after(Span::ZERO, Event::Sync { node: id, epoch, ended: false });
        }
    }
}

impl<S: System> Rest<S> {
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.life != Life::Gone).map(|(at, _)| NodeId(at as u32))
    }

    pub fn role(&self, role: &str) -> Vec<NodeId> {
        self.ids().filter(|id| self.roles[self.slots[id.at()].role] == role).collect()
    }

    #[inline]
    pub fn delay(&self, from: NodeId, to: NodeId) -> Delay {
        self.delays[self.slots[from.at()].role * self.roles.len() + self.slots[to.at()].role]
    }

    /// Asks the design for the delay between each pair of roles, and for each role's disks.
    pub fn measure(&mut self) {
        self.disks = self.roles.iter().map(|role| self.system.disk(role)).collect();
        self.delays = self.roles.iter().flat_map(|from| self.roles.iter().map(|to| self.system.delay(from, to))).collect();
    }

    #[inline]
    pub fn remember(&mut self, passage: Passage) {
        if self.passages.len() == PASSAGES_MAX {
            self.passages.pop_front();
        }
        self.passages.push_back(passage);
    }
}

impl<S: System> Model for World<S> {
    type Event = Event<S>;

    fn start(&mut self, core: &mut Core<Event<S>>) {
        let system = Arc::clone(&self.rest.system);
        let mut stage = self.stage(core);
        system.build(&mut stage);
        stage.rest.started = true;
        for id in stage.all_up() {
            stage.with(id, Node::on_start);
        }
    }

    #[inline]
    fn handle(&mut self, event: Event<S>, core: &mut Core<Event<S>>) {
        self.rest.now = core.now();
        match event {
            Event::Deliver { to, .. } => self.dispatch(to, event, core),
            Event::Timer { node, .. } => self.dispatch(node, event, core),
            Event::Sync { node, epoch, ended } => {
                if self.rest.slots[node.at()].epoch == epoch {
                    self.sync(node, ended, core);
                }
            }
            Event::Resume { node, epoch } => {
                if self.rest.slots[node.at()].epoch == epoch {
                    inflict::resume(&mut self.stage(core), node);
                }
            }
            Event::Fell { node, epoch, back } => {
                if self.rest.slots[node.at()].epoch == epoch {
                    inflict::fall(&mut self.stage(core), node, back);
                }
            }
            Event::Back { node, epoch } => {
                if self.rest.slots[node.at()].epoch == epoch {
                    inflict::come_back(&mut self.stage(core), node);
                }
            }
            Event::LoadBack { turn } => {
                if self.rest.load_turns == turn {
                    self.rest.load = 1.0;
                }
            }
        }
    }

    #[inline]
    fn mark(event: &Event<S>) -> u64 {
        let pair = |a: NodeId, b: u32| u64::from(a.0) << 32 | u64::from(b);
        match event {
            Event::Deliver { from, to, msg } => {
                let label = msg.label().as_bytes();
                let kind = label.len() as u64 ^ u64::from(label.first().copied().unwrap_or(0)) << 8 ^ u64::from(label.last().copied().unwrap_or(0)) << 16;
                pair(*from, to.0) ^ msg.mark().rotate_left(17) ^ kind.rotate_left(48)
            }
            Event::Timer { node, epoch, .. } => pair(*node, *epoch) ^ 1 << 63,
            Event::Sync { node, epoch, ended } => pair(*node, *epoch) ^ 1 << 60 ^ u64::from(*ended) << 59,
            Event::Resume { node, epoch } => pair(*node, *epoch) ^ 1 << 62,
            Event::Fell { node, epoch, .. } => pair(*node, *epoch) ^ 1 << 59,
            Event::Back { node, epoch } => pair(*node, *epoch) ^ 1 << 58,
            Event::LoadBack { turn } => u64::from(*turn) ^ 1 << 61,
        }
    }

    fn act(&mut self, action: &Action, core: &mut Core<Event<S>>) -> Result<(), String> {
        let mut stage = self.stage(core);
        match inflict::inflict(&mut stage, action) {
            Some(done) => done,
            None => S::act(&mut stage, action),
        }
    }

    fn turn(&mut self, knobs: &Knobs, core: &mut Core<Event<S>>) {
        self.rest.system = Arc::new(S::configure(knobs));
        self.rest.measure();
        S::knobs_changed(&mut self.stage(core));
        self.rest.slots.iter_mut().filter(|slot| slot.life == Life::Paused).for_each(|slot| slot.missed = true);
    }

    fn drain(&mut self, core: &mut Core<Event<S>>) {
        let mut stage = self.stage(core);
        inflict::heal_all(&mut stage);
        S::on_drain(&mut stage);
    }

    fn finally(&mut self, core: &mut Core<Event<S>>) {
        self.rest.now = core.now();
        S::finally(self, &mut core.lamps);
    }

    fn diagram(&self, ask: &Ask, now: Time) -> View {
        picture::diagram(self, ask, now)
    }

    fn space_time(&self, ask: &Ask, chains: &[Chain]) -> View {
        picture::space_time(self, ask, chains)
    }

    fn pane(&self, pane: &str, ask: &Ask) -> View {
        S::pane(self, pane, ask)
    }

    fn nodes(&self) -> Vec<String> {
        self.ids().map(|id| self.name(id).to_string()).collect()
    }

    fn faults(&self) -> Vec<Inflicted> {
        inflict::in_force(self)
    }

    fn occasion(event: &Event<S>) -> Occasion {
        match event {
            Event::Deliver { from, to, msg } => Occasion::Message { label: msg.label(), from: from.0, to: to.0 },
            Event::Timer { node, .. } => Occasion::Timer { node: node.0 },
            Event::Sync { node, .. } => Occasion::Sync { node: node.0 },
            Event::Resume { .. } | Event::Fell { .. } | Event::Back { .. } | Event::LoadBack { .. } => Occasion::Other,
        }
    }

    fn node_name(&self, node: u32) -> String {
        self.rest.slots.get(node as usize).map_or_else(String::new, |slot| slot.name.clone())
    }

    fn messages(&self) -> Vec<&'static str> {
        let labels: std::collections::BTreeSet<&'static str> = self.rest.passages.iter().map(|passage| passage.label).collect();
        labels.into_iter().collect()
    }

    fn weight(&self) -> usize {
        let nodes: usize = self.nodes.iter().map(|node| std::mem::size_of::<S::Node>() + node.weight()).sum();
        let held = |slot: &Slot<S>| {
            std::mem::size_of::<Slot<S>>() + slot.name.capacity() + slot.held.capacity() * std::mem::size_of::<Event<S>>() + slot.device.weight()
        };
        nodes + self.rest.slots.iter().map(held).sum::<usize>() + self.rest.network.weight() + self.rest.passages.bytes() + self.rest.watch.weight()
    }
}

// Written by hand: a derive would ask that the design itself be `Clone`.
impl<S: System> Clone for World<S> {
    fn clone(&self) -> Self {
        World { nodes: self.nodes.clone(), rest: self.rest.clone() }
    }
}

impl<S: System> Clone for Rest<S> {
    fn clone(&self) -> Self {
        Rest {
            system: Arc::clone(&self.system),
            watch: self.watch.clone(),
            slots: self.slots.clone(),
            roles: self.roles.clone(),
            numbers: self.numbers.clone(),
            delays: self.delays.clone(),
            disks: self.disks.clone(),
            syncs: self.syncs.clone(),
            tears: self.tears.clone(),
            network: self.network.clone(),
            load: self.load,
            load_turns: self.load_turns,
            seed: self.seed,
            now: self.now,
            started: self.started,
            passages: self.passages.clone(),
        }
    }
}

impl<S: System> Clone for Slot<S> {
    fn clone(&self) -> Self {
        Slot {
            name: self.name.clone(),
            role: self.role,
            life: self.life,
            epoch: self.epoch,
            held: self.held.clone(),
            missed: self.missed,
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            device: self.device.clone(),
        }
    }
}

impl<S: System> Clone for Event<S> {
    fn clone(&self) -> Self {
        match self {
            Event::Deliver { from, to, msg } => Event::Deliver { from: *from, to: *to, msg: msg.clone() },
            Event::Timer { node, epoch, timer } => Event::Timer { node: *node, epoch: *epoch, timer: timer.clone() },
            Event::Sync { node, epoch, ended } => Event::Sync { node: *node, epoch: *epoch, ended: *ended },
            Event::Resume { node, epoch } => Event::Resume { node: *node, epoch: *epoch },
            Event::Fell { node, epoch, back } => Event::Fell { node: *node, epoch: *epoch, back: *back },
            Event::Back { node, epoch } => Event::Back { node: *node, epoch: *epoch },
            Event::LoadBack { turn } => Event::LoadBack { turn: *turn },
        }
    }
}
