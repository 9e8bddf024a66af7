//! A server: a member of the Raft group with the store, a processor that does one thing at a time, and the streams of its watchers.

use super::machine::{Change, Command, Key, Machine};
use super::message::{Ask, How, Msg, Reply, Timer};
use super::streams::{Heard, Streams};
use super::system::Config;
use super::tenure::Tenure;
use super::watch::Fact;
use super::{STABLE_TICK, metrics};
use crate::kernel::cx::Cx;
use crate::kernel::disk::File;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::mvcc::Keys;
use crate::parts::raft::{Event, Member, NotLeader, Ticket};
use std::collections::{BTreeMap, VecDeque};

pub type Ctx<'a> = Cx<'a, Config>;

/// What the processor is to do next.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Ask { from: NodeId, op: u64, ask: Ask },
    Watch { from: NodeId, epoch: u64, watcher: u32, attempt: u32, keys: Keys<Key>, next: Option<u64> },
}

/// Who waits for Raft, or for this server to have seen a revision.
#[derive(Clone, Debug)]
pub(super) enum Waiting {
    Write {
        from: NodeId,
        op: u64,
    },
    Read {
        from: NodeId,
        op: u64,
        keys: Keys<Key>,
    },
    Renewal {
        from: NodeId,
        op: u64,
        lease: u64,
    },
    /// A follower's read: it is told what it must have seen.
    Index {
        follower: NodeId,
        n: u64,
    },
}

#[derive(Clone)]
pub struct Server {
    pub(super) member: Member<Machine>,
    pub(super) servers: Vec<NodeId>,
    pub(super) jobs: VecDeque<Job>,
    /// When the processor has done everything it was given.
    free_at: Time,
    pub(super) waiting: BTreeMap<u64, Waiting>,
    numbers: u64,
    /// Reads that wait until this server has seen a revision.
    unseen: Vec<(u64, NodeId, u64, Keys<Key>)>,
    pub(super) streams: Streams,
    pub(super) tenure: Tenure,
    /// Revisions up to here were handed to the watchers.
    pub(super) told: u64,
    /// When it last knew of a leader.
    pub(super) led_at: Time,
    ticked_at: Time,
}

impl Server {
    /// What stands on its disk.
    pub fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        self.member.files(each);
    }

    pub fn new(machine: Machine, system: &Config) -> Server {
        let told = machine.store.revision();
        Server {
            member: Member::new(machine),
            servers: Vec::new(),
            jobs: VecDeque::new(),
            free_at: Time::ZERO,
            waiting: BTreeMap::new(),
            numbers: 0,
            unseen: Vec::new(),
            streams: Streams::new(system.missing),
            tenure: Tenure::default(),
            told,
            led_at: Time::ZERO,
            ticked_at: Time::ZERO,
        }
    }

    pub fn found(&mut self, servers: &[NodeId]) {
        self.servers = servers.to_vec();
        self.member.begin(servers);
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.member.on_start(cx);
        self.wake(cx);
    }

    fn wake(&mut self, cx: &mut Ctx<'_>) {
        self.led_at = cx.now();
        self.ticked_at = cx.now();
        cx.background(STABLE_TICK, Timer::Tick);
        self.drive(cx);
    }

    pub fn crash(&mut self) {
        self.member.on_crash();
        self.jobs.clear();
        self.free_at = Time::ZERO;
        self.waiting.clear();
        self.unseen.clear();
        self.streams.clear();
        self.tenure = Tenure::default();
    }

    pub fn restart(&mut self, cx: &mut Ctx<'_>) {
        self.member.on_restart(cx);
        self.told = self.member.machine().store.revision();
        self.wake(cx);
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Raft(message) => {
                self.member.on_msg(from, message, cx);
                self.drive(cx);
            }
            Msg::Ask { op, ask } => {
                let cost = self.cost_of(&ask, cx.system());
                if !self.take_in(cost, Job::Ask { from, op, ask }, cx) {
                    cx.send(from, Msg::Answer { op, reply: Reply::Busy });
                }
            }
            Msg::Watch { epoch, watcher, attempt, keys, next } => self.watch_asked(from, epoch, watcher, attempt, keys, next, cx),
            Msg::Unwatch { epoch, id } => self.streams.end_watch(from, epoch, id),
            Msg::Handled { epoch, seq, ids } => match self.streams.handled(from, epoch, seq, &ids) {
                Heard::Next => self.catch_up(cx),
                Heard::Gap => self.close_stream(from, cx),
                Heard::Nothing => {}
            },
            Msg::Ping { epoch, seq } => match self.streams.ping(from, epoch, seq, cx.now()) {
                Heard::Next => cx.send(from, Msg::Pong { epoch }),
                Heard::Gap => self.close_stream(from, cx),
                Heard::Nothing => cx.send(from, Msg::Unknown { epoch }),
            },
            Msg::IndexAsk { n } => {
                let number = self.wait(Waiting::Index { follower: from, n });
                self.ask_index(number, cx);
            }
            Msg::IndexIs { n, revision } => self.index_is(n, revision, cx),
            // Not for a server.
            Msg::Answer { .. } | Msg::Pong { .. } | Msg::Unknown { .. } | Msg::Down { .. } => {}
        }
    }

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Raft(timer) => {
                self.member.on_timer(timer, cx);
                self.drive(cx);
            }
            Timer::Served => {
                if let Some(job) = self.jobs.pop_front() {
                    self.serve(job, cx);
                }
            }
            Timer::Tick => self.tick(cx),
            Timer::LastLease => self.outlive_leases(cx),
            _ => {}
        }
    }

    pub fn turn(&mut self, cx: &mut Ctx<'_>) {
        self.streams.hub.set_missing(cx.system().missing);
        self.member.on_knobs(cx);
        self.drive(cx);
    }

    fn tick(&mut self, cx: &mut Ctx<'_>) {
        // A tick that comes late means that this server did not run: what it was to do by then is excused.
        if cx.now().since(self.ticked_at) > STABLE_TICK + Span::millis(10) {
            self.tenure.stable_since = cx.now();
        }
        self.ticked_at = cx.now();
        if self.member.leader().is_some() {
            self.led_at = cx.now();
        }
        self.lead(cx);
        self.keep_streams(cx);
        cx.background(STABLE_TICK, Timer::Tick);
    }

    /// What Raft has brought about, in order.
    pub(super) fn drive(&mut self, cx: &mut Ctx<'_>) {
        let events = self.member.events();
        for event in events {
            match event {
                Event::Applied { ticket, command, answer, .. } => self.applied(ticket, &command, &answer, cx),
                Event::Readable { ticket } => self.readable(ticket.id, cx),
                Event::Lost { ticket } => self.lost(ticket.id, cx),
                Event::Leading { .. } => self.take_office(cx),
                Event::Following { .. } => self.leave_office(),
                Event::Restored { .. } => self.restored(),
            }
        }
        self.spread(cx);
        self.answer_seen(cx);
    }

    /// The store was replaced: what watchers have not had, they read from history.
    fn restored(&mut self) {
        self.streams.hub.all_behind(self.told + 1);
        self.told = self.member.machine().store.revision();
    }

    /// Hands new revisions to the watchers.
    fn spread(&mut self, cx: &mut Ctx<'_>) {
        let store = &self.member.machine().store;
        if store.revision() <= self.told {
            return;
        }
        let news: Vec<Change> = match store.changes_from(self.told + 1) {
            Ok(changes) => changes.cloned().collect(),
            Err(_) => {
                // Compacted in the same breath: who has not had it is behind, and will be told.
                self.streams.hub.all_behind(self.told + 1);
                Vec::new()
            }
        };
        self.told = store.revision();
        let mut rest = &news[..];
        while let Some(first) = rest.first() {
            let revision = first.at.revision;
            let (now, later) = rest.split_at(rest.partition_point(|change| change.at.revision == revision));
            cx.fact(Fact::Applied { changes: now.into() });
            self.push(now, cx);
            rest = later;
        }
        self.catch_up(cx);
    }

    // ---- the processor ------------------------------------------------------------------------------------------------

    fn cost_of(&self, ask: &Ask, system: &Config) -> Span {
        match ask {
            Ask::Read { .. } | Ask::Renew { .. } => system.read_cost,
            Ask::Write(_) | Ask::Grant { .. } => system.read_cost * 2,
        }
    }

    /// How long what it has taken in will keep the processor busy.
    pub fn backlog(&self, now: Time) -> Span {
        self.free_at.since(now)
    }

    /// Gives the processor a job; false if too much is waiting.
    pub(super) fn take_in(&mut self, cost: Span, job: Job, cx: &mut Ctx<'_>) -> bool {
        let waits = self.backlog(cx.now());
        if waits > cx.system().shed {
            cx.count(metrics::REFUSED, 1);
            return false;
        }
        cx.record(metrics::QUEUE, waits.0);
        let done = self.spend(cost, cx);
        self.jobs.push_back(job);
        cx.after(done, Timer::Served);
        true
    }

    /// Books time on the processor; says how long until that is done.
    pub(super) fn spend(&mut self, cost: Span, cx: &mut Ctx<'_>) -> Span {
        self.free_at = self.free_at.max(cx.now()) + cost;
        cx.count(metrics::WORK, cost.0 / 1_000);
        self.free_at.since(cx.now())
    }

    fn serve(&mut self, job: Job, cx: &mut Ctx<'_>) {
        match job {
            Job::Ask { from, op, ask } => self.serve_ask(from, op, ask, cx),
            Job::Watch { from, epoch, watcher, attempt, keys, next } => self.serve_watch(from, epoch, watcher, attempt, keys, next, cx),
        }
    }

    // ---- requests -----------------------------------------------------------------------------------------------------

    pub(super) fn wait(&mut self, who: Waiting) -> u64 {
        self.numbers += 1;
        self.waiting.insert(self.numbers, who);
        self.numbers
    }

    fn answer(&self, to: NodeId, op: u64, reply: Reply, cx: &mut Ctx<'_>) {
        cx.send(to, Msg::Answer { op, reply });
    }

    fn serve_ask(&mut self, from: NodeId, op: u64, ask: Ask, cx: &mut Ctx<'_>) {
        match ask {
            Ask::Read { keys, how, least } => self.read(from, op, keys, how, least, cx),
            Ask::Write(txn) => self.propose(from, op, Command::Txn(txn), cx),
            Ask::Grant { lease, ttl, key } => {
                let at = self.lease_clock(cx);
                self.propose(from, op, Command::Grant { lease, ttl, key, at }, cx);
            }
            Ask::Renew { lease } => self.renewal_asked(from, op, lease, cx),
        }
    }

    fn propose(&mut self, from: NodeId, op: u64, command: Command, cx: &mut Ctx<'_>) {
        let number = self.wait(Waiting::Write { from, op });
        if let Err(NotLeader { hint }) = self.member.propose(command, Some(Ticket { from, id: number }), cx) {
            self.waiting.remove(&number);
            self.answer(from, op, Reply::NotLeader(hint), cx);
        }
        self.drive(cx);
    }

    fn read(&mut self, from: NodeId, op: u64, keys: Keys<Key>, how: How, least: u64, cx: &mut Ctx<'_>) {
        match how {
            How::Local if self.member.machine().store.revision() < least => self.answer(from, op, Reply::Busy, cx),
            How::Local => self.answer_read(from, op, &keys, cx),
            How::Leader if self.tenure.in_office => self.answer_read(from, op, &keys, cx),
            How::Leader => self.answer(from, op, Reply::NotLeader(self.member.leader()), cx),
            How::Linearizable => {
                let number = self.wait(Waiting::Read { from, op, keys });
                if self.member.is_leader() {
                    self.ask_index(number, cx);
                } else if let Some(leader) = self.member.leader() {
                    cx.send(leader, Msg::IndexAsk { n: number });
                } else {
                    self.lost(number, cx);
                }
            }
        }
    }

    fn answer_read(&mut self, from: NodeId, op: u64, keys: &Keys<Key>, cx: &mut Ctx<'_>) {
        let store = &self.member.machine().store;
        let reply = Reply::Items { revision: store.revision(), items: store.range(keys).into() };
        self.answer(from, op, reply, cx);
    }

    /// Asks Raft to prove that this server leads; only then what stands under `number` goes on.
    pub(super) fn ask_index(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let ticket = Ticket { from: cx.me(), id: number };
        if self.member.read(crate::parts::raft::Read::Index, ticket, cx).is_err() {
            self.lost(number, cx);
        }
        self.drive(cx);
    }

    fn readable(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let revision = self.member.machine().store.revision();
        match self.waiting.remove(&number) {
            Some(Waiting::Read { from, op, keys }) => self.answer_read(from, op, &keys, cx),
            Some(Waiting::Index { follower, n }) => cx.send(follower, Msg::IndexIs { n, revision: Some(revision) }),
            Some(Waiting::Renewal { from, op, lease }) => self.renew(from, op, lease, cx),
            Some(Waiting::Write { .. }) | None => {}
        }
    }

    /// A follower learns what its reader must have seen.
    fn index_is(&mut self, n: u64, revision: Option<u64>, cx: &mut Ctx<'_>) {
        match (self.waiting.remove(&n), revision) {
            (Some(Waiting::Read { from, op, keys }), Some(revision)) => {
                self.unseen.push((revision, from, op, keys));
                self.answer_seen(cx);
            }
            (Some(Waiting::Read { from, op, .. }), None) => self.answer(from, op, Reply::NotLeader(None), cx),
            // An answer that came twice.
            _ => {}
        }
    }

    fn answer_seen(&mut self, cx: &mut Ctx<'_>) {
        let seen = self.member.machine().store.revision();
        if self.unseen.iter().any(|(revision, ..)| *revision <= seen) {
            let (ready, unseen) = std::mem::take(&mut self.unseen).into_iter().partition(|(revision, ..)| *revision <= seen);
            self.unseen = unseen;
            for (_, from, op, keys) in ready {
                self.answer_read(from, op, &keys, cx);
            }
        }
    }

    /// Raft cannot say what became of it.
    fn lost(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let hint = self.member.leader().filter(|leader| *leader != cx.me());
        match self.waiting.remove(&number) {
            Some(Waiting::Read { from, op, .. } | Waiting::Renewal { from, op, .. }) => self.answer(from, op, Reply::NotLeader(hint), cx),
            Some(Waiting::Index { follower, n }) => cx.send(follower, Msg::IndexIs { n, revision: None }),
            // A write may be done yet: its client has to find out.
            Some(Waiting::Write { .. }) | None => {}
        }
    }

    pub fn look(&self, system: &Config) -> Look {
        let store = &self.member.machine().store;
        let state = match () {
            () if self.tenure.in_office => State::Leader,
            () if self.member.leader().is_none() => State::Warn,
            () if !self.jobs.is_empty() => State::Busy,
            () => State::Idle,
        };
        let role = if self.tenure.in_office { "leads" } else { "follows" };
        let label = format!("{role}, rev {}, {} watches", store.revision(), self.streams.hub.len());
        Look { label, state, fill: Some((self.jobs.len() as f64 / system.queue_shown).min(1.0)) }
    }

    pub fn weight(&self) -> usize {
        self.member.weight() + self.jobs.bytes() + self.waiting.bytes() + self.streams.weight() + self.tenure.weight()
    }
}
