//! Panes: partitions, consumers, brokers' logs, and where the keys' heat goes.

use super::coordinator::Coordinator;
use super::sink::Sink;
use super::system::{Machine, Queue};
use super::wire::Metadata;
use crate::kernel::node::NodeId;
use crate::kernel::view::{Ask, Bar, Heat, State, Table, View};
use crate::kernel::world::World;

pub fn pane(world: &World<Queue>, pane: &str, ask: &Ask) -> View {
    match pane {
        "partitions" => partitions(world, ask),
        "consumers" => consumers(world, ask),
        "lag" => lag(world, ask),
        _ => heat(world, ask),
    }
}

fn metadata(world: &World<Queue>) -> Option<&Metadata> {
    world.role("controller").first().and_then(|id| match world.node(*id) {
        Machine::Controller(controller) => Some(controller.metadata()),
        _ => None,
    })
}

fn coordinator(world: &World<Queue>) -> Option<&Coordinator> {
    world.role("coordinator").first().and_then(|id| match world.node(*id) {
        Machine::Coordinator(coordinator) => Some(coordinator),
        _ => None,
    })
}

fn sink(world: &World<Queue>) -> Option<&Sink> {
    world.role("sink").first().and_then(|id| match world.node(*id) {
        Machine::Sink(sink) => Some(sink),
        _ => None,
    })
}

/// Who owns a partition by the group's books.
fn owner(world: &World<Queue>, part: u32) -> Option<NodeId> {
    let group = coordinator(world)?.group();
    group.members().find(|(_, parts)| parts.iter().any(|p| p.number == part)).map(|(member, _)| NodeId(member))
}

/// Replicas in order: in sync plain, not in sync in brackets, down with a cross.
fn replicas(world: &World<Queue>, replicas: &[NodeId], isr: &[NodeId]) -> String {
    let one = |id: &NodeId| {
        let name = world.name(*id);
        match (world.is_up(*id), isr.contains(id)) {
            (false, _) => format!("{name}✗"),
            (true, true) => name.to_string(),
            (true, false) => format!("({name})"),
        }
    };
    replicas.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn partitions(world: &World<Queue>, ask: &Ask) -> View {
    let Some(metadata) = metadata(world) else { return View::Empty("the controller is gone".into()) };
    let row = |part: usize| {
        let state = &metadata.parts[part];
        let copy = |id: NodeId| match world.node(id) {
            Machine::Broker(broker) => broker.replica(part as u32),
            _ => None,
        };
        let led = state.leader.and_then(copy);
        let name = if part as u32 == world.system().dead_letters() { "dead".to_string() } else { part.to_string() };
        vec![
            name,
            state.leader.map_or("none".into(), |id| world.name(id).to_string()),
            state.epoch.to_string(),
            replicas(world, &state.replicas, &state.isr),
            led.map_or("-".into(), |replica| replica.watermark.to_string()),
            led.map_or("-".into(), |replica| replica.log.end().to_string()),
            led.map_or("-".into(), |replica| replica.log.start().to_string()),
            sink(world).map_or("-".into(), |sink| sink.lag(part as u32).to_string()),
            owner(world, part as u32).map_or("-".into(), |id| world.name(id).to_string()),
        ]
    };
    let head = ["part", "leader", "epoch", "in sync (not) ✗down", "watermark", "end", "start", "lag", "owner"];
    let rows = (0..metadata.parts.len()).map(row).take(usize::from(ask.rows)).collect();
    View::Table(Table { head: head.map(String::from).to_vec(), rows })
}

fn consumers(world: &World<Queue>, ask: &Ask) -> View {
    let (Some(coordinator), Some(sink)) = (coordinator(world), sink(world)) else { return View::Empty("the coordinator is gone".into()) };
    let row = |id: NodeId| {
        let Machine::Consumer(consumer) = world.node(id) else { return Vec::new() };
        let given: Vec<u32> =
            coordinator.group().members().find(|(member, _)| *member == id.0).map_or(Vec::new(), |(_, parts)| parts.iter().map(|part| part.number).collect());
        let list = |parts: Vec<u32>| if parts.is_empty() { "-".to_string() } else { parts.iter().map(u32::to_string).collect::<Vec<_>>().join(" ") };
        let lag: u64 = consumer.owned().keys().map(|part| sink.lag(*part)).sum();
        let state = match world.is_up(id) {
            false => "down",
            true if !coordinator.group().has(id.0) => "no member",
            true if consumer.owned().values().any(|own| own.blocked) => "blocked",
            true => "works",
        };
        vec![world.name(id).to_string(), state.into(), list(consumer.owned().keys().copied().collect()), list(given), lag.to_string()]
    };
    let head = ["consumer", "state", "works on", "assigned", "lag"];
    let rows = world.role("c").into_iter().map(row).take(usize::from(ask.rows)).collect();
    View::Table(Table { head: head.map(String::from).to_vec(), rows })
}

fn lag(world: &World<Queue>, ask: &Ask) -> View {
    let Some(sink) = sink(world) else { return View::Empty("the sink is gone".into()) };
    let bar = |part: u32| {
        let lag = sink.lag(part);
        let (whose, state) = match owner(world, part) {
            Some(id) if world.is_up(id) => (world.name(id).to_string(), State::Busy),
            Some(id) => (format!("{}, down", world.name(id)), State::Down),
            None => ("nobody".into(), State::Warn),
        };
        Bar { name: format!("{part}"), value: lag as f64, says: format!("{lag}  {whose}"), state }
    };
    View::Bars((0..world.system().partitions).map(bar).take(usize::from(ask.rows)).collect())
}

/// Rows are partitions, columns keys, the most popular left: how much of all messages each key brings to its partition.
fn heat(world: &World<Queue>, ask: &Ask) -> View {
    let system = world.system();
    let columns = system.keys.keys().min(usize::from(ask.cols).saturating_sub(6).clamp(1, 200));
    let parts = (system.partitions as usize).min(usize::from(ask.rows));
    let hottest = system.keys.share(0);
    let mut cells = vec![vec![0.0; columns]; parts];
    for key in 0..columns {
        if let Some(row) = cells.get_mut(system.part_of(key as u32) as usize) {
            row[key] = system.keys.share(key) / hottest;
        }
    }
    let mut load = vec![0.0; system.partitions as usize];
    (0..system.keys.keys()).for_each(|key| load[system.part_of(key as u32) as usize] += system.keys.share(key));
    let most = load.iter().copied().fold(0.0, f64::max);
    let says = format!("the hottest key is {:.1} % of all, the hottest partition {:.1} %", 100.0 * hottest, 100.0 * most);
    View::Heat(Heat { row_names: (0..parts).map(|part| part.to_string()).collect(), cells, says })
}
