//! Transactions: compares, and what to do if all of them hold or if one does not. All of it is one revision, or nothing is done.

use super::{Item, Keys, Store};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// What is compared. A key that is absent has version, creation, modification and lease 0, and no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject<V> {
    Version(u64),
    Created(u64),
    Modified(u64),
    Lease(u64),
    /// Never holds for a key that is absent.
    Value(V),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    Equal,
    NotEqual,
    Less,
    Greater,
}

impl Relation {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Relation::Equal => order.is_eq(),
            Relation::NotEqual => order.is_ne(),
            Relation::Less => order.is_lt(),
            Relation::Greater => order.is_gt(),
        }
    }
}

/// The key's side stands left: `Greater` holds if the key has more than the subject says.
#[derive(Clone, Debug, PartialEq)]
pub struct Compare<K, V> {
    pub key: K,
    pub is: Relation,
    pub to: Subject<V>,
}

impl<K, V> Compare<K, V> {
    /// The key was last written at that revision; 0: it is absent.
    pub fn unchanged(key: K, modified: u64) -> Compare<K, V> {
        Compare { key, is: Relation::Equal, to: Subject::Modified(modified) }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Op<K, V> {
    Put { key: K, value: V, lease: u64 },
    Delete(Keys<K>),
    Read(Keys<K>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Txn<K, V> {
    pub compares: Vec<Compare<K, V>>,
    pub then: Vec<Op<K, V>>,
    pub otherwise: Vec<Op<K, V>>,
}

impl<K, V> Txn<K, V> {
    /// Without compares.
    pub fn of(ops: Vec<Op<K, V>>) -> Txn<K, V> {
        Txn { compares: Vec::new(), then: ops, otherwise: Vec::new() }
    }

    /// One write.
    pub fn put(key: K, value: V) -> Txn<K, V> {
        Txn::of(vec![Op::Put { key, value, lease: 0 }])
    }
}

/// What one operation did.
#[derive(Clone, Debug, PartialEq)]
pub enum Done<K, V> {
    /// What was there before.
    Put(Option<Item<K, V>>),
    Deleted(u64),
    Read(Vec<Item<K, V>>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<K, V> {
    /// Whether every compare held.
    pub held: bool,
    /// The store's revision afterwards.
    pub revision: u64,
    pub done: Vec<Done<K, V>>,
}

/// Why a transaction was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// One transaction writes a key twice.
    KeyTwice,
    /// A write hangs on a lease that there is not.
    NoLease(u64),
}

impl<K: Ord + Clone, V: Clone + PartialOrd> Store<K, V> {
    /// Does a transaction: wholly, or not at all.
    ///
    /// # Errors
    /// The branch that would run writes a key twice, or hangs one on a lease that is gone; nothing is changed then.
    pub fn apply(&mut self, txn: &Txn<K, V>) -> Result<Outcome<K, V>, Refused> {
        let held = txn.compares.iter().all(|compare| self.holds(compare));
        let ops = if held { &txn.then } else { &txn.otherwise };
        self.admits(ops)?;
        self.begin();
        let mut place = 0;
        let done = ops.iter().map(|op| self.perform(op, &mut place)).collect();
        self.end(place);
        Ok(Outcome { held, revision: self.revision(), done })
    }

    fn holds(&self, compare: &Compare<K, V>) -> bool {
        let item = self.get(&compare.key);
        let number = |of: fn(&Item<K, V>) -> u64, to: u64| compare.is.holds(item.as_ref().map_or(0, of).cmp(&to));
        match &compare.to {
            Subject::Version(to) => number(|i| i.version, *to),
            Subject::Created(to) => number(|i| i.created, *to),
            Subject::Modified(to) => number(|i| i.modified, *to),
            Subject::Lease(to) => number(|i| i.lease, *to),
            Subject::Value(to) => item.is_some_and(|i| i.value.partial_cmp(to).is_some_and(|order| compare.is.holds(order))),
        }
    }

    /// Looked at before anything is done: half a transaction must never be seen.
    fn admits(&self, ops: &[Op<K, V>]) -> Result<(), Refused> {
        let mut written: BTreeSet<&K> = BTreeSet::new();
        for op in ops {
            if let Op::Put { key, lease, .. } = op {
                if !written.insert(key) {
                    return Err(Refused::KeyTwice);
                }
                if *lease != 0 && self.lease(*lease).is_none() {
                    return Err(Refused::NoLease(*lease));
                }
            }
        }
        let deletes = ops.iter().filter_map(|op| if let Op::Delete(keys) = op { Some(keys) } else { None });
        for keys in deletes {
            if written.iter().any(|key| keys.has(key)) {
                return Err(Refused::KeyTwice);
            }
        }
        Ok(())
    }

    fn perform(&mut self, op: &Op<K, V>, place: &mut u32) -> Done<K, V> {
        match op {
            Op::Put { key, value, lease } => {
                let before = self.get(key);
                self.put(key.clone(), value.clone(), *lease, place);
                Done::Put(before)
            }
            Op::Delete(keys) => {
                let before = *place;
                for item in self.range(keys) {
                    self.delete(&item.key, place);
                }
                Done::Deleted(u64::from(*place - before))
            }
            Op::Read(keys) => Done::Read(self.range(keys)),
        }
    }
}
