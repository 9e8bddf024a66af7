//! A member as a node's part in a kernel's world: Raft, the machine, the disk, and who waits for an answer.

use super::disk::{Durable, Write};
use super::membership::Change;
use super::message::{Envelope, Message};
use super::state::{Raft, Role};
use super::watch::Fact;
use super::{Config, Index, Load, NotLeader, Pos, StateMachine, Term, Ticket};
use crate::kernel::cx::Cx;
use crate::kernel::disk::{File, LogFile, settle};
use crate::kernel::node::{NodeId, System, Watch};
use crate::kernel::queue;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use std::collections::{BTreeMap, VecDeque};

/// How a design packs Raft's things into its own.
pub trait Host: System {
    type Machine: StateMachine;
    fn raft(&self) -> &Config;
    fn message(message: Message<Self::Machine>) -> Self::Msg;
    fn timer(timer: Timer) -> Self::Timer;
    fn fact(fact: Fact) -> <Self::Watch as Watch<Self>>::Fact;
    /// Whether what a message speaks of must be on disk before it leaves. Else the system writes it back in its own time.
    fn waits_for_disk(&self) -> bool {
        true
    }
    /// A member that finds its disk empty takes part as if nothing had happened. It may have voted and promised what it does
    /// not know any more, so this is not safe; safe is that it stays outside until it is removed and joins anew.
    fn rejoins_blindly(&self) -> bool {
        false
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Time for [`Raft::tick`].
    Raft,
    /// So many writes are durable.
    Synced(u64),
    /// What nobody waited for is durable now.
    WrittenBack,
    /// The world is coming to rest: see whether the logs have met.
    Settle,
}

/// How a read makes sure of what it sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The leader asks a majority whether it still leads: linearizable.
    Index,
    /// The leader answers at once: stale where another was elected unnoticed.
    Leader,
    /// Any member answers at once: as stale as it lags.
    Local,
}

/// What happened, in order.
#[derive(Clone, Debug)]
pub enum Event<M: StateMachine> {
    /// On every member for every command; with a ticket only where it was proposed.
    Applied {
        at: Pos,
        ticket: Option<Ticket>,
        command: M::Command,
        answer: M::Answer,
    },
    /// The machine may be read for this request now.
    Readable {
        ticket: Ticket,
    },
    /// This member cannot tell any more what becomes of it.
    Lost {
        ticket: Ticket,
    },
    /// It leads, and has applied its first entry.
    Leading {
        term: Term,
    },
    Following {
        leader: Option<NodeId>,
        term: Term,
    },
    /// The machine was replaced, by a snapshot or from disk.
    Restored {
        at: Pos,
    },
}

#[derive(Clone)]
pub struct Member<M: StateMachine> {
    raft: Raft<M>,
    machine: M,
    /// The machine before the first command.
    empty: M,
    /// Every write, in order; after a snapshot, from the image that it began with.
    journal: LogFile<Write<M>>,
    founders: Vec<NodeId>,
    /// Writes that the disk had no room for.
    refused: VecDeque<Write<M>>,
    /// The number of the last write that a sync was asked for, and of the last that is durable.
    asked: u64,
    durable: u64,
    write_back: Time,
    /// A whole image in the journal: once that write is durable, what stands before it can go.
    image: Option<(u64, u64)>,
    /// Its disk was lost: it takes no part.
    outside: bool,
    /// Messages that wait for the disk.
    held: VecDeque<Envelope<M>>,
    /// Who waits for which entry.
    open: BTreeMap<Index, (Term, Ticket)>,
    events: Vec<Event<M>>,
    armed: Option<(Time, queue::Ticket)>,
    /// What was told last of who leads.
    told: (Role, Option<NodeId>, Term),
    settling: u32,
}

/// While the world comes to rest, members look every so often whether their logs have met, at most so many times.
const SETTLE_EVERY: Span = Span::millis(100);
/// How often the system writes back what nobody waits for.
const WRITE_BACK: Span = Span::secs(1);
const SETTLE_TIMES: u32 = 100;

impl<M: StateMachine> Member<M> {
    /// A member of no group yet.
    pub fn new(machine: M) -> Member<M> {
        let raft = Raft::new(NodeId(u32::MAX), Durable::new(&[]), Config::default(), Rng::stream(0, "raft"), Time::ZERO);
        Member {
            raft,
            empty: machine.clone(),
            machine,
            journal: LogFile::default(),
            founders: Vec::new(),
            refused: VecDeque::new(),
            asked: 0,
            durable: 0,
            write_back: Time::ZERO,
            image: None,
            outside: false,
            held: VecDeque::new(),
            open: BTreeMap::new(),
            events: Vec::new(),
            armed: None,
            told: (Role::Follower, None, 0),
            settling: 0,
        }
    }

    /// Founds the group: every founder is given the same list, before it starts.
    pub fn begin(&mut self, voters: &[NodeId]) {
        self.founders = voters.to_vec();
    }

    pub fn on_start<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        if self.journal.is_empty() {
            // The installation itself is no part of the play: it is on disk before the machine is switched on.
            let _ = self.journal.append(Write::Whole(Box::new(Durable::new(&self.founders))));
            settle(&mut self.journal);
        }
        self.boot(cx);
        self.act(cx);
    }

    /// Everything as the disk has it.
    fn boot<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        let rng = Rng::stream(cx.rng().u64(), "raft");
        let mut disk = Durable::new(&self.founders);
        for (_, write) in self.journal.iter() {
            disk.apply(write.clone());
        }
        self.raft = Raft::new(cx.me(), disk, cx.system().raft().clone(), rng, cx.now());
        self.machine = self.raft.snapshot().map_or_else(|| self.empty.clone(), |snapshot| snapshot.machine.clone());
        self.told = (Role::Follower, None, self.raft.term());
    }

    /// Everything durable, for [`crate::kernel::node::Node::files`].
    pub fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        each(&mut self.journal);
    }

    pub fn on_msg<S: Host<Machine = M>>(&mut self, from: NodeId, message: Message<M>, cx: &mut Cx<'_, S>) {
        if self.outside {
            return;
        }
        self.raft.step(from, message, cx.now());
        self.act(cx);
    }

    pub fn on_timer<S: Host<Machine = M>>(&mut self, timer: Timer, cx: &mut Cx<'_, S>) {
        match timer {
            Timer::Raft => {
                self.armed = None;
                if self.outside {
                    return;
                }
                if cx.now() >= self.raft.deadline() {
                    self.raft.tick(cx.now());
                }
            }
            Timer::WrittenBack => return,
            Timer::Synced(_) if self.outside => return,
            Timer::Synced(writes) => self.on_synced(writes, cx.now()),
            Timer::Settle => return self.look_around(cx),
        }
        self.act(cx);
    }

    /// What was not synced is gone, the machine too.
    pub fn on_crash(&mut self) {
        self.refused.clear();
        (self.asked, self.durable, self.image) = (0, 0, None);
        self.held.clear();
        self.open.clear();
        self.events.clear();
        self.armed = None;
        self.settling = 0;
    }

    /// Reads the disk again.
    pub fn on_restart<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        // Its disk was lost if not even the installation is there.
        self.outside |= self.journal.is_empty() && !cx.system().rejoins_blindly();
        self.boot(cx);
        if !self.outside {
            self.act(cx);
        }
        self.reload(cx);
        self.events.push(Event::Restored { at: self.raft.snapshot().map_or(Pos::default(), |snapshot| snapshot.at) });
    }

    fn reload<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        let (member, base) = (cx.me(), self.raft.log().base());
        cx.fact(S::fact(Fact::Reloaded { member, base }));
        for index in base.index + 1..=self.raft.log().last_index() {
            if let Some(entry) = self.raft.log().get(index) {
                let fact = Fact::Appended { member, index, term: entry.term, mark: super::replication::mark::<M>(entry) };
                cx.fact(S::fact(fact));
            }
        }
    }

    pub fn on_knobs<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        self.raft.set_config(cx.system().raft().clone());
    }

    /// Proposes a command: its [`Event::Applied`] bears the ticket.
    ///
    /// # Errors
    /// Who may be the leader.
    pub fn propose<S: Host<Machine = M>>(&mut self, command: M::Command, ticket: Option<Ticket>, cx: &mut Cx<'_, S>) -> Result<Pos, NotLeader> {
        let at = self.raft.propose(command, cx.now())?;
        if let Some(ticket) = ticket {
            self.open.insert(at.index, (at.term, ticket));
        }
        self.act(cx);
        Ok(at)
    }

    /// Asks to read the machine: [`Event::Readable`] bears the ticket, at once where nothing is to be checked.
    ///
    /// # Errors
    /// Who may be the leader.
    pub fn read<S: Host<Machine = M>>(&mut self, how: Read, ticket: Ticket, cx: &mut Cx<'_, S>) -> Result<(), NotLeader> {
        match how {
            Read::Index => self.raft.read(ticket, cx.now())?,
            Read::Leader if !self.is_leader() => return Err(NotLeader { hint: self.raft.leader() }),
            Read::Leader | Read::Local => self.events.push(Event::Readable { ticket }),
        }
        self.act(cx);
        Ok(())
    }

    /// Adds or removes a member.
    ///
    /// # Errors
    /// Why not now.
    pub fn change<S: Host<Machine = M>>(&mut self, change: Change, cx: &mut Cx<'_, S>) -> Result<(), String> {
        if self.outside {
            return Err("it has lost its disk".into());
        }
        let done = self.raft.change(change, cx.now());
        self.act(cx);
        done
    }

    /// Hands leadership over.
    ///
    /// # Errors
    /// Why not.
    pub fn transfer<S: Host<Machine = M>>(&mut self, to: NodeId, cx: &mut Cx<'_, S>) -> Result<(), String> {
        if self.outside {
            return Err("it has lost its disk".into());
        }
        let done = self.raft.transfer(to, cx.now());
        self.act(cx);
        done
    }

    /// What happened since this was last asked.
    pub fn events(&mut self) -> Vec<Event<M>> {
        std::mem::take(&mut self.events)
    }

    /// Called as the world comes to rest: stays awake until this member has applied all it can know of.
    pub fn settle<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        self.settling = SETTLE_TIMES;
        cx.after(SETTLE_EVERY, S::timer(Timer::Settle));
    }

    fn look_around<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        let last = self.raft.log().last_index();
        let followed = self.raft.followers().iter().all(|p| p.matched == last);
        let met = match self.raft.role() {
            Role::Leader => followed && self.raft.applied() == last,
            // A follower cannot know what it lacks: it trusts a leader it hears, for a while.
            _ => self.raft.leader().is_some() && self.raft.applied() == last && self.settling < SETTLE_TIMES / 2,
        };
        self.settling = self.settling.saturating_sub(1);
        if !met && self.settling > 0 {
            cx.after(SETTLE_EVERY, S::timer(Timer::Settle));
        }
    }

    fn on_synced(&mut self, writes: u64, now: Time) {
        self.durable = self.durable.max(writes);
        if let Some((number, index)) = self.image
            && number <= self.durable
        {
            self.image = None;
            self.journal.compact(index);
        }
        self.raft.synced(self.durable, now);
    }

    /// Does what Raft has decided, until nothing is left: writes, messages, applying, and the next timer.
    fn act<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        self.raft.flush();
        self.write(cx);
        self.tell(cx);
        self.send(cx);
        self.restore();
        self.apply();
        self.tell(cx);
        self.answer_reads();
        self.announce();
        if self.raft.wants_snapshot() {
            self.raft.take_snapshot(self.machine.clone());
            self.write(cx);
        }
        self.arm(cx);
    }

    /// Puts what Raft writes into the journal, and asks for a sync. A full disk is tried again with the next write or tick;
    /// until then nothing leaves that speaks of it.
    fn write<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        self.refused.extend(self.raft.take_writes());
        while let Some(write) = self.refused.front() {
            let image = match write {
                Write::Snapshot { .. } if self.refused.len() == 1 => Some(Write::Whole(Box::new(self.raft.durable()))),
                _ => None,
            };
            let whole = image.is_some();
            let Ok(index) = self.journal.append(image.unwrap_or_else(|| write.clone())) else { return };
            if whole {
                self.image = Some((self.raft.written(), index));
            }
            self.refused.pop_front();
        }
        if self.asked == self.raft.written() {
            return;
        }
        self.asked = self.raft.written();
        if cx.system().waits_for_disk() {
            cx.sync(S::timer(Timer::Synced(self.asked)));
            return;
        }
        if cx.now() >= self.write_back {
            self.write_back = cx.now() + WRITE_BACK;
            cx.sync(S::timer(Timer::WrittenBack));
        }
        self.on_synced(self.asked, cx.now());
        self.write(cx);
    }

    fn send<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        let durable = self.durable;
        while let Some(envelope) = self.held.pop_front_if(|envelope| envelope.after <= durable) {
            cx.send(envelope.to, S::message(envelope.message));
        }
        for envelope in self.raft.take_messages() {
            if envelope.after <= durable {
                cx.send(envelope.to, S::message(envelope.message));
            } else {
                self.held.push_back(envelope);
            }
        }
    }

    fn tell<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        for fact in self.raft.take_facts() {
            cx.fact(S::fact(fact));
        }
    }

    fn restore(&mut self) {
        if let Some(snapshot) = self.raft.take_restored() {
            self.machine = snapshot.machine.clone();
            self.events.push(Event::Restored { at: snapshot.at });
        }
    }

    fn apply(&mut self) {
        while let Some((at, entry)) = self.raft.next_committed() {
            let Load::Command(command) = &entry.load else { continue };
            let command = command.clone();
            let answer = self.machine.apply(&command);
            let ticket = match self.open.remove(&at.index) {
                Some((term, ticket)) if term == at.term => Some(ticket),
                Some((_, ticket)) => {
                    self.events.push(Event::Lost { ticket });
                    None
                }
                None => None,
            };
            self.events.push(Event::Applied { at, ticket, command, answer });
        }
    }

    fn answer_reads(&mut self) {
        let readable = self.raft.take_readable().into_iter().map(|ticket| Event::Readable { ticket });
        self.events.extend(readable);
        let lost = self.raft.take_lost_reads().into_iter().map(|ticket| Event::Lost { ticket });
        self.events.extend(lost);
    }

    /// Tells when who leads has changed, and gives up what only a leader could have answered.
    fn announce(&mut self) {
        let raft = &self.raft;
        let leads = raft.role() == Role::Leader;
        let ready = leads && raft.settled() && raft.applied() >= raft.commit();
        let role = if leads && !ready { Role::Candidate } else { raft.role() };
        let now = (role, raft.leader(), raft.term());
        if now == self.told {
            return;
        }
        if !leads {
            let lost = std::mem::take(&mut self.open).into_values().map(|(_, ticket)| Event::Lost { ticket });
            self.events.extend(lost);
        }
        match role {
            Role::Leader => self.events.push(Event::Leading { term: now.2 }),
            Role::Follower => self.events.push(Event::Following { leader: now.1, term: now.2 }),
            Role::PreCandidate | Role::Candidate => {}
        }
        self.told = now;
    }

    /// One timer at the next deadline; one that stands earlier is left to find that it came too soon.
    fn arm<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        let deadline = self.raft.deadline();
        match self.armed {
            Some((at, _)) if at <= deadline => return,
            Some((_, ticket)) => cx.cancel(ticket),
            None => {}
        }
        let ticket = cx.background(deadline.since(cx.now()), S::timer(Timer::Raft));
        self.armed = Some((deadline.max(cx.now()), ticket));
    }

    pub fn machine(&self) -> &M {
        &self.machine
    }

    pub fn raft(&self) -> &Raft<M> {
        &self.raft
    }

    /// Lets its election time-out pass at once.
    pub fn time_out<S: Host<Machine = M>>(&mut self, cx: &mut Cx<'_, S>) {
        if !self.outside {
            self.raft.stand_now(cx.now());
            self.act(cx);
        }
    }

    pub fn is_leader(&self) -> bool {
        self.raft.role() == Role::Leader
    }

    pub fn leader(&self) -> Option<NodeId> {
        self.raft.leader()
    }

    pub fn role(&self) -> Role {
        self.raft.role()
    }

    pub fn term(&self) -> Term {
        self.raft.term()
    }

    /// Requests that wait for their entry.
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    /// Whether it has lost its disk and takes no part.
    pub fn is_outside(&self) -> bool {
        self.outside
    }

    pub fn weight(&self) -> usize {
        let records = deep(self.journal.iter(), |(_, write)| write.bytes());
        self.raft.weight() + self.journal.weight() + records + self.machine.bytes() + self.held.bytes() + self.open.bytes()
    }
}
