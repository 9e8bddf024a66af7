//! One broker's copy of a partition: its log, its high watermark, and what it does for it now.

use super::idempotence::Producers;
use super::metrics;
use super::record::{Id, Stored};
use super::system::Queue;
use super::watch::Fact;
use super::wire::{Acks, Msg, Refusal};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::kernel::time::Time;
use crate::parts::segments::{SegmentedLog, Shape};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Replica {
    pub part: u32,
    pub log: SegmentedLog,
    /// What the in-sync set has, as far as this replica knows.
    pub watermark: u64,
    pub epoch: u32,
    pub role: Role,
    pub producers: Producers,
}

#[derive(Clone, Debug)]
pub enum Role {
    /// Nothing is known yet of who leads.
    Idle,
    Leader(Lead),
    Follower(Follow),
}

#[derive(Clone, Debug)]
pub struct Lead {
    pub isr: Vec<NodeId>,
    /// Of the controller's state that says so.
    pub version: u32,
    /// Where this leader's own records begin.
    pub begins: u64,
    pub peers: BTreeMap<NodeId, Peer>,
    /// The in-sync set that was asked for, and when.
    pub asked: Option<(Time, Vec<NodeId>)>,
    pub waiting: Vec<Waiting>,
    /// Consumers that wait for a record, and for which.
    pub readers: BTreeMap<NodeId, u64>,
}

/// What a leader knows of a follower.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    /// It holds everything before this.
    pub end: u64,
    /// When it last asked, and where the leader's log ended then.
    pub fetched: Time,
    pub end_then: u64,
    /// When it last had everything.
    pub caught: Time,
    pub life: u64,
    /// Its question waits for a record.
    pub parked: bool,
}

/// A batch that is written but not acknowledged yet.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub to: NodeId,
    pub request: u64,
    pub acks: Acks,
    pub first: u64,
    pub end: u64,
    pub ids: Vec<Id>,
}

#[derive(Clone, Debug)]
pub struct Follow {
    pub leader: Option<NodeId>,
    /// When it last asked the leader.
    pub asked: Time,
}

impl Replica {
    pub fn new(part: u32, shape: Shape) -> Replica {
        Replica { part, log: SegmentedLog::new(shape), watermark: 0, epoch: 0, role: Role::Idle, producers: Producers::default() }
    }

    /// What counts as held: with a sync before each acknowledgement, what is durable.
    pub fn holds(&self, system: &Queue) -> u64 {
        if system.sync_first { self.log.synced() } else { self.log.end() }
    }

    /// Records from `from` to before `to`, at most so many.
    pub fn records(&self, from: u64, to: u64, most: usize) -> Vec<Stored> {
        let mut found = Vec::new();
        if from >= to {
            return found;
        }
        let _ = self.log.read(from, |entry| {
            let more = entry.offset < to;
            found.extend(more.then(|| Stored::decode(entry)).flatten());
            more && found.len() < most
        });
        found
    }

    pub fn ids(&self, from: u64, to: u64) -> Vec<Id> {
        self.records(from, to, usize::MAX).into_iter().map(|stored| stored.record.id).collect()
    }

    /// Cuts the log back and remembers of the producers only what still stands.
    pub fn cut(&mut self, offset: u64) {
        self.log.truncate(offset);
        self.watermark = self.watermark.min(self.log.end());
        self.learn_producers();
    }

    pub fn learn_producers(&mut self) {
        self.producers.rewind();
        for stored in self.records(self.log.start(), self.log.end(), usize::MAX) {
            self.producers.note(stored.offset, &stored.record);
        }
    }

    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// The high watermark rises to what every member of the in-sync set holds, as long as that has enough members (KIP-966); then
    /// whoever waited for it is answered.
    pub fn advance(&mut self, cx: &mut Cx<'_, Queue>) {
        let system = cx.shared();
        let (holds, me) = (self.holds(&system), cx.me());
        let Role::Leader(lead) = &self.role else { return };
        if lead.isr.len() >= system.min_insync {
            // Somebody who was asked for but not confirmed yet counts too: the controller may have decided already.
            let members = lead.isr.iter().chain(lead.asked.iter().flat_map(|(_, asked)| asked));
            let least = members.map(|member| if *member == me { holds } else { lead.peers.get(member).map_or(0, |peer| peer.end) }).min().unwrap_or(0);
            if least > self.watermark {
                let ids = self.ids(self.watermark, least);
                cx.fact(Fact::Committed { part: self.part, from: self.watermark, ids });
                self.watermark = least;
            }
        }
        self.release(cx);
        self.serve_readers(cx);
    }

    /// Acknowledges what may be.
    fn release(&mut self, cx: &mut Cx<'_, Queue>) {
        let (holds, watermark, part, epoch) = (self.holds(&cx.shared()), self.watermark, self.part, self.epoch);
        let min = cx.system().min_insync;
        let Role::Leader(lead) = &mut self.role else { return };
        let enough = lead.isr.len() >= min;
        let mut ready = Vec::new();
        lead.waiting.retain(|waiting| {
            let done = match waiting.acks {
                Acks::All => waiting.end <= watermark && enough,
                Acks::Leader | Acks::None => waiting.end <= holds,
            };
            if done {
                ready.push(waiting.clone());
            }
            !done
        });
        for waiting in ready {
            cx.fact(Fact::Acked { part, epoch, from: waiting.first, ids: waiting.ids });
            cx.send(waiting.to, Msg::Produced { part, request: waiting.request, result: Ok(waiting.first) });
        }
    }

    /// Up to where consumers may read.
    pub fn visible(&self, system: &Queue) -> u64 {
        if system.read_committed { self.watermark } else { self.log.end() }
    }

    fn serve_readers(&mut self, cx: &mut Cx<'_, Queue>) {
        let visible = self.visible(&cx.shared());
        let Role::Leader(lead) = &mut self.role else { return };
        let ready: Vec<(NodeId, u64)> = lead.readers.iter().filter(|(_, from)| **from < visible).map(|(reader, from)| (*reader, *from)).collect();
        for (reader, from) in ready {
            lead_readers(&mut self.role).remove(&reader);
            self.serve(reader, from, visible, cx);
        }
    }

    pub fn serve(&mut self, reader: NodeId, from: u64, visible: u64, cx: &mut Cx<'_, Queue>) {
        let records = self.records(from, visible, READ_MOST);
        let next = records.last().map_or(from, |stored| stored.offset + 1);
        cx.fact(Fact::Served { part: self.part, next });
        cx.send(reader, Msg::Records { part: self.part, from, records });
    }

    /// Answers followers that wait for a record.
    pub fn feed(&mut self, cx: &mut Cx<'_, Queue>) {
        let end = self.log.end();
        let Role::Leader(lead) = &mut self.role else { return };
        let hungry: Vec<(NodeId, u64)> = lead.peers.iter().filter(|(_, peer)| peer.parked && peer.end < end).map(|(id, peer)| (*id, peer.end)).collect();
        for (peer, from) in hungry {
            self.feed_one(peer, from, cx);
        }
    }

    pub fn feed_one(&mut self, to: NodeId, from: u64, cx: &mut Cx<'_, Queue>) {
        let records = self.records(from, self.log.end(), FETCH_MOST);
        if let Role::Leader(lead) = &mut self.role
            && let Some(peer) = lead.peers.get_mut(&to)
        {
            peer.parked = false;
        }
        let (part, epoch, watermark, start) = (self.part, self.epoch, self.watermark, self.log.start());
        cx.send(to, Msg::Fetched { part, epoch, from, records, watermark, start, diverges: None });
    }

    /// Leads no more: who waits must ask the new leader.
    pub fn refuse_waiting(&mut self, cx: &mut Cx<'_, Queue>) {
        let Role::Leader(lead) = &mut self.role else { return };
        for waiting in std::mem::take(&mut lead.waiting) {
            cx.send(waiting.to, Msg::Produced { part: self.part, request: waiting.request, result: Err(Refusal::NotLeader) });
        }
        for reader in std::mem::take(&mut lead.readers).into_keys() {
            cx.send(reader, Msg::NotRead { part: self.part, why: super::wire::NoRead::NotLeader });
        }
        cx.count(metrics::HANDED_OVER, 1);
    }

    pub fn weight(&self) -> usize {
        let lead = match &self.role {
            Role::Leader(lead) => lead.waiting.iter().map(|w| 80 + w.ids.len() * 8).sum::<usize>() + lead.peers.len() * 120 + lead.readers.len() * 24,
            _ => 0,
        };
        self.log.weight() + self.producers.weight() + lead + 32
    }
}

fn lead_readers(role: &mut Role) -> &mut BTreeMap<NodeId, u64> {
    match role {
        Role::Leader(lead) => &mut lead.readers,
        _ => unreachable!("asked of leaders only"),
    }
}

/// Records in one answer.
pub const READ_MOST: usize = 50;
pub const FETCH_MOST: usize = 500;
