//! What a design with nodes and links implements: its system, its nodes, its messages, its watch.

use super::action::Action;
use super::cx::Cx;
use super::disk::{Disk, File};
use super::invariant::Lamps;
use super::knob::Knobs;
use super::network::Delay;
use super::stage::Stage;
use super::time::Time;
use super::view::{Ask, State, View};
use super::world::World;

/// A node's place in its world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// A design: its configuration, which is what the knobs mean, and its hooks. Made anew whenever a knob changes.
pub trait System: Sized + Send + Sync + 'static {
    /// One type for all roles: roles are variants, so that a world needs no boxes.
    type Node: Node<Self>;
    type Msg: Message;
    type Timer: Clone + Send + 'static;
    type Watch: Watch<Self>;

    fn configure(knobs: &Knobs) -> Self;
    /// Adds the nodes a run begins with. They start, in the order they were added, when all are there.
    fn build(&self, stage: &mut Stage<'_, Self>);
    /// How long a message travels between two roles.
    fn delay(&self, from: &'static str, to: &'static str) -> Delay;
    /// What the disks of a role's nodes are like. As they are here, a sync takes no time.
    fn disk(&self, _role: &'static str) -> Disk {
        Disk::default()
    }
    /// The design's own actions, and those faults that only it can do (`join`, `leave`).
    ///
    /// # Errors
    /// A sentence: why it cannot be done now.
    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String>;
    /// A node by a name of the design's own, such as `leader`: whoever it is now.
    fn alias(_stage: &Stage<'_, Self>, _name: &str) -> Option<NodeId> {
        None
    }
    /// A knob was turned; the configuration is new already.
    fn knobs_changed(stage: &mut Stage<'_, Self>) {
        for id in stage.all_up() {
            stage.with(id, Node::on_knobs);
        }
    }
    /// The load has stopped, faults are being healed: undo what only this design knows of.
    fn on_drain(_stage: &mut Stage<'_, Self>) {}
    /// Judges the *finally* lamps, once the world is quiet.
    fn finally(_world: &World<Self>, _lamps: &mut Lamps) {}
    /// A pane of the design's own.
    fn pane(_world: &World<Self>, _pane: &str, _ask: &Ask) -> View {
        View::Empty("nothing to show".into())
    }
}

/// What runs on one machine. Handlers ask through [`Cx`]; the world acts.
pub trait Node<S: System>: Clone + Send + 'static {
    fn on_start(&mut self, _cx: &mut Cx<'_, S>) {}
    fn on_msg(&mut self, from: NodeId, msg: S::Msg, cx: &mut Cx<'_, S>);
    fn on_timer(&mut self, timer: S::Timer, cx: &mut Cx<'_, S>);
    /// Everything durable that it has, always the same files. In a crash they go back to what was synced.
    fn files(&mut self, _each: &mut dyn FnMut(&mut dyn File)) {}
    /// The machine stops: drop what is volatile. Its files hold only what is durable by now.
    fn on_crash(&mut self) {}
    /// It starts again. Timers set before the crash never fire.
    fn on_restart(&mut self, cx: &mut Cx<'_, S>) {
        self.on_start(cx);
    }
    /// A knob was turned.
    fn on_knobs(&mut self, _cx: &mut Cx<'_, S>) {}
    /// Bytes it holds beyond its own size, near enough: [`super::weight`] counts the usual containers.
    fn weight(&self) -> usize {
        0
    }
    /// How it looks in the diagram.
    fn look(&self, system: &S) -> Look;
}

#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// A few words under the name.
    pub label: String,
    pub state: State,
    /// How full, 0 to 1, where that means something.
    pub fill: Option<f64>,
}

pub trait Message: Clone + Send + 'static {
    /// Its kind, in a word or two.
    fn label(&self) -> &'static str;
    /// A number of itself, for the digest.
    fn mark(&self) -> u64 {
        0
    }
}

/// The invariants' own small state, fed with the facts that handlers report. It never scans the world.
pub trait Watch<S: System>: Clone + Default + Send + 'static {
    type Fact;
    fn see(&mut self, now: Time, fact: Self::Fact, system: &S, lamps: &mut Lamps);
    /// As [`Node::weight`].
    fn weight(&self) -> usize {
        0
    }
}
