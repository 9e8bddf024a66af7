//! Commits in process: three members in memory, no clock, no disk that takes time, commands in batches.

use crate::kernel::bench::{Bench, Case};
use crate::kernel::node::NodeId;
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::parts::raft::{Config, Durable, Envelope, Load, Raft, Role, StateMachine};

pub const BENCHES: &[Bench] = &[
    Bench {
        name: "commit-by-1",
        says: "a command committed and applied by three members, one at a time",
        threads: &[1],
        ops: 50_000,
        prepare: || Box::new(Commit(1)),
    },
    Bench {
        name: "commit-by-64",
        says: "a command committed and applied by three members, 64 at a time",
        threads: &[1],
        ops: 400_000,
        prepare: || Box::new(Commit(64)),
    },
];

/// Adds up its commands.
#[derive(Clone, Debug, Default)]
pub struct Sum(u64);

impl StateMachine for Sum {
    type Command = u64;
    type Answer = u64;

    fn apply(&mut self, by: &u64) -> u64 {
        self.0 = self.0.wrapping_add(*by);
        self.0
    }

    fn mark(by: &u64) -> u64 {
        *by
    }
}

/// Three members that hand each other messages; every write goes to a disk that is memory.
pub struct Trio {
    members: Vec<(Raft<Sum>, Durable<Sum>, Sum)>,
    mail: Vec<(usize, Envelope<Sum>)>,
    now: Time,
}

impl Default for Trio {
    fn default() -> Trio {
        let ids: Vec<NodeId> = (0..3).map(NodeId).collect();
        let config = Config { watched: false, snapshot_after: 0, ..Config::default() };
        let member = |id: &NodeId| {
            let disk = Durable::new(&ids);
            (Raft::new(*id, disk.clone(), config.clone(), Rng::numbered(1, "trio", u64::from(id.0)), Time::ZERO), disk, Sum::default())
        };
        let mut trio = Trio { members: ids.iter().map(member).collect(), mail: Vec::new(), now: Time::ZERO + Span::secs(1) };
        trio.members[0].0.tick(trio.now);
        trio.settle();
        trio
    }
}

impl Trio {
    pub fn leads(&self) -> bool {
        self.members[0].0.role() == Role::Leader
    }

    /// Proposes a batch and hands messages on until all three have applied it. Says what the leader's machine holds.
    pub fn commit(&mut self, commands: impl Iterator<Item = u64>) -> u64 {
        for command in commands {
            let _ = self.members[0].0.propose(command, self.now);
        }
        self.settle();
        self.members[0].2.0
    }

    fn settle(&mut self) {
        (0..3).for_each(|n| self.serve(n));
        while !self.mail.is_empty() {
            for (from, envelope) in std::mem::take(&mut self.mail) {
                let to = envelope.to.at();
                self.members[to].0.step(NodeId(from as u32), envelope.message, self.now);
                self.serve(to);
            }
        }
    }

    /// Writes, syncs, sends, applies.
    fn serve(&mut self, n: usize) {
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
                machine.apply(command);
            }
        }
    }
}

struct Commit(u64);

impl Case for Commit {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut trio = Trio::default();
        let mut sum = 0;
        for first in (0..ops).step_by(self.0 as usize) {
            sum = trio.commit(first..ops.min(first + self.0));
        }
        sum
    }

    fn note(&self) -> Option<String> {
        let mut trio = Trio::default();
        let sum = trio.commit(0..self.0);
        Some(if trio.leads() && sum == (0..self.0).sum() { "all three agree".into() } else { "the group does not work".into() })
    }
}
