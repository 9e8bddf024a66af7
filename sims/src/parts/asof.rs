//! As-of join: what was known of a thing at a moment, though some of it happened earlier than it became known.
//!
//! Each record has two times: when it happened, and when it became known here. A row of a training set may use what was *known* at its
//! moment and nothing else; the two erroneous readings stand beside it, because both are common.

use crate::kernel::weight::Flat;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<V> {
    /// When it happened.
    pub event: u64,
    /// When it became known; never before it happened.
    pub known: u64,
    pub value: V,
}

/// How a row finds its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The newest of what was known at the row's moment.
    PointInTime,
    /// The newest of what had happened by the row's moment, known or not.
    EventTime,
    /// The newest there is today.
    Latest,
}

impl Reading {
    pub const NAMES: &'static [&'static str] = &["point-in-time", "event-time", "latest"];

    /// The reading of that name; the first for any other.
    pub fn named(name: &str) -> Reading {
        match name {
            "event-time" => Reading::EventTime,
            "latest" => Reading::Latest,
            _ => Reading::PointInTime,
        }
    }
}

/// All that is remembered of one thing, in the order in which it became known.
#[derive(Clone, Debug)]
pub struct History<V> {
    records: Vec<Record<V>>,
    /// For each place, where the newest event up to it stands: so a look-up is one search.
    newest: Vec<u32>,
}

impl<V> Default for History<V> {
    fn default() -> Self {
        History { records: Vec::new(), newest: Vec::new() }
    }
}

impl<V: Copy> History<V> {
    /// Adds what has just become known. Times of knowing never go back: a log has one order.
    pub fn learn(&mut self, event: u64, known: u64, value: V) {
        let known = known.max(event).max(self.records.last().map_or(0, |last| last.known));
        self.records.push(Record { event, known, value });
        let place = self.records.len() as u32 - 1;
        let newest = match self.newest.last() {
            // Of two events of one moment the one learnt later is a correction.
            Some(best) if self.records[*best as usize].event > event => *best,
            _ => place,
        };
        self.newest.push(newest);
    }

    pub fn read(&self, reading: Reading, at: u64) -> Option<&Record<V>> {
        match reading {
            Reading::PointInTime => self.as_of(at),
            Reading::EventTime => self.happened_by(at),
            Reading::Latest => self.latest(),
        }
    }

    /// The newest of what was known at that moment.
    pub fn as_of(&self, at: u64) -> Option<&Record<V>> {
        let known = self.records.partition_point(|record| record.known <= at);
        known.checked_sub(1).map(|last| &self.records[self.newest[last] as usize])
    }

    /// The newest of what had happened by then, whenever it became known.
    fn happened_by(&self, at: u64) -> Option<&Record<V>> {
        self.records.iter().filter(|record| record.event <= at).max_by_key(|record| record.event)
    }

    pub fn latest(&self) -> Option<&Record<V>> {
        self.newest.last().map(|best| &self.records[*best as usize])
    }

    /// Forgets what no row from `floor` on can need.
    pub fn forget_before(&mut self, floor: u64) {
        let known = self.records.partition_point(|record| record.known <= floor);
        let Some(last) = known.checked_sub(1) else { return };
        let keep = self.newest[last] as usize;
        let mut place = 0;
        self.records.retain(|_| {
            place += 1;
            place - 1 == keep || place > known
        });
        let records = std::mem::take(&mut self.records);
        self.newest.clear();
        for record in records {
            self.learn(record.event, record.known, record.value);
        }
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes held, near enough.
    pub fn weight(&self) -> usize {
        self.records.bytes() + self.newest.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: look at everything, take the newest event that qualifies, of equal ones the last learnt.
    fn naive(records: &[Record<u32>], reading: Reading, at: u64) -> Option<Record<u32>> {
        let mut best: Option<Record<u32>> = None;
        for record in records {
            let qualifies = match reading {
                Reading::PointInTime => record.known <= at,
                Reading::EventTime => record.event <= at,
                Reading::Latest => true,
            };
            if qualifies && best.is_none_or(|b| record.event >= b.event) {
                best = Some(*record);
            }
        }
        best
    }

    fn history(steps: &[(u64, u64)]) -> (History<u32>, Vec<Record<u32>>) {
        let (mut history, mut records, mut known) = (History::default(), Vec::new(), 0);
        for (n, (gap, late)) in steps.iter().enumerate() {
            known += gap;
            let event = known.saturating_sub(*late);
            history.learn(event, known, n as u32);
            records.push(Record { event, known, value: n as u32 });
        }
        (history, records)
    }

    #[test]
    fn a_late_record_counts_from_when_it_was_known() {
        let mut history = History::default();
        history.learn(10, 10, "a");
        history.learn(20, 30, "b");
        assert_eq!(history.as_of(25).unwrap().value, "a");
        assert_eq!(history.read(Reading::EventTime, 25).unwrap().value, "b");
        assert_eq!(history.as_of(30).unwrap().value, "b");
        assert_eq!(history.read(Reading::Latest, 0).unwrap().value, "b");
        assert!(history.as_of(9).is_none());
    }

    #[test]
    fn an_old_event_that_comes_late_does_not_hide_a_newer_one() {
        let mut history = History::default();
        history.learn(20, 20, "new");
        history.learn(10, 30, "old");
        assert_eq!(history.as_of(40).unwrap().value, "new");
        history.learn(20, 50, "corrected");
        assert_eq!((history.as_of(49).unwrap().value, history.as_of(50).unwrap().value), ("new", "corrected"));
    }

    proptest! {
        #[test]
        fn every_reading_is_the_definition(steps in proptest::collection::vec((0u64..5, 0u64..12), 0..40), at in 0u64..120) {
            let (history, records) = history(&steps);
            for reading in [Reading::PointInTime, Reading::EventTime, Reading::Latest] {
                prop_assert_eq!(history.read(reading, at).copied(), naive(&records, reading, at), "{:?}", reading);
            }
            prop_assert!(history.as_of(at).is_none_or(|record| record.known <= at && record.event <= at));
        }

        #[test]
        fn forgetting_changes_no_later_row(steps in proptest::collection::vec((0u64..5, 0u64..12), 0..40), floors in proptest::collection::vec(0u64..100, 1..4)) {
            let (mut history, records) = history(&steps);
            for floor in &floors {
                history.forget_before(*floor);
            }
            let floor = floors.iter().max().copied().unwrap_or(0);
            for at in floor..130 {
                prop_assert_eq!(history.as_of(at).copied(), naive(&records, Reading::PointInTime, at));
            }
            prop_assert_eq!(history.latest().copied(), naive(&records, Reading::Latest, 0));
            prop_assert!(history.len() <= records.iter().filter(|r| r.known > floor).count() + 1);
        }
    }
}
