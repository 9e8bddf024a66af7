//! What the nodes say to each other, and the timers they set.

use crate::kernel::node::{Message, NodeId};
use crate::kernel::time::{Span, Time};
use crate::parts::blobs::Body;

/// Who may read a paste, and whether it stands on the front page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Anybody; listed.
    Public,
    /// Whoever has its address.
    Unlisted,
    /// Its owner.
    Private,
}

impl Visibility {
    pub fn word(self) -> &'static str {
        match self {
            Visibility::Public => "public",
            Visibility::Unlisted => "unlisted",
            Visibility::Private => "private",
        }
    }
}

/// What a user hands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draft {
    pub body: Body,
    /// Zero is for ever.
    pub ttl: Span,
    pub burn: bool,
    pub visibility: Visibility,
    pub owner: u64,
}

/// What the key-value store has under a paste's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The body's name in the blob store.
    pub name: u64,
    /// From this instant on it is gone.
    pub expires: Time,
    pub burn: bool,
    pub visibility: Visibility,
    pub owner: u64,
    /// From this instant on the row may not be written any more: the sweeper may have taken the body for an orphan.
    pub deadline: Time,
    /// What was pasted: for the lamps alone, nobody decides by it.
    pub content: u64,
}

#[derive(Clone, Debug)]
pub enum Msg {
    Create {
        ticket: u64,
        draft: Draft,
    },
    Created {
        ticket: u64,
        id: u64,
    },
    Refused {
        ticket: u64,
        reason: usize,
    },
    Read {
        ticket: u64,
        id: u64,
        reader: u64,
    },
    /// A reader gets the body; its content says which it is.
    Body {
        ticket: u64,
        content: u64,
    },
    NoBody {
        ticket: u64,
        why: Missing,
    },
    Delete {
        ticket: u64,
        id: u64,
        owner: u64,
    },
    Deleted {
        ticket: u64,
    },
    FrontPage {
        ticket: u64,
    },
    Listed {
        ticket: u64,
        ids: Vec<u64>,
    },

    /// To the key-value store: write a new row, if its id is free.
    Name {
        job: u64,
        id: u64,
        row: Row,
    },
    Named {
        job: u64,
        outcome: Outcome,
    },
    /// What is behind this id, for this reader? A paste that burns is taken in the same step, where that is atomic.
    Open {
        job: u64,
        id: u64,
        reader: u64,
    },
    Opened {
        job: u64,
        found: Found,
    },
    /// The second half of a read that burns, where it has two steps.
    Burn {
        id: u64,
    },
    Kill {
        job: u64,
        id: u64,
        owner: u64,
    },
    Killed {
        job: u64,
    },
    Latest {
        job: u64,
    },
    LatestAre {
        job: u64,
        ids: Vec<u64>,
    },

    /// To the blob store.
    Put {
        job: u64,
        name: u64,
        holder: u64,
        body: Body,
    },
    PutDone {
        job: u64,
    },
    Get {
        job: u64,
        name: u64,
    },
    Got {
        job: u64,
        body: Option<Body>,
    },
    /// Too much waits already.
    Busy {
        job: u64,
    },

    /// To the cache: by the body's name, or by the paste's id.
    Ask {
        job: u64,
        key: u64,
    },
    Kept {
        job: u64,
        kept: Option<Copied>,
    },
    Keep {
        key: u64,
        copy: Copied,
    },

    /// The sweeper's questions and answers; `step` tells an answer from one to an earlier question.
    Dead {
        step: u64,
    },
    DeadAre {
        step: u64,
        list: Vec<(u64, u64)>,
    },
    Release {
        step: u64,
        list: Vec<(u64, u64)>,
    },
    Released {
        step: u64,
    },
    Forget {
        step: u64,
        ids: Vec<u64>,
    },
    Forgotten {
        step: u64,
    },
    Old {
        step: u64,
        from: (u64, u64),
    },
    OldAre {
        step: u64,
        list: Vec<(u64, u64)>,
        next: Option<(u64, u64)>,
    },
    /// Which of these references has no row?
    Unnamed {
        step: u64,
        list: Vec<(u64, u64)>,
    },
    UnnamedAre {
        step: u64,
        list: Vec<(u64, u64)>,
    },
}

/// What the cache keeps: a body, and its row where whole pastes are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    pub body: Body,
    pub row: Option<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Stored,
    /// Another paste has this id.
    Taken,
    /// Its deadline has passed.
    TooLate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Live(Row),
    /// Expired, burnt or deleted; with the body's name if it may be cleared away.
    Gone {
        clear: Option<u64>,
    },
    Unknown,
    Forbidden,
}

/// What a reader is told who gets no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Never was, or is not for this reader: the answer must not tell which.
    NotFound,
    Gone,
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Create { .. } => "create",
            Msg::Created { .. } => "created",
            Msg::Refused { .. } => "refused",
            Msg::Read { .. } => "read",
            Msg::Body { .. } => "body",
            Msg::NoBody { .. } => "no body",
            Msg::Delete { .. } => "delete",
            Msg::Deleted { .. } => "deleted",
            Msg::FrontPage { .. } => "front page",
            Msg::Listed { .. } => "listed",
            Msg::Name { .. } => "name",
            Msg::Named { .. } => "named",
            Msg::Open { .. } => "open",
            Msg::Opened { .. } => "opened",
            Msg::Burn { .. } => "burn",
            Msg::Kill { .. } => "kill",
            Msg::Killed { .. } => "killed",
            Msg::Latest { .. } => "latest",
            Msg::LatestAre { .. } => "latest are",
            Msg::Put { .. } => "put",
            Msg::PutDone { .. } => "put done",
            Msg::Get { .. } => "get",
            Msg::Got { .. } => "got",
            Msg::Busy { .. } => "busy",
            Msg::Ask { .. } => "ask",
            Msg::Kept { .. } => "kept",
            Msg::Keep { .. } => "keep",
            Msg::Dead { .. } => "dead?",
            Msg::DeadAre { .. } => "dead",
            Msg::Release { .. } => "release",
            Msg::Released { .. } => "released",
            Msg::Forget { .. } => "forget",
            Msg::Forgotten { .. } => "forgotten",
            Msg::Old { .. } => "old?",
            Msg::OldAre { .. } => "old",
            Msg::Unnamed { .. } => "unnamed?",
            Msg::UnnamedAre { .. } => "unnamed",
        }
    }

    fn mark(&self) -> u64 {
        let listed = |step: u64, list: &[(u64, u64)]| step ^ list.iter().fold(0, |sum, (a, b)| sum ^ a ^ b.rotate_left(7));
        match self {
            Msg::Create { ticket, draft } => ticket ^ draft.body.content << 20,
            Msg::Created { ticket, id } | Msg::Read { ticket, id, .. } | Msg::Delete { ticket, id, .. } => ticket ^ id,
            Msg::Body { ticket, content } => ticket ^ content << 20,
            Msg::Refused { ticket, .. } | Msg::NoBody { ticket, .. } | Msg::Deleted { ticket } | Msg::FrontPage { ticket } => *ticket,
            Msg::Listed { ticket: job, ids } | Msg::LatestAre { job, ids } | Msg::Forget { step: job, ids } => job ^ ids.iter().fold(0, |sum, id| sum ^ id),
            Msg::Name { job, id, .. } | Msg::Open { job, id, .. } | Msg::Kill { job, id, .. } => job ^ id,
            Msg::Burn { id } => *id,
            Msg::Put { job, name, .. } | Msg::Get { job, name } | Msg::Ask { job, key: name } => job ^ name,
            Msg::Keep { key, .. } => *key,
            Msg::Got { job, body } => job ^ body.map_or(1, |body| body.content << 20),
            Msg::Kept { job, kept } => job ^ kept.map_or(1, |copy| copy.body.content << 20),
            Msg::Named { job, .. } | Msg::Opened { job, .. } | Msg::Killed { job } | Msg::Latest { job } | Msg::PutDone { job } | Msg::Busy { job } => *job,
            Msg::Dead { step } | Msg::Released { step } | Msg::Forgotten { step } => *step,
            Msg::Old { step, from } => step ^ from.0 ^ from.1,
            Msg::DeadAre { step, list }
            | Msg::Release { step, list }
            | Msg::OldAre { step, list, .. }
            | Msg::Unnamed { step, list }
            | Msg::UnnamedAre { step, list } => listed(*step, list),
        }
    }
}

#[derive(Clone, Debug)]
pub enum Timer {
    /// The load's next paste, and its next read.
    Make,
    Visit,
    /// No load now: look again.
    IdleMake,
    IdleVisit,
    /// Readers open a paste that burns, all at once.
    OpenBurning {
        id: u64,
    },
    /// A client has waited long enough.
    GiveUp {
        ticket: u64,
    },
    /// A server has waited long enough for another node, in this stage of a job.
    Late {
        job: u64,
        stage: u32,
    },
    /// The blob store is done with one request and answers it.
    Done {
        to: NodeId,
        answer: Box<Msg>,
    },
    Sweep,
    /// Once the load has stopped: a whole sweep of what is left.
    LastSweep,
    SweepLate {
        step: u64,
    },
}
