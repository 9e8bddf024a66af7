//! A lock table: shared and exclusive locks with queues in order of arrival, and wait-die against deadlock.
//!
//! Owners are ordered by age: the smaller is the older. Under wait-die (Rosenkrantz, Stearns and Lewis, 1978) an owner waits only
//! for younger ones, so that waiting cannot go in a circle, over any number of tables that know nothing of each other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Shared,
    Exclusive,
}

impl Mode {
    fn conflicts(self, other: Mode) -> bool {
        self == Mode::Exclusive || other == Mode::Exclusive
    }
}

/// What happens to an owner that finds a lock taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// It waits if it is older than all that stand in its way, else it is told to die.
    WaitDie,
    /// It waits. Somebody else must end what waits in a circle.
    Wait,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Granted,
    /// It stands in the queue, and gets the lock from a later release.
    Queued,
    /// It must give up everything it holds and come again, as old as it is.
    Die,
}

#[derive(Clone, Debug)]
struct Lock<O> {
    holders: Vec<(O, Mode)>,
    queue: VecDeque<(O, Mode)>,
}

/// A key, who holds it in which mode, and who waits for it.
pub type Held<'a, K, O> = (K, &'a [(O, Mode)], &'a VecDeque<(O, Mode)>);

/// Locks on keys `K` by owners `O`, whose order is their age.
#[derive(Clone, Debug)]
pub struct Locks<K, O> {
    locks: BTreeMap<K, Lock<O>>,
    /// Which keys an owner holds or waits for.
    of: BTreeMap<O, BTreeSet<K>>,
}

impl<K, O> Default for Locks<K, O> {
    fn default() -> Self {
        Locks { locks: BTreeMap::new(), of: BTreeMap::new() }
    }
}

impl<K: Ord + Copy, O: Ord + Copy> Locks<K, O> {
    pub fn ask(&mut self, key: K, owner: O, mode: Mode, on_conflict: Conflict) -> Asked {
        let lock = self.locks.entry(key).or_insert_with(|| Lock { holders: Vec::new(), queue: VecDeque::new() });
        if lock.queue.iter().any(|(o, _)| *o == owner) {
            return Asked::Queued;
        }
        if let Some(at) = lock.holders.iter().position(|(o, _)| *o == owner) {
            return stronger(lock, at, mode);
        }
        let mut ahead = lock.holders.iter().chain(&lock.queue).filter(|(_, other)| mode.conflicts(*other)).peekable();
        if ahead.peek().is_none() {
            lock.holders.push((owner, mode));
            self.of.entry(owner).or_default().insert(key);
            return Asked::Granted;
        }
        if on_conflict == Conflict::WaitDie && !ahead.all(|(other, _)| owner < *other) {
            return Asked::Die;
        }
        lock.queue.push_back((owner, mode));
        self.of.entry(owner).or_default().insert(key);
        Asked::Queued
    }

    /// Takes a lock without asking: after a crash, for a transaction that held it before. Nobody else may hold it yet.
    pub fn seize(&mut self, key: K, owner: O) {
        let lock = self.locks.entry(key).or_insert_with(|| Lock { holders: Vec::new(), queue: VecDeque::new() });
        if lock.holders.iter().all(|(o, _)| *o != owner) {
            lock.holders.push((owner, Mode::Exclusive));
        }
        self.of.entry(owner).or_default().insert(key);
    }

    /// Gives back all that an owner holds or waits for. Says who got which lock by that, in the order they had asked.
    pub fn release(&mut self, owner: O) -> Vec<(O, K)> {
        let mut granted = Vec::new();
        for key in self.of.remove(&owner).unwrap_or_default() {
            let Some(lock) = self.locks.get_mut(&key) else { continue };
            lock.holders.retain(|(o, _)| *o != owner);
            lock.queue.retain(|(o, _)| *o != owner);
            while let Some((next, mode)) = lock.queue.front().copied() {
                if lock.holders.iter().any(|(_, held)| held.conflicts(mode)) {
                    break;
                }
                lock.queue.pop_front();
                lock.holders.push((next, mode));
                granted.push((next, key));
            }
            if lock.holders.is_empty() {
                self.locks.remove(&key);
            }
        }
        granted
    }

    pub fn holds(&self, key: K, owner: O) -> bool {
        self.locks.get(&key).is_some_and(|lock| lock.holders.iter().any(|(o, _)| *o == owner))
    }

    /// Who holds a key and in which mode, and who waits for it.
    pub fn iter(&self) -> impl Iterator<Item = Held<'_, K, O>> {
        self.locks.iter().map(|(key, lock)| (*key, lock.holders.as_slice(), &lock.queue))
    }

    /// Locks that are held.
    pub fn held(&self) -> usize {
        self.locks.values().map(|lock| lock.holders.len()).sum()
    }

    pub fn waiting(&self) -> usize {
        self.locks.values().map(|lock| lock.queue.len()).sum()
    }

    pub fn clear(&mut self) {
        self.locks.clear();
        self.of.clear();
    }

    pub fn weight(&self) -> usize {
        use crate::kernel::weight::{Flat, deep};
        let pair = std::mem::size_of::<(O, Mode)>();
        self.locks.bytes()
            + deep(self.locks.values(), |lock| (lock.holders.len() + lock.queue.len()) * pair)
            + self.of.bytes()
            + deep(self.of.values(), Flat::bytes)
    }
}

/// An owner asks for a key that it holds already. Two that hold it shared and both want it for themselves would wait for each other,
/// and whoever is let past the queue breaks its order of age: so this is granted only to one that stands alone.
fn stronger<O: Ord + Copy>(lock: &mut Lock<O>, at: usize, mode: Mode) -> Asked {
    if lock.holders[at].1 == Mode::Exclusive || mode == Mode::Shared {
        return Asked::Granted;
    }
    if lock.holders.len() > 1 || !lock.queue.is_empty() {
        return Asked::Die;
    }
    lock.holders[at].1 = Mode::Exclusive;
    Asked::Granted
}

#[cfg(test)]
mod tests {
    use super::*;
    use Asked::{Die, Granted, Queued};
    use Mode::{Exclusive, Shared};
    use proptest::prelude::*;

    const KEY: u8 = 7;

    #[test]
    fn readers_share_and_a_writer_waits_for_all_of_them() {
        let mut locks = Locks::default();
        let ask = |locks: &mut Locks<u8, u32>, owner, mode| locks.ask(KEY, owner, mode, Conflict::Wait);
        assert_eq!([ask(&mut locks, 1, Shared), ask(&mut locks, 2, Shared), ask(&mut locks, 3, Exclusive)], [Granted, Granted, Queued]);
        // A reader that comes later does not overtake the writer, who would starve else.
        assert_eq!(ask(&mut locks, 4, Shared), Queued);
        assert_eq!(locks.release(1), []);
        assert_eq!(locks.release(2), [(3, KEY)]);
        assert_eq!(locks.release(3), [(4, KEY)]);
    }

    #[test]
    fn the_older_waits_and_the_younger_dies() {
        let mut locks = Locks::default();
        let ask = |locks: &mut Locks<u8, u32>, owner| locks.ask(KEY, owner, Exclusive, Conflict::WaitDie);
        assert_eq!([ask(&mut locks, 5), ask(&mut locks, 9), ask(&mut locks, 3)], [Granted, Die, Queued]);
        // Older than the holder, but not than who waits already: it would wait for an older one.
        assert_eq!([ask(&mut locks, 4), ask(&mut locks, 2)], [Die, Queued]);
        assert_eq!(locks.release(5), [(3, KEY)]);
        assert_eq!(locks.release(3), [(2, KEY)]);
    }

    #[test]
    fn a_waiter_that_leaves_lets_those_behind_it_pass() {
        let mut locks = Locks::default();
        for (owner, mode) in [(1, Shared), (2, Exclusive), (3, Shared)] {
            locks.ask(KEY, owner, mode, Conflict::Wait);
        }
        assert_eq!(locks.release(2), [(3, KEY)]);
    }

    #[test]
    fn only_one_that_stands_alone_gets_more_than_it_has() {
        let mut locks = Locks::default();
        locks.ask(KEY, 1, Shared, Conflict::Wait);
        assert_eq!(locks.ask(KEY, 1, Exclusive, Conflict::Wait), Granted);
        locks.release(1);
        locks.ask(KEY, 1, Shared, Conflict::Wait);
        locks.ask(KEY, 2, Shared, Conflict::Wait);
        assert_eq!(locks.ask(KEY, 1, Exclusive, Conflict::Wait), Die);
    }

    /// Requests of one key in the order they came; who holds is worked out from the list each time.
    #[derive(Default)]
    struct Naive(Vec<(u8, u32, Mode, bool)>);

    impl Naive {
        fn of(&self, key: u8) -> Vec<(u32, Mode, bool)> {
            self.0.iter().filter(|r| r.0 == key).map(|r| (r.1, r.2, r.3)).collect()
        }

        fn ask(&mut self, key: u8, owner: u32, mode: Mode, on_conflict: Conflict) -> Asked {
            let there = self.of(key);
            if let Some((_, had, granted)) = there.iter().find(|r| r.0 == owner) {
                if !granted {
                    return Queued;
                }
                if *had == Exclusive || mode == Shared {
                    return Granted;
                }
                if there.len() > 1 {
                    return Die;
                }
                self.0.iter_mut().filter(|r| r.0 == key).for_each(|r| r.2 = Exclusive);
                return Granted;
            }
            let against: Vec<u32> = there.iter().filter(|r| r.1 == Exclusive || mode == Exclusive).map(|r| r.0).collect();
            if on_conflict == Conflict::WaitDie && against.iter().any(|other| *other < owner) {
                return Die;
            }
            self.0.push((key, owner, mode, against.is_empty()));
            if against.is_empty() { Granted } else { Queued }
        }

        fn release(&mut self, owner: u32) -> Vec<(u32, u8)> {
            self.0.retain(|r| r.1 != owner);
            let mut granted = Vec::new();
            for at in 0..self.0.len() {
                let (key, who, mode, has) = self.0[at];
                let free = self.0[..at].iter().all(|r| r.0 != key || (r.2 == Shared && mode == Shared));
                if !has && free {
                    self.0[at].3 = true;
                    granted.push((who, key));
                }
            }
            granted.sort_unstable_by_key(|(_, key)| *key);
            granted
        }
    }

    /// Whether waiting goes in a circle: nobody ever gets to an owner that waits for nobody.
    fn deadlocked(locks: &Locks<u8, u32>) -> bool {
        let mut waits: Vec<(u32, u32)> = Vec::new();
        for (_, holders, queue) in locks.iter() {
            for (at, (waiter, mode)) in queue.iter().enumerate() {
                let ahead = holders.iter().chain(queue.iter().take(at));
                waits.extend(ahead.filter(|(_, other)| mode.conflicts(*other)).map(|(other, _)| (*waiter, *other)));
            }
        }
        loop {
            let before = waits.len();
            let stuck: Vec<u32> = waits.iter().map(|(waiter, _)| *waiter).collect();
            waits.retain(|(_, on)| stuck.contains(on));
            if waits.len() == before {
                return before > 0;
            }
        }
    }

    #[test]
    fn without_ages_two_can_wait_for_each_other() {
        let mut locks = Locks::default();
        for (key, owner) in [(1, 1), (2, 2), (2, 1), (1, 2)] {
            locks.ask(key, owner, Exclusive, Conflict::Wait);
        }
        assert!(deadlocked(&locks));
    }

    fn steps() -> impl Strategy<Value = Vec<(u8, u32, bool, u8)>> {
        prop::collection::vec((0u8..4, 0u32..8, any::<bool>(), 0u8..4), 1..120)
    }

    proptest! {
        #[test]
        fn the_table_does_what_a_list_does(steps in steps(), wait_die in any::<bool>()) {
            let on_conflict = if wait_die { Conflict::WaitDie } else { Conflict::Wait };
            let (mut locks, mut naive) = (Locks::default(), Naive::default());
            for (key, owner, exclusive, what) in steps {
                if what == 0 {
                    prop_assert_eq!(locks.release(owner), naive.release(owner));
                } else {
                    let mode = if exclusive { Exclusive } else { Shared };
                    prop_assert_eq!(locks.ask(key, owner, mode, on_conflict), naive.ask(key, owner, mode, on_conflict));
                }
                for (_, holders, _) in locks.iter() {
                    prop_assert!(holders.len() == 1 || holders.iter().all(|(_, mode)| *mode == Shared));
                }
                prop_assert!(!wait_die || !deadlocked(&locks));
                prop_assert_eq!(locks.held() + locks.waiting(), naive.0.len());
            }
        }
    }
}
