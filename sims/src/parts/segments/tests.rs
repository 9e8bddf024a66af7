//! The log against a plain list, through appends, cuts, drops, syncs and crashes.

use super::*;
use crate::kernel::disk::{crash, settle};
use proptest::prelude::*;

const SHAPE: Shape = Shape { segment: 200, index_every: 64 };

fn carries(offset: u64, epoch: u32) -> Vec<u8> {
    (0..(offset * 7 + u64::from(epoch)) % 60).map(|i| (offset + i) as u8).collect()
}

fn all(log: &SegmentedLog, from: u64) -> Vec<(u64, u32, Vec<u8>)> {
    let mut found = Vec::new();
    log.read(from, |entry| {
        found.push((entry.offset, entry.epoch, entry.carries.to_vec()));
        true
    })
    .unwrap();
    found
}

#[test]
fn reading_stops_when_enough_and_starts_anywhere() {
    let mut log = SegmentedLog::new(SHAPE);
    for offset in 0..100 {
        assert_eq!(log.append(1, offset, &carries(offset, 1)), Ok(offset));
    }
    assert!(log.segments() > 5);
    let mut seen = Vec::new();
    let next = log.read(37, |entry| {
        seen.push(entry.offset);
        seen.len() < 30
    });
    assert_eq!((next, seen.len(), seen[0]), (Ok(67), 30, 37));
    assert_eq!(log.read(101, |_| true), Err(OutOfRange { start: 0, end: 100 }));
    assert_eq!(log.read(100, |_| true), Ok(100));
}

/// The point of a sparse index: few entries, and a look-up reads fewer bytes than lie between two of them.
#[test]
fn the_index_stays_small() {
    let mut log = SegmentedLog::new(Shape { segment: 1 << 20, index_every: 4096 });
    for offset in 0..20_000 {
        log.append(0, offset, &[0; 80]).unwrap();
    }
    let (entries, least) = (log.index_size().0, 20_000 * 100 / 4200);
    assert!((least..least + 20).contains(&entries), "{entries}: one entry about every 4 KiB");
}

#[test]
fn what_no_sync_covered_is_gone_and_a_torn_record_counts_as_not_written() {
    let mut log = SegmentedLog::new(SHAPE);
    for at in 0..10 {
        log.append(1, at, &[1; 20]).unwrap();
    }
    settle(&mut log);
    for at in 10..14 {
        log.append(2, at, &[2; 20]).unwrap();
    }
    let mut copy = log.clone();
    crash(&mut log);
    assert_eq!((log.end(), log.epochs().last()), (10, Some(1)));
    let mut rng = crate::kernel::rng::Rng::stream(1, "torn");
    copy.crash(Some(&mut rng));
    assert!((10..=14).contains(&copy.end()));
    assert_eq!(all(&copy, 0).len() as u64, copy.end());
}

#[test]
fn a_full_disk_refuses() {
    let mut log = SegmentedLog::new(SHAPE);
    log.fill(true);
    assert_eq!(log.append(0, 0, &[]), Err(Full));
    log.fill(false);
    assert_eq!(log.append(0, 0, &[]), Ok(0));
}

#[test]
fn retention_drops_whole_segments_but_never_what_must_stay() {
    let mut log = SegmentedLog::new(SHAPE);
    for at in 0..50 {
        log.append(0, at, &[0; 30]).unwrap();
    }
    assert_eq!(log.expire(20, u64::MAX, 50), 20, "four records to a segment: 16 to 19 is the last whose newest is older");
    assert_eq!(log.expire(u64::MAX, u64::MAX, 33), 32);
    assert_eq!(log.start(), 32);
    log.roll();
    assert_eq!(log.expire(u64::MAX, u64::MAX, 50), 50, "rolled, even the last goes");
    assert!(log.is_empty());
}

#[derive(Clone, Debug)]
enum Op {
    Append(u8),
    Epoch,
    Truncate(u8),
    Drop(u8),
    BeginAt(u8),
    SyncBegins,
    SyncEnds,
    Crash,
    Torn(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (1u8..8).prop_map(Op::Append),
        1 => Just(Op::Epoch),
        1 => any::<u8>().prop_map(Op::Truncate),
        1 => any::<u8>().prop_map(Op::Drop),
        1 => (0u8..20).prop_map(Op::BeginAt),
        2 => Just(Op::SyncBegins),
        2 => Just(Op::SyncEnds),
        1 => Just(Op::Crash),
        1 => any::<u64>().prop_map(Op::Torn),
    ]
}

/// A plain list from `start` on, and how much of it is durable.
#[derive(Default)]
struct Plain {
    start: u64,
    records: Vec<(u32, Vec<u8>)>,
    synced: u64,
    syncing: u64,
}

impl Plain {
    fn end(&self) -> u64 {
        self.start + self.records.len() as u64
    }

    fn cut(&mut self, offset: u64) {
        let offset = offset.max(self.start);
        self.records.truncate((offset - self.start) as usize);
        self.synced = self.synced.min(offset);
        self.syncing = self.syncing.min(offset);
    }

    fn epoch_end(&self, asked: u32) -> Option<(u32, u64)> {
        let last = self.records.iter().rposition(|(epoch, _)| *epoch <= asked)?;
        Some((self.records[last].0, self.start + last as u64 + 1))
    }
}

proptest! {
    #[test]
    fn it_holds_what_a_list_holds(ops in proptest::collection::vec(op(), 1..120)) {
        let mut log = SegmentedLog::new(SHAPE);
        let mut plain = Plain::default();
        let mut epoch = 0;
        for op in ops {
            match op {
                Op::Append(n) => for _ in 0..n {
                    let carries = carries(log.end(), epoch);
                    log.append(epoch, 0, &carries).unwrap();
                    plain.records.push((epoch, carries));
                },
                Op::Epoch => epoch += 1,
                Op::Truncate(at) => {
                    let offset = plain.start + u64::from(at) % (plain.records.len() as u64 + 1);
                    log.truncate(offset);
                    plain.cut(offset);
                }
                Op::Drop(at) => {
                    let offset = plain.start + u64::from(at) % (plain.records.len() as u64 + 1);
                    let start = log.drop_before(offset);
                    prop_assert!(start <= offset.max(plain.start));
                    plain.records.drain(..(start - plain.start) as usize);
                    plain.start = start;
                    plain.synced = plain.synced.max(start);
                    plain.syncing = plain.syncing.max(start);
                }
                Op::BeginAt(more) => {
                    let offset = plain.end() + u64::from(more);
                    log.begin_at(offset);
                    plain = Plain { start: offset, synced: offset, syncing: offset, records: Vec::new() };
                }
                Op::SyncBegins => {
                    log.begin();
                    plain.syncing = plain.end();
                }
                Op::SyncEnds => {
                    log.done();
                    plain.synced = plain.synced.max(plain.syncing);
                }
                Op::Crash => {
                    crash(&mut log);
                    let synced = plain.synced;
                    plain.cut(synced);
                    plain.syncing = synced;
                }
                Op::Torn(seed) => {
                    log.crash(Some(&mut crate::kernel::rng::Rng::stream(seed, "torn")));
                    let end = log.end();
                    prop_assert!(end >= plain.synced && end <= plain.end());
                    plain.cut(end);
                    (plain.synced, plain.syncing) = (end, end);
                }
            }
            prop_assert_eq!((log.start(), log.end(), log.synced()), (plain.start, plain.end(), plain.synced));
            let from = plain.start + plain.records.len() as u64 / 2;
            let want: Vec<(u64, u32, Vec<u8>)> =
                plain.records.iter().enumerate().map(|(i, (epoch, carries))| (plain.start + i as u64, *epoch, carries.clone())).filter(|(o, ..)| *o >= from).collect();
            prop_assert_eq!(all(&log, from), want);
            if !plain.records.is_empty() {
                for asked in 0..=epoch {
                    prop_assert_eq!(log.epochs().end_of(asked, log.end()), plain.epoch_end(asked), "epoch {}", asked);
                }
            }
        }
    }
}
