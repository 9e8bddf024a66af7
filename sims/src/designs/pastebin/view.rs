//! Panes of the pastebin: its servers, the latest rows, what is stored and for whom.

use super::role::Role;
use super::system::{Pastebin, meta, store};
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{Ask, Bar, PaneSpec, State, Table, View};
use crate::kernel::world::World;
use std::collections::BTreeMap;

pub const PANES: &[PaneSpec] = &[
    PaneSpec { id: "storage", title: "Stored bytes, and for whom" },
    PaneSpec { id: "pastes", title: "Pastes that expire next" },
    PaneSpec { id: "bodies", title: "Bodies shared most" },
    PaneSpec { id: "servers", title: "Servers" },
];

pub fn pane(world: &World<Pastebin>, pane: &str, ask: &Ask) -> View {
    match pane {
        "storage" => storage(world),
        "pastes" => pastes(world, ask),
        "bodies" => bodies(world, ask),
        "servers" => servers(world, ask),
        _ => View::Empty("nothing to show".into()),
    }
}

/// Bytes in a few characters.
pub fn told(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

fn table(head: &[&str], rows: Vec<Vec<String>>) -> View {
    View::Table(Table { head: head.iter().map(ToString::to_string).collect(), rows })
}

/// Each body counts once: for the living if one names it, else for the dead, else for nobody.
fn storage(world: &World<Pastebin>) -> View {
    let (Some(meta), Some(store)) = (meta(world), store(world)) else { return View::Empty("no stores".into()) };
    let mut living: BTreeMap<u64, bool> = BTreeMap::new();
    for (_, stored) in meta.rows() {
        *living.entry(stored.row.name).or_default() |= stored.dies > world.now();
    }
    let (mut alive, mut dead, mut nobody, mut twice) = (0, 0, 0, 0);
    for (name, body, count) in store.blobs().counts() {
        match living.get(&name) {
            Some(true) => alive += body.bytes,
            Some(false) => dead += body.bytes,
            None => nobody += body.bytes,
        }
        twice += body.bytes * (count - 1);
    }
    let bar = |name: &str, bytes: u64, state| Bar { name: name.into(), value: bytes as f64, says: told(bytes), state };
    // What is expired waits for the sweeper, as it should; what nobody names is a leak, unless its row is on the way.
    let leak = if nobody > 0 { State::Warn } else { State::Idle };
    View::Bars(vec![
        bar("live", alive, State::Busy),
        bar("expired, not swept", dead, State::Idle),
        bar("orphaned", nobody, leak),
        bar("saved by sharing", twice, State::Idle),
    ])
}

fn pastes(world: &World<Pastebin>, ask: &Ask) -> View {
    let Some(meta) = meta(world) else { return View::Empty("no rows".into()) };
    let now = world.now();
    let mut rows: Vec<_> = meta.rows().filter(|(_, stored)| stored.dies > now).collect();
    rows.sort_by_key(|(id, stored)| (stored.dies, *id));
    let left = |dies: Time| if dies == Time::MAX { "never".into() } else { Span(dies.since(now).0 / 1_000_000 * 1_000_000).to_string() };
    let row = |(id, stored): (u64, &super::meta::Stored)| {
        let kind = if stored.row.burn { "burns" } else { stored.row.visibility.word() };
        vec![format!("{:08x}", id >> 32), kind.into(), left(stored.dies), format!("{:08x}", stored.row.name >> 32)]
    };
    table(&["paste", "kind", "expires in", "body"], rows.into_iter().map(row).take(usize::from(ask.rows)).collect())
}

fn bodies(world: &World<Pastebin>, ask: &Ask) -> View {
    let Some(store) = store(world) else { return View::Empty("no bodies".into()) };
    let mut bodies: Vec<_> = store.blobs().counts().collect();
    bodies.sort_by_key(|(name, _, count)| (u64::MAX - count, *name));
    let rows =
        bodies.into_iter().take(usize::from(ask.rows)).map(|(name, body, count)| vec![format!("{:08x}", name >> 32), told(body.bytes), count.to_string()]);
    table(&["body", "size", "references"], rows.collect())
}

fn servers(world: &World<Pastebin>, ask: &Ask) -> View {
    let row = |id: NodeId| match world.node(id) {
        Role::App(app) if world.is_up(id) => Some(app.row_of(world.name(id))),
        Role::App(app) => {
            let mut row = app.row_of(world.name(id));
            row[3] = "down".into();
            Some(row)
        }
        _ => None,
    };
    table(&["server", "pastes under way", "reads under way", ""], world.role("app").into_iter().filter_map(row).take(usize::from(ask.rows)).collect())
}
