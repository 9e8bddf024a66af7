//! A file of records: appended at its end, cut at either.

use super::{Cached, Content, Full, Rng, durable};
use std::collections::VecDeque;
use std::ops::Range;

/// A log. Indices are never given anew to what follows: the record at 7 stays at 7 when those before it are dropped.
#[derive(Clone, Debug)]
pub struct LogFile<R: Clone>(Cached<Records<R>>);

durable!([R: Clone] LogFile<R>);

#[derive(Clone, Debug)]
struct Records<R> {
    first: u64,
    records: VecDeque<R>,
    /// Index of the first record ever.
    origin: u64,
}

/// What has become of a mark's records. Those from its `first` that are still there begin at the log's own first.
#[derive(Clone, Debug)]
struct Past<R> {
    first: u64,
    /// Records of the mark that were dropped from the front.
    head: VecDeque<R>,
    /// Records below this index are the mark's own; those from here on were written since.
    low: u64,
    /// Records of the mark that were cut off the end.
    tail: VecDeque<R>,
    /// Whether anything but appends happened.
    cut: bool,
}

impl<R: Clone> Default for LogFile<R> {
    fn default() -> Self {
        LogFile::starting_at(0)
    }
}

impl<R: Clone> LogFile<R> {
    /// Empty; the first record will have this index.
    pub fn starting_at(first: u64) -> LogFile<R> {
        LogFile(Cached::new(Records { first, records: VecDeque::new(), origin: first }))
    }

    /// Writes a record at the end; gives its index.
    ///
    /// # Errors
    /// The disk is full.
    pub fn append(&mut self, record: R) -> Result<u64, Full> {
        self.0.room()?;
        self.0.now.records.push_back(record);
        Ok(self.next() - 1)
    }

    /// Drops the records from this index on.
    pub fn truncate(&mut self, from: u64) {
        self.0.now.truncate(from, &mut self.0.fresh);
    }

    /// Drops the records below this index.
    pub fn compact(&mut self, to: u64) {
        self.0.now.compact(to, &mut self.0.fresh);
    }

    /// Drops everything; the next record will have this index.
    pub fn reset(&mut self, first: u64) {
        self.truncate(self.first());
        self.0.now.first = first;
        // None of what is appended from here on is the mark's, whatever its index.
        self.0.fresh.low = 0;
        self.0.fresh.cut = true;
    }

    pub fn get(&self, index: u64) -> Option<&R> {
        self.0.now.records.get(self.0.now.place(index)?)
    }

    pub fn last(&self) -> Option<&R> {
        self.0.now.records.back()
    }

    /// Index of the first record that is there, or that will be.
    pub fn first(&self) -> u64 {
        self.0.now.first
    }

    /// Index that the next record gets.
    pub fn next(&self) -> u64 {
        self.0.now.next()
    }

    pub fn len(&self) -> usize {
        self.0.now.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.now.records.is_empty()
    }

    /// The records with their indices, from the first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &R)> {
        self.range(self.first()..self.next())
    }

    /// Those within these indices that are there, with their indices.
    pub fn range(&self, indices: Range<u64>) -> impl DoubleEndedIterator<Item = (u64, &R)> {
        let from = indices.start.clamp(self.first(), self.next());
        let to = indices.end.clamp(from, self.next());
        let place = |index: u64| (index - self.first()) as usize;
        let records = self.0.now.records.range(place(from)..place(to));
        records.enumerate().map(move |(n, record)| (from + n as u64, record))
    }

    /// Records below this index are durable as they stand.
    pub fn synced(&self) -> u64 {
        let low = self.0.syncing.as_ref().map_or(self.0.fresh.low, |past| past.low.min(self.0.fresh.low));
        low.clamp(self.first(), self.next())
    }

    /// Bytes, near enough, without what the records point to.
    pub fn weight(&self) -> usize {
        let past = |past: &Past<R>| past.head.len() + past.tail.len();
        let records = self.len() + past(&self.0.fresh) + self.0.syncing.as_ref().map_or(0, past);
        records * std::mem::size_of::<R>()
    }
}

impl<R> Records<R> {
    fn next(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    fn place(&self, index: u64) -> Option<usize> {
        index.checked_sub(self.first).and_then(|place| usize::try_from(place).ok())
    }

    fn truncate(&mut self, from: u64, past: &mut Past<R>) {
        let from = from.max(self.first);
        if from >= self.next() {
            return;
        }
        past.cut = true;
        let mut cut = self.records.split_off((from - self.first) as usize);
        if from < past.low {
            // Those of the mark among them come before what was cut off earlier.
            cut.truncate((past.low - from) as usize);
            cut.append(&mut past.tail);
            past.tail = cut;
            past.low = from;
        }
    }

    fn compact(&mut self, to: u64, past: &mut Past<R>) {
        let to = to.min(self.next());
        while self.first < to {
            past.cut = true;
            let Some(record) = self.records.pop_front() else { return };
            if self.first < past.low {
                past.head.push_back(record);
            }
            self.first += 1;
        }
    }
}

impl<R: Clone> Content for Records<R> {
    type Past = Past<R>;

    fn mark(&self) -> Past<R> {
        Past { first: self.first, head: VecDeque::new(), low: self.next(), tail: VecDeque::new(), cut: false }
    }

    fn undo(&mut self, mut past: Past<R>) {
        self.records.truncate(past.low.saturating_sub(self.first) as usize);
        past.head.append(&mut self.records);
        past.head.append(&mut past.tail);
        self.records = past.head;
        self.first = past.first;
    }

    /// A prefix of what was appended stays. A record that was half written counts as not written: its checksum tells.
    fn tear(&mut self, past: Past<R>, rng: &mut Rng) {
        let stays = rng.chance(0.5);
        if past.cut && !stays {
            return self.undo(past);
        }
        let since = past.low.saturating_sub(self.first).min(self.records.len() as u64);
        let appended = self.records.len() as u64 - since;
        self.records.truncate((since + rng.below(appended + 1)) as usize);
    }

    fn emptied(&self) -> Self {
        Records { first: self.origin, records: VecDeque::new(), origin: self.origin }
    }
}
