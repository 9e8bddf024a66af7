//! Against the standard library's map, and the fill that theory promises.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

impl<K: Ord + Copy + std::fmt::Debug> Tree<K> {
    /// Every rule of the structure: order, bounds, one depth, links.
    fn check(&self) {
        let mut leaves = Vec::new();
        self.check_page(self.root, None, None, 1, &mut leaves);
        assert_eq!(leaves.len() as u64, self.leaves);
        assert_eq!(leaves.first(), Some(&self.first_leaf));
        for (i, leaf) in leaves.iter().enumerate() {
            let Page::Leaf { next, .. } = &self.pages[*leaf as usize] else { panic!("not a leaf") };
            assert_eq!(*next, leaves.get(i + 1).copied(), "leaves are linked in order");
        }
        assert_eq!(self.iter().count() as u64, self.entries);
    }

    fn check_page(&self, page: PageId, low: Option<K>, high: Option<K>, depth: usize, leaves: &mut Vec<PageId>) {
        let (keys, children) = match &self.pages[page as usize] {
            Page::Leaf { keys, rows, .. } => {
                assert_eq!(keys.len(), rows.len());
                assert_eq!(depth, self.height, "all leaves at one depth");
                assert!(!keys.is_empty() || self.entries == 0, "no empty leaf");
                leaves.push(page);
                (keys, None)
            }
            Page::Inner { keys, children } => {
                assert_eq!(keys.len() + 1, children.len());
                assert!(children.len() >= 2);
                (keys, Some(children))
            }
        };
        assert!(keys.len() <= self.page_entries && children.is_none_or(|c| c.len() <= self.page_entries));
        assert!(keys.windows(2).all(|w| w[0] < w[1]));
        assert!(keys.iter().all(|k| low.is_none_or(|l| l <= *k) && high.is_none_or(|h| *k < h)));
        for (i, child) in children.into_iter().flatten().enumerate() {
            let low = if i == 0 { low } else { Some(keys[i - 1]) };
            let high = keys.get(i).copied().or(high);
            self.check_page(*child, low, high, depth + 1, leaves);
        }
    }
}

fn splits() -> impl Strategy<Value = Split> {
    prop_oneof![Just(Split::Plain), (0.5f64..=1.0).prop_map(|keep| Split::RightMost { keep })]
}

proptest! {
    #[test]
    fn it_holds_what_a_map_holds(page_entries in 4usize..12, split in splits(), inserts in prop::collection::vec((0u32..600, any::<u64>()), 0..800)) {
        let (mut tree, mut map) = (Tree::new(page_entries, 8, split), BTreeMap::new());
        for (key, row) in inserts {
            match tree.insert(key, row) {
                Inserted::New => prop_assert!(map.insert(key, row).is_none()),
                Inserted::Duplicate { row } => prop_assert_eq!(map.get(&key), Some(&row)),
            }
        }
        tree.check();
        prop_assert_eq!(tree.iter().collect::<Vec<_>>(), map.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>());
        for key in 0..600 {
            prop_assert_eq!(tree.get(&key), map.get(&key).copied());
        }
    }

    #[test]
    fn nearly_sorted_keys_keep_the_structure(page_entries in 4usize..40, split in splits(), late in prop::collection::vec(0u64..30, 1..2000)) {
        let mut tree = Tree::new(page_entries, 8, split);
        for (i, late) in late.iter().enumerate() {
            tree.insert((i as u64 * 10).saturating_sub(late * 10) * 10_000 + i as u64, 0);
        }
        tree.check();
        prop_assert_eq!(tree.len(), late.len() as u64);
    }
}

const ENTRIES: u64 = 100_000;

fn scrambled(i: u64) -> u64 {
    // SplitMix64's finaliser: a permutation, so no key comes twice.
    let z = (i ^ (i >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn filled(split: Split, key: impl Fn(u64) -> u64) -> Tree<u64> {
    let mut tree = Tree::new(100, 64, split);
    for i in 1..=ENTRIES {
        assert_eq!(tree.insert(key(i), i), Inserted::New);
    }
    tree.check();
    tree
}

#[test]
fn random_keys_fill_leaves_to_ln_2_and_sorted_ones_to_half_or_all() {
    for (split, random, says, fill) in [
        (Split::Plain, true, "random keys, plain split: Yao's ln 2", std::f64::consts::LN_2),
        (Split::RightMost { keep: 1.0 }, true, "random keys, right-most split changes nothing", std::f64::consts::LN_2),
        (Split::Plain, false, "sorted keys, plain split leaves halves", 0.5),
        (Split::RightMost { keep: 1.0 }, false, "sorted keys, right-most split", 1.0),
        (Split::RightMost { keep: 0.9 }, false, "sorted keys, PostgreSQL's 90 %", 0.9),
    ] {
        let tree = filled(split, |i| if random { scrambled(i) } else { i });
        assert!((tree.leaf_fill() - fill).abs() < 0.02, "{says}: {}", tree.leaf_fill());
    }
}

#[test]
fn random_keys_fetch_a_page_for_nearly_every_insert_and_sorted_ones_hardly_any() {
    let per_insert = |n: u64| n as f64 / ENTRIES as f64;
    let random = filled(Split::Plain, scrambled).traffic();
    let sorted = filled(Split::Plain, |i| i).traffic();
    assert!(per_insert(random.fetches) > 0.8, "{random:?}");
    assert!(per_insert(random.write_backs) > 0.8, "{random:?}");
    assert!(per_insert(sorted.fetches) < 0.001, "{sorted:?}");
    assert!(per_insert(sorted.write_backs) < 0.025, "a page in fifty inserts, and its parents: {sorted:?}");
}
