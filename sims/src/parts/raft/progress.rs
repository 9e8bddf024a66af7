//! What a leader knows of one follower.

use super::Index;
use crate::kernel::node::NodeId;
use crate::kernel::time::Time;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Where the logs agree is not known: one message at a time.
    Probe,
    /// It is: messages follow each other without waiting.
    Stream,
    /// The follower needs entries that are gone: a snapshot is on its way.
    Snapshot { at: Index, offset: usize },
}

#[derive(Clone, Debug)]
pub struct Progress {
    pub id: NodeId,
    /// The logs agree up to here, durably.
    pub matched: Index,
    /// The next entry to send.
    pub next: Index,
    pub flow: Flow,
    /// A probe or a chunk has no answer yet.
    pub waiting: bool,
    /// The last entry of each message on its way.
    pub in_flight: VecDeque<Index>,
    /// The highest commit index it was told.
    pub told: Index,
    /// The latest round it answered.
    pub round: u64,
    pub heard: Time,
}

impl Progress {
    pub fn new(id: NodeId, next: Index, now: Time) -> Progress {
        Progress { id, matched: 0, next, flow: Flow::Probe, waiting: false, in_flight: VecDeque::new(), told: 0, round: 0, heard: now }
    }

    /// The follower has everything up to `index`.
    pub fn has(&mut self, index: Index) {
        self.matched = self.matched.max(index);
        self.next = self.next.max(self.matched + 1);
        while self.in_flight.front().is_some_and(|last| *last <= index) {
            self.in_flight.pop_front();
        }
        self.flow = Flow::Stream;
        self.waiting = false;
    }

    /// The logs do not agree where it was thought: back to `next`, one message at a time.
    pub fn back_to(&mut self, next: Index) {
        self.next = next.max(1).min(self.next);
        self.flow = Flow::Probe;
        self.waiting = false;
        self.in_flight.clear();
    }

    /// Whether a message with entries may leave now.
    pub fn open(&self, window: usize) -> bool {
        match self.flow {
            Flow::Stream => self.in_flight.len() < window,
            Flow::Probe | Flow::Snapshot { .. } => !self.waiting,
        }
    }
}
