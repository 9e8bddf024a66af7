//! What `greenroom bench configuration-service` times: transactions applied, and changes handed to watchers.

use super::machine::{Command, Key, Machine, Value, keys_of, manifest};
use crate::kernel::bench::{Bench, Case};
use crate::parts::mvcc::{Compare, Keys, Op, Txn};
use crate::parts::raft::StateMachine;
use crate::parts::watches::{Hub, Missing};
use std::sync::Mutex;

const SERVICES: u32 = 100;
/// History is compacted after so many revisions, as it is in use.
const KEEP: u64 = 10_000;

/// Updates as applications make them: compare the manifest, write it and one item.
struct Updates {
    machine: Mutex<Machine>,
}

fn update(machine: &mut Machine, service: u32) -> u64 {
    let key = manifest(service);
    let Some(head) = machine.store.get(&key) else { return 0 };
    let value = Value { serial: head.value.serial + 1, base: head.modified, ..Value::default() };
    let put = |key| Op::Put { key, value, lease: 0 };
    let txn = Txn { compares: vec![Compare::unchanged(key, head.modified)], then: vec![put(key), put(key + 1 + value.serial % 9)], otherwise: Vec::new() };
    machine.apply(&Command::Txn(txn));
    if machine.store.revision() - machine.store.compacted() > KEEP * 2 {
        let _ = machine.store.compact(machine.store.revision() - KEEP);
    }
    machine.store.revision()
}

impl Case for Updates {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut machine = self.machine.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (0..ops).map(|n| update(&mut machine, (n as u32).wrapping_mul(37).wrapping_add(thread as u32) % SERVICES)).sum()
    }

    fn note(&self) -> Option<String> {
        let machine = self.machine.lock().ok()?;
        Some(format!("{} keys, {} changes kept", machine.store.keys(), machine.store.kept()))
    }
}

/// Reads of one service, ten keys.
struct Reads {
    machine: Machine,
}

impl Case for Reads {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        (0..ops).map(|n| self.machine.store.range(&keys_of((n as u32).wrapping_mul(61).wrapping_add(thread as u32) % SERVICES)).len() as u64).sum()
    }
}

/// One operation is one change handed to one watch.
struct FanOut {
    held: Mutex<(Machine, Hub<Key, u32>)>,
    per_change: u64,
}

fn fan_out(watches: u32, keys: fn(u32) -> Keys<Key>, per_change: u64) -> Box<dyn Case> {
    let machine = Machine::with(SERVICES);
    let newest = machine.store.revision();
    let mut hub = Hub::new(Missing::Told);
    for number in 0..watches {
        hub.begin(keys(number), newest + 1, newest, u32::MAX, number);
    }
    Box::new(FanOut { held: Mutex::new((machine, hub)), per_change })
}

impl Case for FanOut {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let mut held = self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (machine, hub) = &mut *held;
        let mut told = 0;
        for n in 0..(ops / self.per_change).max(1) {
            let before = machine.store.revision();
            update(machine, (n as u32).wrapping_mul(37) % SERVICES);
            let Ok(changes) = machine.store.changes_from(before + 1) else { continue };
            let changes: Vec<_> = changes.cloned().collect();
            hub.changed(&changes, |_, number, batch| told += u64::from(*number & 1) + batch.changes.len() as u64);
        }
        told
    }
}

pub const BENCHES: &[Bench] = &[
    Bench {
        name: "update",
        says: "one compare-and-set transaction of two keys applied, a thousand keys, history compacted",
        threads: &[1],
        ops: 50_000,
        prepare: || Box::new(Updates { machine: Mutex::new(Machine::with(SERVICES)) }),
    },
    Bench {
        name: "range",
        says: "one read of a service's ten keys",
        threads: &[1, 2],
        ops: 100_000,
        prepare: || Box::new(Reads { machine: Machine::with(SERVICES) }),
    },
    Bench {
        name: "fan-out-spread",
        says: "one change handed to one of ten thousand watches, a hundred on each service; the update included",
        threads: &[1],
        ops: 2_000_000,
        prepare: || fan_out(10_000, |number| keys_of(number % SERVICES), 100),
    },
    Bench {
        name: "fan-out-all",
        says: "one change handed to one of ten thousand watches of everything; the update included",
        threads: &[1],
        ops: 5_000_000,
        prepare: || fan_out(10_000, |_| Keys::All, 10_000),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_change_two_keys_and_a_change_reaches_every_watch() {
        let updates = Updates { machine: Mutex::new(Machine::with(SERVICES)) };
        updates.run(0, 1_000);
        let machine = updates.machine.lock().unwrap();
        assert_eq!(machine.store.revision(), u64::from(SERVICES) + 1_000);
        drop(machine);
        // Two changes a revision to each of ten thousand watches, half of which have odd numbers.
        assert_eq!(fan_out(10_000, |_| Keys::All, 10_000).run(0, 50_000), 5 * (2 * 10_000 + 5_000));
        assert_eq!(Reads { machine: Machine::with(SERVICES) }.run(0, 7), 70);
    }
}
