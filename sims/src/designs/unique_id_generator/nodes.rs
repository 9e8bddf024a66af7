//! The nodes of the world: which role does what, who is built, how far apart they are.

use super::client::Client;
use super::config::{Ids, Numbering, Scheme};
use super::coordinator::{Coordinator, hashed, shared};
use super::database::Database;
use super::generator::Generator;
use super::sequence::SequenceServer;
use super::watch::Shadow;
use super::wire::{Msg, Timer};
use super::{config, metrics, view};
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Look, Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;

/// How many clients share the load.
const CLIENTS: usize = 3;

#[derive(Clone, Debug)]
pub enum Role {
    Client(Client),
    Generator(Generator),
    Coordinator(Coordinator),
    Sequence(SequenceServer),
    Database(Database),
}

impl Node<Ids> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, Ids>) {
        match self {
            Role::Client(client) => client.start(cx),
            Role::Generator(generator) => generator.start(cx),
            Role::Coordinator(coordinator) => coordinator.start(cx),
            Role::Sequence(_) | Role::Database(_) => {}
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Ids>) {
        match self {
            Role::Client(client) => client.on_msg(&msg, cx),
            Role::Generator(generator) => generator.on_msg(from, &msg, cx),
            Role::Coordinator(coordinator) => coordinator.on_msg(from, &msg, cx),
            Role::Sequence(sequence) => sequence.on_msg(from, &msg, cx),
            Role::Database(database) => database.on_msg(&msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Ids>) {
        match self {
            Role::Client(client) => client.on_timer(&timer, cx),
            Role::Generator(generator) => generator.on_timer(&timer, cx),
            Role::Coordinator(coordinator) => coordinator.redeploy(cx),
            Role::Sequence(_) | Role::Database(_) => {}
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Client(client) => client.crash(),
            Role::Generator(generator) => generator.crash(),
            Role::Sequence(sequence) => sequence.crash(),
            // Leases and rows are on disk.
            Role::Coordinator(_) | Role::Database(_) => {}
        }
    }

    fn on_knobs(&mut self, cx: &mut Cx<'_, Ids>) {
        match self {
            Role::Client(client) => client.knobs(cx),
            Role::Generator(generator) => generator.knobs(cx),
            Role::Coordinator(coordinator) => coordinator.knobs(cx),
            Role::Database(database) => database.knobs(cx),
            Role::Sequence(_) => {}
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Client(client) => client.weight(),
            Role::Generator(generator) => generator.weight(),
            Role::Database(database) => database.weight(),
            Role::Coordinator(_) | Role::Sequence(_) => 0,
        }
    }

    fn look(&self, _: &Ids) -> Look {
        match self {
            Role::Client(client) => client.look(),
            Role::Generator(generator) => generator.look(),
            Role::Coordinator(coordinator) => coordinator.look(),
            Role::Sequence(sequence) => sequence.look(),
            Role::Database(database) => database.look(),
        }
    }
}

impl System for Ids {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Shadow;

    fn configure(knobs: &Knobs) -> Ids {
        Ids::read(knobs)
    }

    fn build(&self, stage: &mut Stage<'_, Ids>) {
        if self.scheme == Scheme::Snowflake && self.numbering != Numbering::Ordinal {
            stage.add_one("coordinator", Role::Coordinator(Coordinator::default()));
        }
        if self.scheme.is_central() {
            for server in 0..self.sequences {
                stage.add("seq", Role::Sequence(SequenceServer::new(server, self.sequences)));
            }
        }
        let mut clocks = stage.rng("clocks");
        for _ in 0..self.nodes {
            let id = add_generator(stage);
            let offset = (clocks.unit() - 0.5) * self.skew.0 as f64;
            stage.set_clock(id, offset as i64);
        }
        let database = stage.add_one("db", Role::Database(Database::new(self)));
        let share = 1.0 / CLIENTS as f64;
        for client in 0..CLIENTS {
            let (rng, generators) = (stage.rng(["load 1", "load 2", "load 3"][client]), stage.role("g"));
            stage.add("client", Role::Client(Client::new(generators, database, (share, share * client as f64), rng, self)));
        }
        tell_members(stage);
        let addresses = stage.role("g").into_iter().filter_map(|id| generator(stage.node(id)).map(Generator::address));
        let numbers = addresses.map(|address| hashed(address, self.layout.nodes())).collect();
        if self.numbering == Numbering::Hash {
            stage.gauge(metrics::SHARED, shared(numbers) as f64);
        }
        stage.gauge(metrics::RUNS_OUT, config::year(self.layout.runs_out_ms()));
        stage.gauge(metrics::LIFE, config::year(self.layout.runs_out_ms()) - config::year(self.layout.epoch_ms));
        stage.gauge(metrics::CAP, self.layout.per_tick() as f64 * 1000.0 / self.layout.tick_ms as f64);
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        match (from, to) {
            // The coordinator is a small cluster of its own, and agrees before it answers.
            ("coordinator", _) | (_, "coordinator") => Delay::with_jitter(Span::millis(1), Span::micros(200)),
            (_, "seq" | "db") | ("seq" | "db", _) => Delay::with_jitter(Span::micros(400), Span::micros(80)),
            _ => Delay::with_jitter(Span::micros(200), Span::micros(20)),
        }
    }

    fn act(stage: &mut Stage<'_, Ids>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "burst" => burst(stage, action),
            "twin" => twin(stage, action.text("node").unwrap_or_default()),
            "join" => {
                add_generator(stage);
                tell_members(stage);
                Ok(())
            }
            "leave" => leave(stage, action.text("node").unwrap_or_default()),
            other => Err(format!("this design has no action `{other}`")),
        }
    }

    fn finally(world: &World<Ids>, lamps: &mut Lamps) {
        view::judge_at_last(world, lamps);
    }

    fn pane(world: &World<Ids>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

pub fn generator(node: &Role) -> Option<&Generator> {
    match node {
        Role::Generator(generator) => Some(generator),
        _ => None,
    }
}

/// Adds the next generator. Its site alternates, its ordinal counts on; with an epoch per site, within its site.
fn add_generator(stage: &mut Stage<'_, Ids>) -> NodeId {
    let system = stage.shared();
    // By the highest number in use: counting heads would give a newcomer the ordinal of somebody else once one has left.
    let numbers = stage.role("g").into_iter().filter_map(|id| stage.name(id).strip_prefix('g')?.parse::<usize>().ok());
    let index = numbers.max().unwrap_or(0);
    let ordinal = if system.own_epoch_per_site { index / 2 } else { index } as u64;
    let address = stage.rng(&format!("address {index}")).u64();
    let (coordinator, sequences) = (stage.role("coordinator").first().copied(), stage.role("seq"));
    stage.add("g", Role::Generator(Generator::new(ordinal, index % 2, address, coordinator, sequences)))
}

/// Clients and the coordinator learn which generators there are.
fn tell_members(stage: &mut Stage<'_, Ids>) {
    let generators = stage.role("g");
    for id in stage.role("client").into_iter().chain(stage.role("coordinator")) {
        let generators = generators.clone();
        stage.with(id, |node, _| match node {
            Role::Client(client) => client.know(generators),
            Role::Coordinator(coordinator) => coordinator.know(generators),
            Role::Generator(_) | Role::Sequence(_) | Role::Database(_) => {}
        });
    }
}

fn burst(stage: &mut Stage<'_, Ids>, action: &Action) -> Result<(), String> {
    let to = action.text("node").map(|name| stage.find(name)).transpose()?;
    if to.is_some_and(|id| generator(stage.node(id)).is_none()) {
        return Err("a burst goes to a generator: g1".into());
    }
    let clients: Vec<NodeId> = stage.role("client").into_iter().filter(|id| stage.is_up(*id)).collect();
    if clients.is_empty() {
        return Err("no client is up".into());
    }
    let (requests, ids) = (action.int("n").unwrap_or(1), action.int("ids").unwrap_or(1).max(1) as u64);
    for request in 0..requests.max(0) as usize {
        stage.with(clients[request % clients.len()], |node, cx| {
            if let Role::Client(client) = node {
                client.ask(to, ids, cx);
            }
        });
    }
    Ok(())
}

/// Starts a second machine from one's image, its files and settings included.
fn twin(stage: &mut Stage<'_, Ids>, name: &str) -> Result<(), String> {
    let id = stage.find(name)?;
    let copy = generator(stage.node(id)).map(Generator::twin).ok_or("only a generator can have a twin: g1")?;
    stage.add("g", Role::Generator(copy));
    tell_members(stage);
    Ok(())
}

fn leave(stage: &mut Stage<'_, Ids>, name: &str) -> Result<(), String> {
    let id = stage.find(name)?;
    if generator(stage.node(id)).is_none() {
        return Err("only a generator can leave: g1".into());
    }
    if stage.role("g").len() == 1 {
        return Err("the last generator cannot leave".into());
    }
    stage.remove(id);
    tell_members(stage);
    Ok(())
}
