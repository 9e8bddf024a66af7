//! A ready queue whose messages are handed out for a while: hidden until their visibility time-out, gone only when deleted.
//!
//! The contract of Amazon SQS: at least once, a receipt per delivery, a count of deliveries after which a message is set aside. A message's id is
//! taken once, as in its FIFO queues, but until its sender says that it will not come again.

use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One delivery of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed<T> {
    pub receipt: u64,
    pub payload: T,
    /// Deliveries so far, this one included.
    pub received: u32,
}

#[derive(Clone, Debug)]
pub struct Ready<T> {
    known: BTreeSet<u64>,
    /// Every id below was put, or never will be.
    settled: u64,
    ready: VecDeque<Message<T>>,
    /// Hidden messages by receipt.
    hidden: BTreeMap<u64, (Time, Message<T>)>,
    ends: BTreeSet<(Time, u64)>,
    receipts: u64,
}

#[derive(Clone, Debug)]
struct Message<T> {
    payload: T,
    received: u32,
}

impl<T> Default for Ready<T> {
    fn default() -> Self {
        Ready { known: BTreeSet::new(), settled: 0, ready: VecDeque::new(), hidden: BTreeMap::new(), ends: BTreeSet::new(), receipts: 0 }
    }
}

impl<T: Clone> Ready<T> {
    /// Puts a message at the end of the line; not if its id was put before.
    pub fn put(&mut self, id: u64, payload: T) -> bool {
        let new = id >= self.settled && self.known.insert(id);
        if new {
            self.ready.push_back(Message { payload, received: 0 });
        }
        new
    }

    /// Whoever puts says that no id below this will come for the first time: they need not be remembered one by one.
    pub fn settle(&mut self, below: u64) {
        self.settled = self.settled.max(below);
        self.known = self.known.split_off(&self.settled);
    }

    /// Hands out the first message, hidden from others for `visibility`.
    pub fn take(&mut self, now: Time, visibility: Span) -> Option<Handed<T>> {
        let mut message = self.ready.pop_front()?;
        message.received += 1;
        self.receipts += 1;
        let (receipt, until) = (self.receipts, now + visibility);
        let handed = Handed { receipt, payload: message.payload.clone(), received: message.received };
        self.ends.insert((until, receipt));
        self.hidden.insert(receipt, (until, message));
        Some(handed)
    }

    /// Hides a message for `visibility` from now; false if its time was over and it is handed out anew, or deleted.
    pub fn extend(&mut self, receipt: u64, now: Time, visibility: Span) -> bool {
        let Some((until, _)) = self.hidden.get_mut(&receipt) else { return false };
        self.ends.remove(&(*until, receipt));
        *until = now + visibility;
        self.ends.insert((*until, receipt));
        true
    }

    /// The work is done: the message is gone. None for a receipt whose time was over.
    pub fn delete(&mut self, receipt: u64) -> Option<T> {
        self.unhide(receipt).map(|message| message.payload)
    }

    /// Hands a message back: visible at once, at the front; set aside and returned if it has been delivered `most` times.
    pub fn back(&mut self, receipt: u64, most: u32) -> Option<T> {
        let message = self.unhide(receipt)?;
        if message.received >= most {
            return Some(message.payload);
        }
        self.ready.push_front(message);
        None
    }

    /// Brings back what was hidden until now, the first to time out in front. Gives how many, and those that were delivered `most` times.
    pub fn expire(&mut self, now: Time, most: u32) -> (usize, Vec<T>) {
        let mut over = Vec::new();
        while let Some((until, receipt)) = self.ends.first().copied().filter(|(until, _)| *until <= now) {
            self.ends.remove(&(until, receipt));
            over.extend(self.hidden.remove(&receipt).map(|(_, message)| message));
        }
        let (mut returned, mut dead) = (0, Vec::new());
        for message in over.into_iter().rev() {
            if message.received >= most {
                dead.push(message.payload);
            } else {
                returned += 1;
                self.ready.push_front(message);
            }
        }
        (returned, dead)
    }

    /// When the next hidden message becomes visible.
    pub fn next_end(&self) -> Option<Time> {
        self.ends.first().map(|(until, _)| *until)
    }

    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    pub fn hidden(&self) -> usize {
        self.hidden.len()
    }

    /// Whether this delivery is still under way.
    pub fn is_out(&self, receipt: u64) -> bool {
        self.hidden.contains_key(&receipt)
    }

    /// Every message there is, visible or not.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.ready.iter().chain(self.hidden.values().map(|(_, message)| message)).map(|message| &message.payload)
    }

    /// Bytes it holds, without what payloads point to.
    pub fn weight(&self) -> usize {
        self.known.bytes() + self.ready.bytes() + self.hidden.bytes() + self.ends.bytes()
    }

    fn unhide(&mut self, receipt: u64) -> Option<Message<T>> {
        let (until, message) = self.hidden.remove(&receipt)?;
        self.ends.remove(&(until, receipt));
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    /// A message as a row of a table: where it stands in line, or until when which receipt hides it.
    #[derive(Clone, Debug)]
    struct Row {
        id: u64,
        place: i64,
        hidden: Option<(u64, u64)>,
        received: u32,
    }

    proptest! {
        /// Against a table that is searched for everything.
        #[test]
        fn a_queue_is_a_table_searched(ops in proptest::collection::vec((0u8..7, 0u64..12, any::<u64>()), 1..150)) {
            const MOST: u32 = 3;
            let mut queue = Ready::default();
            let (mut table, mut known, mut now, mut receipts, mut front, mut end, mut settled) = (Vec::<Row>::new(), Vec::new(), 0u64, 0u64, 0i64, 0i64, 0u64);
            for (what, number, random) in ops {
                let receipt = 1 + random % (receipts + 1);
                let at = table.iter().position(|row| row.hidden.is_some_and(|(r, _)| r == receipt));
                match what {
                    0 => {
                        let new = number >= settled && !known.contains(&number);
                        prop_assert_eq!(queue.put(number, number), new);
                        if new {
                            known.push(number);
                            end += 1;
                            table.push(Row { id: number, place: end, hidden: None, received: 0 });
                        }
                    }
                    1 => {
                        let handed = queue.take(Time(now), Span(number));
                        let first = table.iter_mut().filter(|row| row.hidden.is_none()).min_by_key(|row| row.place);
                        prop_assert_eq!(handed.is_some(), first.is_some());
                        if let (Some(handed), Some(row)) = (handed, first) {
                            receipts += 1;
                            row.received += 1;
                            row.hidden = Some((receipts, now + number));
                            prop_assert_eq!(handed, Handed { receipt: receipts, payload: row.id, received: row.received });
                        }
                    }
                    2 => {
                        prop_assert_eq!(queue.delete(receipt), at.map(|at| table[at].id));
                        if let Some(at) = at { table.remove(at); }
                    }
                    3 => {
                        prop_assert_eq!(queue.extend(receipt, Time(now), Span(number)), at.is_some());
                        if let Some(at) = at { table[at].hidden = Some((receipt, now + number)); }
                    }
                    4 => {
                        let dead = queue.back(receipt, MOST);
                        prop_assert_eq!(dead, at.map(|at| &table[at]).filter(|row| row.received >= MOST).map(|row| row.id));
                        if let Some(at) = at {
                            if dead.is_some() { table.remove(at); } else { front -= 1; table[at].place = front; table[at].hidden = None; }
                        }
                    }
                    5 => {
                        queue.settle(number / 2);
                        settled = settled.max(number / 2);
                    }
                    _ => {
                        now += number;
                        let mut over: Vec<Row> = table.iter().filter(|row| row.hidden.is_some_and(|(_, until)| until <= now)).cloned().collect();
                        over.sort_by_key(|row| row.hidden.map(|(receipt, until)| (until, receipt)));
                        let (returned, dead) = queue.expire(Time(now), MOST);
                        let mut expected = Vec::new();
                        for row in over.iter().rev() {
                            if row.received >= MOST {
                                expected.push(row.id);
                                table.retain(|r| r.id != row.id);
                            } else if let Some(r) = table.iter_mut().find(|r| r.id == row.id) {
                                front -= 1;
                                (r.place, r.hidden) = (front, None);
                            }
                        }
                        prop_assert_eq!(returned, over.len() - expected.len());
                        prop_assert_eq!(dead, expected);
                    }
                }
                prop_assert_eq!((queue.ready(), queue.hidden()), (table.iter().filter(|r| r.hidden.is_none()).count(), table.iter().filter(|r| r.hidden.is_some()).count()));
                prop_assert_eq!(queue.next_end(), table.iter().filter_map(|row| row.hidden.map(|(_, until)| Time(until))).min());
            }
        }
    }

    #[test]
    fn a_receipt_is_void_once_its_time_is_over() {
        let mut queue = Ready::default();
        queue.put(1, "mail");
        let first = queue.take(Time(0), Span(10)).unwrap();
        assert_eq!(queue.take(Time(9), Span(10)), None, "hidden");
        assert_eq!(queue.expire(Time(10), 5), (1, vec![]));
        let second = queue.take(Time(10), Span(10)).unwrap();
        assert_eq!((second.payload, second.received), ("mail", 2));
        assert_eq!(queue.delete(first.receipt), None, "the slow worker deletes nothing");
        assert_eq!(queue.delete(second.receipt), Some("mail"));
    }
}
