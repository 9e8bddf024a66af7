//! Three members in one process, for timing: messages handed over in memory, no clock, disks that take no time.

use super::{Config, Durable, Envelope, Load, Raft, Role, StateMachine};
use crate::kernel::node::NodeId;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};

pub struct Trio<M: StateMachine> {
    members: Vec<(Raft<M>, Durable<M>, M)>,
    mail: Vec<(usize, Envelope<M>)>,
    now: Time,
}

impl<M: StateMachine> Trio<M> {
    /// A group of three whose first member leads.
    pub fn new(machine: &M) -> Trio<M> {
        let ids: Vec<NodeId> = (0..3).map(NodeId).collect();
        let config = Config { watched: false, snapshot_after: 0, ..Config::default() };
        let member = |id: &NodeId| {
            let disk = Durable::new(&ids);
            (Raft::new(*id, disk.clone(), config.clone(), Rng::numbered(1, "trio", u64::from(id.0)), Time::ZERO), disk, machine.clone())
        };
        let mut trio = Trio { members: ids.iter().map(member).collect(), mail: Vec::new(), now: Time::ZERO + Span::secs(1) };
        trio.members[0].0.tick(trio.now);
        trio.hand_over(&mut |_| ());
        trio
    }

    pub fn leads(&self) -> bool {
        self.members[0].0.role() == Role::Leader
    }

    pub fn machine(&self) -> &M {
        &self.members[0].2
    }

    /// Proposes a batch, hands messages on until all three have applied it, and tells the leader's answers.
    pub fn commit(&mut self, commands: impl IntoIterator<Item = M::Command>, mut answered: impl FnMut(M::Answer)) {
        for command in commands {
            // The first member was elected and nobody ever disturbs it.
            let _ = self.members[0].0.propose(command, self.now);
        }
        self.hand_over(&mut answered);
    }

    fn hand_over(&mut self, answered: &mut impl FnMut(M::Answer)) {
        (0..3).for_each(|n| self.serve(n, answered));
        while !self.mail.is_empty() {
            for (from, envelope) in std::mem::take(&mut self.mail) {
                let to = envelope.to.at();
                self.members[to].0.step(NodeId(from as u32), envelope.message, self.now);
                self.serve(to, answered);
            }
        }
    }

    /// Writes, syncs, sends, applies.
    fn serve(&mut self, n: usize, answered: &mut impl FnMut(M::Answer)) {
        let (raft, disk, machine) = &mut self.members[n];
        raft.flush();
        loop {
            let writes = raft.take_writes();
            if writes.is_empty() {
                break;
            }
            for write in writes {
                disk.apply(write);
            }
            raft.synced(raft.written(), self.now);
        }
        self.mail.extend(raft.take_messages().into_iter().map(|envelope| (n, envelope)));
        while let Some((_, entry)) = raft.next_committed() {
            if let Load::Command(command) = &entry.load {
                let answer = machine.apply(command);
                if n == 0 {
                    answered(answer);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::raft::cluster::Tape;

    #[test]
    fn all_three_apply_what_one_proposes_in_its_order() {
        let mut trio = Trio::new(&Tape::default());
        assert!(trio.leads());
        let mut answers = 0;
        for first in (0..640).step_by(64) {
            trio.commit(first..first + 64, |_| answers += 1);
        }
        assert_eq!(answers, 640);
        for (_, _, tape) in &trio.members {
            assert_eq!(tape.0, (0..640).collect::<Vec<u64>>());
        }
    }
}
