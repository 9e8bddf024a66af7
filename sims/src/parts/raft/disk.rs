//! What a member keeps through a crash: term, vote, snapshot, log; and the writes that change it.

use super::log::Log;
use super::snapshot::Snapshot;
use super::{Entry, Index, StateMachine, Term};
use crate::kernel::node::NodeId;
use std::sync::Arc;

/// One write, in the order they are made.
#[derive(Clone)]
pub enum Write<M: StateMachine> {
    Ballot {
        term: Term,
        vote: Option<NodeId>,
    },
    /// Entries behind `after`; what stood there goes.
    Entries {
        after: Index,
        entries: Vec<Entry<M::Command>>,
    },
    Snapshot {
        snapshot: Arc<Snapshot<M>>,
        keep: u64,
    },
}

/// The contents of a member's disk.
#[derive(Clone)]
pub struct Durable<M: StateMachine> {
    pub term: Term,
    pub vote: Option<NodeId>,
    pub snapshot: Option<Arc<Snapshot<M>>>,
    pub log: Log<M::Command>,
    /// The configuration the group began with.
    pub founders: Arc<[NodeId]>,
}

impl<M: StateMachine> Durable<M> {
    pub fn new(founders: &[NodeId]) -> Durable<M> {
        Durable { term: 0, vote: None, snapshot: None, log: Log::default(), founders: founders.into() }
    }

    pub fn apply(&mut self, write: Write<M>) {
        match write {
            Write::Ballot { term, vote } => (self.term, self.vote) = (term, vote),
            Write::Entries { after, entries } => {
                self.log.truncate(after);
                for entry in entries {
                    self.log.push(entry);
                }
            }
            Write::Snapshot { snapshot, keep } => {
                self.log.cover(snapshot.at, keep);
                self.snapshot = Some(snapshot);
            }
        }
    }

    pub fn weight(&self) -> usize {
        self.log.bytes() + self.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes)
    }
}
