//! What must hold, judged from facts: a shadow of what was acknowledged, key by key.

use super::cache_node::VERSIONS;
use super::system::{Caching, Machine};
use crate::kernel::invariant::Lamps;
use crate::kernel::node::{NodeId, Watch};
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::{Flat, deep};
use crate::kernel::world::World;
use crate::parts::version_vector::{Dot, VersionVector};
use std::collections::{BTreeMap, VecDeque};

pub const NEVER_STALE: usize = 0;
pub const REPLICAS_DISTINCT: usize = 1;
pub const MOVES_MINIMAL: usize = 2;
pub const BYTES_BOUNDED: usize = 3;
pub const REACHES_ORIGIN: usize = 4;
pub const FILL_SHARED: usize = 5;

pub enum Fact {
    /// A write has got its version.
    Written {
        key: u64,
        dot: Dot,
        context: VersionVector,
    },
    /// Its client was told that it is done.
    Acked {
        key: u64,
        dot: Dot,
    },
    ReadBegan {
        op: u64,
        key: u64,
    },
    ReadEnded {
        op: u64,
        live: Vec<Dot>,
    },
    /// A request failed.
    ReadGone {
        op: u64,
    },
    Placed {
        key: u64,
        set: Vec<u32>,
        members: usize,
    },
    RingChanged {
        astray: u64,
        sample: u64,
        example: Option<(u64, String, String)>,
    },
    Kept {
        node: NodeId,
        counted: u64,
        held: u64,
        capacity: u64,
    },
    /// One fetch answered more than one reader.
    FillShared,
}

/// Writes are remembered for longer than any request lasts.
const REMEMBERED: Span = Span::secs(10);
/// And at most so many of a key.
const WRITES_MAX: usize = 64;

#[derive(Clone, Default)]
pub struct CacheWatch {
    keys: BTreeMap<u64, Shadow>,
    /// Reads under way, with the writes that were acknowledged when they began.
    reads: BTreeMap<u64, (u64, Vec<Dot>)>,
}

#[derive(Clone, Default)]
struct Shadow {
    /// Recent writes with what they knew.
    writes: VecDeque<(Time, Dot, VersionVector)>,
    /// Acknowledged writes that no acknowledged write supersedes.
    acked: Vec<Dot>,
}

impl Shadow {
    /// Whether a write with that dot knew of `earlier`.
    fn knew(&self, dot: Dot, earlier: Dot) -> bool {
        if dot.actor == super::origin::ORIGIN && earlier.actor == dot.actor {
            return dot.count > earlier.count;
        }
        self.writes.iter().any(|(_, d, context)| *d == dot && context.has(earlier))
    }

    fn written(&mut self, now: Time, dot: Dot, context: VersionVector) {
        while self.writes.len() >= WRITES_MAX || self.writes.front().is_some_and(|(at, ..)| *at + REMEMBERED < now) {
            self.writes.pop_front();
        }
        self.writes.push_back((now, dot, context));
    }

    fn acked(&mut self, dot: Dot) {
        if self.acked.iter().any(|d| *d == dot || self.knew(*d, dot)) {
            return;
        }
        let kept: Vec<Dot> = self.acked.iter().copied().filter(|d| !self.knew(dot, *d)).collect();
        self.acked = kept;
        self.acked.push(dot);
    }
}

impl CacheWatch {
    /// The first acknowledged write that an answer neither holds nor follows.
    fn missed(&self, key: u64, owed: &[Dot], live: &[Dot]) -> Option<Dot> {
        let shadow = self.keys.get(&key)?;
        owed.iter().copied().find(|dot| !live.iter().any(|l| l == dot || shadow.knew(*l, *dot)))
    }

    pub fn acked(&self) -> impl Iterator<Item = (u64, &[Dot])> {
        self.keys.iter().map(|(key, shadow)| (*key, &shadow.acked[..]))
    }
}

impl Watch<Caching> for CacheWatch {
    type Fact = Fact;

    fn weight(&self) -> usize {
        let dots = |shadow: &Shadow| shadow.writes.bytes() + shadow.writes.len() * VERSIONS + shadow.acked.bytes();
        self.keys.bytes() + deep(self.keys.values(), dots) + self.reads.bytes() + deep(self.reads.values(), |(_, dots)| dots.bytes())
    }

    fn see(&mut self, now: Time, fact: Fact, system: &Caching, lamps: &mut Lamps) {
        match fact {
            Fact::Written { key, dot, context } => self.keys.entry(key).or_default().written(now, dot, context),
            Fact::Acked { key, dot } => self.keys.entry(key).or_default().acked(dot),
            Fact::ReadBegan { op, key } => {
                let owed = self.keys.get(&key).map(|s| s.acked.clone()).unwrap_or_default();
                self.reads.insert(op, (key, owed));
            }
            Fact::ReadEnded { op, live } => {
                let Some((key, owed)) = self.reads.remove(&op) else { return };
                let missed = self.missed(key, &owed, &live);
                if missed.is_some() {
                    lamps.count(super::metrics::STALE_READS, 1);
                }
                lamps.judge(NEVER_STALE, now, missed.is_none(), || {
                    let version = |d: &Dot| if d.actor == super::origin::ORIGIN { format!("{}", d.count) } else { format!("{}:{}", d.actor, d.count) };
                    let got: Vec<String> = live.iter().map(version).collect();
                    let owed = missed.as_ref().map(version).unwrap_or_default();
                    format!("a read of key {key} got version {} although {owed} was acknowledged before it began", got.join(", "))
                });
            }
            Fact::ReadGone { op } => drop(self.reads.remove(&op)),
            Fact::Placed { key, set, members } => {
                let wanted = system.replicas.min(members);
                let distinct = set.iter().enumerate().all(|(at, m)| !set[..at].contains(m));
                lamps.judge(REPLICAS_DISTINCT, now, distinct && set.len() == wanted, || {
                    format!("key {key} has {} replicas of {wanted} on {members} nodes", set.len())
                });
            }
            Fact::RingChanged { astray, sample, example } => lamps.judge(MOVES_MINIMAL, now, astray == 0, || {
                let (key, from, to) = example.unwrap_or_default();
                format!("{astray} of {sample} keys moved between nodes that neither joined nor left; key {key} from {from} to {to}")
            }),
            Fact::Kept { node, counted, held, capacity } => {
                lamps.judge(BYTES_BOUNDED, now, counted == held && held <= capacity, || {
                    format!("node {} counts {counted} bytes, holds {held}, may hold {capacity}", node.0)
                });
            }
            Fact::FillShared => lamps.reach(FILL_SHARED),
        }
    }
}

/// Once all is quiet, the origin has every write that was acknowledged, or one that followed it.
pub fn judge_origin(world: &World<Caching>, lamps: &mut Lamps) {
    let origins = world.role("origin");
    let Some(Machine::Origin(origin)) = origins.first().map(|id| world.node(*id)) else { return };
    for (key, acked) in world.watch().acked() {
        let row = origin.row(key);
        for dot in acked {
            lamps.judge(REACHES_ORIGIN, world.now(), row.seen.has(*dot), || {
                format!("write {} by {} of key {key} was acknowledged, and the origin never got it", dot.count, dot.actor)
            });
        }
    }
}
