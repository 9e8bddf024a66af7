//! A file of rows by key, each written by itself.

use super::{Cached, Content, Full, Rng, durable};
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// Rows by key. In a torn crash each row that was not synced stays or goes by itself: what must change together belongs into a log
/// first, as databases do, or into one row.
#[derive(Clone, Debug)]
pub struct TableFile<K: Ord + Clone, V: Clone>(Cached<Rows<K, V>>);

durable!([K: Ord + Clone, V: Clone] TableFile<K, V>);

#[derive(Clone, Debug)]
struct Rows<K, V>(BTreeMap<K, V>);

impl<K: Ord + Clone, V: Clone> Default for TableFile<K, V> {
    fn default() -> Self {
        TableFile(Cached::new(Rows(BTreeMap::new())))
    }
}

impl<K: Ord + Clone, V: Clone> TableFile<K, V> {
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.now.0.get(key)
    }

    /// Writes a row; gives the one it replaces.
    ///
    /// # Errors
    /// The disk is full.
    pub fn insert(&mut self, key: K, value: V) -> Result<Option<V>, Full> {
        self.0.room()?;
        let old = self.0.now.0.insert(key.clone(), value);
        self.0.fresh.entry(key).or_insert_with(|| old.clone());
        Ok(old)
    }

    /// Drops a row, also from a full disk.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let old = self.0.now.0.remove(key)?;
        self.0.fresh.entry(key.clone()).or_insert_with(|| Some(old.clone()));
        Some(old)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.now.0.iter()
    }

    pub fn range(&self, keys: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.now.0.range(keys)
    }

    pub fn len(&self) -> usize {
        self.0.now.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.now.0.is_empty()
    }

    /// Bytes, near enough, without what keys and rows point to.
    pub fn weight(&self) -> usize {
        self.0.now.0.bytes() + self.0.fresh.bytes() + self.0.syncing.as_ref().map_or(0, Flat::bytes)
    }
}

impl<K: Ord + Clone, V: Clone> Content for Rows<K, V> {
    /// What stood at the mark under each key that was changed.
    type Past = BTreeMap<K, Option<V>>;

    fn mark(&self) -> Self::Past {
        BTreeMap::new()
    }

    fn undo(&mut self, past: Self::Past) {
        for (key, old) in past {
            match old {
                Some(old) => self.0.insert(key, old),
                None => self.0.remove(&key),
            };
        }
    }

    fn tear(&mut self, mut past: Self::Past, rng: &mut Rng) {
        past.retain(|_, _| rng.chance(0.5));
        self.undo(past);
    }

    fn emptied(&self) -> Self {
        Rows(BTreeMap::new())
    }
}
