//! What the lab shows of the limiter beside the usual: the users' state, and when each was let through.

use super::client::{Clients, User};
use super::role::Role;
use super::system::{Class, Placement, RateLimiter, USER, key};
use crate::kernel::time::Time;
use crate::kernel::view::{Ask, Heat, Table, View};
use crate::kernel::world::World;

pub fn pane(world: &World<RateLimiter>, pane: &str, ask: &Ask) -> View {
    let Some(clients) = world.ids().find_map(|id| if let Role::Clients(clients) = world.node(id) { Some(clients) } else { None }) else {
        return View::Empty("nobody calls".into());
    };
    if clients.users().is_empty() {
        return View::Empty("nobody has called yet".into());
    }
    match pane {
        "users" => View::Table(users(world, clients, usize::from(ask.rows).saturating_sub(1))),
        _ => View::Heat(passes(world, clients, ask)),
    }
}

/// The users who called most, busiest first.
fn busiest(clients: &Clients, most: usize) -> Vec<(u32, &User)> {
    let mut users: Vec<(u32, &User)> = clients.users().iter().map(|(id, user)| (*id, user)).collect();
    users.sort_by_key(|(id, user)| (std::cmp::Reverse(user.asked), *id));
    users.truncate(most);
    users
}

fn users(world: &World<RateLimiter>, clients: &Clients, most: usize) -> Table {
    let head = ["user", "tier", "limit", "asked", "passed", "refused", "failed", "last window", "left"].map(String::from).to_vec();
    let rows = busiest(clients, most).into_iter().map(|(id, user)| row(world, id, user)).collect();
    Table { head, rows }
}

fn row(world: &World<RateLimiter>, id: u32, user: &User) -> Vec<String> {
    let system = world.system();
    let limiter_key = key(USER, u64::from(id));
    let quota = &system.promised(limiter_key).quota;
    let lately = user.recent.iter().filter(|at| at.0 + quota.window_ns > world.now().0).count();
    let tier = if system.class(limiter_key) == Class::Pro { "pro" } else { "free" };
    vec![
        id.to_string(),
        tier.into(),
        quota.limit.to_string(),
        user.asked.to_string(),
        user.passed.to_string(),
        user.refused.to_string(),
        user.failed.to_string(),
        lately.to_string(),
        left(world, limiter_key),
    ]
}

/// What remains by the store's count, or by each server's own.
fn left(world: &World<RateLimiter>, limiter_key: u64) -> String {
    let system = world.system();
    let local = matches!(system.placement, Placement::Local | Placement::Synced);
    let promised = if system.placement == Placement::Local { system.promised_locally(limiter_key) } else { system.promised(limiter_key) };
    let counts: Vec<String> = world
        .ids()
        .filter_map(|id| match world.node(id) {
            Role::Store(store) if !local => store.table().get(limiter_key, promised),
            Role::Server(server) if local => server.table().get(limiter_key, promised),
            _ => None,
        })
        .map(|kept| promised.rule.reported(kept, world.now().0).to_string())
        .collect();
    if counts.is_empty() { "all".into() } else { counts.join(" ") }
}

/// The last two windows, a row per user, a column per slice of time; full is a whole limit in one slice.
fn passes(world: &World<RateLimiter>, clients: &Clients, ask: &Ask) -> Heat {
    let window = world.system().promised(1).quota.window_ns;
    let cols = usize::from(ask.cols).clamp(1, 120);
    let slice = (2 * window / cols as u64).max(1);
    // Slices are aligned to the clock, so that the picture moves by whole columns and the window's edge stays in place.
    let end = world.now().0 / slice + 1;
    let start = end.saturating_sub(cols as u64);
    let users = busiest(clients, usize::from(ask.rows).clamp(1, 12));
    let cells = users
        .iter()
        .map(|(id, user)| {
            let limit = world.system().promised(key(USER, u64::from(*id))).quota.limit as f64;
            let mut row = vec![0.0; cols];
            for at in &user.recent {
                if let Some(cell) = (at.0 / slice).checked_sub(start).and_then(|column| row.get_mut(column as usize)) {
                    *cell += 1.0 / limit;
                }
            }
            row.into_iter().map(|share: f64| share.min(1.0)).collect()
        })
        .collect();
    let edge = Time(world.now().0 / window * window);
    Heat {
        row_names: users.iter().map(|(id, _)| format!("user {id}")).collect(),
        cells,
        says: format!("requests let through, as shares of the limit; from {}, the clock's window began at {edge}", Time(start * slice)),
    }
}
