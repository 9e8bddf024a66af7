//! What the lab shows of the locks: who held each by the service's books and by their own, and how the storage stands.

use super::config::{Fencing, Locks, Service};
use super::role::Role;
use super::watch::Stretch;
use super::wire::{Lock, Owner};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{Ask, Heat, PaneSpec, Table, View};
use crate::kernel::world::World;
use std::collections::BTreeSet;

pub const PANES: &[PaneSpec] = &[PaneSpec { id: "holders", title: "Who holds, by whose books" }, PaneSpec { id: "locks", title: "Locks" }];

pub fn pane(world: &World<Locks>, pane: &str, ask: &Ask) -> View {
    if pane == "locks" { locks(world, ask) } else { holders(world, ask) }
}

/// How much of the past the timeline shows.
const LEAST: Span = Span::secs(60);
const MOST: Span = Span::secs(240);

/// The lock that is shown: the one of which something is known last.
fn shown(stretches: &[Stretch]) -> Option<Lock> {
    stretches.iter().max_by_key(|stretch| (stretch.to, std::cmp::Reverse(stretch.lock))).map(|stretch| stretch.lock)
}

/// Two rows a client: where it holds by the service's books, and where it thinks so; full where two do at once.
fn holders(world: &World<Locks>, ask: &Ask) -> View {
    let now = world.now();
    let ttl = world.system().ttl;
    let window = if ttl.0 == u64::MAX { LEAST } else { Span((ttl * 4).0.clamp(LEAST.0, MOST.0)) };
    let stretches: Vec<Stretch> = world.watch().stretches(now).collect();
    let Some(lock) = shown(&stretches) else { return View::Empty("nobody has held a lock yet".into()) };
    let cols = usize::from(ask.cols).clamp(1, 120);
    let slice = (window.0 / cols as u64).max(1);
    // Slices are aligned to the clock, so that the picture moves by whole columns.
    let start = (now.0 / slice + 1).saturating_sub(cols as u64) * slice;
    let of_lock: Vec<&Stretch> = stretches.iter().filter(|s| s.lock == lock && s.to.0 > start).collect();
    let clients: BTreeSet<u32> = of_lock.iter().map(|s| s.owner.client).collect();
    let rows = usize::from(ask.rows).saturating_sub(2).max(2) / 2;
    let mut heat = Heat { row_names: Vec::new(), cells: Vec::new(), says: String::new() };
    for client in clients.iter().take(rows) {
        for (believed, says) in [(false, "lease"), (true, "thinks")] {
            let mut row = vec![0.0; cols];
            let kind: Vec<&Stretch> = of_lock.iter().copied().filter(|s| s.believed == believed).collect();
            for stretch in kind.iter().filter(|s| s.owner.client == *client) {
                cover(&mut row, start, slice, stretch, ALONE);
                for other in kind.iter().filter(|other| other.owner != stretch.owner) {
                    let both = Stretch { from: stretch.from.max(other.from), to: stretch.to.min(other.to), ..**stretch };
                    cover(&mut row, start, slice, &both, (1.0, 1.0));
                }
            }
            heat.row_names.push(format!("client{client} {says}"));
            heat.cells.push(row);
        }
    }
    let double = doubles(&of_lock);
    let word = if double == Span::ZERO { "never two leases at once".to_string() } else { format!("two leases at once for {}", rounded(double)) };
    heat.says = format!("lock {lock}: {word}; {} a column, from {}", rounded(Span(slice)), Time(start));
    View::Heat(heat)
}

/// How dark a slice is where one holds the lock: a short hold must show too, and a whole one leaves room for two at once.
const ALONE: (f64, f64) = (0.25, 0.6);

/// Marks the slices that a stretch touches, by the share it covers, within these bounds.
fn cover(row: &mut [f64], start: u64, slice: u64, stretch: &Stretch, (least, most): (f64, f64)) {
    for (column, cell) in row.iter_mut().enumerate() {
        let (from, to) = (start + column as u64 * slice, start + (column as u64 + 1) * slice);
        let covered = stretch.to.0.min(to).saturating_sub(stretch.from.0.max(from));
        if covered > 0 {
            *cell = cell.max((covered as f64 / slice as f64).clamp(least, most));
        }
    }
}

/// Hundredths of a second are enough to look at.
fn rounded(span: Span) -> Span {
    Span(span.0 / 10_000_000 * 10_000_000)
}

/// How long two different owners had leases at once.
fn doubles(stretches: &[&Stretch]) -> Span {
    let leases: Vec<&&Stretch> = stretches.iter().filter(|s| !s.believed).collect();
    let mut total = 0;
    for (at, a) in leases.iter().enumerate() {
        for b in leases[at + 1..].iter().filter(|b| b.owner != a.owner) {
            total += a.to.min(b.to).0.saturating_sub(a.from.max(b.from).0);
        }
    }
    Span(total)
}

fn names(owners: &[Owner]) -> String {
    if owners.is_empty() { "-".into() } else { owners.iter().map(|o| format!("client{}", o.client)).collect::<Vec<_>>().join(", ") }
}

fn locks(world: &World<Locks>, ask: &Ask) -> View {
    let (system, now, watch) = (world.system(), world.now(), world.watch());
    let head = ["lock", "lease", "thinks", "token", "left", "seen", "writes"].map(String::from).to_vec();
    let storage = world.ids().find_map(|id| if let Role::Storage(storage) = world.node(id) { Some(storage) } else { None });
    let rows = (1..=system.locks).take(usize::from(ask.rows).saturating_sub(1)).map(|lock| {
        let seen = match (system.fencing, storage) {
            (Fencing::Off, _) | (_, None) => "-".to_string(),
            (_, Some(storage)) => storage.seen(lock).to_string(),
        };
        vec![
            lock.to_string(),
            names(&watch.holders(lock, now)),
            names(&watch.believers(lock, now)),
            watch.last_token(lock).to_string(),
            ends_in(world, lock),
            seen,
            storage.map_or(0, |storage| storage.value(lock).version).to_string(),
        ]
    });
    View::Table(Table { head, rows: rows.collect() })
}

/// By the count of whoever decides.
fn ends_in(world: &World<Locks>, lock: Lock) -> String {
    let (system, now) = (world.system(), world.now());
    let until = world.role("s").into_iter().filter(|id| world.is_up(*id)).find_map(|id| match world.node(id) {
        Role::Server(server) if server.is_leader() => server.until(lock),
        Role::Store(store) if store.is_primary() => store.held().find(|(l, _)| *l == lock).map(|(_, lease)| lease.until),
        _ => None,
    });
    match until {
        None if system.service == Service::Redlock => "by store".into(),
        None => "-".into(),
        Some(Time::MAX) => "never".into(),
        Some(until) => format!("{:.1} s", system.true_time(until).since(now).as_secs()),
    }
}
