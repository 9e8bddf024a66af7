//! A fan-out worker: takes one job at a time, writes it into the shards batch by batch, and says done when every batch is confirmed.

use super::metrics::{SKIPPED, WRITE_WORK};
use super::msg::{Change, Job, Msg, Part, Timer};
use super::node::Ctx;
use super::system::Map;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Followers in one message to a shard.
const BATCH: usize = 50;
const TEND: Span = Span::millis(250);
const IDLE: Span = Span::millis(500);
/// Without a confirmation for so long, the job goes back to the queue: one dead shard must not hold every worker.
const GIVE_UP: Span = Span::secs(2);

#[derive(Clone, Debug)]
pub struct Worker {
    map: Arc<Map>,
    task: Option<Box<Task>>,
    /// Grows over the worker's whole life, so that an answer to an earlier question is not mistaken.
    asked: u64,
    /// The last ticket taken.
    last: u64,
}

#[derive(Clone, Debug)]
struct Task {
    ticket: u64,
    job: Job,
    /// Batches still to be written, in order.
    todo: VecDeque<(NodeId, Change)>,
    /// Sent and not confirmed, by the number of the question.
    sent: BTreeMap<u64, (NodeId, Msg, Time)>,
    progress: Time,
}

impl Worker {
    pub fn new(map: Arc<Map>) -> Worker {
        Worker { map, task: None, asked: 0, last: 0 }
    }

    /// Another of the same team, with nothing to do yet.
    pub fn fresh(&self) -> Worker {
        Worker::new(Arc::clone(&self.map))
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.send(self.map.queue, Msg::Ready { last: self.last });
        cx.background(IDLE, Timer::Idle);
    }

    pub fn crash(&mut self) {
        self.task = None;
        self.last = 0;
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Take { ticket, job } => self.take(ticket, job, cx),
            Msg::FollowersAre { ticket, users, skipped, stamp } if self.confirm(ticket, cx.now()) => self.fan_out(users, skipped, stamp, cx),
            Msg::ListsAre { ticket, lists, .. } => {
                if self.confirm(ticket, cx.now())
                    && let Some(Job::Edge { user, author, stamp, .. }) = self.task.as_ref().map(|task| task.job)
                {
                    let ids = lists.into_iter().flat_map(|(_, ids)| ids).collect();
                    self.write(vec![(self.map.shard_of(user), Change::Followed { user, author, stamp, ids })], cx);
                }
            }
            Msg::Applied { ticket } if self.confirm(ticket, cx.now()) => self.finish_if_done(cx),
            _ => {}
        }
    }

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Idle => {
                if self.task.is_none() {
                    cx.send(self.map.queue, Msg::Ready { last: self.last });
                }
                cx.background(IDLE, Timer::Idle);
            }
            Timer::Step(ticket) if self.is_at(ticket) => self.step(cx),
            Timer::Tend(ticket) if self.is_at(ticket) => self.tend(cx),
            _ => {}
        }
    }

    fn is_at(&self, ticket: u64) -> bool {
        self.task.as_ref().is_some_and(|task| task.ticket == ticket)
    }

    fn take(&mut self, ticket: u64, job: Job, cx: &mut Ctx<'_>) {
        if self.task.is_some() {
            if !self.is_at(ticket) {
                cx.send(self.map.queue, Msg::Back { ticket });
            }
            return;
        }
        self.last = self.last.max(ticket);
        self.task = Some(Box::new(Task { ticket, job, todo: VecDeque::new(), sent: BTreeMap::new(), progress: cx.now() }));
        cx.after(TEND, Timer::Tend(ticket));
        match job {
            Job::Post { id, part } | Job::Delete { id, part } => {
                let author = id.author();
                self.ask(self.map.social, |ticket| Msg::Followers { ticket, author, part }, cx);
            }
            Job::Edge { user, author, on: false, stamp } => self.write(vec![(self.map.shard_of(user), Change::Unfollowed { user, author, stamp })], cx),
            Job::Edge { author, .. } if cx.system().backfill => {
                let count = cx.system().plan.keep;
                self.ask(self.map.store_of(author), |ticket| Msg::Lists { ticket, authors: vec![author], count }, cx);
            }
            Job::Edge { .. } => self.finish_if_done(cx),
        }
    }

    /// Asks, and keeps the question until it is answered.
    fn ask(&mut self, to: NodeId, question: impl FnOnce(u64) -> Msg, cx: &mut Ctx<'_>) {
        self.asked += 1;
        let msg = question(self.asked);
        if let Some(task) = &mut self.task {
            task.sent.insert(self.asked, (to, msg.clone(), cx.now()));
            cx.send(to, msg);
        }
    }

    /// Whether this answers an open question.
    fn confirm(&mut self, asked: u64, now: Time) -> bool {
        self.task.as_mut().is_some_and(|task| {
            let open = task.sent.remove(&asked).is_some();
            if open {
                task.progress = now;
            }
            open
        })
    }

    /// Many followers are cut into chunks that other workers can take, and that let small authors' posts pass in between.
    fn fan_out(&mut self, users: Vec<u32>, skipped: u64, stamp: u64, cx: &mut Ctx<'_>) {
        let Some(task) = &self.task else { return };
        let (job, chunk) = (task.job, cx.system().chunk.max(1));
        let whole = matches!(job, Job::Post { part: Part::ALL, .. } | Job::Delete { part: Part::ALL, .. });
        if whole && users.len() > chunk {
            return self.split(&users, chunk, cx);
        }
        cx.count(SKIPPED, skipped);
        let mut groups: BTreeMap<NodeId, Vec<u32>> = BTreeMap::new();
        for user in users {
            groups.entry(self.map.shard_of(user)).or_default().push(user);
        }
        let mut changes = Vec::new();
        for (shard, group) in groups {
            for batch in group.chunks(BATCH) {
                let users: Arc<[u32]> = batch.into();
                changes.push(match job {
                    Job::Delete { id, .. } => (shard, Change::Remove { id, users }),
                    Job::Post { id, .. } => (shard, Change::Put { id, users, stamp }),
                    Job::Edge { .. } => return,
                });
            }
        }
        self.write(changes, cx);
    }

    /// Chunks are ranges of user numbers, so that a list that changes meanwhile is still covered without gap or overlap.
    fn split(&mut self, users: &[u32], chunk: usize, cx: &mut Ctx<'_>) {
        let Some(task) = self.task.take() else { return };
        let mut parts = Vec::new();
        let mut from = 0;
        for piece in users.chunks(chunk) {
            // The last range reaches one short of the end, so that no chunk looks like the whole.
            let last = piece.last().copied().unwrap_or(u32::MAX - 1);
            let to = if piece.last() == users.last() { u32::MAX - 1 } else { last };
            let part = Part { from, to };
            parts.push(match task.job {
                Job::Delete { id, .. } => Job::Delete { id, part },
                Job::Post { id, .. } => Job::Post { id, part },
                edge @ Job::Edge { .. } => edge,
            });
            from = to + 1;
        }
        cx.send(self.map.queue, Msg::Split { ticket: task.ticket, parts });
    }

    fn write(&mut self, changes: Vec<(NodeId, Change)>, cx: &mut Ctx<'_>) {
        if let Some(task) = &mut self.task {
            task.todo = changes.into();
        }
        self.next_batch(cx);
    }

    /// Works on the next batch; it leaves when the work is done, so that a crash loses what was not yet written.
    fn next_batch(&mut self, cx: &mut Ctx<'_>) {
        let Some(task) = &self.task else { return };
        let Some((_, change)) = task.todo.front() else { return self.finish_if_done(cx) };
        let writes = match change {
            Change::Put { users, .. } | Change::Remove { users, .. } => users.len() as u64,
            Change::Followed { .. } | Change::Unfollowed { .. } => 1,
        };
        let work = cx.system().write_cost * writes;
        cx.count(WRITE_WORK, work.0 / 1_000);
        cx.after(work, Timer::Step(task.ticket));
    }

    fn step(&mut self, cx: &mut Ctx<'_>) {
        let Some((shard, change)) = self.task.as_mut().and_then(|task| task.todo.pop_front()) else { return };
        if let Some(task) = &mut self.task {
            task.progress = cx.now();
        }
        self.ask(shard, |ticket| Msg::Apply { ticket, change }, cx);
        self.next_batch(cx);
    }

    /// Repeats what was not confirmed, keeps the lease, or gives the job back.
    fn tend(&mut self, cx: &mut Ctx<'_>) {
        let Some(task) = &mut self.task else { return };
        let now = cx.now();
        if now.since(task.progress) > GIVE_UP {
            let ticket = task.ticket;
            self.task = None;
            cx.send(self.map.queue, Msg::Back { ticket });
            cx.send(self.map.queue, Msg::Ready { last: self.last });
            return;
        }
        for (to, msg, sent) in task.sent.values_mut() {
            if now.since(*sent) >= TEND {
                *sent = now;
                cx.send(*to, msg.clone());
            }
        }
        cx.send(self.map.queue, Msg::Renew { ticket: task.ticket });
        cx.after(TEND, Timer::Tend(task.ticket));
    }

    fn finish_if_done(&mut self, cx: &mut Ctx<'_>) {
        if let Some(task) = &self.task
            && task.todo.is_empty()
            && task.sent.is_empty()
        {
            cx.send(self.map.queue, Msg::Done { ticket: task.ticket });
            self.task = None;
        }
    }

    pub fn look(&self) -> Look {
        match &self.task {
            None => Look { label: "idle".into(), state: State::Idle, fill: Some(0.0) },
            Some(task) => {
                let what = match task.job {
                    Job::Post { .. } => "fan-out",
                    Job::Delete { .. } => "removal",
                    Job::Edge { on: true, .. } => "back-fill",
                    Job::Edge { .. } => "unfollow",
                };
                Look { label: format!("{what}, {} left", task.todo.len()), state: State::Busy, fill: Some(1.0) }
            }
        }
    }
}
