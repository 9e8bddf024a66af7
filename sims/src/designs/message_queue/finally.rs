//! What must hold once all is quiet: nothing was skipped, and copies agree.

use super::replica::Replica;
use super::system::{Machine, Queue};
use super::watch::{AT_LEAST, SAME};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::NodeId;
use crate::kernel::world::World;

pub fn judge(world: &World<Queue>, lamps: &mut Lamps) {
    let mut drained = true;
    for part in 0..world.system().partitions {
        drained &= nothing_skipped(world, part, lamps);
    }
    if drained {
        lamps.judge(AT_LEAST, world.now(), true, String::new);
    }
    for part in 0..=world.system().partitions {
        copies_agree(world, part, lamps);
    }
}

/// Every message that is still held and lies before the group's position was processed, or has a dead letter. True if none lies behind it.
fn nothing_skipped(world: &World<Queue>, part: u32, lamps: &mut Lamps) -> bool {
    let Some((_, leader)) = copies(world, part).find(|(_, replica)| replica.leads()) else { return false };
    let Some(truth) = world.watch().part(part) else { return true };
    let position = position(world, part);
    for (offset, kept) in truth.kept().filter(|(offset, _)| *offset >= leader.log.start() && *offset < position) {
        lamps.judge(AT_LEAST, world.now(), kept.times > 0, || format!("partition {part}: {} at offset {offset} was passed over", kept.id));
    }
    position >= leader.log.end()
}

/// How far the group is: what was committed, or its owner is further.
fn position(world: &World<Queue>, part: u32) -> u64 {
    let committed = world.role("coordinator").first().map_or(0, |id| match world.node(*id) {
        Machine::Coordinator(coordinator) => coordinator.offset(part),
        _ => 0,
    });
    let owner = |id: NodeId| match world.node(id) {
        Machine::Consumer(consumer) if world.is_up(id) => consumer.owned().get(&part).map(|own| own.position),
        _ => None,
    };
    world.role("c").into_iter().filter_map(owner).fold(committed, u64::max)
}

fn copies(world: &World<Queue>, part: u32) -> impl Iterator<Item = (NodeId, &Replica)> {
    let replica = move |id: NodeId| match world.node(id) {
        Machine::Broker(broker) if world.is_up(id) => broker.replica(part).map(|replica| (id, replica)),
        _ => None,
    };
    world.role("b").into_iter().filter_map(replica)
}

/// Up to the lower of their watermarks any two copies hold the same.
fn copies_agree(world: &World<Queue>, part: u32, lamps: &mut Lamps) {
    let Some((leader_id, leader)) = copies(world, part).find(|(_, replica)| replica.leads()) else { return };
    for (id, copy) in copies(world, part).filter(|(id, copy)| *id != leader_id && copy.epoch == leader.epoch) {
        let (from, to) = (leader.log.start().max(copy.log.start()), leader.watermark.min(copy.watermark));
        let same = from >= to || leader.ids(from, to) == copy.ids(from, to);
        lamps.judge(SAME, world.now(), same, || {
            format!("partition {part}: {} and {} differ between offsets {from} and {to}", world.name(leader_id), world.name(id))
        });
    }
}
