//! What the machines say to each other, and the timers they set.

use crate::kernel::node::Message;
use std::sync::Arc;

/// A transaction's number: the coordinator's own for two- and three-phase commit, the transfer's for a saga.
pub type Tx = u64;

/// One account that a transfer changes, by an amount in minor units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leg {
    /// Counted from 0.
    pub bank: u8,
    pub account: u32,
    pub amount: i64,
}

/// Money from the first leg's account to the others'. Its legs are at different banks, and their amounts sum to nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Given by the client in order of time: a lower one is older, which is what wait-die goes by.
    pub id: u64,
    pub legs: Vec<Leg>,
    /// This bank will refuse it, for a reason of its own business.
    pub refused_by: Option<u8>,
}

impl Transfer {
    /// Which leg is this bank's.
    pub fn at(&self, bank: u8) -> Option<usize> {
        self.legs.iter().position(|leg| leg.bank == bank)
    }
}

/// How a transfer ended, as its client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// A bank refused: no money there, or no such account.
    Refused,
    /// Locks were taken too often, or somebody did not answer.
    GaveUp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vote {
    Yes,
    /// No, for good.
    Refused,
    /// No, but the same may work another time.
    Busy,
}

/// What a bank knows of a transaction when another one asks on behalf of those without a coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Committed,
    Aborted,
    Precommitted,
    Uncertain,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Transfer(Arc<Transfer>),
    Answer {
        id: u64,
        ending: Ending,
    },

    Prepare {
        tx: Tx,
        transfer: Arc<Transfer>,
    },
    Vote {
        tx: Tx,
        vote: Vote,
    },
    Decide {
        tx: Tx,
        commit: bool,
    },
    Acked {
        tx: Tx,
    },
    /// The bank could not write down what it was told.
    Failed {
        tx: Tx,
    },
    Inquire {
        tx: Tx,
    },

    /// The ballot is 0 from the coordinator, above that from a bank that stands in for it.
    PreCommit {
        tx: Tx,
        ballot: u32,
    },
    PreAcked {
        tx: Tx,
        ballot: u32,
    },
    StateAsk {
        tx: Tx,
        ballot: u32,
    },
    StateIs {
        tx: Tx,
        ballot: u32,
        bank: u8,
        known: Known,
        recovered: bool,
    },

    Step {
        saga: Arc<Transfer>,
        at: u8,
    },
    Stepped {
        saga: u64,
        at: u8,
        vote: Vote,
    },
    Undo {
        saga: Arc<Transfer>,
        at: u8,
    },
    Undone {
        saga: u64,
        at: u8,
    },
    /// From bank to bank: the step before is done, or (back) the step after is undone.
    Event {
        saga: Arc<Transfer>,
        at: u8,
        back: bool,
    },
    Took {
        saga: u64,
        at: u8,
        back: bool,
    },

    Read {
        read: Tx,
        age: u64,
        account: u32,
    },
    Value {
        read: Tx,
        leg: u8,
        balance: i64,
        version: u64,
    },
    ReadNo {
        read: Tx,
    },
    Release {
        read: Tx,
        age: u64,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Transfer(_) => "transfer",
            Msg::Answer { .. } => "answer",
            Msg::Prepare { .. } => "prepare",
            Msg::Vote { vote: Vote::Yes, .. } => "yes",
            Msg::Vote { .. } => "no",
            Msg::Decide { commit: true, .. } => "commit",
            Msg::Decide { .. } => "abort",
            Msg::Acked { .. } => "ack",
            Msg::Failed { .. } => "failed",
            Msg::Inquire { .. } => "inquire",
            Msg::PreCommit { .. } => "pre-commit",
            Msg::PreAcked { .. } => "pre-ack",
            Msg::StateAsk { .. } => "state?",
            Msg::StateIs { .. } => "state",
            Msg::Step { .. } => "step",
            Msg::Stepped { .. } => "stepped",
            Msg::Undo { .. } => "undo",
            Msg::Undone { .. } => "undone",
            Msg::Event { back: false, .. } => "event",
            Msg::Event { .. } => "back",
            Msg::Took { .. } => "took",
            Msg::Read { .. } => "read",
            Msg::Value { .. } => "value",
            Msg::ReadNo { .. } => "read no",
            Msg::Release { .. } => "release",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Transfer(transfer) => transfer.id,
            Msg::Answer { id, .. } => *id,
            Msg::Prepare { tx, .. } | Msg::Vote { tx, .. } | Msg::Acked { tx } | Msg::Failed { tx } | Msg::Inquire { tx } => *tx,
            Msg::Decide { tx, commit } => tx * 2 + u64::from(*commit),
            Msg::PreCommit { tx, ballot } | Msg::PreAcked { tx, ballot } | Msg::StateAsk { tx, ballot } => tx * 8 + u64::from(*ballot),
            Msg::StateIs { tx, ballot, bank, .. } => tx * 64 + u64::from(*ballot) * 8 + u64::from(*bank),
            Msg::Step { saga, at } | Msg::Undo { saga, at } | Msg::Event { saga, at, .. } => saga.id * 8 + u64::from(*at),
            Msg::Stepped { saga, at, .. } | Msg::Undone { saga, at } | Msg::Took { saga, at, .. } => saga * 8 + u64::from(*at),
            Msg::Read { read, .. } | Msg::Value { read, .. } | Msg::ReadNo { read } | Msg::Release { read, .. } => *read,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Timer {
    /// The client: the next transfer, the next read; or no load now, look again.
    Arrive {
        now: bool,
    },
    ArriveRead {
        now: bool,
    },
    /// No answer came for this transfer.
    Unanswered {
        id: u64,
    },
    /// A read has taken too long, or tries again.
    ReadDue {
        read: Tx,
    },
    ReadAgain {
        age: u64,
    },

    /// The coordinator: what it wrote for this transaction is durable.
    Logged {
        tx: Tx,
        what: Wrote,
    },
    /// It has waited long enough for votes or acknowledgements.
    VotesDue {
        tx: Tx,
    },
    /// It tells or asks again those who have not answered.
    Again {
        tx: Tx,
    },
    /// A transfer whose locks were taken begins anew.
    Retry {
        transfer: Arc<Transfer>,
        attempt: u32,
    },
    /// The number under which it starts is durable.
    Started,

    /// A bank: what it wrote is durable.
    Durable {
        tx: Tx,
        what: Wrote,
    },
    LockDue {
        tx: Tx,
        age: u64,
    },
    /// It voted and has not heard since.
    InDoubt {
        tx: Tx,
    },
    /// Standing in for the coordinator: the answers must be in.
    Tally {
        tx: Tx,
        ballot: u32,
    },
    /// It sends an event to its neighbour again.
    Resend {
        saga: u64,
        back: bool,
    },
    /// A reader that does not give its lock back loses it.
    ReadLease {
        read: Tx,
        age: u64,
    },
    /// What waits in the page cache is written back now and then, as a system does.
    Flush,
    Flushed,
}

/// Which record has become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrote {
    Vote,
    PreCommit,
    Outcome,
    Begun,
    Turned,
    Ended,
    Step,
    Undo,
    Refusal,
}
