//! The lamps: what must hold of the ids, judged as they are made.

use super::Ids;
use crate::kernel::invariant::{InvariantSpec, Lamps, always, finally, sometimes};
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

pub const UNIQUE: usize = 0;
pub const RISE: usize = 1;
pub const SORTED: usize = 2;
pub const PARSE: usize = 3;
pub const ENDS: usize = 4;
pub const INDEX: usize = 5;
pub const TICK_FULL: usize = 6;
pub const OUT_OF_ORDER: usize = 7;

pub const LAMPS: &[InvariantSpec] = &[
    always("ids-unique", "no id is made twice"),
    always("node-ids-rise", "the ids of one node strictly rise"),
    always("sorted-within-clocks", "an id smaller than an earlier one was made at most one tick and the largest difference of the generators' clocks later"),
    always("parse-inverts", "the time read from an id is the time that was put into it"),
    finally("every-request-ends", "every request got its ids or failed with a reason"),
    finally("index-in-order", "the index holds every accepted row once, in the order of the keys"),
    sometimes("tick-full", "a generator uses up all its ids of one tick"),
    sometimes("out-of-order", "an id is smaller than one that was made before it"),
];

/// How many blocks are remembered: more than a run of a minute makes at the highest rate. In longer ones the oldest are forgotten,
/// so that a lab left open does not eat the machine.
const BLOCKS_MAX: usize = 131_072;
/// How many record highs are kept to measure disorder against.
const RECORDS_MAX: usize = 4096;
/// How many of the latest ids a pane may show.
const LATEST_MAX: usize = 64;

#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// Generator g1, g2, … made `count` ids from `first` on. `ahead_ns`: how far its clock, and what it borrowed, is ahead of true time.
    Issued {
        generator: u32,
        first: u128,
        count: u64,
        ahead_ns: i64,
    },
    Parsed {
        id: u128,
        said_ms: u64,
        read_ms: u64,
    },
    /// A generator had to wait for its next tick.
    TickFull,
}

#[derive(Clone, Debug, Default)]
pub struct Shadow {
    /// The blocks of ids: from its first id to its last, and who made it.
    blocks: BTreeMap<u128, (u128, u32)>,
    /// Their first ids in the order they were made.
    made: VecDeque<u128>,
    last_of: BTreeMap<u32, u128>,
    /// Ids larger than all before them, with the time they were made: rising in both.
    records: VecDeque<(u128, Time)>,
    /// The least and the largest `ahead_ns` so far.
    clocks: Option<(i64, i64)>,
    latest: VecDeque<(u128, u32)>,
}

impl Shadow {
    /// The latest first ids of blocks, newest first.
    pub fn latest(&self) -> impl Iterator<Item = (u128, u32)> {
        self.latest.iter().rev().copied()
    }

    /// The largest difference between clocks that made ids, in nanoseconds.
    pub fn clock_spread_ns(&self) -> u64 {
        self.clocks.map_or(0, |(least, most)| most.abs_diff(least))
    }

    fn issued(&mut self, now: Time, node: u32, first: u128, count: u64, tick_ns: u64, lamps: &mut Lamps) {
        let last = first + u128::from(count) - 1;
        self.judge_unique(now, node, first, last, lamps);
        let before = self.last_of.insert(node, last);
        lamps.judge(RISE, now, before.is_none_or(|before| before < first), || format!("g{node} made {first} after {}", before.unwrap_or(0)));
        self.judge_sorted(now, first, last, tick_ns, lamps);
        if self.latest.len() == LATEST_MAX {
            self.latest.pop_front();
        }
        self.latest.push_back((first, node));
    }

    fn judge_unique(&mut self, now: Time, node: u32, first: u128, last: u128, lamps: &mut Lamps) {
        let clash = self.blocks.range(..=last).next_back().filter(|(_, (end, _))| *end >= first);
        let clash = clash.map(|(start, (_, other))| (*other, first.max(*start)));
        lamps.judge(UNIQUE, now, clash.is_none(), || {
            let (other, id) = clash.unwrap_or((node, first));
            if other == node { format!("g{node} made id {id} twice") } else { format!("g{other} and g{node} both made id {id}") }
        });
        match self.blocks.entry(first) {
            Entry::Vacant(place) => {
                place.insert((last, node));
                self.made.push_back(first);
            }
            Entry::Occupied(mut place) if place.get().0 < last => {
                place.insert((last, node));
            }
            Entry::Occupied(_) => {}
        }
        if self.made.len() > BLOCKS_MAX
            && let Some(oldest) = self.made.pop_front()
        {
            self.blocks.remove(&oldest);
        }
    }

    /// The earliest larger id is a record high, so looking at the records is enough.
    fn judge_sorted(&mut self, now: Time, first: u128, last: u128, tick_ns: u64, lamps: &mut Lamps) {
        let larger = self.records.partition_point(|(id, _)| *id <= first);
        let allowed = self.clock_spread_ns() + tick_ns;
        match self.records.get(larger).copied() {
            None => lamps.judge(SORTED, now, true, String::new),
            Some((id, made)) => {
                lamps.reach(OUT_OF_ORDER);
                let late = now.since(made);
                lamps.judge(SORTED, now, late.0 <= allowed, || {
                    format!("id {first} came {late} after the larger {id}; clocks and one tick explain {:.1} ms", allowed as f64 / 1e6)
                });
            }
        }
        if self.records.back().is_none_or(|(id, _)| *id < last) {
            if self.records.len() == RECORDS_MAX {
                self.records.pop_front();
            }
            self.records.push_back((last, now));
        }
    }
}

impl Watch<Ids> for Shadow {
    type Fact = Fact;

    fn weight(&self) -> usize {
        self.blocks.bytes() + self.made.bytes() + self.last_of.bytes() + self.records.bytes() + self.latest.bytes()
    }

    fn see(&mut self, now: Time, fact: Fact, system: &Ids, lamps: &mut Lamps) {
        match fact {
            Fact::Issued { generator, first, count, ahead_ns } => {
                let (least, most) = self.clocks.unwrap_or((ahead_ns, ahead_ns));
                self.clocks = Some((least.min(ahead_ns), most.max(ahead_ns)));
                self.issued(now, generator, first, count, system.layout.tick_ms * 1_000_000, lamps);
            }
            Fact::Parsed { id, said_ms, read_ms } => {
                lamps.judge(PARSE, now, said_ms == read_ms, || format!("id {id} was made at {said_ms} ms and is read as {read_ms} ms"));
            }
            Fact::TickFull => lamps.reach(TICK_FULL),
        }
    }
}
