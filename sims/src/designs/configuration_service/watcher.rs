//! One watcher: what it has seen, from where it goes on, and how it gets there; its cache is what it was told.

use super::machine::{Batch, ITEMS, Item, Key};
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use crate::parts::mvcc::Keys;
use crate::parts::watches::WatchId;
use std::collections::VecDeque;

/// What a watcher holds of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub serial: u32,
    pub modified: u64,
    /// Who wrote it: for the checker.
    pub by: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits for its next try.
    Resting,
    /// It reads everything anew.
    Fetching,
    /// It has asked a server for a watch.
    Asking,
    Watching,
}

/// What has arrived and is not digested yet.
#[derive(Clone, Debug)]
pub enum Arrived {
    Changes(Batch),
    Compacted,
}

#[derive(Clone)]
pub struct Watcher {
    /// Which service it watches, or all.
    pub service: Option<u32>,
    pub phase: Phase,
    /// Place of its server in the list.
    pub server: usize,
    pub id: WatchId,
    /// Counts its tries, so that late answers are known as such.
    pub attempt: u32,
    /// Tries in a row that came to nothing, and how long the last wait was.
    pub failed: u32,
    pub waited: Span,
    /// It knows everything up to this revision.
    pub last: u64,
    pub seen: Vec<Seen>,
    /// It must read before it may watch.
    pub fetch: bool,
    /// Since when nobody tells it anything.
    pub lost_at: Option<Time>,
    /// It takes its time over each message.
    pub slow: bool,
    pub inbox: VecDeque<Arrived>,
    pub digesting: bool,
}

impl Watcher {
    pub fn new(service: Option<u32>, services: u32, revision: u64, slow: bool) -> Watcher {
        let keys = if service.is_some() { ITEMS } else { services * ITEMS };
        let created = |key: u32| Seen { modified: u64::from(service.unwrap_or(key / ITEMS)) + 1, ..Seen::default() };
        Watcher {
            service,
            phase: Phase::Resting,
            server: 0,
            id: 0,
            attempt: 0,
            failed: 0,
            waited: Span::ZERO,
            last: revision,
            seen: (0..keys).map(created).collect(),
            fetch: false,
            lost_at: None,
            slow,
            inbox: VecDeque::new(),
            digesting: false,
        }
    }

    pub fn keys(&self) -> Keys<Key> {
        let first = self.first();
        Keys::Between(first, first + self.seen.len() as u32)
    }

    fn first(&self) -> Key {
        self.service.unwrap_or(0) * ITEMS
    }

    fn cell(&mut self, key: Key) -> Option<&mut Seen> {
        let first = self.first();
        self.seen.get_mut(key.checked_sub(first)? as usize)
    }

    /// What it holds of a key.
    pub fn holds(&self, key: Key) -> Option<Seen> {
        self.seen.get(key.checked_sub(self.first())? as usize).copied()
    }

    /// Takes changes in; gives when each of them was sent.
    pub fn take(&mut self, batch: &Batch) -> Vec<Time> {
        let mut sent = Vec::new();
        for change in batch.changes.iter() {
            let seen = change.value.map_or(Seen::default(), |value| Seen { serial: value.serial, modified: change.at.revision, by: value.by });
            if let Some(value) = change.value {
                sent.push(value.sent);
            }
            if let Some(cell) = self.cell(change.key) {
                *cell = seen;
            }
        }
        self.last = self.last.max(batch.upto);
        sent
    }

    /// Replaces everything by what was read; gives when each thing that is new was sent.
    pub fn replace(&mut self, revision: u64, items: &[Item]) -> Vec<Time> {
        let before = std::mem::take(&mut self.seen);
        self.seen = vec![Seen::default(); before.len()];
        let mut sent = Vec::new();
        let first = self.first();
        for item in items {
            let old = before.get((item.key.wrapping_sub(first)) as usize);
            if old.is_some_and(|old| old.modified < item.modified) {
                sent.push(item.value.sent);
            }
            if let Some(cell) = self.cell(item.key) {
                *cell = Seen { serial: item.value.serial, modified: item.modified, by: item.value.by };
            }
        }
        self.last = revision;
        sent
    }

    /// Its process is new: it knows nothing.
    pub fn forget(&mut self) {
        self.seen.fill(Seen::default());
        self.last = 0;
        self.fetch = true;
        self.phase = Phase::Resting;
        self.failed = 0;
        self.drop_inbox();
        self.digesting = false;
    }

    /// Revisions in the message it will digest next.
    pub fn next_revisions(&self) -> u64 {
        let Some(Arrived::Changes(batch)) = self.inbox.front() else { return 0 };
        let first_of = |change: &&super::machine::Change| change.at.place == 0 || batch.changes.len() == 1;
        (batch.changes.iter().filter(first_of).count() as u64).max(1)
    }

    pub fn drop_inbox(&mut self) {
        self.inbox.clear();
    }

    pub fn weight(&self) -> usize {
        self.seen.bytes() + self.inbox.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::configuration_service::machine::{Machine, Value, keys_of};
    use crate::parts::mvcc::Txn;

    #[test]
    fn a_watcher_that_takes_every_change_holds_what_a_reader_reads() {
        let mut machine = Machine::with(3);
        let mut told = Watcher::new(Some(1), 3, machine.store.revision(), false);
        let mut reader = told.clone();
        let before = machine.store.revision();
        for serial in 1..5 {
            let value = Value { serial, sent: Time(u64::from(serial)), ..Value::default() };
            machine.store.apply(&Txn::put(10 + serial, value)).unwrap();
            machine.store.apply(&Txn::put(serial, value)).unwrap();
        }
        let keys = told.keys();
        assert_eq!(keys, keys_of(1));
        let changes: Vec<_> = machine.store.changes_from(before + 1).unwrap().filter(|c| keys.has(&c.key)).cloned().collect();
        assert_eq!(told.take(&Batch { changes: changes.into(), upto: machine.store.revision() }).len(), 4);
        assert_eq!(reader.replace(machine.store.revision(), &machine.store.range(&keys)), [1, 2, 3, 4].map(Time));
        assert_eq!((told.seen.clone(), told.last), (reader.seen.clone(), reader.last));
        assert_eq!(told.holds(12).unwrap().serial, 2);
    }
}
