//! Evicts what would expire soonest anyway, and keeps the queue of expiries that lets a sweep find them.

use super::slab::Slab;
use super::{Cache, Entry};
use crate::kernel::time::Time;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
pub struct SoonestToExpire<V> {
    capacity: u64,
    used: u64,
    slab: Slab<V>,
    queue: BTreeSet<(Time, u64)>,
}

impl<V: Clone> SoonestToExpire<V> {
    fn drop_entry(&mut self, id: u32) {
        let slot = self.slab.at(id);
        self.queue.remove(&(slot.expires, slot.key));
        self.used -= u64::from(slot.bytes);
        self.slab.remove(id);
    }
}

impl<V: Clone> Cache<V> for SoonestToExpire<V> {
    fn with_capacity(bytes: u64) -> Self {
        SoonestToExpire { capacity: bytes, used: 0, slab: Slab::default(), queue: BTreeSet::new() }
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
        if let Some(id) = self.slab.find(key) {
            self.drop_entry(id);
        }
        if u64::from(entry.bytes) > self.capacity {
            return out.push((key, entry.value));
        }
        while self.used + u64::from(entry.bytes) > self.capacity {
            let Some((_, soonest)) = self.queue.first().copied() else { break };
            if let Some(id) = self.slab.find(soonest) {
                out.push(self.slab.pair(id));
                self.drop_entry(id);
            }
        }
        self.used += u64::from(entry.bytes);
        self.queue.insert((entry.expires, key));
        self.slab.insert(key, entry, 0);
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
