//! A bounded timeline: the newest posts for one reader, in order, none twice, eight bytes each.

use crate::kernel::time::Time;
use std::collections::VecDeque;

/// A post's id is also its place in every timeline: milliseconds, then author, then number within the millisecond. Ordering by id is
/// therefore ordering by (time, id), as with the ids of a Snowflake generator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId(pub u64);

pub const AUTHORS_MAX: u32 = 1 << 20;
/// Posts that one millisecond can number.
pub const NUMBERS: u64 = 1 << 12;

impl PostId {
    /// Smaller than any id that is given out.
    pub const NONE: PostId = PostId(0);

    /// `number` counts from 1 within the millisecond.
    pub fn new(ms: u64, author: u32, number: u64) -> PostId {
        PostId((ms << 32) | (u64::from(author % AUTHORS_MAX) << 12) | (number % NUMBERS))
    }

    /// The first that could be given out at that time.
    pub fn since(at: Time) -> PostId {
        PostId::new(at.0 / 1_000_000, 0, 0)
    }

    pub fn ms(self) -> u64 {
        self.0 >> 32
    }

    pub fn author(self) -> u32 {
        (self.0 >> 12) as u32 % AUTHORS_MAX
    }
}

/// What became of a post that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    New,
    /// It was there already.
    Twice,
    /// It is older than what the bound retains.
    Below,
}

/// Ascending, so that the usual post, the newest, is appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    entries: VecDeque<PostId>,
    bound: usize,
    /// Entries there is memory for. Kept by hand: a clone's capacity is its length, and a metric must not tell a clone from its original.
    room: usize,
    /// Something at or below this was left out; what lies below it cannot be told from here.
    floor: Option<PostId>,
}

impl Timeline {
    /// An empty timeline that left nothing out.
    pub fn new(bound: usize) -> Timeline {
        Timeline { entries: VecDeque::new(), bound: bound.max(1), room: 0, floor: None }
    }

    /// A timeline of what a merge gave, newest first. If the merge filled the bound there may be more below.
    pub fn of(bound: usize, newest_first: &[PostId]) -> Timeline {
        let mut entries: VecDeque<PostId> = newest_first.iter().take(bound.max(1)).rev().copied().collect();
        entries.shrink_to_fit();
        let floor = if entries.len() >= bound { entries.front().copied() } else { None };
        Timeline { room: entries.len(), entries, bound: bound.max(1), floor }
    }

    pub fn put(&mut self, id: PostId) -> Put {
        if self.entries.back().is_none_or(|newest| *newest < id) && self.floor.is_none_or(|floor| floor < id) {
            self.append(id);
            self.trim();
            return Put::New;
        }
        match self.entries.binary_search(&id) {
            Ok(_) => Put::Twice,
            Err(_) if self.floor.is_some_and(|floor| id <= floor) => Put::Below,
            Err(_) if self.entries.len() >= self.bound && self.entries.front().is_some_and(|oldest| id < *oldest) => {
                self.floor = Some(id);
                Put::Below
            }
            Err(at) => {
                self.grow();
                self.entries.insert(at, id);
                self.trim();
                Put::New
            }
        }
    }

    /// What a plain list does: the post goes in wherever it belongs, there already or not. The flaw that deduplication guards against.
    pub fn put_blindly(&mut self, id: PostId) {
        let at = self.entries.partition_point(|entry| *entry <= id);
        self.grow();
        self.entries.insert(at, id);
    }

    /// From now on holds at most so many; a smaller bound forgets the oldest at once.
    pub fn set_bound(&mut self, bound: usize) {
        self.bound = bound.max(1);
        self.trim();
    }

    /// Forgets what exceeds the bound.
    pub fn trim(&mut self) {
        while self.entries.len() > self.bound {
            self.floor = self.entries.pop_front();
        }
    }

    /// Forgets what is older: it belongs to no timeline any more, so it is not missed.
    pub fn forget_before(&mut self, horizon: PostId) {
        while self.entries.front().is_some_and(|oldest| *oldest < horizon) {
            self.entries.pop_front();
        }
        self.floor = self.floor.filter(|floor| *floor >= horizon);
    }

    pub fn remove(&mut self, id: PostId) -> bool {
        self.entries.binary_search(&id).is_ok_and(|at| self.entries.remove(at).is_some())
    }

    /// Takes out every post of an author; how many there were.
    pub fn remove_author(&mut self, author: u32) -> usize {
        let before = self.entries.len();
        self.entries.retain(|id| id.author() != author);
        before - self.entries.len()
    }

    /// The newest first.
    pub fn newest(&self) -> impl Iterator<Item = PostId> {
        self.entries.iter().rev().copied()
    }

    /// Whether posts that belong here are missing: fewer than the bound, and older ones were left out.
    pub fn is_short(&self) -> bool {
        self.floor.is_some() && self.entries.len() < self.bound
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Memory held, the header included.
    pub fn bytes(&self) -> usize {
        size_of::<Timeline>() + self.room * size_of::<PostId>()
    }

    fn append(&mut self, id: PostId) {
        if self.entries.len() >= self.bound {
            self.floor = self.entries.pop_front();
        }
        self.grow();
        self.entries.push_back(id);
    }

    /// Doubles up to the bound, not to the next power of two: 800 entries cost 800.
    fn grow(&mut self) {
        let len = self.entries.len();
        if len >= self.room {
            self.room = len + len.max(8).min(self.bound.saturating_sub(len)).max(1);
            self.entries.reserve_exact(self.room - len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_id_orders_by_time_then_author_then_number() {
        let mut ids = [PostId::new(2, 1, 1), PostId::new(1, 9, 2), PostId::new(1, 9, 1), PostId::new(1, 3, 7)];
        ids.sort_unstable();
        assert_eq!(ids.map(|id| (id.ms(), id.author())), [(1, 3), (1, 9), (1, 9), (2, 1)]);
    }

    #[derive(Clone, Debug)]
    enum Op {
        Put(u64),
        Remove(u64),
        RemoveAuthor(u32),
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let op = prop_oneof![
            8 => (0u64..120).prop_map(Op::Put),
            2 => (0u64..120).prop_map(Op::Remove),
            1 => (0u32..4).prop_map(Op::RemoveAuthor)
        ];
        proptest::collection::vec(op, 0..200)
    }

    fn id(n: u64) -> PostId {
        PostId::new(n, (n % 4) as u32, 1)
    }

    proptest! {
        /// The naive model is the set of all live posts. A timeline must hold its newest part without a gap: everything above the
        /// floor, and if it is not short, exactly the newest `bound`.
        #[test]
        fn it_is_the_newest_part_of_all_live_posts(bound in 1usize..40, ops in ops()) {
            let mut line = Timeline::new(bound);
            let mut live = BTreeSet::new();
            for op in ops {
                match op {
                    Op::Put(n) => {
                        let put = line.put(id(n));
                        let fresh = live.insert(id(n));
                        if put == Put::New { prop_assert!(fresh); }
                    }
                    Op::Remove(n) => {
                        line.remove(id(n));
                        live.remove(&id(n));
                    }
                    Op::RemoveAuthor(author) => {
                        line.remove_author(author);
                        live.retain(|id| id.author() != author);
                    }
                }
                prop_assert!(line.len() <= bound);
                let held: Vec<PostId> = line.newest().collect();
                let newest: Vec<PostId> = live.iter().rev().take(held.len()).copied().collect();
                prop_assert_eq!(&held, &newest);
                if !line.is_short() {
                    prop_assert_eq!(held.len(), live.len().min(bound));
                }
            }
        }

        #[test]
        fn rebuilt_from_a_merge_it_goes_on_as_if_it_had_seen_all(bound in 1usize..20, old in proptest::collection::btree_set(0u64..60, 0..40), new in proptest::collection::vec(60u64..90, 0..20)) {
            let newest: Vec<PostId> = old.iter().rev().map(|n| id(*n)).collect();
            let mut rebuilt = Timeline::of(bound, &newest);
            let mut grown = Timeline::new(bound);
            for n in &old { grown.put(id(*n)); }
            for n in &new { rebuilt.put(id(*n)); grown.put(id(*n)); }
            prop_assert_eq!(rebuilt.newest().collect::<Vec<_>>(), grown.newest().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_too_old_is_forgotten_and_not_missed() {
        let mut line = Timeline::new(4);
        for n in 0..8 {
            line.put(id(n));
        }
        line.forget_before(id(6));
        assert_eq!(line.newest().collect::<Vec<_>>(), [id(7), id(6)]);
        assert!(!line.is_short(), "what is older does not belong here");
        line.put(id(8));
        assert_eq!(line.len(), 3);
    }

    #[test]
    fn eight_hundred_entries_cost_eight_bytes_each() {
        let mut line = Timeline::new(800);
        for n in 0..5_000 {
            line.put(id(n));
        }
        assert_eq!(line.len(), 800);
        assert!(line.bytes() <= 800 * 8 + 80, "{} bytes", line.bytes());
    }

    #[test]
    fn a_blind_list_takes_a_post_twice() {
        let mut line = Timeline::new(8);
        line.put_blindly(id(3));
        line.put_blindly(id(3));
        assert_eq!((line.len(), line.put(id(3))), (2, Put::Twice));
    }
}
