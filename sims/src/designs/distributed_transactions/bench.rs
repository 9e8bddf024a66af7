//! What `greenroom bench distributed-transactions` times: the lock table, and reading a log again.

use super::book::{Book, Record};
use super::wire::{Leg, Transfer};
use crate::kernel::bench::{Bench, Case};
use crate::parts::locks::{Conflict, Locks, Mode};
use std::sync::Arc;

const ACCOUNTS: u32 = 1000;

struct Free;

impl Case for Free {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut locks: Locks<u32, (u64, u64)> = Locks::default();
        (0..ops)
            .map(|n| {
                // Sixteen transactions hold a lock at any time.
                locks.ask((n as u32).wrapping_mul(617) % ACCOUNTS, (n, n), Mode::Exclusive, Conflict::WaitDie);
                if n >= 16 { locks.release((n - 16, n - 16)).len() as u64 } else { 0 }
            })
            .sum()
    }
}

struct Hot;

impl Case for Hot {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut locks: Locks<u32, (u64, u64)> = Locks::default();
        let mut granted = 0;
        for n in 0..ops {
            locks.ask(0, (n, n), Mode::Exclusive, Conflict::Wait);
            if n >= 16 {
                granted += locks.release((n - 16, n - 16)).len() as u64;
            }
        }
        granted
    }
}

struct Recovery(Vec<Record>);

impl Recovery {
    fn log() -> Recovery {
        let mut log = Vec::new();
        for n in 0..50_000u64 {
            let account = (n as u32).wrapping_mul(617) % ACCOUNTS;
            let legs = vec![Leg { bank: 0, account, amount: -1 }, Leg { bank: 1, account, amount: 1 }];
            let transfer = Arc::new(Transfer { id: n, legs, refused_by: None });
            log.push(Record::Prepared { tx: n, transfer: Arc::clone(&transfer) });
            log.push(Record::Committed { tx: n, transfer });
        }
        Recovery(log)
    }
}

impl Case for Recovery {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut book = Book::new(0, ACCOUNTS as usize, 1000);
        for n in 0..ops {
            book.apply(&self.0[n as usize % self.0.len()]);
        }
        book.total().unsigned_abs()
    }
}

pub const BENCHES: &[Bench] = &[
    Bench {
        name: "lock-free-account",
        says: "one lock asked for, granted and given back, sixteen held",
        threads: &[1],
        ops: 500_000,
        prepare: || Box::new(Free),
    },
    Bench {
        name: "lock-hot-account",
        says: "one lock asked for, waited for behind fifteen, and given back",
        threads: &[1],
        ops: 500_000,
        prepare: || Box::new(Hot),
    },
    Bench {
        name: "recover",
        says: "one record of a bank's log read again: prepared and committed in turn",
        threads: &[1],
        ops: 1_000_000,
        prepare: || Box::new(Recovery::log()),
    },
];
