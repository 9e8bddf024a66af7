//! Panes: each worker's sandboxes, tenants with their slots and bills, functions with versions and targets, and where memory's time goes.

use super::control::Control;
use super::messages::Alias;
use super::pool::State as Box_;
use super::role::Role;
use super::router::Router;
use super::system::Serverless;
use crate::kernel::time::Time;
use crate::kernel::view::{Ask, Bar, Heat, State, Table, View};
use crate::kernel::world::World;

pub fn pane(world: &World<Serverless>, pane: &str, ask: &Ask) -> View {
    let Some(router) = world.ids().find_map(|id| if let Role::Router(router) = world.node(id) { Some(&**router) } else { None }) else {
        return View::Empty("no router".into());
    };
    match pane {
        "sandboxes" => sandboxes(world, router, ask),
        "tenants" => tenants(world, router, ask),
        "states" => View::Bars(states(router, world.now())),
        _ => functions(world, router, ask),
    }
}

/// A worker a row, a sandbox a cell: faint while idle, half while it starts, full while it runs.
fn sandboxes(world: &World<Serverless>, router: &Router, ask: &Ask) -> View {
    let system = world.system();
    let most = (system.worker_mb / system.memory_mb.max(1)) as usize;
    let cols = most.min(usize::from(ask.cols)).max(1);
    let workers = world.role("w");
    let shown = workers.len().min(usize::from(ask.rows).max(1));
    let mut cells = vec![Vec::new(); shown];
    for (_, found) in router.pool.all().filter(|(_, found)| (found.worker as usize) < shown) {
        let row: &mut Vec<f64> = &mut cells[found.worker as usize];
        if row.len() < cols {
            row.push(match found.state {
                Box_::Busy => 1.0,
                Box_::Starting => 0.6,
                Box_::Idle | Box_::Forgotten => 0.25,
                Box_::Free => 0.0,
            });
        }
    }
    for row in &mut cells {
        row.sort_by(|a, b| b.total_cmp(a));
        row.resize(cols, 0.0);
    }
    let row_names = workers.iter().take(shown).map(|id| if world.is_up(*id) { world.name(*id).to_string() } else { format!("{} down", world.name(*id)) });
    View::Heat(Heat { row_names: row_names.collect(), cells, says: format!("full runs, middling starts, faint is idle, blank is free; {most} fit a worker") })
}

fn tenants(world: &World<Serverless>, router: &Router, ask: &Ask) -> View {
    let system = world.system();
    let meter = world.ids().find_map(|id| if let Role::Meter(meter) = world.node(id) { Some(meter) } else { None });
    let head = ["tenant", "runs", "limit", "waits", "billed", "unbilled"].map(String::from).to_vec();
    let row = |tenant: usize| {
        let (bill, usage) = meter.map_or((0, 0), |meter| (meter.bills[tenant], meter.accounts[tenant].usage().mb_ms));
        let limit = if system.limits { system.limit.to_string() } else { "none".into() };
        let (running, waiting) = (router.slots()[tenant], router.waiting.of(tenant));
        vec![
            (tenant + 1).to_string(),
            running.to_string(),
            limit,
            waiting.to_string(),
            format!("${}.{:02}", bill / 100, bill % 100),
            format!("{} GB-s", usage / 1_024_000),
        ]
    };
    let rows = (0..system.tenants as usize).take(usize::from(ask.rows)).map(row);
    View::Table(Table { head, rows: rows.collect() })
}

fn functions(world: &World<Serverless>, router: &Router, ask: &Ask) -> View {
    let system = world.system();
    let control: Option<&Control> = world.ids().find_map(|id| if let Role::Control(control) = world.node(id) { Some(&**control) } else { None });
    let Some(control) = control else { return View::Empty("no control plane".into()) };
    let head = ["fn", "tenant", "serves", "trial", "all", "idle", "target"].map(String::from).to_vec();
    let row = |(at, (alias, ..)): (usize, (Alias, u32, u32))| {
        let function = at as u32;
        let served = router.alias(function).stable.number;
        let serves = if served == alias.stable.number { format!("v{served}") } else { format!("v{served}, to be v{}", alias.stable.number) };
        let trial = alias.trial.map_or_else(|| "-".to_string(), |trial| format!("v{}", trial.number));
        let idle = router.pool.idle_of(function).count();
        let owner = (function / system.per_tenant + 1).to_string();
        let target = if system.scale_to_target { router.targets()[at].to_string() } else { "-".into() };
        vec![(at + 1).to_string(), owner, serves, trial, router.pool.counts[at].to_string(), idle.to_string(), target]
    };
    let rows = control.rows().enumerate().take(usize::from(ask.rows)).map(row);
    View::Table(Table { head, rows: rows.collect() })
}

/// Sandboxes by what they do, and how long the idle ones have been.
fn states(router: &Router, now: Time) -> Vec<Bar> {
    let oldest = router.pool.oldest().map_or_else(String::new, |(_, found)| format!(", {:.0} s old", now.since(found.since).as_secs()));
    let bar = |name: &str, of, says: &str, state| {
        let count = router.pool.all().filter(|(_, found)| found.state == of).count();
        Bar { name: name.into(), value: count as f64, says: format!("{count} {says}"), state: if count == 0 { State::Idle } else { state } }
    };
    vec![
        bar("running", Box_::Busy, "paid for", State::Busy),
        bar("starting", Box_::Starting, "without a call", State::Busy),
        bar("idle", Box_::Idle, &format!("unpaid{oldest}"), State::Idle),
        bar("forgotten", Box_::Forgotten, "found by nobody", State::Down),
    ]
}
