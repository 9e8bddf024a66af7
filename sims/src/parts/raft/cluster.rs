//! A group of members on a table: every message, sync and crash is moved by hand, the five properties are judged all along.

use super::message::Envelope;
use super::watch::{Fact, LAMPS, RaftWatch};
use super::{Config, Durable, Entry, Index, Load, Message, Pos, Raft, Role, StateMachine, Term, Ticket, Write};
use crate::kernel::invariant::{Lamps, Verdict};
use crate::kernel::node::NodeId;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};

/// Keeps every command, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tape(pub Vec<u64>);

impl StateMachine for Tape {
    type Command = u64;
    type Answer = usize;
    fn apply(&mut self, command: &u64) -> usize {
        self.0.push(*command);
        self.0.len()
    }
    fn mark(command: &u64) -> u64 {
        *command
    }
    fn bytes(&self) -> usize {
        self.0.len() * 8
    }
}

/// One place at the table.
pub struct Seat {
    pub raft: Option<Raft<Tape>>,
    pub disk: Durable<Tape>,
    cache: VecDeque<(u64, Write<Tape>)>,
    held: VecDeque<Envelope<Tape>>,
    pub machine: Tape,
    pub readable: Vec<Ticket>,
    pub lost_reads: Vec<Ticket>,
}

pub struct Cluster {
    pub seats: Vec<Seat>,
    /// Messages on their way: from, to, what.
    pub net: Vec<(usize, usize, Message<Tape>)>,
    pub now: Time,
    pub config: Config,
    /// Whether writes become durable at once.
    pub sync_at_once: bool,
    watch: RaftWatch,
    pub lamps: Lamps,
    /// The naive model: what was applied first at each index.
    agreed: BTreeMap<Index, u64>,
    /// Whether a member has applied anything else: the watch's law from a model that knows nothing of chains.
    pub disagreed: bool,
    rng: Rng,
}

pub fn id(seat: usize) -> NodeId {
    NodeId(seat as u32)
}

impl Cluster {
    /// So many members, of whom the first `founders` vote.
    pub fn new(members: usize, founders: usize, config: Config, seed: u64) -> Cluster {
        let voters: Vec<NodeId> = (0..founders).map(id).collect();
        let seat = |n: usize| Seat {
            raft: None,
            disk: Durable::new(if n < founders { &voters } else { &[] }),
            cache: VecDeque::new(),
            held: VecDeque::new(),
            machine: Tape::default(),
            readable: Vec::new(),
            lost_reads: Vec::new(),
        };
        let mut cluster = Cluster {
            seats: (0..members).map(seat).collect(),
            net: Vec::new(),
            now: Time::ZERO,
            config,
            sync_at_once: true,
            watch: RaftWatch::default(),
            lamps: Lamps::new(&LAMPS),
            agreed: BTreeMap::new(),
            disagreed: false,
            rng: Rng::stream(seed, "cluster"),
        };
        (0..members).for_each(|n| cluster.restart(n));
        cluster
    }

    /// A group whose disks hold logs of these terms; commands are ten times the term plus the index.
    pub fn with_logs(terms: &[Term], logs: &[&[Term]], config: Config) -> Cluster {
        let mut cluster = Cluster::new(logs.len(), logs.len(), config, 1);
        for (n, log) in logs.iter().enumerate() {
            cluster.crash(n);
            let seat = &mut cluster.seats[n];
            seat.disk.term = terms[n];
            for (at, term) in log.iter().enumerate() {
                seat.disk.log.push(Entry { term: *term, load: Load::Command(term * 10 + at as u64 + 1) });
            }
            cluster.restart(n);
        }
        cluster
    }

    pub fn raft(&self, n: usize) -> &Raft<Tape> {
        self.seats[n].raft.as_ref().unwrap()
    }

    pub fn is_up(&self, n: usize) -> bool {
        self.seats[n].raft.is_some()
    }

    pub fn terms(&self, n: usize) -> Vec<Term> {
        let log = self.raft(n).log();
        (log.base().index + 1..=log.last_index()).map(|index| log.get(index).unwrap().term).collect()
    }

    pub fn leaders(&self) -> Vec<usize> {
        (0..self.seats.len()).filter(|n| self.is_up(*n) && self.raft(*n).role() == Role::Leader).collect()
    }

    pub fn crash(&mut self, n: usize) {
        let seat = &mut self.seats[n];
        seat.raft = None;
        seat.cache.clear();
        seat.held.clear();
    }

    pub fn restart(&mut self, n: usize) {
        let rng = Rng::stream(self.rng.u64(), "member");
        let seat = &mut self.seats[n];
        let raft = Raft::new(id(n), seat.disk.clone(), self.config.clone(), rng, self.now);
        seat.machine = raft.snapshot().map_or_else(Tape::default, |snapshot| snapshot.machine.clone());
        self.see(&Fact::Reloaded { member: id(n), base: raft.log().base() });
        for index in raft.log().base().index + 1..=raft.log().last_index() {
            let entry = raft.log().get(index).unwrap();
            self.see(&Fact::Appended { member: id(n), index, term: entry.term, mark: super::replication::mark::<Tape>(entry) });
        }
        self.seats[n].raft = Some(raft);
    }

    fn see(&mut self, fact: &Fact) {
        self.watch.see(self.now, fact, 0, &mut self.lamps);
    }

    /// Does something at a member and takes what it hands out.
    pub fn at<R>(&mut self, n: usize, f: impl FnOnce(&mut Raft<Tape>, Time) -> R) -> Option<R> {
        let now = self.now;
        let done = f(self.seats[n].raft.as_mut()?, now);
        self.pump(n);
        Some(done)
    }

    fn pump(&mut self, n: usize) {
        let Some(raft) = self.seats[n].raft.as_mut() else { return };
        raft.flush();
        self.gather(n);
        if self.sync_at_once {
            self.sync(n);
        }
        let seat = &mut self.seats[n];
        let Some(raft) = seat.raft.as_mut() else { return };
        if let Some(snapshot) = raft.take_restored() {
            seat.machine = snapshot.machine.clone();
        }
        while let Some((at, entry)) = raft.next_committed() {
            let Load::Command(command) = entry.load else { continue };
            seat.machine.apply(&command);
            let first = *self.agreed.entry(at.index).or_insert(command);
            self.disagreed |= first != command;
        }
        seat.readable.extend(raft.take_readable());
        seat.lost_reads.extend(raft.take_lost_reads());
        if raft.wants_snapshot() {
            raft.take_snapshot(seat.machine.clone());
        }
        self.gather(n);
        if self.sync_at_once {
            self.sync(n);
        }
    }

    /// Collects writes, facts and messages.
    fn gather(&mut self, n: usize) {
        let seat = &mut self.seats[n];
        let Some(raft) = seat.raft.as_mut() else { return };
        let writes = raft.take_writes();
        let first = raft.written() - writes.len() as u64 + 1;
        seat.cache.extend((first..).zip(writes));
        seat.held.extend(raft.take_messages());
        let durable = seat.cache.front().map_or(raft.written(), |(number, _)| number - 1);
        let facts = raft.take_facts();
        let leave: Vec<Envelope<Tape>> = seat.held.iter().filter(|e| e.after <= durable).cloned().collect();
        seat.held.retain(|e| e.after > durable);
        self.net.extend(leave.into_iter().map(|e| (n, e.to.at(), e.message)));
        facts.iter().for_each(|fact| self.see(fact));
    }

    /// Makes everything written at a member durable.
    pub fn sync(&mut self, n: usize) {
        loop {
            let now = self.now;
            let seat = &mut self.seats[n];
            let Some(raft) = seat.raft.as_mut() else { return };
            let upto = raft.written();
            let none = seat.cache.is_empty();
            for (_, write) in seat.cache.drain(..) {
                seat.disk.apply(write);
            }
            raft.synced(upto, now);
            self.gather(n);
            if none {
                return;
            }
        }
    }

    /// Delivers the message at that place, to whoever is up.
    pub fn deliver(&mut self, which: usize) {
        let (from, to, message) = self.net.remove(which);
        self.at(to, |raft, now| raft.step(id(from), message, now));
    }

    /// Delivers, in order, until nothing is on its way between these members; what goes elsewhere is lost.
    pub fn talk(&mut self, among: &[usize]) {
        for _ in 0..10_000 {
            self.net.retain(|(from, to, _)| among.contains(from) && among.contains(to));
            if self.net.is_empty() {
                return;
            }
            self.deliver(0);
        }
        panic!("they never stop talking");
    }

    /// Lets one member's time-out pass, and hears what it has to say.
    pub fn time_out(&mut self, n: usize) {
        self.now = self.now.max(self.raft(n).deadline());
        self.at(n, Raft::tick);
    }

    /// Makes one member stand for election among those it reaches.
    pub fn elect(&mut self, n: usize, among: &[usize]) {
        // Whoever was heard lately must have fallen silent first.
        self.now += Span::secs(10);
        self.time_out(n);
        self.talk(among);
    }

    pub fn propose(&mut self, n: usize, command: u64) -> Option<Pos> {
        self.at(n, |raft, now| raft.propose(command, now).ok()).flatten()
    }

    pub fn broken(&self) -> Vec<&'static str> {
        self.lamps.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Broken { .. })).map(|(spec, _)| spec.id).collect()
    }
}
