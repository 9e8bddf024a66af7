//! What the feed's nodes say to each other, and the timers they set.

use crate::kernel::node::Message;
use crate::parts::timeline::PostId;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub enum Msg {
    // Requests, from the client to the API tier and on to whoever answers.
    Post {
        id: PostId,
    },
    Delete {
        id: PostId,
    },
    Follow {
        user: u32,
        author: u32,
        on: bool,
    },
    Read {
        ticket: u64,
        user: u32,
    },
    // Answers to the client.
    Posted {
        id: PostId,
    },
    Deleted {
        id: PostId,
    },
    Followed {
        user: u32,
    },
    Page {
        ticket: u64,
        ids: Vec<PostId>,
    },
    // The social graph.
    Whom {
        ticket: u64,
        user: u32,
        which: Which,
    },
    Whose {
        ticket: u64,
        authors: Vec<u32>,
        stamp: u64,
    },
    Followers {
        ticket: u64,
        author: u32,
        part: Part,
    },
    FollowersAre {
        ticket: u64,
        users: Vec<u32>,
        skipped: u64,
        stamp: u64,
    },
    // The post stores.
    Lists {
        ticket: u64,
        authors: Vec<u32>,
        count: usize,
    },
    ListsAre {
        ticket: u64,
        lists: Vec<(u32, Vec<PostId>)>,
        count: usize,
    },
    Check {
        ticket: u64,
        ids: Vec<PostId>,
    },
    Live {
        ticket: u64,
        ids: Vec<PostId>,
    },
    // The timeline shards.
    Show {
        ticket: u64,
        user: u32,
        count: usize,
    },
    Shown {
        ticket: u64,
        ids: Vec<PostId>,
    },
    Apply {
        ticket: u64,
        change: Change,
    },
    Applied {
        ticket: u64,
    },
    // The fan-out queue.
    Enqueue {
        number: u64,
        job: Job,
    },
    Enqueued {
        number: u64,
    },
    /// A worker is idle; `last` is the last ticket it took.
    Ready {
        last: u64,
    },
    Take {
        ticket: u64,
        job: Job,
    },
    Renew {
        ticket: u64,
    },
    Done {
        ticket: u64,
    },
    Split {
        ticket: u64,
        parts: Vec<Job>,
    },
    Back {
        ticket: u64,
    },
}

/// Which of the followed authors are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    All,
    /// Those whose posts are fetched at read.
    Pulled,
    /// Those whose posts are copied; the asker is building a timeline, so the user counts as active from now on.
    Pushed,
}

/// Followers with numbers in this range, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub from: u32,
    pub to: u32,
}

impl Part {
    pub const ALL: Part = Part { from: 0, to: u32::MAX };
}

/// What a worker writes into a shard. `stamp` is the graph's logical time at which the followers were read.
#[derive(Clone, Debug)]
pub enum Change {
    Put { id: PostId, users: Arc<[u32]>, stamp: u64 },
    Remove { id: PostId, users: Arc<[u32]> },
    Followed { user: u32, author: u32, stamp: u64, ids: Vec<PostId> },
    Unfollowed { user: u32, author: u32, stamp: u64 },
}

/// Work for the fan-out tier, at least once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    Post { id: PostId, part: Part },
    Delete { id: PostId, part: Part },
    Edge { user: u32, author: u32, on: bool, stamp: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The next arrival of one stream of the load.
    Arrive(usize),
    /// A stream that is off looks whether it is on again.
    Later(usize),
    /// Requests that nobody answered.
    Sweep,
    /// Jobs the queue has not confirmed.
    Flush,
    /// Leases that ran out, jobs that may be tried again.
    Poke,
    /// A worker has written one batch.
    Step(u64),
    /// A worker looks after its unconfirmed batches.
    Tend(u64),
    /// An idle worker reports again.
    Idle,
    /// A shard looks after its unfinished builds.
    Builds,
    /// A shard reports its memory.
    Report,
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Post { .. } => "post",
            Msg::Delete { .. } => "delete",
            Msg::Follow { on: true, .. } => "follow",
            Msg::Follow { .. } => "unfollow",
            Msg::Read { .. } => "read",
            Msg::Posted { .. } => "posted",
            Msg::Deleted { .. } => "deleted",
            Msg::Followed { .. } => "followed",
            Msg::Page { .. } => "page",
            Msg::Whom { .. } => "whom?",
            Msg::Whose { .. } => "followees",
            Msg::Followers { .. } => "followers?",
            Msg::FollowersAre { .. } => "followers",
            Msg::Lists { .. } => "lists?",
            Msg::ListsAre { .. } => "lists",
            Msg::Check { .. } => "live?",
            Msg::Live { .. } => "live",
            Msg::Show { .. } => "show",
            Msg::Shown { .. } => "shown",
            Msg::Apply { change: Change::Put { .. }, .. } => "put",
            Msg::Apply { change: Change::Remove { .. }, .. } => "remove",
            Msg::Apply { .. } => "edge",
            Msg::Applied { .. } => "applied",
            Msg::Enqueue { .. } => "enqueue",
            Msg::Enqueued { .. } => "enqueued",
            Msg::Ready { .. } => "ready",
            Msg::Take { .. } => "take",
            Msg::Renew { .. } => "renew",
            Msg::Done { .. } => "done",
            Msg::Split { .. } => "split",
            Msg::Back { .. } => "back",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Post { id } | Msg::Delete { id } | Msg::Posted { id } | Msg::Deleted { id } => id.0,
            Msg::Follow { user, author, .. } => u64::from(*user) << 32 | u64::from(*author),
            Msg::Followed { user } => u64::from(*user),
            Msg::Page { ticket, ids } | Msg::Check { ticket, ids } | Msg::Live { ticket, ids } | Msg::Shown { ticket, ids } => {
                ids.iter().fold(*ticket, |mark, id| mark.rotate_left(5) ^ id.0)
            }
            Msg::Enqueue { number, .. } | Msg::Enqueued { number } => *number,
            Msg::Ready { last } => *last,
            Msg::FollowersAre { ticket, users, .. } => ticket.rotate_left(20) ^ users.len() as u64,
            Msg::Whose { ticket, authors, .. } | Msg::Lists { ticket, authors, .. } => ticket.rotate_left(20) ^ authors.len() as u64,
            Msg::Read { ticket, .. }
            | Msg::Whom { ticket, .. }
            | Msg::Followers { ticket, .. }
            | Msg::ListsAre { ticket, .. }
            | Msg::Show { ticket, .. }
            | Msg::Apply { ticket, .. }
            | Msg::Applied { ticket }
            | Msg::Take { ticket, .. }
            | Msg::Renew { ticket }
            | Msg::Done { ticket }
            | Msg::Split { ticket, .. }
            | Msg::Back { ticket } => *ticket,
        }
    }
}
