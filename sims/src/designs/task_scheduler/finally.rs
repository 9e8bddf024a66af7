//! What must be true when all is quiet: no task is lost.

use super::NONE_LOST;
use super::queue::Queue;
use super::role::Role;
use super::store::{Record, Store};
use super::system::Scheduling;
use super::task::{State, told};
use crate::kernel::invariant::Lamps;
use crate::kernel::time::{Span, Time};
use crate::kernel::world::World;
use std::collections::BTreeSet;

/// How long after its time a task may still stand in the store untouched: a new leader has to be found, and told.
const GRACE: Span = Span::secs(5);

/// Each task has ended, or waits for something that will come: its time, a message, another task. Judged only where somebody is left to do it.
pub fn judge(world: &World<Scheduling>, lamps: &mut Lamps) {
    let Some((store, queue)) = alive(world) else { return };
    let queued: BTreeSet<u64> = queue.tasks().collect();
    let lost = store.records().iter().find(|(id, record)| !kept(**id, record, store, &queued, world));
    if !store.records().is_empty() {
        lamps.judge(NONE_LOST, world.now(), lost.is_none(), || {
            lost.map_or_else(String::new, |(id, record)| format!("{} is {} and nobody has it", told(*id), record.state.word()))
        });
    }
}

/// Store and queue, if both are up, and somebody to schedule and to work.
fn alive(world: &World<Scheduling>) -> Option<(&Store, &Queue)> {
    let (mut store, mut queue, mut schedulers, mut workers) = (None, None, 0, 0);
    for id in world.ids().filter(|id| world.is_up(*id)) {
        match world.node(id) {
            Role::Store(node) => store = Some(&**node),
            Role::Queue(node) => queue = Some(node),
            Role::Scheduler(_) => schedulers += 1,
            Role::Worker(_) => workers += 1,
            Role::Clients(_) | Role::Target(_) => {}
        }
    }
    (schedulers > 0 && workers > 0).then_some((store?, queue?))
}

fn kept(id: u64, record: &Record, store: &Store, queued: &BTreeSet<u64>, world: &World<Scheduling>) -> bool {
    match record.state {
        state if state.ended() => true,
        State::Scheduled => Time(record.due).max(record.since) + world.system().lease + GRACE > world.now(),
        State::Waiting => record.waits_for(|before| store.records().get(&before).is_some_and(|r| !r.state.ended())),
        _ => queued.contains(&id) || store.in_outbox(id),
    }
}
