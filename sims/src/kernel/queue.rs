//! The event queue: earliest time first, and of one time in the order they were put in.
//!
//! A heap with four children per node (Johnson, 1975) over 16-byte keys: time, sequence number and the slot of the payload in one
//! `u128`, so that one comparison decides and payloads never move. Half the levels of a binary heap, and the four children of a
//! node fill one cache line.

use super::time::Time;

/// Keys hold this many bits of sequence and of slot: 10^12 events a run, 16 M pending at once.
const SLOT_BITS: u32 = 24;
const SLOT_MASK: u128 = (1 << SLOT_BITS) - 1;
const SEQUENCE_MAX: u64 = 1 << 40;
/// Four keys to a cache line.
const ARITY: usize = 4;
/// The root stands last in its line, so that the children of the key at `at` fill line `at - 2`, and the parent of line `n` is at `n + 2`.
const ROOT: usize = ARITY - 1;
const NO_KEY: u128 = u128::MAX;

/// Names a pending event, to cancel it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    pub(crate) slot: u32,
    sequence: u64,
}

#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: Heap,
    payloads: Vec<Payload<E>>,
    free: Vec<u32>,
    next: u64,
    cancelled: usize,
}

#[derive(Clone, Debug)]
struct Payload<E> {
    sequence: u64,
    /// None once cancelled or taken.
    event: Option<E>,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Queue { heap: Heap::default(), payloads: Vec::new(), free: Vec::new(), next: 0, cancelled: 0 }
    }
}

impl<E> Queue<E> {
    /// Events pending, cancelled ones left out.
    pub fn len(&self) -> usize {
        self.heap.len - self.cancelled
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// # Panics
    /// With more than 16 M events pending or 10^12 put: no design comes near.
    #[inline]
    pub fn put(&mut self, at: Time, event: E) -> Ticket {
        let sequence = self.next;
        assert!(sequence < SEQUENCE_MAX, "more than 2^40 events in one run");
        self.next += 1;
        let payload = Payload { sequence, event: Some(event) };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.payloads[slot as usize] = payload;
                slot
            }
            None => {
                let slot = self.payloads.len() as u32;
                assert!(slot < 1 << SLOT_BITS, "more than 2^24 events pending");
                self.payloads.push(payload);
                slot
            }
        };
        let key = (u128::from(at.0) << 64) | (u128::from(sequence) << SLOT_BITS) | u128::from(slot);
        self.heap.put(key);
        Ticket { slot, sequence }
    }

    /// Time of the earliest event.
    #[inline]
    pub fn peek(&mut self) -> Option<Time> {
        self.drop_cancelled();
        self.heap.first().map(|key| Time((key >> 64) as u64))
    }

    /// Takes the earliest event: its time, its sequence number and itself.
    #[inline]
    pub fn take(&mut self) -> Option<(Time, u64, E)> {
        loop {
            let key = *self.heap.first()?;
            let slot = (key & SLOT_MASK) as u32;
            // The payload first: with many pending it is far away, and its way here passes while the heap is mended.
            let event = self.payloads[slot as usize].event.take();
            self.heap.drop_first();
            self.free.push(slot);
            match event {
                Some(event) => return Some((Time((key >> 64) as u64), (key as u64) >> SLOT_BITS, event)),
                None => self.cancelled -= 1,
            }
        }
    }

    /// Slot of the event that was taken last: free now, so that it is the next to be filled.
    pub(crate) fn last_slot(&self) -> usize {
        self.free.last().map_or(0, |slot| *slot as usize)
    }

    /// Takes a pending event back; none if it was taken or cancelled before. Its key stays in the heap until its time.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let payload = self.payloads.get_mut(ticket.slot as usize)?;
        if payload.sequence != ticket.sequence {
            return None;
        }
        let event = payload.event.take()?;
        self.cancelled += 1;
        Some(event)
    }

    /// Bytes of the keys and the payloads, without what the payloads point to.
    pub fn weight(&self) -> usize {
        self.heap.lines.capacity() * std::mem::size_of::<Line>()
            + self.payloads.capacity() * std::mem::size_of::<Payload<E>>()
            + self.free.capacity() * std::mem::size_of::<u32>()
    }

    fn drop_cancelled(&mut self) {
        while self.cancelled > 0 {
            let Some(key) = self.heap.first() else { return };
            let slot = (key & SLOT_MASK) as u32;
            if self.payloads[slot as usize].event.is_some() {
                return;
            }
            self.heap.drop_first();
            self.free.push(slot);
            self.cancelled -= 1;
        }
    }
}

/// The keys, four to a cache line; places without a key hold the largest there is.
#[derive(Clone, Debug, Default)]
struct Heap {
    lines: Vec<Line>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line([u128; ARITY]);

impl Heap {
    #[inline]
    fn first(&self) -> Option<&u128> {
        if self.len == 0 { None } else { Some(&self.lines[0].0[ROOT]) }
    }

    #[inline]
    fn key(&mut self, at: usize) -> &mut u128 {
        &mut self.lines[at / ARITY].0[at % ARITY]
    }

    /// Moves a hole from the end towards the root until `key` fits.
    #[inline]
    fn put(&mut self, key: u128) {
        let mut at = self.len + ROOT;
        if at / ARITY == self.lines.len() {
            self.lines.push(Line([NO_KEY; ARITY]));
        }
        self.len += 1;
        while at > ROOT {
            let parent = at / ARITY + 2;
            let above = *self.key(parent);
            if above <= key {
                break;
            }
            *self.key(at) = above;
            at = parent;
        }
        *self.key(at) = key;
    }

    /// Takes the first key out; there is one.
    #[inline]
    fn drop_first(&mut self) {
        self.len -= 1;
        let last = std::mem::replace(self.key(self.len + ROOT), NO_KEY);
        if self.len > 0 {
            self.sink(last);
        }
    }

    /// Moves a hole from the root down until `key` fits.
    #[inline]
    fn sink(&mut self, key: u128) {
        let mut at = ROOT;
        // A line past the end has no keys below it; one that is part full holds the largest key where it has none.
        while let Some(Line(four)) = self.lines.get(at - 2) {
            // Two by two, so that the comparisons do not wait for each other.
            let left = if four[1] < four[0] { (1, four[1]) } else { (0, four[0]) };
            let right = if four[3] < four[2] { (3, four[3]) } else { (2, four[2]) };
            let (place, least) = if right.1 < left.1 { right } else { left };
            if least >= key {
                break;
            }
            let child = (at - 2) * ARITY + place;
            *self.key(at) = least;
            at = child;
        }
        *self.key(at) = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Op {
        Put(u64),
        Take,
        Cancel(usize),
        Peek,
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![4 => (0u64..50).prop_map(Op::Put), 3 => Just(Op::Take), 1 => (0usize..100).prop_map(Op::Cancel), 1 => Just(Op::Peek)];
        prop::collection::vec(op, 0..400)
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(ops in ops()) {
            let mut queue = Queue::default();
            let mut model: BTreeMap<(u64, u64), usize> = BTreeMap::new();
            let mut tickets = Vec::new();
            for op in ops {
                match op {
                    Op::Put(at) => {
                        let event = tickets.len();
                        let ticket = queue.put(Time(at), event);
                        model.insert((at, ticket.sequence), event);
                        tickets.push((at, ticket));
                    }
                    Op::Take => {
                        let expected = model.pop_first().map(|((at, sequence), event)| (Time(at), sequence, event));
                        prop_assert_eq!(queue.take(), expected);
                    }
                    Op::Cancel(n) => {
                        if let Some((at, ticket)) = tickets.get(n) {
                            prop_assert_eq!(queue.cancel(*ticket), model.remove(&(*at, ticket.sequence)));
                        }
                    }
                    Op::Peek => prop_assert_eq!(queue.peek(), model.keys().next().map(|(at, _)| Time(*at))),
                }
                prop_assert_eq!(queue.len(), model.len());
            }
        }
    }
}
