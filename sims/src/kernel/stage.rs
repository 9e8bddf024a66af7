//! What a design may do to its world from outside the nodes: when it is built, acted on, or a knob turned.

use super::cx::Cx;
use super::disk::Device;
use super::knob::unknown;
use super::metric::Id;
use super::network::Clock;
use super::node::{Node, NodeId, System};
use super::rng::Rng;
use super::sim::Core;
use super::time::Time;
use super::world::{Event, Life, Rest, Slot};
use std::sync::Arc;

pub struct Stage<'a, S: System> {
    pub(crate) nodes: &'a mut Vec<S::Node>,
    pub(crate) rest: &'a mut Rest<S>,
    pub(crate) core: &'a mut Core<Event<S>>,
}

impl<S: System> Stage<'_, S> {
    /// Adds the next node of a role: `s1`, `s2`, … In a world that has started, it starts at once.
    pub fn add(&mut self, role: &'static str, node: S::Node) -> NodeId {
        let number = 1 + self.rest.roles.iter().position(|r| *r == role).map_or(0, |at| self.rest.numbers[at]);
        self.add_named(role, format!("{role}{number}"), node)
    }

    /// Adds the only node of a role, named as the role.
    pub fn add_one(&mut self, role: &'static str, node: S::Node) -> NodeId {
        self.add_named(role, role.to_string(), node)
    }

    fn add_named(&mut self, role: &'static str, name: String, node: S::Node) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let role = self.rest.roles.iter().position(|r| *r == role).unwrap_or_else(|| {
            self.rest.roles.push(role);
            self.rest.numbers.push(0);
            self.rest.measure();
            self.rest.roles.len() - 1
        });
        self.rest.numbers[role] += 1;
        let rng = Rng::numbered(self.rest.seed, "node", u64::from(id.0));
        self.rest.slots.push(Slot {
            name,
            role,
            life: Life::Up,
            epoch: 0,
            held: Vec::new(),
            missed: false,
            clock: Clock::default(),
            rng,
            device: Device::default(),
        });
        self.nodes.push(node);
        if self.rest.started {
            self.with(id, Node::on_start);
        }
        id
    }

    /// Takes a node out for good. Its name is not given again.
    pub fn remove(&mut self, id: NodeId) {
        let slot = &mut self.rest.slots[id.at()];
        slot.life = Life::Gone;
        slot.epoch += 1;
        slot.held.clear();
        slot.device.crash();
        self.core.metrics.forget(id.0);
        self.rest.network.leave(id);
        // Nobody looks at it again: what it holds would only be copied with each checkpoint.
        let node = &mut self.nodes[id.at()];
        node.files(&mut |file| file.forget());
        node.on_crash();
    }

    /// A node by its name.
    ///
    /// # Errors
    /// The nearest name, or all.
    pub fn find(&self, name: &str) -> Result<NodeId, String> {
        let found = self.rest.ids().find(|id| self.rest.slots[id.at()].name == name);
        found.or_else(|| S::alias(self, name)).ok_or_else(|| unknown("node", name, self.rest.ids().map(|id| self.rest.slots[id.at()].name.as_str())))
    }

    /// One node by name, every node of a role, or `all`.
    ///
    /// # Errors
    /// As [`Stage::find`].
    pub fn select(&self, name: &str) -> Result<Vec<NodeId>, String> {
        if name == "all" {
            return Ok(self.rest.ids().collect());
        }
        self.find(name).map(|id| vec![id]).or_else(|why| {
            let role = self.rest.role(name);
            if role.is_empty() { Err(why) } else { Ok(role) }
        })
    }

    /// Nodes of a role that have not left.
    pub fn role(&self, role: &str) -> Vec<NodeId> {
        self.rest.role(role)
    }

    /// Every node that is up, in the order they were added.
    pub fn all_up(&self) -> Vec<NodeId> {
        self.rest.ids().filter(|id| self.is_up(*id)).collect()
    }

    pub fn is_up(&self, id: NodeId) -> bool {
        self.rest.slots[id.at()].life == Life::Up
    }

    pub fn name(&self, id: NodeId) -> &str {
        &self.rest.slots[id.at()].name
    }

    pub fn node(&self, id: NodeId) -> &S::Node {
        &self.nodes[id.at()]
    }

    /// Lets a node act, whether it is up or not.
    pub fn with<R>(&mut self, id: NodeId, f: impl FnOnce(&mut S::Node, &mut Cx<'_, S>) -> R) -> R {
        f(&mut self.nodes[id.at()], &mut Cx { rest: self.rest, core: self.core, me: id })
    }

    /// Sets a node's clock to true time plus an offset.
    pub fn set_clock(&mut self, id: NodeId, offset_ns: i64) {
        let clock = &mut self.rest.slots[id.at()].clock;
        *clock = Clock::default();
        clock.step(offset_ns);
    }

    pub fn set_drift(&mut self, id: NodeId, ppm: f64) {
        let now = self.core.now();
        self.rest.slots[id.at()].clock.drift(ppm, now);
    }

    pub fn system(&self) -> &S {
        &self.rest.system
    }

    pub fn shared(&self) -> Arc<S> {
        Arc::clone(&self.rest.system)
    }

    pub fn watch(&mut self) -> &mut S::Watch {
        &mut self.rest.watch
    }

    pub fn now(&self) -> Time {
        self.core.now()
    }

    /// A fresh stream of the run's seed, for what is made once, such as a graph. The same purpose gives the same stream.
    pub fn rng(&self, purpose: &str) -> Rng {
        Rng::stream(self.rest.seed, purpose)
    }

    pub fn gauge(&mut self, metric: Id, value: f64) {
        self.core.metrics.gauge(metric, value);
    }

    pub fn count(&mut self, metric: Id, by: u64) {
        self.core.metrics.count(metric, by);
    }

    pub fn log(&mut self, text: String) {
        self.core.note(text);
    }
}
