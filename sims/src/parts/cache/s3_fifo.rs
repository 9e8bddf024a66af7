//! S3-FIFO: Yang et al., "FIFO queues are all you need for cache eviction" (SOSP 2023).
//!
//! Newcomers wait in a small queue; only what is used again there goes on to the main queue, so that a scan passes through a tenth of the
//! room. What left the small queue is remembered by fingerprint, and goes straight to the main queue if it comes back. A hit only raises a
//! counter: nothing is moved, so the queues are plain rings of slot numbers and an entry is half a cache line.

use super::slab::{Slab, Slot};
use super::{Cache, Entry};
use crate::kernel::time::Time;
use crate::parts::hash::mix;
use std::collections::VecDeque;

/// Share of the room for newcomers: one part in so many.
const SMALL_PART: u64 = 10;
/// Uses that are counted at most.
const USES_MAX: u32 = 3;
/// Bits of the slot's tag: it stands in the main queue; it was removed and only its place in the queue is left. The rest are its uses.
const MAIN: u32 = 1 << 31;
const DEAD: u32 = 1 << 30;
const USES: u32 = DEAD - 1;
/// Places of removed entries that the queues may hold beyond as many as there are living ones.
const DEAD_SPARE: usize = 64;

#[derive(Clone, Debug)]
pub struct S3Fifo<V> {
    capacity: u64,
    slab: Slab<V, ()>,
    small: Queue,
    main: Queue,
    dead: usize,
    ghosts: Ghosts,
}

/// Slots in order of arrival, newest at the front.
#[derive(Clone, Debug, Default)]
struct Queue {
    ids: VecDeque<u32>,
    /// Of the living.
    bytes: u64,
}

impl<V: Clone> S3Fifo<V> {
    #[inline]
    fn queue(&mut self, tag: u32) -> &mut Queue {
        if tag & MAIN == 0 { &mut self.small } else { &mut self.main }
    }

    /// Takes an entry out; its place in the queue goes when its turn comes.
    fn bury(&mut self, id: u32) {
        let Slot { tag, bytes, .. } = *self.slab.at(id);
        self.queue(tag).bytes -= u64::from(bytes);
        self.slab.at_mut(id).tag |= DEAD;
        self.slab.forget(id);
        self.dead += 1;
        if self.dead > self.slab.len() + DEAD_SPARE {
            self.clear_away();
        }
    }

    fn clear_away(&mut self) {
        for queue in [&mut self.small, &mut self.main] {
            queue.ids.retain(|id| {
                let lives = self.slab.at(*id).tag & DEAD == 0;
                if !lives {
                    self.slab.release(*id);
                }
                lives
            });
        }
        self.dead = 0;
    }

    fn make_room(&mut self, bytes: u32, out: &mut Vec<(u64, V)>) {
        while self.used() + u64::from(bytes) > self.capacity {
            let from_small = self.small.bytes >= self.capacity / SMALL_PART || self.main.bytes == 0;
            let more = (from_small && self.leave_small(out)) || self.leave_main(out) || self.leave_small(out);
            if !more {
                return;
            }
        }
    }

    /// The oldest newcomer goes on, or out. False if there is none.
    fn leave_small(&mut self, out: &mut Vec<(u64, V)>) -> bool {
        let Some(id) = self.small.ids.pop_back() else { return false };
        let slot = self.slab.at_mut(id);
        if slot.tag & DEAD != 0 {
            self.dead -= 1;
            self.slab.release(id);
            return true;
        }
        let bytes = u64::from(slot.bytes);
        self.small.bytes -= bytes;
        if slot.tag & USES > 0 {
            slot.tag = MAIN;
            self.main.bytes += bytes;
            self.main.ids.push_front(id);
        } else {
            let hash = mix(slot.key);
            self.ghosts.remember(hash, self.slab.len());
            out.push(self.slab.pair(id));
            self.slab.forget_hashed(id, hash);
            self.slab.release(id);
        }
        true
    }

    /// The oldest of the main queue goes round once more for each use it had, else out. False if there is none.
    fn leave_main(&mut self, out: &mut Vec<(u64, V)>) -> bool {
        let Some(id) = self.main.ids.pop_back() else { return false };
        let slot = self.slab.at_mut(id);
        if slot.tag & DEAD != 0 {
            self.dead -= 1;
            self.slab.release(id);
        } else if slot.tag & USES > 0 {
            slot.tag -= 1;
            self.main.ids.push_front(id);
        } else {
            self.main.bytes -= u64::from(slot.bytes);
            out.push(self.slab.pair(id));
            self.slab.remove(id);
        }
        true
    }

    /// A replaced value keeps its place and its uses: it has earned them.
    fn replace(&mut self, id: u32, entry: Entry<V>) {
        let Slot { tag, bytes, .. } = *self.slab.at(id);
        let queue = self.queue(tag);
        queue.bytes = queue.bytes - u64::from(bytes) + u64::from(entry.bytes);
        let slot = self.slab.at_mut(id);
        (slot.value, slot.bytes, slot.expires) = (entry.value, entry.bytes, entry.expires);
    }
}

impl<V: Clone> Cache<V> for S3Fifo<V> {
    fn with_capacity(bytes: u64) -> Self {
        S3Fifo { capacity: bytes, slab: Slab::default(), small: Queue::default(), main: Queue::default(), dead: 0, ghosts: Ghosts::default() }
    }

    #[inline]
    fn get(&mut self, key: u64, now: Time) -> Option<&V> {
        let id = self.slab.find(key)?;
        if self.slab.at(id).expires <= now {
            self.bury(id);
            return None;
        }
        let slot = self.slab.at_mut(id);
        if slot.tag & USES < USES_MAX {
            slot.tag += 1;
        }
        Some(&slot.value)
    }

    fn put(&mut self, key: u64, entry: Entry<V>, _now: Time, out: &mut Vec<(u64, V)>) {
        let hash = mix(key);
        let held = self.slab.find_hashed(key, hash);
        if u64::from(entry.bytes) > self.capacity {
            if let Some(id) = held {
                self.bury(id);
            }
            return out.push((key, entry.value));
        }
        if let Some(id) = held {
            self.replace(id, entry);
            return self.make_room(0, out);
        }
        self.make_room(entry.bytes, out);
        let tag = if self.ghosts.knows(hash) { MAIN } else { 0 };
        let bytes = u64::from(entry.bytes);
        let id = self.slab.insert_hashed(key, hash, entry, tag);
        let queue = self.queue(tag);
        queue.bytes += bytes;
        queue.ids.push_front(id);
    }

    fn remove(&mut self, key: u64) -> Option<V> {
        let id = self.slab.find(key)?;
        let value = self.slab.at(id).value.clone();
        self.bury(id);
        Some(value)
    }

    fn peek(&self, key: u64) -> Option<&V> {
        self.slab.find(key).map(|id| &self.slab.at(id).value)
    }

    fn used(&self) -> u64 {
        self.small.bytes + self.main.bytes
    }

    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn len(&self) -> usize {
        self.slab.len()
    }

    fn entries(&self) -> Vec<(u64, Entry<V>)> {
        self.slab.iter().map(|s| (s.key, Entry { value: s.value.clone(), bytes: s.bytes, expires: s.expires })).collect()
    }
}

/// The latest departures, as many as there are entries: a table of 15 bits of the key's hash beside 16 of the departure's number. A cell is
/// overwritten by whoever falls on it, which now and then forgets one early; two keys of one cell are confused once in 32,768.
#[derive(Clone, Debug, Default)]
struct Ghosts {
    cells: Vec<u32>,
    departed: u32,
    /// Departures per step of the number that is kept, so that the remembered ones span a quarter of its range.
    step_bits: u32,
    remembered: u32,
}

impl Ghosts {
    fn remember(&mut self, hash: u64, entries: usize) {
        let wanted = (entries.max(8) * 2).next_power_of_two();
        if self.cells.len() < wanted {
            // Starts anew at the larger size: growing happens while the cache fills for the first time.
            self.cells = vec![0; wanted];
            self.step_bits = wanted.trailing_zeros().saturating_sub(14);
            self.departed = 0;
        }
        self.remembered = entries as u32;
        self.departed = self.departed.wrapping_add(1);
        let at = self.cell(hash);
        self.cells[at] = fingerprint(hash) | self.step();
    }

    #[inline]
    fn knows(&self, hash: u64) -> bool {
        if self.cells.is_empty() {
            return false;
        }
        let ghost = self.cells[self.cell(hash)];
        ghost & !0xffff == fingerprint(hash) && (self.step().wrapping_sub(ghost) & 0xffff) <= self.remembered >> self.step_bits
    }

    fn step(&self) -> u32 {
        (self.departed >> self.step_bits) & 0xffff
    }

    #[inline]
    fn cell(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.cells.len() - 1)
    }
}

/// The upper half of a cell; never zero, which stands for nobody.
#[inline]
fn fingerprint(hash: u64) -> u32 {
    (hash as u32 & !0xffff) | 1 << 31
}
