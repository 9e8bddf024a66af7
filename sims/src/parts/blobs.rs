//! Bodies kept once under their name, and freed when nobody refers to them any more.
//!
//! A reference has a holder, so that to put or drop it again changes nothing: a retry cannot be told from a first try. The bare
//! count, which every retry makes wrong, stands beside it. That a reference may be one whose holder never came to be is for an audit to find.

use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body {
    /// What it is, as a number.
    pub content: u64,
    pub bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    body: Body,
    count: u64,
}

/// What became of a body that was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    Stored,
    /// A body of this name was there.
    Shared,
    /// This holder had it already.
    Again,
}

#[derive(Clone, Debug, Default)]
pub struct Blobs {
    bodies: BTreeMap<u64, Kept>,
    /// By name and holder: since when.
    refs: BTreeMap<(u64, u64), Time>,
    bytes: u64,
}

impl Blobs {
    /// Keeps the body for this holder.
    pub fn put(&mut self, name: u64, body: Body, holder: u64, now: Time) -> Put {
        if self.refs.contains_key(&(name, holder)) {
            return Put::Again;
        }
        self.refs.insert((name, holder), now);
        self.put_counted(name, body)
    }

    /// This holder needs the body no more. Gives it if it was the last to need it: then it is gone.
    pub fn release(&mut self, name: u64, holder: u64) -> Option<Body> {
        self.refs.remove(&(name, holder))?;
        self.release_counted(name)
    }

    /// Keeps the body for one more, whoever that is.
    pub fn put_counted(&mut self, name: u64, body: Body) -> Put {
        if let Some(kept) = self.bodies.get_mut(&name) {
            kept.count += 1;
            return Put::Shared;
        }
        self.bodies.insert(name, Kept { body, count: 1 });
        self.bytes += body.bytes;
        Put::Stored
    }

    /// One fewer needs the body, whoever that is.
    pub fn release_counted(&mut self, name: u64) -> Option<Body> {
        let kept = self.bodies.get_mut(&name)?;
        kept.count -= 1;
        if kept.count > 0 {
            return None;
        }
        let body = kept.body;
        self.bodies.remove(&name);
        self.bytes -= body.bytes;
        Some(body)
    }

    pub fn get(&self, name: u64) -> Option<Body> {
        self.bodies.get(&name).map(|kept| kept.body)
    }

    /// References from `from` on that are older than `before`, of at most `most` looked at; and where to go on, if there are more.
    #[allow(clippy::type_complexity)]
    pub fn older(&self, from: (u64, u64), before: Time, most: usize) -> (Vec<(u64, u64)>, Option<(u64, u64)>) {
        let mut looked = self.refs.range(from..);
        let old = looked.by_ref().take(most).filter(|(_, since)| **since < before).map(|(key, _)| *key).collect();
        (old, looked.next().map(|(key, _)| *key))
    }

    /// Names of all bodies.
    pub fn names(&self) -> impl Iterator<Item = u64> {
        self.bodies.keys().copied()
    }

    /// Bodies by name, with how many refer to each.
    pub fn counts(&self) -> impl Iterator<Item = (u64, Body, u64)> {
        self.bodies.iter().map(|(name, kept)| (*name, kept.body, kept.count))
    }

    pub fn len(&self) -> usize {
        self.bodies.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bodies.is_empty()
    }

    /// All bodies together.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn weight(&self) -> usize {
        self.bodies.bytes() + self.refs.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn body(name: u64) -> Body {
        Body { content: name * 7, bytes: name + 1 }
    }

    #[test]
    fn a_retry_changes_nothing_where_holders_are_known() {
        let mut blobs = Blobs::default();
        assert_eq!(blobs.put(1, body(1), 10, Time::ZERO), Put::Stored);
        assert_eq!(blobs.put(1, body(1), 10, Time::ZERO), Put::Again);
        assert_eq!(blobs.put(1, body(1), 11, Time::ZERO), Put::Shared);
        assert_eq!((blobs.release(1, 10), blobs.release(1, 10)), (None, None), "the second is not a second holder");
        assert_eq!(blobs.release(1, 11), Some(body(1)));
    }

    #[test]
    fn a_retry_frees_what_is_in_use_where_only_a_count_is_kept() {
        let mut blobs = Blobs::default();
        blobs.put_counted(1, body(1));
        blobs.put_counted(1, body(1));
        blobs.release_counted(1);
        assert_eq!(blobs.release_counted(1), Some(body(1)), "one holder released twice, the other has lost its body");
    }

    #[test]
    fn an_audit_meets_each_old_reference_once() {
        let mut blobs = Blobs::default();
        (0..10).for_each(|n| _ = blobs.put(n / 3, body(n / 3), n, Time(n)));
        let (mut met, mut from) = (Vec::new(), Some((0, 0)));
        while let Some(at) = from {
            let (old, next) = blobs.older(at, Time(7), 4);
            met.extend(old);
            from = next;
        }
        assert_eq!(met, (0..7).map(|n| (n / 3, n)).collect::<Vec<_>>());
    }

    proptest! {
        /// Beside a plain set of who holds what.
        #[test]
        fn bodies_are_there_as_long_as_somebody_holds_them(steps in prop::collection::vec((any::<bool>(), 0u64..5, 0u64..4), 1..200)) {
            let (mut blobs, mut held) = (Blobs::default(), BTreeSet::new());
            for (put, name, holder) in steps {
                let before = held.iter().any(|(n, _)| *n == name);
                if put {
                    let expected = if held.contains(&(name, holder)) { Put::Again } else if before { Put::Shared } else { Put::Stored };
                    prop_assert_eq!(blobs.put(name, body(name), holder, Time::ZERO), expected);
                    held.insert((name, holder));
                } else {
                    let was = held.remove(&(name, holder));
                    let last = was && !held.iter().any(|(n, _)| *n == name);
                    prop_assert_eq!(blobs.release(name, holder), last.then(|| body(name)));
                }
                let names: BTreeSet<u64> = held.iter().map(|(n, _)| *n).collect();
                prop_assert_eq!(blobs.names().collect::<Vec<_>>(), names.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(blobs.bytes(), names.iter().map(|n| n + 1).sum::<u64>());
                for (name, _, count) in blobs.counts() {
                    prop_assert_eq!(count as usize, held.iter().filter(|(n, _)| *n == name).count());
                }
            }
        }
    }
}
