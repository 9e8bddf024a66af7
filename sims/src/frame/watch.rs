//! The lamps: what must hold, judged from the facts that handlers report.

use super::Counter;
use super::nodes::Role;
use crate::kernel::invariant::{InvariantSpec, Lamps, always, finally, sometimes};
use crate::kernel::node::{NodeId, Watch};
use crate::kernel::time::Time;
use crate::kernel::world::World;
use std::collections::BTreeMap;

const COUNTED_ONCE: usize = 0;
const NEVER_FALLS: usize = 1;
const ANSWERED_WAS_COUNTED: usize = 2;
const ANSWERED_IS_KEPT: usize = 3;
const ASKED_AGAIN: usize = 4;

pub const LAMPS: &[InvariantSpec] = &[
    always("counted-once", "no request is counted twice"),
    always("never-falls", "the count never falls"),
    always("answered-was-counted", "a client gets an answer only to a request that was counted"),
    finally("answered-is-kept", "the count is at least the number of answers"),
    sometimes("asked-again", "a client asks again"),
];

pub enum Fact {
    Counted { client: NodeId, request: u64, value: u64 },
    Answered { client: NodeId, request: u64 },
    Repeated,
}

/// What the lamps remember: the highest request counted for each client, and the count.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    counted: BTreeMap<NodeId, u64>,
    value: u64,
}

impl Watch<Counter> for Shadow {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, _: &Counter, lamps: &mut Lamps) {
        match fact {
            Fact::Counted { client, request, value } => {
                let last = self.counted.entry(client).or_default();
                lamps.judge(COUNTED_ONCE, now, request > *last, || format!("request {request} of client{} was counted again", client.0));
                lamps.judge(NEVER_FALLS, now, value > self.value, || format!("the count fell from {} to {value}", self.value));
                *last = request.max(*last);
                self.value = value;
            }
            Fact::Answered { client, request } => {
                let counted = self.counted.get(&client).copied().unwrap_or_default();
                lamps.judge(ANSWERED_WAS_COUNTED, now, request <= counted, || format!("request {request} of client{} was answered, not counted", client.0));
            }
            Fact::Repeated => lamps.reach(ASKED_AGAIN),
        }
    }
}

/// Once the world is quiet: what was promised is there.
pub fn judge_at_last(world: &World<Counter>, lamps: &mut Lamps) {
    let (mut answered, mut value) = (0, 0);
    for id in world.ids() {
        match world.node(id) {
            Role::Client(client) => answered += client.answered(),
            Role::Server(server) => value += server.value(),
        }
    }
    lamps.judge(ANSWERED_IS_KEPT, world.now(), value >= answered, || format!("{answered} requests were answered, but the count is {value}"));
}
