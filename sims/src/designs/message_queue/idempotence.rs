//! What a broker remembers of its producers, so that a repeated batch is not written twice and none is written out of turn.
//!
//! After KIP-98 and KIP-360: a producer's epoch and the sequence numbers of its last batches, kept with the log and made anew from it.

use super::record::Record;
use std::collections::{BTreeMap, VecDeque};

/// Batches remembered: the five that may be in flight, and five more that a new leader may cut off.
const WINDOW: usize = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// It comes next.
    Next,
    /// It stands there already, from this offset on; of an old one the place is forgotten.
    Repeat(Option<u64>),
    /// Something before it is missing.
    Gap,
    OldEpoch,
}

#[derive(Clone, Debug, Default)]
struct Known {
    epoch: u16,
    batches: VecDeque<Batch>,
}

#[derive(Clone, Copy, Debug)]
struct Batch {
    first: u32,
    last: u32,
    offset: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Producers {
    known: BTreeMap<u32, Known>,
    /// As of the log's start: what dropped records said.
    before: BTreeMap<u32, Known>,
}

impl Producers {
    pub fn check(&self, records: &[Record]) -> Check {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Check::Next };
        let Some(known) = self.known.get(&first.producer) else { return in_turn(first.seq == 0) };
        if first.epoch < known.epoch {
            return Check::OldEpoch;
        }
        let Some(latest) = known.batches.back().filter(|_| first.epoch == known.epoch) else { return in_turn(first.seq == 0) };
        if first.seq > latest.last {
            return in_turn(first.seq == latest.last + 1);
        }
        let same = known.batches.iter().find(|batch| (batch.first, batch.last) == (first.seq, last.seq));
        Check::Repeat(same.map(|batch| batch.offset))
    }

    /// A record was written at `offset`.
    pub fn note(&mut self, offset: u64, record: &Record) {
        if record.producer == 0 {
            return;
        }
        let known = self.known.entry(record.producer).or_default();
        if record.epoch > known.epoch {
            *known = Known { epoch: record.epoch, batches: VecDeque::new() };
        }
        match known.batches.back_mut() {
            Some(batch) if !record.first => batch.last = record.seq,
            _ => {
                known.batches.push_back(Batch { first: record.seq, last: record.seq, offset });
                if known.batches.len() > WINDOW {
                    known.batches.pop_front();
                }
            }
        }
    }

    /// Records before `start` are about to go: what they say is kept.
    pub fn keep_before(&mut self, start: u64) {
        for (producer, known) in &self.known {
            let batches: VecDeque<Batch> = known.batches.iter().copied().filter(|batch| batch.offset < start).collect();
            if !batches.is_empty() {
                self.before.insert(*producer, Known { epoch: known.epoch, batches });
            }
        }
    }

    /// Back to what was known at the log's start; the log's records are to be noted again.
    pub fn rewind(&mut self) {
        self.known = self.before.clone();
    }

    pub fn forget(&mut self) {
        *self = Producers::default();
    }

    pub fn weight(&self) -> usize {
        self.known.values().chain(self.before.values()).map(|known| 80 + known.batches.len() * 16).sum()
    }
}

fn in_turn(is: bool) -> Check {
    if is { Check::Next } else { Check::Gap }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::message_queue::record::Id;
    use crate::kernel::time::Time;
    use proptest::prelude::*;

    fn batch(epoch: u16, first: u32, len: u32) -> Vec<Record> {
        let record = |i| Record { producer: 9, epoch, seq: first + i, first: i == 0, poison: false, id: Id(0), key: 0, created: Time(0) };
        (0..len).map(record).collect()
    }

    fn write(producers: &mut Producers, offset: &mut u64, records: &[Record]) {
        for record in records {
            producers.note(*offset, record);
            *offset += 1;
        }
    }

    #[test]
    fn repeats_gaps_and_old_epochs_are_told_apart() {
        let (mut producers, mut offset) = (Producers::default(), 100);
        assert_eq!(producers.check(&batch(0, 3, 1)), Check::Gap, "nothing before it was ever seen");
        write(&mut producers, &mut offset, &batch(0, 0, 3));
        assert_eq!(producers.check(&batch(0, 0, 3)), Check::Repeat(Some(100)));
        assert_eq!(producers.check(&batch(0, 3, 2)), Check::Next);
        assert_eq!(producers.check(&batch(0, 4, 2)), Check::Gap);
        assert_eq!(producers.check(&batch(1, 1, 2)), Check::Gap, "a new epoch begins at 0");
        write(&mut producers, &mut offset, &batch(1, 0, 1));
        assert_eq!(producers.check(&batch(0, 3, 2)), Check::OldEpoch);
    }

    proptest! {
        /// Batches that arrive in any order and any number of times: what is taken is each once, in turn.
        #[test]
        fn whatever_arrives_what_stands_is_each_once_in_turn(arrivals in proptest::collection::vec(0usize..8, 1..80), cut in any::<bool>()) {
            let batches: Vec<Vec<Record>> = (0..8u32).map(|i| batch(0, i * 3, 3)).collect();
            let (mut producers, mut log): (Producers, Vec<Record>) = (Producers::default(), Vec::new());
            for (step, at) in arrivals.into_iter().enumerate() {
                // Now and then a new leader takes over that knows a little less.
                if cut && step % 17 == 16 {
                    log.truncate(log.len().saturating_sub(3));
                    producers.rewind();
                    log.iter().enumerate().for_each(|(offset, record)| producers.note(offset as u64, record));
                }
                match producers.check(&batches[at]) {
                    Check::Next => batches[at].iter().for_each(|record| {
                        producers.note(log.len() as u64, record);
                        log.push(*record);
                    }),
                    Check::Repeat(offset) => prop_assert_eq!(offset, Some(at as u64 * 3)),
                    Check::Gap => prop_assert!(at * 3 > log.len()),
                    Check::OldEpoch => prop_assert!(false),
                }
            }
            let seqs: Vec<u32> = log.iter().map(|record| record.seq).collect();
            prop_assert_eq!(seqs, (0..log.len() as u32).collect::<Vec<_>>());
        }
    }
}
