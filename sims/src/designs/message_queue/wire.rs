//! What travels between producers, brokers, controller, coordinator, consumers and the sink.

use super::record::{Id, Record, Stored};
use crate::kernel::node::{Message, NodeId};
use crate::kernel::time::Time;
use crate::parts::group::Beat;
use std::sync::Arc;

/// Who holds a partition and who leads it, as the controller has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartState {
    pub replicas: Vec<NodeId>,
    pub leader: Option<NodeId>,
    /// Rises with each change of the leader.
    pub epoch: u32,
    pub isr: Vec<NodeId>,
    /// Rises with each change of anything.
    pub version: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Metadata {
    pub version: u64,
    pub parts: Vec<PartState>,
}

impl Metadata {
    pub fn leader(&self, part: u32) -> Option<NodeId> {
        self.parts.get(part as usize).and_then(|state| state.leader)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    None,
    Leader,
    All,
}

/// Why a broker did not take a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotLeader,
    NotEnoughReplicas,
    /// A batch before this one is missing.
    OutOfOrder,
    /// The producer has begun a newer epoch.
    OldEpoch,
    DiskFull,
}

/// Why a consumer got nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRead {
    NotLeader,
    /// Records before `start` are gone.
    TooOld {
        start: u64,
    },
    /// Nothing was ever there, or not any more.
    TooNew {
        end: u64,
    },
}

#[derive(Clone, Debug)]
pub enum Msg {
    /// Which brokers lead? Asked by clients.
    WhoLeads,
    Leaders(Arc<Metadata>),
    Produce {
        part: u32,
        request: u64,
        acks: Acks,
        idempotent: bool,
        records: Arc<[Record]>,
    },
    Produced {
        part: u32,
        request: u64,
        result: Result<u64, Refusal>,
    },
    /// A follower asks for records from `from` on; that also says that it holds what comes before.
    Fetch {
        part: u32,
        epoch: u32,
        from: u64,
        last_epoch: Option<u32>,
        life: u64,
        knows: u64,
    },
    Fetched {
        part: u32,
        epoch: u32,
        from: u64,
        records: Vec<Stored>,
        watermark: u64,
        start: u64,
        diverges: Option<(u32, u64)>,
    },
    Read {
        part: u32,
        from: u64,
    },
    Records {
        part: u32,
        from: u64,
        records: Vec<Stored>,
    },
    NotRead {
        part: u32,
        why: NoRead,
    },
    /// A broker lives; `life` is new after each restart.
    Alive {
        life: u64,
        version: u64,
    },
    State {
        life: u64,
        metadata: Arc<Metadata>,
    },
    /// A leader asks for another in-sync set: members with the life they were seen in.
    AlterIsr {
        part: u32,
        epoch: u32,
        version: u32,
        isr: Vec<(NodeId, u64)>,
    },
    /// A consumer wants a place in the next generation; it holds these since that one.
    Join {
        attempt: u64,
        generation: u32,
        holds: Vec<u32>,
    },
    /// What a consumer owns now, with the committed offset of each.
    Assigned {
        /// The wish to join that this answers.
        attempt: u64,
        generation: u32,
        parts: Vec<(u32, u64)>,
    },
    Pulse {
        generation: u32,
    },
    /// About the generation that was named.
    Heard {
        generation: u32,
        beat: Beat,
    },
    Quit,
    /// `number` rises with each of a consumer's commits.
    Commit {
        generation: u32,
        part: u32,
        offset: u64,
        number: u64,
    },
    Committed {
        generation: u32,
        part: u32,
        offset: u64,
        counted: bool,
    },
    /// A consumer has processed a message.
    Effect {
        part: u32,
        offset: u64,
        id: Id,
        created: Time,
        at: u64,
    },
    WhereAreEnds,
    Ends(Vec<(u32, u64)>),
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::WhoLeads => "who leads?",
            Msg::Leaders(_) => "leaders",
            Msg::Produce { .. } => "produce",
            Msg::Produced { result: Ok(_), .. } => "ack",
            Msg::Produced { result: Err(_), .. } => "refused",
            Msg::Fetch { .. } => "fetch",
            Msg::Fetched { .. } => "fetched",
            Msg::Read { .. } => "read",
            Msg::Records { .. } => "records",
            Msg::NotRead { .. } => "not read",
            Msg::Alive { .. } => "alive",
            Msg::State { .. } => "state",
            Msg::AlterIsr { .. } => "alter isr",
            Msg::Join { .. } => "join",
            Msg::Assigned { .. } => "assigned",
            Msg::Pulse { .. } => "pulse",
            Msg::Heard { .. } => "heard",
            Msg::Quit => "quit",
            Msg::Commit { .. } => "commit",
            Msg::Committed { .. } => "committed",
            Msg::Effect { .. } => "effect",
            Msg::WhereAreEnds => "ends?",
            Msg::Ends(_) => "ends",
        }
    }

    fn mark(&self) -> u64 {
        let two = |a: u32, b: u64| u64::from(a) ^ b.rotate_left(24);
        match self {
            Msg::WhoLeads | Msg::Quit | Msg::WhereAreEnds | Msg::Ends(_) => 0,
            Msg::Leaders(metadata) | Msg::State { metadata, .. } => metadata.version,
            Msg::Produce { part, request, records, .. } => two(*part, *request) ^ (records.len() as u64) << 56,
            Msg::Produced { part, request, result } => two(*part, *request) ^ u64::from(result.is_ok()) << 60,
            Msg::Fetch { part, from, .. } | Msg::Fetched { part, from, .. } | Msg::Read { part, from } | Msg::Records { part, from, .. } => two(*part, *from),
            Msg::NotRead { part, .. } => u64::from(*part),
            Msg::Alive { life, version } => life ^ version.rotate_left(32),
            Msg::AlterIsr { part, epoch, isr, .. } => two(*part, u64::from(*epoch)) ^ isr.len() as u64,
            Msg::Join { generation, holds, .. } => holds.iter().fold(1 + u64::from(*generation), |sum, part| sum << 3 ^ u64::from(*part)),
            Msg::Assigned { generation, parts, .. } => parts.iter().fold(u64::from(*generation), |sum, (part, offset)| sum << 5 ^ two(*part, *offset)),
            Msg::Pulse { generation } => u64::from(*generation),
            Msg::Heard { beat, .. } => *beat as u64,
            Msg::Commit { part, offset, .. } | Msg::Committed { part, offset, .. } => two(*part, *offset),
            Msg::Effect { part, offset, id, .. } => two(*part, *offset) ^ id.0,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// The load's next message, or only the time to ask for it again.
    Arrive {
        send: bool,
    },
    /// A batch has had no answer in time.
    NoAnswer {
        part: u32,
        request: u64,
    },
    /// A batch is tried again.
    Again {
        part: u32,
        request: u64,
    },
    /// Housekeeping: heartbeats, sweeps, questions asked again.
    Tick,
    /// What a broker had written to a partition is durable.
    Synced {
        part: u32,
    },
    Flush,
    Flushed,
    /// Old segments go.
    Expire,
    /// A message has been worked on.
    Worked {
        turn: u64,
    },
    /// A partition may be tried again after a failed attempt.
    Unblock {
        part: u32,
        offset: u64,
    },
    Commit,
    /// The first members have come: who else?
    Settle {
        generation: u32,
    },
    /// Keeps the world awake until who is gone is known to be gone.
    Wake,
    /// How far behind are the consumers?
    Sample,
}
