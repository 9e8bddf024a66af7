//! The store: every task's record, the schedulers' leases, and an outbox of what the ready queue has not confirmed.

use super::messages::{Decision, Entry, Msg, Timer, Work};
use super::metrics::{CRON_RUNS, DEAD_LETTERS, EARLY, GAP, MISFIRED, QUEUED, QUEUED_LATE, QUEUED_TWICE, REFUSED, RETRIES, SKIPPED, TAKEOVERS};
use super::role::Ctx;
use super::system::{Claim, OnError, Scheduling};
use super::task::{Kind, Outcome, Skip, Spec, State, cron_id, told};
use super::watch::Fact;
use super::{REASON_DEPENDENCY, REASON_HOPELESS, REASON_MISFIRE, REASON_RETRIES, REASON_UNDELIVERABLE};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view;
use crate::kernel::weight::{Flat, deep};
use crate::parts::lease::{Fence, Table};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A task, as the store knows it.
#[derive(Clone, Debug)]
pub struct Record {
    pub state: State,
    pub kind: Kind,
    pub length: u64,
    /// Tries so far, the one that is scheduled or at work included.
    pub attempt: u32,
    /// When this try is due, and when that was written: one that waited for others is often late already.
    pub due: u64,
    pub since: Time,
    /// The last wait before a retry.
    wait: Span,
    /// The last try that was put into the ready queue, and whether the task has ever ended: what double entries are told by.
    queued: u32,
    ended: bool,
    /// Its place among what is scheduled.
    shard: u32,
    version: u64,
    after: Vec<u64>,
    before: Vec<u64>,
}

#[derive(Clone)]
pub struct Store {
    queue: NodeId,
    records: BTreeMap<u64, Record>,
    /// Tries that wait for their time, by shard and by when they were written.
    scheduled: BTreeMap<(u32, u64), u64>,
    /// The same by time, for what is due soon.
    by_due: BTreeSet<(u64, u64)>,
    versions: u64,
    /// Submissions accepted; all below the number are.
    submissions: (BTreeSet<u64>, u64),
    /// What has ended, and when: in this order it is put away.
    ended: VecDeque<(Time, u64)>,
    /// Last second decided, per cron job.
    jobs: Vec<i64>,
    leases: Table<u32, NodeId>,
    fence: Fence<u32>,
    /// Who led a shard last, and until when it could have.
    led: BTreeMap<u32, (NodeId, Time)>,
    beats: BTreeMap<NodeId, Time>,
    locks: BTreeMap<u64, VecDeque<NodeId>>,
    outbox: BTreeMap<u64, Work>,
    /// Entries into the ready queue so far.
    entries: u64,
    /// Tasks by state: waiting, scheduled, queued or running.
    open: [usize; 3],
    awake: bool,
}

impl Record {
    /// Whether one of those it waits for is such.
    pub fn waits_for(&self, such: impl Fn(u64) -> bool) -> bool {
        self.after.iter().any(|id| such(*id))
    }
}

/// Entries of one page.
const PAGE: usize = 512;
const RELAY: Span = Span::millis(500);
/// How long a task that has ended stays at hand.
const KEPT: Span = Span::secs(300);
const AWAKE: Span = Span::secs(1);
/// What is due within this keeps a world from being quiet.
const SOON: Span = Span::secs(60);

impl Store {
    pub fn new(queue: NodeId, system: &Scheduling) -> Store {
        Store {
            queue,
            records: BTreeMap::new(),
            scheduled: BTreeMap::new(),
            by_due: BTreeSet::new(),
            versions: 0,
            submissions: (BTreeSet::new(), 0),
            ended: VecDeque::new(),
            jobs: vec![system.epoch - 1; system.cron_jobs as usize],
            leases: Table::default(),
            fence: Fence::default(),
            led: BTreeMap::new(),
            beats: BTreeMap::new(),
            locks: BTreeMap::new(),
            outbox: BTreeMap::new(),
            entries: 0,
            open: [0; 3],
            awake: false,
        }
    }

    /// All of it is on disk, except who waits for a lock.
    pub fn crash(&mut self) {
        self.locks.clear();
        self.awake = false;
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(RELAY, Timer::Relay);
        self.stay_awake(cx);
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Relay => {
                let settled = self.settled();
                for work in self.outbox.values() {
                    cx.send(self.queue, Msg::Enqueue { work: *work, settled });
                }
                self.put_away(cx.now());
                cx.background(RELAY, Timer::Relay);
            }
            Timer::Awake => {
                self.awake = false;
                self.stay_awake(cx);
            }
            _ => {}
        }
    }

    /// The world is not quiet while a task is due soon or at work, whoever has died.
    fn stay_awake(&mut self, cx: &mut Ctx<'_>) {
        let soon = self.by_due.first().is_some_and(|(due, _)| *due <= (cx.now() + SOON).0);
        if !self.awake && (soon || self.open[2] > 0) {
            self.awake = true;
            cx.after(AWAKE, Timer::Awake);
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Submit { number, settled, tasks } => {
                let (known, below) = &mut self.submissions;
                *below = settled.max(*below);
                *known = known.split_off(below);
                if number >= *below && known.insert(number) {
                    tasks.into_iter().for_each(|task| self.accept(task, cx));
                }
                cx.send(from, Msg::Accepted { number });
            }
            Msg::Beat { number, asked } => {
                let shards = self.lease(from, cx);
                cx.send(from, Msg::Held { number, asked, shards });
            }
            Msg::Load { shard, after } => {
                let page = self.page(shard, after, cx.system());
                cx.send(from, page);
            }
            Msg::Claim { number, shard, token, decision } => {
                self.claim(shard, token, decision, cx);
                cx.send(from, Msg::Claimed { number });
            }
            Msg::Lock { id } => {
                let waiting = self.locks.entry(id).or_default();
                if !waiting.contains(&from) {
                    waiting.push_back(from);
                }
                if waiting.front() == Some(&from) {
                    cx.send(from, Msg::Locked { id });
                }
            }
            Msg::Unlock { id } => self.unlock(id, cx),
            Msg::Enqueued { serial } => {
                self.outbox.remove(&serial);
            }
            Msg::Begin { receipt, id, attempt } => {
                let granted = self.begin(id, attempt, cx);
                cx.send(from, Msg::Begun { receipt, granted });
            }
            Msg::Finish { receipt, id, attempt, outcome } => {
                self.finish(id, attempt, outcome, cx);
                cx.send(from, Msg::Finished { receipt });
            }
            Msg::Dead(Work { id, attempt, serial, .. }) => {
                if self.records.get(&id).is_some_and(|r| r.attempt == attempt && matches!(r.state, State::Queued | State::Running)) {
                    self.end(id, State::Failed, REASON_UNDELIVERABLE, cx);
                }
                cx.send(from, Msg::Buried { serial });
            }
            _ => return,
        }
        self.stay_awake(cx);
    }

    fn unlock(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let Some(waiting) = self.locks.get_mut(&id) else { return };
        waiting.pop_front();
        match waiting.front() {
            Some(next) => cx.send(*next, Msg::Locked { id }),
            None => {
                self.locks.remove(&id);
            }
        }
    }

    /// A new task: it waits for others, or for its time.
    fn accept(&mut self, task: Spec, cx: &mut Ctx<'_>) {
        let Spec { id, due, length, kind, after } = task;
        cx.fact(Fact::Known { id, after: after.clone() });
        // Those that hope to come later do not wait.
        let after = if cx.system().by_time { Vec::new() } else { after };
        let failed = after.iter().any(|id| self.records.get(id).is_some_and(|r| r.state.ended() && r.state != State::Completed));
        let after: Vec<u64> = after.into_iter().filter(|id| self.records.get(id).is_none_or(|r| !r.state.ended())).collect();
        for id_before in &after {
            if let Some(record) = self.records.get_mut(id_before) {
                record.before.push(id);
            }
        }
        let waits = !after.is_empty();
        self.record(id, kind, length, due, after);
        if failed {
            self.end(id, State::Skipped(Skip::Dependency), REASON_DEPENDENCY, cx);
        } else if !waits {
            self.schedule(id, 1, due, cx);
        }
    }

    fn record(&mut self, id: u64, kind: Kind, length: u64, due: u64, after: Vec<u64>) {
        let (wait, before) = (Span::ZERO, Vec::new());
        self.records.insert(
            id,
            Record {
                state: State::Waiting,
                kind,
                length,
                attempt: 1,
                due,
                since: Time::ZERO,
                wait,
                queued: 0,
                ended: false,
                shard: 0,
                version: 0,
                after,
                before,
            },
        );
        self.open[0] += 1;
    }

    /// Writes down when a try is due, where the schedulers look for news.
    fn schedule(&mut self, id: u64, attempt: u32, due: u64, cx: &mut Ctx<'_>) {
        let shard = cx.system().shard(id);
        self.turn(id, State::Scheduled);
        self.versions += 1;
        if let Some(record) = self.records.get_mut(&id) {
            (record.attempt, record.due, record.shard, record.version) = (attempt, due, shard, self.versions);
            record.since = cx.now();
        }
        self.scheduled.insert((shard, self.versions), id);
        self.by_due.insert((due, id));
        cx.fact(Fact::Scheduled { id, attempt });
    }

    /// Changes a record's state and the counts; what was scheduled is so no more.
    fn turn(&mut self, id: u64, to: State) {
        let Some(record) = self.records.get_mut(&id) else { return };
        let place = |state| match state {
            State::Waiting => Some(0),
            State::Scheduled => Some(1),
            State::Queued | State::Running => Some(2),
            _ => None,
        };
        if record.state == State::Scheduled {
            self.by_due.remove(&(record.due, id));
            self.scheduled.remove(&(record.shard, record.version));
        }
        if let Some(place) = place(record.state) {
            self.open[place] -= 1;
        }
        if let Some(place) = place(to) {
            self.open[place] += 1;
        }
        record.state = to;
    }

    /// Who holds what: renews the asker's leases, gives it free shards up to its fair share, takes back what is above.
    fn lease(&mut self, from: NodeId, cx: &mut Ctx<'_>) -> Vec<(u32, u64)> {
        let (now, system) = (cx.now(), cx.shared());
        self.beats.insert(from, now);
        let alive = self.beats.values().filter(|at| now.since(**at) < system.lease).count();
        let fair = (system.shards as usize).div_ceil(alive.max(1));
        let mut held = 0;
        for shard in 0..system.shards {
            let owner = self.leases.get(&shard, now).map(|lease| lease.owner);
            if owner == Some(from) && held >= fair {
                self.leases.release(&shard, from);
                self.led.insert(shard, (from, now + system.lease));
            } else if (owner.is_none() || owner == Some(from)) && held < fair && self.leases.take(shard, from, now, system.lease).is_ok() {
                held += 1;
                self.note_lead(shard, from, cx);
            }
        }
        let held = self.leases.iter().filter(|(_, lease)| lease.owner == from && lease.until > now);
        let held: Vec<(u32, u64)> = held.map(|(shard, lease)| (*shard, lease.token)).collect();
        for (shard, token) in &held {
            // The store gave the token out, so it has seen it: older ones are void from now on.
            let _ = self.fence.admit(*shard, *token);
        }
        held
    }

    /// Measures how long a shard had no leader, when it goes to another.
    fn note_lead(&mut self, shard: u32, to: NodeId, cx: &mut Ctx<'_>) {
        let (now, lease) = (cx.now(), cx.system().lease);
        if let Some((last, until)) = self.led.insert(shard, (to, now + lease))
            && last != to
        {
            // From its last renewal on, nobody is known to have led.
            let since = until - lease;
            cx.count(TAKEOVERS, 1);
            cx.record_since(GAP, since);
            cx.fact(Fact::TakenOver);
            cx.log(format!("{} takes shard {} over from {}, after {}", cx.name(to), shard + 1, cx.name(last), now.since(since)));
        }
    }

    /// What is scheduled in a shard and newer than what the asker has.
    fn page(&self, shard: u32, after: u64, system: &Scheduling) -> Msg {
        let newer = self.scheduled.range((shard, after + 1)..=(shard, u64::MAX)).take(PAGE);
        let entries = newer.filter_map(|((_, version), id)| {
            let record = self.records.get(id)?;
            Some(Entry { id: *id, attempt: record.attempt, due: record.due, version: *version })
        });
        let mine = |job: &u32| system.cron.is_some() && system.shard(u64::from(*job)) == shard;
        let jobs = if after == 0 { (0..self.jobs.len() as u32).filter(mine).map(|job| (job, self.jobs[job as usize])).collect() } else { Vec::new() };
        Msg::Page { shard, after, entries: entries.collect(), jobs }
    }

    /// A scheduler says what is due: the store checks as much as it was told to, and writes.
    fn claim(&mut self, shard: u32, token: u64, decision: Decision, cx: &mut Ctx<'_>) {
        let claim = cx.system().claim;
        if claim == Claim::Fenced && self.fence.admit(shard, token).is_err() {
            cx.count(REFUSED, 1);
            return;
        }
        match decision {
            Decision::Release(tries) => {
                for (id, attempt) in tries {
                    let as_it_was = self.records.get(&id).is_some_and(|r| r.state == State::Scheduled && r.attempt == attempt);
                    if as_it_was || claim != Claim::Conditional {
                        self.enqueue(id, attempt, cx);
                    } else {
                        cx.count(REFUSED, 1);
                    }
                }
            }
            Decision::Cron { job, seconds } => self.cron(job, seconds, claim, cx),
        }
    }

    fn cron(&mut self, job: u32, seconds: Vec<(i64, bool)>, claim: Claim, cx: &mut Ctx<'_>) {
        for (second, run) in seconds {
            let Some(last) = self.jobs.get_mut(job as usize) else { return };
            let new = second > *last;
            *last = second.max(*last);
            let id = cron_id(job, second);
            if !new && claim == Claim::Conditional {
                cx.count(REFUSED, 1);
                continue;
            }
            if new {
                let system = cx.shared();
                let due = system.second(job, second);
                if let Some(cron) = system.cron.as_ref().filter(|cron| cron.is_fixed_time()) {
                    cx.fact(Fact::Daily { job, day: cron.local_day(second), at: second });
                }
                cx.fact(Fact::Known { id, after: Vec::new() });
                let length = system.length.0;
                self.record(id, Kind::Plain, length, due, Vec::new());
                cx.count(super::metrics::SUBMITTED, 1);
                cx.fact(Fact::Scheduled { id, attempt: 1 });
                if cx.clock().0.saturating_sub(due) > system.misfire_after.0 {
                    cx.count(MISFIRED, 1);
                }
            }
            if run {
                cx.count(CRON_RUNS, 1);
                self.enqueue(id, 1, cx);
            } else {
                self.end(id, State::Skipped(Skip::Misfire), REASON_MISFIRE, cx);
            }
        }
    }

    /// State and outbox change together; the queue is told now and again until it has confirmed.
    fn enqueue(&mut self, id: u64, attempt: u32, cx: &mut Ctx<'_>) {
        let Some(record) = self.records.get_mut(&id) else { return };
        let again = record.ended || attempt <= record.queued;
        record.queued = record.queued.max(attempt);
        let (length, kind, due, ended) = (record.length, record.kind, record.due, record.state.ended());
        cx.fact(Fact::Queued { id, attempt });
        cx.count(QUEUED, 1);
        cx.count(QUEUED_TWICE, u64::from(again));
        let now = cx.now().0;
        cx.record(QUEUED_LATE, now.saturating_sub(due));
        if now < due {
            cx.record(EARLY, due - now);
        }
        if !ended {
            self.turn(id, State::Queued);
        }
        // What goes in again is a message of its own: the queue must not take it for the first.
        self.entries += 1;
        let work = Work { id, attempt, serial: self.entries, due, length, kind };
        self.outbox.insert(self.entries, work);
        cx.send(self.queue, Msg::Enqueue { work, settled: self.settled() });
    }

    /// The lowest serial that the queue has not confirmed.
    fn settled(&self) -> u64 {
        self.outbox.keys().next().copied().unwrap_or(self.entries + 1)
    }

    /// What ended a while ago goes to cheaper storage, which is not modelled.
    fn put_away(&mut self, now: Time) {
        while let Some((_, id)) = self.ended.front().copied().filter(|(at, _)| now.since(*at) >= KEPT) {
            self.ended.pop_front();
            if self.records.get(&id).is_some_and(|record| record.state.ended()) {
                self.records.remove(&id);
            }
        }
    }

    /// A worker asks whether what it was handed is still to be run.
    fn begin(&mut self, id: u64, attempt: u32, cx: &mut Ctx<'_>) -> bool {
        let granted = self.records.get(&id).is_some_and(|r| r.attempt == attempt && matches!(r.state, State::Queued | State::Running));
        if granted {
            self.turn(id, State::Running);
            cx.fact(Fact::Granted { id, attempt });
        }
        granted
    }

    /// A worker says what became of a try. Old news is ignored, unless errors are handled without looking.
    fn finish(&mut self, id: u64, attempt: u32, outcome: Outcome, cx: &mut Ctx<'_>) {
        let Some(record) = self.records.get(&id) else { return };
        let current = record.attempt == attempt && matches!(record.state, State::Queued | State::Running);
        let blind = cx.system().on_error == OnError::Both;
        match outcome {
            _ if !current && !blind => {}
            Outcome::Done => self.end(id, State::Completed, 0, cx),
            Outcome::Hopeless => self.end(id, State::Failed, REASON_HOPELESS, cx),
            Outcome::Retry => self.retry(id, attempt, cx),
        }
    }

    fn retry(&mut self, id: u64, attempt: u32, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        if system.on_error == OnError::Nack {
            return;
        }
        let wait = self.records.get(&id).map(|r| r.wait).unwrap_or_default();
        match system.retry.wait(attempt, wait, cx.rng()) {
            Some(wait) => {
                cx.count(RETRIES, 1);
                let due = cx.clock().0.saturating_add(wait.0);
                // One that had ended comes to life again: only without looking.
                self.schedule(id, attempt + 1, due, cx);
                if let Some(record) = self.records.get_mut(&id) {
                    record.wait = wait;
                }
            }
            None => self.end(id, State::Failed, REASON_RETRIES, cx),
        }
    }

    /// A task has ended; those that waited for it go on, or end with it.
    fn end(&mut self, id: u64, how: State, reason: usize, cx: &mut Ctx<'_>) {
        self.turn(id, how);
        if let Some(record) = self.records.get_mut(&id) {
            record.ended = true;
        }
        self.ended.push_back((cx.now(), id));
        cx.fact(Fact::Ended { id, how });
        match how {
            State::Completed => cx.count(super::metrics::COMPLETED, 1),
            State::Failed => {
                cx.count(DEAD_LETTERS, 1);
                cx.fail(reason);
                cx.log(format!("{} is set aside: {}", told(id), super::REASONS[reason]));
            }
            _ => {
                cx.count(SKIPPED, 1);
                cx.fail(reason);
            }
        }
        let waiting = self.records.get_mut(&id).map(|record| std::mem::take(&mut record.before)).unwrap_or_default();
        for next in waiting {
            let Some(record) = self.records.get_mut(&next).filter(|r| r.state == State::Waiting) else { continue };
            record.after.retain(|before| *before != id);
            if how != State::Completed {
                self.end(next, State::Skipped(Skip::Dependency), REASON_DEPENDENCY, cx);
            } else if record.after.is_empty() {
                let due = record.due;
                self.schedule(next, 1, due, cx);
            }
        }
    }

    pub fn records(&self) -> &BTreeMap<u64, Record> {
        &self.records
    }

    pub fn in_outbox(&self, id: u64) -> bool {
        self.outbox.values().any(|work| work.id == id)
    }

    pub fn jobs(&self) -> &[i64] {
        &self.jobs
    }

    pub fn leases(&self) -> &Table<u32, NodeId> {
        &self.leases
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        let lists = deep(self.records.values(), |record| record.after.bytes() + record.before.bytes());
        let indexes = self.scheduled.bytes() + self.by_due.bytes() + self.submissions.0.bytes() + self.ended.bytes() + self.outbox.bytes();
        self.records.bytes() + lists + indexes + self.jobs.bytes()
    }

    pub fn look(&self) -> Look {
        let [waiting, scheduled, out] = self.open;
        let state = if out > 0 { view::State::Busy } else { view::State::Idle };
        Look { label: format!("{} open", waiting + scheduled + out), state, fill: None }
    }
}
