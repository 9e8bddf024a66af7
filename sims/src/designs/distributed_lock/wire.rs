//! What travels between the clients, the lock's servers and the storage, and the timers they set.

use super::machine::Machine;
use crate::kernel::node::{Message, NodeId};
use crate::kernel::time::{Span, Time};
use crate::parts::raft;

/// A lock's number, from 1.
pub type Lock = u32;

/// Who asks: a client and its job, a pair that is never used twice. It stands for the long random value that real clients draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    pub client: u32,
    pub job: u32,
}

impl Owner {
    pub fn mark(self) -> u64 {
        u64::from(self.client) << 32 | u64::from(self.job)
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "client{} (job {})", self.client, self.job)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Set if absent, with a time to live.
    Take,
    /// The full time once more.
    Renew,
    /// Done with it.
    Free,
}

/// One request to a server of the lock. It comes back with the answer, so that the client can count from when it asked.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub ask: Ask,
    pub lock: Lock,
    pub owner: Owner,
    pub round: u64,
    /// `Span(u64::MAX)` where nothing ends by itself.
    pub ttl: Span,
    /// True time, for measuring.
    pub sent: Time,
    /// The client's own clock, for deciding.
    pub sent_clock: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Granted {
        token: u64,
    },
    /// Somebody else has it.
    Busy,
    Renewed,
    /// It is not, or no longer, the asker's.
    NotYours,
    Freed,
    NotLeader {
        hint: Option<NodeId>,
    },
}

/// One row of a store's table as its replica gets it: how much time is left, not when it ends, for clocks differ.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub lock: Lock,
    pub owner: Owner,
    pub token: u64,
    pub left: Span,
}

/// What a job asks of the storage, with the number it was given.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub lock: Lock,
    pub owner: Owner,
    pub token: u64,
    pub id: u64,
}

#[derive(Clone)]
pub enum Msg {
    Ask(Request),
    Answer {
        request: Request,
        answer: Answer,
    },
    /// A primary's whole table, numbered within its reign.
    Copy {
        epoch: u64,
        version: u64,
        rows: Vec<Row>,
        issued: u64,
    },
    Copied {
        epoch: u64,
        version: u64,
    },
    Read(Access),
    Value {
        access: Access,
        version: u64,
    },
    /// A new value, made from version `based_on`.
    Write {
        access: Access,
        based_on: u64,
    },
    Written {
        access: Access,
        at: Time,
    },
    /// The storage has seen this higher number.
    Refused {
        access: Access,
        highest: u64,
    },
    Raft(Box<raft::Message<Machine>>),
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Ask(Request { ask: Ask::Take, .. }) => "take",
            Msg::Ask(Request { ask: Ask::Renew, .. }) => "renew",
            Msg::Ask(Request { ask: Ask::Free, .. }) => "free",
            Msg::Answer { answer, .. } => match answer {
                Answer::Granted { .. } => "granted",
                Answer::Busy => "busy",
                Answer::Renewed => "renewed",
                Answer::NotYours => "not yours",
                Answer::Freed => "freed",
                Answer::NotLeader { .. } => "not leader",
            },
            Msg::Copy { .. } => "copy",
            Msg::Copied { .. } => "copied",
            Msg::Read(_) => "read",
            Msg::Value { .. } => "value",
            Msg::Write { .. } => "write",
            Msg::Written { .. } => "written",
            Msg::Refused { .. } => "refused",
            Msg::Raft(message) => message.label(),
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Ask(request) => request.round ^ request.owner.mark().rotate_left(20),
            Msg::Answer { request, answer } => {
                let token = if let Answer::Granted { token } = answer { *token } else { 0 };
                request.round ^ request.owner.mark().rotate_left(20) ^ token.rotate_left(40)
            }
            Msg::Copy { epoch, version, rows, issued } => epoch.rotate_left(48) ^ version ^ issued.rotate_left(24) ^ rows.len() as u64,
            Msg::Copied { epoch, version } => epoch.rotate_left(48) ^ version,
            Msg::Value { access, version } | Msg::Write { access, based_on: version } => access.id ^ access.token.rotate_left(32) ^ version.rotate_left(16),
            Msg::Read(access) | Msg::Written { access, .. } => access.id ^ access.token.rotate_left(32),
            Msg::Refused { access, highest } => access.id ^ highest.rotate_left(32),
            Msg::Raft(message) => message.mark(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The load's next job, or only the time to ask for it again.
    Arrive {
        begin: bool,
    },
    /// A client tries again to take the lock.
    Again {
        job: u32,
    },
    /// The servers asked in this round have had their time.
    RoundOver {
        round: u64,
    },
    Renew {
        job: u32,
    },
    /// The lease is over by the client's own count.
    LeaseOver {
        job: u32,
    },
    WorkDone {
        job: u32,
    },
    /// The storage has had its time.
    StorageOver {
        id: u64,
    },
    /// A server looks for leases that are over.
    Tick,
    /// A change goes to the replica that nobody waits for.
    CopyLate,
    /// A primary sends its table again, in case the last copy was lost.
    CopyAgain,
    Raft(raft::Timer),
}
