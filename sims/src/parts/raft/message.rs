//! What members say to each other.

use super::snapshot::Snapshot;
use super::{Entry, Index, Pos, StateMachine, Term};
use crate::kernel::node::NodeId;
use crate::kernel::rng::splitmix;
use std::sync::Arc;

#[derive(Clone)]
pub enum Message<M: StateMachine> {
    /// Would you vote for me in that term? Changes nobody's term.
    PreVote {
        term: Term,
        last: Pos,
    },
    /// The term asked for if granted, else the voter's own.
    PreVoted {
        term: Term,
        granted: bool,
    },
    Vote {
        term: Term,
        last: Pos,
    },
    Voted {
        term: Term,
        granted: bool,
    },
    /// With no entries a heartbeat. `round` counts the leader's rounds, for reads.
    Append {
        term: Term,
        prev: Pos,
        entries: Vec<Entry<M::Command>>,
        commit: Index,
        round: u64,
    },
    Appended {
        term: Term,
        outcome: Outcome,
        round: u64,
    },
    /// One chunk of a snapshot, from `offset` on.
    Snapshot {
        term: Term,
        snapshot: Arc<Snapshot<M>>,
        offset: usize,
        round: u64,
    },
    /// Received of the snapshot at that index, up to `offset`.
    Received {
        term: Term,
        at: Index,
        offset: usize,
        round: u64,
    },
    /// Time out now: the leader hands over.
    TimeoutNow {
        term: Term,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The logs agree up to here, durably.
    Matched(Index),
    /// They do not at the place before the entries; they may at `hint`.
    Refused { hint: Pos },
}

/// A message that may leave once so many writes are durable.
#[derive(Clone)]
pub struct Envelope<M: StateMachine> {
    pub to: NodeId,
    pub after: u64,
    pub message: Message<M>,
}

impl<M: StateMachine> Message<M> {
    pub fn label(&self) -> &'static str {
        match self {
            Message::PreVote { .. } => "pre-vote",
            Message::PreVoted { .. } => "pre-voted",
            Message::Vote { .. } => "vote",
            Message::Voted { .. } => "voted",
            Message::Append { entries, .. } if entries.is_empty() => "heartbeat",
            Message::Append { .. } => "append",
            Message::Appended { .. } => "appended",
            Message::Snapshot { .. } => "snapshot",
            Message::Received { .. } => "received",
            Message::TimeoutNow { .. } => "timeout now",
        }
    }

    pub fn term(&self) -> Term {
        match self {
            Message::PreVote { term, .. }
            | Message::PreVoted { term, .. }
            | Message::Vote { term, .. }
            | Message::Voted { term, .. }
            | Message::Append { term, .. }
            | Message::Appended { term, .. }
            | Message::Snapshot { term, .. }
            | Message::Received { term, .. }
            | Message::TimeoutNow { term } => *term,
        }
    }

    /// A number of itself, for the digest.
    pub fn mark(&self) -> u64 {
        let rest = match self {
            Message::PreVote { last, .. } | Message::Vote { last, .. } => last.index << 8 ^ last.term,
            Message::PreVoted { granted, .. } | Message::Voted { granted, .. } => u64::from(*granted),
            Message::Append { prev, entries, commit, round, .. } => prev.index << 32 ^ commit << 16 ^ round << 8 ^ entries.len() as u64,
            Message::Appended { outcome: Outcome::Matched(index), round, .. } => index << 8 ^ round,
            Message::Appended { outcome: Outcome::Refused { hint }, round, .. } => !(hint.index << 8 ^ round),
            Message::Snapshot { snapshot, offset, .. } => snapshot.at.index << 32 ^ *offset as u64,
            Message::Received { at, offset, .. } => at << 32 ^ *offset as u64,
            Message::TimeoutNow { .. } => 0,
        };
        splitmix(rest ^ self.term() << 40)
    }
}
