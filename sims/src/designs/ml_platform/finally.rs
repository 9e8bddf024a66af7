//! What must be true when all is quiet: nobody waits for each other, the copy is like the original, and no workflow is left half done.

use super::flow::{Flow, JOBS, Run};
use super::online::Online;
use super::registry::Registry;
use super::role::Role;
use super::sched::{Entry, Sched};
use super::store::Store;
use super::system::Platform;
use super::{NO_DEADLOCK, ONLINE_LIKE_OFFLINE, RUNS_END};
use crate::kernel::invariant::Lamps;
use crate::kernel::time::Span;
use crate::kernel::world::World;

/// The kernel lets a world run on for so long after its load has stopped.
const LONGEST: Span = Span::secs(60);
/// A step that nobody else holds takes no longer: a round of asking and answering, with room.
const STEP_LONGEST: Span = Span::secs(2);

/// Nodes that are up, of those the laws are about.
#[derive(Default)]
struct Parts<'a> {
    sched: Option<&'a Sched>,
    store: Option<&'a Store>,
    online: Option<&'a Online>,
    flow: Option<&'a Flow>,
    registry: Option<&'a Registry>,
    machines: u32,
}

fn parts(world: &World<Platform>) -> Parts<'_> {
    let mut parts = Parts::default();
    for id in world.ids().filter(|id| world.is_up(*id)) {
        match world.node(id) {
            Role::Sched(node) => parts.sched = Some(node),
            Role::Store(node) => parts.store = Some(node),
            Role::Online(node) => parts.online = Some(node),
            Role::Flow(node) => parts.flow = Some(node),
            Role::Registry(node) => parts.registry = Some(node),
            Role::Machine(_) => parts.machines += 1,
            _ => {}
        }
    }
    parts
}

pub fn judge(world: &World<Platform>, lamps: &mut Lamps) {
    let (now, system, parts) = (world.now(), world.system(), parts(world));
    if let Some(sched) = parts.sched {
        let room = (parts.machines * system.gpus).min(system.ceiling());
        let works = sched.jobs().any(Entry::whole);
        let idle = sched.jobs().find(|entry| !entry.whole() && entry.job.gpus <= room).filter(|_| !works);
        let told = |why: &str, e: &Entry| format!("{why}, and job {} waits with {} of {} GPUs in its hands", e.job.id, e.holds(), e.job.gpus);
        lamps.judge(NO_DEADLOCK, now, idle.is_none(), || idle.map_or_else(String::new, |e| told("nothing runs", e)));
        let never = sched.locked(system);
        lamps.judge(NO_DEADLOCK, now, never.is_none(), || never.map_or_else(String::new, |e| told("what it lacks is held by others that wait", e)));
    }
    if let (Some(store), Some(online)) = (parts.store, parts.online) {
        let unlike = (0..store.offline.people() as u32).find(|who| {
            let latest = store.offline.person(*who).and_then(|person| person.latest());
            online.people.get(who).map(|feature| (feature.event, feature.values)) != latest.map(|record| (record.event, record.value))
        });
        lamps.judge(ONLINE_LIKE_OFFLINE, now, unlike.is_none(), || {
            unlike.map_or_else(String::new, |who| format!("person {who} has other features online than offline, and nothing is on its way"))
        });
    }
    if let (Some(flow), Some(sched), Some(_), Some(registry)) = (parts.flow, parts.sched, parts.store, parts.registry) {
        // A run may still wait for its gang: then the scheduler has its job. Or it got its gang so late that the world ended on its way:
        // then the registry has its version, and not for longer than that may take, or a step has only just ended.
        let cut_short = world.watch().drained.is_some_and(|since| now.since(since) >= LONGEST);
        let last_steps = |run: &Run| registry.minds(run.number, now, system) || now.since(run.moved) < STEP_LONGEST;
        let at_it = |run: &Run| sched.has(JOBS + u64::from(run.number)) || (cut_short && last_steps(run));
        let left = flow.runs.iter().find(|run| run.ended.is_none() && !at_it(run));
        lamps.judge(RUNS_END, now, left.is_none(), || left.map_or_else(String::new, |run| format!("run {} has not ended and nobody is at it", run.number)));
    }
}
