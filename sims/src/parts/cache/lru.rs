//! Least recently used: a list in order of use, the oldest goes.

use super::slab::{List, Slab};
use super::{Cache, Entry};
use crate::kernel::time::Time;

#[derive(Clone, Debug)]
pub struct Lru<V> {
    capacity: u64,
    slab: Slab<V>,
    order: List,
}

impl<V: Clone> Lru<V> {
    fn drop_entry(&mut self, id: u32) {
        self.order.unlink(&mut self.slab, id);
        self.slab.remove(id);
    }
}

impl<V: Clone> Cache<V> for Lru<V> {
    fn with_capacity(bytes: u64) -> Self {
        Lru { capacity: bytes, slab: Slab::default(), order: List::default() }
    }

    fn get(&mut self, key: u64, now: Time) -> Option<&V> {
        let id = self.slab.find(key)?;
        if self.slab.at(id).expires <= now {
            self.drop_entry(id);
            return None;
        }
        self.order.move_to_front(&mut self.slab, id);
        Some(&self.slab.at(id).value)
    }

    fn put(&mut self, key: u64, entry: Entry<V>, _now: Time, out: &mut Vec<(u64, V)>) {
        if let Some(id) = self.slab.find(key) {
            self.drop_entry(id);
        }
        if u64::from(entry.bytes) > self.capacity {
            return out.push((key, entry.value));
        }
        while self.order.bytes + u64::from(entry.bytes) > self.capacity {
            let Some(oldest) = self.order.pop_back(&mut self.slab) else { break };
            out.push(self.slab.pair(oldest));
            self.slab.remove(oldest);
        }
        let id = self.slab.insert(key, entry, 0);
        self.order.push_front(&mut self.slab, id);
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
        self.order.bytes
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
