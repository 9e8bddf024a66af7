//! Panes: transactions under way with their state at every machine, locks with who waits, the latest log records, balances.

use super::bank::{Bank, Owner, READ, UNDO};
use super::book::{Record, StepState};
use super::coord::{Coord, Entry, Phase};
use super::system::{Banking, COORD, Role};
use super::watch::{minor, short};
use super::wire::{Tx, Wrote};
use crate::kernel::node::NodeId;
use crate::kernel::time::Time;
use crate::kernel::view::{Ask, Bar, PaneSpec, State, Table, View};
use crate::kernel::world::World;
use crate::parts::locks::Mode;
use std::collections::BTreeSet;

pub const PANES: &[PaneSpec] = &[
    PaneSpec { id: "transactions", title: "Transactions under way" },
    PaneSpec { id: "locks", title: "Locks" },
    PaneSpec { id: "logs", title: "Ends of the logs" },
    PaneSpec { id: "balances", title: "Banks against their opening" },
];

pub fn pane(world: &World<Banking>, pane: &str, ask: &Ask) -> View {
    match pane {
        "transactions" => transactions(world, ask),
        "locks" => locks(world, ask),
        "logs" => logs(world, ask),
        _ => balances(world, ask),
    }
}

fn coord(world: &World<Banking>) -> Option<&Coord> {
    match world.node(COORD) {
        Role::Coord(coord) => Some(coord),
        _ => None,
    }
}

fn banks(world: &World<Banking>) -> Vec<(NodeId, &Bank)> {
    let bank = |id: NodeId| match world.node(id) {
        Role::Bank(bank) => Some((id, &**bank)),
        _ => None,
    };
    world.role("bank").into_iter().filter_map(bank).collect()
}

/// One row per transaction that somebody still works on: what the coordinator and each bank make of it.
fn transactions(world: &World<Banking>, ask: &Ask) -> View {
    let (Some(coord), banks) = (coord(world), banks(world)) else { return View::Empty("the world is not built".into()) };
    let mut open: BTreeSet<Tx> = coord.txs.keys().chain(coord.sagas.keys()).copied().collect();
    for (_, bank) in &banks {
        open.extend(bank.book.prepared.keys().chain(bank.book.owed.keys().map(|(saga, _)| saga)));
        open.extend(bank.waiting.keys().filter(|tx| **tx & READ == 0).map(|tx| tx & !UNDO));
    }
    if open.is_empty() {
        return View::Empty("nothing under way".into());
    }
    let mut head = vec!["tx".to_string(), "coord".to_string()];
    head.extend(banks.iter().map(|(id, _)| world.name(*id).to_string()));
    let row = |tx: &Tx| {
        let mut row = vec![short(*tx), at_coord(coord, *tx, world.is_up(COORD))];
        row.extend(banks.iter().map(|(id, bank)| if world.is_up(*id) { at_bank(bank, *tx) } else { "down".into() }));
        row
    };
    View::Table(Table { head, rows: open.iter().take(usize::from(ask.rows)).map(row).collect() })
}

fn at_coord(coord: &Coord, tx: Tx, up: bool) -> String {
    if !up {
        return "down".into();
    }
    if let Some(saga) = coord.sagas.get(&tx) {
        return format!("{} step {}", if saga.back { "undoing" } else { "doing" }, saga.at + 1);
    }
    match coord.txs.get(&tx).map(|live| live.phase) {
        Some(Phase::Voting) => "asks for votes",
        Some(Phase::Raised) => "lost in an error",
        Some(Phase::Logging) => "writes",
        Some(Phase::PreCommitting) => "pre-commits",
        Some(Phase::Telling) => "tells: commit",
        None => "-",
    }
    .into()
}

fn at_bank(bank: &Bank, tx: Tx) -> String {
    if bank.leads.contains_key(&tx) {
        return "stands in".into();
    }
    if bank.waiting.contains_key(&tx) || bank.waiting.contains_key(&(tx | UNDO)) {
        return "waits for lock".into();
    }
    if let Some(prepared) = bank.book.prepared.get(&tx) {
        let what = if prepared.pre { "pre-committed" } else { "prepared" };
        return if bank.asking.contains(&tx) { format!("{what}, in doubt") } else { what.into() };
    }
    if bank.is_syncing(tx, Wrote::Outcome) {
        return "writes commit".into();
    }
    match (bank.book.outcome(tx), bank.book.step(tx)) {
        (Some(true), _) => "committed",
        (Some(false), _) => "aborted",
        (_, Some(StepState::Done)) => "done",
        (_, Some(StepState::Undone)) => "undone",
        (_, Some(StepState::Refused)) => "refused",
        (_, Some(StepState::Barred)) => "barred",
        _ => "",
    }
    .into()
}

fn owner(owner: &Owner) -> String {
    match owner.1 {
        tx if tx & READ != 0 => format!("read {}", owner.0),
        tx if tx & UNDO != 0 => format!("undo {}", owner.0),
        tx => short(tx),
    }
}

fn span(world: &World<Banking>, since: Option<&Time>) -> String {
    since.map_or_else(String::new, |since| format!("{:.0} ms", world.now().since(*since).as_millis()))
}

fn locks(world: &World<Banking>, ask: &Ask) -> View {
    let mut rows = Vec::new();
    for (id, bank) in banks(world) {
        for (account, holders, queue) in bank.locks.iter() {
            let mode = if holders.iter().any(|(_, mode)| *mode == Mode::Exclusive) { "exclusive" } else { "shared" };
            let names = |list: &mut dyn Iterator<Item = &(Owner, Mode)>| list.map(|(o, _)| owner(o)).collect::<Vec<_>>().join(", ");
            let since = holders.first().and_then(|(holder, _)| bank.held.get(&holder.1));
            rows.push(vec![
                world.name(id).to_string(),
                account.to_string(),
                mode.to_string(),
                names(&mut holders.iter()),
                span(world, since),
                names(&mut queue.iter()),
            ]);
        }
    }
    if rows.is_empty() {
        return View::Empty("no account is locked".into());
    }
    rows.truncate(usize::from(ask.rows));
    View::Table(Table { head: ["bank", "account", "mode", "held by", "for", "waiting"].map(String::from).to_vec(), rows })
}

/// The last records of each log; what is not durable yet is marked.
fn logs(world: &World<Banking>, ask: &Ask) -> View {
    let columns = 1 + banks(world).len();
    let each = usize::from(ask.rows).clamp(1, 40);
    let mut lists: Vec<Vec<String>> = Vec::with_capacity(columns);
    let mut head = vec!["coord".to_string()];
    if let Some(coord) = coord(world) {
        let told = |(at, entry): (u64, &Entry)| mark(entry_told(entry), at >= coord.log.synced());
        lists.push(coord.log.iter().rev().take(each).map(told).collect());
    }
    for (id, bank) in banks(world) {
        head.push(world.name(id).to_string());
        let told = |(at, record): (u64, &Record)| mark(record_told(record), at >= bank.log.synced());
        lists.push(bank.log.iter().rev().take(each).map(told).collect());
    }
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    if longest == 0 {
        return View::Empty("nothing is logged yet".into());
    }
    let cell = |list: &Vec<String>, at: usize| list.get(at).cloned().unwrap_or_default();
    let rows = (0..longest).map(|at| lists.iter().map(|list| cell(list, at)).collect()).collect();
    View::Table(Table { head, rows })
}

fn mark(text: String, unsynced: bool) -> String {
    if unsynced { format!("{text} *") } else { text }
}

fn entry_told(entry: &Entry) -> String {
    match entry {
        Entry::PreCommit { tx } => format!("pre {}", short(*tx)),
        Entry::Commit { tx, .. } => format!("commit {}", short(*tx)),
        Entry::End { tx } => format!("end {}", short(*tx)),
        Entry::Begun { saga } => format!("begun {}", saga.id),
        Entry::Turned { saga, .. } => format!("back {saga}"),
        Entry::Closed { saga, complete } => format!("{} {saga}", if *complete { "done" } else { "undone" }),
    }
}

fn record_told(record: &Record) -> String {
    match record {
        Record::Prepared { tx, .. } => format!("prepared {}", short(*tx)),
        Record::PreCommitted { tx } => format!("pre {}", short(*tx)),
        Record::Committed { tx, .. } => format!("commit {}", short(*tx)),
        Record::Aborted { tx } => format!("abort {}", short(*tx)),
        Record::Stepped { saga, .. } => format!("step {}", saga.id),
        Record::Refused { saga, .. } => format!("refused {}", saga.id),
        Record::Undone { saga, .. } => format!("undone {}", saga.id),
        Record::Passed { saga, .. } => format!("passed {saga}"),
    }
}

/// How far each bank's money is from what it began with. The sum of all is nothing, unless something is under way, or wrong.
fn balances(world: &World<Banking>, ask: &Ask) -> View {
    let system = world.system();
    let opening = system.opening * system.accounts as i64;
    let mut sum = 0;
    let mut bars: Vec<Bar> = Vec::new();
    for (id, bank) in banks(world) {
        let off = bank.book.total() - opening;
        sum += off;
        let state = if world.is_up(id) { State::Busy } else { State::Down };
        bars.push(Bar { name: world.name(id).to_string(), value: off.unsigned_abs() as f64 / 100.0, says: signed(off), state });
    }
    let state = if sum == 0 { State::Idle } else { State::Warn };
    bars.push(Bar { name: "all".into(), value: sum.unsigned_abs() as f64 / 100.0, says: signed(sum), state });
    bars.truncate(usize::from(ask.rows.max(1)));
    View::Bars(bars)
}

fn signed(amount: i64) -> String {
    if amount > 0 { format!("+{}", minor(amount)) } else { minor(amount) }
}
