//! A reliable channel over a link that loses, doubles and overtakes: numbered, acknowledged by number, sent again from the oldest gap.

use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::VecDeque;

/// How many are sent again at once.
const AGAIN_MAX: usize = 64;

/// The sender's end: what is not acknowledged yet.
#[derive(Clone, Debug)]
pub struct Outbox<T> {
    /// Number of the oldest that is not acknowledged.
    first: u64,
    open: VecDeque<T>,
    /// When something was last sent, or acknowledged.
    moved: Time,
}

impl<T> Default for Outbox<T> {
    fn default() -> Self {
        Outbox { first: 1, open: VecDeque::new(), moved: Time::ZERO }
    }
}

impl<T: Clone> Outbox<T> {
    /// Takes one in; gives its number.
    pub fn push(&mut self, item: T, now: Time) -> u64 {
        if self.open.is_empty() {
            self.moved = now;
        }
        self.open.push_back(item);
        self.first + self.open.len() as u64 - 1
    }

    /// Everything up to this number has arrived.
    pub fn acked(&mut self, upto: u64, now: Time) {
        while self.first <= upto && self.open.pop_front().is_some() {
            self.first += 1;
            self.moved = now;
        }
    }

    /// What must be sent again, if nothing has moved for so long.
    pub fn overdue(&mut self, now: Time, wait: Span) -> Vec<(u64, T)> {
        if self.open.is_empty() || now.since(self.moved) < wait {
            return Vec::new();
        }
        self.moved = now;
        self.open.iter().take(AGAIN_MAX).enumerate().map(|(n, item)| (self.first + n as u64, item.clone())).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.open.iter()
    }

    pub fn weight(&self) -> usize {
        self.open.bytes()
    }
}

/// The receiver's end: the number up to which everything has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inbox(u64);

impl Inbox {
    /// Whether this one is the next; what is doubled or too early is dropped, and comes again in order.
    pub fn accepts(&mut self, number: u64) -> bool {
        let next = number == self.0 + 1;
        self.0 += u64::from(next);
        next
    }

    pub fn upto(self) -> u64 {
        self.0
    }
}

/// Which of the numbers 1, 2, 3 … have come, where some may never come: a link that doubles must not make two calls of one.
#[derive(Clone, Debug, Default)]
pub struct Once {
    /// Numbers up to this one are known, or too old to be let in.
    floor: u64,
    seen: VecDeque<bool>,
}

/// Numbers that are so far behind the newest are taken for known.
const BEHIND_MAX: usize = 4096;

impl Once {
    /// Whether this number comes for the first time.
    pub fn first(&mut self, number: u64) -> bool {
        let Some(place) = number.checked_sub(self.floor + 1) else { return false };
        let place = place as usize;
        if place >= self.seen.len() {
            self.seen.resize(place + 1, false);
        }
        let first = !std::mem::replace(&mut self.seen[place], true);
        while self.seen.front() == Some(&true) || self.seen.len() > BEHIND_MAX {
            self.seen.pop_front();
            self.floor += 1;
        }
        first
    }

    pub fn weight(&self) -> usize {
        self.seen.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_number_is_let_in_once(numbers in prop::collection::vec(1u64..60, 0..200)) {
            let (mut once, mut naive) = (Once::default(), std::collections::BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(once.first(number), naive.insert(number));
            }
        }

        /// Whatever a link does to each message, everything arrives once and in order when it is sent again often enough.
        #[test]
        fn everything_arrives_once_and_in_order(count in 1u64..40, fates in prop::collection::vec(0u8..4, 0..300)) {
            let (mut outbox, mut inbox, mut got) = (Outbox::default(), Inbox::default(), Vec::new());
            let mut fates = fates.into_iter();
            let mut wire: VecDeque<(u64, u64)> = (1..=count).map(|n| (outbox.push(n, Time::ZERO), n)).collect();
            for round in 1..2_000u64 {
                while let Some((number, item)) = wire.pop_front() {
                    match fates.next() {
                        Some(0) => continue,
                        Some(1) => wire.push_back((number, item)),
                        Some(2) if !wire.is_empty() => { wire.insert(1, (number, item)); continue }
                        _ => {}
                    }
                    if inbox.accepts(number) {
                        got.push(item);
                    }
                }
                if round % 2 == 0 {
                    outbox.acked(inbox.upto(), Time(round));
                }
                if outbox.is_empty() {
                    break;
                }
                wire.extend(outbox.overdue(Time(round + 1), Span(1)));
            }
            prop_assert_eq!(got, (1..=count).collect::<Vec<_>>());
            prop_assert!(outbox.is_empty());
        }
    }
}
