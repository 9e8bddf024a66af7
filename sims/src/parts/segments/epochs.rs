//! Leader epochs: which offsets were written under which leader, so that a follower knows where its log parts from a new leader's.
//!
//! After KIP-101 (2016): a follower that cuts back to its high watermark instead may throw away what was acknowledged.

/// Each epoch's first offset, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Epochs(Vec<(u32, u64)>);

impl Epochs {
    /// A record of `epoch` stands at `offset`; nothing new if that epoch has begun already.
    pub fn note(&mut self, epoch: u32, offset: u64) {
        // Of an older one nothing stands any more, if retention took all its records: what begins here is not its end.
        self.0.pop_if(|(older, first)| *older < epoch && *first >= offset);
        if self.last().is_none_or(|last| last < epoch) {
            self.0.push((epoch, offset));
        }
    }

    pub fn last(&self) -> Option<u32> {
        self.0.last().map(|(epoch, _)| *epoch)
    }

    /// The epoch of the record at `offset`, if there are any so far back.
    pub fn at(&self, offset: u64) -> Option<u32> {
        let after = self.0.partition_point(|(_, first)| *first <= offset);
        after.checked_sub(1).map(|at| self.0[at].0)
    }

    /// The latest epoch that is not after the one asked for, and the first offset behind it, in a log that ends at `end`.
    /// None if this log begins later than that.
    pub fn end_of(&self, asked: u32, end: u64) -> Option<(u32, u64)> {
        let after = self.0.partition_point(|(epoch, _)| *epoch <= asked);
        let (epoch, _) = self.0[after.checked_sub(1)?];
        Some((epoch, self.0.get(after).map_or(end, |(_, first)| *first)))
    }

    /// Nothing from `offset` on stands any more.
    pub fn cut(&mut self, offset: u64) {
        self.0.truncate(self.0.partition_point(|(_, first)| *first < offset));
    }

    /// Nothing before `offset` stands any more.
    pub fn trim(&mut self, offset: u64) {
        let after = self.0.partition_point(|(_, first)| *first <= offset);
        if let Some(covers) = after.checked_sub(1) {
            self.0.drain(..covers);
            self.0[0].1 = self.0[0].1.max(offset);
        }
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Where a follower must cut its log to agree with a leader's, if it must: the leader's answer to a fetch from `from`, of which the last record's epoch is `last`.
/// The follower then cuts to the smaller of that offset and the end of its own part of that epoch.
pub fn divergence(leader: &Epochs, leader_end: u64, from: u64, last: Option<u32>) -> Option<(u32, u64)> {
    let last = last?;
    match leader.end_of(last, leader_end) {
        Some((epoch, end)) if epoch < last || end < from => Some((epoch, end)),
        Some(_) => None,
        // The leader's log begins after that epoch: nothing of the follower's can be told to agree.
        None => Some((0, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(list: &[(u32, u64)]) -> Epochs {
        Epochs(list.to_vec())
    }

    /// The second case of KIP-101: both logs have a record at offset 1, of different leaders.
    #[test]
    fn logs_of_one_length_that_differ_are_told_apart() {
        let leader = epochs(&[(0, 0), (2, 1)]);
        assert_eq!(divergence(&leader, 2, 2, Some(1)), Some((0, 1)), "what epoch 1 wrote here is nowhere in the leader's log");
        assert_eq!(divergence(&leader, 2, 2, Some(2)), None);
        assert_eq!(divergence(&leader, 2, 1, Some(0)), None);
    }

    #[test]
    fn a_follower_that_is_ahead_of_its_leader_is_cut_back() {
        assert_eq!(divergence(&epochs(&[(3, 0)]), 5, 9, Some(3)), Some((3, 5)));
    }

    #[test]
    fn an_epoch_of_which_retention_left_nothing_is_forgotten_by_the_next() {
        let mut epochs = epochs(&[(0, 0)]);
        epochs.trim(10);
        epochs.note(1, 10);
        assert_eq!((epochs.end_of(0, 11), epochs.end_of(1, 11)), (None, Some((1, 11))));
    }

    #[test]
    fn cutting_and_trimming_keep_what_stands() {
        let mut epochs = epochs(&[(0, 0), (2, 10), (5, 20)]);
        assert_eq!((epochs.at(9), epochs.at(10), epochs.at(99)), (Some(0), Some(2), Some(5)));
        epochs.trim(12);
        assert_eq!(epochs.0, [(2, 12), (5, 20)]);
        assert_eq!(epochs.end_of(4, 30), Some((2, 20)));
        assert_eq!(epochs.end_of(1, 30), None);
        epochs.cut(20);
        assert_eq!((epochs.last(), epochs.end_of(9, 15)), (Some(2), Some((2, 15))));
    }
}
