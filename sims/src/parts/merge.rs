//! The newest posts of many sorted lists, by a tournament of losers.
//!
//! Knuth, The Art of Computer Programming 3, section 5.4.1: each inner node keeps the loser of its match, so that taking the winner
//! replays one path, log2(k) comparisons, where a binary heap needs up to twice as many.

use super::timeline::PostId;

/// Merges lists that are each sorted newest first. A post that stands in several lists comes once.
#[derive(Clone, Debug)]
pub struct Newest<'a> {
    lists: Vec<&'a [PostId]>,
    /// Head of each list; `NONE` once it is used up.
    heads: Vec<PostId>,
    /// Place 0 holds the winner, the others the loser of their match; leaves are not stored.
    tree: Vec<u32>,
    last: PostId,
}

impl<'a> Newest<'a> {
    pub fn of(mut lists: Vec<&'a [PostId]>) -> Newest<'a> {
        lists.retain(|list| !list.is_empty());
        let heads: Vec<PostId> = lists.iter().map(|list| list[0]).collect();
        let k = heads.len();
        let mut merge = Newest { lists, heads, tree: vec![0; k.max(1)], last: PostId::NONE };
        if k > 0 {
            merge.tree[0] = merge.play(1);
        }
        merge
    }

    /// The winner of the matches under `node`, whose losers are written down on the way. Leaf j is node k + j.
    fn play(&mut self, node: usize) -> u32 {
        let k = self.heads.len();
        if node >= k {
            return (node - k) as u32;
        }
        let (left, right) = (self.play(2 * node), self.play(2 * node + 1));
        let (winner, loser) = if self.heads[left as usize] >= self.heads[right as usize] { (left, right) } else { (right, left) };
        self.tree[node] = loser;
        winner
    }

    /// Takes the head of the winning list and replays its path.
    fn pop(&mut self) -> PostId {
        let k = self.heads.len();
        if k == 0 {
            return PostId::NONE;
        }
        let mut winner = self.tree[0];
        let list = winner as usize;
        let taken = self.heads[list];
        if taken == PostId::NONE {
            return taken;
        }
        self.lists[list] = &self.lists[list][1..];
        self.heads[list] = self.lists[list].first().copied().unwrap_or(PostId::NONE);
        let mut node = (k + list) / 2;
        while node > 0 {
            let other = self.tree[node];
            if self.heads[other as usize] > self.heads[winner as usize] {
                self.tree[node] = winner;
                winner = other;
            }
            node /= 2;
        }
        self.tree[0] = winner;
        taken
    }
}

impl Iterator for Newest<'_> {
    type Item = PostId;

    fn next(&mut self) -> Option<PostId> {
        loop {
            let id = self.pop();
            if id == PostId::NONE {
                return None;
            }
            if id != self.last {
                self.last = id;
                return Some(id);
            }
        }
    }
}

/// The newest `count` posts of these lists.
pub fn newest(lists: Vec<&[PostId]>, count: usize) -> Vec<PostId> {
    Newest::of(lists).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_gives_what_sorting_everything_gives(mut lists in proptest::collection::vec(proptest::collection::vec(1u64..200, 0..30), 0..20), count in 0usize..100) {
            for list in &mut lists {
                list.sort_unstable_by(|a, b| b.cmp(a));
                list.dedup();
            }
            let lists: Vec<Vec<PostId>> = lists.into_iter().map(|list| list.into_iter().map(PostId).collect()).collect();
            let mut all: Vec<PostId> = lists.iter().flatten().copied().collect();
            all.sort_unstable_by(|a, b| b.cmp(a));
            all.dedup();
            all.truncate(count);
            prop_assert_eq!(newest(lists.iter().map(Vec::as_slice).collect(), count), all);
        }
    }
}
