//! Weight: about how many bytes the usual containers hold, so that copies of runs can be kept within a limit.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::size_of;

/// Containers whose elements point to nothing. What elements hold themselves is added with [`deep`].
pub trait Flat {
    fn bytes(&self) -> usize;
}

impl<T> Flat for Vec<T> {
    fn bytes(&self) -> usize {
        self.len() * size_of::<T>()
    }
}

impl<T> Flat for VecDeque<T> {
    fn bytes(&self) -> usize {
        self.len() * size_of::<T>()
    }
}

/// Nodes of a tree hold eleven places, of which some seven are taken.
const fn in_tree(entries: usize, each: usize) -> usize {
    entries * each * 3 / 2 + entries * 4
}

impl<K, V> Flat for BTreeMap<K, V> {
    fn bytes(&self) -> usize {
        in_tree(self.len(), size_of::<K>() + size_of::<V>())
    }
}

impl<T> Flat for BTreeSet<T> {
    fn bytes(&self) -> usize {
        in_tree(self.len(), size_of::<T>())
    }
}

/// What the elements of a container hold beyond themselves.
pub fn deep<T>(elements: impl Iterator<Item = T>, each: impl Fn(T) -> usize) -> usize {
    elements.map(each).sum()
}
