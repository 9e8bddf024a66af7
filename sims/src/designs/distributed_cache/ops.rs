//! A request in flight at an application server: what it has asked, and what it has been told.

use super::messages::{Plan, Vote};
use super::system::Caching;
use crate::kernel::node::NodeId;
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::parts::lease::Grant;
use crate::parts::version_vector::{Dot, Siblings};

/// How long answers are waited for before something else is tried.
pub const PATIENCE: Span = Span::millis(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for replicas.
    Replicas,
    /// Waiting for another's fetch.
    Parked,
    /// Waiting for the origin.
    Origin,
}

#[derive(Clone, Debug)]
pub struct Op {
    pub key: u64,
    pub began: Time,
    /// When the replicas were asked, the last time.
    pub asked: Time,
    pub phase: u64,
    pub generation: u32,
    pub stage: Stage,
    pub plan: Plan,
    pub patience: Option<Ticket>,
    pub deadline: Option<Ticket>,
    /// Replicas of the ring that is read, then of the one that is also written.
    pub sets: [Vec<u32>; 2],
    pub votes: Vec<(NodeId, Vote)>,
    /// Replicas that answered that they cannot vote.
    pub blanks: Vec<NodeId>,
    /// Everything the votes know.
    pub merged: Siblings,
    /// The version a value must have reached, once the origin's index has said it.
    pub version: Option<Siblings>,
    pub looks: u32,
    pub patient: bool,
    pub leads: bool,
    pub asked_origin: Time,
    /// A write's own version, and who has it.
    pub write: Option<Siblings>,
    pub acks: Vec<NodeId>,
    pub stand_ins: Vec<(NodeId, NodeId)>,
    pub retries: u32,
}

impl Op {
    pub fn new(key: u64, now: Time, plan: &Plan, system: &Caching) -> Op {
        let second = plan.also.as_ref().map_or_else(Vec::new, |ring| system.set(ring, key));
        Op {
            key,
            began: now,
            asked: now,
            phase: 0,
            generation: 0,
            stage: Stage::Replicas,
            plan: plan.clone(),
            patience: None,
            deadline: None,
            sets: [system.set(&plan.read, key), second],
            votes: Vec::new(),
            blanks: Vec::new(),
            merged: Siblings::default(),
            version: None,
            looks: 0,
            patient: true,
            leads: false,
            asked_origin: now,
            write: None,
            acks: Vec::new(),
            stand_ins: Vec::new(),
            retries: 0,
        }
    }

    /// Every replica of either ring, once.
    pub fn everyone(&self) -> Vec<NodeId> {
        let mut all: Vec<NodeId> = self.sets[0].iter().chain(&self.sets[1]).map(|m| NodeId(*m)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether the value can be put together from the votes: each live write's bytes are held by somebody.
    pub fn has_value(&self) -> bool {
        let held = |dot: &Dot| self.votes.iter().any(|(_, v)| v.value && v.known.live.contains(dot));
        self.votes.iter().any(|(_, v)| v.value) && self.merged.live.iter().all(held)
    }

    /// The lease of whoever decides: the first replica of the set that gave one.
    pub fn grant(&self) -> Option<Grant> {
        self.sets[0].iter().find_map(|m| self.votes.iter().find(|(from, _)| from.0 == *m).and_then(|(_, vote)| vote.lease))
    }
}
