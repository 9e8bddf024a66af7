//! What the nodes say to each other, and the timers they set.

use crate::kernel::node::{Message, NodeId};
use crate::kernel::time::Time;
use crate::parts::codes::Code;
use crate::parts::tickets::Range;

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The long address, by its number.
    pub address: u64,
    /// From this instant on it is gone.
    pub expires: Time,
}

/// How a row is to be put into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// Only if the number is free: one step, in the store.
    IfFree,
    /// Over whatever stands there.
    Over,
}

#[derive(Clone, Debug)]
pub enum Msg {
    /// A user asks for a short link; with an alias, for this very code.
    Create {
        ticket: u64,
        link: Link,
        alias: Option<Code>,
    },
    Created {
        ticket: u64,
        code: Code,
    },
    Refused {
        ticket: u64,
        reason: usize,
    },
    /// A visitor follows a short link.
    Visit {
        ticket: u64,
        code: Code,
    },
    Answer {
        ticket: u64,
        found: Found,
    },
    /// A server asks for numbers of its own.
    Lease {
        ask: u64,
    },
    Leased {
        ask: u64,
        range: Range,
    },
    /// Is this number free? The first half of check-then-insert.
    IsFree {
        job: u64,
        number: u64,
    },
    Free {
        job: u64,
        number: u64,
        free: bool,
    },
    Insert {
        job: u64,
        number: u64,
        link: Link,
        put: Put,
    },
    Inserted {
        job: u64,
        number: u64,
        outcome: Outcome,
    },
    /// A look-up at the cache.
    Get {
        job: u64,
        number: u64,
    },
    Got {
        job: u64,
        found: Cached,
    },
    /// What the store said, for the cache to keep.
    Fill {
        number: u64,
        link: Option<Link>,
    },
    Fetch {
        job: u64,
        number: u64,
    },
    Row {
        job: u64,
        link: Option<Link>,
    },
    /// Clicks of one server since its last batch.
    Clicks {
        batch: u64,
        clicks: u64,
    },
    Counted {
        batch: u64,
    },
}

/// What a visitor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Redirect(u64),
    Unknown,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    /// This address stands there already.
    Same,
    Taken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cached {
    Link(Link),
    /// Remembered as unknown.
    Nothing,
    Miss,
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Create { .. } => "create",
            Msg::Created { .. } => "created",
            Msg::Refused { .. } => "refused",
            Msg::Visit { .. } => "visit",
            Msg::Answer { found: Found::Redirect(_), .. } => "redirect",
            Msg::Answer { .. } => "no link",
            Msg::Lease { .. } => "lease",
            Msg::Leased { .. } => "range",
            Msg::IsFree { .. } => "free?",
            Msg::Free { .. } => "is free",
            Msg::Insert { .. } => "insert",
            Msg::Inserted { .. } => "inserted",
            Msg::Get { .. } => "get",
            Msg::Got { .. } => "got",
            Msg::Fill { .. } => "fill",
            Msg::Fetch { .. } => "fetch",
            Msg::Row { .. } => "row",
            Msg::Clicks { .. } => "clicks",
            Msg::Counted { .. } => "counted",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Create { ticket, .. } | Msg::Refused { ticket, .. } => *ticket,
            Msg::Created { ticket, code } | Msg::Visit { ticket, code } => ticket ^ code.as_bytes().iter().fold(0, |n, b| n << 5 ^ u64::from(*b)),
            Msg::Answer { ticket, found } => ticket ^ if let Found::Redirect(address) = found { address << 20 } else { 1 },
            Msg::Lease { ask } => *ask,
            Msg::Leased { range, .. } => range.next,
            Msg::IsFree { number, .. } | Msg::Insert { number, .. } | Msg::Get { number, .. } | Msg::Fill { number, .. } | Msg::Fetch { number, .. } => *number,
            Msg::Free { job, .. } | Msg::Inserted { job, .. } | Msg::Got { job, .. } | Msg::Row { job, .. } => *job,
            Msg::Clicks { batch, clicks } => batch << 20 ^ clicks,
            Msg::Counted { batch } => *batch,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Timer {
    /// The load's next link.
    Make,
    /// The load's next visit.
    Follow,
    /// No load now: look again.
    IdleMake,
    IdleFollow,
    /// A client has waited long enough.
    GiveUp {
        ticket: u64,
    },
    /// A server has waited long enough for another node, in this stage of a job.
    Late {
        job: u64,
        stage: u32,
    },
    LeaseLate {
        ask: u64,
    },
    /// Send the clicks that have come together.
    Flush,
    /// A batch was not confirmed.
    Resend {
        batch: u64,
    },
    /// A shard is done with one request and answers it.
    Done {
        to: NodeId,
        answer: Box<Msg>,
    },
    Sweep,
}
