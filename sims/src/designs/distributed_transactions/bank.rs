//! A bank: accounts under a lock table, a write-ahead log, and a participant's part in two- and three-phase commit.

use super::book::{Book, Record, StepState};
use super::client::READ_LIMIT;
use super::metrics;
use super::stand_in::Lead;
use super::step::{Fuse, Step};
use super::system::{Banking, COORD, Protocol};
use super::watch::Fact;
use super::wire::{Msg, Timer, Transfer, Tx, Vote, Wrote};
use crate::kernel::cx::Cx;
use crate::kernel::disk::{LogFile, ValueFile};
use crate::kernel::node::NodeId;
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use crate::parts::locks::{Asked, Conflict, Locks, Mode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Who holds a lock: its age, and its number. The undoing of a saga's step is an owner of its own.
pub type Owner = (u64, Tx);
pub const UNDO: Tx = 1 << 61;
pub const READ: Tx = 1 << 60;

/// After so many records the book is saved and the log before it dropped.
const CHECKPOINT: usize = 2048;
/// A reader's lock outlasts the reader: what it found in time was all true at one moment.
const READ_LEASE: Span = Span(2 * READ_LIMIT.0);
const FLUSH: Span = Span::secs(1);

/// The book as it was at a place of the log.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    at: u64,
    book: Option<Book>,
}

/// What goes on when a lock is granted.
#[derive(Clone, Debug)]
pub enum Work {
    Prepare(Arc<Transfer>),
    Step(Arc<Transfer>),
    Undo(Arc<Transfer>),
    Read { from: NodeId, account: u32 },
}

#[derive(Clone, Debug)]
pub struct Waiting {
    pub work: Work,
    since: Time,
    due: Ticket,
}

#[derive(Clone)]
pub struct Bank {
    /// Counted from 0.
    pub me: u8,
    pub fuse: Fuse,
    /// Durable: the log, and the book as of some place of it.
    pub log: LogFile<Record>,
    pub saved: ValueFile<Saved>,
    /// From here on all is volatile: what the files say, and what is under way.
    pub book: Book,
    pub locks: Locks<u32, Owner>,
    pub waiting: BTreeMap<Tx, Waiting>,
    /// Records that were written and are not durable yet, with the age of their owner.
    pub syncing: BTreeMap<(Tx, u8), u64>,
    /// In doubt since before a crash: it may ask, but not decide for others.
    pub recovered: BTreeSet<Tx>,
    /// It has asked how these end, and waits.
    pub asking: BTreeSet<Tx>,
    /// Steps that are being written.
    pub sagas: BTreeMap<Tx, Arc<Transfer>>,
    pub leads: BTreeMap<Tx, Lead>,
    /// The highest ballot seen, when it was heard from whoever leads, and whom to tell of a pre-commit.
    pub ballots: BTreeMap<Tx, u32>,
    pub heard: BTreeMap<Tx, Time>,
    pub pre_from: BTreeMap<Tx, (NodeId, u32)>,
    /// After a restart nothing is prepared before the locks of readers, which it has forgotten, have run out.
    shut: Time,
    /// Undoing is refused until then.
    pub refusing: Time,
    /// For the metrics and the watch alone, kept through a crash: since when locks are held and votes given, what has been told of the log.
    pub held: BTreeMap<Tx, Time>,
    pub voted: BTreeMap<Tx, Time>,
    told: u64,
}

impl Bank {
    pub fn new(me: u8) -> Bank {
        Bank {
            me,
            fuse: Fuse::default(),
            log: LogFile::default(),
            saved: ValueFile::default(),
            book: Book::default(),
            locks: Locks::default(),
            waiting: BTreeMap::new(),
            syncing: BTreeMap::new(),
            recovered: BTreeSet::new(),
            asking: BTreeSet::new(),
            sagas: BTreeMap::new(),
            leads: BTreeMap::new(),
            ballots: BTreeMap::new(),
            heard: BTreeMap::new(),
            pre_from: BTreeMap::new(),
            shut: Time::ZERO,
            refusing: Time::ZERO,
            held: BTreeMap::new(),
            voted: BTreeMap::new(),
            told: 0,
        }
    }

    pub fn crash(&mut self) {
        self.fuse.rise();
        self.locks.clear();
        self.waiting.clear();
        self.syncing.clear();
        self.recovered.clear();
        self.asking.clear();
        self.sagas.clear();
        self.leads.clear();
        self.ballots.clear();
        self.heard.clear();
        self.pre_from.clear();
    }

    pub fn restart(&mut self, cx: &mut Cx<'_, Banking>) {
        self.shut = cx.now() + READ_LEASE;
        self.start(cx);
    }

    /// Reads the log, takes the locks of what is in doubt again, and asks about it.
    pub fn start(&mut self, cx: &mut Cx<'_, Banking>) {
        let system = cx.shared();
        let saved = self.saved.get();
        let from = saved.at;
        self.book = saved.book.clone().unwrap_or_else(|| Book::new(self.me, system.accounts, system.opening));
        for (_, record) in self.log.range(from..self.log.next()) {
            self.book.apply(record);
        }
        self.tell(cx);
        let doubts: Vec<(Tx, Arc<Transfer>)> = self.book.prepared.iter().map(|(tx, p)| (*tx, Arc::clone(&p.transfer))).collect();
        for (tx, transfer) in doubts {
            if let Some((account, _)) = self.book.leg(&transfer).filter(|_| system.relock) {
                self.locks.seize(account, (transfer.id, tx));
            }
            self.recovered.insert(tx);
            self.heard.insert(tx, cx.now());
            cx.after(Span::ZERO, Timer::InDoubt { tx });
        }
        let owed: Vec<(u64, bool)> = self.book.owed.keys().copied().collect();
        for (saga, back) in owed {
            cx.after(Span::ZERO, Timer::Resend { saga, back });
        }
        cx.background(FLUSH, Timer::Flush);
    }

    /// Sends, unless the machine has just crashed at a step.
    pub fn say(&self, to: NodeId, msg: Msg, cx: &mut Cx<'_, Banking>) {
        if !self.fuse.fell() {
            cx.count(metrics::MESSAGES, 1);
            cx.send(to, msg);
        }
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Banking>) {
        match msg {
            Msg::Prepare { tx, transfer } => self.on_prepare(tx, transfer, cx),
            Msg::Decide { tx, commit } => self.on_decide(from, tx, commit, cx),
            Msg::PreCommit { tx, ballot } => self.on_precommit(from, tx, ballot, cx),
            Msg::PreAcked { tx, ballot } => self.on_preacked(from, tx, ballot, cx),
            Msg::StateAsk { tx, ballot } => self.on_state_ask(from, tx, ballot, cx),
            Msg::StateIs { tx, ballot, bank, known, recovered } => self.on_state(tx, ballot, bank, (known, recovered), cx),
            Msg::Transfer(saga) | Msg::Step { saga, .. } => self.on_step(from, saga, cx),
            Msg::Undo { saga, .. } => self.on_undo(from, saga, cx),
            Msg::Event { saga, back, .. } => self.on_event(from, saga, back, cx),
            Msg::Took { saga, back, .. } => self.write_lazily(Record::Passed { saga, back }),
            Msg::Read { read, age, account } => self.ask(account, (age, read), Mode::Shared, Work::Read { from, account }, cx),
            Msg::Release { read, age } => self.release((age, read), cx),
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: &Timer, cx: &mut Cx<'_, Banking>) {
        match *timer {
            Timer::Durable { tx, what } => {
                let age = self.syncing.remove(&(tx, what as u8)).unwrap_or(0);
                self.tell(cx);
                self.checkpoint();
                if !self.fuse.at(Step::Logged, cx) {
                    self.on_durable((age, tx), what, cx);
                }
            }
            Timer::LockDue { tx, age } => self.give_up_waiting(tx, age, cx),
            Timer::InDoubt { tx } => self.in_doubt(tx, cx),
            Timer::Tally { tx, ballot } => self.tally_due(tx, ballot, cx),
            Timer::Resend { saga, back } => self.resend(saga, back, cx),
            Timer::ReadLease { read, age } => self.release((age, read), cx),
            Timer::Flush => {
                if self.log.synced() < self.log.next() {
                    cx.sync(Timer::Flushed);
                }
                cx.background(FLUSH, Timer::Flush);
            }
            Timer::Flushed => {
                self.tell(cx);
                self.checkpoint();
            }
            _ => {}
        }
    }

    fn on_durable(&mut self, owner: Owner, what: Wrote, cx: &mut Cx<'_, Banking>) {
        match what {
            Wrote::Vote => self.vote(owner.1, cx),
            Wrote::PreCommit => self.preacked(owner.1, cx),
            Wrote::Outcome => self.committed(owner, cx),
            Wrote::Step | Wrote::Refusal | Wrote::Undo => self.step_durable(owner, what, cx),
            Wrote::Begun | Wrote::Turned | Wrote::Ended => {}
        }
    }

    /// Appends a record and has it synced; the timer tells when it is durable. False if the disk is full or the machine has crashed.
    pub fn write(&mut self, record: Record, owner: Owner, what: Wrote, cx: &mut Cx<'_, Banking>) -> bool {
        let Ok(at) = self.log.append(record) else {
            cx.count(metrics::DISK_REFUSED, 1);
            return false;
        };
        self.log.get(at).into_iter().for_each(|record| self.book.apply(record));
        self.syncing.insert((owner.1, what as u8), owner.0);
        cx.sync(Timer::Durable { tx: owner.1, what });
        !self.fuse.at(Step::Written, cx)
    }

    /// Appends a record whose loss does no harm: whoever misses it asks again and hears the same.
    pub fn write_lazily(&mut self, record: Record) {
        self.book.apply(&record);
        let _ = self.log.append(record);
    }

    /// Tells the watch what has become durable since it was told last.
    fn tell(&mut self, cx: &mut Cx<'_, Banking>) {
        let (bank, from) = (self.me, self.told.max(self.log.first()));
        let changed = |transfer: &Arc<Transfer>, tx, forward, book: &Book| {
            let account = book.leg(transfer).map_or(0, |(account, _)| account);
            Fact::Changed { tx, transfer: Arc::clone(transfer), bank, forward, account, balance: book.account(account).balance }
        };
        let mut any = false;
        for (_, record) in self.log.range(from..self.log.synced()) {
            any = true;
            match record {
                Record::Committed { tx, transfer } => {
                    cx.fact(changed(transfer, *tx, true, &self.book));
                    cx.fact(Fact::Outcome { tx: *tx, bank, commit: true });
                }
                Record::Aborted { tx } => cx.fact(Fact::Outcome { tx: *tx, bank, commit: false }),
                Record::Stepped { saga, .. } => cx.fact(changed(saga, saga.id, true, &self.book)),
                Record::Undone { saga, .. } if self.book.step(saga.id) != Some(StepState::Barred) => cx.fact(changed(saga, saga.id, false, &self.book)),
                _ => {}
            }
            // Where nobody leads, a saga has ended when it is done at its last bank, or refused or undone at its first.
            match record {
                Record::Stepped { saga, event: true } if saga.at(bank) == Some(saga.legs.len() - 1) => cx.fact(Fact::Closed { saga: saga.id, complete: true }),
                Record::Refused { saga, event: true } | Record::Undone { saga, event: true } if saga.at(bank) == Some(0) => {
                    cx.fact(Fact::Closed { saga: saga.id, complete: false });
                }
                _ => {}
            }
        }
        self.told = self.log.synced();
        if any {
            let watch = &cx.rest.watch;
            let (surplus, overdrawn, splits) = (watch.surplus() as f64, watch.overdrawn as f64, watch.splits as f64);
            cx.gauge(metrics::SURPLUS, surplus);
            cx.gauge(metrics::OVERDRAWN, overdrawn);
            cx.gauge(metrics::SPLITS, splits);
        }
    }

    pub fn is_syncing(&self, tx: Tx, what: Wrote) -> bool {
        self.syncing.contains_key(&(tx, what as u8))
    }

    fn checkpoint(&mut self) {
        let at = self.saved.get().at;
        if at > self.log.first() && at <= self.log.synced() {
            self.log.compact(at);
        }
        if self.log.len() > CHECKPOINT && self.log.next() > at + CHECKPOINT as u64 {
            let _ = self.saved.put(Saved { at: self.log.next(), book: Some(self.book.clone()) });
        }
    }

    /// Asks for a lock; goes on with the work at once or when it is granted.
    pub fn ask(&mut self, account: u32, owner: Owner, mode: Mode, work: Work, cx: &mut Cx<'_, Banking>) {
        let (wait_die, lock_wait) = (cx.system().wait_die, cx.system().lock_wait);
        // A saga's step holds one lock and waits for nothing while it does: it can be in no circle, so it may always wait.
        let local = matches!(work, Work::Step(_) | Work::Undo(_));
        let on_conflict = if wait_die && !local { Conflict::WaitDie } else { Conflict::Wait };
        match self.locks.ask(account, owner, mode, on_conflict) {
            Asked::Granted => {
                cx.record(metrics::LOCK_WAIT, 0);
                if !self.go_on(owner, work, cx) {
                    self.release(owner, cx);
                }
            }
            Asked::Queued => {
                let due = cx.after(lock_wait, Timer::LockDue { tx: owner.1, age: owner.0 });
                self.waiting.insert(owner.1, Waiting { work, since: cx.now(), due });
            }
            Asked::Die => {
                cx.count(metrics::DIED, 1);
                cx.fact(Fact::Died);
                self.refuse(owner.1, work, cx);
            }
        }
    }

    /// It has its lock. False if it needs it no more.
    fn go_on(&mut self, owner: Owner, work: Work, cx: &mut Cx<'_, Banking>) -> bool {
        self.held.entry(owner.1).or_insert(cx.now());
        match work {
            Work::Prepare(transfer) => self.prepare(owner.1, transfer, cx),
            Work::Step(saga) => self.step(saga, cx),
            Work::Undo(saga) => self.undo(saga, cx),
            Work::Read { from, account } => {
                let there = self.book.account(account);
                self.say(from, Msg::Value { read: owner.1, leg: self.me, balance: there.balance, version: there.version }, cx);
                cx.background(READ_LEASE, Timer::ReadLease { read: owner.1, age: owner.0 });
                cx.system().read_locks
            }
        }
    }

    /// It does not get its lock.
    fn refuse(&mut self, tx: Tx, work: Work, cx: &mut Cx<'_, Banking>) {
        match work {
            Work::Prepare(_) => self.deny(tx, Vote::Busy, cx),
            Work::Step(saga) if !cx.system().choreography() => {
                let at = saga.at(self.me).unwrap_or(0) as u8;
                self.say(COORD, Msg::Stepped { saga: saga.id, at, vote: Vote::Busy }, cx);
            }
            // Whoever sent it will send it again.
            Work::Step(_) | Work::Undo(_) => {}
            Work::Read { from, .. } => self.say(from, Msg::ReadNo { read: tx }, cx),
        }
    }

    fn give_up_waiting(&mut self, tx: Tx, age: u64, cx: &mut Cx<'_, Banking>) {
        let Some(waiting) = self.waiting.remove(&tx) else { return };
        cx.count(metrics::LOCK_TIMEOUTS, 1);
        cx.record_since(metrics::LOCK_WAIT, waiting.since);
        self.release((age, tx), cx);
        self.refuse(tx, waiting.work, cx);
    }

    /// Gives back what an owner holds or waits for; whoever gets it goes on.
    pub fn release(&mut self, owner: Owner, cx: &mut Cx<'_, Banking>) {
        let mut free = VecDeque::from([owner]);
        while let Some(owner) = free.pop_front() {
            if let Some(since) = self.held.remove(&owner.1).filter(|_| owner.1 & READ == 0) {
                cx.record_since(metrics::LOCK_HELD, since);
            }
            if let Some(waiting) = self.waiting.remove(&owner.1) {
                cx.cancel(waiting.due);
            }
            for (next, _) in self.locks.release(owner) {
                let Some(waiting) = self.waiting.remove(&next.1) else { continue };
                cx.cancel(waiting.due);
                cx.record_since(metrics::LOCK_WAIT, waiting.since);
                if !self.go_on(next, waiting.work, cx) {
                    free.push_back(next);
                }
                if self.fuse.fell() {
                    return;
                }
            }
        }
    }

    fn on_prepare(&mut self, tx: Tx, transfer: Arc<Transfer>, cx: &mut Cx<'_, Banking>) {
        if self.book.outcome(tx).is_some() || self.waiting.contains_key(&tx) || self.is_syncing(tx, Wrote::Vote) {
            return;
        }
        if self.book.prepared.contains_key(&tx) {
            return self.say(COORD, Msg::Vote { tx, vote: Vote::Yes }, cx);
        }
        let Some((account, _)) = self.book.leg(&transfer) else { return };
        if self.fuse.at(Step::PrepareIn, cx) {
            return;
        }
        if cx.now() < self.shut {
            self.deny(tx, Vote::Busy, cx);
        } else {
            self.ask(account, (transfer.id, tx), Mode::Exclusive, Work::Prepare(transfer), cx);
        }
    }

    /// The account is ours: can it be done, and is it written down that it will be?
    fn prepare(&mut self, tx: Tx, transfer: Arc<Transfer>, cx: &mut Cx<'_, Banking>) -> bool {
        if !self.book.allows(&transfer) {
            self.deny(tx, Vote::Refused, cx);
            return false;
        }
        let forced = cx.system().force_votes;
        if !forced {
            // The promise is given before it is durable.
            self.write_lazily(Record::Prepared { tx, transfer });
            self.vote(tx, cx);
            return true;
        }
        let owner = (transfer.id, tx);
        if !self.write(Record::Prepared { tx, transfer }, owner, Wrote::Vote, cx) && !self.fuse.fell() {
            self.deny(tx, Vote::Busy, cx);
            return false;
        }
        true
    }

    /// Votes no. It need not be durable: without a record the answer will be the same.
    fn deny(&mut self, tx: Tx, vote: Vote, cx: &mut Cx<'_, Banking>) {
        self.write_lazily(Record::Aborted { tx });
        self.say(COORD, Msg::Vote { tx, vote }, cx);
    }

    /// The promise is durable: now it may be given.
    fn vote(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        if !self.book.prepared.contains_key(&tx) || self.fuse.at(Step::Prepared, cx) {
            return;
        }
        self.voted.entry(tx).or_insert(cx.now());
        self.heard.insert(tx, cx.now());
        self.say(COORD, Msg::Vote { tx, vote: Vote::Yes }, cx);
        if !self.fuse.at(Step::Voted, cx) {
            let patience = self.patience(tx, cx);
            cx.after(patience, Timer::InDoubt { tx });
        }
    }

    pub fn on_decide(&mut self, from: NodeId, tx: Tx, commit: bool, cx: &mut Cx<'_, Banking>) {
        if self.is_syncing(tx, Wrote::Outcome) {
            return;
        }
        let Some(prepared) = self.book.prepared.get(&tx) else { return self.decided_before(from, tx, commit, cx) };
        let transfer = Arc::clone(&prepared.transfer);
        if !commit {
            self.write_lazily(Record::Aborted { tx });
            return self.settled((transfer.id, tx), cx);
        }
        if self.fuse.at(Step::CommitIn, cx) {
            return;
        }
        let owner = (transfer.id, tx);
        if !self.write(Record::Committed { tx, transfer }, owner, Wrote::Outcome, cx) {
            cx.count(metrics::COMMITS_FAILED, 1);
            self.say(from, Msg::Failed { tx }, cx);
        }
    }

    /// Nothing is prepared under that number.
    fn decided_before(&mut self, from: NodeId, tx: Tx, commit: bool, cx: &mut Cx<'_, Banking>) {
        match self.book.outcome(tx) {
            Some(was) if was != commit => {
                let name = cx.name(cx.me()).to_string();
                cx.log(format!("{name} is told to {} what it has {}", word(commit), if was { "committed" } else { "aborted" }));
            }
            // Not even voted: it waits for a lock, or its prepare is still under way. It must not be done any more.
            None if !commit => {
                if let Some(Waiting { work: Work::Prepare(transfer), .. }) = self.waiting.get(&tx) {
                    let owner = (transfer.id, tx);
                    self.release(owner, cx);
                }
                self.write_lazily(Record::Aborted { tx });
            }
            // Done already. And under presumed abort a commit is asked for until all have it: who knows nothing has had it, and has forgotten.
            Some(_) | None => {}
        }
        if commit && from == COORD {
            self.say(COORD, Msg::Acked { tx }, cx);
        }
    }

    /// The commit is durable: the locks go, and the coordinator may forget.
    fn committed(&mut self, owner: Owner, cx: &mut Cx<'_, Banking>) {
        if self.fuse.at(Step::Committed, cx) {
            return;
        }
        self.settled(owner, cx);
        self.say(COORD, Msg::Acked { tx: owner.1 }, cx);
        self.pass_on(owner.1, cx);
        self.fuse.at(Step::Acked, cx);
    }

    /// Over for this bank, one way or the other.
    fn settled(&mut self, owner: Owner, cx: &mut Cx<'_, Banking>) {
        let tx = owner.1;
        if let Some(since) = self.voted.remove(&tx) {
            cx.record_since(metrics::IN_DOUBT, since);
        }
        self.ballots.remove(&tx);
        self.asking.remove(&tx);
        self.recovered.remove(&tx);
        self.heard.remove(&tx);
        self.pre_from.remove(&tx);
        self.release(owner, cx);
    }

    /// It voted and has not heard how it ended. It may not choose: two-phase commit asks, three-phase commit stands in.
    fn in_doubt(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        if !self.book.prepared.contains_key(&tx) {
            return;
        }
        self.asking.insert(tx);
        cx.count(metrics::INQUIRIES, 1);
        cx.fact(Fact::InDoubt);
        self.say(COORD, Msg::Inquire { tx }, cx);
        if cx.system().protocol == Protocol::ThreePhase {
            return self.stand_in(tx, cx);
        }
        let again = cx.system().decision_timeout;
        cx.after(again, Timer::InDoubt { tx });
    }

    /// Locks that no reader holds: a reader's run out by themselves.
    pub fn locks_of_transfers(&self) -> usize {
        self.locks.iter().flat_map(|(_, holders, _)| holders).filter(|(owner, _)| owner.1 & READ == 0).count()
    }

    pub fn weight(&self) -> usize {
        let files = self.log.weight() + self.saved.get().book.as_ref().map_or(0, Book::weight);
        let work = self.asking.bytes()
            + self.sagas.bytes()
            + self.waiting.bytes()
            + self.syncing.bytes()
            + self.recovered.bytes()
            + self.leads.bytes()
            + self.ballots.bytes();
        files + self.book.weight() + self.locks.weight() + work + self.heard.bytes() + self.pre_from.bytes() + self.held.bytes() + self.voted.bytes()
    }
}

pub fn word(commit: bool) -> &'static str {
    if commit { "commit" } else { "abort" }
}
