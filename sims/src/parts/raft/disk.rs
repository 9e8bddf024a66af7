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
    /// All there is: what a journal begins with.
    Whole(Box<Durable<M>>),
}

impl<M: StateMachine> Write<M> {
    /// Bytes it holds beyond its own size.
    pub fn bytes(&self) -> usize {
        match self {
            Write::Ballot { .. } => 0,
            Write::Entries { entries, .. } => entries.len() * size_of::<Entry<M::Command>>(),
            Write::Snapshot { snapshot, .. } => snapshot.bytes,
            Write::Whole(whole) => size_of::<Durable<M>>() + whole.log.bytes(),
        }
    }
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
            Write::Whole(whole) => *self = *whole,
        }
    }
}
