//! The log's way to the followers, and the commit index's way back.

use super::disk::Write;
use super::log::Log;
use super::message::{Message, Outcome};
use super::progress::Flow;
use super::state::{Raft, Role};
use super::watch::Fact;
use super::{Entry, Index, Load, Pos, StateMachine, majority};
use crate::kernel::node::NodeId;

impl<M: StateMachine> Raft<M> {
    /// Appends to the leader's own log.
    pub(super) fn append(&mut self, load: Load<M::Command>) -> Pos {
        let entry = Entry { term: self.term, load };
        self.push(entry);
        self.log.last()
    }

    fn push(&mut self, entry: Entry<M::Command>) {
        let (member, index, term) = (self.me, self.log.last_index() + 1, entry.term);
        if self.config.watched {
            let mark = mark::<M>(&entry);
            self.tell(|| Fact::Appended { member, index, term, mark });
        }
        if let Load::Voters(voters) = &entry.load {
            self.adopt(index, voters.clone());
        }
        self.log.push(entry);
    }

    /// Writes what was appended since the last write.
    pub(super) fn write_tail(&mut self) {
        let last = self.log.last_index();
        if last > self.handed {
            let entries = self.log.slice(self.handed + 1, usize::MAX).to_vec();
            self.write(Write::Entries { after: self.handed, entries });
            self.handed = last;
            self.storing.push_back((self.written, last));
        }
    }

    /// What stood behind `index` is no longer what is being stored.
    pub(super) fn unstore(&mut self, index: Index) {
        self.stored = self.stored.min(index);
        self.handed = self.handed.min(index);
        for (_, last) in &mut self.storing {
            *last = index.min(*last);
        }
    }

    fn truncate(&mut self, after: Index) {
        let (member, term) = (self.me, self.term);
        self.tell(|| Fact::Truncated { member, after, term });
        self.log.truncate(after);
        self.unstore(after);
        self.drop_configurations(after);
    }

    /// A round of heartbeats, which carry entries where there are any; and whether anybody still listens.
    pub(super) fn beat(&mut self) {
        self.heartbeat_at = self.now + self.config.heartbeat.max(crate::kernel::time::Span(1));
        self.check_quorum();
        if self.role != Role::Leader {
            return;
        }
        if self.transfer.is_some_and(|(_, until)| self.now >= until) {
            self.transfer = None;
        }
        self.write_tail();
        self.round += 1;
        for which in 0..self.progress.len() {
            self.progress[which].waiting = false;
            if !self.feed(which) {
                self.send_entries(which, 0);
            }
        }
    }

    /// Sends a follower what it lacks, as far as its window goes. Says whether anything left.
    pub(super) fn feed(&mut self, which: usize) -> bool {
        let last = self.log.last_index();
        let mut sent = false;
        while self.progress[which].next <= last && self.progress[which].open(self.config.max_in_flight.max(1)) {
            self.send_entries(which, self.config.max_batch.max(1));
            sent = true;
        }
        let progress = &self.progress[which];
        if !sent && progress.flow == Flow::Stream && progress.told < self.commit.min(progress.matched) {
            self.send_entries(which, 0);
            sent = true;
        }
        sent
    }

    pub(super) fn send_entries(&mut self, which: usize, max: usize) {
        let progress = &self.progress[which];
        let (to, prev) = (progress.id, progress.next - 1);
        let Some(term) = self.log.term_at(prev).filter(|_| !matches!(progress.flow, Flow::Snapshot { .. })) else {
            return self.send_chunk(which);
        };
        let entries = self.log.slice(prev + 1, max).to_vec();
        let (sent, round, commit) = (entries.len() as u64, self.round, self.commit);
        let message = Message::Append { term: self.term, prev: Pos { term, index: prev }, entries, commit, round };
        self.send_now(to, message);
        let progress = &mut self.progress[which];
        if sent == 0 {
            progress.told = progress.told.max(commit.min(progress.matched));
            return;
        }
        progress.told = progress.told.max(commit);
        progress.waiting = true;
        if progress.flow == Flow::Stream {
            progress.next += sent;
            progress.in_flight.push_back(progress.next - 1);
        }
    }

    pub(super) fn on_append(&mut self, from: NodeId, prev: Pos, entries: Vec<Entry<M::Command>>, commit: Index, round: u64) {
        self.follow(from);
        let outcome = self.take_in(prev, entries, commit);
        self.write_tail();
        self.reply(from, Message::Appended { term: self.term, outcome, round });
    }

    fn take_in(&mut self, prev: Pos, entries: Vec<Entry<M::Command>>, commit: Index) -> Outcome {
        let end = prev.index + entries.len() as u64;
        let base = self.log.base().index;
        if prev.index >= base && !self.log.has(prev) {
            return Outcome::Refused { hint: self.log.agree_before(prev) };
        }
        for (index, entry) in (prev.index + 1..).zip(entries) {
            // What a snapshot covers is committed, so it agrees.
            if index <= base || self.log.term_at(index) == Some(entry.term) {
                continue;
            }
            if index <= self.log.last_index() {
                self.truncate(index - 1);
            }
            self.push(entry);
        }
        let known = end.max(base.min(self.commit));
        self.commit_to(commit.min(known));
        Outcome::Matched(known)
    }

    fn commit_to(&mut self, index: Index) {
        if index <= self.commit {
            return;
        }
        self.commit = index;
        let (member, term) = (self.me, self.term);
        self.tell(|| Fact::Committed { member, index, term });
    }

    /// The follower an answer is from, if this member leads and knows it.
    pub(super) fn heard_from(&mut self, from: NodeId, round: u64) -> Option<usize> {
        if self.role != Role::Leader {
            return None;
        }
        let which = self.progress.iter().position(|p| p.id == from)?;
        let progress = &mut self.progress[which];
        progress.heard = self.now;
        if round > progress.round {
            progress.round = round;
            self.confirm_reads();
        }
        Some(which)
    }

    pub(super) fn on_appended(&mut self, from: NodeId, outcome: Outcome, round: u64) {
        let Some(which) = self.heard_from(from, round) else { return };
        match outcome {
            Outcome::Matched(index) => {
                let index = index.min(self.log.last_index());
                let news = index > self.progress[which].matched;
                self.progress[which].has(index);
                if news {
                    self.advance_commit();
                }
                self.watch_newcomer(from);
                self.hand_over(from);
            }
            Outcome::Refused { hint } => {
                // Where this log may agree with the follower's: no term above the hint's.
                let agree = agree(&self.log, hint);
                self.progress[which].back_to(agree + 1);
            }
        }
        // Committing may have ended this member's office, or another's place in the group.
        if let Some(which) = self.progress.iter().position(|p| p.id == from) {
            self.feed(which);
        }
    }

    /// Commits what a majority has on its disks. Only an entry of the own term may be counted (5.4.2); older ones are
    /// committed with it, by log matching.
    pub(super) fn advance_commit(&mut self) {
        let voters = self.voters();
        let own = if self.votes(self.me) { Some(self.stored) } else { None };
        let mut has: Vec<Index> = self.progress.iter().filter(|p| self.votes(p.id)).map(|p| p.matched).chain(own).collect();
        has.sort_unstable_by(|a, b| b.cmp(a));
        let Some(index) = majority(voters.len()).checked_sub(1).and_then(|at| has.get(at)).copied() else { return };
        let own_term = self.log.term_at(index) == Some(self.term);
        if index <= self.commit || (self.config.own_term_commit && !own_term) {
            return;
        }
        self.commit_to(index);
        self.stamp_reads();
        self.configuration_committed();
        if self.role == Role::Leader {
            for which in 0..self.progress.len() {
                self.feed(which);
            }
        }
    }
}

fn agree<C: Clone>(log: &Log<C>, hint: Pos) -> Index {
    let base = log.base().index;
    // Behind the base, or unlike it, only a snapshot can help.
    if hint.index < base || (hint.index == base && !log.has(hint)) { base.saturating_sub(1).min(hint.index) } else { log.agree_before(hint).index }
}

/// A number of an entry, for the watch.
pub(super) fn mark<M: StateMachine>(entry: &Entry<M::Command>) -> u64 {
    match &entry.load {
        Load::Noop => 0,
        Load::Command(command) => M::mark(command) ^ 1 << 63,
        Load::Voters(voters) => voters.iter().fold(1, |sum, id| crate::kernel::rng::splitmix(sum ^ u64::from(id.0))),
    }
}
