//! Timing wheels: timers in slots by their time, so that setting, cancelling and firing one costs the same however many wait.
//!
//! Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987): [`Hashed`] is their scheme 6, one wheel whose slots hold
//! unsorted timers of any revolution; [`Wheel`] is scheme 7, a hierarchy of wheels with 64 slots each, from the coarser of which timers
//! cascade to the finer when their turn comes. A word of 64 bits per level says which slots are taken, so that empty ones are stepped over.
//! Time is counted in ticks; what a tick is, is the caller's affair.

use std::mem::size_of;

/// Names a timer that waits, to cancel it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    slot: u32,
    turn: u32,
}

const NIL: u32 = u32::MAX;
const SLOTS: usize = 64;
const BITS: u32 = 6;
/// Eleven levels of six bits reach every tick of 64 bits.
pub const LEVELS: usize = 11;

/// Timers in a slab, chained in both directions, so that any of them can be taken out at once.
#[derive(Clone, Debug)]
struct Slab<T> {
    timers: Vec<Timer<T>>,
    free: u32,
    waiting: usize,
}

#[derive(Clone, Debug)]
struct Timer<T> {
    due: u64,
    next: u32,
    before: u32,
    /// The list it is in, so that cancelling finds its head.
    list: u32,
    /// Counts the slot's uses: a ticket of an earlier one names nothing.
    turn: u32,
    payload: Option<T>,
}

/// First and last of a chain: timers of one list keep the order they were put in.
#[derive(Clone, Copy, Debug)]
struct List {
    first: u32,
    last: u32,
}

const EMPTY: List = List { first: NIL, last: NIL };

impl<T> Slab<T> {
    fn new() -> Slab<T> {
        Slab { timers: Vec::new(), free: NIL, waiting: 0 }
    }

    fn put(&mut self, due: u64, payload: T) -> u32 {
        self.waiting += 1;
        if self.free == NIL {
            self.timers.push(Timer { due, next: NIL, before: NIL, list: NIL, turn: 0, payload: Some(payload) });
            return (self.timers.len() - 1) as u32;
        }
        let at = self.free;
        let timer = &mut self.timers[at as usize];
        self.free = timer.next;
        (timer.due, timer.payload) = (due, Some(payload));
        at
    }

    /// Gives the slot back; its ticket is void from now on.
    fn take(&mut self, at: u32) -> Option<(u64, T)> {
        let timer = &mut self.timers[at as usize];
        let payload = timer.payload.take()?;
        timer.turn = timer.turn.wrapping_add(1);
        timer.next = self.free;
        self.free = at;
        self.waiting -= 1;
        Some((timer.due, payload))
    }

    fn ticket(&self, at: u32) -> Ticket {
        Ticket { slot: at, turn: self.timers[at as usize].turn }
    }

    fn find(&self, ticket: Ticket) -> Option<u32> {
        self.timers.get(ticket.slot as usize).filter(|timer| timer.turn == ticket.turn && timer.payload.is_some()).map(|_| ticket.slot)
    }

    fn append(&mut self, lists: &mut [List], list: usize, at: u32) {
        let last = std::mem::replace(&mut lists[list].last, at);
        if last == NIL {
            lists[list].first = at;
        } else {
            self.timers[last as usize].next = at;
        }
        let timer = &mut self.timers[at as usize];
        (timer.before, timer.next, timer.list) = (last, NIL, list as u32);
    }

    fn unlink(&mut self, lists: &mut [List], at: u32) -> usize {
        let Timer { next, before, list, .. } = self.timers[at as usize];
        let list = list as usize;
        if before == NIL {
            lists[list].first = next;
        } else {
            self.timers[before as usize].next = next;
        }
        if next == NIL {
            lists[list].last = before;
        } else {
            self.timers[next as usize].before = before;
        }
        list
    }

    fn weight(&self) -> usize {
        self.timers.capacity() * size_of::<Timer<T>>()
    }
}

/// A hierarchy of wheels: setting and cancelling touch one slot, and a timer moves at most once per level until it fires.
#[derive(Clone, Debug)]
pub struct Wheel<T> {
    slab: Slab<T>,
    lists: Vec<List>,
    taken: [u64; LEVELS],
    now: u64,
    steps: u64,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Wheel::at(0)
    }
}

impl<T> Wheel<T> {
    /// An empty wheel that stands at tick `now`.
    pub fn at(now: u64) -> Wheel<T> {
        Wheel { slab: Slab::new(), lists: vec![EMPTY; LEVELS * SLOTS], taken: [0; LEVELS], now, steps: 0 }
    }

    pub fn len(&self) -> usize {
        self.slab.waiting
    }

    pub fn is_empty(&self) -> bool {
        self.slab.waiting == 0
    }

    /// The tick up to which everything has fired.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Which slots of each level are taken, a bit each: the finest level first.
    pub fn taken(&self) -> &[u64; LEVELS] {
        &self.taken
    }

    /// Timers touched so far: set, moved down a level, fired, cancelled.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sets a timer. One for a tick that has passed fires with the next advance, whichever tick that is for.
    pub fn insert(&mut self, due: u64, payload: T) -> Ticket {
        let at = self.slab.put(due, payload);
        self.place(at);
        self.slab.ticket(at)
    }

    /// Takes a timer back; none if it has fired or was cancelled before.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<T> {
        let at = self.slab.find(ticket)?;
        self.steps += 1;
        let list = self.slab.unlink(&mut self.lists, at);
        if self.lists[list].first == NIL {
            self.taken[list / SLOTS] &= !(1 << (list % SLOTS));
        }
        self.slab.take(at).map(|(_, payload)| payload)
    }

    /// A tick before which nothing fires: exact for the finest level, else the turn of a coarser slot. None if nothing waits.
    pub fn next(&self) -> Option<u64> {
        self.next_slot().map(|(tick, _, _)| tick)
    }

    /// Moves time on to tick `to` and calls `fire` with each timer due by then, in order of ticks.
    pub fn advance(&mut self, to: u64, mut fire: impl FnMut(u64, T)) {
        while let Some((tick, level, slot)) = self.next_slot().filter(|(tick, _, _)| *tick <= to) {
            self.now = self.now.max(tick);
            let list = level * SLOTS + slot;
            let mut at = std::mem::replace(&mut self.lists[list], EMPTY).first;
            self.taken[level] &= !(1 << slot);
            while at != NIL {
                let next = self.slab.timers[at as usize].next;
                if level == 0 {
                    self.steps += 1;
                    if let Some((due, payload)) = self.slab.take(at) {
                        fire(due, payload);
                    }
                } else {
                    self.place(at);
                }
                at = next;
            }
        }
        self.now = self.now.max(to);
    }

    /// The level is that of the highest six bits in which the due tick differs from now: below it the two lie in one slot, so the
    /// timer's slot is always one that this level has not come to yet.
    fn place(&mut self, at: u32) {
        self.steps += 1;
        let due = self.slab.timers[at as usize].due.max(self.now);
        let level = (63 - ((due ^ self.now) | (SLOTS as u64 - 1)).leading_zeros()) / BITS;
        let slot = (due >> (level * BITS)) as usize % SLOTS;
        self.slab.append(&mut self.lists, level as usize * SLOTS + slot, at);
        self.taken[level as usize] |= 1 << slot;
    }

    /// The earliest slot that is taken: its first tick, level and number. Whatever stands on a finer level comes before.
    fn next_slot(&self) -> Option<(u64, usize, usize)> {
        self.taken.iter().enumerate().find(|(_, taken)| **taken != 0).map(|(level, taken)| {
            let slot = taken.trailing_zeros() as u64;
            let width = level as u32 * BITS;
            // The bits above this level are those of now; the highest level has none above.
            let above = if width + BITS >= 64 { 0 } else { self.now >> (width + BITS) << (width + BITS) };
            (above | (slot << width), level, slot as usize)
        })
    }

    /// Bytes it holds, without what payloads point to.
    pub fn weight(&self) -> usize {
        self.slab.weight() + self.lists.capacity() * size_of::<List>()
    }
}

/// One wheel: the slot is the due tick modulo the number of slots, and each visit looks at every timer of its slot.
/// Good while slots outnumber timers; with many more, each tick looks at timers of many revolutions to come.
#[derive(Clone, Debug)]
pub struct Hashed<T> {
    slab: Slab<T>,
    lists: Vec<List>,
    now: u64,
    steps: u64,
}

impl<T> Hashed<T> {
    /// An empty wheel of so many slots that stands at tick `now`.
    pub fn at(now: u64, slots: usize) -> Hashed<T> {
        Hashed { slab: Slab::new(), lists: vec![EMPTY; slots.max(1)], now, steps: 0 }
    }

    pub fn len(&self) -> usize {
        self.slab.waiting
    }

    pub fn is_empty(&self) -> bool {
        self.slab.waiting == 0
    }

    pub fn now(&self) -> u64 {
        self.now
    }

    /// Timers looked at so far, and slots visited.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// As [`Wheel::insert`].
    pub fn insert(&mut self, due: u64, payload: T) -> Ticket {
        self.steps += 1;
        let at = self.slab.put(due, payload);
        // What has passed goes to the slot that comes next.
        let list = due.max(self.now.saturating_add(1)) % self.lists.len() as u64;
        self.slab.append(&mut self.lists, list as usize, at);
        self.slab.ticket(at)
    }

    /// As [`Wheel::cancel`].
    pub fn cancel(&mut self, ticket: Ticket) -> Option<T> {
        let at = self.slab.find(ticket)?;
        self.steps += 1;
        self.slab.unlink(&mut self.lists, at);
        self.slab.take(at).map(|(_, payload)| payload)
    }

    /// As [`Wheel::advance`], but one tick after the other; a jump over more than a revolution visits each slot once, and
    /// then what it finds is in order of slots.
    pub fn advance(&mut self, to: u64, mut fire: impl FnMut(u64, T)) {
        let slots = self.lists.len() as u64;
        for tick in (self.now.saturating_add(1)..=to).take(slots as usize) {
            self.steps += 1;
            let mut at = self.lists[(tick % slots) as usize].first;
            // In order of ticks, unless this visit stands for several revolutions.
            let until = if to - self.now > slots { to } else { tick };
            while at != NIL {
                self.steps += 1;
                let Timer { due, next, .. } = self.slab.timers[at as usize];
                if due <= until {
                    self.slab.unlink(&mut self.lists, at);
                    if let Some((due, payload)) = self.slab.take(at) {
                        fire(due, payload);
                    }
                }
                at = next;
            }
        }
        self.now = self.now.max(to);
    }

    /// As [`Wheel::weight`].
    pub fn weight(&self) -> usize {
        self.slab.weight() + self.lists.capacity() * size_of::<List>()
    }
}

#[cfg(test)]
mod tests;
