//! What must be true when all is quiet: no lease stands beyond its time.

use super::config::Locks;
use super::role::Role;
use super::watch::COMES_FREE;
use super::wire::Lock;
use super::{SLACK, TICK};
use crate::kernel::invariant::Lamps;
use crate::kernel::time::Time;
use crate::kernel::world::World;

/// Looks at every lease that the service still keeps: it must have an end, and that must lie ahead. Where nobody is left to
/// decide, because a majority is gone for good, nothing is judged.
pub fn judge(world: &World<Locks>, lamps: &mut Lamps) {
    let Some(kept) = kept(world) else { return };
    let now = world.now();
    let stuck = kept.iter().find(|(lock, until)| now > until.unwrap_or(Time::MAX) + TICK + SLACK || until.is_none() && !in_use(world, *lock));
    lamps.judge(COMES_FREE, now, stuck.is_none(), || match stuck {
        Some((lock, Some(until))) => format!("the lease on lock {lock} was to end at {until} and stands"),
        Some((lock, None)) => format!("lock {lock} is held by a job that is over, and nothing will end its lease"),
        None => String::new(),
    });
}

/// Leases with their ends by true time, none where there is no end. None if nobody keeps them.
fn kept(world: &World<Locks>) -> Option<Vec<(Lock, Option<Time>)>> {
    let servers = world.role("s").into_iter().filter(|id| world.is_up(*id)).map(|id| world.node(id));
    let mut all = Vec::new();
    let mut decided = false;
    for node in servers {
        match node {
            Role::Server(server) if server.is_leader() => {
                decided = true;
                all.extend(
                    server.machine().iter().map(|(lock, _)| (lock, server.until(lock).map(|until| end(world, until)).filter(|until| *until < Time::MAX))),
                );
            }
            Role::Store(store) if store.is_primary() => {
                decided = true;
                all.extend(store.held().map(|(lock, lease)| (lock, Some(end(world, lease.until)).filter(|until| *until < Time::MAX))));
            }
            _ => {}
        }
    }
    decided.then_some(all)
}

/// An end by the clock that leases are counted by, near enough by true time: clocks that were set are off by what they were set.
fn end(world: &World<Locks>, until: Time) -> Time {
    if until == Time::MAX { until } else { world.system().true_time(until) }
}

/// Whether a client is at work under it.
fn in_use(world: &World<Locks>, lock: Lock) -> bool {
    world.role("client").into_iter().any(|id| matches!(world.node(id), Role::Client(client) if world.is_up(id) && client.works_on(lock)))
}
