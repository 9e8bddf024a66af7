//! What must hold once all is quiet: caches are what the store holds, and leases that nobody renews are gone.

use super::lamps;
use super::machine::Machine;
use super::node::Role;
use super::server::Server;
use super::system::{Config, Notify};
use super::watcher::{Phase, Watcher};
use super::watching::Watching;
use crate::kernel::invariant::Lamps;
use crate::kernel::node::NodeId;
use crate::kernel::world::World;

pub fn judge(world: &World<Config>, lamps: &mut Lamps) {
    world.watch().judge_history(world.now(), lamps);
    // Without a majority nothing moves, and nothing is promised.
    let Some(leader) = leader(world) else { return };
    let machine = leader.member.machine();
    let now = world.now();
    lamps.judge(lamps::LEASES_END, now, machine.store.leases().next().is_none(), || {
        let ids: Vec<String> = machine.store.leases().map(|(id, _)| format!("{id:x}")).take(5).collect();
        format!("nobody has renewed them for long, and leases {} are still there", ids.join(", "))
    });
    for (id, watching) in world.ids().filter(|id| world.is_up(*id)).filter_map(|id| Some((id, watching_of(world, id)?))) {
        for (place, watcher) in watching.all.iter().enumerate() {
            let wrong = differs(world, watcher, machine);
            lamps.judge(lamps::CONVERGE, now, wrong.is_none(), || {
                format!("watcher {} at {} {}", watching.first + place as u32, world.name(id), wrong.unwrap_or_default())
            });
        }
    }
}

pub fn leader(world: &World<Config>) -> Option<&Server> {
    let server = |id: NodeId| if let Role::Server(server) = world.node(id) { Some(&**server) } else { None };
    let up = world.role("s").into_iter().filter(|id| world.is_up(*id)).filter_map(server);
    up.filter(|server| server.tenure.in_office).max_by_key(|server| server.member.term())
}

pub fn watching_of(world: &World<Config>, id: NodeId) -> Option<&Watching> {
    match world.node(id) {
        Role::Host(watching) => Some(watching),
        Role::App(app) => Some(&app.watching),
        Role::Server(_) => None,
    }
}

/// How a watcher's cache differs from the store.
fn differs(world: &World<Config>, watcher: &Watcher, machine: &Machine) -> Option<String> {
    if world.system().notify == Notify::Watch && watcher.phase != Phase::Watching {
        return Some(format!("does not watch, it is {:?}", watcher.phase));
    }
    let items = machine.store.range(&watcher.keys());
    let wrong = items.iter().find(|item| watcher.holds(item.key).is_none_or(|seen| seen.modified != item.modified))?;
    let holds = watcher.holds(wrong.key).unwrap_or_default();
    Some(format!("holds {} of revision {}, the store of revision {}", super::machine::told(wrong.key), holds.modified, wrong.modified))
}
