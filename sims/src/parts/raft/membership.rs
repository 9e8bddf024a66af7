//! Who belongs: one member joins or leaves at a time (thesis 4.1), after having caught up (4.2.1).

use super::progress::Progress;
use super::state::{Raft, Role};
use super::{Index, Load, StateMachine};
use crate::kernel::node::NodeId;
use crate::kernel::time::Time;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Add(NodeId),
    Remove(NodeId),
}

/// Who votes from an entry on.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub at: Index,
    pub voters: Arc<[NodeId]>,
}

/// A server that is being brought up to date before it votes.
#[derive(Clone, Debug)]
pub struct Newcomer {
    pub id: NodeId,
    /// The log's end when this round began, and when that was.
    goal: Index,
    since: Time,
    rounds: u32,
}

/// Rounds after which a newcomer that still lags joins nevertheless (the thesis proposes ten).
const ROUNDS_MAX: u32 = 10;

impl<M: StateMachine> Raft<M> {
    /// Those who vote, by the latest configuration in the log, committed or not.
    pub fn voters(&self) -> &[NodeId] {
        self.configurations.last().map_or(&[], |configuration| &configuration.voters)
    }

    /// A server that catches up before it joins.
    pub fn newcomer(&self) -> Option<NodeId> {
        self.newcomer.as_ref().map(|newcomer| newcomer.id)
    }

    pub(super) fn others(&self) -> Vec<NodeId> {
        self.voters().iter().copied().filter(|id| *id != self.me).collect()
    }

    pub(super) fn voters_at(&self, index: Index) -> Arc<[NodeId]> {
        let at = self.configurations.iter().rev().find(|configuration| configuration.at <= index);
        at.map_or_else(|| Arc::from([]), |configuration| Arc::clone(&configuration.voters))
    }

    /// Reads the configurations out of a log just loaded.
    pub(super) fn find_configurations(&mut self) {
        if let Some(snapshot) = &self.snapshot {
            self.configurations = vec![Configuration { at: snapshot.at.index, voters: Arc::clone(&snapshot.voters) }];
        }
        let after = self.configurations.last().map_or(0, |configuration| configuration.at);
        for index in after.max(self.log.base().index) + 1..=self.log.last_index() {
            if let Some(Load::Voters(voters)) = self.log.get(index).map(|entry| &entry.load) {
                self.configurations.push(Configuration { at: index, voters: Arc::clone(voters) });
            }
        }
    }

    /// A snapshot at `index` makes older configurations unneeded.
    pub(super) fn forget_configurations(&mut self, index: Index, voters: &Arc<[NodeId]>) {
        let last = self.log.last_index();
        self.configurations.retain(|configuration| configuration.at > index && configuration.at <= last);
        self.configurations.insert(0, Configuration { at: index, voters: Arc::clone(voters) });
    }

    /// Changes who belongs. A server to be added is brought up to date first; the change itself is an entry of the log.
    ///
    /// # Errors
    /// Why it cannot be done now.
    pub fn change(&mut self, change: Change, now: Time) -> Result<(), String> {
        self.now = now;
        if self.role != Role::Leader {
            return Err("only the leader can change the members".into());
        }
        if self.newcomer.is_some() || self.configurations.last().is_some_and(|c| c.at > self.commit) {
            return Err("another change is under way".into());
        }
        if self.config.change_after_own_term && !self.settled() {
            return Err("the leader has not committed an entry of its term yet".into());
        }
        match change {
            Change::Add(id) if self.votes(id) => Err("it is a member already".into()),
            Change::Remove(id) if !self.votes(id) => Err("it is no member".into()),
            Change::Remove(_) if self.voters().len() == 1 => Err("the last member cannot leave".into()),
            Change::Remove(id) => {
                let left: Vec<NodeId> = self.voters().iter().copied().filter(|voter| *voter != id).collect();
                self.reconfigure(left.into());
                Ok(())
            }
            Change::Add(id) => {
                let goal = self.log.last_index();
                self.newcomer = Some(Newcomer { id, goal, since: now, rounds: 0 });
                self.progress.push(Progress::new(id, goal + 1, now));
                self.beat();
                Ok(())
            }
        }
    }

    /// Writes the new configuration, which holds at once.
    pub(super) fn reconfigure(&mut self, voters: Arc<[NodeId]>) {
        self.append(Load::Voters(voters));
        self.flush();
        self.advance_commit();
    }

    /// An entry with a configuration has come into the log.
    pub(super) fn adopt(&mut self, at: Index, voters: Arc<[NodeId]>) {
        self.configurations.push(Configuration { at, voters });
        if self.role == Role::Leader {
            self.match_progress();
        }
    }

    fn match_progress(&mut self) {
        let (others, next) = (self.others(), self.log.last_index() + 1);
        self.progress.retain(|p| others.contains(&p.id));
        for id in others {
            if self.progress.iter().all(|p| p.id != id) {
                self.progress.push(Progress::new(id, next, self.now));
            }
        }
    }

    /// Entries behind `after` are gone, and their configurations with them.
    pub(super) fn drop_configurations(&mut self, after: Index) {
        while self.configurations.len() > 1 && self.configurations.last().is_some_and(|c| c.at > after) {
            self.configurations.pop();
        }
    }

    /// A newcomer that catches up in rounds joins when a round took less than an election time-out.
    pub(super) fn watch_newcomer(&mut self, from: NodeId) {
        let last = self.log.last_index();
        let Some(newcomer) = self.newcomer.as_mut().filter(|newcomer| newcomer.id == from) else { return };
        let matched = self.progress.iter().find(|p| p.id == from).map_or(0, |p| p.matched);
        if matched < newcomer.goal {
            return;
        }
        newcomer.rounds += 1;
        let quick = self.now.since(newcomer.since) < self.config.election_min;
        if !quick && newcomer.rounds < ROUNDS_MAX {
            (newcomer.goal, newcomer.since) = (last, self.now);
            return;
        }
        self.newcomer = None;
        let joined: Vec<NodeId> = self.voters().iter().copied().chain([from]).collect();
        self.reconfigure(joined.into());
    }

    /// A leader that is not part of the committed configuration has done its last duty (4.2.2).
    pub(super) fn configuration_committed(&mut self) {
        let committed = self.configurations.last().is_some_and(|c| c.at <= self.commit);
        if committed && !self.votes(self.me) {
            // Let the others know before it falls silent.
            for which in 0..self.progress.len() {
                self.feed(which);
            }
            self.step_down();
        }
    }
}
