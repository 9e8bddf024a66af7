//! One order per conversation: each message gets the next number of its lane once, however often its sender repeats it.
//!
//! A sender numbers what it sends and has one message on its way at a time, so one pair per sender remembers everything: its last
//! number, and the place that number was given. A repeat gets the same place again.

use crate::kernel::weight::Flat;

/// What a message is, by its sender's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It has this place.
    New(u32),
    /// A repeat of the sender's last message, which has this place.
    Again(u32),
    /// A late copy of one before: its sender has been answered long ago.
    Stale,
}

/// A sender's last number and the place it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub number: u32,
    pub place: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Sequencer {
    last: Vec<u32>,
    seen: Vec<Seen>,
}

impl Sequencer {
    pub fn new(lanes: usize, senders: usize) -> Sequencer {
        Sequencer { last: vec![0; lanes], seen: vec![Seen::default(); senders] }
    }

    /// A message of a sender for a lane. Numbers count from 1.
    pub fn take(&mut self, lane: usize, sender: usize, number: u32) -> Taken {
        let seen = self.seen[sender];
        if number == seen.number {
            Taken::Again(seen.place)
        } else if number < seen.number {
            Taken::Stale
        } else {
            Taken::New(self.place(lane, sender, number))
        }
    }

    /// The next place, without looking whether this number had one: what happens where nobody dedupes.
    pub fn place(&mut self, lane: usize, sender: usize, number: u32) -> u32 {
        self.last[lane] += 1;
        self.seen[sender] = Seen { number, place: self.last[lane] };
        self.last[lane]
    }

    /// Takes a lane's last place back, and what was known of its sender: a crash before it was durable.
    pub fn undo(&mut self, lane: usize, sender: usize, before: Seen) {
        self.last[lane] -= 1;
        self.seen[sender] = before;
    }

    pub fn seen(&self, sender: usize) -> Seen {
        self.seen[sender]
    }

    /// The last place of a lane; 0 if it has none.
    pub fn last(&self, lane: usize) -> u32 {
        self.last[lane]
    }

    pub fn weight(&self) -> usize {
        self.last.bytes() + self.seen.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};
    use std::collections::BTreeMap;

    #[test]
    fn a_repeat_gets_the_place_it_had() {
        let mut order = Sequencer::new(2, 2);
        assert_eq!([order.take(0, 0, 1), order.take(0, 1, 1), order.take(0, 0, 1)], [Taken::New(1), Taken::New(2), Taken::Again(1)]);
        assert_eq!([order.take(1, 0, 2), order.take(0, 0, 1)], [Taken::New(1), Taken::Stale]);
        assert_eq!(order.place(0, 1, 1), 3, "nobody looks: the same message has two places");
    }

    proptest! {
        /// Against every message ever seen, by its name; with crashes that take back what was not durable.
        #[test]
        fn a_pair_per_sender_is_enough(ops in proptest::collection::vec((0u8..8, 0usize..3, 0usize..3), 1..200)) {
            let mut order = Sequencer::new(3, 3);
            let mut named: BTreeMap<(usize, u32), (usize, u32)> = BTreeMap::new();
            let (mut lanes, mut next, mut sent_to) = ([0u32; 3], [0u32; 3], [0usize; 3]);
            let mut journal: Vec<(usize, usize, u32, Seen)> = Vec::new();
            for (what, lane, sender) in ops {
                match what {
                    // The sender's next message, once it has been answered.
                    0..=3 => {
                        next[sender] += 1;
                        sent_to[sender] = lane;
                        let before = order.seen(sender);
                        lanes[lane] += 1;
                        prop_assert_eq!(order.take(lane, sender, next[sender]), Taken::New(lanes[lane]));
                        named.insert((sender, next[sender]), (lane, lanes[lane]));
                        journal.push((lane, sender, next[sender], before));
                    }
                    // A copy of one it sent: the last, or one before.
                    4 | 5 => {
                        let number = if what == 4 { next[sender] } else { next[sender].saturating_sub(1) };
                        if number == 0 { continue; }
                        let expected = if number == next[sender] { Taken::Again(named[&(sender, number)].1) } else { Taken::Stale };
                        prop_assert_eq!(order.take(sent_to[sender], sender, number), expected);
                    }
                    6 => journal.clear(),
                    _ => while let Some((lane, sender, number, before)) = journal.pop() {
                        order.undo(lane, sender, before);
                        named.remove(&(sender, number));
                        lanes[lane] -= 1;
                        // The sender was not answered, so it has that one still on its way.
                        next[sender] = next[sender].min(number - 1);
                    },
                }
                prop_assert_eq!([order.last(0), order.last(1), order.last(2)], lanes);
            }
        }
    }
}
