//! A transactional outbox: messages written down with the change that causes them, and sent from there until each is confirmed.
//!
//! Without it a crash between "the change is stored" and "the message is sent" loses the message, and the other order invents one.
//! What is here is the table and how a relay reads it. Delivery is at least once: a receiver knows repeats by the number.

use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

#[derive(Clone, Debug)]
struct Row<T> {
    item: T,
    /// When it was last sent; none if never.
    sent: Option<Time>,
}

/// Rows not yet confirmed, by number.
#[derive(Clone, Debug)]
pub struct Outbox<T> {
    rows: BTreeMap<u64, Row<T>>,
    issued: u64,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Outbox { rows: BTreeMap::new(), issued: 0 }
    }
}

impl<T: Clone> Outbox<T> {
    /// The next number. A transaction takes it when it begins, so numbers are no order of commits: 8 may be visible before 7.
    pub fn number(&mut self) -> u64 {
        self.issued += 1;
        self.issued
    }

    /// The row of a number becomes visible: its transaction has committed.
    pub fn commit(&mut self, number: u64, item: T) {
        self.rows.insert(number, Row { item, sent: None });
    }

    /// Takes a number and commits in one step.
    pub fn put(&mut self, item: T) -> u64 {
        let number = self.number();
        self.commit(number, item);
        number
    }

    /// As [`Outbox::put`], for who sends it at that time without being asked.
    pub fn put_sent(&mut self, item: T, at: Time) -> u64 {
        let number = self.number();
        self.rows.insert(number, Row { item, sent: Some(at) });
        number
    }

    /// The receiver has it. A confirmation may come twice.
    pub fn confirmed(&mut self, number: u64) -> Option<T> {
        self.rows.remove(&number).map(|row| row.item)
    }

    /// Rows that were never sent, or so long ago that they should be sent again: oldest first, at most `most`. They count as sent now.
    pub fn due(&mut self, now: Time, patience: Span, most: usize) -> Vec<(u64, T)> {
        let rows = self.rows.iter_mut().filter(|(_, row)| row.sent.is_none_or(|sent| now.since(sent) >= patience));
        rows.take(most)
            .map(|(number, row)| {
                row.sent = Some(now);
                (*number, row.item.clone())
            })
            .collect()
    }

    /// The erroneous relay: rows above the highest number it has read. What commits later with a lower one is never read.
    pub fn above(&self, cursor: u64, most: usize) -> Vec<(u64, T)> {
        self.rows.range((Excluded(cursor), Unbounded)).take(most).map(|(number, row)| (*number, row.item.clone())).collect()
    }

    /// Rows that wait to be confirmed, oldest first.
    pub fn waiting(&self) -> impl Iterator<Item = (u64, &T)> {
        self.rows.iter().map(|(number, row)| (*number, &row.item))
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.rows.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_row_is_sent_until_it_is_confirmed() {
        let mut outbox = Outbox::default();
        let number = outbox.put("order 17");
        let patience = Span::millis(250);
        assert_eq!(outbox.due(Time::ZERO, patience, 10), [(number, "order 17")]);
        assert_eq!(outbox.due(Time(249_999_999), patience, 10), []);
        assert_eq!(outbox.due(Time(250_000_000), patience, 10), [(number, "order 17")], "not confirmed: again");
        assert_eq!((outbox.confirmed(number), outbox.confirmed(number)), (Some("order 17"), None));
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_cursor_passes_over_what_commits_late_and_marks_do_not() {
        let mut outbox = Outbox::default();
        let (slow, quick) = (outbox.number(), outbox.number());
        outbox.commit(quick, "quick");
        let read = outbox.above(0, 10);
        assert_eq!(read, [(quick, "quick")]);
        outbox.commit(slow, "slow");
        assert_eq!(outbox.above(quick, 10), [], "the cursor is past it");
        let due: Vec<u64> = outbox.due(Time::ZERO, Span::ZERO, 10).into_iter().map(|(number, _)| number).collect();
        assert_eq!(due, [slow, quick]);
    }

    proptest! {
        /// Against a list: whatever the order of commits, confirmations and crashes of the relay, each committed row is sent until
        /// confirmed, never before it commits, and not twice within the patience.
        #[test]
        fn nothing_is_lost_and_nothing_invented(ops in proptest::collection::vec((0u8..4, 0u64..6, 1usize..4), 0..120)) {
            let patience = 5;
            let mut outbox = Outbox::default();
            let mut begun: Vec<u64> = Vec::new();
            let mut naive: BTreeMap<u64, Option<u64>> = BTreeMap::new();
            let mut now = 0;
            for (what, n, most) in ops {
                match what {
                    0 => begun.push(outbox.number()),
                    1 if !begun.is_empty() => {
                        let number = begun.remove(n as usize % begun.len());
                        outbox.commit(number, number * 10);
                        naive.insert(number, None);
                    }
                    2 => {
                        now += n;
                        let want: Vec<u64> = naive.iter().filter(|(_, sent)| sent.is_none_or(|at| now - at >= patience)).map(|(n, _)| *n).take(most).collect();
                        let got = outbox.due(Time(now), Span(patience), most);
                        prop_assert_eq!(got.iter().map(|(n, _)| *n).collect::<Vec<_>>(), want.clone());
                        prop_assert!(got.iter().all(|(n, item)| *item == n * 10));
                        for number in want { naive.insert(number, Some(now)); }
                    }
                    _ => {
                        let number = n + 1;
                        prop_assert_eq!(outbox.confirmed(number), naive.remove(&number).map(|_| number * 10));
                    }
                }
                prop_assert_eq!(outbox.waiting().map(|(n, _)| n).collect::<Vec<_>>(), naive.keys().copied().collect::<Vec<_>>());
            }
        }
    }
}
