//! What nodes tell each other, and what they set timers for.

use super::history::Row;
use super::model::{Set, Version};
use super::truth::Values;
use crate::kernel::node::{Message, NodeId};
use crate::kernel::time::Span;
use std::sync::Arc;

/// A job as its owner asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    pub id: u64,
    pub team: usize,
    pub gpus: u32,
    /// Work in it, on all its GPUs at once.
    pub lasts: Span,
    /// What its owner says.
    pub says: Span,
    /// One of many handed in at once by hand.
    pub flood: bool,
}

/// A part of a gang on one machine, as it should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pod {
    pub id: u64,
    pub attempt: u32,
    pub gpus: u32,
    /// All are ready: work for so long.
    pub go: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodState {
    Pulling,
    Ready,
    Running,
    Done,
}

/// A part of a gang, as it is.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    pub id: u64,
    pub attempt: u32,
    pub state: PodState,
    /// Work of this attempt of which this part has written its share.
    pub saved: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Open,
    Done,
    /// Refused, or never heard of.
    Gone,
}

/// One person's newest features.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    pub who: u32,
    pub event: u64,
    pub values: Values,
}

/// What a pool remembers of one answer.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    pub id: u64,
    pub who: u32,
    /// When the features were read.
    pub read: u64,
    pub x: Values,
    pub score: f64,
    pub version: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitor {
    Psi,
    Ks,
    Labels,
}

/// Which pool answers whom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Route {
    pub live: usize,
    /// A pool on trial and its share of the people.
    pub trial: Option<(usize, f64)>,
}

#[derive(Clone, Debug)]
pub enum Msg {
    /// Jobs: until accepted, again and again.
    Submit {
        job: Job,
        settled: u64,
    },
    Accepted {
        id: u64,
    },
    AskJob {
        id: u64,
    },
    TellJob {
        id: u64,
        state: JobState,
    },
    /// What a machine has.
    Beat {
        pods: Vec<Report>,
    },
    /// What it should have.
    Want {
        seq: u64,
        pods: Vec<Pod>,
    },
    /// Features on their way into the offline store.
    Feed {
        records: Vec<Feature>,
    },
    /// And from there into the online copy.
    Apply {
        upto: u64,
        records: Vec<Feature>,
    },
    Applied {
        upto: u64,
    },
    Refill,
    Predict {
        id: u64,
        who: u32,
        from: NodeId,
    },
    Get {
        id: u64,
        who: u32,
    },
    Got {
        id: u64,
        found: Option<Feature>,
    },
    Answer {
        id: u64,
        given: bool,
    },
    Logged {
        served: Arc<Vec<Served>>,
    },
    Outcome {
        id: u64,
        row: Row,
    },
    Labelled {
        version: u32,
        score: f64,
        label: bool,
    },
    /// A workflow's steps.
    Build {
        run: u32,
    },
    Rows {
        run: u32,
        set: Arc<Set>,
    },
    Candidate {
        version: Arc<Version>,
    },
    Judged {
        run: u32,
        passed: bool,
    },
    Placed {
        run: u32,
        kept: bool,
    },
    /// Serving.
    Assign {
        version: Arc<Version>,
    },
    Status {
        version: Option<u32>,
    },
    SetRoute {
        route: Route,
    },
    Mind {
        live: Arc<Version>,
        trial: Option<u32>,
    },
    Verdict {
        version: u32,
        better: bool,
    },
    Alarm {
        by: Monitor,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Submit { .. } => "submit",
            Msg::Accepted { .. } => "accepted",
            Msg::AskJob { .. } => "how is it",
            Msg::TellJob { .. } => "so it is",
            Msg::Beat { .. } => "has",
            Msg::Want { .. } => "should have",
            Msg::Feed { .. } => "events",
            Msg::Apply { .. } => "materialise",
            Msg::Applied { .. } => "applied",
            Msg::Refill => "refill",
            Msg::Predict { .. } => "predict",
            Msg::Get { .. } => "get",
            Msg::Got { .. } => "got",
            Msg::Answer { .. } => "answer",
            Msg::Logged { .. } => "logged",
            Msg::Outcome { .. } => "outcome",
            Msg::Labelled { .. } => "labelled",
            Msg::Build { .. } => "build rows",
            Msg::Rows { .. } => "rows",
            Msg::Candidate { .. } => "candidate",
            Msg::Judged { .. } => "judged",
            Msg::Placed { .. } => "placed",
            Msg::Assign { .. } => "assign",
            Msg::Status { .. } => "status",
            Msg::SetRoute { .. } => "route",
            Msg::Mind { .. } => "mind",
            Msg::Verdict { .. } => "verdict",
            Msg::Alarm { .. } => "alarm",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Submit { job, .. } => job.id,
            Msg::Beat { pods } => pods.len() as u64,
            Msg::Want { seq, .. } => *seq,
            Msg::Feed { records } => records.first().map_or(0, |r| r.event ^ r.values[0].to_bits()),
            Msg::Apply { upto, .. } | Msg::Applied { upto } => *upto,
            Msg::Accepted { id }
            | Msg::AskJob { id }
            | Msg::TellJob { id, .. }
            | Msg::Predict { id, .. }
            | Msg::Get { id, .. }
            | Msg::Got { id, .. }
            | Msg::Answer { id, .. }
            | Msg::Outcome { id, .. } => *id,
            Msg::Logged { served } => served.iter().fold(0, |sum, s| sum ^ s.score.to_bits()),
            Msg::Labelled { score, .. } => score.to_bits(),
            Msg::Build { run } | Msg::Judged { run, .. } | Msg::Placed { run, .. } => u64::from(*run),
            Msg::Rows { set, .. } => set.digest,
            Msg::Candidate { version } | Msg::Assign { version } => version.model.bias.to_bits(),
            Msg::Status { version } => u64::from(version.unwrap_or(0)),
            Msg::Mind { live, .. } => u64::from(live.id),
            Msg::Verdict { version, .. } => u64::from(*version),
            Msg::SetRoute { route } => route.live as u64,
            Msg::Refill | Msg::Alarm { .. } => 0,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Timer {
    /// Whatever a node looks after regularly.
    Tick,
    /// The load's next arrival, or nothing yet.
    Arrive {
        really: bool,
    },
    /// Events are handed to the platform in small lots.
    Feed,
    Resubmit {
        id: u64,
    },
    Pulled {
        id: u64,
        attempt: u32,
    },
    Ran {
        id: u64,
        attempt: u32,
    },
    GiveUp {
        id: u64,
    },
    Outcome {
        id: u64,
        row: Row,
    },
    /// An event was held back on its owner's phone until now.
    Late {
        record: Feature,
    },
    Loaded {
        version: Arc<Version>,
    },
    /// The online copy has had its time.
    Waited {
        id: u64,
    },
    /// A replica has its answer.
    Worked {
        id: u64,
        from: NodeId,
    },
    Materialise,
}
