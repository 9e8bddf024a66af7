//! Sending with acknowledgements: batches per partition, some in flight, tried again until they are taken or their time is up.

use super::metrics;
use super::record::{Id, Record};
use super::system::Queue;
use super::wire::{Acks, Metadata, Msg, Refusal, Timer};
use super::{BUFFER_FULL, DELIVERY_TIMEOUT};
use crate::kernel::cx::Cx;
use crate::kernel::node::NodeId;
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// The client's half of producing, for producers and for consumers that write dead letters.
#[derive(Clone)]
pub struct Sender {
    controller: NodeId,
    /// Which producer this is to the brokers; another one after each restart.
    id: u32,
    lanes: Vec<Lane>,
    pub metadata: Arc<Metadata>,
    asked: Time,
    next_request: u64,
    buffered: usize,
}

#[derive(Clone, Default)]
struct Lane {
    queue: VecDeque<Record>,
    flight: VecDeque<Batch>,
    next_number: u64,
    next_seq: u32,
    epoch: u16,
}

#[derive(Clone)]
struct Batch {
    request: u64,
    records: Arc<[Record]>,
    idempotent: bool,
    deadline: Time,
    /// Ends the wait for an answer; none while it waits to be tried again.
    timer: Option<Ticket>,
}

/// Messages in one batch.
const BATCH_MOST: usize = 100;
/// Messages a sender keeps; more are refused.
const BUFFER_MOST: usize = 20_000;
const RETRY_AFTER: Span = Span::millis(100);
const ASK_LEADERS_AGAIN: Span = Span::millis(100);

impl Sender {
    pub fn new(controller: NodeId, parts: usize, metadata: Arc<Metadata>) -> Sender {
        Sender { controller, id: 0, lanes: vec![Lane::default(); parts], metadata, asked: Time::ZERO, next_request: 0, buffered: 0 }
    }

    /// A new life: a new producer to the brokers, with nothing to send.
    pub fn begin(&mut self, cx: &mut Cx<'_, Queue>) {
        let lives = (self.id & 0xfff) + 1;
        self.id = (cx.me().0 + 1) << 12 | lives & 0xfff;
        self.lanes.iter_mut().for_each(|lane| *lane = Lane::default());
        self.buffered = 0;
    }

    /// Takes a message for a partition; gives its id, or none if there is no room.
    pub fn send(&mut self, part: u32, key: u32, poison: bool, cx: &mut Cx<'_, Queue>) -> Option<Id> {
        if self.buffered >= BUFFER_MOST {
            cx.fail(BUFFER_FULL);
            return None;
        }
        let lane = &mut self.lanes[part as usize];
        let id = Id::new(self.id, part, lane.next_number);
        lane.next_number += 1;
        lane.queue.push_back(Record { producer: self.id, epoch: 0, seq: 0, first: false, poison, id, key, created: cx.now() });
        self.buffered += 1;
        self.dispatch(part, cx);
        Some(id)
    }

    /// Puts what waits into batches, as many as may be in flight.
    fn dispatch(&mut self, part: u32, cx: &mut Cx<'_, Queue>) {
        let system = cx.shared();
        loop {
            let lane = &mut self.lanes[part as usize];
            if lane.queue.is_empty() || lane.flight.len() >= system.in_flight {
                return;
            }
            let idempotent = system.idempotent();
            let records: Arc<[Record]> = lane.queue.drain(..lane.queue.len().min(BATCH_MOST)).collect();
            let deadline = records[0].created + system.delivery_timeout;
            let mut batch = Batch { request: 0, records, idempotent, deadline, timer: None };
            lane.number(&mut batch);
            if system.acks == Acks::None {
                self.buffered -= batch.records.len();
                cx.count(metrics::SENT_BLIND, batch.records.len() as u64);
                self.transmit(part, batch, cx);
                continue;
            }
            lane.flight.push_back(batch);
            let at = lane.flight.len() - 1;
            self.try_batch(part, at, cx);
        }
    }

    /// Sends the batch at that place of the flight, and waits for an answer.
    fn try_batch(&mut self, part: u32, at: usize, cx: &mut Cx<'_, Queue>) {
        self.next_request += 1;
        let request = self.next_request;
        let timer = cx.after(cx.system().request_timeout, Timer::NoAnswer { part, request });
        let Some(batch) = self.lanes[part as usize].flight.get_mut(at) else { return };
        batch.request = request;
        batch.timer = Some(timer);
        let batch = batch.clone();
        self.transmit(part, batch, cx);
    }

    fn transmit(&mut self, part: u32, batch: Batch, cx: &mut Cx<'_, Queue>) {
        let acks = cx.system().acks;
        match self.metadata.leader(part) {
            Some(leader) => cx.send(leader, Msg::Produce { part, request: batch.request, acks, idempotent: batch.idempotent, records: batch.records }),
            None => self.ask_leaders(cx),
        }
    }

    pub fn ask_leaders(&mut self, cx: &mut Cx<'_, Queue>) {
        if cx.now().since(self.asked) >= ASK_LEADERS_AGAIN {
            self.asked = cx.now();
            cx.send(self.controller, Msg::WhoLeads);
        }
    }

    pub fn learn(&mut self, metadata: Arc<Metadata>) {
        if metadata.version >= self.metadata.version {
            self.metadata = metadata;
        }
    }

    /// An answer; gives the records that are done with it: acknowledged, or given up.
    pub fn answered(&mut self, part: u32, request: u64, result: Result<u64, Refusal>, cx: &mut Cx<'_, Queue>) -> Done {
        let lane = &mut self.lanes[part as usize];
        let Some(at) = lane.flight.iter().position(|batch| batch.request == request && batch.timer.is_some()) else { return Done::Nothing };
        if let Some(timer) = lane.flight[at].timer.take() {
            cx.cancel(timer);
        }
        match result {
            Ok(_) => {
                let Some(batch) = lane.flight.remove(at) else { return Done::Nothing };
                self.buffered -= batch.records.len();
                self.dispatch(part, cx);
                Done::Acked(batch.records)
            }
            Err(why) => {
                if why == Refusal::NotLeader {
                    self.ask_leaders(cx);
                }
                if why == Refusal::OutOfOrder && at == 0 {
                    // Nothing of ours is under way before it, so what is missing will not come: begin anew (KIP-360).
                    self.lanes[part as usize].renumber();
                }
                self.later(part, at, cx)
            }
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Queue>) -> Done {
        match timer {
            Timer::NoAnswer { part, request } => {
                let Some(at) = self.lanes[part as usize].flight.iter().position(|batch| batch.request == request) else { return Done::Nothing };
                self.lanes[part as usize].flight[at].timer = None;
                self.ask_leaders(cx);
                self.later(part, at, cx)
            }
            Timer::Again { part, request } => {
                let found = self.lanes[part as usize].flight.iter().position(|batch| batch.request == request && batch.timer.is_none());
                if let Some(at) = found {
                    cx.count(metrics::RETRIES, 1);
                    self.try_batch(part, at, cx);
                }
                Done::Nothing
            }
            _ => Done::Nothing,
        }
    }

    /// Tries a batch again in a while, or gives it up if its time is over.
    fn later(&mut self, part: u32, at: usize, cx: &mut Cx<'_, Queue>) -> Done {
        let lane = &mut self.lanes[part as usize];
        if cx.now() + RETRY_AFTER < lane.flight[at].deadline {
            let request = lane.flight[at].request;
            cx.after(RETRY_AFTER, Timer::Again { part, request });
            return Done::Nothing;
        }
        let Some(batch) = lane.flight.remove(at) else { return Done::Nothing };
        for _ in batch.records.iter() {
            cx.fail(DELIVERY_TIMEOUT);
        }
        self.buffered -= batch.records.len();
        self.dispatch(part, cx);
        Done::GivenUp(batch.records)
    }

    pub fn waiting(&self) -> usize {
        self.buffered
    }

    pub fn weight(&self) -> usize {
        let lane = |lane: &Lane| {
            lane.queue.len() * std::mem::size_of::<Record>() + lane.flight.iter().map(|b| 100 + b.records.len() * std::mem::size_of::<Record>()).sum::<usize>()
        };
        self.lanes.iter().map(|l| std::mem::size_of::<Lane>() + lane(l)).sum()
    }
}

/// What became of a batch.
pub enum Done {
    Nothing,
    Acked(Arc<[Record]>),
    GivenUp(Arc<[Record]>),
}

impl Lane {
    /// Gives a batch its epoch and sequence numbers.
    fn number(&mut self, batch: &mut Batch) {
        let (epoch, from) = (self.epoch, self.next_seq);
        let records: Vec<Record> =
            batch.records.iter().enumerate().map(|(i, record)| Record { epoch, seq: from + i as u32, first: i == 0, ..*record }).collect();
        self.next_seq += records.len() as u32;
        batch.records = records.into();
    }

    /// A new epoch: everything in flight is numbered from 0.
    fn renumber(&mut self) {
        self.epoch += 1;
        self.next_seq = 0;
        let mut flight = std::mem::take(&mut self.flight);
        flight.iter_mut().for_each(|batch| self.number(batch));
        self.flight = flight;
    }
}
