//! Commits in process: three members in memory, no clock, no disk that takes time, commands in batches.

use crate::kernel::bench::{Bench, Case};
use crate::parts::raft::{StateMachine, Trio};

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

/// A group of three whose leader's sum is asked for after each batch: what is timed, here and beside the peer.
pub struct Group(Trio<Sum>);

impl Default for Group {
    fn default() -> Group {
        Group(Trio::new(&Sum::default()))
    }
}

impl Group {
    pub fn leads(&self) -> bool {
        self.0.leads()
    }

    /// Commits a batch on all three. Says what the leader's machine holds.
    pub fn commit(&mut self, commands: impl Iterator<Item = u64>) -> u64 {
        self.0.commit(commands, |_| ());
        self.0.machine().0
    }
}

struct Commit(u64);

impl Case for Commit {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut group = Group::default();
        let mut sum = 0;
        for first in (0..ops).step_by(self.0 as usize) {
            sum = group.commit(first..ops.min(first + self.0));
        }
        sum
    }

    fn note(&self) -> Option<String> {
        let mut group = Group::default();
        let sum = group.commit(0..self.0);
        Some(if group.leads() && sum == (0..self.0).sum() { "all three agree".into() } else { "the group does not work".into() })
    }
}
