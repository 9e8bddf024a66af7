//! The fan-out queue: durable jobs, handed out on a lease, gone only when a worker says so.

use super::metrics::{QUEUE_DEPTH, REDELIVERIES};
use super::msg::{Job, Msg, Timer};
use super::node::Ctx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::visibility::{Handed, Ready};
use std::collections::{BTreeMap, VecDeque};

const POKE: Span = Span::millis(200);
/// A job that a worker gave back waits so long.
const BACKOFF: Span = Span::secs(1);

#[derive(Clone, Debug, Default)]
pub struct FanoutQueue {
    jobs: Ready<Job>,
    later: Vec<(Time, Job)>,
    enqueued: u64,
    /// Volatile: workers report again when the queue comes back.
    idle: VecDeque<NodeId>,
    /// The last ticket each worker was given, and when.
    given: BTreeMap<NodeId, (u64, Time)>,
    armed: bool,
}

impl FanoutQueue {
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.arm(cx);
    }

    /// Jobs are on disk, leases too; who was idle is not.
    pub fn crash(&mut self) {
        self.idle.clear();
        self.given.clear();
        self.armed = false;
    }

    fn put(&mut self, job: Job) {
        self.jobs.put(self.enqueued, job);
        self.enqueued += 1;
        self.jobs.settle(self.enqueued);
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Enqueue { number, job } => {
                self.put(job);
                cx.send(from, Msg::Enqueued { number });
            }
            Msg::Ready { last } => {
                // A worker that reports while a job is on its way to it is not idle, and a restarted one's job has a lease to run out.
                let (given, at) = self.given.get(&from).copied().unwrap_or_default();
                if given <= last || cx.now().since(at) >= cx.system().lease {
                    self.is_idle(from);
                }
            }
            Msg::Renew { ticket } => {
                self.jobs.extend(ticket, cx.now(), cx.system().lease);
                return;
            }
            Msg::Done { ticket } => {
                self.jobs.delete(ticket);
                self.is_through(from, ticket);
            }
            Msg::Split { ticket, parts } => {
                // A lease that ran out meanwhile has its job back in line: splitting it again would do the work twice.
                if self.jobs.delete(ticket).is_some() || !cx.system().ack_after_delivery {
                    parts.into_iter().for_each(|part| self.put(part));
                }
                self.is_through(from, ticket);
            }
            Msg::Back { ticket } => {
                if let Some(job) = self.jobs.delete(ticket) {
                    self.later.push((cx.now() + BACKOFF, job));
                }
            }
            _ => return,
        }
        self.hand_out(cx);
    }

    pub fn poke(&mut self, cx: &mut Ctx<'_>) {
        self.armed = false;
        let now = cx.now();
        // However often a job was delivered, it is not set aside.
        let (returned, _) = self.jobs.expire(now, u32::MAX);
        cx.count(REDELIVERIES, returned as u64);
        let due: Vec<(Time, Job)> = self.later.extract_if(.., |(at, _)| *at <= now).collect();
        due.into_iter().for_each(|(_, job)| self.put(job));
        self.hand_out(cx);
    }

    /// A worker has finished with a ticket; a repeated message about an old one says nothing about now.
    fn is_through(&mut self, worker: NodeId, ticket: u64) {
        if self.given.get(&worker).is_none_or(|(given, _)| *given == ticket) {
            self.is_idle(worker);
        }
    }

    fn is_idle(&mut self, worker: NodeId) {
        if !self.idle.contains(&worker) {
            self.idle.push_back(worker);
        }
    }

    fn hand_out(&mut self, cx: &mut Ctx<'_>) {
        while self.jobs.ready() > 0 {
            let Some(worker) = self.idle.pop_front() else { break };
            let Some(Handed { receipt: ticket, payload: job, .. }) = self.jobs.take(cx.now(), cx.system().lease) else { break };
            self.given.insert(worker, (ticket, cx.now()));
            // Acknowledged on receipt, the job is forgotten here and now; a worker's crash then loses it.
            if !cx.system().ack_after_delivery {
                self.jobs.delete(ticket);
            }
            cx.send(worker, Msg::Take { ticket, job });
        }
        cx.gauge(QUEUE_DEPTH, (self.jobs.ready() + self.later.len()) as f64);
        self.arm(cx);
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if !self.armed && !self.is_empty() {
            self.armed = true;
            cx.after(POKE, Timer::Poke);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.ready() + self.jobs.hidden() + self.later.len() == 0
    }

    /// Jobs that wait, that are being done, that wait for another try.
    pub fn depths(&self) -> [usize; 3] {
        [self.jobs.ready(), self.jobs.hidden(), self.later.len()]
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.jobs.weight() + self.later.bytes()
    }

    pub fn look(&self) -> Look {
        let ready = self.jobs.ready();
        let state = match ready {
            0 => State::Idle,
            1..=100 => State::Busy,
            _ => State::Warn,
        };
        let workers = self.given.values().filter(|(ticket, _)| self.jobs.is_out(*ticket)).count();
        Look { label: format!("{ready} ready, {workers} at work"), state, fill: Some((ready as f64 / 200.0).min(1.0)) }
    }
}
