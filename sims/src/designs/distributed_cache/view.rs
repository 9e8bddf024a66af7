//! Panes: the ring, the nodes, their hit ratios, and who holds the popular keys.

use super::cache_node::CacheNode;
use super::monitor::Monitor;
use super::system::{Caching, Machine};
use crate::kernel::node::NodeId;
use crate::kernel::view::{Ask, Bar, Heat, Ring as RingView, State, Table, View};
use crate::kernel::world::World;

pub fn pane(world: &World<Caching>, pane: &str, ask: &Ask) -> View {
    let Some(monitor) = monitor(world) else { return View::Empty("the monitor is gone".into()) };
    match pane {
        "ring" => ring(world, monitor, ask),
        "nodes" => nodes(world, monitor, ask),
        "hits" => hits(world, ask),
        _ => keys(world, monitor, ask),
    }
}

fn monitor(world: &World<Caching>) -> Option<&Monitor> {
    world.role("monitor").first().and_then(|id| match world.node(*id) {
        Machine::Monitor(monitor) => Some(monitor),
        _ => None,
    })
}

fn caches(world: &World<Caching>) -> Vec<(NodeId, &CacheNode)> {
    let node = |id: NodeId| match world.node(id) {
        Machine::Cache(cache) => Some((id, cache)),
        _ => None,
    };
    world.role("c").into_iter().filter_map(node).collect()
}

fn ring(world: &World<Caching>, monitor: &Monitor, ask: &Ask) -> View {
    let ring = &monitor.plan().read;
    let most = usize::from(ask.cols) * usize::from(ask.rows);
    let step = ring.points().len().div_ceil(most.max(1)).max(1);
    let owner = |id: u32| ring.members().binary_search(&id).unwrap_or(0);
    View::Ring(RingView {
        owners: ring.members().iter().map(|m| world.name(NodeId(*m)).to_string()).collect(),
        points: ring.points().step_by(step).take(most).map(|(turn, id)| (turn, owner(id))).collect(),
        shares: ring.shares(),
    })
}

fn nodes(world: &World<Caching>, monitor: &Monitor, ask: &Ask) -> View {
    let ring = &monitor.plan().read;
    let shares = ring.shares();
    let row = |(id, cache): (NodeId, &CacheNode)| {
        let share = ring.members().binary_search(&id.0).ok().map_or(0.0, |at| shares[at]);
        vec![
            world.name(id).to_string(),
            if world.is_up(id) { monitor.fate(id).to_string() } else { "down".to_string() },
            format!("{:.1} %", share * 100.0),
            format!("{}", cache.entries()),
            format!("{} KiB", cache.used() >> 10),
            format!("{}", cache.stubs()),
            percent(cache),
            format!("{}", cache.owes()),
        ]
    };
    let head = ["node", "state", "of the ring", "values", "bytes", "stubs", "hits", "owes"];
    let rows = caches(world).into_iter().map(row).take(usize::from(ask.rows)).collect();
    View::Table(Table { head: head.map(String::from).to_vec(), rows })
}

fn percent(cache: &CacheNode) -> String {
    if cache.asked == 0 { "-".into() } else { format!("{:.1} %", 100.0 * cache.answered as f64 / cache.asked as f64) }
}

fn hits(world: &World<Caching>, ask: &Ask) -> View {
    let bar = |(id, cache): (NodeId, &CacheNode)| Bar {
        name: world.name(id).to_string(),
        value: if cache.asked == 0 { 0.0 } else { cache.answered as f64 / cache.asked as f64 },
        says: percent(cache),
        state: if world.is_up(id) { State::Busy } else { State::Down },
    };
    View::Bars(caches(world).into_iter().map(bar).take(usize::from(ask.rows)).collect())
}

/// Rows are nodes, columns ranges of ranks: the share of the keys in a range that a node holds.
fn keys(world: &World<Caching>, monitor: &Monitor, ask: &Ask) -> View {
    let system = world.system();
    let columns = usize::from(ask.cols).clamp(1, 64);
    let most = system.zipf.keys().min(columns * 32);
    let ring = &monitor.plan().read;
    let shown: Vec<(NodeId, &CacheNode)> = caches(world).into_iter().take(usize::from(ask.rows)).collect();
    let mut cells = vec![vec![0.0; columns]; shown.len()];
    let mut keys_in = vec![0.0; columns];
    for key in 0..most {
        let column = key * columns / most;
        keys_in[column] += 1.0;
        for (row, (_, cache)) in shown.iter().enumerate() {
            cells[row][column] += f64::from(u8::from(cache.holds(key as u64)));
        }
    }
    for row in &mut cells {
        for (cell, keys) in row.iter_mut().zip(&keys_in) {
            *cell /= f64::max(*keys, 1.0);
        }
    }
    let says = format!("share of the {most} most popular keys held, most popular left; {} nodes on the ring", ring.members().len());
    View::Heat(Heat { row_names: shown.iter().map(|(id, _)| world.name(*id).to_string()).collect(), cells, says })
}
