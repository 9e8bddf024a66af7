//! Row locks of the store: each is given in the order of asking, and a transaction asks for all of its rows at once, so none can deadlock.

use crate::kernel::weight::{Flat, deep};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    Key(u64),
    Order(u64),
    Payment(u64),
    /// One of the rows of a merchant's balance.
    Balance {
        merchant: u32,
        shard: u32,
    },
}

/// Who waits for what; the first of each queue holds the row.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    queues: BTreeMap<Row, VecDeque<u64>>,
}

impl Locks {
    /// Queues a transaction at each of its rows; true if it holds them all at once.
    pub fn ask(&mut self, who: u64, rows: &[Row]) -> bool {
        for row in rows {
            self.queues.entry(*row).or_default().push_back(who);
        }
        self.holds(who, rows)
    }

    pub fn holds(&self, who: u64, rows: &[Row]) -> bool {
        rows.iter().all(|row| self.queues.get(row).is_some_and(|queue| queue.front() == Some(&who)))
    }

    /// Lets go of rows; gives those who are first in a queue now.
    pub fn release(&mut self, who: u64, rows: &[Row]) -> Vec<u64> {
        let mut next = Vec::new();
        for row in rows {
            let Some(queue) = self.queues.get_mut(row) else { continue };
            queue.retain(|other| *other != who);
            match queue.front() {
                Some(first) if !next.contains(first) => next.push(*first),
                Some(_) => {}
                None => {
                    self.queues.remove(row);
                }
            }
        }
        next
    }

    /// The longest queue, its holder included.
    pub fn longest(&self) -> usize {
        self.queues.values().map(VecDeque::len).max().unwrap_or(0)
    }

    pub fn clear(&mut self) {
        self.queues.clear();
    }

    pub fn weight(&self) -> usize {
        self.queues.bytes() + deep(self.queues.values(), Flat::bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whoever asks for what: no row is held twice, everybody gets through in the end, and each row in the order of asking.
        #[test]
        fn one_holder_a_row_and_nobody_starves(asks in proptest::collection::vec(proptest::collection::btree_set(0u64..4, 1..4), 1..40)) {
            let rows: Vec<Vec<Row>> = asks.iter().map(|set| set.iter().map(|n| Row::Payment(*n)).collect()).collect();
            let mut locks = Locks::default();
            let mut holders: Vec<u64> = Vec::new();
            for (who, rows) in rows.iter().enumerate() {
                if locks.ask(who as u64, rows) { holders.push(who as u64); }
            }
            let mut order: BTreeMap<Row, Vec<u64>> = BTreeMap::new();
            let mut done = 0;
            while let Some(who) = holders.pop() {
                let mine = &rows[who as usize];
                prop_assert!(holders.iter().all(|other| rows[*other as usize].iter().all(|row| !mine.contains(row))));
                mine.iter().for_each(|row| order.entry(*row).or_default().push(who));
                done += 1;
                for next in locks.release(who, mine) {
                    if locks.holds(next, &rows[next as usize]) && !holders.contains(&next) { holders.push(next); }
                }
            }
            prop_assert_eq!(done, rows.len());
            prop_assert!(order.values().all(|order| order.is_sorted()));
            prop_assert_eq!(locks.longest(), 0);
        }
    }
}
