//! What must be true when all is quiet: everybody has an answer, no slot is held for nothing, nothing that was told is left unbilled.

use super::role::Role;
use super::router::Router;
use super::system::Serverless;
use super::{ALL_ANSWERED, ALL_BILLED, SLOTS_RETURNED};
use crate::kernel::invariant::Lamps;
use crate::kernel::world::World;

pub fn judge(world: &World<Serverless>, lamps: &mut Lamps) {
    let now = world.now();
    let nodes = || world.ids().map(|id| (id, world.node(id)));
    let up = |role: &str| world.role(role).iter().all(|id| world.is_up(*id));
    let open = nodes().find_map(|(_, node)| if let Role::Clients(clients) = node { Some(clients.unanswered()) } else { None }).unwrap_or(0);
    let running: Vec<u16> = nodes()
        .filter(|(id, _)| world.is_up(*id))
        .flat_map(|(_, node)| if let Role::Worker(worker) = node { worker.calls().map(|call| call.tenant).collect() } else { Vec::new() })
        .collect();
    if up("clients") {
        lamps.judge(ALL_ANSWERED, now, open <= running.len(), || format!("{open} calls have no answer, and {} run", running.len()));
    }
    if let Some(router) = nodes().filter(|(id, _)| world.is_up(*id)).find_map(|(_, node)| if let Role::Router(router) = node { Some(router) } else { None }) {
        slots(router, &running, world, lamps);
    }
    if !up("meter") {
        return;
    }
    let owed = &world.watch().owed;
    let workers: Vec<_> = nodes().filter(|(_, node)| matches!(node, Role::Worker(_))).collect();
    let lost = workers.iter().zip(owed).find(|((id, _), owed)| world.is_up(*id) && **owed > 0);
    lamps.judge(ALL_BILLED, now, lost.is_none(), || {
        lost.map_or_else(String::new, |((id, _), owed)| format!("{owed} calls that {} told as ended are on no bill", world.name(*id)))
    });
}

fn slots(router: &Router, running: &[u16], world: &World<Serverless>, lamps: &mut Lamps) {
    let held = |tenant: usize| router.slots()[tenant] as usize;
    let runs = |tenant: usize| running.iter().filter(|of| usize::from(**of) == tenant).count();
    let leak = (0..router.slots().len()).find(|tenant| held(*tenant) > runs(*tenant));
    lamps.judge(SLOTS_RETURNED, world.now(), leak.is_none(), || {
        leak.map_or_else(String::new, |tenant| format!("tenant {} holds {} slots and has {} calls running", tenant + 1, held(tenant), runs(tenant)))
    });
}
