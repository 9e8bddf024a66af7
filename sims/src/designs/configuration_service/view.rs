//! The panes: servers, how far the watchers are, history from compaction to now, and the leases.

use super::finally::{leader, watching_of};
use super::node::Role;
use super::server::Server;
use super::system::Config;
use super::watcher::Phase;
use crate::kernel::node::NodeId;
use crate::kernel::view::{Ask, Bar, Heat, PaneSpec, State, Table, View};
use crate::kernel::world::World;

pub const PANES: &[PaneSpec] = &[
    PaneSpec { id: "servers", title: "Servers" },
    PaneSpec { id: "watchers", title: "How far the watchers are behind" },
    PaneSpec { id: "history", title: "History" },
    PaneSpec { id: "leases", title: "Leases" },
];

pub fn pane(world: &World<Config>, pane: &str, ask: &Ask) -> View {
    match pane {
        "servers" => servers(world, ask),
        "watchers" => watchers(world, ask),
        "history" => history(world),
        _ => leases(world, ask),
    }
}

fn all(world: &World<Config>) -> impl Iterator<Item = (NodeId, &Server)> {
    world.role("s").into_iter().filter_map(|id| if let Role::Server(server) = world.node(id) { Some((id, &**server)) } else { None })
}

fn servers(world: &World<Config>, ask: &Ask) -> View {
    let head = ["server", "role", "term", "revision", "compacted", "watches", "behind", "queue ms", "streams"].map(String::from).to_vec();
    let row = |(id, server): (NodeId, &Server)| {
        let store = &server.member.machine().store;
        let role = match () {
            () if !world.is_up(id) => "down",
            () if server.tenure.in_office => "leads",
            () if server.member.leader().is_none() => "no leader",
            () => "follows",
        };
        vec![
            world.name(id).into(),
            role.into(),
            server.member.term().to_string(),
            store.revision().to_string(),
            store.compacted().to_string(),
            server.streams.hub.len().to_string(),
            server.streams.hub.behind().to_string(),
            format!("{:.1}", server.backlog(world.now()).as_millis()),
            server.streams.hosts().to_string(),
        ]
    };
    View::Table(Table { head, rows: all(world).map(row).take(usize::from(ask.rows).saturating_sub(1)).collect() })
}

/// The newest revision of all servers.
fn newest(world: &World<Config>) -> u64 {
    all(world).map(|(_, server)| server.member.machine().store.revision()).max().unwrap_or(0)
}

/// The oldest revision that a watch may go on from, at the leader.
fn compacted(world: &World<Config>) -> u64 {
    leader(world).map_or(0, |server| server.member.machine().store.compacted())
}

/// Rows are hosts, columns some watchers each: empty is up to date, full is compacted or without a watch.
fn watchers(world: &World<Config>, ask: &Ask) -> View {
    let (newest, compacted) = (newest(world), compacted(world));
    let columns = usize::from(ask.cols).clamp(1, 100);
    let hosts: Vec<NodeId> = world.role("w").into_iter().take(usize::from(ask.rows)).collect();
    let mut cells = Vec::new();
    let (mut live, mut count, mut behind) = (0, 0, 0);
    for id in &hosts {
        let Some(watching) = watching_of(world, *id) else { continue };
        let mut row = vec![(0.0, 0.0); columns];
        for (place, watcher) in watching.all.iter().enumerate() {
            let cell = &mut row[place * columns / watching.all.len()];
            let late = newest.saturating_sub(watcher.last) as f64 / newest.saturating_sub(compacted).max(1) as f64;
            let watches = watcher.phase == Phase::Watching;
            cell.0 += if watches { late.min(1.0) } else { 1.0 };
            cell.1 += 1.0;
            live += usize::from(watches);
            behind += usize::from(watches && !watcher.inbox.is_empty());
            count += 1;
        }
        cells.push(row.into_iter().map(|(sum, n)| if n > 0.0 { sum / n } else { 0.0 }).collect());
    }
    let says = format!("{live} of {count} watch, {behind} of them digest; empty is revision {newest}, full is {compacted} or no watch");
    View::Heat(Heat { row_names: hosts.iter().map(|id| world.name(*id).to_string()).collect(), cells, says })
}

fn history(world: &World<Config>) -> View {
    let (newest, compacted) = (newest(world), compacted(world));
    let ids = world.role("w").into_iter().chain(world.role("app"));
    let positions: Vec<u64> = ids.filter_map(|id| watching_of(world, id)).flat_map(|w| w.all.iter().map(|watcher| watcher.last)).collect();
    let slowest = positions.iter().copied().min().unwrap_or(newest);
    let lost = positions.iter().filter(|last| **last < compacted).count();
    let bar = |name: &str, value: u64, says: String, state| Bar { name: name.into(), value: value as f64, says, state };
    // Bars begin where history does: from revision 0 they would all be equally long.
    let kept_from = |revision: u64| revision.saturating_sub(compacted);
    let kept = leader(world).map_or(0, |server| server.member.machine().store.kept());
    let behind = |revision: u64| format!("{revision}, {} behind", newest.saturating_sub(revision));
    View::Bars(vec![
        bar("newest", kept_from(newest), format!("revision {newest}, {kept} changes kept"), State::Leader),
        bar("slowest", kept_from(slowest), behind(slowest), if slowest < compacted { State::Warn } else { State::Busy }),
        bar("compacted", 0, behind(compacted), State::Idle),
        bar("must resync", lost as u64, format!("{lost} watchers stand before what is kept"), if lost > 0 { State::Warn } else { State::Idle }),
    ])
}

fn leases(world: &World<Config>, ask: &Ask) -> View {
    let Some(server) = leader(world) else { return View::Empty("nobody leads, nobody counts".into()) };
    let head = ["key", "lease", "time", "ends in", "holder"].map(String::from).to_vec();
    let apps: Vec<NodeId> = world.role("app");
    let row = |(id, lease): (u64, &crate::parts::mvcc::Lease<super::machine::Key>)| {
        let ends = server.tenure.deadlines.until(&id).map(|until| until.since(world.now()).as_secs());
        let holder = apps.get((id >> 48).saturating_sub(1) as usize).map(|app| world.name(*app).to_string());
        vec![
            lease.keys.iter().next().map_or("no key".into(), |key| super::machine::told(*key)),
            format!("{id:x}"),
            format!("{:.1} s", lease.ttl_ns as f64 / 1e9),
            ends.map_or("nobody counts".into(), |left| format!("{left:.1} s")),
            holder.unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = server.member.machine().store.leases().map(row).take(usize::from(ask.rows).saturating_sub(1)).collect();
    if rows.is_empty() { View::Empty("no leases".into()) } else { View::Table(Table { head, rows }) }
}
