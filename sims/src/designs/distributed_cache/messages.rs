//! What the machines say to each other, and the plan of who owns what.

use crate::kernel::node::{Message, NodeId};
use crate::kernel::time::Time;
use crate::parts::lease::Grant;
use crate::parts::ring::Ring;
use crate::parts::version_vector::{Dot, Siblings, VersionVector};
use std::sync::Arc;

/// Which ring is read and, while it changes, which other one is written too.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Grows with every step of every change.
    pub phase: u64,
    pub read: Arc<Ring>,
    pub also: Option<Arc<Ring>>,
}

/// What a replica answers about a key.
#[derive(Clone, Debug)]
pub struct Vote {
    pub known: Siblings,
    /// Whether it holds the bytes of what it knows to be live.
    pub value: bool,
    pub born: Time,
    pub lease: Option<Grant>,
    /// It lost its memory and has not caught up: this is no vote.
    pub blank: bool,
}

/// Why a fill may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Whoever comes.
    Open,
    /// Only while this lease stands.
    Lease(u64),
    /// A replica's value passed on to another after a quorum agreed on it.
    Repair,
}

/// One key as it is handed over.
#[derive(Clone, Debug)]
pub struct Item {
    pub key: u64,
    pub known: Siblings,
    pub value: bool,
    pub born: Time,
}

/// A write on its way to a replica; without its value it is an invalidation.
#[derive(Clone, Debug)]
pub struct Put {
    pub op: u64,
    pub key: u64,
    pub known: Siblings,
    pub value: bool,
    pub born: Time,
    /// This replica is to bring it to the origin later (write-behind).
    pub owes_origin: bool,
    /// It stands in for this one (sloppy quorum).
    pub stands_in_for: Option<NodeId>,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Read {
        op: u64,
        key: u64,
    },
    Voted {
        op: u64,
        key: u64,
        vote: Vote,
    },
    /// A lease that will not be used after all.
    Release {
        key: u64,
        token: u64,
    },
    Put(Put),
    Stored {
        op: u64,
    },
    Fill {
        key: u64,
        known: Siblings,
        born: Time,
        pass: Pass,
    },

    Query {
        op: u64,
        key: u64,
    },
    Row {
        op: u64,
        known: Siblings,
    },
    AskVersion {
        op: u64,
        key: u64,
    },
    Version {
        op: u64,
        known: Siblings,
    },
    Commit {
        op: u64,
        key: u64,
    },
    Committed {
        op: u64,
        dot: Dot,
        context: VersionVector,
    },
    /// The origin's queue is full.
    Busy {
        op: u64,
    },
    Flush {
        batch: Vec<(u64, Siblings)>,
    },
    Flushed {
        keys: Vec<(u64, Siblings)>,
    },

    Ping {
        round: u64,
    },
    Pong {
        round: u64,
        blank: bool,
    },
    /// An application server asks for the plan; the answer renews its lease.
    Hello {
        acked: u64,
        sent: Time,
    },
    State {
        plan: Plan,
        sent: Time,
    },
    Clear {
        phase: u64,
    },
    Cleared {
        phase: u64,
    },
    Pull {
        phase: u64,
        old: Arc<Ring>,
        new: Arc<Ring>,
        sources: Vec<NodeId>,
    },
    Pulled {
        phase: u64,
    },
    Give {
        phase: u64,
        old: Arc<Ring>,
        new: Arc<Ring>,
        all: bool,
    },
    Given {
        phase: u64,
        blank: bool,
        items: Arc<Vec<Item>>,
    },
    Settle {
        phase: u64,
        ring: Arc<Ring>,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Read { .. } => "read",
            Msg::Voted { .. } => "vote",
            Msg::Release { .. } => "release",
            Msg::Put(put) if put.value => "put",
            Msg::Put(_) => "invalidate",
            Msg::Stored { .. } => "stored",
            Msg::Fill { .. } => "fill",
            Msg::Query { .. } => "query",
            Msg::Row { .. } => "row",
            Msg::AskVersion { .. } => "version?",
            Msg::Version { .. } => "version",
            Msg::Commit { .. } => "commit",
            Msg::Committed { .. } => "committed",
            Msg::Busy { .. } => "busy",
            Msg::Flush { .. } => "flush",
            Msg::Flushed { .. } => "flushed",
            Msg::Ping { .. } => "ping",
            Msg::Pong { .. } => "pong",
            Msg::Hello { .. } => "hello",
            Msg::State { .. } => "plan",
            Msg::Clear { .. } => "clear",
            Msg::Cleared { .. } => "cleared",
            Msg::Pull { .. } => "pull",
            Msg::Pulled { .. } => "pulled",
            Msg::Give { .. } => "give",
            Msg::Given { .. } => "given",
            Msg::Settle { .. } => "settle",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Read { op, key } | Msg::Query { op, key } | Msg::AskVersion { op, key } | Msg::Commit { op, key } => op ^ key.rotate_left(20),
            Msg::Voted { op, vote, .. } => op ^ u64::from(vote.value) << 62 ^ live_mark(&vote.known),
            Msg::Put(put) => put.op ^ live_mark(&put.known),
            Msg::Stored { op } | Msg::Busy { op } => *op,
            Msg::Release { key, token } => key ^ token.rotate_left(32),
            Msg::Fill { key, known, .. } => key ^ live_mark(known),
            Msg::Row { op, known } | Msg::Version { op, known } => op ^ live_mark(known),
            Msg::Committed { op, dot, .. } => op ^ dot.count << 40,
            Msg::Flush { batch } => batch.len() as u64,
            Msg::Flushed { keys } => keys.len() as u64,
            Msg::Ping { round } | Msg::Pong { round, .. } => *round,
            Msg::Hello { acked, .. } => *acked,
            Msg::State { plan, .. } => plan.phase,
            Msg::Clear { phase } | Msg::Cleared { phase } | Msg::Pull { phase, .. } | Msg::Pulled { phase } | Msg::Give { phase, .. } => *phase,
            Msg::Given { phase, items, .. } => phase ^ (items.len() as u64) << 32,
            Msg::Settle { phase, ring } => phase ^ (ring.members().len() as u64) << 32,
        }
    }
}

fn live_mark(known: &Siblings) -> u64 {
    known.live.iter().fold(0, |mark, dot| mark ^ dot.count << 32 ^ u64::from(dot.actor) << 56)
}
