//! One user's place in a shard: the timeline, the fences that keep late writes out, and a build in progress.
//!
//! The social graph stamps each of its answers with a logical clock. Worth of a stamp: a post was stored before its worker read the
//! followers (stamp s), and a build reads the followees (stamp b) before it reads the lists. If s < b, the lists have the post
//! already, or rightly not: the delivery can be dropped. Nothing else is needed to make late, repeated and reordered writes harmless.

use crate::kernel::node::NodeId;
use crate::kernel::weight::{Flat, deep};
use crate::parts::merge::Newest;
use crate::parts::timeline::{PostId, Put, Timeline};
use std::collections::{BTreeMap, BTreeSet};

use super::system::Plan;

#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub dedupe: bool,
    pub fence: bool,
    pub bound: usize,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landed {
    New,
    Twice,
    /// Too late: the reader has unfollowed, or the timeline was built after it.
    Fenced,
    /// Kept aside for a build, or older than the bound.
    Elsewhere,
}

#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// None until the first build is finished.
    line: Option<Timeline>,
    /// The logical time at which the last build read the followees.
    as_of: u64,
    /// Follows (true) and unfollows that came after the last build.
    edges: BTreeMap<u32, (u64, bool)>,
    build: Option<Box<Build>>,
    readers: Vec<(NodeId, u64, usize)>,
}

#[derive(Clone, Debug, Default)]
struct Build {
    number: u64,
    /// None until the followees are known.
    stamp: Option<u64>,
    expected: Vec<NodeId>,
    lists: Vec<Vec<PostId>>,
    /// What was delivered since the build began.
    fresh: Vec<(PostId, u64)>,
}

impl Slot {
    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        let build = |build: &Build| std::mem::size_of::<Build>() + deep(build.lists.iter(), Flat::bytes) + build.fresh.bytes();
        let line = self.line.as_ref().map_or(0, |line| line.len() * std::mem::size_of::<PostId>());
        line + self.edges.bytes() + self.build.as_deref().map_or(0, build)
    }

    /// An empty timeline of a user for whom nothing has been posted yet.
    pub fn complete(bound: usize) -> Slot {
        Slot { line: Some(Timeline::new(bound)), ..Slot::default() }
    }

    pub fn absent() -> Slot {
        Slot::default()
    }

    pub fn waiting(readers: Vec<(NodeId, u64, usize)>) -> Slot {
        Slot { readers, ..Slot::default() }
    }

    pub fn put(&mut self, id: PostId, stamp: u64, rules: Rules) -> Landed {
        if rules.fence && self.is_late(id.author(), stamp) {
            return Landed::Fenced;
        }
        if let Some(build) = &mut self.build {
            build.fresh.push((id, stamp));
        }
        match &mut self.line {
            None => Landed::Elsewhere,
            Some(line) if rules.dedupe => match line.put(id) {
                Put::New => Landed::New,
                Put::Twice => Landed::Twice,
                Put::Below => Landed::Elsewhere,
            },
            Some(line) => {
                line.put_blindly(id);
                line.trim();
                Landed::New
            }
        }
    }

    fn is_late(&self, author: u32, stamp: u64) -> bool {
        stamp < self.as_of || self.edges.get(&author).is_some_and(|(since, on)| !on && stamp < *since)
    }

    pub fn forget_before(&mut self, horizon: PostId) {
        if let Some(line) = &mut self.line {
            line.forget_before(horizon);
        }
    }

    pub fn remove(&mut self, id: PostId) -> bool {
        self.line.as_mut().is_some_and(|line| line.remove(id))
    }

    /// A follow reached the shard with the author's list, read after it.
    pub fn follow(&mut self, author: u32, stamp: u64, ids: &[PostId], rules: Rules) {
        if stamp < self.as_of || self.edges.get(&author).is_some_and(|(since, _)| *since >= stamp) {
            return;
        }
        self.edges.insert(author, (stamp, true));
        if let Some(build) = &mut self.build {
            build.fresh.extend(ids.iter().map(|id| (*id, stamp)));
        }
        if let Some(line) = &mut self.line {
            for id in ids {
                if rules.dedupe || line.newest().all(|held| held != *id) {
                    line.put(*id);
                }
            }
        }
    }

    /// True if posts went.
    pub fn unfollow(&mut self, author: u32, stamp: u64) -> bool {
        if stamp < self.as_of || self.edges.get(&author).is_some_and(|(since, _)| *since >= stamp) {
            return false;
        }
        self.edges.insert(author, (stamp, false));
        self.line.as_mut().is_some_and(|line| line.remove_author(author) > 0)
    }

    /// The newest entries, if there is a timeline.
    pub fn newest(&self, count: usize) -> Option<Vec<PostId>> {
        self.line.as_ref().map(|line| line.newest().take(count).collect())
    }

    pub fn len(&self) -> usize {
        self.line.as_ref().map_or(0, Timeline::len)
    }

    pub fn bytes(&self) -> usize {
        self.line.as_ref().map_or(0, Timeline::bytes)
    }

    pub fn is_building(&self) -> bool {
        self.build.is_some()
    }

    /// Whether older posts that belong here are missing.
    pub fn is_short(&self) -> bool {
        self.line.as_ref().is_some_and(Timeline::is_short)
    }

    /// Whether so much is missing that filling up pays.
    pub fn is_short_by(&self, plan: Plan) -> bool {
        self.is_short() && self.len() + plan.slack() < plan.keep
    }

    pub fn wait_for(&mut self, reader: NodeId, ticket: u64, count: usize) {
        self.readers.push((reader, ticket, count));
    }

    pub fn has_readers(&self) -> bool {
        !self.readers.is_empty()
    }

    pub fn into_readers(self) -> Vec<(NodeId, u64, usize)> {
        self.readers
    }

    pub fn take_readers(&mut self) -> Vec<(NodeId, u64, usize)> {
        std::mem::take(&mut self.readers)
    }

    /// Begins a build, or begins it again: what was kept aside stays.
    pub fn begin(&mut self, number: u64) {
        let fresh = self.build.take().map_or_else(Vec::new, |build| build.fresh);
        self.build = Some(Box::new(Build { number, fresh, ..Build::default() }));
    }

    /// The followees are known and these stores have been asked. False if this answers another build.
    pub fn expect(&mut self, number: u64, stamp: u64, stores: Vec<NodeId>) -> bool {
        let Some(build) = self.build.as_mut().filter(|build| build.number == number && build.stamp.is_none()) else { return false };
        build.stamp = Some(stamp);
        build.expected = stores;
        true
    }

    pub fn gather(&mut self, number: u64, store: NodeId, lists: impl Iterator<Item = Vec<PostId>>) {
        let Some(build) = self.build.as_mut().filter(|build| build.number == number) else { return };
        if let Some(at) = build.expected.iter().position(|expected| *expected == store) {
            build.expected.swap_remove(at);
            build.lists.extend(lists);
        }
    }

    /// Replaces the timeline by what the lists say, and lays over it what was delivered meanwhile. False if lists are missing.
    pub fn finish(&mut self, number: u64, keep: usize, rules: Rules, tombstones: &BTreeSet<PostId>) -> bool {
        let Some(build) = self.build.take_if(|build| build.number == number && build.expected.is_empty() && build.stamp.is_some()) else { return false };
        let stamp = build.stamp.unwrap_or(0);
        let lists = build.lists.iter().map(Vec::as_slice).collect();
        let newest: Vec<PostId> = Newest::of(lists).filter(|id| !tombstones.contains(id)).take(keep).collect();
        let mut line = Timeline::of(keep, &newest);
        line.set_bound(rules.bound);
        self.as_of = stamp;
        self.edges.retain(|_, (since, _)| *since > stamp);
        for (id, since) in build.fresh {
            let late = rules.fence && self.is_late(id.author(), since);
            if !late && !tombstones.contains(&id) {
                line.put(id);
            }
        }
        for (author, (_, on)) in &self.edges {
            if !on {
                line.remove_author(*author);
            }
        }
        self.line = Some(line);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { dedupe: true, fence: true, bound: 8 };

    fn post(ms: u64, author: u32) -> PostId {
        PostId::new(ms, author, 1)
    }

    fn held(slot: &Slot) -> Vec<PostId> {
        slot.newest(100).unwrap_or_default()
    }

    #[test]
    fn a_delivery_under_way_during_an_unfollow_stays_out() {
        let mut slot = Slot::complete(8);
        assert_eq!(slot.put(post(1, 7), 10, RULES), Landed::New);
        assert!(slot.unfollow(7, 20));
        assert_eq!(slot.put(post(2, 7), 15, RULES), Landed::Fenced);
        assert_eq!(slot.put(post(2, 7), 15, Rules { fence: false, ..RULES }), Landed::New);
    }

    #[test]
    fn an_old_unfollow_does_not_undo_a_newer_follow() {
        let mut slot = Slot::complete(8);
        slot.follow(7, 30, &[post(1, 7)], RULES);
        assert!(!slot.unfollow(7, 20));
        assert_eq!(held(&slot), [post(1, 7)]);
    }

    #[test]
    fn a_build_keeps_what_arrives_while_it_reads_and_drops_what_it_has_read_after() {
        let mut slot = Slot::absent();
        let store = NodeId(5);
        slot.begin(1);
        slot.put(post(9, 3), 40, RULES);
        slot.put(post(8, 4), 10, RULES);
        assert!(slot.expect(1, 20, vec![store]));
        assert!(!slot.finish(1, 8, RULES, &BTreeSet::new()), "a list is missing");
        slot.gather(1, store, [vec![post(7, 3), post(6, 3)]].into_iter());
        assert!(slot.finish(1, 8, RULES, &BTreeSet::from([post(6, 3)])));
        // Stamp 10 lies before the build's 20: had the post belonged here, the lists would have it.
        assert_eq!(held(&slot), [post(9, 3), post(7, 3)]);
        assert_eq!(slot.put(post(5, 3), 19, RULES), Landed::Fenced);
    }
}
