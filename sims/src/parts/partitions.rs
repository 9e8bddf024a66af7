//! Rows in lanes, kept in partitions of time: the newest page is read from the newest partition, and old ones are dropped whole.
//!
//! The key is (lane, bucket of time, place), as in the message tables of wide-column stores: one lane's rows of one bucket lie together and in
//! order, a lane never makes a partition larger than its bucket, and retention removes partitions, not rows.

use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use std::collections::VecDeque;

/// Places of a lane count from 1, without gaps.
#[derive(Clone, Debug)]
pub struct Partitions<T> {
    span: Span,
    /// By lane: its newest row.
    newest: Vec<Link>,
    /// The oldest in front.
    parts: VecDeque<Partition<T>>,
    /// Partitions dropped so far: the number of the oldest that is kept.
    dropped: u32,
    rows: usize,
}

#[derive(Clone, Debug)]
struct Partition<T> {
    bucket: u64,
    /// As they came.
    rows: Vec<Row<T>>,
}

#[derive(Clone, Debug)]
struct Row<T> {
    lane: u32,
    place: u32,
    /// The lane's row before this one, wherever it lies: whoever goes back passes over partitions that have none.
    before: Link,
    /// The lane has a later row in this partition.
    followed: bool,
    row: T,
}

/// Where a row lies: the number of its partition, and one more than its place there; 0 for none. Links into what was dropped lead nowhere.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    part: u32,
    row: u32,
}

impl<T> Partitions<T> {
    pub fn new(span: Span, lanes: usize) -> Partitions<T> {
        Partitions { span: Span(span.0.max(1)), newest: vec![Link::default(); lanes], parts: VecDeque::new(), dropped: 0, rows: 0 }
    }

    /// Puts a row at a place, which is one above the lane's last. A clock that went back writes into the newest partition.
    pub fn append(&mut self, lane: u32, place: u32, at: Time, row: T) {
        let bucket = at.0 / self.span.0;
        if self.parts.back().is_none_or(|part| part.bucket < bucket) {
            self.parts.push_back(Partition { bucket, rows: Vec::new() });
        }
        let part = self.dropped + self.parts.len() as u32 - 1;
        let before = self.newest[lane as usize];
        self.follow(before, part, true);
        if let Some(newest) = self.parts.back_mut() {
            newest.rows.push(Row { lane, place, before, followed: false, row });
            self.newest[lane as usize] = Link { part, row: newest.rows.len() as u32 };
            self.rows += 1;
        }
    }

    /// Whether the row at `link`, if it lies in partition `part`, is followed there.
    fn follow(&mut self, link: Link, part: u32, followed: bool) {
        if link.part != part {
            return;
        }
        let (at, place) = ((part - self.dropped) as usize, link.row.checked_sub(1));
        if let (Some(part), Some(place)) = (self.parts.get_mut(at), place) {
            part.rows[place as usize].followed = followed;
        }
    }

    fn row(&self, link: Link) -> Option<&Row<T>> {
        let part = self.parts.get(link.part.checked_sub(self.dropped)? as usize)?;
        part.rows.get(link.row.checked_sub(1)? as usize)
    }

    /// Takes back the row that was put last, in whichever lane.
    pub fn pop(&mut self) -> Option<(u32, T)> {
        let at = self.parts.iter().rposition(|part| !part.rows.is_empty())?;
        let Row { lane, before, row, .. } = self.parts[at].rows.pop()?;
        self.newest[lane as usize] = before;
        self.follow(before, self.dropped + at as u32, false);
        self.rows -= 1;
        Some((lane, row))
    }

    /// A lane's rows above `after` up to `upto`, as far as they are kept, at most `most` of them, in order; and how many partitions a store that
    /// knows no more than their buckets opens for it, the newest first.
    pub fn range(&self, lane: u32, after: u32, upto: u32, most: usize, mut each: impl FnMut(u32, &T)) -> usize {
        if upto <= after {
            return 0;
        }
        // Backwards: who reads is mostly nearly up to date.
        let (mut link, mut found) = (self.newest[lane as usize], Vec::new());
        let mut opened = self.parts.len();
        while let Some(row) = self.row(link) {
            if row.place <= upto && row.place > after {
                if row.place == after + 1 && found.is_empty() {
                    each(row.place, &row.row);
                } else {
                    found.push(row);
                }
            }
            if row.place <= after + 1 {
                opened = self.parts.len() - (link.part - self.dropped) as usize;
                break;
            }
            link = row.before;
        }
        found.iter().rev().take(most).for_each(|row| each(row.place, &row.row));
        opened
    }

    /// Drops the oldest partitions as long as `done` agrees to each lane and its last place in them; tells `gone` of each lane of those that went.
    /// Gives how many rows that were.
    pub fn retire(&mut self, done: impl Fn(u32, u32) -> bool, mut gone: impl FnMut(u32, u32)) -> usize {
        let mut rows = 0;
        // The newest is still written.
        while self.parts.len() > 1 {
            let Some(part) = self.parts.front().filter(|part| part.ends().all(|(lane, last)| done(lane, last))) else { break };
            part.ends().for_each(|(lane, last)| gone(lane, last));
            rows += part.rows.len();
            self.rows -= part.rows.len();
            self.parts.pop_front();
            self.dropped += 1;
        }
        rows
    }

    /// Rows that are kept.
    pub fn len(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The oldest first: when each bucket began, and its rows.
    pub fn buckets(&self) -> impl Iterator<Item = (Time, usize)> + '_ {
        self.parts.iter().map(|part| (Time(part.bucket * self.span.0), part.rows.len()))
    }

    /// Bytes it holds, without what rows point to.
    pub fn weight(&self) -> usize {
        self.newest.bytes() + self.parts.bytes() + deep(self.parts.iter(), |part| part.rows.bytes())
    }
}

impl<T> Partition<T> {
    /// Each lane that has rows here, and its last place in it.
    fn ends(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.rows.iter().filter(|row| !row.followed).map(|row| (row.lane, row.place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn read(parts: &Partitions<u64>, lane: u32, after: u32, upto: u32, most: usize) -> Vec<(u32, u64)> {
        let mut seen = Vec::new();
        parts.range(lane, after, upto, most, |place, row| seen.push((place, *row)));
        seen
    }

    #[test]
    fn the_newest_page_opens_one_partition_and_old_ones_go_whole() {
        let mut parts = Partitions::new(Span::secs(10), 8);
        for second in 0..60u64 {
            parts.append(7, second as u32 + 1, Time::from_secs(second), second);
        }
        assert_eq!(parts.buckets().count(), 6);
        assert_eq!(parts.range(7, 55, 60, 50, |_, _| {}), 1);
        assert_eq!(parts.range(7, 15, 20, 50, |_, _| {}), 5, "a page of long ago is behind five others");
        assert_eq!(parts.retire(|_, last| last <= 25, |_, _| {}), 20, "the third partition ends at 30");
        assert_eq!(read(&parts, 7, 0, 60, 3), [(21, 20), (22, 21), (23, 22)]);
    }

    proptest! {
        /// Against one list per lane that is searched for everything.
        #[test]
        fn partitions_are_lists_cut_by_time(span in 1u64..20, ops in proptest::collection::vec((0u8..5, 0u32..4, 0u32..30, any::<u32>()), 1..200)) {
            let mut parts = Partitions::new(Span(span), 4);
            let mut lists: Vec<Vec<(u32, u64, u64)>> = vec![Vec::new(); 4];
            let (mut last, mut now, mut newest, mut written) = ([0u32; 4], 0u64, 0u64, Vec::<u32>::new());
            for (what, lane, number, random) in ops {
                let list = &mut lists[lane as usize];
                match what {
                    0 | 1 => {
                        now += u64::from(number) / 3;
                        // The bucket it lands in, clocks that go back included.
                        let at = if random % 5 == 0 { now.saturating_sub(7) } else { now };
                        newest = newest.max(at / span);
                        last[lane as usize] += 1;
                        parts.append(lane, last[lane as usize], Time(at), u64::from(random));
                        list.push((last[lane as usize], u64::from(random), newest));
                        written.push(lane);
                    }
                    2 => {
                        // The row that was written last, as far as it is kept.
                        let newest = written.pop().filter(|lane| !lists[*lane as usize].is_empty());
                        let expected = newest.and_then(|lane| lists[lane as usize].pop().map(|(_, row, _)| (lane, row)));
                        prop_assert_eq!(parts.pop(), expected);
                        if let Some((lane, _)) = expected {
                            last[lane as usize] -= 1;
                        }
                    }
                    3 => {
                        let (after, upto, most) = (number, random % 40, 1 + (random % 7) as usize);
                        let expected: Vec<(u32, u64)> = list.iter().filter(|(p, _, _)| *p > after && *p <= upto).map(|(p, r, _)| (*p, *r)).take(most).collect();
                        prop_assert_eq!(read(&parts, lane, after, upto, most), expected);
                    }
                    _ => {
                        let before = parts.len();
                        let gone = parts.retire(|_, last| last <= number, |_, _| {});
                        // Buckets go from the front while every lane's last place in them is done; the newest stays.
                        let mut buckets: Vec<u64> = parts.buckets().map(|(at, _)| at.0 / span).collect();
                        buckets.sort_unstable();
                        let floor = buckets.first().copied().unwrap_or(0);
                        let kept: usize = lists.iter_mut().map(|list| { list.retain(|(_, _, b)| *b >= floor); list.len() }).sum();
                        prop_assert_eq!(parts.len(), kept);
                        prop_assert_eq!(gone, before - kept);
                        if buckets.len() > 1 {
                            let held = lists.iter().any(|list| list.iter().filter(|(_, _, b)| *b == floor).map(|(p, _, _)| *p).max().is_some_and(|most| most > number));
                            prop_assert_eq!(held, true, "the oldest that is left has something undone");
                        }
                    }
                }
            }
        }
    }
}
