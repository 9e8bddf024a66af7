//! Least frequently used: one list per count of uses, as Shah, Mitra and Matani (2010); of equals the least recent goes.

use super::slab::{List, Slab};
use super::{Cache, Entry};
use crate::kernel::time::Time;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Lfu<V> {
    capacity: u64,
    used: u64,
    slab: Slab<V>,
    /// Entries by how often they were used; the count stands in the slot's tag.
    by_count: BTreeMap<u32, List>,
}

impl<V: Clone> Lfu<V> {
    fn take_out(&mut self, id: u32) {
        let count = self.slab.at(id).tag;
        if let Some(list) = self.by_count.get_mut(&count) {
            list.unlink(&mut self.slab, id);
            if list.len == 0 {
                self.by_count.remove(&count);
            }
        }
    }

    fn drop_entry(&mut self, id: u32) {
        self.take_out(id);
        self.used -= u64::from(self.slab.at(id).bytes);
        self.slab.remove(id);
    }

    fn file(&mut self, id: u32, count: u32) {
        self.slab.at_mut(id).tag = count;
        self.by_count.entry(count).or_default().push_front(&mut self.slab, id);
    }

    fn make_room(&mut self, bytes: u32, out: &mut Vec<(u64, V)>) {
        while self.used + u64::from(bytes) > self.capacity {
            let Some(rarest) = self.by_count.values().next().map(|list| list.back) else { return };
            out.push(self.slab.pair(rarest));
            self.drop_entry(rarest);
        }
    }
}

impl<V: Clone> Cache<V> for Lfu<V> {
    fn with_capacity(bytes: u64) -> Self {
        Lfu { capacity: bytes, used: 0, slab: Slab::default(), by_count: BTreeMap::new() }
    }

    fn get(&mut self, key: u64, now: Time) -> Option<&V> {
        let id = self.slab.find(key)?;
        if self.slab.at(id).expires <= now {
            self.drop_entry(id);
            return None;
        }
        let count = self.slab.at(id).tag.saturating_add(1);
        self.take_out(id);
        self.file(id, count);
        Some(&self.slab.at(id).value)
    }

    fn put(&mut self, key: u64, entry: Entry<V>, _now: Time, out: &mut Vec<(u64, V)>) {
        // A replaced value keeps what its key has earned, and replacing counts as a use.
        let mut count = 1;
        if let Some(id) = self.slab.find(key) {
            count = self.slab.at(id).tag.saturating_add(1);
            self.drop_entry(id);
        }
        if u64::from(entry.bytes) > self.capacity {
            return out.push((key, entry.value));
        }
        self.make_room(entry.bytes, out);
        self.used += u64::from(entry.bytes);
        let id = self.slab.insert(key, entry, count);
        self.file(id, count);
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
        self.used
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
