//! The server's side of watches: who is told of which change, who has fallen behind, and who must be told that history is gone.
//!
//! After etcd's watchable store. A watch is *live* while it has had everything and has room for more; a change is then
//! handed to it at once. Otherwise it is *behind*: the hub remembers one revision for it, not the changes, and reads
//! them from history once there is room. If history was compacted meanwhile, the watch ends with that said.

use super::intervals::Intervals;
use super::mvcc::{Change, Gone, Keys, Store};
use crate::kernel::weight::{Flat, deep};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A watch's place in its hub. Places are used again after a watch has ended.
pub type WatchId = u32;

/// Changes of whole revisions, in order; whoever has had them has had everything up to `upto`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch<K, V> {
    pub changes: Arc<[Change<K, V>]>,
    pub upto: u64,
}

/// What a watch is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent<K, V> {
    Changes(Batch<K, V>),
    /// Changes after what it has had are compacted; the watch is over. This is the oldest revision that can be read.
    Compacted(u64),
}

/// What becomes of a watch whose next change is compacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is told, and ends.
    Told,
    /// It goes on with what is left of history: an error, kept to show what it does.
    Skipped,
}

#[derive(Clone, Debug)]
struct Watch<T> {
    tag: T,
    group: u32,
    /// The next revision it has not been sent.
    next: u64,
    /// Messages it may still be sent before it says that it has handled some.
    room: u32,
    /// Its place among the group's live ones.
    live: Option<u32>,
}

/// Watches of the same keys.
#[derive(Clone, Debug)]
struct Group<K> {
    keys: Keys<K>,
    live: Vec<WatchId>,
    members: u32,
}

#[derive(Clone, Debug)]
pub struct Hub<K, T> {
    watches: Vec<Option<Watch<T>>>,
    free: Vec<WatchId>,
    groups: Vec<Group<K>>,
    named: BTreeMap<Keys<K>, u32>,
    ones: BTreeMap<K, u32>,
    stretches: Intervals<K>,
    behind: BTreeSet<WatchId>,
    missing: Missing,
}

impl<K: Ord + Clone, T: Clone> Hub<K, T> {
    pub fn new(missing: Missing) -> Self {
        Hub {
            watches: Vec::new(),
            free: Vec::new(),
            groups: Vec::new(),
            named: BTreeMap::new(),
            ones: BTreeMap::new(),
            stretches: Intervals::default(),
            behind: BTreeSet::new(),
            missing,
        }
    }

    pub fn set_missing(&mut self, missing: Missing) {
        self.missing = missing;
    }

    pub fn len(&self) -> usize {
        self.watches.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn behind(&self) -> usize {
        self.behind.len()
    }

    pub fn tag(&self, id: WatchId) -> Option<&T> {
        self.watches.get(id as usize)?.as_ref().map(|watch| &watch.tag)
    }

    /// Whether it has been sent everything.
    pub fn is_live(&self, id: WatchId) -> bool {
        self.watches.get(id as usize).is_some_and(|w| w.as_ref().is_some_and(|w| w.live.is_some()))
    }

    /// Begins a watch of the changes from revision `next` on, where `newest` is the store's revision. It has room for
    /// `room` messages. What it has missed comes by [`Hub::catch_up`].
    pub fn begin(&mut self, keys: Keys<K>, next: u64, newest: u64, room: u32, tag: T) -> WatchId {
        let group = self.group(keys);
        self.groups[group as usize].members += 1;
        let watch = Watch { tag, group, next, room, live: None };
        let id = match self.free.pop() {
            Some(id) => {
                self.watches[id as usize] = Some(watch);
                id
            }
            None => {
                self.watches.push(Some(watch));
                self.watches.len() as u32 - 1
            }
        };
        if next > newest && room > 0 {
            self.join(id);
        } else {
            self.behind.insert(id);
        }
        id
    }

    fn group(&mut self, keys: Keys<K>) -> u32 {
        if let Some(group) = self.named.get(&keys) {
            return *group;
        }
        let group = self.groups.len() as u32;
        match &keys {
            Keys::One(key) => drop(self.ones.insert(key.clone(), group)),
            Keys::Between(from, to) => self.stretches.insert(from.clone(), to.clone(), group),
            Keys::All => {}
        }
        self.groups.push(Group { keys: keys.clone(), live: Vec::new(), members: 0 });
        self.named.insert(keys, group);
        group
    }

    pub fn end(&mut self, id: WatchId) {
        self.part(id);
        self.behind.remove(&id);
        if let Some(watch) = self.watches.get_mut(id as usize).and_then(Option::take) {
            self.groups[watch.group as usize].members -= 1;
            self.free.push(id);
        }
    }

    /// Makes it live.
    fn join(&mut self, id: WatchId) {
        if let Some(watch) = &mut self.watches[id as usize] {
            let live = &mut self.groups[watch.group as usize].live;
            watch.live = Some(live.len() as u32);
            live.push(id);
        }
        self.behind.remove(&id);
    }

    /// Takes it out of its group's live ones, if it is there.
    fn part(&mut self, id: WatchId) {
        let Some(Some(watch)) = self.watches.get_mut(id as usize) else { return };
        let Some(place) = watch.live.take() else { return };
        let live = &mut self.groups[watch.group as usize].live;
        live.swap_remove(place as usize);
        if let Some(moved) = live.get(place as usize).copied()
            && let Some(moved) = &mut self.watches[moved as usize]
        {
            moved.live = Some(place);
        }
    }

    /// A revision's changes, in order: hands them to every live watch of their keys. What has no room falls behind.
    /// `each` gets the watch, its tag and the changes; those of one group share them.
    pub fn changed<V: Clone>(&mut self, changes: &[Change<K, V>], mut each: impl FnMut(WatchId, &T, &Batch<K, V>)) {
        let Some(revision) = changes.first().map(|change| change.at.revision) else { return };
        for group in self.touched(changes) {
            let keys = &self.groups[group as usize].keys;
            let wanted: Arc<[Change<K, V>]> = changes.iter().filter(|change| keys.has(&change.key)).cloned().collect();
            let batch = Batch { changes: wanted, upto: revision };
            let mut place = 0;
            while let Some(id) = self.groups[group as usize].live.get(place).copied() {
                place += 1;
                let Some(watch) = &mut self.watches[id as usize] else { continue };
                // A member that lags behind the one it came from may hear old changes: it has had them.
                if watch.next > revision {
                    continue;
                }
                if watch.room == 0 {
                    watch.next = revision;
                    self.part(id);
                    self.behind.insert(id);
                    // Another one has taken its place.
                    place -= 1;
                    continue;
                }
                watch.room -= 1;
                watch.next = revision + 1;
                each(id, &watch.tag, &batch);
            }
        }
    }

    /// Groups that watch one of the changed keys, each once.
    fn touched<V>(&mut self, changes: &[Change<K, V>]) -> BTreeSet<u32> {
        let mut touched: BTreeSet<u32> = self.named.get(&Keys::All).into_iter().copied().collect();
        for change in changes {
            touched.extend(self.ones.get(&change.key));
            self.stretches.holding(&change.key, |group| {
                touched.insert(group);
            });
        }
        touched
    }

    /// Changes from revision `next` on were not handed out, because the store was replaced: everybody reads them from history.
    pub fn all_behind(&mut self, next: u64) {
        for id in 0..self.watches.len() as WatchId {
            if self.is_live(id) {
                self.part(id);
                self.behind.insert(id);
                if let Some(watch) = &mut self.watches[id as usize] {
                    watch.next = watch.next.max(next);
                }
            }
        }
    }

    /// A watch has handled `messages`: it has room for as many more.
    pub fn handled(&mut self, id: WatchId, messages: u32) {
        if let Some(Some(watch)) = self.watches.get_mut(id as usize) {
            watch.room += messages;
        }
    }

    /// Whether anybody who is behind could be sent something.
    pub fn may_catch_up(&self) -> bool {
        self.behind.iter().any(|id| self.watches[*id as usize].as_ref().is_some_and(|w| w.room > 0))
    }

    /// Sends those who are behind and have room one message each from history, of about `most` changes. Who has had
    /// everything is live again; who is told that its changes are compacted is gone.
    pub fn catch_up<V: Clone + PartialOrd>(&mut self, store: &Store<K, V>, most: usize, mut each: impl FnMut(WatchId, &T, Sent<K, V>)) {
        let waiting: Vec<WatchId> = self.behind.iter().copied().collect();
        for id in waiting {
            let Some(Some(watch)) = self.watches.get_mut(id as usize) else { continue };
            if watch.room == 0 {
                continue;
            }
            let keys = &self.groups[watch.group as usize].keys;
            match missed(store, keys, watch.next, most) {
                Ok(batch) => {
                    watch.next = watch.next.max(batch.upto + 1);
                    if !batch.changes.is_empty() {
                        watch.room -= 1;
                        each(id, &watch.tag, Sent::Changes(batch));
                    }
                    if watch.room > 0 && watch.next > store.revision() {
                        self.join(id);
                    }
                }
                Err(_) if self.missing == Missing::Skipped => watch.next = store.compacted() + 1,
                Err(_) => {
                    each(id, &watch.tag, Sent::Compacted(store.compacted()));
                    self.end(id);
                }
            }
        }
    }

    pub fn clear(&mut self) {
        *self = Hub::new(self.missing);
    }

    pub fn weight(&self) -> usize {
        let groups = deep(self.groups.iter(), |group| group.live.bytes());
        self.watches.bytes() + self.free.bytes() + self.groups.bytes() + groups + self.named.bytes() + self.ones.bytes() + self.behind.bytes()
    }
}

/// Changes of some keys from a revision on: whole revisions, until there are `most`.
fn missed<K: Ord + Clone, V: Clone + PartialOrd>(store: &Store<K, V>, keys: &Keys<K>, next: u64, most: usize) -> Result<Batch<K, V>, Gone> {
    let mut found: Vec<Change<K, V>> = Vec::new();
    for change in store.changes_from(next)? {
        if found.len() >= most && found.last().is_some_and(|last| last.at.revision < change.at.revision) {
            let upto = change.at.revision - 1;
            return Ok(Batch { changes: found.into(), upto });
        }
        if keys.has(&change.key) {
            found.push(change.clone());
        }
    }
    Ok(Batch { changes: found.into(), upto: store.revision() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::mvcc::{Op, Txn};
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Put(Vec<u8>),
        Delete(Keys<u8>),
        Compact(u64),
        Begin(Keys<u8>, u64),
        Handle(usize),
        CatchUp,
        End(usize),
    }

    fn keys() -> impl Strategy<Value = Keys<u8>> {
        prop_oneof![(0u8..6).prop_map(Keys::One), (0u8..7, 0u8..7).prop_map(|(a, b)| Keys::Between(a, b)), Just(Keys::All)]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            6 => proptest::collection::btree_set(0u8..6, 1..3).prop_map(|keys| Step::Put(keys.into_iter().collect())),
            1 => keys().prop_map(Step::Delete),
            1 => (0u64..8).prop_map(Step::Compact),
            2 => (keys(), 0u64..6).prop_map(|(keys, back)| Step::Begin(keys, back)),
            4 => (0usize..8).prop_map(Step::Handle),
            3 => Just(Step::CatchUp),
            1 => (0usize..8).prop_map(Step::End),
        ]
    }

    /// A watcher that remembers what it was sent.
    struct Watcher {
        id: WatchId,
        keys: Keys<u8>,
        from: u64,
        got: Vec<Change<u8, u32>>,
        waiting: u32,
        over: bool,
    }

    const ROOM: u32 = 2;

    proptest! {
        /// Against the list of all changes there ever were: what a watch was sent is a prefix of the changes of its keys
        /// from its start on, without a gap and without a repetition; one that is told "compacted" truly cannot go on; and
        /// who handles what it gets has everything in the end.
        #[test]
        fn each_change_once_in_order_or_told(steps in proptest::collection::vec(step(), 0..60)) {
            let mut store: Store<u8, u32> = Store::default();
            let mut hub: Hub<u8, usize> = Hub::new(Missing::Told);
            let mut all: Vec<Change<u8, u32>> = Vec::new();
            let mut watchers: Vec<Watcher> = Vec::new();
            let settle = (0..40).flat_map(|_| (0..60).map(Step::Handle).chain([Step::CatchUp]));
            for (number, step) in steps.into_iter().chain(settle).enumerate() {
                let before = store.revision();
                match step {
                    Step::Put(keys) => {
                        let ops = keys.into_iter().map(|key| Op::Put { key, value: number as u32, lease: 0 }).collect();
                        store.apply(&Txn::of(ops)).unwrap();
                    }
                    Step::Delete(keys) => drop(store.apply(&Txn::of(vec![Op::Delete(keys)])).unwrap()),
                    Step::Compact(back) => drop(store.compact(before.saturating_sub(back))),
                    Step::Begin(keys, back) => {
                        let from = (before + 2).saturating_sub(back).max(1);
                        let id = hub.begin(keys.clone(), from, before, ROOM, watchers.len());
                        watchers.push(Watcher { id, keys, from, got: Vec::new(), waiting: 0, over: false });
                    }
                    Step::Handle(which) => {
                        if let Some(w) = watchers.get_mut(which).filter(|w| !w.over && w.waiting > 0) {
                            w.waiting -= 1;
                            hub.handled(w.id, 1);
                        }
                    }
                    Step::CatchUp => {
                        let compacted = store.compacted();
                        let mut told = Vec::new();
                        hub.catch_up(&store, 2, |id, tag, sent| told.push((id, *tag, sent)));
                        for (id, tag, sent) in told {
                            let w = &mut watchers[tag];
                            prop_assert!(w.id == id && !w.over);
                            match sent {
                                Sent::Changes(batch) => {
                                    w.got.extend(batch.changes.iter().cloned());
                                    w.waiting += 1;
                                }
                                Sent::Compacted(at) => {
                                    prop_assert_eq!(at, compacted);
                                    let next = w.got.last().map_or(w.from, |c| c.at.revision + 1);
                                    prop_assert!(next <= compacted, "told in vain: could go on from {} of {}", next, compacted);
                                    w.over = true;
                                }
                            }
                            prop_assert!(w.waiting <= ROOM);
                        }
                    }
                    Step::End(which) => {
                        if let Some(w) = watchers.get_mut(which).filter(|w| !w.over) {
                            hub.end(w.id);
                            w.over = true;
                        }
                    }
                }
                if store.revision() > before {
                    let news: Vec<_> = store.changes_from(before + 1).unwrap().cloned().collect();
                    let mut told = Vec::new();
                    hub.changed(&news, |id, tag, batch| told.push((id, *tag, batch.clone())));
                    for (id, tag, batch) in told {
                        let w = &mut watchers[tag];
                        prop_assert!(w.id == id && !w.over);
                        w.got.extend(batch.changes.iter().cloned());
                        w.waiting += 1;
                        prop_assert!(w.waiting <= ROOM);
                    }
                    all.extend(news);
                }
                for w in &watchers {
                    let wanted: Vec<_> = all.iter().filter(|c| w.keys.has(&c.key) && c.at.revision >= w.from).take(w.got.len()).cloned().collect();
                    prop_assert_eq!(&w.got, &wanted);
                }
            }
            for w in watchers.iter().filter(|w| !w.over) {
                let wanted = all.iter().filter(|c| w.keys.has(&c.key) && c.at.revision >= w.from).count();
                prop_assert_eq!(w.got.len(), wanted, "{:?} from {}", &w.keys, w.from);
                prop_assert!(hub.is_live(w.id));
            }
            prop_assert_eq!(hub.len(), watchers.iter().filter(|w| !w.over).count());
        }
    }

    #[test]
    fn a_hub_that_skips_says_nothing_of_the_gap() {
        let mut store: Store<u8, u32> = Store::default();
        for value in 0..5 {
            store.apply(&Txn::put(1, value)).unwrap();
        }
        store.compact(3).unwrap();
        let seen = |missing| {
            let mut hub: Hub<u8, ()> = Hub::new(missing);
            hub.begin(Keys::All, 1, store.revision(), 4, ());
            let mut seen = Vec::new();
            for _ in 0..3 {
                hub.catch_up(&store, 10, |_, (), sent| {
                    seen.push(match sent {
                        Sent::Changes(batch) => batch.changes.iter().map(|c| c.at.revision).collect(),
                        Sent::Compacted(at) => vec![1000 + at],
                    });
                });
            }
            seen
        };
        assert_eq!(seen(Missing::Told), [vec![1003]]);
        assert_eq!(seen(Missing::Skipped), [vec![4, 5]]);
    }
}
