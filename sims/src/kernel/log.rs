//! The log: what happened, in sentences, the latest few thousand.

use super::time::Time;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A design's own remark.
    Note,
    /// Somebody acted: a fault, a knob.
    Act,
    /// A step of the script that could not be done.
    Refused,
    /// An invariant broke.
    Broken,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub at: Time,
    pub level: Level,
    pub text: String,
}

/// Entries beyond this are forgotten, oldest first.
const ENTRIES_MAX: usize = 2_000;

#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
}

impl Log {
    pub fn push(&mut self, at: Time, level: Level, text: String) {
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { at, level, text });
    }

    /// Bytes, near enough.
    pub fn weight(&self) -> usize {
        self.entries.iter().map(|entry| std::mem::size_of::<Entry>() + entry.text.capacity()).sum()
    }

    /// The latest entries, oldest first.
    pub fn tail(&self, most: usize) -> Vec<Entry> {
        self.entries.iter().skip(self.entries.len().saturating_sub(most)).cloned().collect()
    }
}
