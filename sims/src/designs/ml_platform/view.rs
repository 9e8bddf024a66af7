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

/// Narrower than this a pane has no room for all that is known of a version.
const VERSION_COLS: u16 = 76;

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
    View::Heat(Heat { row_names, cells, says: "full: held, cannot work yet; half: at work; blank: free".into() })
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
    let rows: Vec<_> = waits.chain(works).take(usize::from(ask.rows)).map(row).collect();
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
    // The ceiling is a bar as well: the others are read against it.
    let most = Bar { name: "quota each".into(), value: f64::from(ceiling), says: format!("{ceiling} GPUs"), state: State::Idle };
    View::Bars(TEAMS.iter().zip(sched.held()).map(bar).chain([most]).collect())
}

/// Where a step each has no column of its own.
const STEPS_COLS: u16 = 60;

/// A run a row, a step a column, the newest first; in a narrow pane only how far each is.
fn runs(flow: &Flow, ask: &Ask) -> View {
    if ask.cols < STEPS_COLS {
        return runs_in_short(flow, ask);
    }
    let mut head = vec!["run".to_string(), "why".to_string()];
    head.extend(flow.dag().names().iter().map(|name| (*name).to_string()));
    let row = |run: &super::flow::Run| {
        let mut row = vec![run.number.to_string(), run.why.to_string()];
        row.extend((0..flow.dag().len()).map(|step| run.progress.state(step).word().to_string()));
        row
    };
    let rows: Vec<_> = flow.runs.iter().rev().take(usize::from(ask.rows)).map(row).collect();
    if rows.is_empty() { View::Empty("no run yet".into()) } else { View::Table(Table { head, rows }) }
}

/// The first step of each run that is not done.
fn runs_in_short(flow: &Flow, ask: &Ask) -> View {
    let names = flow.dag().names();
    let row = |run: &super::flow::Run| {
        let words: Vec<&str> = (0..names.len()).map(|step| run.progress.state(step).word()).collect();
        let at = words.iter().position(|word| *word != "done");
        let done = words.iter().filter(|word| **word == "done").count();
        let stands = at.map_or_else(|| "done".to_string(), |step| format!("{} {}", names[step], words[step]));
        vec![run.number.to_string(), run.why.to_string(), format!("{done}/{}", names.len()), stands]
    };
    let rows: Vec<_> = flow.runs.iter().rev().take(usize::from(ask.rows)).map(row).collect();
    let head = ["run", "why", "steps", "stands at"].map(String::from).to_vec();
    if rows.is_empty() { View::Empty("no run yet".into()) } else { View::Table(Table { head, rows }) }
}

/// Where each version comes from, and what it was judged by: in a narrow pane without rows, cutoff and weight.
fn versions(registry: &Registry, ask: &Ask) -> View {
    const WIDE: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 7];
    const NARROW: [usize; 4] = [0, 1, 5, 6];
    let columns: &[usize] = if ask.cols < VERSION_COLS { &NARROW } else { &WIDE };
    let names = ["version", "stage", "rows", "join", "until", "AUC offline", "AUC logged", "complaints weight"];
    let head = columns.iter().map(|column| names[*column].to_string()).collect();
    let row = |record: &super::registry::Record| {
        let version = &record.version;
        let logged = version.marks.logged.map_or("-".to_string(), |area| format!("{area:.3}"));
        let join = crate::parts::asof::Reading::NAMES[version.reading as usize];
        let until = Span(version.cutoff / 1_000_000_000 * 1_000_000_000);
        let all = [
            format!("v{} {:04x}", version.id, version.digest & 0xffff),
            record.stage.word().into(),
            version.rows.to_string(),
            join.into(),
            until.to_string(),
            format!("{:.3}", version.marks.joined),
            logged,
            format!("{:+.2}", weights(&version.model)[super::truth::COMPLAINTS]),
        ];
        columns.iter().map(|column| all[*column].clone()).collect()
    };
    let mut records: Vec<_> = registry.records.iter().collect();
    // What serves comes first, then the newest.
    records.sort_by_key(|record| (record.stage != Stage::Live, std::cmp::Reverse(record.version.id)));
    View::Table(Table { head, rows: records.into_iter().take(usize::from(ask.rows)).map(row).collect() })
}

fn drift(world: &World<Platform>, monitor: &Watcher) -> View {
    let system = world.system();
    let bar = |name: &str, measure: &str, value: f64, state| Bar { name: format!("{name} {measure}"), value, says: format!("{value:.3}"), state };
    let limit = system.psi_limit;
    let of_psi = |(name, psi): (&&str, &f64)| bar(name, "PSI", *psi, if *psi > limit { State::Warn } else { State::Busy });
    let of_ks = |(name, ks): (&&str, &f64)| bar(name, "KS", *ks, State::Idle);
    // The limit is a bar as well: the others are read against it.
    let mut bars: Vec<Bar> = FEATURE_NAMES.iter().zip(&monitor.psi).map(of_psi).collect();
    bars.push(bar("limit of", "PSI", limit, State::Idle));
    bars.extend(FEATURE_NAMES.iter().zip(&monitor.ks).map(of_ks));
    View::Bars(bars)
}
