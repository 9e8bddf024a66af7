//! S3-FIFO: Yang et al., "FIFO queues are all you need for cache eviction" (SOSP 2023).
//!
//! Newcomers wait in a small queue; only what is used again there goes on to the main queue, so that a scan passes through a tenth of the
//! room. What left the small queue is remembered by fingerprint, and goes straight to the main queue if it comes back. A hit only raises a
//! counter: nothing is moved.

use super::slab::{List, Slab};
use super::{Cache, Entry};
use crate::kernel::time::Time;
use crate::parts::hash::mix;

/// Share of the room for newcomers: one part in so many.
const SMALL_PART: u64 = 10;
/// Uses in the small queue after which an entry goes on to the main queue.
const PROMOTE_AT: u32 = 1;
/// Uses that are counted at most.
const USES_MAX: u32 = 3;
/// Bit of the slot's tag that says it stands in the main queue; the rest are its uses.
const MAIN: u32 = 1 << 31;

#[derive(Clone, Debug)]
pub struct S3Fifo<V> {
    capacity: u64,
    slab: Slab<V>,
    small: List,
    main: List,
    ghosts: Ghosts,
}

impl<V: Clone> S3Fifo<V> {
    fn drop_entry(&mut self, id: u32) {
        let list = if self.slab.at(id).tag & MAIN == 0 { &mut self.small } else { &mut self.main };
        list.unlink(&mut self.slab, id);
        self.slab.remove(id);
    }

    fn used_bytes(&self) -> u64 {
        self.small.bytes + self.main.bytes
    }

    fn make_room(&mut self, bytes: u32, out: &mut Vec<(u64, V)>) {
        while self.used_bytes() + u64::from(bytes) > self.capacity {
            let from_small = self.small.bytes >= self.capacity / SMALL_PART || self.main.len == 0;
            let gone = if from_small { self.leave_small() } else { self.leave_main() };
            if let Some(id) = gone {
                out.push(self.slab.pair(id));
                self.slab.remove(id);
            } else if self.small.len + self.main.len == 0 {
                return;
            }
        }
    }

    /// The oldest newcomer goes on or goes out; out gives it.
    fn leave_small(&mut self) -> Option<u32> {
        let id = self.small.pop_back(&mut self.slab)?;
        let slot = self.slab.at_mut(id);
        if slot.tag >= PROMOTE_AT {
            slot.tag = MAIN;
            self.main.push_front(&mut self.slab, id);
            return None;
        }
        let key = slot.key;
        self.ghosts.remember(key, self.main.len + self.small.len);
        Some(id)
    }

    /// The oldest of the main queue goes round once more for each use it had, else out.
    fn leave_main(&mut self) -> Option<u32> {
        let id = self.main.pop_back(&mut self.slab)?;
        let slot = self.slab.at_mut(id);
        if slot.tag > MAIN {
            slot.tag -= 1;
            self.main.push_front(&mut self.slab, id);
            return None;
        }
        Some(id)
    }
}

impl<V: Clone> Cache<V> for S3Fifo<V> {
    fn with_capacity(bytes: u64) -> Self {
        S3Fifo { capacity: bytes, slab: Slab::default(), small: List::default(), main: List::default(), ghosts: Ghosts::default() }
    }

    #[inline]
    fn get(&mut self, key: u64, now: Time) -> Option<&V> {
        let id = self.slab.find(key)?;
        let slot = self.slab.at_mut(id);
        if slot.expires <= now {
            self.drop_entry(id);
            return None;
        }
        slot.tag = (slot.tag & MAIN) | ((slot.tag & !MAIN) + 1).min(USES_MAX);
        Some(&self.slab.at(id).value)
    }

    fn put(&mut self, key: u64, entry: Entry<V>, _now: Time, out: &mut Vec<(u64, V)>) {
        // A replaced value stays in its queue: it has earned that.
        let mut tag = None;
        if let Some(id) = self.slab.find(key) {
            tag = Some(self.slab.at(id).tag);
            self.drop_entry(id);
        }
        if u64::from(entry.bytes) > self.capacity {
            return out.push((key, entry.value));
        }
        self.make_room(entry.bytes, out);
        let tag = tag.unwrap_or_else(|| if self.ghosts.knows(key) { MAIN } else { 0 });
        let id = self.slab.insert(key, entry, tag);
        let list = if tag & MAIN == 0 { &mut self.small } else { &mut self.main };
        list.push_front(&mut self.slab, id);
    }

    fn remove(&mut self, key: u64) -> Option<V> {
        let id = self.slab.find(key)?;
        self.drop_entry(id);
        Some(self.slab.at(id).value.clone())
    }

    fn peek(&self, key: u64) -> Option<&V> {
        self.slab.find(key).map(|id| &self.slab.at(id).value)
    }

    fn used(&self) -> u64 {
        self.used_bytes()
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

/// The latest departures, as many as there are entries: a table of fingerprints with the number of the departure. A cell is
/// overwritten by whoever falls on it, which now and then forgets one early and costs nothing else.
#[derive(Clone, Debug, Default)]
struct Ghosts {
    cells: Vec<Ghost>,
    departed: u32,
    remembered: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Ghost {
    fingerprint: u32,
    departure: u32,
}

impl Ghosts {
    fn remember(&mut self, key: u64, entries: usize) {
        self.remembered = entries as u32;
        let wanted = (entries.max(8) * 2).next_power_of_two();
        if self.cells.len() < wanted {
            self.grow(wanted);
        }
        self.departed = self.departed.wrapping_add(1);
        let hash = mix(key);
        let at = self.cell(hash);
        self.cells[at] = Ghost { fingerprint: hash as u32 | 1, departure: self.departed };
    }

    #[inline]
    fn knows(&self, key: u64) -> bool {
        if self.cells.is_empty() {
            return false;
        }
        let hash = mix(key);
        let ghost = self.cells[self.cell(hash)];
        ghost.fingerprint == hash as u32 | 1 && self.departed.wrapping_sub(ghost.departure) < self.remembered
    }

    #[inline]
    fn cell(&self, hash: u64) -> usize {
        (hash >> 32) as usize & (self.cells.len() - 1)
    }

    /// Starts anew at the larger size: growing happens while the cache fills for the first time.
    fn grow(&mut self, wanted: usize) {
        self.cells = vec![Ghost::default(); wanted];
    }
}
