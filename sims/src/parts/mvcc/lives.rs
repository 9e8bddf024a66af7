//! When a key was written and deleted: its lives, each from a creation to the deletion that ends it.

use super::At;
use crate::kernel::weight::Flat;

/// In order of time; only the last may be open.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lives(Vec<Life>);

/// Never empty. Where it has ended, the last entry is the deletion.
#[derive(Clone, Debug, PartialEq)]
struct Life {
    writes: Vec<At>,
    ended: bool,
}

impl Life {
    /// The last write at or before a revision that was not a deletion.
    fn at(&self, revision: u64) -> Option<At> {
        let upto = self.writes.partition_point(|at| at.revision <= revision);
        if self.ended && upto == self.writes.len() {
            return None;
        }
        upto.checked_sub(1).map(|last| self.writes[last])
    }

    fn over_by(&self, revision: u64) -> bool {
        self.ended && self.writes.last().is_some_and(|at| at.revision <= revision)
    }
}

impl Lives {
    /// The write that holds now.
    pub fn now(&self) -> Option<At> {
        self.0.last().filter(|life| !life.ended).and_then(|life| life.writes.last().copied())
    }

    /// The write that held at a revision.
    pub fn at(&self, revision: u64) -> Option<At> {
        let begun = self.0.partition_point(|life| life.writes[0].revision <= revision);
        self.0[..begun].last()?.at(revision)
    }

    pub fn write(&mut self, at: At) {
        match self.0.last_mut() {
            Some(life) if !life.ended => life.writes.push(at),
            _ => self.0.push(Life { writes: vec![at], ended: false }),
        }
    }

    /// Ends the open life, if there is one.
    pub fn end(&mut self, at: At) {
        if let Some(life) = self.0.last_mut().filter(|life| !life.ended) {
            life.writes.push(at);
            life.ended = true;
        }
    }

    /// Drops what nobody who reads at `revision` or later can see, and says which changes those were.
    pub fn compact(&mut self, revision: u64, mut dropped: impl FnMut(At)) {
        let over = self.0.iter().take_while(|life| life.over_by(revision)).count();
        self.0.drain(..over).flat_map(|life| life.writes).for_each(&mut dropped);
        if let Some(life) = self.0.first_mut() {
            let upto = life.writes.partition_point(|at| at.revision <= revision);
            life.writes.drain(..upto.saturating_sub(1)).for_each(&mut dropped);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.0.bytes() + self.0.iter().map(|life| life.writes.bytes()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rev(revision: u64) -> At {
        At::first_of(revision)
    }

    /// The example in the comment of etcd's key index: put at 1 and 2, deleted at 3, put at 4, deleted at 5.
    fn example() -> Lives {
        let mut lives = Lives::default();
        for (revision, ends) in [(1, false), (2, false), (3, true), (4, false), (5, true)] {
            if ends { lives.end(rev(revision)) } else { lives.write(rev(revision)) }
        }
        lives
    }

    fn compacted(revision: u64) -> (Lives, Vec<u64>) {
        let (mut lives, mut dropped) = (example(), Vec::new());
        lives.compact(revision, |at| dropped.push(at.revision));
        (lives, dropped)
    }

    #[test]
    fn the_key_index_of_etcd() {
        let lives = example();
        assert_eq!([1, 2, 3, 4, 5, 6].map(|r| lives.at(r).map(|at| at.revision)), [Some(1), Some(2), None, Some(4), None, None]);
        assert_eq!(compacted(2).1, [1]);
        assert_eq!(compacted(3).1, [1, 2, 3]);
        assert_eq!(compacted(4).1, [1, 2, 3]);
        assert_eq!(compacted(4).0.at(4), Some(rev(4)));
        let (lives, dropped) = compacted(5);
        assert_eq!(dropped, [1, 2, 3, 4, 5]);
        assert!(lives.is_empty());
    }

    #[test]
    fn an_ended_life_is_not_ended_twice() {
        let mut lives = example();
        lives.end(rev(6));
        assert_eq!(lives, example());
    }
}
