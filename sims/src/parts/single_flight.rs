//! Single flight: of many who want the same thing at once, one fetches and the others wait for what it brings.

use std::collections::BTreeMap;

/// Flights under way, by key, each with those who wait. `W` is whatever names a waiter.
#[derive(Clone, Debug)]
pub struct SingleFlight<K, W> {
    flights: BTreeMap<K, Vec<W>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// Nobody fetches this yet: go.
    Lead,
    /// Somebody does: wait.
    Wait,
}

impl<K, W> Default for SingleFlight<K, W> {
    fn default() -> Self {
        SingleFlight { flights: BTreeMap::new() }
    }
}

impl<K: Ord, W> SingleFlight<K, W> {
    pub fn join(&mut self, key: K, who: W) -> Seat {
        match self.flights.entry(key) {
            std::collections::btree_map::Entry::Vacant(empty) => {
                empty.insert(Vec::new());
                Seat::Lead
            }
            std::collections::btree_map::Entry::Occupied(mut flight) => {
                flight.get_mut().push(who);
                Seat::Wait
            }
        }
    }

    /// The flight is over, well or badly: gives those who wait. Failing must land too, or its waiters wait for ever.
    pub fn land(&mut self, key: &K) -> Vec<W> {
        self.flights.remove(key).unwrap_or_default()
    }

    pub fn under_way(&self) -> usize {
        self.flights.len()
    }

    pub fn clear(&mut self) {
        self.flights.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Between two landings of a key exactly one leads, and everyone else is handed back once, in order.
        #[test]
        fn one_leads_and_nobody_is_lost(ops in proptest::collection::vec((0u8..4, any::<bool>()), 0..100)) {
            let mut flights = SingleFlight::default();
            let mut naive: [Option<Vec<usize>>; 4] = Default::default();
            for (who, (key, lands)) in ops.into_iter().enumerate() {
                let slot = &mut naive[key as usize];
                if lands {
                    prop_assert_eq!(flights.land(&key), slot.take().unwrap_or_default());
                } else {
                    let expected = match slot {
                        None => { *slot = Some(Vec::new()); Seat::Lead }
                        Some(waiters) => { waiters.push(who); Seat::Wait }
                    };
                    prop_assert_eq!(flights.join(key, who), expected);
                }
            }
            prop_assert_eq!(flights.under_way(), naive.iter().flatten().count());
        }
    }
}
