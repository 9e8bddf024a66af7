//! What `greenroom bench message-queue` times: appends, reads and look-ups of a log in memory, and the division of partitions.

use crate::kernel::bench::{Bench, Case};
use crate::parts::group::{Assignor, Part};
use crate::parts::segments::{SegmentedLog, Shape, crc32c};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const SHAPE: Shape = Shape { segment: 16 << 20, index_every: 4096 };
const KEPT: u64 = 64 << 20;
const FILLED: u64 = 400_000;

struct Append {
    log: Mutex<SegmentedLog>,
    body: Vec<u8>,
}

impl Case for Append {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let Ok(mut log) = self.log.lock() else { return 0 };
        for _ in 0..ops {
            let at = log.end();
            let _ = log.append(1, at, &self.body);
        }
        let end = log.end();
        log.expire(0, KEPT, end);
        end
    }

    fn note(&self) -> Option<String> {
        let log = self.log.lock().ok()?;
        Some(format!("{} bytes a record with its header, {} segments of 16 MiB kept", self.body.len() + crate::parts::segments::HEADER, log.segments()))
    }
}

fn append(body: usize) -> Box<dyn Case> {
    Box::new(Append { log: Mutex::new(SegmentedLog::new(SHAPE)), body: vec![7; body] })
}

fn filled() -> SegmentedLog {
    let mut log = SegmentedLog::new(SHAPE);
    for at in 0..FILLED {
        let _ = log.append(1, at, &[7; 100]);
    }
    log
}

struct Reads {
    log: SegmentedLog,
    next: AtomicU64,
}

impl Case for Reads {
    fn run(&self, _: usize, ops: u64) -> u64 {
        let mut left = ops;
        let mut sum = 0;
        while left > 0 {
            // A consumer's way: five hundred at a time.
            let want = left.min(500);
            let from = self.next.fetch_add(want, Ordering::Relaxed) % (FILLED - 500);
            let mut got = 0;
            let _ = self.log.read(from, |entry| {
                sum += entry.carries.len() as u64 + u64::from(entry.carries[0]);
                got += 1;
                got < want
            });
            left -= want;
        }
        sum
    }
}

struct LookUps(SegmentedLog);

impl Case for LookUps {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut offset = thread as u64;
        let mut sum = 0;
        for _ in 0..ops {
            offset = (offset + 161_803) % FILLED;
            let _ = self.0.read(offset, |entry| {
                sum += entry.offset;
                false
            });
        }
        sum
    }

    fn note(&self) -> Option<String> {
        let (entries, _) = self.0.index_size();
        Some(format!("{entries} entries for {FILLED} records"))
    }
}

struct Checksum(Vec<u8>);

impl Case for Checksum {
    fn run(&self, _: usize, ops: u64) -> u64 {
        (0..ops).fold(0, |crc, _| u64::from(crc32c(crc as u32, &self.0)))
    }
}

struct Division(Assignor, BTreeMap<u32, Vec<Part>>);

impl Case for Division {
    fn run(&self, _: usize, ops: u64) -> u64 {
        (0..ops).map(|_| self.0.assign(&[100], &self.1).len() as u64).sum()
    }
}

/// Ten members hold a hundred partitions; the eleventh is new.
fn division(assignor: Assignor) -> Box<dyn Case> {
    let ten = (0..10).map(|member| (member, Vec::new())).collect();
    let mut held = Assignor::Sticky.assign(&[100], &ten);
    held.insert(10, Vec::new());
    Box::new(Division(assignor, held))
}

const fn case(name: &'static str, says: &'static str, ops: u64, prepare: fn() -> Box<dyn Case>) -> Bench {
    Bench { name, says, threads: &[1], ops, prepare }
}

pub const BENCHES: &[Bench] = &[
    case("append-100-bytes", "one record of 100 bytes appended to a log in memory, checksum included", 500_000, || append(100)),
    case("append-1-kib", "one record of 1 KiB appended to a log in memory, checksum included", 100_000, || append(1024)),
    case("read-in-order", "one record of 100 bytes read, 500 at a time as a consumer does", 2_000_000, || {
        Box::new(Reads { log: filled(), next: AtomicU64::new(0) })
    }),
    case("look-up", "one record found by its offset through the sparse index, an entry every 4 KiB", 200_000, || Box::new(LookUps(filled()))),
    case("crc32c-1-kib", "CRC-32C of 1 KiB, eight bytes a step", 200_000, || Box::new(Checksum(vec![7; 1024]))),
    case("assign-sticky", "100 partitions divided among eleven members, of whom ten hold them", 10_000, || division(Assignor::Sticky)),
    case("assign-range", "the same by range", 10_000, || division(Assignor::Range)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_does_what_it_says() {
        for bench in BENCHES {
            let case = (bench.prepare)();
            assert!(case.run(0, 1000) > 0, "{}", bench.name);
        }
    }
}
