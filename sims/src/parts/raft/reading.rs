//! Reads without the log: the commit index of now, confirmed by a round of heartbeats (thesis 6.4).

use super::state::{Raft, Role};
use super::{NotLeader, StateMachine, Ticket, majority};
use crate::kernel::node::NodeId;
use crate::kernel::time::Time;

#[derive(Clone, Debug, Default)]
pub(super) struct Reads {
    /// Not in a round yet: asked while one was under way, or before the leader had committed an entry of its term.
    waiting: Vec<Ticket>,
    /// In the round under way.
    asked: Vec<Ticket>,
    round: u64,
}

impl<M: StateMachine> Raft<M> {
    /// Asks for a moment at which this member's machine holds everything committed before now.
    ///
    /// # Errors
    /// Who may be the leader.
    pub fn read(&mut self, ticket: Ticket, now: Time) -> Result<(), NotLeader> {
        self.now = now;
        if self.role != Role::Leader {
            return Err(NotLeader { hint: self.leader });
        }
        self.reads.waiting.push(ticket);
        Ok(())
    }

    /// Opens a round for the reads that wait, if none is under way. A leader may be behind in what it knows to be committed
    /// until an entry of its own term is: until then they wait.
    pub(super) fn open_round(&mut self) {
        if self.reads.waiting.is_empty() || !self.reads.asked.is_empty() || !self.settled() {
            return;
        }
        self.reads.asked = std::mem::take(&mut self.reads.waiting);
        self.round += 1;
        self.reads.round = self.round;
        for which in 0..self.progress.len() {
            if !self.feed(which) {
                self.send_entries(which, 0);
            }
        }
        self.confirm_reads();
    }

    /// The first entry of the own term may be committed just now.
    pub(super) fn stamp_reads(&mut self) {
        if self.settled() {
            self.open_round();
        }
    }

    pub(super) fn confirm_reads(&mut self) {
        if self.reads.asked.is_empty() {
            return;
        }
        let own = usize::from(self.votes(self.me));
        let heard = own + self.progress.iter().filter(|p| p.round >= self.reads.round && self.votes(p.id)).count();
        if heard >= majority(self.voters().len()) {
            self.readable.append(&mut self.reads.asked);
            self.open_round();
        }
    }

    pub(super) fn lose_reads(&mut self) {
        self.lost_reads.append(&mut self.reads.asked);
        self.lost_reads.append(&mut self.reads.waiting);
    }

    /// Whether `id` votes in the configuration that holds.
    pub(super) fn votes(&self, id: NodeId) -> bool {
        self.voters().contains(&id)
    }
}
