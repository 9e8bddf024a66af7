//! Panes: who has which GPUs, who waits, how far workflows are, where versions come from, and how features have moved.

use super::flow::{Flow, weights};
use super::monitor::Watcher;
use super::registry::{Registry, Stage};
use super::role::Role;
use super::sched::Sched;
use super::system::Platform;
use super::{FEATURE_NAMES, TEAMS};
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, Bar, Heat, State, Table, View};
use crate::kernel::world::World;

pub fn pane(world: &World<Platform>, pane: &str, ask: &Ask) -> View {
    match pane {
        "queue" => find(world, sched).map_or_else(nothing, |sched| queue(world, sched, ask)),
        "teams" => find(world, sched).map_or_else(nothing, |sched| teams(world, sched)),
        "runs" => find(world, flow).map_or_else(nothing, |flow| runs(flow, ask)),
        "versions" => find(world, registry).map_or_else(nothing, |registry| versions(registry, ask)),
        "drift" => find(world, monitor).map_or_else(nothing, |monitor| drift(world, monitor)),
        _ => find(world, sched).map_or_else(nothing, |sched| gpus(world, sched, ask)),
    }
}

fn nothing() -> View {
    View::Empty("nothing to show".into())
}

fn find<'a, T>(world: &'a World<Platform>, of: impl Fn(&'a Role) -> Option<&'a T>) -> Option<&'a T> {
    world.ids().find_map(|id| of(world.node(id)))
}

fn sched(role: &Role) -> Option<&Sched> {
    if let Role::Sched(node) = role { Some(node) } else { None }
}

fn flow(role: &Role) -> Option<&Flow> {
    if let Role::Flow(node) = role { Some(node) } else { None }
}

fn registry(role: &Role) -> Option<&Registry> {
    if let Role::Registry(node) = role { Some(node) } else { None }
}

fn monitor(role: &Role) -> Option<&Watcher> {
    if let Role::Monitor(node) = role { Some(node) } else { None }
}

/// What burns is what is held for nothing.
const HELD: f64 = 1.0;
const AT_WORK: f64 = 0.4;

/// A machine a row, a GPU a cell.
fn gpus(world: &World<Platform>, sched: &Sched, ask: &Ask) -> View {
    let each = world.system().gpus as usize;
    let mut cells = Vec::new();
    let mut row_names = Vec::new();
    for (at, host) in sched.hosts().iter().enumerate().take(usize::from(ask.rows).max(1)) {
        let mut row = Vec::with_capacity(each);
        for (entry, gpus) in sched.on_host(at) {
            row.extend(std::iter::repeat_n(if entry.started.is_some() { AT_WORK } else { HELD }, gpus as usize));
        }
        row.resize(each, 0.0);
        cells.push(row);
        let down = if host.up { "" } else { " down" };
        row_names.push(format!("{}{down}", world.name(host.node)));
    }
    View::Heat(Heat { row_names, cells, says: "full: held, cannot work; half: at work".into() })
}

/// Jobs without all their GPUs, in order of arrival; then those at work.
fn queue(world: &World<Platform>, sched: &Sched, ask: &Ask) -> View {
    let head = ["job", "team", "GPUs", "waits", "tries"].map(String::from).to_vec();
    let row = |entry: &super::sched::Entry| {
        let state = match entry.started {
            Some(_) => "at work".to_string(),
            None if entry.whole() => "starting".to_string(),
            None => format!("{:.1} s", world.now().since(entry.asked).as_secs()),
        };
        let id = if entry.job.id >= super::flow::JOBS { format!("run {}", entry.job.id - super::flow::JOBS) } else { entry.job.id.to_string() };
        vec![id, TEAMS[entry.job.team].to_string(), format!("{}/{}", entry.holds(), entry.job.gpus), state, entry.attempt.to_string()]
    };
    let waits = sched.jobs().filter(|entry| !entry.whole());
    let works = sched.jobs().filter(|entry| entry.whole());
    let rows: Vec<_> = waits.chain(works).take(usize::from(ask.rows).saturating_sub(1)).map(row).collect();
    if rows.is_empty() { View::Empty("no job waits or runs".into()) } else { View::Table(Table { head, rows }) }
}

fn teams(world: &World<Platform>, sched: &Sched) -> View {
    let ceiling = world.system().ceiling();
    let bar = |(name, held): (&&str, &u32)| Bar {
        name: (*name).into(),
        value: f64::from(*held),
        says: format!("{held} of {ceiling}"),
        state: if *held > ceiling {
            State::Down
        } else if *held == ceiling {
            State::Warn
        } else {
            State::Busy
        },
    };
    View::Bars(TEAMS.iter().zip(sched.held()).map(bar).collect())
}

/// A run a row, a step a column, the newest first.
fn runs(flow: &Flow, ask: &Ask) -> View {
    let mut head = vec!["run".to_string(), "why".to_string()];
    head.extend(flow.dag().names().iter().map(|name| (*name).to_string()));
    let row = |run: &super::flow::Run| {
        let mut row = vec![run.number.to_string(), run.why.to_string()];
        row.extend((0..flow.dag().len()).map(|step| run.progress.state(step).word().to_string()));
        row
    };
    let rows: Vec<_> = flow.runs.iter().rev().take(usize::from(ask.rows).saturating_sub(1)).map(row).collect();
    if rows.is_empty() { View::Empty("no run yet".into()) } else { View::Table(Table { head, rows }) }
}

/// Where each version comes from, and what it was judged by.
fn versions(registry: &Registry, ask: &Ask) -> View {
    let head = ["version", "stage", "rows", "join", "until", "offline", "logged", "complaints weigh"].map(String::from).to_vec();
    let row = |record: &super::registry::Record| {
        let version = &record.version;
        let logged = version.marks.logged.map_or("-".to_string(), |area| format!("{area:.3}"));
        let join = crate::parts::asof::Reading::NAMES[version.reading as usize];
        let until = Span(version.cutoff / 1_000_000_000 * 1_000_000_000);
        vec![
            format!("v{} {:04x}", version.id, version.digest & 0xffff),
            record.stage.word().into(),
            version.rows.to_string(),
            join.into(),
            until.to_string(),
            format!("{:.3}", version.marks.joined),
            logged,
            format!("{:+.2}", weights(&version.model)[super::truth::COMPLAINTS]),
        ]
    };
    let mut records: Vec<_> = registry.records.iter().collect();
    // What serves comes first, then the newest.
    records.sort_by_key(|record| (record.stage != Stage::Live, std::cmp::Reverse(record.version.id)));
    View::Table(Table { head, rows: records.into_iter().take(usize::from(ask.rows).saturating_sub(1)).map(row).collect() })
}

fn drift(world: &World<Platform>, monitor: &Watcher) -> View {
    let system = world.system();
    let mut bars = Vec::new();
    for (i, name) in FEATURE_NAMES.iter().enumerate() {
        let psi = monitor.psi[i];
        let state = if psi > system.psi_limit { State::Warn } else { State::Busy };
        bars.push(Bar { name: format!("{name} PSI"), value: psi, says: format!("{psi:.3} of {}", system.psi_limit), state });
        bars.push(Bar { name: format!("{name} KS"), value: monitor.ks[i], says: format!("{:.3}", monitor.ks[i]), state: State::Idle });
    }
    View::Bars(bars)
}
