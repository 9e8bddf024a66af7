//! What travels: Raft's messages between servers, requests and answers, and the stream of a watching host.

use super::machine::{Batch, Item, Key, Machine, Transaction};
use crate::kernel::node::{Message, NodeId};
use crate::kernel::rng::splitmix;
use crate::kernel::time::Span;
use crate::parts::mvcc::Keys;
use crate::parts::raft;
use crate::parts::watches::WatchId;
use std::sync::Arc;

/// How a read makes sure of what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// By read index: at any server, which asks the leader.
    Linearizable,
    /// From the leader's own state.
    Leader,
    /// From the state of whoever is asked.
    Local,
}

#[derive(Clone, Debug)]
pub enum Ask {
    /// What some keys hold, at a revision that is at least `least`.
    Read {
        keys: Keys<Key>,
        how: How,
        least: u64,
    },
    Write(Transaction),
    Grant {
        lease: u64,
        ttl: Span,
        key: Key,
    },
    Renew {
        lease: u64,
    },
}

#[derive(Clone, Debug)]
pub enum Reply {
    Items {
        revision: u64,
        items: Arc<[Item]>,
    },
    Done {
        held: bool,
        revision: u64,
    },
    Granted {
        revision: u64,
    },
    Renewed,
    /// There is no such lease, or none any more.
    NoLease,
    NotLeader(Option<NodeId>),
    /// Too much is waiting already, or this server lags behind what was asked for.
    Busy,
}

/// What comes down a host's stream, in order.
#[derive(Clone, Debug)]
pub enum Down {
    /// A watch stands; everything up to a revision is known to the watcher.
    Watching { watcher: u32, attempt: u32, id: WatchId, upto: u64 },
    /// Changes, and which watches they are for.
    Changes(Vec<(Batch, Vec<(u32, WatchId)>)>),
    /// Changes after what the watcher has had are compacted; its watch is over.
    Compacted { watcher: u32, at: u64 },
    /// Not now.
    Refused { watcher: u32, attempt: u32 },
    /// Every watcher but those named has had all there is up to a revision.
    Progress { upto: Option<u64>, behind: Vec<u32> },
    /// The server ends the stream: by order, or because it hears no leader.
    Closed,
}

#[derive(Clone)]
pub enum Msg {
    Raft(raft::Message<Machine>),
    Ask {
        op: u64,
        ask: Ask,
    },
    Answer {
        op: u64,
        reply: Reply,
    },
    /// A follower asks what a linearizable read must have seen.
    IndexAsk {
        n: u64,
    },
    IndexIs {
        n: u64,
        revision: Option<u64>,
    },
    /// Watch from `next` on; nothing: from now on.
    Watch {
        epoch: u64,
        watcher: u32,
        attempt: u32,
        keys: Keys<Key>,
        next: Option<u64>,
    },
    Unwatch {
        epoch: u64,
        id: WatchId,
    },
    /// Numbered on its stream, so that the server notices when one is lost.
    Handled {
        epoch: u64,
        seq: u64,
        ids: Vec<WatchId>,
    },
    /// With the number of the last such message.
    Ping {
        epoch: u64,
        seq: u64,
    },
    Pong {
        epoch: u64,
    },
    /// The server knows nothing of that stream.
    Unknown {
        epoch: u64,
    },
    Down {
        epoch: u64,
        seq: u64,
        down: Down,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Raft(message) => message.label(),
            Msg::Ask { ask: Ask::Read { .. }, .. } => "read",
            Msg::Ask { ask: Ask::Write(_), .. } => "txn",
            Msg::Ask { ask: Ask::Grant { .. }, .. } => "grant lease",
            Msg::Ask { ask: Ask::Renew { .. }, .. } => "renew lease",
            Msg::Answer { reply: Reply::NotLeader(_), .. } => "not leader",
            Msg::Answer { reply: Reply::Busy, .. } => "busy",
            Msg::Answer { .. } => "answer",
            Msg::IndexAsk { .. } => "read index?",
            Msg::IndexIs { .. } => "read index",
            Msg::Watch { .. } => "watch",
            Msg::Unwatch { .. } => "unwatch",
            Msg::Handled { .. } => "handled",
            Msg::Ping { .. } => "ping",
            Msg::Pong { .. } => "pong",
            Msg::Unknown { .. } => "unknown stream",
            Msg::Down { down, .. } => match down {
                Down::Watching { .. } => "watching",
                Down::Changes(_) => "changes",
                Down::Compacted { .. } => "compacted",
                Down::Refused { .. } => "refused",
                Down::Progress { .. } => "progress",
                Down::Closed => "closed",
            },
        }
    }

    fn mark(&self) -> u64 {
        splitmix(match self {
            Msg::Raft(message) => message.mark(),
            Msg::Ask { op, .. } => *op,
            Msg::Answer { op, reply } => op ^ reply.mark() << 8,
            Msg::IndexAsk { n } => *n,
            Msg::IndexIs { n, revision } => n ^ revision.unwrap_or_default() << 20,
            Msg::Watch { epoch, watcher, next, .. } => epoch ^ u64::from(*watcher) << 32 ^ next.unwrap_or_default(),
            Msg::Unwatch { epoch, id } => epoch ^ u64::from(*id),
            Msg::Handled { epoch, seq, ids } => epoch ^ seq << 20 ^ ids.len() as u64,
            Msg::Ping { epoch, seq } => epoch ^ seq << 20,
            Msg::Pong { epoch } | Msg::Unknown { epoch } => *epoch,
            Msg::Down { epoch, seq, down } => epoch ^ seq << 20 ^ down.mark(),
        })
    }
}

impl Reply {
    fn mark(&self) -> u64 {
        match self {
            Reply::Items { revision, .. } | Reply::Granted { revision } => *revision,
            Reply::Done { held, revision } => revision << 1 | u64::from(*held),
            Reply::Renewed => 1,
            Reply::NoLease => 2,
            Reply::NotLeader(hint) => 3 ^ u64::from(hint.map_or(0, |id| id.0)) << 4,
            Reply::Busy => 4,
        }
    }
}

impl Down {
    fn mark(&self) -> u64 {
        match self {
            Down::Watching { watcher, upto, .. } | Down::Compacted { watcher, at: upto } => u64::from(*watcher) << 32 ^ upto,
            Down::Changes(batches) => batches.iter().fold(0, |sum, (batch, watches)| sum ^ batch.upto << 16 ^ watches.len() as u64),
            Down::Refused { watcher, .. } => u64::from(*watcher),
            Down::Progress { upto, behind } => upto.unwrap_or_default() ^ (behind.len() as u64) << 32,
            Down::Closed => 5,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    Raft(raft::Timer),
    /// A server: the first job in the queue is done.
    Served,
    /// A server: leases, compaction, streams.
    Tick,
    /// A server: a lease is to be looked at before the world may rest.
    LastLease,
    /// A host: pings, dead connections.
    Beat,
    /// A watcher tries to connect, or polls.
    Try(u32),
    /// A watcher has waited long enough for an answer to that attempt.
    Patience(u32, u32),
    /// A slow watcher has digested one message.
    Digested(u32),
    /// The world is coming to rest: look once more that everything has arrived.
    Settle(u32),
    /// An application: the next request arrives.
    Arrive,
    /// A request was not answered in time.
    Late(u64),
    /// A request is made again.
    Again(u64),
    /// A holder renews its lease.
    Renew(u32),
}
