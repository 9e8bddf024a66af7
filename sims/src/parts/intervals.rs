//! Which of many ranges hold a key: a tree over the ranges' starts that knows the furthest end below each node.
//!
//! An implicit augmented interval tree (Cormen et al., section 14.3) in one sorted list: the middle of a stretch is its root.
//! Ranges come and go seldom and keys are asked for often, so the list is put in order when it is next asked.

#[derive(Clone, Debug)]
pub struct Intervals<K> {
    /// From, to (without it), name.
    ranges: Vec<(K, K, u32)>,
    /// Furthest end within the stretch whose middle stands here.
    furthest: Vec<K>,
    sorted: bool,
}

impl<K> Default for Intervals<K> {
    fn default() -> Self {
        Intervals { ranges: Vec::new(), furthest: Vec::new(), sorted: true }
    }
}

impl<K: Ord + Clone> Intervals<K> {
    pub fn insert(&mut self, from: K, to: K, name: u32) {
        self.ranges.push((from, to, name));
        self.sorted = false;
    }

    pub fn remove(&mut self, name: u32) {
        self.ranges.retain(|range| range.2 != name);
        self.sorted = false;
    }

    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Calls `each` with the name of every range that holds the key, in order of the ranges' starts.
    pub fn holding(&mut self, key: &K, mut each: impl FnMut(u32)) {
        if !self.sorted {
            self.ranges.sort();
            self.furthest = self.ranges.iter().map(|range| range.1.clone()).collect();
            mark(&self.ranges, &mut self.furthest);
            self.sorted = true;
        }
        search(&self.ranges, &self.furthest, key, &mut each);
    }
}

/// Sets the furthest end of each stretch; gives that of the whole.
fn mark<K: Ord + Clone>(ranges: &[(K, K, u32)], furthest: &mut [K]) -> Option<K> {
    if ranges.is_empty() {
        return None;
    }
    let middle = ranges.len() / 2;
    let (left, rest) = furthest.split_at_mut(middle);
    let (root, right) = rest.split_first_mut()?;
    for below in [mark(&ranges[..middle], left), mark(&ranges[middle + 1..], right)].into_iter().flatten() {
        if *root < below {
            *root = below;
        }
    }
    Some(root.clone())
}

fn search<K: Ord>(ranges: &[(K, K, u32)], furthest: &[K], key: &K, each: &mut impl FnMut(u32)) {
    let middle = ranges.len() / 2;
    let Some((from, to, name)) = ranges.get(middle) else { return };
    if furthest[middle] <= *key {
        return;
    }
    search(&ranges[..middle], &furthest[..middle], key, each);
    if from <= key {
        if key < to {
            each(*name);
        }
        search(&ranges[middle + 1..], &furthest[middle + 1..], key, each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against looking at every range.
        #[test]
        fn every_range_with_the_key_is_found(
            ranges in proptest::collection::vec((0u8..40, 0u8..40), 0..40),
            gone in proptest::collection::vec(0u32..40, 0..10),
            keys in proptest::collection::vec(0u8..42, 1..20),
        ) {
            let mut tree = Intervals::default();
            let mut naive: Vec<(u8, u8, u32)> = Vec::new();
            for (name, (from, to)) in ranges.into_iter().enumerate() {
                tree.insert(from, to, name as u32);
                naive.push((from, to, name as u32));
            }
            for round in 0..2 {
                for key in &keys {
                    let mut found = Vec::new();
                    tree.holding(key, |name| found.push(name));
                    found.sort_unstable();
                    let wanted: Vec<u32> = naive.iter().filter(|r| r.0 <= *key && *key < r.1).map(|r| r.2).collect();
                    prop_assert_eq!(&found, &wanted, "round {}", round);
                }
                for name in &gone {
                    tree.remove(*name);
                    naive.retain(|r| r.2 != *name);
                }
            }
        }
    }
}
