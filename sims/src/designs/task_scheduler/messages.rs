//! What travels between clients, store, schedulers, queue, workers and target.

use super::task::{Kind, Outcome, Spec};
use crate::kernel::node::Message;

/// One try of a task that waits for its time, as a scheduler reads it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub id: u64,
    pub attempt: u32,
    pub due: u64,
    /// When it was written: a scheduler asks for what is newer than the newest it has.
    pub version: u64,
}

/// What a scheduler decided and wants the store to write.
#[derive(Clone, Debug)]
pub enum Decision {
    /// These tries are due.
    Release(Vec<(u64, u32)>),
    /// These seconds of a cron job have come: run it, or not.
    Cron { job: u32, seconds: Vec<(i64, bool)> },
}

/// What a worker is handed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    pub id: u64,
    pub attempt: u32,
    /// Number of this entry into the queue: what the queue tells messages apart by.
    pub serial: u64,
    pub due: u64,
    pub length: u64,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Submit {
        number: u64,
        /// Every submission below this number was accepted.
        settled: u64,
        tasks: Vec<Spec>,
    },
    Accepted {
        number: u64,
    },
    /// A scheduler is alive, and wants its leases renewed. The store's answer carries the question's number and time back.
    Beat {
        number: u64,
        asked: i64,
    },
    Held {
        number: u64,
        asked: i64,
        shards: Vec<(u32, u64)>,
    },
    Load {
        shard: u32,
        after: u64,
    },
    Page {
        shard: u32,
        after: u64,
        entries: Vec<Entry>,
        /// Cron jobs of this shard and the last second decided, with the first page.
        jobs: Vec<(u32, i64)>,
    },
    Claim {
        number: u64,
        shard: u32,
        token: u64,
        decision: Decision,
    },
    Claimed {
        number: u64,
    },
    Lock {
        id: u64,
    },
    Locked {
        id: u64,
    },
    Unlock {
        id: u64,
    },
    Enqueue {
        work: Work,
        /// Every entry with a serial below this was confirmed.
        settled: u64,
    },
    Enqueued {
        serial: u64,
    },
    /// A worker has nothing to do. The number tells its questions apart.
    Receive {
        poll: u64,
    },
    Handed {
        receipt: u64,
        work: Work,
        received: u32,
    },
    Extend {
        receipt: u64,
    },
    Delete {
        receipt: u64,
    },
    /// Negative acknowledgement: make it visible at once.
    Nack {
        receipt: u64,
    },
    /// Delivered too often.
    Dead(Work),
    Buried {
        serial: u64,
    },
    Begin {
        receipt: u64,
        id: u64,
        attempt: u32,
    },
    Begun {
        receipt: u64,
        granted: bool,
    },
    Call {
        receipt: u64,
        work: Work,
    },
    Answer {
        receipt: u64,
        outcome: Outcome,
    },
    Finish {
        receipt: u64,
        id: u64,
        attempt: u32,
        outcome: Outcome,
    },
    Finished {
        receipt: u64,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Submit { .. } => "submit",
            Msg::Accepted { .. } => "accepted",
            Msg::Beat { .. } => "beat",
            Msg::Held { .. } => "lease",
            Msg::Load { .. } => "load",
            Msg::Page { .. } => "page",
            Msg::Claim { .. } => "claim",
            Msg::Claimed { .. } => "claimed",
            Msg::Lock { .. } => "lock",
            Msg::Locked { .. } => "locked",
            Msg::Unlock { .. } => "unlock",
            Msg::Enqueue { .. } => "enqueue",
            Msg::Enqueued { .. } => "enqueued",
            Msg::Receive { .. } => "receive",
            Msg::Handed { .. } => "task",
            Msg::Extend { .. } => "extend",
            Msg::Delete { .. } => "delete",
            Msg::Nack { .. } => "nack",
            Msg::Dead(_) => "dead",
            Msg::Buried { .. } => "buried",
            Msg::Begin { .. } => "begin",
            Msg::Begun { granted: true, .. } => "go",
            Msg::Begun { granted: false, .. } => "drop it",
            Msg::Call { .. } => "call",
            Msg::Answer { outcome: Outcome::Done, .. } => "200",
            Msg::Answer { outcome: Outcome::Retry, .. } => "503",
            Msg::Answer { outcome: Outcome::Hopeless, .. } => "400",
            Msg::Finish { outcome: Outcome::Done, .. } => "done",
            Msg::Finish { outcome: Outcome::Retry, .. } => "try later",
            Msg::Finish { outcome: Outcome::Hopeless, .. } => "hopeless",
            Msg::Finished { .. } => "noted",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Submit { number, .. } | Msg::Accepted { number } | Msg::Claim { number, .. } | Msg::Claimed { number } => *number,
            Msg::Beat { number, asked } => number ^ (*asked as u64).rotate_left(20),
            Msg::Held { asked, shards, .. } => shards.iter().fold(*asked as u64, |sum, (shard, token)| sum.rotate_left(7) ^ token ^ u64::from(*shard) << 32),
            Msg::Load { shard, after } => after ^ u64::from(*shard) << 48,
            Msg::Page { shard, after, entries, .. } => entries.iter().fold(after ^ u64::from(*shard) << 48, |sum, e| sum.rotate_left(5) ^ e.id ^ e.due),
            Msg::Lock { id } | Msg::Locked { id } | Msg::Unlock { id } => *id,
            Msg::Enqueue { work, .. } | Msg::Dead(work) => work.serial,
            Msg::Enqueued { serial } | Msg::Buried { serial } => *serial,
            Msg::Receive { poll } => *poll,
            Msg::Handed { receipt, work, .. } | Msg::Call { receipt, work } => receipt ^ work.id << 24,
            Msg::Begin { receipt, id, attempt } => receipt ^ id << 24 ^ u64::from(*attempt) << 56,
            Msg::Begun { receipt, granted } => receipt << 1 | u64::from(*granted),
            Msg::Answer { receipt, outcome } => receipt << 2 | *outcome as u64,
            Msg::Finish { receipt, id, outcome, .. } => receipt << 2 ^ id << 24 ^ *outcome as u64,
            Msg::Extend { receipt } | Msg::Delete { receipt } | Msg::Nack { receipt } | Msg::Finished { receipt } => *receipt,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The load's next arrival, or only the time to ask for it again.
    Arrive { send: bool },
    /// A submission has not been accepted yet.
    Resubmit { number: u64 },
    /// Time to renew the leases.
    Beat,
    /// Time to look for new tasks.
    Look,
    /// Something in the index is due.
    Due,
    /// Claims without an answer go out again.
    Reclaim,
    /// The store has work left: the world is not quiet.
    Awake,
    /// The store sends again what the queue has not confirmed.
    Relay,
    /// A hidden message becomes visible.
    Visible,
    /// The worker's question to the queue has had no answer.
    Poll { poll: u64 },
    /// The worker asks for more time.
    Extend { receipt: u64 },
    /// The work before the effect is done.
    Worked { receipt: u64 },
    /// A step of the worker has had no answer.
    Unanswered { receipt: u64, step: u32 },
    /// The worker's process is up again.
    Reborn { life: u32 },
}
