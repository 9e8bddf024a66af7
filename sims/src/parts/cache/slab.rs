//! What the policies share: entries in one slab, lists threaded through them, and an open-addressed index from key to entry.

use super::Entry;
use crate::kernel::time::Time;
use crate::parts::hash::mix;

/// No entry.
pub const NONE: u32 = u32::MAX;

/// Neighbours in a list.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    before: u32,
    after: u32,
}

impl Default for Links {
    fn default() -> Self {
        Links { before: NONE, after: NONE }
    }
}

/// An entry, and its place in a list if its policy keeps one: without, it is half a cache line.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub struct Slot<V, L = Links> {
    pub key: u64,
    pub links: L,
    pub bytes: u32,
    /// The policy's own: a frequency, a queue, a mark.
    pub tag: u32,
    pub expires: Time,
    pub value: V,
}

/// Slots that are reused, found by key.
#[derive(Clone, Debug)]
pub struct Slab<V, L = Links> {
    slots: Vec<Slot<V, L>>,
    free: Vec<u32>,
    index: Index,
}

impl<V, L> Default for Slab<V, L> {
    fn default() -> Self {
        Slab { slots: Vec::new(), free: Vec::new(), index: Index::default() }
    }
}

impl<V: Clone, L: Default> Slab<V, L> {
    pub fn len(&self) -> usize {
        self.index.len
    }

    #[inline]
    pub fn find(&self, key: u64) -> Option<u32> {
        self.find_hashed(key, mix(key))
    }

    /// For callers that have mixed the key already.
    #[inline]
    pub fn find_hashed(&self, key: u64, hash: u64) -> Option<u32> {
        self.index.find(hash as u32, |id| self.slots[id as usize].key == key)
    }

    #[inline]
    pub fn at(&self, id: u32) -> &Slot<V, L> {
        &self.slots[id as usize]
    }

    #[inline]
    pub fn at_mut(&mut self, id: u32) -> &mut Slot<V, L> {
        &mut self.slots[id as usize]
    }

    pub fn pair(&self, id: u32) -> (u64, V) {
        let slot = self.at(id);
        (slot.key, slot.value.clone())
    }

    /// Puts a key in that is not there.
    pub fn insert(&mut self, key: u64, entry: Entry<V>, tag: u32) -> u32 {
        self.insert_hashed(key, mix(key), entry, tag)
    }

    pub fn insert_hashed(&mut self, key: u64, hash: u64, entry: Entry<V>, tag: u32) -> u32 {
        let slot = Slot { key, links: L::default(), bytes: entry.bytes, tag, expires: entry.expires, value: entry.value };
        let id = match self.free.pop() {
            Some(id) => {
                self.slots[id as usize] = slot;
                id
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as u32
            }
        };
        self.index.insert(hash as u32, id);
        id
    }

    pub fn remove(&mut self, id: u32) {
        self.forget(id);
        self.release(id);
    }

    /// Its key is found no longer; the slot stays taken.
    pub fn forget(&mut self, id: u32) {
        self.forget_hashed(id, mix(self.slots[id as usize].key));
    }

    pub fn forget_hashed(&mut self, id: u32, hash: u64) {
        self.index.remove(hash as u32, id);
    }

    pub fn release(&mut self, id: u32) {
        self.free.push(id);
    }

    /// Entries in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Slot<V, L>> {
        self.index.cells.iter().filter(|cell| cell.id != NONE).map(|cell| &self.slots[cell.id as usize])
    }
}

/// A doubly linked list through slots: front is the newest.
#[derive(Clone, Copy, Debug)]
pub struct List {
    pub front: u32,
    pub back: u32,
    pub len: usize,
    pub bytes: u64,
}

impl Default for List {
    fn default() -> Self {
        List { front: NONE, back: NONE, len: 0, bytes: 0 }
    }
}

impl List {
    #[inline]
    pub fn push_front<V: Clone>(&mut self, slab: &mut Slab<V>, id: u32) {
        let front = self.front;
        let slot = slab.at_mut(id);
        slot.links = Links { before: NONE, after: front };
        self.bytes += u64::from(slot.bytes);
        if front == NONE {
            self.back = id;
        } else {
            slab.at_mut(front).links.before = id;
        }
        self.front = id;
        self.len += 1;
    }

    #[inline]
    pub fn unlink<V: Clone>(&mut self, slab: &mut Slab<V>, id: u32) {
        let Slot { links: Links { before, after }, bytes, .. } = *slab.at(id);
        self.bytes -= u64::from(bytes);
        self.len -= 1;
        if before == NONE {
            self.front = after;
        } else {
            slab.at_mut(before).links.after = after;
        }
        if after == NONE {
            self.back = before;
        } else {
            slab.at_mut(after).links.before = before;
        }
    }

    #[inline]
    pub fn move_to_front<V: Clone>(&mut self, slab: &mut Slab<V>, id: u32) {
        if self.front != id {
            self.unlink(slab, id);
            self.push_front(slab, id);
        }
    }

    pub fn pop_back<V: Clone>(&mut self, slab: &mut Slab<V>) -> Option<u32> {
        let id = self.back;
        if id == NONE {
            return None;
        }
        self.unlink(slab, id);
        Some(id)
    }
}

/// Linear probing over cells of eight bytes: half a hash that spares nearly every false visit to the slab, and a slot.
#[derive(Clone, Debug, Default)]
struct Index {
    cells: Vec<Probe>,
    len: usize,
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    /// The low half of the key's hash; its low bits are also the cell it would like to be in.
    hash: u32,
    id: u32,
}

const EMPTY: Probe = Probe { hash: 0, id: NONE };

impl Index {
    #[inline]
    fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        if self.cells.is_empty() {
            return None;
        }
        let mask = self.cells.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let cell = self.cells[at];
            if cell.id == NONE {
                return None;
            }
            if cell.hash == hash && is(cell.id) {
                return Some(cell.id);
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, hash: u32, id: u32) {
        if (self.len + 1) * 2 > self.cells.len() {
            self.grow();
        }
        self.len += 1;
        self.place(Probe { hash, id });
    }

    fn place(&mut self, probe: Probe) {
        let mask = self.cells.len() - 1;
        let mut at = probe.hash as usize & mask;
        while self.cells[at].id != NONE {
            at = (at + 1) & mask;
        }
        self.cells[at] = probe;
    }

    fn grow(&mut self) {
        let cells = (self.cells.len() * 2).max(16);
        let old = std::mem::replace(&mut self.cells, vec![EMPTY; cells]);
        for probe in old.into_iter().filter(|p| p.id != NONE) {
            self.place(probe);
        }
    }

    /// Removes by shifting the rest of the cluster back, so that no graves slow later look-ups.
    fn remove(&mut self, hash: u32, id: u32) {
        let mask = self.cells.len() - 1;
        let mut hole = hash as usize & mask;
        while self.cells[hole].id != id {
            if self.cells[hole].id == NONE {
                return;
            }
            hole = (hole + 1) & mask;
        }
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & mask;
            let probe = self.cells[at];
            if probe.id == NONE {
                break;
            }
            let home = probe.hash as usize & mask;
            // It may move into the hole only if the hole lies between its home and where it stands.
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(hole) & mask) {
                self.cells[hole] = probe;
                hole = at;
            }
        }
        self.cells[hole] = EMPTY;
    }
}
