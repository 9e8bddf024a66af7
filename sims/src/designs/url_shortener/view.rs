//! Panes of the shortener: its servers, the latest links, the shards.

use super::role::Role;
use super::system::Shortener;
use crate::kernel::node::NodeId;
use crate::kernel::view::{Ask, Bar, PaneSpec, State, Table, View};
use crate::kernel::world::World;

pub const PANES: &[PaneSpec] = &[
    PaneSpec { id: "servers", title: "Servers and their ranges" },
    PaneSpec { id: "links", title: "Latest links" },
    PaneSpec { id: "shards", title: "Rows per shard" },
];

pub fn pane(world: &World<Shortener>, pane: &str, ask: &Ask) -> View {
    match pane {
        "servers" => servers(world, ask),
        "links" => links(world, ask),
        "shards" => shards(world),
        _ => View::Empty("nothing to show".into()),
    }
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> View {
    View::Table(Table { head: head.iter().map(ToString::to_string).collect(), rows })
}

fn servers(world: &World<Shortener>, ask: &Ask) -> View {
    let row = |id: NodeId| match world.node(id) {
        Role::App(app) if world.is_up(id) => Some(app.row_of(world.name(id))),
        Role::App(app) => {
            let mut row = app.row_of(world.name(id));
            row[1] = "down".into();
            Some(row)
        }
        _ => None,
    };
    let rows = world.role("app").into_iter().filter_map(row).take(usize::from(ask.rows)).collect();
    table(&["app", "range", "left", "jobs", "queued clicks", "lost clicks"], rows)
}

/// A code and what is behind it: with the permutation neighbours in number are no neighbours in code.
fn links(world: &World<Shortener>, ask: &Ask) -> View {
    let system = world.system();
    let clients = world.role("client");
    let Some(Role::Client(client)) = clients.first().map(|id| world.node(*id)) else { return View::Empty("no client".into()) };
    let row = |(code, address): &(crate::parts::codes::Code, u64)| {
        let number = system.number(code).unwrap_or(0);
        let counted = system.permuted.as_ref().map_or(number, |network| network.invert(number));
        vec![code.to_string(), number.to_string(), counted.to_string(), address.to_string()]
    };
    table(&["code", "as a number", "before permuting", "address"], client.latest().map(row).take(usize::from(ask.rows)).collect())
}

fn shards(world: &World<Shortener>) -> View {
    let bar = |id: NodeId| match world.node(id) {
        Role::Shard(shard) => {
            let state = if world.is_up(id) { State::Idle } else { State::Down };
            Some(Bar { name: world.name(id).to_string(), value: shard.rows().count() as f64, says: format!("{} rows", shard.rows().count()), state })
        }
        _ => None,
    };
    View::Bars(world.role("shard").into_iter().filter_map(bar).collect())
}
