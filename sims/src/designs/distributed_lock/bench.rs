//! What `greenroom bench distributed-lock` times: a lease taken and released, in a store's table and through a Raft group.

use super::machine::{Command, Machine, Outcome};
use super::wire::Owner;
use crate::kernel::bench::{Bench, Case};
use crate::kernel::time::{Span, Time};
use crate::parts::lease::{Fence, Table};
use crate::parts::raft::{StateMachine, Trio};
use std::sync::{Mutex, PoisonError};

const TTL: Span = Span::secs(30);
/// Names in use, so that the table is no toy.
const NAMES: u32 = 10_000;

/// One operation is a take and its release.
struct InTable(Mutex<Table<u32, Owner>>);

impl Case for InTable {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let owner = Owner { client: thread as u32 + NAMES, job: 1 };
        let mut freed = 0;
        for op in 0..ops {
            // A store serves one command at a time: the lock is held for one of the two.
            let name = NAMES + (op % u64::from(NAMES)) as u32 * 2 + thread as u32 % 2;
            let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take(name, owner, Time(op), TTL).is_ok();
            freed += u64::from(taken && self.0.lock().unwrap_or_else(PoisonError::into_inner).release(&name, owner));
        }
        freed
    }

    fn note(&self) -> Option<String> {
        Some(format!("among {} held names", self.0.lock().unwrap_or_else(PoisonError::into_inner).len()))
    }
}

fn in_table() -> Box<dyn Case> {
    let mut table = Table::default();
    for name in 0..NAMES {
        // Names of others, which stay.
        let _ = table.take(name, Owner { client: name, job: 1 }, Time::ZERO, Span(u64::MAX));
    }
    Box::new(InTable(Mutex::new(table)))
}

/// The same as two commands of the state machine.
struct InMachine(Mutex<Machine>);

impl Case for InMachine {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let owner = Owner { client: thread as u32, job: 1 };
        let mut machine = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut freed = 0;
        for op in 0..ops {
            let lock = (op % u64::from(NAMES)) as u32;
            machine.apply(&Command::Take { lock, owner, ttl: TTL });
            freed += u64::from(machine.apply(&Command::Free { lock, owner, check: true }) == Outcome::Freed { of: owner });
        }
        freed
    }
}

/// The same through the log: both commands committed by a group of three, for so many leases at once.
struct InGroup(u64);

impl Case for InGroup {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut group = Trio::new(&Machine::default());
        let owner = Owner { client: thread as u32, job: 1 };
        let mut freed = 0;
        for first in (0..ops).step_by(self.0 as usize) {
            let locks = || (first..ops.min(first + self.0)).map(|op| (op % u64::from(NAMES)) as u32);
            group.commit(locks().map(|lock| Command::Take { lock, owner, ttl: TTL }), |_| ());
            group.commit(locks().map(|lock| Command::Free { lock, owner, check: true }), |answer| freed += u64::from(answer == Outcome::Freed { of: owner }));
        }
        freed
    }
}

/// The storage's look at a number.
struct AtFence(Mutex<Fence<u32>>);

impl Case for AtFence {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let mut fence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (0..ops).map(|op| u64::from(fence.admit((op % u64::from(NAMES)) as u32, op).is_ok())).sum()
    }
}

pub const BENCHES: &[Bench] = &[
    Bench { name: "take-and-free-table", says: "one lease taken and released in a store's table", threads: &[1, 2], ops: 1_000_000, prepare: in_table },
    Bench {
        name: "take-and-free-machine",
        says: "one lease taken and released as two commands of the replicated state machine, without the log",
        threads: &[1],
        ops: 1_000_000,
        prepare: || Box::new(InMachine(Mutex::default())),
    },
    Bench {
        name: "take-and-free-raft-by-1",
        says: "one lease taken, then released, each committed by three members in memory",
        threads: &[1],
        ops: 20_000,
        prepare: || Box::new(InGroup(1)),
    },
    Bench {
        name: "take-and-free-raft-by-64",
        says: "one of 64 leases that are taken together, then released together, committed by three members in memory",
        threads: &[1],
        ops: 200_000,
        prepare: || Box::new(InGroup(64)),
    },
    Bench { name: "fence", says: "one number looked at by the storage", threads: &[1], ops: 5_000_000, prepare: || Box::new(AtFence(Mutex::default())) },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_does_its_work() {
        for bench in BENCHES {
            assert_eq!((bench.prepare)().run(0, 1000), 1000, "{}", bench.name);
        }
    }
}
