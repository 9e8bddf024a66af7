//! Panes: who leads what, the wheel's slots, tasks by state, and cron jobs by the clock on the wall.

use super::role::Role;
use super::scheduler::Scheduler;
use super::store::Store;
use super::system::{Coordination, Scheduling};
use super::task::{State, told};
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{self, Ask, Bar, Heat, Table, View};
use crate::kernel::world::World;

pub fn pane(world: &World<Scheduling>, pane: &str, ask: &Ask) -> View {
    let Some(store) = world.ids().find_map(|id| if let Role::Store(store) = world.node(id) { Some(store) } else { None }) else {
        return View::Empty("no store".into());
    };
    match pane {
        "leases" => leases(world, store),
        "wheel" => wheel(world, ask),
        "states" => View::Bars(states(store)),
        "cron" => cron(world, store, ask),
        _ => soon(world, store, ask),
    }
}

fn schedulers(world: &World<Scheduling>) -> impl Iterator<Item = (NodeId, &Scheduler)> {
    world.ids().filter_map(|id| if let Role::Scheduler(scheduler) = world.node(id) { Some((id, &**scheduler)) } else { None })
}

/// A shard a row: who has the lease, and who believes so.
fn leases(world: &World<Scheduling>, store: &Store) -> View {
    if world.system().coordination == Coordination::Nobody {
        return View::Empty("no leases: every scheduler does everything".into());
    }
    let head = ["shard", "lease of", "token", "ends in", "who serves it"].map(String::from).to_vec();
    let rows = (0..world.system().shards).map(|shard| {
        let lease = store.leases().get(&shard, world.now());
        let serving: Vec<&str> = schedulers(world).filter(|(_, s)| s.shards().contains_key(&shard)).map(|(id, _)| world.name(id)).collect();
        vec![
            (shard + 1).to_string(),
            lease.map_or("nobody", |lease| world.name(lease.owner)).to_string(),
            lease.map_or_else(String::new, |lease| lease.token.to_string()),
            lease.map_or_else(String::new, |lease| Span(lease.until.since(world.now()).0 / 1_000_000 * 1_000_000).to_string()),
            if serving.is_empty() { "nobody".into() } else { serving.join(" and ") },
        ]
    });
    View::Table(Table { head, rows: rows.collect() })
}

/// Which slots are taken, a level a row.
fn wheel(world: &World<Scheduling>, ask: &Ask) -> View {
    let Some((id, scheduler)) = schedulers(world).find(|(_, scheduler)| !scheduler.shards().is_empty()) else {
        return View::Empty("nobody leads".into());
    };
    let Some(taken) = scheduler.shards().values().find_map(super::scheduler::Shard::taken) else {
        return View::Empty("the index is a heap: it has no slots".into());
    };
    let levels = taken.iter().rposition(|slots| *slots != 0).map_or(3, |highest| highest + 1).min(usize::from(ask.rows).max(1));
    let tick = world.system().tick;
    let cells = taken[..levels].iter().map(|slots| (0..64).map(|slot| (slots >> slot & 1) as f64).collect()).collect();
    let row_names = (0..levels).map(|level| format!("{} a slot", Span(tick.saturating_mul(1 << (6 * level))))).collect();
    View::Heat(Heat { row_names, cells, says: format!("slots with timers in {}, the finest wheel first", world.name(id)) })
}

fn states(store: &Store) -> Vec<Bar> {
    let all = [
        (State::Waiting, "for others", view::State::Idle),
        (State::Scheduled, "for their time", view::State::Idle),
        (State::Queued, "in the ready queue", view::State::Busy),
        (State::Running, "at a worker", view::State::Busy),
        (State::Completed, "with their effect", view::State::Leader),
        (State::Failed, "dead letters", view::State::Down),
        (State::Skipped(super::task::Skip::Misfire), "too late", view::State::Warn),
        (State::Skipped(super::task::Skip::Dependency), "what they need failed", view::State::Warn),
    ];
    let count = |state| store.records().values().filter(|record| record.state == state).count() as f64;
    all.map(|(state, says, look)| Bar { name: state.word().into(), value: count(state), says: says.into(), state: look }).to_vec()
}

/// Tasks that have not ended, the earliest first.
fn soon(world: &World<Scheduling>, store: &Store, ask: &Ask) -> View {
    let head = ["task", "state", "try", "due", ""].map(String::from).to_vec();
    let mut open: Vec<_> = store.records().iter().filter(|(_, record)| !record.state.ended()).collect();
    open.sort_by_key(|(id, record)| (record.due, **id));
    let row = |(id, record): &(&u64, &super::store::Record)| {
        let late = world.now().since(Time(record.due));
        let told_late = if late > Span::secs(1) { format!("{:.1} s late", late.as_secs()) } else { String::new() };
        vec![told(**id), record.state.word().into(), record.attempt.to_string(), Time(record.due).to_string(), told_late]
    };
    let rows: Vec<_> = open.iter().take(usize::from(ask.rows).saturating_sub(1)).map(row).collect();
    if rows.is_empty() { View::Empty("no task is open".into()) } else { View::Table(Table { head, rows }) }
}

/// When each job ran last and runs next, by the clock on the wall.
fn cron(world: &World<Scheduling>, store: &Store, ask: &Ask) -> View {
    let system = world.system();
    let Some(cron) = &system.cron else { return View::Empty("no cron jobs".into()) };
    let now = system.epoch + (world.now().0 / 1_000_000_000) as i64;
    let mut rows = vec![vec!["now".into(), String::new(), cron.local(now)]];
    for (job, last) in store.jobs().iter().enumerate().take(usize::from(ask.rows).saturating_sub(2)) {
        let before = if *last < system.epoch { "not yet".to_string() } else { cron.local(*last) };
        rows.push(vec![format!("job {job}"), before, cron.next(*last).map_or_else(|| "never".to_string(), |next| cron.local(next))]);
    }
    View::Table(Table { head: ["", "last decided", "next"].map(String::from).to_vec(), rows })
}
