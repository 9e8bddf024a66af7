//! What travels between clients, servers and stores.

use super::rule::Kept;
use crate::kernel::node::Message;

/// One call of an API, as its server sees it.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub id: u64,
    pub user: u32,
    pub ip: u32,
    /// The connection it came on.
    pub port: u16,
    /// Sent on a flood's connection of this number, which sends again as soon as it is answered.
    pub again: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 200.
    Passed,
    /// 429.
    Refused,
    /// 503: nobody could decide.
    Failed,
}

/// What a store keeps for a key, with the promise it was kept under.
#[derive(Clone, Debug)]
pub struct Entry {
    pub promise: u64,
    pub kept: Kept,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Request(Request),
    Answer {
        request: Request,
        outcome: Outcome,
    },
    /// Judge and spend in one script. `at` is the server's clock, where that decides.
    Take {
        ticket: u64,
        key: u64,
        at: Option<u64>,
    },
    Decided {
        ticket: u64,
        allowed: bool,
        wait_ns: u64,
    },
    /// The racy way: read the state, judge it in the server, write it back.
    Read {
        ticket: u64,
        key: u64,
    },
    State {
        ticket: u64,
        entry: Entry,
        at: u64,
    },
    Write {
        key: u64,
        entry: Entry,
    },
    /// The two steps of `incr-expire`.
    Increment {
        ticket: u64,
        key: u64,
    },
    Counted {
        ticket: u64,
        count: i64,
        at: u64,
    },
    Expire {
        key: u64,
    },
    /// What a server has let through of each key since its last report.
    Report(Vec<(u64, u64)>),
    Merged(Vec<(u64, Entry)>),
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Request(_) => "request",
            Msg::Answer { outcome: Outcome::Passed, .. } => "200",
            Msg::Answer { outcome: Outcome::Refused, .. } => "429",
            Msg::Answer { outcome: Outcome::Failed, .. } => "503",
            Msg::Take { .. } => "take",
            Msg::Decided { .. } => "decided",
            Msg::Read { .. } => "read",
            Msg::State { .. } => "state",
            Msg::Write { .. } => "write",
            Msg::Increment { .. } => "incr",
            Msg::Counted { .. } => "count",
            Msg::Expire { .. } => "expire",
            Msg::Report(_) => "report",
            Msg::Merged(_) => "merged",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Request(request) => request.id,
            Msg::Answer { request, outcome } => request.id << 2 | *outcome as u64,
            Msg::Take { ticket, key, .. } | Msg::Read { ticket, key } | Msg::Increment { ticket, key } => ticket ^ key.rotate_left(32),
            Msg::Decided { ticket, allowed, .. } => ticket << 1 | u64::from(*allowed),
            Msg::State { ticket, at, .. } => ticket ^ at.rotate_left(32),
            Msg::Counted { ticket, count, .. } => ticket ^ (*count as u64).rotate_left(32),
            Msg::Write { key, .. } | Msg::Expire { key } => *key,
            Msg::Report(spent) => spent.iter().fold(0, |sum, (key, n)| sum ^ key.rotate_left(8) ^ n),
            Msg::Merged(entries) => entries.iter().fold(0, |sum, (key, _)| sum ^ key.rotate_left(8)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The load's next arrival, or only the time to ask for it again.
    Arrive { send: bool },
    /// The attacker's next volley near an edge of the window.
    Straddle { turn: u32 },
    /// The store has not answered in time.
    GiveUp { ticket: u64 },
    /// A request leaves the leaky bucket.
    Pour(Request),
    /// Time to report to the stores.
    Sync,
    /// Time to drop keys that have nothing to say.
    Sweep,
}
