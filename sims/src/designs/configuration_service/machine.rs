//! What the servers replicate: the store as Raft's state machine, the layout of its keys, and what a value is.

use crate::kernel::rng::splitmix;
use crate::kernel::time::{Span, Time};
use crate::parts::mvcc::{Compare, Keys, Op, Relation, Store, Subject, Txn};
use crate::parts::raft::StateMachine;

pub type Key = u32;

/// Keys of one service: a manifest, number 0, and its settings.
pub const ITEMS: u32 = 10;
/// Registrations of living instances stand behind all settings.
pub const LIVE: Key = 1 << 24;

pub fn manifest(service: u32) -> Key {
    service * ITEMS
}

pub fn keys_of(service: u32) -> Keys<Key> {
    Keys::Between(service * ITEMS, (service + 1) * ITEMS)
}

/// A key as an operator would write it.
pub fn told(key: Key) -> String {
    match key {
        live if live >= LIVE => format!("/live/{}", live - LIVE + 1),
        manifest if manifest % ITEMS == 0 => format!("/service/{}/manifest", manifest / ITEMS + 1),
        item => format!("/service/{}/item{}", item / ITEMS + 1, item % ITEMS),
    }
}

/// What a key holds. An update of a service writes one item and the manifest, both with the same serial.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Value {
    /// Updates of its service so far, this one included.
    pub serial: u32,
    /// Revision of the manifest that the writer had read.
    pub base: u64,
    /// When the writer sent it: to measure by, never to decide by.
    pub sent: Time,
    /// Which request of which application wrote it: for the checker, who must tell values apart.
    pub by: u64,
}

pub type Item = crate::parts::mvcc::Item<Key, Value>;
pub type Change = crate::parts::mvcc::Change<Key, Value>;
pub type Batch = crate::parts::watches::Batch<Key, Value>;
pub type Transaction = Txn<Key, Value>;

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Txn(Transaction),
    /// Opens a lease and hangs a registration on it. When, by the leader's clock, is kept for those who believe in it.
    Grant {
        lease: u64,
        ttl: Span,
        key: Key,
        at: Time,
    },
    Revoke {
        lease: u64,
    },
    Compact {
        to: u64,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Whether the compares held, and the store's revision afterwards.
    Done {
        held: bool,
        revision: u64,
    },
    /// The store would not begin it.
    Refused,
    Granted {
        fresh: bool,
        revision: u64,
    },
    Revoked {
        lease: u64,
        gone: Option<usize>,
    },
    Compacted,
}

#[derive(Clone)]
pub struct Machine {
    pub store: Store<Key, Value>,
    /// When each lease was granted, by the clock of the leader of that time.
    pub granted: std::collections::BTreeMap<u64, Time>,
}

impl Machine {
    /// A store in which every service has its first settings.
    pub fn with(services: u32) -> Machine {
        let mut store = Store::default();
        for service in 0..services {
            let put = |item| Op::Put { key: manifest(service) + item, value: Value::default(), lease: 0 };
            // A fresh store refuses nothing.
            let _ = store.apply(&Txn::of((0..ITEMS).map(put).collect()));
        }
        Machine { store, granted: std::collections::BTreeMap::new() }
    }
}

impl StateMachine for Machine {
    type Command = Command;
    type Answer = Answer;

    fn apply(&mut self, command: &Command) -> Answer {
        match command {
            Command::Txn(txn) => match self.store.apply(txn) {
                Ok(outcome) => Answer::Done { held: outcome.held, revision: outcome.revision },
                Err(_) => Answer::Refused,
            },
            Command::Grant { lease, ttl, key, at } => {
                let fresh = self.store.grant(*lease, ttl.0);
                if fresh {
                    self.granted.insert(*lease, *at);
                    let put = Op::Put { key: *key, value: Value { sent: *at, ..Value::default() }, lease: *lease };
                    let _ = self.store.apply(&Txn::of(vec![put]));
                }
                Answer::Granted { fresh, revision: self.store.revision() }
            }
            Command::Revoke { lease } => {
                self.granted.remove(lease);
                Answer::Revoked { lease: *lease, gone: self.store.revoke(*lease) }
            }
            Command::Compact { to } => {
                let _ = self.store.compact(*to);
                Answer::Compacted
            }
        }
    }

    fn mark(command: &Command) -> u64 {
        match command {
            Command::Txn(txn) => {
                let compares = txn.compares.iter().map(|c: &Compare<Key, Value>| {
                    let to = match c.to {
                        Subject::Modified(to) | Subject::Created(to) | Subject::Version(to) | Subject::Lease(to) => to,
                        Subject::Value(v) => u64::from(v.serial),
                    };
                    u64::from(c.key) ^ to << 20 ^ u64::from(c.is == Relation::Equal) << 60
                });
                let ops = txn.then.iter().map(|op| match op {
                    Op::Put { key, value, lease } => u64::from(*key) ^ u64::from(value.serial) << 32 ^ value.base << 12 ^ value.sent.0 ^ lease << 40,
                    Op::Delete(_) => 1,
                    Op::Read(_) => 2,
                });
                compares.chain(ops).fold(1, |h, n| splitmix(h ^ n))
            }
            Command::Grant { lease, ttl, key, at } => splitmix(lease ^ ttl.0 ^ u64::from(*key) << 32 ^ at.0 ^ 2 << 60),
            Command::Revoke { lease } => splitmix(lease ^ 3 << 60),
            Command::Compact { to } => splitmix(to ^ 4 << 60),
        }
    }

    fn bytes(&self) -> usize {
        self.store.weight() + self.granted.len() * 24
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_as_paths() {
        assert_eq!([told(0), told(13), told(LIVE + 6)], ["/service/1/manifest", "/service/2/item3", "/live/7"]);
        assert!(keys_of(1).has(&13) && !keys_of(1).has(&20));
    }

    #[test]
    fn a_lease_takes_its_registration_along() {
        let mut machine = Machine::with(2);
        let before = machine.store.revision();
        let grant = Command::Grant { lease: 5, ttl: Span::secs(1), key: LIVE, at: Time(7) };
        assert_eq!(machine.apply(&grant), Answer::Granted { fresh: true, revision: before + 1 });
        assert_eq!(machine.apply(&grant), Answer::Granted { fresh: false, revision: before + 1 });
        assert!(machine.store.get(&LIVE).is_some());
        assert_eq!(machine.apply(&Command::Revoke { lease: 5 }), Answer::Revoked { lease: 5, gone: Some(1) });
        assert!(machine.store.get(&LIVE).is_none() && machine.granted.is_empty());
    }

    #[test]
    fn differing_commands_have_differing_marks() {
        let commands = [Command::Revoke { lease: 1 }, Command::Revoke { lease: 2 }, Command::Compact { to: 1 }, Command::Txn(Txn::put(1, Value::default()))];
        let marks: std::collections::BTreeSet<u64> = commands.iter().map(Machine::mark).collect();
        assert_eq!(marks.len(), commands.len());
    }
}
