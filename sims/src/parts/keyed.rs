//! A table from u64 keys to values, open-addressed: found or claimed through a shared reference, grown through an exclusive one.
//!
//! Generic over the word that holds a key: with `Cell` for one thread, with an atomic for many. A slot's value is there from
//! the start, so that claiming a slot is one compare-and-swap of its key and nobody ever sees a value half made.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// A word that can be claimed.
pub trait Word {
    fn new(value: u64) -> Self;
    fn get(&self) -> u64;
    /// Sets it to `new` if it is `old`, else tells what it is.
    ///
    /// # Errors
    /// The value found.
    fn claim(&self, old: u64, new: u64) -> Result<(), u64>;
}

impl Word for Cell<u64> {
    fn new(value: u64) -> Self {
        Cell::new(value)
    }

    #[inline]
    fn get(&self) -> u64 {
        self.get()
    }

    #[inline]
    fn claim(&self, old: u64, new: u64) -> Result<(), u64> {
        let found = self.get();
        if found == old {
            self.set(new);
            Ok(())
        } else {
            Err(found)
        }
    }
}

/// Relaxed everywhere: the values were made before the table was shared.
impl Word for AtomicU64 {
    fn new(value: u64) -> Self {
        AtomicU64::new(value)
    }

    #[inline]
    fn get(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    #[inline]
    fn claim(&self, old: u64, new: u64) -> Result<(), u64> {
        self.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed).map(|_| ())
    }
}

/// A free slot's key. The key of this value is kept under [`STAND_IN`].
const FREE: u64 = 0;
/// An arbitrary number. The one key equal to it shares a slot with key 0, so `slot` refuses it.
const STAND_IN: u64 = 0x9E37_79B9_7F4A_7C15;

#[derive(Clone, Debug)]
struct Slot<K, V> {
    key: K,
    value: V,
}

#[derive(Clone, Debug)]
pub struct Keyed<K, V> {
    /// A power of two of them.
    slots: Vec<Slot<K, V>>,
    shift: u32,
    /// The longest search before the table counts as full.
    reach: usize,
}

/// Folded multiplication: every bit of the key moves the upper bits of the product's two halves.
#[inline]
fn hash(key: u64) -> u64 {
    let product = u128::from(key ^ 0xA076_1D64_78BD_642F) * 0xE703_7ED1_A0B4_28DB;
    (product >> 64) as u64 ^ product as u64
}

/// Searches are never longer than this many slots (two kilobytes): beyond it the table is too full to be fast.
const REACH_MAX: usize = 128;

impl<K: Word, V> Keyed<K, V> {
    /// Room for `keys` keys, at most three quarters full.
    pub fn with_room(keys: usize, mut fresh: impl FnMut() -> V) -> Self {
        let count = (keys.max(6) * 4 / 3).next_power_of_two();
        let slots = (0..count).map(|_| Slot { key: K::new(FREE), value: fresh() }).collect();
        Keyed { slots, shift: 64 - count.trailing_zeros(), reach: REACH_MAX.min(count) }
    }

    /// The value of `key`, claiming a slot if it has none. Nothing if there is none near enough.
    #[inline]
    pub fn slot(&self, key: u64) -> Option<&V> {
        self.place(key).map(|at| &self.slots[at].value)
    }

    #[inline]
    fn place(&self, key: u64) -> Option<usize> {
        let key = match key {
            FREE => STAND_IN,
            STAND_IN => return None,
            key => key,
        };
        let (mask, home) = (self.slots.len() - 1, (hash(key) >> self.shift) as usize);
        for step in 0..self.reach {
            let at = (home + step) & mask;
            let slot = &self.slots[at];
            let found = slot.key.get();
            if found == key {
                return Some(at);
            }
            if found == FREE {
                match slot.key.claim(FREE, key) {
                    Ok(()) => return Some(at),
                    Err(other) if other == key => return Some(at),
                    Err(_) => {}
                }
            }
        }
        None
    }

    /// Every key with its value, in the table's order, which depends only on the keys and how they came.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.slots.iter().filter(|slot| slot.key.get() != FREE).map(|slot| {
            let key = slot.key.get();
            (if key == STAND_IN { 0 } else { key }, &slot.value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_full_table_says_so_and_keeps_what_it_has() {
        let table: Keyed<Cell<u64>, Cell<u64>> = Keyed::with_room(6, || Cell::new(0));
        let mut held = Vec::new();
        for key in 0..100u64 {
            if let Some(value) = table.slot(key) {
                value.set(key + 1);
                held.push(key);
            }
        }
        assert_eq!(held.len(), 8);
        for key in held {
            assert_eq!(table.slot(key).unwrap().get(), key + 1);
        }
        assert!(table.slot(STAND_IN).is_none());
    }

    #[test]
    fn two_threads_that_meet_a_new_key_share_its_slot() {
        let table: Keyed<AtomicU64, AtomicU64> = Keyed::with_room(1000, || AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for key in 0..1000 {
                        table.slot(key).unwrap().fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert!(table.iter().count() == 1000 && table.iter().all(|(_, value)| value.load(Ordering::Relaxed) == 2));
    }

    proptest! {
        #[test]
        fn it_counts_as_a_map_counts(keys in proptest::collection::vec(prop_oneof![0u64..50, any::<u64>()], 0..300)) {
            let table: Keyed<Cell<u64>, Cell<u64>> = Keyed::with_room(400, || Cell::new(0));
            let mut model = BTreeMap::new();
            for key in keys.into_iter().filter(|k| *k != STAND_IN) {
                let value = table.slot(key).unwrap();
                value.set(value.get() + 1);
                *model.entry(key).or_insert(0u64) += 1;
            }
            let held: BTreeMap<u64, u64> = table.iter().map(|(key, value)| (key, value.get())).collect();
            prop_assert_eq!(held, model);
        }
    }
}
