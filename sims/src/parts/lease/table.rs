//! A table of leases: for each name at most one holder, until a moment of the clock that reads the table.

use crate::kernel::time::{Span, Time};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What a holder was lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease<O> {
    pub owner: O,
    /// Above every number this table gave before, whatever the name.
    pub token: u64,
    /// Over at this moment: alive while now is before it.
    pub until: Time,
}

/// A row whose time is over stays until somebody takes the name or it is swept: it is the same to every reader. The table has
/// no clock. Replicas that must agree keep `Time::MAX` here and let one of them count ([`super::Deadlines`]).
#[derive(Clone, Debug)]
pub struct Table<K, O> {
    held: BTreeMap<K, Lease<O>>,
    issued: u64,
}

impl<K, O> Default for Table<K, O> {
    fn default() -> Self {
        Table { held: BTreeMap::new(), issued: 0 }
    }
}

impl<K: Ord, O: Copy + PartialEq> Table<K, O> {
    /// Set if absent. Who holds the name already and asks again, because the answer was lost, keeps the token and gets the full time.
    ///
    /// # Errors
    /// The lease that stands in the way.
    pub fn take(&mut self, key: K, owner: O, now: Time, length: Span) -> Result<u64, Lease<O>> {
        let until = now + length;
        match self.held.entry(key) {
            Entry::Occupied(mut slot) if now < slot.get().until => {
                let lease = slot.get_mut();
                if lease.owner != owner {
                    return Err(*lease);
                }
                lease.until = lease.until.max(until);
                Ok(lease.token)
            }
            slot => {
                self.issued += 1;
                slot.insert_entry(Lease { owner, token: self.issued, until });
                Ok(self.issued)
            }
        }
    }

    /// Lengthens a lease, if it is this owner's and alive. Never shortens one.
    pub fn renew(&mut self, key: &K, owner: O, now: Time, length: Span) -> bool {
        match self.held.get_mut(key) {
            Some(lease) if lease.owner == owner && now < lease.until => {
                lease.until = lease.until.max(now + length);
                true
            }
            _ => false,
        }
    }

    /// Compare and delete, in one step: frees the name if it is this owner's, alive or not.
    pub fn release(&mut self, key: &K, owner: O) -> bool {
        let own = self.held.get(key).is_some_and(|lease| lease.owner == owner);
        if own {
            self.held.remove(key);
        }
        own
    }

    /// Frees the name, whoever holds it.
    pub fn remove(&mut self, key: &K) -> Option<Lease<O>> {
        self.held.remove(key)
    }

    /// The lease that is alive.
    pub fn get(&self, key: &K, now: Time) -> Option<&Lease<O>> {
        self.kept(key).filter(|lease| now < lease.until)
    }

    /// The latest lease, alive or not.
    pub fn kept(&self, key: &K) -> Option<&Lease<O>> {
        self.held.get(key)
    }

    /// Rows, alive or not.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Lease<O>)> {
        self.held.iter()
    }

    /// Takes out what is over.
    pub fn sweep(&mut self, now: Time) -> Vec<(K, Lease<O>)> {
        self.held.extract_if(.., |_, lease| lease.until <= now).collect()
    }

    /// Replaces everything by what another table held: its rows, and the highest token it gave.
    pub fn restore(&mut self, rows: impl IntoIterator<Item = (K, Lease<O>)>, issued: u64) {
        self.held = rows.into_iter().collect();
        self.issued = issued;
    }

    /// The earliest end of those kept.
    pub fn next_end(&self) -> Option<Time> {
        self.held.values().map(|lease| lease.until).min()
    }

    /// The highest token given.
    pub fn issued(&self) -> u64 {
        self.issued
    }

    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Forgets the leases. Numbers go on rising.
    pub fn clear(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LENGTH: u64 = 10;

    /// Everything that was ever granted, and what became of it.
    #[derive(Clone, Debug)]
    struct Row {
        key: u64,
        owner: u64,
        token: u64,
        until: u64,
        freed: bool,
    }

    proptest! {
        /// Against the list of all grants: at most one alive per name, tokens rise, only the holder renews and frees.
        #[test]
        fn a_name_has_one_holder(ops in proptest::collection::vec((0u8..5, 0u64..3, 0u64..3, 0u64..6), 0..150)) {
            let mut table: Table<u64, u64> = Table::default();
            let mut all: Vec<Row> = Vec::new();
            let mut now = 0;
            for (what, key, owner, passed) in ops {
                now += passed;
                let alive = all.iter().position(|row| row.key == key && !row.freed && now < row.until);
                match what {
                    0 | 1 => match (table.take(key, owner, Time(now), Span(LENGTH)), alive) {
                        (Ok(token), Some(at)) => {
                            prop_assert_eq!((all[at].owner, all[at].token), (owner, token));
                            all[at].until = now + LENGTH;
                        }
                        (Ok(token), None) => {
                            prop_assert!(all.iter().all(|row| row.token < token));
                            all.push(Row { key, owner, token, until: now + LENGTH, freed: false });
                        }
                        (Err(lease), at) => {
                            let row = &all[at.unwrap()];
                            prop_assert!(row.owner != owner);
                            prop_assert_eq!((lease.owner, lease.token, lease.until), (row.owner, row.token, Time(row.until)));
                        }
                    },
                    2 => {
                        let own = alive.filter(|at| all[*at].owner == owner);
                        prop_assert_eq!(table.renew(&key, owner, Time(now), Span(LENGTH)), own.is_some());
                        if let Some(at) = own { all[at].until = now + LENGTH; }
                    }
                    3 => {
                        // The row stays after its time, so the latest owner may still free it.
                        let latest = all.iter().rposition(|row| row.key == key).filter(|at| !all[*at].freed && all[*at].owner == owner);
                        let gone = table.kept(&key).is_none();
                        prop_assert_eq!(table.release(&key, owner), latest.is_some() && !gone);
                        if let Some(at) = latest { all[at].freed = true; }
                    }
                    _ => {
                        for (key, lease) in table.sweep(Time(now)) {
                            prop_assert!(lease.until <= Time(now));
                            prop_assert!(all.iter().any(|row| row.key == key && row.token == lease.token && row.until <= now));
                        }
                        prop_assert!(table.next_end().is_none_or(|end| end > Time(now)));
                    }
                }
                let alive = all.iter().find(|row| row.key == key && !row.freed && now < row.until);
                prop_assert_eq!(table.get(&key, Time(now)).map(|lease| lease.token), alive.map(|row| row.token));
            }
        }
    }

    #[test]
    fn a_repeated_request_gets_the_same_token_and_the_full_time() {
        let mut table = Table::default();
        assert_eq!(table.take("report", 7, Time(0), Span(LENGTH)), Ok(1));
        assert_eq!(table.take("report", 7, Time(4), Span(LENGTH)), Ok(1));
        assert_eq!(table.take("report", 8, Time(13), Span(LENGTH)), Err(Lease { owner: 7, token: 1, until: Time(14) }));
        assert_eq!(table.take("report", 8, Time(14), Span(LENGTH)), Ok(2));
    }

    /// The slow holder of the sources' lock (errata E8): with the comparison its release at 12 frees nothing.
    #[test]
    fn a_late_release_frees_nobody_else() {
        let mut table = Table::default();
        assert_eq!(table.take("report", 'a', Time(0), Span(LENGTH)), Ok(1));
        assert_eq!(table.take("report", 'b', Time(10), Span(LENGTH)), Ok(2));
        assert!(!table.release(&"report", 'a') && table.get(&"report", Time(12)).is_some());
        assert_eq!(table.remove(&"report").map(|lease| lease.owner), Some('b'));
    }
}
