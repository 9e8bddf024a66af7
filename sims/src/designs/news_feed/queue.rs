//! The fan-out queue: durable jobs, handed out on a lease, gone only when a worker says so.

use super::metrics::{QUEUE_DEPTH, REDELIVERIES};
use super::msg::{Job, Msg, Timer};
use super::node::Ctx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, VecDeque};

const POKE: Span = Span::millis(200);
/// A job that a worker gave back waits so long.
const BACKOFF: Span = Span::secs(1);

#[derive(Clone, Debug, Default)]
pub struct FanoutQueue {
    ready: VecDeque<Job>,
    later: Vec<(Time, Job)>,
    leases: BTreeMap<u64, Lease>,
    next: u64,
    /// Volatile: workers report again when the queue comes back.
    idle: VecDeque<NodeId>,
    /// The last ticket each worker was given, and when.
    given: BTreeMap<NodeId, (u64, Time)>,
    armed: bool,
}

#[derive(Clone, Debug)]
struct Lease {
    job: Job,
    worker: NodeId,
    until: Time,
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

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Enqueue { number, job } => {
                self.ready.push_back(job);
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
                let until = cx.now() + cx.system().lease;
                if let Some(lease) = self.leases.get_mut(&ticket) {
                    lease.until = until;
                }
                return;
            }
            Msg::Done { ticket } => {
                self.leases.remove(&ticket);
                self.is_through(from, ticket);
            }
            Msg::Split { ticket, parts } => {
                // A lease that ran out meanwhile has its job back in line: splitting it again would do the work twice.
                if self.leases.remove(&ticket).is_some() || !cx.system().ack_after_delivery {
                    self.ready.extend(parts);
                }
                self.is_through(from, ticket);
            }
            Msg::Back { ticket } => {
                if let Some(lease) = self.leases.remove(&ticket) {
                    self.later.push((cx.now() + BACKOFF, lease.job));
                }
            }
            _ => return,
        }
        self.hand_out(cx);
    }

    pub fn poke(&mut self, cx: &mut Ctx<'_>) {
        self.armed = false;
        let now = cx.now();
        let expired: Vec<u64> = self.leases.iter().filter(|(_, lease)| lease.until <= now).map(|(ticket, _)| *ticket).collect();
        for ticket in expired {
            if let Some(lease) = self.leases.remove(&ticket) {
                cx.count(REDELIVERIES, 1);
                self.ready.push_front(lease.job);
            }
        }
        let due = self.later.iter().filter(|(at, _)| *at <= now).count();
        if due > 0 {
            self.ready.extend(self.later.iter().filter(|(at, _)| *at <= now).map(|(_, job)| *job));
            self.later.retain(|(at, _)| *at > now);
        }
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
        while !self.ready.is_empty() {
            let Some(worker) = self.idle.pop_front() else { break };
            let Some(job) = self.ready.pop_front() else { break };
            self.next += 1;
            let ticket = self.next;
            self.given.insert(worker, (ticket, cx.now()));
            // Acknowledged on receipt, the job is forgotten here and now; a worker's crash then loses it.
            if cx.system().ack_after_delivery {
                self.leases.insert(ticket, Lease { job, worker, until: cx.now() + cx.system().lease });
            }
            cx.send(worker, Msg::Take { ticket, job });
        }
        cx.gauge(QUEUE_DEPTH, (self.ready.len() + self.later.len()) as f64);
        self.arm(cx);
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if !self.armed && !self.is_empty() {
            self.armed = true;
            cx.after(POKE, Timer::Poke);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.later.is_empty() && self.leases.is_empty()
    }

    /// Jobs that wait, that are being done, that wait for another try.
    pub fn depths(&self) -> [usize; 3] {
        [self.ready.len(), self.leases.len(), self.later.len()]
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.ready.bytes() + self.later.bytes() + self.leases.bytes()
    }

    pub fn look(&self) -> Look {
        let state = match self.ready.len() {
            0 => State::Idle,
            1..=100 => State::Busy,
            _ => State::Warn,
        };
        let workers = self.leases.values().map(|lease| lease.worker).collect::<std::collections::BTreeSet<_>>().len();
        Look { label: format!("{} ready, {workers} at work", self.ready.len()), state, fill: Some((self.ready.len() as f64 / 200.0).min(1.0)) }
    }
}
