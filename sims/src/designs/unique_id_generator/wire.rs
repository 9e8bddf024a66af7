//! What is said between the nodes, and the timers they set.

use crate::kernel::node::{Message, NodeId};
use crate::kernel::time::Time;
use crate::parts::tickets::Range;

/// A client wants ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    pub client: NodeId,
    /// Counts the client's requests.
    pub request: u64,
    /// Ids still to be made for it.
    pub left: u64,
    /// The first id made for it.
    pub first: Option<Made>,
    /// When it reached the generator.
    pub came: Time,
}

/// An id with what its maker knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    pub id: u128,
    /// The time the maker put into it, where it has one.
    pub at_ms: Option<u64>,
    /// The maker's site.
    pub site: usize,
}

#[derive(Clone, Copy, Debug)]
pub enum Msg {
    Ask(Ask),
    Issued {
        request: u64,
        made: Made,
    },
    Refused {
        request: u64,
        reason: usize,
    },
    /// A generator asks for a number, or to keep the one it holds. `last_ms` is the larger of its clock and its last id's time.
    LeaseAsk {
        holds: Option<u64>,
        last_ms: u64,
        asked: Time,
    },
    /// The number, and the time an earlier holder may have reached.
    Leased {
        number: u64,
        after_ms: u64,
        asked: Time,
    },
    NoNumber,
    /// The machine was replaced: the generator runs at a new address.
    Moved {
        address: u64,
    },
    /// A generator wants the next range; `ask` comes back with it.
    Fetch {
        ask: Option<Ask>,
    },
    Fetched {
        range: Range,
        ask: Option<Ask>,
    },
    /// A row for the database, with the new id as its key.
    Row {
        key: u128,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Ask(_) => "ask",
            Msg::Issued { .. } => "issued",
            Msg::Refused { .. } => "refused",
            Msg::LeaseAsk { .. } => "lease?",
            Msg::Leased { .. } => "leased",
            Msg::NoNumber => "no number",
            Msg::Moved { .. } => "moved",
            Msg::Fetch { .. } => "fetch",
            Msg::Fetched { .. } => "range",
            Msg::Row { .. } => "row",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Ask(ask) => ask.request ^ ask.left << 40,
            Msg::Issued { made: Made { id, .. }, .. } | Msg::Row { key: id } => *id as u64 ^ (*id >> 64) as u64,
            Msg::Refused { request, reason } => request ^ (*reason as u64) << 56,
            Msg::LeaseAsk { last_ms, .. } => *last_ms,
            Msg::Leased { number, .. } => *number,
            Msg::NoNumber => 0,
            Msg::Moved { address } => *address,
            Msg::Fetch { ask } => ask.map_or(0, |a| a.request),
            Msg::Fetched { range, .. } => range.next,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// A client's next request.
    Arrive,
    /// Nothing was due: a client looks at the rate again.
    Look,
    /// A client gives up on requests that are too old.
    GiveUp,
    /// A generator looks at its clock again.
    Wake,
    /// A generator renews its lease.
    Renew,
    /// A generator asks for a range again.
    Refetch,
    /// The fleet is replaced.
    Redeploy,
}
