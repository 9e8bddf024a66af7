//! Wheels against a sorted list, and the costs that Varghese and Lauck derive.

use super::*;
use crate::kernel::rng::Rng;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

/// What one wheel must do, done by sorting everything at every look.
#[derive(Default)]
struct Naive {
    now: u64,
    /// Effective tick, number of the insert, due tick.
    waiting: Vec<(u64, u64, u64)>,
}

impl Naive {
    fn advance(&mut self, to: u64) -> Vec<(u64, u64)> {
        self.waiting.sort_unstable();
        let due = self.waiting.partition_point(|(effective, ..)| *effective <= to);
        self.now = self.now.max(to);
        self.waiting.drain(..due).map(|(_, number, due)| (due, number)).collect()
    }
}

#[derive(Clone, Debug)]
enum Op {
    Insert { ahead: u64 },
    InsertPast { behind: u64 },
    Cancel { which: usize },
    Advance { by: u64 },
}

/// Distances of every size: a slot, a level, several levels.
fn distance() -> impl Strategy<Value = u64> {
    (0u32..40, any::<u64>()).prop_map(|(bits, random)| random & ((1 << bits) - 1))
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => distance().prop_map(|ahead| Op::Insert { ahead }),
        1 => (0u64..100).prop_map(|behind| Op::InsertPast { behind }),
        2 => any::<usize>().prop_map(|which| Op::Cancel { which }),
        3 => distance().prop_map(|by| Op::Advance { by }),
    ];
    proptest::collection::vec(op, 1..120)
}

proptest! {
    #[test]
    fn a_hierarchy_fires_as_a_sorted_list(start in distance(), ops in ops()) {
        let (mut wheel, mut naive, mut tickets) = (Wheel::at(start), Naive { now: start, ..Naive::default() }, Vec::new());
        for (number, op) in ops.into_iter().enumerate() {
            let number = number as u64;
            match op {
                Op::Insert { .. } | Op::InsertPast { .. } => {
                    let due = match op { Op::Insert { ahead } => naive.now + ahead, Op::InsertPast { behind } => naive.now.saturating_sub(behind), _ => 0 };
                    tickets.push((number, wheel.insert(due, number)));
                    naive.waiting.push((due.max(naive.now), number, due));
                }
                Op::Cancel { which } if !tickets.is_empty() => {
                    let (number, ticket) = tickets[which % tickets.len()];
                    let at = naive.waiting.iter().position(|(_, n, _)| *n == number);
                    prop_assert_eq!(wheel.cancel(ticket), at.map(|_| number));
                    prop_assert_eq!(wheel.cancel(ticket), None, "a ticket is good once");
                    if let Some(at) = at { naive.waiting.remove(at); }
                }
                Op::Cancel { .. } => {}
                Op::Advance { by } => {
                    let to = naive.now + by;
                    let mut fired = Vec::new();
                    wheel.advance(to, |due, number| fired.push((due, number)));
                    prop_assert_eq!(fired, naive.advance(to));
                    prop_assert_eq!(wheel.now(), naive.now);
                }
            }
            prop_assert_eq!(wheel.len(), naive.waiting.len());
            let first = naive.waiting.iter().map(|(effective, ..)| *effective).min();
            prop_assert_eq!(wheel.next().is_some(), first.is_some());
            prop_assert!(wheel.next() <= first, "never told too late");
        }
    }

    /// One revolution at a time, so that its order is that of ticks too.
    #[test]
    fn a_hashed_wheel_fires_as_a_sorted_list(slots in 1usize..70, ops in ops()) {
        let (mut wheel, mut naive, mut tickets) = (Hashed::at(0, slots), Naive::default(), Vec::new());
        for (number, op) in ops.into_iter().enumerate() {
            let number = number as u64;
            match op {
                Op::Insert { .. } | Op::InsertPast { .. } => {
                    let due = match op { Op::Insert { ahead } => naive.now + ahead % 4096, Op::InsertPast { behind } => naive.now.saturating_sub(behind), _ => 0 };
                    tickets.push((number, wheel.insert(due, number)));
                    naive.waiting.push((due.max(naive.now + 1), number, due));
                }
                Op::Cancel { which } if !tickets.is_empty() => {
                    let (number, ticket) = tickets[which % tickets.len()];
                    let at = naive.waiting.iter().position(|(_, n, _)| *n == number);
                    prop_assert_eq!(wheel.cancel(ticket), at.map(|_| number));
                    if let Some(at) = at { naive.waiting.remove(at); }
                }
                Op::Cancel { .. } => {}
                Op::Advance { by } => {
                    let to = naive.now + by % 4096;
                    let whole = to - naive.now > slots as u64;
                    let mut fired = Vec::new();
                    wheel.advance(to, |due, number| fired.push((due, number)));
                    let mut expected = naive.advance(to);
                    if whole {
                        fired.sort_unstable();
                        expected.sort_unstable();
                    }
                    prop_assert_eq!(fired, expected);
                }
            }
            prop_assert_eq!(wheel.len(), naive.waiting.len());
        }
    }
}

#[test]
fn a_timer_moves_once_per_level_at_most() {
    for (ahead, levels) in [(1, 1), (63, 1), (64, 2), (4_095, 2), (4_096, 3), (1 << 30, 6), (u64::MAX, 11)] {
        let mut wheel = Wheel::default();
        wheel.insert(ahead, ());
        let mut fired = 0;
        wheel.advance(ahead.saturating_sub(1), |_, ()| fired += 1);
        assert_eq!(fired, 0, "{ahead} fires early");
        wheel.advance(ahead, |_, ()| fired += 1);
        assert_eq!((fired, wheel.is_empty()), (1, true));
        // Set, moved down at most once per level, fired.
        assert!(wheel.steps() <= 1 + levels, "{ahead}: {} steps", wheel.steps());
    }
}

/// Per tick a hashed wheel looks at pending ÷ slots timers on average (section 6.1 of the paper); a hierarchy's work follows what fires.
#[test]
fn a_crowded_slot_costs_a_hashed_wheel_and_not_a_hierarchy() {
    const TIMERS: u64 = 25_600;
    const SLOTS: u64 = 256;
    let mut rng = Rng::stream(1, "timers");
    let (mut hashed, mut wheel) = (Hashed::at(0, SLOTS as usize), Wheel::default());
    for _ in 0..TIMERS {
        let due = 10_000_000 + rng.below(10_000_000);
        hashed.insert(due, ());
        wheel.insert(due, ());
    }
    let (hashed_set, wheel_set) = (hashed.steps(), wheel.steps());
    for tick in 1..=2_560 {
        hashed.advance(tick, |_, ()| {});
        wheel.advance(tick, |_, ()| {});
    }
    let per_tick = (hashed.steps() - hashed_set) as f64 / 2_560.0;
    assert!((per_tick - 1.0 - (TIMERS / SLOTS) as f64).abs() < 0.5, "{per_tick}");
    assert_eq!(wheel.steps(), wheel_set, "nothing is due, so nothing is touched");
}

#[test]
fn a_slot_is_used_again_and_its_old_ticket_is_void() {
    let mut wheel = Wheel::default();
    let old = wheel.insert(5, "old");
    assert_eq!(wheel.cancel(old), Some("old"));
    let new = wheel.insert(6, "new");
    assert_eq!((wheel.cancel(old), wheel.len()), (None, 1));
    assert_eq!(wheel.cancel(new), Some("new"));
}
