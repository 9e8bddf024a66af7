//! An "LRU" as it is often written: reads do not refresh the order, and replacing a value counts its bytes again.
//!
//! It is a FIFO whose idea of its own size only grows. (The version this follows also looped for ever on a value larger than
//! the cache; here such a value is refused after the cache has been emptied for it.)

use super::slab::{List, Slab};
use super::{Cache, Entry};
use crate::kernel::time::Time;

#[derive(Clone, Debug)]
pub struct NaiveLru<V> {
    capacity: u64,
    /// What it believes to hold.
    counted: u64,
    slab: Slab<V>,
    order: List,
}

impl<V: Clone> NaiveLru<V> {
    fn drop_entry(&mut self, id: u32) {
        self.counted = self.counted.saturating_sub(u64::from(self.slab.at(id).bytes));
        self.order.unlink(&mut self.slab, id);
        self.slab.remove(id);
    }
}

impl<V: Clone> Cache<V> for NaiveLru<V> {
    fn with_capacity(bytes: u64) -> Self {
        NaiveLru { capacity: bytes, counted: 0, slab: Slab::default(), order: List::default() }
    }

    fn get(&mut self, key: u64, now: Time) -> Option<&V> {
        let id = self.slab.find(key)?;
        if self.slab.at(id).expires <= now {
            self.drop_entry(id);
            return None;
        }
        Some(&self.slab.at(id).value)
    }

    fn put(&mut self, key: u64, entry: Entry<V>, _now: Time, out: &mut Vec<(u64, V)>) {
        while self.counted + u64::from(entry.bytes) > self.capacity {
            let oldest = self.order.back;
            if self.slab.len() == 0 {
                // Everything is gone and it still believes to be full: only forgetting helps.
                self.counted = 0;
                if u64::from(entry.bytes) > self.capacity {
                    return out.push((key, entry.value));
                }
                break;
            }
            out.push(self.slab.pair(oldest));
            self.drop_entry(oldest);
        }
        self.counted += u64::from(entry.bytes);
        if let Some(id) = self.slab.find(key) {
            // The order keeps its place from the first insertion, and the old bytes stay counted.
            self.order.bytes = self.order.bytes - u64::from(self.slab.at(id).bytes) + u64::from(entry.bytes);
            let slot = self.slab.at_mut(id);
            (slot.value, slot.bytes, slot.expires) = (entry.value, entry.bytes, entry.expires);
            return;
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
        self.counted
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
