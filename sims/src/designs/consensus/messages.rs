//! What servers and clients say.

use super::kv::{Kv, Op};
use crate::kernel::node::{Message, NodeId};
use crate::kernel::rng::splitmix;
use crate::parts::raft::{self, Sessions};

pub type Machine = Sessions<Kv>;

#[derive(Clone)]
pub enum Msg {
    Raft(raft::Message<Machine>),
    /// A client's request; its number makes it known when it comes again.
    Ask {
        client: u64,
        seq: u64,
        op: Op,
    },
    Done {
        seq: u64,
        value: Option<u64>,
        /// Up to which entry the store that answers had come.
        index: u64,
    },
    /// Not here; perhaps there.
    No {
        seq: u64,
        hint: Option<NodeId>,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Raft(message) => message.label(),
            Msg::Ask { op, .. } if op.reads() => "read",
            Msg::Ask { .. } => "write",
            Msg::Done { .. } => "done",
            Msg::No { .. } => "not here",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Raft(message) => message.mark(),
            Msg::Ask { client, seq, op } => splitmix(client << 32 ^ seq << 8 ^ u64::from(op.key())),
            Msg::Done { seq, value, index } => splitmix(seq ^ value.unwrap_or(1) << 20 ^ index << 40),
            Msg::No { seq, hint } => splitmix(!seq ^ hint.map_or(0, |id| u64::from(id.0) + 1) << 40),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Timer {
    Raft(raft::Timer),
    /// The load's next request.
    Arrive,
    /// No load now: look again.
    Look,
    /// The answer to this request is late.
    Late {
        seq: u64,
        tries: u32,
    },
    /// Nobody led: ask again.
    Again {
        seq: u64,
        tries: u32,
    },
}
