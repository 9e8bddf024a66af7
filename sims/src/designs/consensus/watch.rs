//! The lamps: Raft's five properties, commands applied once, and whether clients saw one store.

use super::kv::Op;
use super::system::{Consensus, Role};
use crate::kernel::invariant::{InvariantSpec, Lamps, always, finally, sometimes};
use crate::kernel::node::{NodeId, Watch};
use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use crate::kernel::world::World;
use crate::parts::linear::{CallId, History, Register, register};
use crate::parts::raft::{self, LAMPS, RaftWatch};
use std::collections::{BTreeMap, VecDeque};

const RAFT: usize = 0;
const APPLIED_ONCE: usize = 5;
const KEPT: usize = 6;
const CONVERGED: usize = 7;
const LINEARIZABLE: usize = 8;
const LEADER_CHANGED: usize = 9;
const RESTORED: usize = 10;

#[rustfmt::skip]
pub const INVARIANTS: &[InvariantSpec] = &[
    LAMPS[0], LAMPS[1], LAMPS[2], LAMPS[3], LAMPS[4],
    always("applied-once", "a client's command takes effect once, however often it was sent"),
    finally("answered-is-kept", "every write that was answered is in the store that remains"),
    finally("copies-converge", "all servers that vote and have their disks hold the same store"),
    finally("linearizable", "one order of all calls, true to real time, explains what every client saw"),
    sometimes("leader-changes", "a second leader is elected"),
    sometimes("machine-restored", "a server's store is replaced by a snapshot, or read from disk again"),
];

pub enum Fact {
    Raft(raft::Fact),
    Asked {
        client: NodeId,
        number: u64,
        op: Op,
    },
    Answered {
        client: NodeId,
        number: u64,
        op: Op,
        value: Option<u64>,
    },
    /// A server applied a command; `applied` is how many its store has applied with it, none if nobody knows any more.
    Executed {
        index: u64,
        client: u64,
        seq: u64,
        applied: Option<u64>,
    },
    Restored,
}

#[derive(Clone, Debug, Default)]
pub struct Shadow {
    pub raft: RaftWatch,
    history: History<u32, Register>,
    open: BTreeMap<NodeId, CallId>,
    /// Per session the last command applied, how many different ones were, and the last index looked at.
    last: BTreeMap<u64, u64>,
    different: u64,
    looked: u64,
    /// Per session how many writes were answered.
    answered: BTreeMap<u64, u64>,
    /// Who led: term, leader, since when.
    pub reigns: VecDeque<(u64, NodeId, Time)>,
}

/// Reigns remembered for the pane.
const REIGNS_MAX: usize = 64;

impl Watch<Consensus> for Shadow {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, _: &Consensus, lamps: &mut Lamps) {
        match fact {
            Fact::Raft(fact) => {
                self.raft.see(now, &fact, RAFT, lamps);
                if let raft::Fact::Elected { member, term } = fact {
                    self.reign(term, member, now, lamps);
                }
            }
            Fact::Asked { client, number, op } => {
                let what = match op {
                    Op::Get { .. } => register::Op::Read,
                    Op::Put { value, .. } => register::Op::Write(Some(value)),
                };
                let call = self.history.invoke(now, op.key(), number as u32, what);
                if let Some(forgotten) = self.open.insert(client, call) {
                    self.history.lose(forgotten);
                }
            }
            Fact::Answered { client, number, op, value } => {
                if let Some(call) = self.open.remove(&client) {
                    let out = if op.reads() { register::Out::Value(value) } else { register::Out::Done };
                    self.history.respond(now, call, out);
                }
                if !op.reads() {
                    *self.answered.entry(number).or_default() += 1;
                }
            }
            Fact::Executed { index, client, seq, applied } => self.executed(now, index, client, seq, applied, lamps),
            Fact::Restored => lamps.reach(RESTORED),
        }
    }

    fn weight(&self) -> usize {
        self.raft.weight() + self.history.weight() + self.open.bytes() + self.last.bytes() + self.answered.bytes() + self.reigns.bytes()
    }
}

impl Shadow {
    fn reign(&mut self, term: u64, member: NodeId, now: Time, lamps: &mut Lamps) {
        if !self.reigns.is_empty() {
            lamps.reach(LEADER_CHANGED);
        }
        if self.reigns.len() == REIGNS_MAX {
            self.reigns.pop_front();
        }
        self.reigns.push_back((term, member, now));
    }

    /// Each index is looked at when the first server applies it. A new command must find every different one before it
    /// applied exactly once.
    fn executed(&mut self, now: Time, index: u64, client: u64, seq: u64, applied: Option<u64>, lamps: &mut Lamps) {
        if index <= self.looked {
            return;
        }
        self.looked = index;
        let last = self.last.entry(client).or_default();
        if seq <= *last {
            return;
        }
        *last = seq;
        self.different += 1;
        let (different, counted) = (self.different, applied.unwrap_or_default());
        lamps.judge(APPLIED_ONCE, now, counted == different, || {
            format!("the store has applied {counted} commands at entry {index}, of {different} different ones")
        });
    }
}

/// Once the world is quiet.
pub fn judge_at_last(world: &World<Consensus>, lamps: &mut Lamps) {
    let watch = world.watch();
    if watch.history.calls() > 0 {
        watch.history.judge(LINEARIZABLE, world.now(), lamps);
    }
    let server = |id: NodeId| match world.node(id) {
        Role::Server(server) if world.is_up(id) && !server.member.is_outside() => Some(server),
        _ => None,
    };
    let leads = |id: &NodeId| server(*id).filter(|s| s.member.is_leader() && s.member.raft().settled()).map(|s| s.member.term());
    // Without a leader nothing can be said: the votes may be lost with the disks, or the knobs forbid an election.
    let Some(leader) = world.role("s").into_iter().filter(|id| leads(id).is_some()).max_by_key(|id| leads(id)) else { return };
    let Some(truth) = server(leader) else { return };
    let store = &truth.member.machine().machine;
    let lost = watch.answered.iter().find(|(number, count)| store.written(**number) < **count);
    lamps.judge(KEPT, world.now(), lost.is_none(), || match lost {
        Some((number, count)) => {
            format!("{count} writes of session {number} were answered, the store on {} has {}", world.name(leader), store.written(*number))
        }
        None => String::new(),
    });
    for id in truth.member.raft().voters() {
        let Some(copy) = server(*id) else { continue };
        let same = copy.member.machine().machine == truth.member.machine().machine;
        lamps.judge(CONVERGED, world.now(), same, || {
            let (a, b) = (copy.member.raft().applied(), truth.member.raft().applied());
            format!("{} holds another store at entry {a} than {}, the leader, at {b}", world.name(*id), world.name(leader))
        });
    }
}
