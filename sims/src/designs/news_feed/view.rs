//! The feed's own panes: who has how many followers, where work waits, one timeline, the shards' load.

use super::client::Client;
use super::node::FeedNode;
use super::shard::{HEAT, Shard};
use super::system::{Map, NewsFeed};
use super::watch::told;
use crate::kernel::view::{Ask, Bar, Heat, PaneSpec, State, Table, View};
use crate::kernel::world::World;

pub const PANES: &[PaneSpec] = &[
    PaneSpec { id: "followers", title: "Authors by followers" },
    PaneSpec { id: "waiting", title: "Work that waits" },
    PaneSpec { id: "timeline", title: "One reader's timeline" },
    PaneSpec { id: "shards", title: "Load of the timeline shards" },
];

pub fn pane(world: &World<NewsFeed>, pane: &str, ask: &Ask) -> View {
    let Some(client) = client(world) else { return View::Empty("the world is not built".into()) };
    match pane {
        "followers" => followers(client.map(), world.system(), ask),
        "waiting" => waiting(world, client.map()),
        "timeline" => timeline(world, client, ask),
        "shards" => shards(world, client.map(), ask),
        other => View::Empty(format!("no pane {other}")),
    }
}

fn client(world: &World<NewsFeed>) -> Option<&Client> {
    match world.node(world.role("client").first().copied()?) {
        FeedNode::Client(client) => Some(client),
        _ => None,
    }
}

fn shard(world: &World<NewsFeed>, id: crate::kernel::node::NodeId) -> Option<&Shard> {
    match world.node(id) {
        FeedNode::Shard(shard) => Some(shard),
        _ => None,
    }
}

/// One bar per doubling of the followers; the height is the number of authors.
fn followers(map: &Map, system: &NewsFeed, ask: &Ask) -> View {
    let mut bars: Vec<Bar> = Vec::new();
    for author in 0..map.graph.users() {
        let count = map.graph.followers(author).len();
        let octave = (usize::BITS - count.leading_zeros()) as usize;
        while bars.len() <= octave {
            let low = if bars.is_empty() { 0 } else { 1usize << (bars.len() - 1) };
            let high = (1usize << bars.len()) - 1;
            let state = if system.plan.strategy == super::system::Strategy::Hybrid && low >= system.plan.threshold { State::Warn } else { State::Idle };
            let says = if state == State::Warn { "pulled at read" } else { "" };
            bars.push(Bar { name: format!("{low}-{high}"), value: 0.0, says: says.into(), state });
        }
        bars[octave].value += 1.0;
    }
    bars.truncate(usize::from(ask.rows.max(1)));
    View::Bars(bars)
}

fn waiting(world: &World<NewsFeed>, map: &Map) -> View {
    let FeedNode::Queue(queue) = world.node(map.queue) else { return View::Empty("no queue".into()) };
    let [ready, leased, later] = queue.depths();
    let outboxes: usize = map.stores.iter().map(|id| if let FeedNode::Store(store) = world.node(*id) { store.outbox.len() } else { 0 }).sum();
    let builds: usize = map.shards.iter().filter_map(|id| shard(world, *id)).map(Shard::unfinished).sum();
    let bar = |name: &str, value: usize, says: &str| Bar {
        name: name.into(),
        value: value as f64,
        says: says.into(),
        state: if value == 0 { State::Idle } else { State::Busy },
    };
    View::Bars(vec![
        bar("in outboxes", outboxes, "stored, not yet confirmed by the queue"),
        bar("ready", ready, "wait for a worker"),
        bar("leased", leased, "a worker is at it"),
        bar("given back", later, "wait for another try"),
        bar("builds", builds, "timelines being built or to be filled up"),
    ])
}

fn timeline(world: &World<NewsFeed>, client: &Client, ask: &Ask) -> View {
    let Some(user) = client.sample() else { return View::Empty("nobody is active".into()) };
    let map = client.map();
    let slot = shard(world, map.shard_of(user)).and_then(|shard| shard.slot(user));
    let rows = usize::from(ask.rows.saturating_sub(2)).max(1);
    let Some(ids) = slot.and_then(|slot| slot.newest(rows)) else {
        return View::Empty(format!("user {} has no stored timeline: it is merged at each read", user + 1));
    };
    let head = ["user ".to_string() + &(user + 1).to_string(), "age s".into(), "followers".into()].to_vec();
    let row = |id: &crate::parts::timeline::PostId| {
        let age = world.now().as_secs() - id.ms() as f64 / 1e3;
        vec![told(Some(id)), format!("{age:.1}"), map.graph.followers(id.author()).len().to_string()]
    };
    View::Table(Table { head, rows: ids.iter().map(row).collect() })
}

/// Rows are shards, columns seconds; full is the busiest second shown.
fn shards(world: &World<NewsFeed>, map: &Map, ask: &Ask) -> View {
    let now = world.now().0 / 1_000_000_000;
    let columns = usize::from(ask.cols).clamp(1, HEAT) as u64;
    let from = (now + 1).saturating_sub(columns);
    let counts: Vec<Vec<u32>> = map.shards.iter().filter_map(|id| shard(world, *id)).map(|s| (from..=now).map(|at| s.heat(at)).collect()).collect();
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let row_names = map.shards.iter().map(|id| world.name(*id).to_string()).collect();
    let cells = counts.iter().map(|row| row.iter().map(|count| f64::from(*count) / f64::from(most)).collect()).collect();
    View::Heat(Heat { row_names, cells, says: format!("writes and reads a second; full is {most}") })
}
