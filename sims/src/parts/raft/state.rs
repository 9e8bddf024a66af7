//! One member's state, and how messages, time and durability reach it.

use super::disk::{Durable, Write};
use super::log::Log;
use super::membership::{Configuration, Newcomer};
use super::message::{Envelope, Message};
use super::progress::Progress;
use super::reading::Reads;
use super::snapshot::{Incoming, Snapshot};
use super::watch::Fact;
use super::{Config, Entry, Index, Load, NotLeader, Pos, StateMachine, Term, Ticket};
use crate::kernel::node::NodeId;
use crate::kernel::rng::Rng;
use crate::kernel::time::Time;
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Follower,
    /// Asks whether it would be elected.
    PreCandidate,
    Candidate,
    Leader,
}

#[derive(Clone)]
pub struct Raft<M: StateMachine> {
    pub(super) me: NodeId,
    pub(super) config: Config,
    pub(super) rng: Rng,
    pub(super) now: Time,

    pub(super) term: Term,
    pub(super) vote: Option<NodeId>,
    pub(super) log: Log<M::Command>,
    pub(super) snapshot: Option<Arc<Snapshot<M>>>,
    /// Configurations in the log, oldest first; the last one holds.
    pub(super) configurations: Vec<Configuration>,

    pub(super) role: Role,
    pub(super) leader: Option<NodeId>,
    pub(super) commit: Index,
    /// Handed out to be applied.
    pub(super) applied: Index,
    /// When a leader was heard last.
    pub(super) heard: Option<Time>,
    pub(super) election_at: Time,
    /// Who granted what is being asked for.
    pub(super) ballots: Vec<NodeId>,
    pub(super) incoming: Option<Incoming>,
    /// The write that makes the own vote durable.
    pub(super) own_vote: u64,

    // What only a leader has.
    pub(super) progress: Vec<Progress>,
    pub(super) heartbeat_at: Time,
    pub(super) round: u64,
    pub(super) reads: Reads,
    pub(super) newcomer: Option<Newcomer>,
    pub(super) transfer: Option<(NodeId, Time)>,

    // What is durable.
    pub(super) written: u64,
    pub(super) synced: u64,
    /// The last entry that is durable, and per write not yet durable its number and last entry.
    pub(super) stored: Index,
    /// The last entry that has been handed out to be written.
    pub(super) handed: Index,
    pub(super) storing: VecDeque<(u64, Index)>,

    // What is handed out.
    pub(super) outbox: Vec<Envelope<M>>,
    pub(super) writes: Vec<Write<M>>,
    pub(super) facts: Vec<Fact>,
    pub(super) readable: Vec<Ticket>,
    pub(super) lost_reads: Vec<Ticket>,
    pub(super) restored: bool,
}

impl<M: StateMachine> Raft<M> {
    /// A member as its disk has it: empty, or after a restart.
    pub fn new(me: NodeId, durable: Durable<M>, config: Config, rng: Rng, now: Time) -> Raft<M> {
        let at = durable.snapshot.as_ref().map_or(Pos::default(), |snapshot| snapshot.at);
        let stored = durable.log.last_index();
        let mut raft = Raft {
            me,
            config,
            rng,
            now,
            term: durable.term,
            vote: durable.vote,
            log: durable.log,
            configurations: vec![Configuration { at: 0, voters: durable.founders }],
            snapshot: durable.snapshot,
            role: Role::Follower,
            leader: None,
            commit: at.index,
            applied: at.index,
            heard: None,
            election_at: Time::ZERO,
            ballots: Vec::new(),
            incoming: None,
            own_vote: 0,
            progress: Vec::new(),
            heartbeat_at: Time::MAX,
            round: 0,
            reads: Reads::default(),
            newcomer: None,
            transfer: None,
            written: 0,
            synced: 0,
            stored,
            handed: stored,
            storing: VecDeque::new(),
            outbox: Vec::new(),
            writes: Vec::new(),
            facts: Vec::new(),
            readable: Vec::new(),
            lost_reads: Vec::new(),
            restored: false,
        };
        raft.find_configurations();
        raft.wind_election();
        raft
    }

    /// Hears a message.
    pub fn step(&mut self, from: NodeId, message: Message<M>, now: Time) {
        self.now = now;
        if !self.admits(from, &message) {
            return;
        }
        match message {
            Message::PreVote { term, last } => self.on_pre_vote(from, term, last),
            Message::PreVoted { granted, .. } => self.on_pre_voted(from, granted),
            Message::Vote { last, .. } => self.on_vote(from, last),
            Message::Voted { granted, .. } => self.on_voted(from, granted),
            Message::Append { prev, entries, commit, round, .. } => self.on_append(from, prev, entries, commit, round),
            Message::Appended { outcome, round, .. } => self.on_appended(from, outcome, round),
            Message::Snapshot { snapshot, offset, round, .. } => self.on_snapshot(from, snapshot, offset, round),
            Message::Received { at, offset, round, .. } => self.on_received(from, at, offset, round),
            Message::TimeoutNow { .. } => self.on_timeout_now(),
        }
    }

    /// Lets time pass: a heartbeat, an election.
    pub fn tick(&mut self, now: Time) {
        self.now = now;
        if self.role == Role::Leader {
            if now >= self.heartbeat_at {
                self.beat();
            }
        } else if now >= self.election_at {
            self.campaign();
        }
    }

    /// When [`Raft::tick`] has something to do next.
    pub fn deadline(&self) -> Time {
        if self.role == Role::Leader { self.heartbeat_at } else { self.election_at }
    }

    /// Appends a command to the leader's log; it leaves with the next [`Raft::flush`].
    ///
    /// # Errors
    /// Who may be the leader.
    pub fn propose(&mut self, command: M::Command, now: Time) -> Result<Pos, NotLeader> {
        self.now = now;
        if self.role != Role::Leader || self.transfer.is_some() {
            return Err(NotLeader { hint: self.transfer.map(|(to, _)| to).or(self.leader) });
        }
        Ok(self.append(Load::Command(command)))
    }

    /// Sends what has gathered: entries to followers, a round for reads.
    pub fn flush(&mut self) {
        if self.role != Role::Leader {
            return;
        }
        self.write_tail();
        self.open_round();
        for which in 0..self.progress.len() {
            self.feed(which);
        }
    }

    /// So many writes are durable.
    pub fn synced(&mut self, writes: u64, now: Time) {
        self.now = now;
        self.synced = self.synced.max(writes.min(self.written));
        while let Some((number, last)) = self.storing.front().copied()
            && number <= self.synced
        {
            self.stored = self.stored.max(last);
            self.storing.pop_front();
        }
        match self.role {
            Role::Leader => self.advance_commit(),
            Role::Candidate => self.count_own_vote(),
            Role::Follower | Role::PreCandidate => {}
        }
    }

    /// The next entry that is committed and not yet handed out.
    pub fn next_committed(&mut self) -> Option<(Pos, &Entry<M::Command>)> {
        let index = self.applied + 1;
        if index > self.commit || self.log.get(index).is_none() {
            return None;
        }
        self.applied = index;
        let me = self.me;
        self.tell(|| Fact::Applied { member: me, index });
        self.log.get(index).map(|entry| (Pos { term: entry.term, index }, entry))
    }

    /// What the disk holds once everything written is durable.
    pub fn durable(&self) -> Durable<M> {
        let founders = self.configurations.first().map_or_else(|| Arc::from([]), |first| Arc::clone(&first.voters));
        let vote = self.vote.filter(|_| self.config.keep_vote);
        Durable { term: self.term, vote, snapshot: self.snapshot.clone(), log: self.log.clone(), founders }
    }

    pub fn set_config(&mut self, config: Config) {
        self.config = config;
    }

    // What is handed out; each call empties it.

    pub fn take_messages(&mut self) -> Vec<Envelope<M>> {
        std::mem::take(&mut self.outbox)
    }

    /// Writes in order; the last of them is number [`Raft::written`].
    pub fn take_writes(&mut self) -> Vec<Write<M>> {
        std::mem::take(&mut self.writes)
    }

    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    /// Reads that a majority has confirmed: all that was committed before them is handed out already, or will be next.
    pub fn take_readable(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.readable)
    }

    /// Reads that this member can no longer answer.
    pub fn take_lost_reads(&mut self) -> Vec<Ticket> {
        std::mem::take(&mut self.lost_reads)
    }

    /// Whether a snapshot has replaced the machine: the new one.
    pub fn take_restored(&mut self) -> Option<Arc<Snapshot<M>>> {
        if std::mem::take(&mut self.restored) { self.snapshot.clone() } else { None }
    }

    // How it stands.

    pub fn me(&self) -> NodeId {
        self.me
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn role(&self) -> Role {
        self.role
    }

    pub fn term(&self) -> Term {
        self.term
    }

    pub fn vote(&self) -> Option<NodeId> {
        self.vote
    }

    /// When a leader was heard last.
    pub fn heard(&self) -> Option<Time> {
        self.heard
    }

    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    pub fn log(&self) -> &Log<M::Command> {
        &self.log
    }

    pub fn snapshot(&self) -> Option<&Arc<Snapshot<M>>> {
        self.snapshot.as_ref()
    }

    pub fn commit(&self) -> Index {
        self.commit
    }

    pub fn applied(&self) -> Index {
        self.applied
    }

    pub fn written(&self) -> u64 {
        self.written
    }

    /// The last entry known to be on this member's own disk.
    pub fn stored(&self) -> Index {
        self.stored
    }

    /// What a leader knows of its followers.
    pub fn followers(&self) -> &[Progress] {
        &self.progress
    }

    /// Whether a leader has committed an entry of its own term, so that its commit index is not behind anybody's.
    pub fn settled(&self) -> bool {
        self.log.term_at(self.commit) == Some(self.term)
    }

    pub fn weight(&self) -> usize {
        self.log.bytes() + self.snapshot.as_ref().map_or(0, |snapshot| snapshot.bytes) + self.progress.len() * size_of::<Progress>()
    }

    // Shared by all rooms.

    pub(super) fn tell(&mut self, fact: impl FnOnce() -> Fact) {
        if self.config.watched {
            self.facts.push(fact());
        }
    }

    pub(super) fn write(&mut self, write: Write<M>) {
        self.written += 1;
        self.writes.push(write);
    }

    /// A message that claims nothing that is not durable.
    pub(super) fn send_now(&mut self, to: NodeId, message: Message<M>) {
        self.outbox.push(Envelope { to, after: 0, message });
    }

    /// A message that must not leave before everything written until now is durable.
    pub(super) fn reply(&mut self, to: NodeId, message: Message<M>) {
        self.outbox.push(Envelope { to, after: self.written, message });
    }
}
