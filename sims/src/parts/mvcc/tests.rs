//! The store against a naive model: a copy of the whole map for every revision.

use super::*;
use proptest::prelude::*;

type Naive = BTreeMap<u8, Item<u8, u32>>;

#[derive(Clone, Debug)]
enum Step {
    Txn(Txn<u8, u32>),
    Grant(u64),
    Revoke(u64),
    Compact(u64),
}

fn keys() -> impl Strategy<Value = Keys<u8>> {
    prop_oneof![(0u8..6).prop_map(Keys::One), (0u8..7, 0u8..7).prop_map(|(a, b)| Keys::Between(a, b)), Just(Keys::All)]
}

fn op() -> impl Strategy<Value = Op<u8, u32>> {
    prop_oneof![
        4 => (0u8..6, 0u32..4, 0u64..3).prop_map(|(key, value, lease)| Op::Put { key, value, lease }),
        1 => keys().prop_map(Op::Delete),
        1 => keys().prop_map(Op::Read),
    ]
}

fn compare() -> impl Strategy<Value = Compare<u8, u32>> {
    let relation = prop_oneof![Just(Relation::Equal), Just(Relation::NotEqual), Just(Relation::Less), Just(Relation::Greater)];
    let subject = prop_oneof![
        (0u64..4).prop_map(Subject::Version),
        (0u64..20).prop_map(Subject::Created),
        (0u64..20).prop_map(Subject::Modified),
        (0u64..3).prop_map(Subject::Lease),
        (0u32..4).prop_map(Subject::Value),
    ];
    (0u8..6, relation, subject).prop_map(|(key, is, to)| Compare { key, is, to })
}

fn step() -> impl Strategy<Value = Step> {
    let txn = (proptest::collection::vec(compare(), 0..3), proptest::collection::vec(op(), 0..4), proptest::collection::vec(op(), 0..3));
    prop_oneof![
        8 => txn.prop_map(|(compares, then, otherwise)| Step::Txn(Txn { compares, then, otherwise })),
        1 => (0u64..3).prop_map(Step::Grant),
        1 => (0u64..3).prop_map(Step::Revoke),
        1 => (0u64..30).prop_map(Step::Compact),
    ]
}

/// The model: every map there ever was.
struct Model {
    maps: Vec<Naive>,
    leases: BTreeSet<u64>,
    compacted: u64,
}

impl Model {
    fn now(&self) -> &Naive {
        self.maps.last().unwrap()
    }

    fn holds(&self, compare: &Compare<u8, u32>) -> bool {
        let item = self.now().get(&compare.key);
        let zero = |of: fn(&Item<u8, u32>) -> u64| item.map_or(0, of);
        let order = match compare.to {
            Subject::Version(n) => zero(|i| i.version).cmp(&n),
            Subject::Created(n) => zero(|i| i.created).cmp(&n),
            Subject::Modified(n) => zero(|i| i.modified).cmp(&n),
            Subject::Lease(n) => zero(|i| i.lease).cmp(&n),
            Subject::Value(n) => match item {
                Some(item) => item.value.cmp(&n),
                None => return false,
            },
        };
        match compare.is {
            Relation::Equal => order.is_eq(),
            Relation::NotEqual => order.is_ne(),
            Relation::Less => order.is_lt(),
            Relation::Greater => order.is_gt(),
        }
    }

    fn txn(&mut self, txn: &Txn<u8, u32>) -> Option<bool> {
        let held = txn.compares.iter().all(|c| self.holds(c));
        let ops = if held { &txn.then } else { &txn.otherwise };
        let puts: Vec<u8> = ops.iter().filter_map(|op| if let Op::Put { key, .. } = op { Some(*key) } else { None }).collect();
        let twice = puts.iter().enumerate().any(|(at, key)| puts[..at].contains(key));
        let both = ops.iter().any(|op| matches!(op, Op::Delete(keys) if puts.iter().any(|key| keys.has(key))));
        let lost = ops.iter().any(|op| matches!(op, Op::Put { lease, .. } if *lease != 0 && !self.leases.contains(lease)));
        if twice || both || lost {
            return None;
        }
        let (mut map, revision, mut changed) = (self.now().clone(), self.maps.len() as u64, false);
        for op in ops {
            match op {
                Op::Put { key, value, lease } => {
                    let (created, version) = map.get(key).map_or((revision, 1), |i| (i.created, i.version + 1));
                    map.insert(*key, Item { key: *key, value: *value, created, modified: revision, version, lease: *lease });
                    changed = true;
                }
                Op::Delete(keys) => {
                    let before = map.len();
                    map.retain(|key, _| !keys.has(key));
                    changed |= map.len() < before;
                }
                Op::Read(_) => {}
            }
        }
        if changed {
            self.maps.push(map);
        }
        Some(held)
    }

    fn revoke(&mut self, lease: u64) {
        if self.leases.remove(&lease) {
            let mut map = self.now().clone();
            map.retain(|_, item| item.lease != lease);
            if map.len() < self.now().len() {
                self.maps.push(map);
            }
        }
    }
}

fn in_range(map: &Naive, keys: &Keys<u8>) -> Vec<Item<u8, u32>> {
    map.values().filter(|item| keys.has(&item.key)).cloned().collect()
}

proptest! {
    /// After every step: every revision that is not compacted reads as it was, and replaying the changes above any of
    /// them gives the present. So a watcher who resumes from any revision that is kept misses nothing.
    #[test]
    fn every_revision_reads_as_it_was(steps in proptest::collection::vec(step(), 0..40), asked in keys()) {
        let mut store: Store<u8, u32> = Store::default();
        let mut model = Model { maps: vec![Naive::new()], leases: BTreeSet::new(), compacted: 0 };
        for step in steps {
            match step {
                Step::Txn(txn) => {
                    let outcome = store.apply(&txn);
                    prop_assert_eq!(outcome.as_ref().ok().map(|o| o.held), model.txn(&txn));
                    if let Ok(outcome) = outcome { prop_assert_eq!(outcome.revision, store.revision()) }
                }
                Step::Grant(lease) => {
                    let fresh = lease != 0 && !model.leases.contains(&lease);
                    prop_assert_eq!(store.grant(lease, 1), fresh);
                    if fresh { model.leases.insert(lease); }
                }
                Step::Revoke(lease) => { store.revoke(lease); model.revoke(lease); }
                Step::Compact(to) => {
                    let allowed = to > model.compacted && to < model.maps.len() as u64;
                    prop_assert_eq!(store.compact(to).is_ok(), allowed);
                    if allowed { model.compacted = to }
                }
            }
            let newest = model.maps.len() as u64 - 1;
            prop_assert_eq!(store.revision(), newest);
            prop_assert_eq!(store.range(&asked), in_range(model.now(), &asked));
            for revision in model.compacted..=newest {
                let then = &model.maps[revision as usize];
                prop_assert_eq!(store.range_at(&asked, revision), Ok(in_range(then, &asked)));
                let mut replayed: BTreeMap<u8, u32> = then.iter().map(|(k, i)| (*k, i.value)).collect();
                for change in store.changes_from(revision + 1).unwrap() {
                    match change.value {
                        Some(value) => drop(replayed.insert(change.key, value)),
                        None => prop_assert!(replayed.remove(&change.key).is_some()),
                    }
                }
                prop_assert_eq!(replayed, model.now().iter().map(|(k, i)| (*k, i.value)).collect());
            }
            if model.compacted > 0 {
                prop_assert_eq!(store.range_at(&asked, model.compacted - 1), Err(Gone::Compacted(model.compacted)));
                prop_assert!(store.changes_from(model.compacted).is_err());
            }
            prop_assert_eq!(store.range_at(&asked, newest + 1), Err(Gone::Future(newest)));
            for (id, lease) in store.leases() {
                let hanging: BTreeSet<u8> = model.now().values().filter(|i| i.lease == id).map(|i| i.key).collect();
                prop_assert_eq!(&lease.keys, &hanging);
            }
        }
        // After a compaction to the present exactly the living keys are kept.
        let newest = store.revision();
        if newest > store.compacted() {
            store.compact(newest).unwrap();
            prop_assert_eq!(store.kept(), model.now().len());
            prop_assert_eq!(store.keys(), model.now().len());
        }
    }
}

#[test]
fn a_transaction_that_is_refused_leaves_no_trace() {
    let mut store: Store<u8, u32> = Store::default();
    let put = |key, lease| Op::Put { key, value: 1, lease };
    assert_eq!(store.apply(&Txn::of(vec![put(1, 0), put(2, 7)])), Err(Refused::NoLease(7)));
    assert_eq!(store.apply(&Txn::of(vec![put(1, 0), put(1, 0)])), Err(Refused::KeyTwice));
    assert_eq!(store.apply(&Txn::of(vec![put(1, 0), Op::Delete(Keys::All)])), Err(Refused::KeyTwice));
    assert_eq!((store.revision(), store.keys()), (0, 0));
}

#[test]
fn of_two_who_compare_the_same_revision_one_wins() {
    let mut store: Store<u8, u32> = Store::default();
    store.apply(&Txn::put(1, 10)).unwrap();
    let swap =
        |value| Txn { compares: vec![Compare::unchanged(1, 1)], then: vec![Op::Put { key: 1, value, lease: 0 }], otherwise: vec![Op::Read(Keys::One(1))] };
    assert!(store.apply(&swap(11)).unwrap().held);
    let second = store.apply(&swap(12)).unwrap();
    assert!(!second.held);
    assert_eq!((second.revision, store.get(&1).unwrap().value), (2, 11));
}
