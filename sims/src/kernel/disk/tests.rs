//! Files against whole copies of themselves, and what a crash leaves.

use super::{Full, LogFile, Rng, TableFile, ValueFile, crash, settle};
use crate::kernel::disk::File;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Op {
    Append,
    Truncate(u64),
    Compact(u64),
    Reset(u64),
    Begin,
    Done,
    Crash,
    Fill(bool),
    Forget,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => Just(Op::Append),
        2 => (0u64..30).prop_map(Op::Truncate),
        2 => (0u64..30).prop_map(Op::Compact),
        1 => (0u64..30).prop_map(Op::Reset),
        3 => Just(Op::Begin),
        3 => Just(Op::Done),
        2 => Just(Op::Crash),
        1 => any::<bool>().prop_map(Op::Fill),
        1 => Just(Op::Forget),
    ]
}

/// The naive log: whole copies of what is there, of what a sync covers, of what is durable.
#[derive(Clone, Debug, Default, PartialEq)]
struct Copy {
    first: u64,
    records: Vec<u32>,
}

impl Copy {
    fn of(log: &LogFile<u32>) -> Copy {
        Copy { first: log.first(), records: log.iter().map(|(_, record)| *record).collect() }
    }

    fn get(&self, index: u64) -> Option<&u32> {
        self.records.get(usize::try_from(index.checked_sub(self.first)?).ok()?)
    }

    fn truncate(&mut self, from: u64) {
        self.records.truncate(from.saturating_sub(self.first) as usize);
    }

    fn compact(&mut self, to: u64) {
        let gone = to.saturating_sub(self.first).min(self.records.len() as u64);
        self.records.drain(..gone as usize);
        self.first += gone;
    }
}

proptest! {
    #[test]
    fn a_log_is_its_copies(ops in proptest::collection::vec(op(), 1..80)) {
        let mut log = LogFile::default();
        let (mut now, mut syncing, mut durable) = (Copy::default(), None, Copy::default());
        let (mut number, mut full) = (0, false);
        for op in ops {
            match op {
                Op::Append => {
                    number += 1;
                    prop_assert_eq!(log.append(number).is_err(), full);
                    if !full {
                        now.records.push(number);
                    }
                }
                Op::Truncate(from) => {
                    log.truncate(from);
                    now.truncate(from);
                }
                Op::Compact(to) => {
                    log.compact(to);
                    now.compact(to);
                }
                Op::Reset(first) => {
                    log.reset(first);
                    now = Copy { first, records: Vec::new() };
                }
                Op::Begin if syncing.is_none() => {
                    log.begin();
                    syncing = Some(now.clone());
                }
                Op::Done if syncing.is_some() => {
                    log.done();
                    durable = syncing.take().unwrap();
                }
                Op::Begin | Op::Done => {}
                Op::Crash => {
                    log.crash(None);
                    (now, syncing) = (durable.clone(), None);
                }
                Op::Fill(to) => {
                    log.fill(to);
                    full = to;
                }
                Op::Forget => {
                    log.forget();
                    (now, syncing, durable, full) = (Copy::default(), None, Copy::default(), false);
                }
            }
            prop_assert_eq!(Copy::of(&log), now.clone());
            prop_assert_eq!((log.len(), log.next(), log.last()), (now.records.len(), now.first + now.records.len() as u64, now.records.last()));
            for index in 0..40 {
                prop_assert_eq!(log.get(index), now.get(index));
            }
            // Numbers are never used twice, so that a record found durable is that very record.
            for (index, record) in log.range(log.first()..log.synced()) {
                prop_assert_eq!(durable.get(index), Some(record));
            }
        }
    }

    #[test]
    fn a_torn_log_keeps_what_is_durable_and_a_prefix_of_the_rest(safe in 0u32..5, syncing in 0u32..5, fresh in 0u32..5, seed in any::<u64>()) {
        let mut log = LogFile::starting_at(1);
        (0..safe).for_each(|n| assert!(log.append(n).is_ok()));
        settle(&mut log);
        (safe..safe + syncing).for_each(|n| assert!(log.append(n).is_ok()));
        log.begin();
        (safe + syncing..safe + syncing + fresh).for_each(|n| assert!(log.append(n).is_ok()));
        log.crash(Some(&mut Rng::stream(seed, "tears")));
        prop_assert!(log.len() >= safe as usize && log.len() <= (safe + syncing + fresh) as usize);
        prop_assert!(log.iter().all(|(index, record)| index == u64::from(*record) + 1));
        prop_assert_eq!(log.synced(), log.next(), "what came back from the disk is on the disk");
    }

    #[test]
    fn a_table_is_its_copies(ops in proptest::collection::vec((0u8..5, 0u8..6, any::<u32>()), 1..80)) {
        let mut table = TableFile::default();
        let (mut now, mut syncing, mut durable) = (BTreeMap::new(), None, BTreeMap::new());
        for (what, key, value) in ops {
            match what {
                0 => prop_assert_eq!(table.insert(key, value), Ok(now.insert(key, value))),
                1 => prop_assert_eq!(table.remove(&key), now.remove(&key)),
                2 if syncing.is_none() => {
                    table.begin();
                    syncing = Some(now.clone());
                }
                3 if syncing.is_some() => {
                    table.done();
                    durable = syncing.take().unwrap();
                }
                4 => {
                    table.crash(None);
                    (now, syncing) = (durable.clone(), None);
                }
                _ => {}
            }
            prop_assert!(table.iter().eq(now.iter()));
        }
    }
}

#[test]
fn every_prefix_of_a_torn_tail_comes_up() {
    let mut seen = [0; 4];
    for seed in 0..200 {
        let mut log = LogFile::default();
        (0..3).for_each(|n| assert!(log.append(n).is_ok()));
        log.crash(Some(&mut Rng::stream(seed, "tears")));
        seen[log.len()] += 1;
    }
    assert!(seen.iter().all(|times| *times > 20), "{seen:?}");
}

#[test]
fn a_value_is_the_old_or_the_new_one_as_a_whole() {
    let mut vote = ValueFile::<u32>::default();
    vote.put(1).unwrap();
    settle(&mut vote);
    vote.put(2).unwrap();
    vote.put(3).unwrap();
    crash(&mut vote);
    assert_eq!(*vote.get(), 1, "neither was synced");
    vote.put(2).unwrap();
    vote.begin();
    vote.put(3).unwrap();
    vote.done();
    crash(&mut vote);
    assert_eq!(*vote.get(), 2, "written when the sync began");
    vote.fill(true);
    assert_eq!((vote.put(4), *vote.get()), (Err(Full), 2));
}

#[test]
fn what_was_never_durable_is_not_kept_for_undoing() {
    let mut log = LogFile::default();
    for n in 0..100_000u64 {
        log.append(n).unwrap();
        log.compact(n.saturating_sub(10));
    }
    assert!(log.weight() < 1_000, "{} bytes", log.weight());
}

#[test]
fn a_row_that_is_torn_stays_or_goes_by_itself() {
    let mut halves = 0;
    for seed in 0..100 {
        let mut table = TableFile::default();
        table.insert("from", 10).unwrap();
        table.insert("to", 0).unwrap();
        settle(&mut table);
        table.insert("from", 9).unwrap();
        table.insert("to", 1).unwrap();
        table.crash(Some(&mut Rng::stream(seed, "tears")));
        halves += u32::from(table.get(&"from").unwrap() + table.get(&"to").unwrap() != 10);
    }
    assert!((30..70).contains(&halves), "{halves}: two rows are two writes");
}
