//! Posts by author: each author's own list, from which every timeline can be built again.

use super::timeline::PostId;
use crate::kernel::weight::{Flat, deep};
use std::collections::BTreeMap;

/// The source of truth. A deleted post leaves a tombstone, so that a late write of it does not bring it back.
#[derive(Clone, Debug, Default)]
pub struct AuthorLists {
    /// Ascending; deleted posts are taken out.
    lists: BTreeMap<u32, Vec<PostId>>,
    tombstones: std::collections::BTreeSet<PostId>,
}

impl AuthorLists {
    /// Bytes held, near enough.
    pub fn weight(&self) -> usize {
        self.lists.bytes() + deep(self.lists.values(), Flat::bytes) + self.tombstones.bytes()
    }

    /// False if it was there, or was deleted before.
    pub fn put(&mut self, id: PostId) -> bool {
        if self.tombstones.contains(&id) {
            return false;
        }
        let list = self.lists.entry(id.author()).or_default();
        match list.binary_search(&id) {
            Ok(_) => false,
            Err(at) => {
                list.insert(at, id);
                true
            }
        }
    }

    /// False if it was deleted before.
    pub fn delete(&mut self, id: PostId) -> bool {
        if let Some(list) = self.lists.get_mut(&id.author())
            && let Ok(at) = list.binary_search(&id)
        {
            list.remove(at);
        }
        self.tombstones.insert(id)
    }

    /// Forgets an author's posts that are older, and every tombstone that is: such a post must not be put in again.
    pub fn forget_before(&mut self, author: u32, horizon: PostId) {
        if let Some(list) = self.lists.get_mut(&author) {
            list.drain(..list.partition_point(|id| *id < horizon));
        }
        while self.tombstones.first().is_some_and(|id| *id < horizon) {
            self.tombstones.pop_first();
        }
    }

    pub fn is_live(&self, id: PostId) -> bool {
        self.lists.get(&id.author()).is_some_and(|list| list.binary_search(&id).is_ok())
    }

    /// The newest `count` of an author, newest first.
    pub fn newest(&self, author: u32, count: usize) -> Vec<PostId> {
        self.lists.get(&author).map_or_else(Vec::new, |list| list.iter().rev().take(count).copied().collect())
    }

    pub fn last_of(&self, author: u32) -> Option<PostId> {
        self.lists.get(&author)?.last().copied()
    }

    pub fn len(&self) -> usize {
        self.lists.values().map(Vec::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_too_old_is_forgotten() {
        let mut lists = AuthorLists::default();
        for ms in 1..=5 {
            lists.put(PostId::new(ms, 1, 1));
            lists.put(PostId::new(ms, 2, 1));
        }
        lists.delete(PostId::new(2, 2, 1));
        lists.forget_before(1, PostId::new(4, 0, 0));
        assert_eq!(lists.newest(1, 9), [PostId::new(5, 1, 1), PostId::new(4, 1, 1)]);
        assert_eq!((lists.newest(2, 9).len(), lists.tombstones.len()), (4, 0));
    }

    proptest! {
        #[test]
        fn an_authors_list_is_what_was_put_and_not_deleted(ops in proptest::collection::vec((any::<bool>(), 1u64..40, 0u32..3), 0..120)) {
            let mut lists = AuthorLists::default();
            let (mut put, mut deleted) = (BTreeSet::new(), BTreeSet::new());
            for (is_put, ms, author) in ops {
                let id = PostId::new(ms, author, 1);
                if is_put {
                    prop_assert_eq!(lists.put(id), !deleted.contains(&id) && put.insert(id));
                } else {
                    prop_assert_eq!(lists.delete(id), deleted.insert(id));
                }
            }
            for author in 0..3 {
                let mut naive: Vec<PostId> = put.difference(&deleted).filter(|id| id.author() == author).copied().collect();
                naive.reverse();
                naive.truncate(10);
                prop_assert_eq!(lists.newest(author, 10), naive);
            }
            prop_assert!(put.iter().all(|id| lists.is_live(*id) != deleted.contains(id)));
            prop_assert_eq!(lists.len(), put.difference(&deleted).count());
        }
    }
}
