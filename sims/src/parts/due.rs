//! What is due next: timers by tick, in a timing wheel or in a binary heap, with the work each does counted alike.

use super::wheel::{self, Wheel};
use std::collections::BTreeSet;
use std::mem::size_of;

/// Names a timer that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ticket {
    Wheel(wheel::Ticket),
    /// Its number and its tick.
    Heap(u64, u64),
}

#[derive(Clone, Debug)]
pub enum Due<T> {
    Wheel(Wheel<T>),
    Heap(Heap<T>),
}

impl<T> Due<T> {
    pub fn wheel(now: u64) -> Due<T> {
        Due::Wheel(Wheel::at(now))
    }

    pub fn heap() -> Due<T> {
        Due::Heap(Heap::default())
    }

    pub fn insert(&mut self, due: u64, payload: T) -> Ticket {
        match self {
            Due::Wheel(wheel) => Ticket::Wheel(wheel.insert(due, payload)),
            Due::Heap(heap) => Ticket::Heap(heap.insert(due, payload), due),
        }
    }

    /// Takes a timer back: whether it was still waiting.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        match (self, ticket) {
            (Due::Wheel(wheel), Ticket::Wheel(ticket)) => wheel.cancel(ticket).is_some(),
            (Due::Heap(heap), Ticket::Heap(number, due)) => heap.cancel(number, due),
            _ => false,
        }
    }

    /// Calls `fire` with each timer due by tick `to`, in order of ticks.
    pub fn advance(&mut self, to: u64, fire: impl FnMut(u64, T)) {
        match self {
            Due::Wheel(wheel) => wheel.advance(to, fire),
            Due::Heap(heap) => heap.advance(to, fire),
        }
    }

    /// A tick before which nothing is due; none if nothing waits.
    pub fn next(&self) -> Option<u64> {
        match self {
            Due::Wheel(wheel) => wheel.next(),
            Due::Heap(heap) => heap.timers.first().map(|timer| timer.due),
        }
    }

    /// Which slots of each level of the wheel are taken; none for a heap.
    pub fn taken(&self) -> Option<[u64; wheel::LEVELS]> {
        match self {
            Due::Wheel(wheel) => Some(*wheel.taken()),
            Due::Heap(_) => None,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Due::Wheel(wheel) => wheel.len(),
            Due::Heap(heap) => heap.live.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Timers touched so far: in the wheel set, moved down, fired; in the heap compared.
    pub fn steps(&self) -> u64 {
        match self {
            Due::Wheel(wheel) => wheel.steps(),
            Due::Heap(heap) => heap.steps,
        }
    }

    /// Bytes it holds, near enough.
    pub fn weight(&self) -> usize {
        match self {
            Due::Wheel(wheel) => wheel.weight(),
            Due::Heap(heap) => heap.timers.capacity() * size_of::<Timer<T>>() + heap.live.len() * size_of::<(u64, u64)>() * 3 / 2,
        }
    }
}

/// A binary heap (Williams, 1964) over tick and number; what is cancelled stays until its time.
#[derive(Clone, Debug)]
pub struct Heap<T> {
    timers: Vec<Timer<T>>,
    /// Number and tick of those that wait and were not cancelled.
    live: BTreeSet<(u64, u64)>,
    next: u64,
    steps: u64,
}

#[derive(Clone, Debug)]
struct Timer<T> {
    due: u64,
    number: u64,
    payload: T,
}

impl<T> Default for Heap<T> {
    fn default() -> Self {
        Heap { timers: Vec::new(), live: BTreeSet::new(), next: 0, steps: 0 }
    }
}

impl<T> Heap<T> {
    fn insert(&mut self, due: u64, payload: T) -> u64 {
        let number = self.next;
        self.next += 1;
        self.live.insert((number, due));
        self.timers.push(Timer { due, number, payload });
        let mut at = self.timers.len() - 1;
        while at > 0 && self.before(at, (at - 1) / 2) {
            self.timers.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
        number
    }

    fn cancel(&mut self, number: u64, due: u64) -> bool {
        self.live.remove(&(number, due))
    }

    fn advance(&mut self, to: u64, mut fire: impl FnMut(u64, T)) {
        while self.timers.first().is_some_and(|timer| timer.due <= to) {
            let timer = self.timers.swap_remove(0);
            self.sink();
            if self.live.remove(&(timer.number, timer.due)) {
                fire(timer.due, timer.payload);
            }
        }
    }

    /// The last timer stands in the first place: down with it.
    fn sink(&mut self) {
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= self.timers.len() {
                return;
            }
            let child = if right < self.timers.len() && self.before(right, left) { right } else { left };
            if !self.before(child, at) {
                return;
            }
            self.timers.swap(child, at);
            at = child;
        }
    }

    fn before(&mut self, a: usize, b: usize) -> bool {
        self.steps += 1;
        (self.timers[a].due, self.timers[a].number) < (self.timers[b].due, self.timers[b].number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::Rng;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    proptest! {
        /// Both give what a sorted list gives, whatever is cancelled.
        #[test]
        fn wheel_and_heap_fire_alike(ops in proptest::collection::vec((0u8..4, 0u64..5_000, any::<usize>()), 1..150)) {
            let mut indexes = [Due::wheel(0), Due::heap()];
            let (mut tickets, mut naive, mut now) = (Vec::new(), Vec::new(), 0u64);
            for (number, (what, distance, which)) in ops.into_iter().enumerate() {
                match what {
                    0 | 1 => {
                        tickets.push((number, indexes.each_mut().map(|index| index.insert(now + distance, number))));
                        naive.push((now + distance, number));
                    }
                    2 if !tickets.is_empty() => {
                        let (number, both) = tickets[which % tickets.len()];
                        let at = naive.iter().position(|(_, n)| *n == number);
                        for (index, ticket) in indexes.iter_mut().zip(both) {
                            prop_assert_eq!(index.cancel(ticket), at.is_some());
                        }
                        if let Some(at) = at { naive.remove(at); }
                    }
                    _ => {
                        now += distance;
                        naive.sort_unstable();
                        let due = naive.partition_point(|(due, _)| *due <= now);
                        let expected: Vec<_> = naive.drain(..due).collect();
                        for index in &mut indexes {
                            let mut fired = Vec::new();
                            index.advance(now, |due, number| fired.push((due, number)));
                            prop_assert_eq!(&fired, &expected);
                        }
                    }
                }
                for index in &indexes {
                    prop_assert_eq!(index.len(), naive.len());
                    prop_assert!(naive.is_empty() || index.next() <= naive.iter().map(|(due, _)| Some(*due)).min().flatten());
                }
            }
        }
    }

    /// The wheel's work per timer stays, the heap's grows with the logarithm of how many wait.
    #[test]
    fn a_heap_compares_more_the_more_wait() {
        let per_timer = |mut index: Due<u64>, pending: u64| {
            let mut rng = Rng::stream(1, "due");
            for n in 0..pending {
                index.insert(1 + rng.below(1 << 20), n);
            }
            let mut fired = 0;
            index.advance(1 << 20, |_, _| fired += 1);
            assert_eq!(fired, pending);
            index.steps() as f64 / pending as f64
        };
        let [small, large] = [1 << 10, 1 << 16].map(|n| (per_timer(Due::wheel(0), n), per_timer(Due::heap(), n)));
        assert!(large.0 < small.0 + 0.5, "wheel: {small:?} {large:?}");
        // Taking the least costs about 2 log2 n comparisons: six doublings add about twelve.
        assert!((8.0..14.0).contains(&(large.1 - small.1)), "heap: {small:?} {large:?}");
    }
}
