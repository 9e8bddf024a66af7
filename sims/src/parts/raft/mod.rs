//! Raft: one member of a replicated log, without clock, chance, network or disk of its own.
//!
//! Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (USENIX ATC 2014), and Ongaro's thesis (2014):
//! election with pre-vote (9.6), replication, the commit rule (5.4.2), read index (6.4), snapshots (5.1), membership one
//! server at a time (4.1, with the fix of 2015), leadership transfer (3.10), client sessions (6.3).
//!
//! [`Raft`] only decides: time and chance are handed in, messages and writes are handed out, each message with the number
//! of the write that must be durable before it leaves. [`Member`] makes a node of a kernel's world out of it.

use crate::kernel::node::NodeId;
use crate::kernel::time::Span;
use std::fmt::Debug;
use std::sync::Arc;

#[cfg(test)]
mod cluster;
mod disk;
mod election;
mod finder;
mod log;
mod member;
mod membership;
mod message;
#[cfg(test)]
mod paper;
mod progress;
mod reading;
mod replication;
#[cfg(test)]
mod rules;
mod sessions;
mod snapshot;
mod state;
#[cfg(test)]
mod storms;
mod trio;
mod watch;

pub use disk::{Durable, Write};
pub use finder::Finder;
pub use log::Log;
pub use member::{Event, Host, Member, Read, Timer};
pub use membership::Change;
pub use message::{Envelope, Message, Outcome};
pub use progress::{Flow, Progress};
pub use sessions::{Request, Sessions};
pub use snapshot::Snapshot;
pub use state::{Raft, Role};
pub use trio::Trio;
pub use watch::{Fact, LAMPS, RaftWatch};

pub type Term = u64;
/// Counts log entries from 1.
pub type Index = u64;

/// A place in a log. Its order is that of section 5.4.1: the later term is more up to date, then the longer log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    pub term: Term,
    pub index: Index,
}

/// What the log is for: every member applies the same commands in the same order.
pub trait StateMachine: Clone + Send + 'static {
    type Command: Clone + Send + Debug + 'static;
    type Answer: Clone + Send + Debug + 'static;
    /// Deterministic: no clock and no chance, time comes inside commands.
    fn apply(&mut self, command: &Self::Command) -> Self::Answer;
    /// A number of the command: differing commands should have differing marks.
    fn mark(command: &Self::Command) -> u64;
    /// About how many bytes it holds: the size of its snapshot.
    fn bytes(&self) -> usize {
        0
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Load<C> {
    /// What a new leader writes first, so that it can commit at all (5.4.2).
    Noop,
    Command(C),
    /// Who votes from this entry on, committed or not (4.1).
    Voters(Arc<[NodeId]>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry<C> {
    pub term: Term,
    pub load: Load<C>,
}

/// Whom to answer, and what they call their request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub from: NodeId,
    pub id: u64,
}

/// Only the leader can do that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLeader {
    /// Who may be the leader.
    pub hint: Option<NodeId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// An election time-out is this much, and up to `election_spread` more.
    pub election_min: Span,
    pub election_spread: Span,
    pub heartbeat: Span,
    /// Ask whether one would be elected before raising the term (9.6).
    pub pre_vote: bool,
    /// A leader that has heard no majority for the shortest time-out steps down (6.2).
    pub check_quorum: bool,
    /// Entries in one message.
    pub max_batch: usize,
    /// Messages with entries on the way to one follower.
    pub max_in_flight: usize,
    /// Entries applied since the last snapshot that call for the next; 0 for never.
    pub snapshot_after: u64,
    /// Entries kept behind a snapshot for those who lag.
    pub snapshot_keep: u64,
    /// Bytes of a snapshot in one message.
    pub snapshot_chunk: usize,
    /// Safeguard: only entries of the leader's own term are committed by counting (5.4.2).
    pub own_term_commit: bool,
    /// Safeguard: the vote is durable before it is given.
    pub keep_vote: bool,
    /// Safeguard: members change only once the leader has committed an entry of its own term (Ongaro, raft-dev, July 2015).
    pub change_after_own_term: bool,
    /// Whether facts are told to a watch.
    pub watched: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            election_min: Span::millis(150),
            election_spread: Span::millis(150),
            heartbeat: Span::millis(50),
            pre_vote: true,
            check_quorum: true,
            max_batch: 64,
            max_in_flight: 8,
            snapshot_after: 10_000,
            snapshot_keep: 1_000,
            snapshot_chunk: 64 * 1024,
            own_term_commit: true,
            keep_vote: true,
            change_after_own_term: true,
            watched: true,
        }
    }
}

/// How many make a majority of so many.
pub fn majority(of: usize) -> usize {
    of / 2 + 1
}
