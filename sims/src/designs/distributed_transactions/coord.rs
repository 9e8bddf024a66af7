//! The coordinator of two- and three-phase commit. It presumes abort: what its log does not know was not committed.

use super::metrics;
use super::reasons;
use super::saga::Saga;
use super::step::{Fuse, Step};
use super::system::{Banking, CLIENT, Protocol, bank_id};
use super::watch::Fact;
use super::wire::{Ending, Msg, Timer, Transfer, Tx, Vote, Wrote};
use crate::kernel::cx::Cx;
use crate::kernel::disk::{LogFile, ValueFile};
use crate::kernel::node::NodeId;
use crate::kernel::queue::Ticket;
use crate::kernel::time::Span;
use crate::kernel::weight::Flat;
use crate::parts::backoff::{Jitter, Policy};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One record of the coordinator's log.
#[derive(Clone, Debug)]
pub enum Entry {
    PreCommit {
        tx: Tx,
    },
    /// The decision. From here on it stands.
    Commit {
        tx: Tx,
        transfer: Arc<Transfer>,
    },
    /// Everyone has it: it may be forgotten.
    End {
        tx: Tx,
    },
    Begun {
        saga: Arc<Transfer>,
    },
    /// From here on the saga goes back.
    Turned {
        saga: u64,
        from: u8,
    },
    Closed {
        saga: u64,
        complete: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Voting,
    /// A prepare came back with an error, and nothing handles it.
    Raised,
    /// Its record is being written.
    Logging,
    PreCommitting,
    /// Committed, and telling everyone until they have it.
    Telling,
}

#[derive(Clone, Debug)]
pub struct Live {
    pub transfer: Arc<Transfer>,
    attempt: u32,
    pub phase: Phase,
    /// Banks that have answered in this phase, by their place in the transfer.
    answered: u32,
    due: Option<Ticket>,
    /// Where the log must be kept from.
    kept: Option<u64>,
}

const COMPACT: usize = 4096;

#[derive(Clone)]
pub struct Coord {
    pub fuse: Fuse,
    pub log: LogFile<Entry>,
    /// Counts starts, so that no number is given twice.
    epoch: ValueFile<u64>,
    // Volatile from here on.
    next: u64,
    ready: bool,
    /// What arrived before the number was durable.
    early: Vec<Arc<Transfer>>,
    pub txs: BTreeMap<Tx, Live>,
    pub sagas: BTreeMap<u64, Saga>,
    /// For the watch alone: what has been told of the log.
    told: u64,
}

impl Coord {
    pub fn new() -> Coord {
        Coord {
            fuse: Fuse::default(),
            log: LogFile::default(),
            epoch: ValueFile::default(),
            next: 0,
            ready: true,
            early: Vec::new(),
            txs: BTreeMap::new(),
            sagas: BTreeMap::new(),
            told: 0,
        }
    }

    pub fn files(&mut self, each: &mut dyn FnMut(&mut dyn crate::kernel::disk::File)) {
        each(&mut self.log);
        each(&mut self.epoch);
    }

    pub fn crash(&mut self) {
        self.fuse.rise();
        self.ready = false;
        self.early.clear();
        self.txs.clear();
        self.sagas.clear();
    }

    /// Takes a new range of numbers, and goes on with what the log says is decided, or begun.
    pub fn restart(&mut self, cx: &mut Cx<'_, Banking>) {
        self.tell(cx);
        self.take_numbers(cx);
        let mut lives: BTreeMap<Tx, Live> = BTreeMap::new();
        for (at, entry) in self.log.iter() {
            match entry {
                Entry::Commit { tx, transfer } => {
                    let live = Live { transfer: Arc::clone(transfer), attempt: 1, phase: Phase::Telling, answered: 0, due: None, kept: Some(at) };
                    lives.insert(*tx, live);
                }
                Entry::End { tx } => drop(lives.remove(tx)),
                Entry::Begun { saga } => drop(self.sagas.insert(saga.id, Saga::begun(Arc::clone(saga), at))),
                Entry::Turned { saga, from } => {
                    if let Some(saga) = self.sagas.get_mut(saga) {
                        saga.turned(*from);
                    }
                }
                Entry::Closed { saga, .. } => drop(self.sagas.remove(saga)),
                Entry::PreCommit { .. } => {}
            }
        }
        self.txs = lives;
        for tx in self.txs.keys().copied().collect::<Vec<_>>() {
            if let Some(id) = self.txs.get(&tx).map(|live| live.transfer.id) {
                self.say(CLIENT, Msg::Answer { id, ending: Ending::Done }, cx);
            }
            self.tell_all(tx, cx);
        }
        for saga in self.sagas.keys().copied().collect::<Vec<_>>() {
            self.go_on(saga, cx);
        }
    }

    fn take_numbers(&mut self, cx: &mut Cx<'_, Banking>) {
        let epoch = *self.epoch.get() + 1;
        match self.epoch.put(epoch) {
            Ok(()) => cx.sync(Timer::Started),
            Err(_) => drop(cx.background(Span::millis(100), Timer::Flush)),
        }
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
            Msg::Transfer(transfer) if !self.ready => self.early.push(transfer),
            Msg::Transfer(transfer) => self.take(transfer, cx),
            Msg::Vote { tx, vote } => self.on_vote(from, tx, vote, cx),
            Msg::PreAcked { tx, .. } => self.on_preacked(from, tx, cx),
            Msg::Acked { tx } => self.on_acked(from, tx, cx),
            Msg::Inquire { tx } => self.on_inquire(from, tx, cx),
            Msg::Decide { tx, commit } => self.on_decided_elsewhere(tx, commit, cx),
            Msg::Stepped { saga, at, vote } => self.on_stepped(saga, at, vote, cx),
            Msg::Undone { saga, at } => self.on_undone(saga, at, cx),
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Banking>) {
        match timer {
            Timer::Logged { tx, what } => {
                self.tell(cx);
                if !self.fuse.at(Step::Logged, cx) {
                    self.on_logged(tx, what, cx);
                }
            }
            Timer::VotesDue { tx } => self.votes_due(tx, cx),
            Timer::Again { tx } if self.sagas.contains_key(&tx) => self.saga_again(tx, cx),
            Timer::Again { tx } => self.tell_all(tx, cx),
            Timer::Retry { transfer, attempt } => self.begin(transfer, attempt, cx),
            Timer::Started => {
                self.ready = true;
                self.next = *self.epoch.get() << 32;
                for transfer in std::mem::take(&mut self.early) {
                    self.take(transfer, cx);
                }
            }
            Timer::Flush if !self.ready => self.take_numbers(cx),
            _ => {}
        }
    }

    fn on_logged(&mut self, tx: Tx, what: Wrote, cx: &mut Cx<'_, Banking>) {
        match what {
            Wrote::PreCommit => self.precommit(tx, cx),
            Wrote::Outcome => self.decided(tx, cx),
            Wrote::Begun => self.saga_begun(tx, cx),
            Wrote::Turned => self.saga_turned(tx, cx),
            Wrote::Ended => self.saga_ended(tx, cx),
            _ => {}
        }
    }

    /// Appends an entry and has it synced. Its index; none if the disk is full or the machine has crashed.
    pub fn write(&mut self, entry: Entry, tx: Tx, what: Wrote, cx: &mut Cx<'_, Banking>) -> Option<u64> {
        let Ok(at) = self.log.append(entry) else {
            cx.count(metrics::DISK_REFUSED, 1);
            return None;
        };
        cx.sync(Timer::Logged { tx, what });
        (!self.fuse.at(Step::Written, cx)).then_some(at)
    }

    /// Tells the watch what has become durable since it was told last.
    fn tell(&mut self, cx: &mut Cx<'_, Banking>) {
        for (_, entry) in self.log.range(self.told.max(self.log.first())..self.log.synced()) {
            match entry {
                Entry::Commit { tx, transfer } => cx.fact(Fact::Decided { tx: *tx, transfer: Some(Arc::clone(transfer)), commit: true }),
                Entry::Closed { saga, complete } => cx.fact(Fact::Closed { saga: *saga, complete: *complete }),
                _ => {}
            }
        }
        self.told = self.log.synced();
    }

    /// Drops what no open transaction needs.
    pub fn compact(&mut self) {
        if self.log.len() > COMPACT {
            let txs = self.txs.values().filter_map(|live| live.kept);
            let open = txs.chain(self.sagas.values().map(|saga| saga.kept)).min();
            self.log.compact(open.unwrap_or(self.log.next()).min(self.told));
        }
    }

    fn take(&mut self, transfer: Arc<Transfer>, cx: &mut Cx<'_, Banking>) {
        if cx.system().protocol == Protocol::Saga {
            self.saga_begin(transfer, cx);
        } else {
            self.begin(transfer, 1, cx);
        }
    }

    fn begin(&mut self, transfer: Arc<Transfer>, attempt: u32, cx: &mut Cx<'_, Banking>) {
        if self.fuse.at(Step::Asked, cx) {
            return;
        }
        self.next += 1;
        let tx = self.next;
        for leg in &transfer.legs {
            self.say(bank_id(leg.bank), Msg::Prepare { tx, transfer: Arc::clone(&transfer) }, cx);
        }
        if self.fuse.at(Step::PrepareSent, cx) {
            return;
        }
        let wait = cx.system().vote_timeout;
        let due = Some(cx.after(wait, Timer::VotesDue { tx }));
        self.txs.insert(tx, Live { transfer, attempt, phase: Phase::Voting, answered: 0, due, kept: None });
    }

    /// Notes an answer of this phase; whether all have answered now.
    fn note(&mut self, from: NodeId, tx: Tx, phase: Phase) -> Option<bool> {
        let live = self.txs.get_mut(&tx).filter(|live| live.phase == phase)?;
        let at = live.transfer.legs.iter().position(|leg| bank_id(leg.bank) == from)?;
        live.answered |= 1 << at;
        Some(live.answered.count_ones() as usize == live.transfer.legs.len())
    }

    fn on_vote(&mut self, from: NodeId, tx: Tx, vote: Vote, cx: &mut Cx<'_, Banking>) {
        if !self.txs.contains_key(&tx) {
            // Forgotten, or of an earlier life: it was not committed, or everyone would have it.
            if vote == Vote::Yes && cx.system().protocol == Protocol::TwoPhase {
                self.presume_abort(from, tx, cx);
            }
            return;
        }
        if vote == Vote::Yes {
            if self.note(from, tx, Phase::Voting) == Some(true) {
                self.all_yes(tx, cx);
            }
            return;
        }
        let Some(live) = self.txs.get_mut(&tx).filter(|live| live.phase == Phase::Voting) else { return };
        if !cx.system().abort_on_error {
            // The error leaves the loop over the participants: the client gets it, and those who said yes hear nothing.
            live.phase = Phase::Raised;
            let (id, due) = (live.transfer.id, live.due.take());
            due.into_iter().for_each(|due| cx.cancel(due));
            return self.say(CLIENT, Msg::Answer { id, ending: Ending::GaveUp }, cx);
        }
        self.abort(tx, Some(from), if vote == Vote::Refused { Ending::Refused } else { Ending::GaveUp }, vote == Vote::Busy, cx);
    }

    /// Tells everyone but who has said no. Nothing is logged: a bank that misses this will ask, and no record means abort.
    fn abort(&mut self, tx: Tx, but: Option<NodeId>, ending: Ending, again: bool, cx: &mut Cx<'_, Banking>) {
        let Some(live) = self.txs.remove(&tx) else { return };
        live.due.into_iter().for_each(|due| cx.cancel(due));
        cx.count(metrics::ABORTS, 1);
        cx.fact(Fact::Decided { tx, transfer: None, commit: false });
        for bank in live.transfer.legs.iter().map(|leg| bank_id(leg.bank)).filter(|bank| Some(*bank) != but) {
            self.say(bank, Msg::Decide { tx, commit: false }, cx);
        }
        let system = cx.shared();
        if again && live.attempt < system.attempts {
            cx.count(metrics::RETRIES, 1);
            let policy = Policy { base: system.retry, factor: 2.0, cap: system.retry.times(8.0), retries: system.attempts, jitter: Jitter::Equal };
            let wait = policy.wait(live.attempt, Span::ZERO, cx.rng()).unwrap_or(system.retry);
            cx.after(wait, Timer::Retry { transfer: live.transfer, attempt: live.attempt + 1 });
            return;
        }
        self.say(CLIENT, Msg::Answer { id: live.transfer.id, ending }, cx);
    }

    fn all_yes(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(live) = self.txs.get_mut(&tx) else { return };
        live.due.take().into_iter().for_each(|due| cx.cancel(due));
        if self.fuse.at(Step::VotesIn, cx) {
            return;
        }
        if cx.system().protocol == Protocol::TwoPhase {
            return self.decide(tx, cx);
        }
        if let Some(live) = self.txs.get_mut(&tx) {
            live.phase = Phase::Logging;
        }
        if self.write(Entry::PreCommit { tx }, tx, Wrote::PreCommit, cx).is_none() && !self.fuse.fell() {
            self.abort(tx, None, Ending::GaveUp, false, cx);
        }
    }

    /// Third phase, in the middle: everyone learns that everyone has voted yes.
    fn precommit(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(live) = self.txs.get_mut(&tx).filter(|live| matches!(live.phase, Phase::Logging | Phase::PreCommitting)) else { return };
        if live.phase == Phase::Logging {
            live.answered = 0;
        }
        live.phase = Phase::PreCommitting;
        let legs = live.transfer.legs.clone();
        for (at, leg) in legs.iter().enumerate() {
            self.say(bank_id(leg.bank), Msg::PreCommit { tx, ballot: 0 }, cx);
            if at == 0 && self.fuse.at(Step::PrecommitHalf, cx) {
                return;
            }
        }
        if self.fuse.at(Step::PrecommitSent, cx) {
            return;
        }
        let wait = cx.system().vote_timeout;
        let due = cx.after(wait, Timer::VotesDue { tx });
        if let Some(live) = self.txs.get_mut(&tx) {
            live.due = Some(due);
        }
    }

    fn on_preacked(&mut self, from: NodeId, tx: Tx, cx: &mut Cx<'_, Banking>) {
        if self.note(from, tx, Phase::PreCommitting) == Some(true) && !self.fuse.at(Step::PreAcks, cx) {
            self.decide(tx, cx);
        }
    }

    fn votes_due(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        match self.txs.get(&tx).map(|live| (live.phase, live.answered)) {
            Some((Phase::Voting, _)) => {
                cx.count(metrics::VOTES_MISSED, 1);
                self.abort(tx, None, Ending::GaveUp, false, cx);
            }
            // Who has not answered is taken for dead. Those who have will see to it that it is committed.
            Some((Phase::PreCommitting, answered)) if answered != 0 => self.decide(tx, cx),
            Some((Phase::PreCommitting, _)) => self.precommit(tx, cx),
            _ => {}
        }
    }

    /// The decision becomes one when its record is durable.
    fn decide(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(live) = self.txs.get_mut(&tx) else { return };
        live.due.take().into_iter().for_each(|due| cx.cancel(due));
        live.phase = Phase::Logging;
        live.answered = 0;
        let transfer = Arc::clone(&live.transfer);
        if !cx.system().log_decision {
            cx.fact(Fact::Decided { tx, transfer: Some(transfer), commit: true });
            return self.decided(tx, cx);
        }
        match self.write(Entry::Commit { tx, transfer }, tx, Wrote::Outcome, cx) {
            Some(at) => {
                if let Some(live) = self.txs.get_mut(&tx) {
                    live.kept = Some(at);
                }
            }
            None if self.fuse.fell() => {}
            None if cx.system().protocol == Protocol::TwoPhase => self.abort(tx, None, Ending::GaveUp, false, cx),
            // Pre-committed banks would commit without it: it may not abort any more, only forget.
            None => drop(self.txs.remove(&tx)),
        }
    }

    fn decided(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(live) = self.txs.get_mut(&tx).filter(|live| live.phase == Phase::Logging) else { return };
        live.phase = Phase::Telling;
        let id = live.transfer.id;
        if self.fuse.at(Step::Decided, cx) {
            return;
        }
        self.say(CLIENT, Msg::Answer { id, ending: Ending::Done }, cx);
        self.tell_all(tx, cx);
        if !cx.system().await_acks {
            // Told is as good as done.
            self.end(tx, cx);
        }
    }

    /// Tells the commit to all who have not acknowledged it, and again until they have.
    fn tell_all(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        let Some(live) = self.txs.get(&tx).filter(|live| live.phase == Phase::Telling) else { return };
        let (legs, answered) = (live.transfer.legs.clone(), live.answered);
        for (at, leg) in legs.iter().enumerate().filter(|(at, _)| answered & 1 << at == 0) {
            self.say(bank_id(leg.bank), Msg::Decide { tx, commit: true }, cx);
            if at == 0 && self.fuse.at(Step::HalfTold, cx) {
                return;
            }
        }
        if !self.fuse.at(Step::Told, cx) {
            let again = cx.system().retry;
            cx.after(again, Timer::Again { tx });
        }
    }

    fn on_acked(&mut self, from: NodeId, tx: Tx, cx: &mut Cx<'_, Banking>) {
        if self.note(from, tx, Phase::Telling) == Some(true) {
            self.end(tx, cx);
        }
    }

    fn end(&mut self, tx: Tx, cx: &mut Cx<'_, Banking>) {
        if self.txs.remove(&tx).is_some() {
            let _ = self.log.append(Entry::End { tx });
            if cx.system().await_acks {
                cx.fact(Fact::Ended { tx });
            }
            self.compact();
        }
    }

    /// A bank in doubt asks. What is undecided stays so; what nobody here remembers was aborted, or all would have acknowledged it.
    fn on_inquire(&mut self, from: NodeId, tx: Tx, cx: &mut Cx<'_, Banking>) {
        match self.txs.get(&tx).map(|live| live.phase) {
            Some(Phase::Telling) => self.say(from, Msg::Decide { tx, commit: true }, cx),
            Some(_) => {}
            // With a third phase the banks may have committed without it.
            None if cx.system().protocol == Protocol::ThreePhase => {}
            None => self.presume_abort(from, tx, cx),
        }
    }

    fn presume_abort(&mut self, to: NodeId, tx: Tx, cx: &mut Cx<'_, Banking>) {
        cx.fact(Fact::Presumed { tx });
        self.say(to, Msg::Decide { tx, commit: false }, cx);
    }

    /// Banks have ended it among themselves.
    fn on_decided_elsewhere(&mut self, tx: Tx, commit: bool, cx: &mut Cx<'_, Banking>) {
        match self.txs.get(&tx).map(|live| live.phase) {
            Some(Phase::Voting | Phase::PreCommitting) if commit => self.decide(tx, cx),
            Some(Phase::Voting | Phase::PreCommitting) => self.abort(tx, None, Ending::GaveUp, false, cx),
            _ => {}
        }
    }

    /// How many are in which phase, for the diagram.
    pub fn count(&self, phases: &[Phase]) -> usize {
        self.txs.values().filter(|live| phases.contains(&live.phase)).count()
    }

    pub fn weight(&self) -> usize {
        self.log.weight() + self.early.bytes() + self.txs.bytes() + self.sagas.bytes()
    }
}

/// Why a transfer failed.
pub fn reason(ending: Ending) -> usize {
    if ending == Ending::Refused { reasons::REFUSED } else { reasons::GAVE_UP }
}
