//! A revisioned key-value store: every transaction that changes something is one revision, and old revisions can be read until compacted.
//!
//! After etcd's `mvcc` package: an index from each key to its lives (from a creation to the deletion that ends it), and the
//! changes themselves by revision. No clock and no chance: a replicated state machine may be made of it as it stands.

mod lives;
mod txn;

#[cfg(test)]
mod tests;

pub use txn::{Compare, Done, Op, Outcome, Refused, Relation, Subject, Txn};

use crate::kernel::weight::Flat;
use lives::Lives;
use std::collections::{BTreeMap, BTreeSet};

/// When a change happened: the revision, and its place in that revision's transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub revision: u64,
    pub place: u32,
}

impl At {
    pub const fn first_of(revision: u64) -> At {
        At { revision, place: 0 }
    }
}

/// A set of keys: one, those from one up to another without it, or all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keys<K> {
    One(K),
    Between(K, K),
    All,
}

impl<K: Ord> Keys<K> {
    pub fn has(&self, key: &K) -> bool {
        match self {
            Keys::One(one) => one == key,
            Keys::Between(from, to) => from <= key && key < to,
            Keys::All => true,
        }
    }
}

/// What a key holds at some revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Item<K, V> {
    pub key: K,
    pub value: V,
    /// Revision that began this life of the key.
    pub created: u64,
    /// Revision that wrote this value.
    pub modified: u64,
    /// Writes in this life, this one included.
    pub version: u64,
    /// The lease it hangs on; 0 for none.
    pub lease: u64,
}

/// One change of one key, as history keeps it and watchers see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<K, V> {
    pub at: At,
    pub key: K,
    /// Nothing: the key was deleted.
    pub value: Option<V>,
    pub created: u64,
    pub version: u64,
    pub lease: u64,
}

/// A lease: its keys go when it is revoked. Who revokes it, and when, is not the store's business.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease<K> {
    pub ttl_ns: u64,
    pub keys: BTreeSet<K>,
}

/// Why history cannot answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// What was asked for is compacted; this is the oldest revision that can be read.
    Compacted(u64),
    /// That revision is yet to come; this is the newest.
    Future(u64),
}

#[derive(Clone, Debug)]
pub struct Store<K, V> {
    index: BTreeMap<K, Lives>,
    changes: BTreeMap<At, Change<K, V>>,
    leases: BTreeMap<u64, Lease<K>>,
    revision: u64,
    compacted: u64,
}

impl<K, V> Default for Store<K, V> {
    fn default() -> Self {
        Store { index: BTreeMap::new(), changes: BTreeMap::new(), leases: BTreeMap::new(), revision: 0, compacted: 0 }
    }
}

impl<K: Ord + Clone, V: Clone + PartialOrd> Store<K, V> {
    /// The revision of the latest change; 0 before the first.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Oldest revision that can be read. A watch may resume from any revision above it.
    pub fn compacted(&self) -> u64 {
        self.compacted
    }

    /// Keys that live now or did so after the compacted revision.
    pub fn keys(&self) -> usize {
        self.index.len()
    }

    /// Changes kept.
    pub fn kept(&self) -> usize {
        self.changes.len()
    }

    /// What a key holds now.
    pub fn get(&self, key: &K) -> Option<Item<K, V>> {
        self.item(key, self.index.get(key)?.now()?)
    }

    /// What some keys hold now, in order of the keys.
    pub fn range(&self, keys: &Keys<K>) -> Vec<Item<K, V>> {
        self.living(keys, Lives::now)
    }

    /// What some keys held at a revision.
    ///
    /// # Errors
    /// That revision is compacted, or yet to come.
    pub fn range_at(&self, keys: &Keys<K>, revision: u64) -> Result<Vec<Item<K, V>>, Gone> {
        if revision < self.compacted {
            return Err(Gone::Compacted(self.compacted));
        }
        if revision > self.revision {
            return Err(Gone::Future(self.revision));
        }
        Ok(self.living(keys, |lives| lives.at(revision)))
    }

    fn living(&self, keys: &Keys<K>, find: impl Fn(&Lives) -> Option<At>) -> Vec<Item<K, V>> {
        let found = |(key, lives): (&K, &Lives)| self.item(key, find(lives)?);
        match keys {
            Keys::One(key) => self.index.get_key_value(key).and_then(found).into_iter().collect(),
            // A tree refuses a range whose end is before its start.
            Keys::Between(from, to) if from >= to => Vec::new(),
            Keys::Between(from, to) => self.index.range(from..to).filter_map(found).collect(),
            Keys::All => self.index.iter().filter_map(found).collect(),
        }
    }

    fn item(&self, key: &K, at: At) -> Option<Item<K, V>> {
        let change = self.changes.get(&at)?;
        let value = change.value.clone()?;
        Some(Item { key: key.clone(), value, created: change.created, modified: at.revision, version: change.version, lease: change.lease })
    }

    /// Every change from a revision on, in order.
    ///
    /// # Errors
    /// Some of them are compacted: history is whole only above the compacted revision.
    pub fn changes_from(&self, revision: u64) -> Result<impl Iterator<Item = &Change<K, V>>, Gone> {
        if revision <= self.compacted {
            return Err(Gone::Compacted(self.compacted));
        }
        Ok(self.changes.range(At::first_of(revision)..).map(|(_, change)| change))
    }

    /// Forgets what was overwritten or deleted at `revision` or before, except what a reader at `revision` still sees.
    ///
    /// # Errors
    /// That revision is compacted already, or yet to come.
    pub fn compact(&mut self, revision: u64) -> Result<(), Gone> {
        if revision <= self.compacted {
            return Err(Gone::Compacted(self.compacted));
        }
        if revision > self.revision {
            return Err(Gone::Future(self.revision));
        }
        let changes = &mut self.changes;
        self.index.retain(|_, lives| {
            lives.compact(revision, |at| drop(changes.remove(&at)));
            !lives.is_empty()
        });
        self.compacted = revision;
        Ok(())
    }

    /// Opens a lease; false if the number is in use, or 0.
    pub fn grant(&mut self, lease: u64, ttl_ns: u64) -> bool {
        if lease == 0 || self.leases.contains_key(&lease) {
            return false;
        }
        self.leases.insert(lease, Lease { ttl_ns, keys: BTreeSet::new() });
        true
    }

    /// Ends a lease; its keys go in one revision. Gives how many went; nothing if there is no such lease.
    pub fn revoke(&mut self, lease: u64) -> Option<usize> {
        let keys = self.leases.get(&lease)?.keys.clone();
        self.begin();
        let mut place = 0;
        for key in &keys {
            self.delete(key, &mut place);
        }
        self.end(place);
        self.leases.remove(&lease);
        Some(keys.len())
    }

    pub fn lease(&self, lease: u64) -> Option<&Lease<K>> {
        self.leases.get(&lease)
    }

    pub fn leases(&self) -> impl Iterator<Item = (u64, &Lease<K>)> {
        self.leases.iter().map(|(id, lease)| (*id, lease))
    }

    /// A transaction begins: what it changes belongs to the next revision.
    fn begin(&mut self) {
        self.revision += 1;
    }

    /// It ends; one that changed nothing is no revision.
    fn end(&mut self, changes: u32) {
        if changes == 0 {
            self.revision -= 1;
        }
    }

    /// Writes a key as change number `place` of the transaction under way.
    fn put(&mut self, key: K, value: V, lease: u64, place: &mut u32) {
        let at = At { revision: self.revision, place: *place };
        *place += 1;
        let before = self.index.get(&key).and_then(Lives::now).and_then(|at| self.changes.get(&at));
        let (created, version, old_lease) = before.map_or((at.revision, 1, 0), |b| (b.created, b.version + 1, b.lease));
        self.hang(&key, old_lease, lease);
        self.index.entry(key.clone()).or_default().write(at);
        self.changes.insert(at, Change { at, key, value: Some(value), created, version, lease });
    }

    /// Deletes a key; does nothing where there is none.
    fn delete(&mut self, key: &K, place: &mut u32) {
        let Some(before) = self.index.get(key).and_then(Lives::now) else { return };
        let lease = self.changes.get(&before).map_or(0, |change| change.lease);
        self.hang(key, lease, 0);
        let at = At { revision: self.revision, place: *place };
        *place += 1;
        if let Some(lives) = self.index.get_mut(key) {
            lives.end(at);
        }
        self.changes.insert(at, Change { at, key: key.clone(), value: None, created: 0, version: 0, lease: 0 });
    }

    /// Moves a key from one lease to another.
    fn hang(&mut self, key: &K, from: u64, to: u64) {
        if from == to {
            return;
        }
        if let Some(lease) = self.leases.get_mut(&from) {
            lease.keys.remove(key);
        }
        if let Some(lease) = self.leases.get_mut(&to) {
            lease.keys.insert(key.clone());
        }
    }

    /// Bytes held, near enough, for keys and values that point to nothing.
    pub fn weight(&self) -> usize {
        let leased: usize = self.leases.values().map(|lease| lease.keys.bytes()).sum();
        self.index.bytes() + self.index.values().map(Lives::bytes).sum::<usize>() + self.changes.bytes() + self.leases.bytes() + leased
    }
}
