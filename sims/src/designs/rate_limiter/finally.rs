//! What must be true when all is quiet: nobody is locked out.

use super::NOBODY_LOCKED_OUT;
use super::role::Role;
use super::system::{Placement, RateLimiter, told};
use crate::kernel::invariant::Lamps;
use crate::kernel::world::World;

/// Looks ahead, by the clocks that decide: with no more load every key must have quota again, debts of a late sync included.
pub fn judge(world: &World<RateLimiter>, lamps: &mut Lamps) {
    let system = world.system();
    let local = matches!(system.placement, Placement::Local | Placement::Synced);
    let mut stuck = None;
    let mut keys = 0u64;
    for id in world.ids() {
        let (table, latest) = match world.node(id) {
            Role::Store(store) if !local => (store.table(), store.latest()),
            Role::Server(server) if local => (server.table(), world.now().0),
            _ => continue,
        };
        for (key, promise, kept) in table.iter() {
            let promised = if system.placement == Placement::Local { system.promised_locally(key) } else { system.promised(key) };
            if promise != promised.mark {
                continue;
            }
            keys += 1;
            let later = latest.max(world.now().0) + (system.servers as u64 + 2) * promised.quota.window_ns;
            if promised.rule.remaining(kept, later) == 0 {
                stuck = Some((key, world.name(id).to_string()));
            }
        }
    }
    if keys > 0 {
        lamps.judge(NOBODY_LOCKED_OUT, world.now(), stuck.is_none(), || {
            let (key, place) = stuck.unwrap_or_default();
            format!("{} has no quota at {place}, however long it waits", told(key))
        });
    }
}
