//! Who leads: time-outs, pre-vote, votes, and stepping down.

use super::disk::Write;
use super::message::Message;
use super::progress::Progress;
use super::state::{Raft, Role};
use super::watch::Fact;
use super::{Load, Pos, StateMachine, Term, majority};
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;

impl<M: StateMachine> Raft<M> {
    /// Chooses the next time-out. It always draws, so that no spread shifts no other chance.
    pub(super) fn wind_election(&mut self) {
        let draw = self.rng.unit();
        let wait = self.config.election_min + self.config.election_spread.times(draw);
        self.election_at = self.now + wait.max(Span(1));
    }

    /// What a message's term means for this member, before its kind does: whether it is to be handled at all.
    pub(super) fn admits(&mut self, from: NodeId, message: &Message<M>) -> bool {
        let term = message.term();
        match message {
            // Asking changes nobody's term; a grant bears the term asked for.
            Message::PreVote { .. } => true,
            Message::PreVoted { granted: true, .. } => self.role == Role::PreCandidate && term == self.term + 1,
            _ if term > self.term => {
                self.enter(term);
                self.step_down();
                true
            }
            _ if term == self.term => true,
            // From the past: who leads or asks there learns of the new term.
            Message::Append { round, .. } | Message::Snapshot { round, .. } => {
                let outcome = super::Outcome::Refused { hint: self.log.last() };
                self.reply(from, Message::Appended { term: self.term, outcome, round: *round });
                false
            }
            Message::Vote { .. } => {
                self.reply(from, Message::Voted { term: self.term, granted: false });
                false
            }
            _ => false,
        }
    }

    fn enter(&mut self, term: Term) {
        self.term = term;
        self.vote = None;
        self.leader = None;
        self.write_ballot();
    }

    fn write_ballot(&mut self) {
        let vote = self.vote.filter(|_| self.config.keep_vote);
        self.write(Write::Ballot { term: self.term, vote });
    }

    /// Becomes a follower of nobody yet.
    pub(super) fn step_down(&mut self) {
        if self.role == Role::Leader {
            self.progress.clear();
            self.newcomer = None;
            self.transfer = None;
            self.lose_reads();
            self.leader = None;
            self.heartbeat_at = crate::kernel::time::Time::MAX;
            self.wind_election();
        }
        self.role = Role::Follower;
        self.ballots.clear();
    }

    /// A leader of this term was heard.
    pub(super) fn follow(&mut self, leader: NodeId) {
        if self.role != Role::Follower {
            self.step_down();
        }
        self.leader = Some(leader);
        self.heard = Some(self.now);
        self.wind_election();
    }

    /// The time-out has passed.
    pub(super) fn campaign(&mut self) {
        self.wind_election();
        if !self.may_stand() {
            return;
        }
        self.leader = None;
        if !self.config.pre_vote {
            return self.stand();
        }
        self.role = Role::PreCandidate;
        self.ballots = vec![self.me];
        if self.elected() {
            return self.stand();
        }
        let (term, last) = (self.term + 1, self.log.last());
        for to in self.others() {
            self.send_now(to, Message::PreVote { term, last });
        }
    }

    /// As if the time-out had passed just now.
    pub fn stand_now(&mut self, now: crate::kernel::time::Time) {
        self.now = now;
        if self.role != Role::Leader {
            self.campaign();
        }
    }

    /// Who is leaving may be needed until that is committed, for it may have the longest log (thesis 4.2.2). Its own vote
    /// does not count then.
    fn may_stand(&self) -> bool {
        let last = self.configurations.last().map_or(0, |configuration| configuration.at);
        let was = || self.configurations.iter().any(|configuration| configuration.voters.contains(&self.me));
        self.votes(self.me) || (last > self.commit && was())
    }

    /// Stands for election in the next term. The request leaves at once; the own vote counts once it is durable, for a
    /// candidate that forgets it may vote for another in the same term.
    fn stand(&mut self) {
        self.term += 1;
        self.leader = None;
        self.role = Role::Candidate;
        self.vote = Some(self.me);
        self.write_ballot();
        self.ballots.clear();
        self.own_vote = self.written;
        let (term, last) = (self.term, self.log.last());
        for to in self.others() {
            self.send_now(to, Message::Vote { term, last });
        }
    }

    /// The own vote counts when it is durable.
    pub(super) fn count_own_vote(&mut self) {
        if self.synced >= self.own_vote && !self.ballots.contains(&self.me) {
            self.ballots.push(self.me);
            self.win();
        }
    }

    pub(super) fn on_pre_vote(&mut self, from: NodeId, term: Term, last: Pos) {
        // A leader was heard just now: whoever asks is cut off, or was removed (thesis 4.2.3 and 9.6).
        let led = self.role == Role::Leader || self.heard.is_some_and(|at| self.leader.is_some() && self.now.since(at) < self.config.election_min);
        let granted = term > self.term && last >= self.log.last() && !led;
        let term = if granted { term } else { self.term };
        self.send_now(from, Message::PreVoted { term, granted });
    }

    pub(super) fn on_pre_voted(&mut self, from: NodeId, granted: bool) {
        if self.role != Role::PreCandidate || !granted {
            return;
        }
        self.count(from);
        if self.elected() {
            self.wind_election();
            self.stand();
        }
    }

    pub(super) fn on_vote(&mut self, from: NodeId, last: Pos) {
        let free = self.vote.is_none_or(|given| given == from) && self.leader.is_none();
        let granted = free && matches!(self.role, Role::Follower | Role::PreCandidate) && last >= self.log.last();
        if granted {
            if self.vote.is_none() {
                self.vote = Some(from);
                self.write_ballot();
            }
            self.role = Role::Follower;
            self.wind_election();
        }
        self.reply(from, Message::Voted { term: self.term, granted });
    }

    pub(super) fn on_voted(&mut self, from: NodeId, granted: bool) {
        if self.role == Role::Candidate && granted {
            self.count(from);
            self.win();
        }
    }

    fn count(&mut self, from: NodeId) {
        if !self.ballots.contains(&from) {
            self.ballots.push(from);
        }
    }

    fn elected(&self) -> bool {
        let voters = self.voters();
        let granted = voters.iter().filter(|id| self.ballots.contains(id)).count();
        !voters.is_empty() && granted >= majority(voters.len())
    }

    fn win(&mut self) {
        if !self.elected() {
            return;
        }
        self.role = Role::Leader;
        self.leader = Some(self.me);
        self.ballots.clear();
        let (member, term) = (self.me, self.term);
        self.tell(|| Fact::Elected { member, term });
        let next = self.log.last_index() + 1;
        self.progress = self.others().into_iter().map(|id| Progress::new(id, next, self.now)).collect();
        self.append(Load::Noop);
        self.beat();
    }

    pub(super) fn on_timeout_now(&mut self) {
        if self.role == Role::Follower && self.votes(self.me) {
            self.wind_election();
            self.stand();
        }
    }

    /// A leader that no majority answers may have been replaced without knowing: it stops leading (6.2).
    pub(super) fn check_quorum(&mut self) {
        if !self.config.check_quorum {
            return;
        }
        let heard = |progress: &Progress| self.now.since(progress.heard) < self.config.election_min + self.config.heartbeat;
        let live = 1 + self.progress.iter().filter(|p| self.votes(p.id) && heard(p)).count();
        if live < majority(self.voters().len()) {
            self.step_down();
        }
    }

    /// Hands leadership to another member, once it has the whole log (3.10).
    ///
    /// # Errors
    /// Why not.
    pub fn transfer(&mut self, to: NodeId, now: crate::kernel::time::Time) -> Result<(), String> {
        self.now = now;
        if self.role != Role::Leader {
            return Err("only the leader can hand over".into());
        }
        if to == self.me || !self.votes(to) {
            return Err("the next leader must be another voter".into());
        }
        self.transfer = Some((to, now + self.config.election_min));
        self.flush();
        self.hand_over(to);
        Ok(())
    }

    /// Asks `to` to stand at once, if it has everything.
    pub(super) fn hand_over(&mut self, to: NodeId) {
        let last = self.log.last_index();
        let ready = self.progress.iter().any(|p| p.id == to && p.matched == last);
        if ready && self.transfer.is_some_and(|(wanted, _)| wanted == to) {
            self.send_now(to, Message::TimeoutNow { term: self.term });
        }
    }
}
