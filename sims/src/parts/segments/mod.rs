//! A log in segments: append at the end, read from any offset, drop whole segments at the front, cut back at the end.
//!
//! After Kreps, Narkhede and Rao, "Kafka: a Distributed Messaging System for Log Processing" (NetDB 2011): records are found by
//! a sparse index, so that it stays small enough for memory, and old ones go a segment at a time, so that deleting costs nothing.

mod crc;
mod epochs;
mod medium;
mod segment;

#[cfg(test)]
mod tests;

pub use crc::crc32c;
pub use epochs::{Epochs, divergence};
pub use medium::Medium;
pub use segment::{Entry, HEADER};

use crate::kernel::disk::{File, Full};
use crate::kernel::rng::Rng;
use segment::Segment;
use std::collections::VecDeque;

/// How a log is cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// A segment that has reached this many bytes is closed.
    pub segment: u64,
    /// Bytes between two entries of the index.
    pub index_every: u64,
}

/// Records from offset [`SegmentedLog::start`] to just before [`SegmentedLog::end`]. What no sync has covered goes in a crash.
#[derive(Clone, Debug)]
pub struct SegmentedLog<M = Vec<u8>> {
    shape: Shape,
    /// Never empty; the last one is written to.
    segments: VecDeque<Segment<M>>,
    epochs: Epochs,
    start: u64,
    /// Durable up to here.
    synced: u64,
    /// What the sync that is under way will make durable.
    syncing: u64,
    full: bool,
}

/// Records before `start` are gone, and there are none from `end` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    pub start: u64,
    pub end: u64,
}

impl<M: Medium> SegmentedLog<M> {
    pub fn on(medium: M, shape: Shape) -> SegmentedLog<M> {
        SegmentedLog {
            shape,
            segments: VecDeque::from([Segment::new(0, medium, shape.index_every)]),
            epochs: Epochs::default(),
            start: 0,
            synced: 0,
            syncing: 0,
            full: false,
        }
    }

    /// The first offset that is still there.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The offset that the next record gets.
    pub fn end(&self) -> u64 {
        self.last().end()
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end()
    }

    /// Durable up to here.
    pub fn synced(&self) -> u64 {
        self.synced
    }

    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(Segment::bytes).sum()
    }

    /// The medium of the segment that is written to.
    pub fn medium_mut(&mut self) -> &mut M {
        self.last_mut().medium_mut()
    }

    pub fn reshape(&mut self, shape: Shape) {
        self.shape = shape;
    }

    fn last(&self) -> &Segment<M> {
        &self.segments[self.segments.len() - 1]
    }

    fn last_mut(&mut self) -> &mut Segment<M> {
        let at = self.segments.len() - 1;
        &mut self.segments[at]
    }

    /// Appends one record; gives its offset.
    ///
    /// # Errors
    /// The disk takes no more.
    #[inline]
    pub fn append(&mut self, epoch: u32, at: u64, carries: &[u8]) -> Result<u64, Full> {
        if self.full {
            return Err(Full);
        }
        if self.last().bytes() >= self.shape.segment {
            let (base, every) = (self.end(), self.shape.index_every);
            let medium = self.last().medium().fresh(base);
            self.segments.push_back(Segment::new(base, medium, every));
        }
        let offset = self.end();
        self.last_mut().append(epoch, at, carries);
        self.epochs.note(epoch, offset);
        Ok(offset)
    }

    /// Shows records from `from` on to `each`, in order, until it wants no more. Gives the offset behind the last one shown.
    ///
    /// # Errors
    /// `from` lies before the start or behind the end; reading at the end is no error, and shows nothing.
    pub fn read(&self, from: u64, mut each: impl FnMut(Entry<'_>) -> bool) -> Result<u64, OutOfRange> {
        if from < self.start || from > self.end() {
            return Err(OutOfRange { start: self.start, end: self.end() });
        }
        let mut wants = true;
        let mut next = from;
        let first = self.segments.partition_point(|segment| segment.end() <= from);
        for segment in self.segments.iter().skip(first) {
            next = segment.read(next, &mut |entry| {
                wants = each(entry);
                wants
            });
            if !wants {
                break;
            }
        }
        Ok(next)
    }

    /// Drops the records from `offset` on. Whoever cuts a log back syncs it at once: what was cut off never returns.
    pub fn truncate(&mut self, offset: u64) {
        let offset = offset.max(self.start);
        while self.segments.len() > 1 && self.last().base() >= offset {
            self.last_mut().medium_mut().remove();
            self.segments.pop_back();
        }
        self.last_mut().truncate(offset);
        self.epochs.cut(offset);
        self.synced = self.synced.min(offset);
        self.syncing = self.syncing.min(offset);
    }

    /// Empties the log; the next record gets `offset`.
    pub fn begin_at(&mut self, offset: u64) {
        let medium = self.last().medium().fresh(offset);
        self.segments.iter_mut().for_each(|segment| segment.medium_mut().remove());
        self.segments = VecDeque::from([Segment::new(offset, medium, self.shape.index_every)]);
        self.epochs = Epochs::default();
        (self.start, self.synced, self.syncing) = (offset, offset, offset);
    }

    /// Drops records before `offset`, of whole segments only. Gives the new start.
    pub fn drop_before(&mut self, offset: u64) -> u64 {
        while self.segments.len() > 1 && self.segments[0].end() <= offset {
            self.drop_first();
        }
        self.start
    }

    /// Retention: drops segments whose newest record is older than `oldest`, and from the front until at most `bytes` are left, but nothing from `keep` on.
    pub fn expire(&mut self, oldest: u64, bytes: u64, keep: u64) -> u64 {
        let mut left = self.bytes();
        while self.segments.len() > 1 && self.segments[0].end() <= keep && (self.segments[0].newest() < oldest || left > bytes) {
            left -= self.segments[0].bytes();
            self.drop_first();
        }
        self.start
    }

    fn drop_first(&mut self) {
        if let Some(mut gone) = self.segments.pop_front() {
            gone.medium_mut().remove();
        }
        self.start = self.segments[0].base();
        self.epochs.trim(self.start);
        self.synced = self.synced.max(self.start);
        self.syncing = self.syncing.max(self.start);
    }

    /// Closes the segment that is written to, so that it may expire.
    pub fn roll(&mut self) {
        if self.last().bytes() > 0 {
            let (base, every) = (self.end(), self.shape.index_every);
            let medium = self.last().medium().fresh(base);
            self.segments.push_back(Segment::new(base, medium, every));
        }
    }

    /// Everything up to `offset` is on the disk, and of what follows so many bytes of the same segment. Checks what is there as after a power failure.
    fn lose_after(&mut self, offset: u64, bytes: u64) {
        while self.segments.len() > 1 && self.last().base() > offset {
            self.last_mut().medium_mut().remove();
            self.segments.pop_back();
        }
        let segment = self.last_mut();
        let keep = segment.position(offset) + bytes;
        segment.medium_mut().truncate(keep);
        segment.recover();
        let end = self.end();
        self.epochs.cut(end);
        (self.synced, self.syncing) = (end, end);
    }

    /// Entries of all indices, and bytes of memory beside the records' own.
    pub fn index_size(&self) -> (usize, usize) {
        (self.segments.iter().map(Segment::marks).sum(), self.segments.iter().map(Segment::weight).sum())
    }
}

impl SegmentedLog<Vec<u8>> {
    pub fn new(shape: Shape) -> SegmentedLog<Vec<u8>> {
        SegmentedLog::on(Vec::new(), shape)
    }

    pub fn weight(&self) -> usize {
        self.bytes() as usize + self.index_size().1
    }
}

impl<M: Medium> File for SegmentedLog<M> {
    fn begin(&mut self) {
        self.syncing = self.end();
    }

    fn done(&mut self) {
        self.synced = self.synced.max(self.syncing);
    }

    fn crash(&mut self, torn: Option<&mut Rng>) {
        let unsynced = self.last().bytes() - self.last().position(self.synced.max(self.last().base()));
        let bytes = torn.map_or(0, |rng| rng.below(unsynced + 1));
        self.lose_after(self.synced, bytes);
    }

    fn forget(&mut self) {
        self.begin_at(0);
    }

    fn fill(&mut self, full: bool) {
        self.full = full;
    }
}
