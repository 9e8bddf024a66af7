//! Snowflake ids: 64 bits of time, node and sequence, made without asking anybody.
//!
//! After Twitter's announcement of 2010: a sign bit that stays 0, then the time since an epoch, a node number and a
//! sequence within one tick. One implementation serves one thread (`Cell<u64>`) and many (`AtomicU64`), a simulated clock
//! and the real one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the 63 usable bits are shared out, and from when time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub time_bits: u32,
    pub node_bits: u32,
    pub sequence_bits: u32,
    /// Length of one tick: 1 ms at Twitter, 10 ms at Sony.
    pub tick_ms: u64,
    /// Milliseconds since 1970 at which the time field is 0.
    pub epoch_ms: u64,
}

/// An id taken apart again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Milliseconds since 1970, at the beginning of the tick.
    pub at_ms: u64,
    pub node: u64,
    pub sequence: u64,
}

/// 4 November 2010, 01:42:54.657 UTC.
pub const TWITTER_EPOCH_MS: u64 = 1_288_834_974_657;

impl Layout {
    /// 41 bits of milliseconds, 10 of node, 12 of sequence.
    pub const TWITTER: Layout = Layout { time_bits: 41, node_bits: 10, sequence_bits: 12, tick_ms: 1, epoch_ms: TWITTER_EPOCH_MS };

    /// The split with this many bits of time and node; the sequence takes what is left of 63.
    pub fn split(time_bits: u32, node_bits: u32, tick_ms: u64, epoch_ms: u64) -> Layout {
        Layout { time_bits, node_bits, sequence_bits: 63u32.saturating_sub(time_bits + node_bits), tick_ms: tick_ms.max(1), epoch_ms }
    }

    /// How many nodes can be told apart.
    pub fn nodes(&self) -> u64 {
        1 << self.node_bits
    }

    /// How many ids one node can make in one tick.
    pub fn per_tick(&self) -> u64 {
        1 << self.sequence_bits
    }

    /// The first millisecond since 1970 that the time field cannot hold.
    pub fn runs_out_ms(&self) -> u64 {
        self.epoch_ms.saturating_add((1u64 << self.time_bits).saturating_mul(self.tick_ms))
    }

    /// Puts an id together. The fields must fit; `tick` counts from the epoch.
    pub fn compose(&self, tick: u64, node: u64, sequence: u64) -> u64 {
        (tick << (self.node_bits + self.sequence_bits)) | (node << self.sequence_bits) | sequence
    }

    /// Takes an id apart, with this layout's own epoch: the one thing that a parser with a fixed epoch gets wrong.
    pub fn parse(&self, id: u64) -> Parsed {
        let sequence = id & (self.per_tick() - 1);
        let node = (id >> self.sequence_bits) & (self.nodes() - 1);
        let tick = id >> (self.node_bits + self.sequence_bits);
        Parsed { at_ms: self.epoch_ms + tick * self.tick_ms, node, sequence }
    }
}

/// What a generator does when its clock stands before the last id it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Refuse until the clock has caught up: somebody else must answer.
    Fail,
    /// Tell the caller when to come back.
    Wait,
    /// Go on counting from the last id, as a hybrid logical clock does, but never further ahead of the clock than this.
    Logical { most_ms: u64 },
}

/// Why there is no id now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Come back when the clock shows this: the tick is used up, or the clock stepped back and the policy is to wait.
    NotYet { until_ms: u64 },
    /// The clock stepped back by so much and the policy is to fail.
    Behind { by_ms: u64 },
    /// The clock stands before the epoch.
    BeforeEpoch,
    /// The time field is full: this layout has come to its last date.
    Expired,
}

/// Where a generator keeps its last position: a plain cell for one thread, an atomic for many.
pub trait Slot {
    fn holding(position: u64) -> Self;
    fn load(&self) -> u64;
    /// Puts `next` if `seen` is still there.
    ///
    /// # Errors
    /// What is there instead.
    fn replace(&self, seen: u64, next: u64) -> Result<(), u64>;
}

impl Slot for Cell<u64> {
    fn holding(position: u64) -> Self {
        Cell::new(position)
    }

    #[inline]
    fn load(&self) -> u64 {
        self.get()
    }

    #[inline]
    fn replace(&self, _: u64, next: u64) -> Result<(), u64> {
        self.set(next);
        Ok(())
    }
}

impl Slot for AtomicU64 {
    fn holding(position: u64) -> Self {
        AtomicU64::new(position)
    }

    #[inline]
    fn load(&self) -> u64 {
        AtomicU64::load(self, Ordering::Relaxed)
    }

    // Relaxed is enough: the position is the only thing shared, and one word has one order of changes.
    #[inline]
    fn replace(&self, seen: u64, next: u64) -> Result<(), u64> {
        self.compare_exchange_weak(seen, next, Ordering::Relaxed, Ordering::Relaxed).map(|_| ())
    }
}

/// Milliseconds since 1970, from wherever they come.
pub trait Clock {
    fn millis(&self) -> u64;
}

/// A clock that is set by hand.
#[derive(Clone, Debug, Default)]
pub struct HandClock(Cell<u64>);

impl HandClock {
    pub fn at(ms: u64) -> HandClock {
        HandClock(Cell::new(ms))
    }

    pub fn set(&self, ms: u64) {
        self.0.set(ms);
    }
}

impl Clock for HandClock {
    #[inline]
    fn millis(&self) -> u64 {
        self.0.get()
    }
}

impl<F: Fn() -> u64> Clock for F {
    #[inline]
    fn millis(&self) -> u64 {
        self()
    }
}

/// Consecutive ids of one tick: `first`, `first + 1`, … `count` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub first: u64,
    pub count: u64,
}

/// A generator of one node's ids.
///
/// Its whole state is one word, the *position*: the tick of its last id above the sequence of its last id. The next id's
/// position is the larger of "now, sequence 0" and "last + 1", so ids rise whatever the clock does, and a single
/// compare-and-swap suffices for many threads.
#[derive(Clone, Debug)]
pub struct Generator<S, C> {
    layout: Layout,
    policy: Policy,
    node_part: u64,
    sequence_mask: u64,
    /// The largest position that the time field can hold.
    top: u64,
    slot: S,
    clock: C,
}

impl<S: Slot, C: Clock> Generator<S, C> {
    /// A generator that has made nothing yet. A node number too large for the layout is cut to its bits, as a shift would.
    pub fn new(layout: Layout, node: u64, policy: Policy, clock: C) -> Generator<S, C> {
        let top = u64::MAX >> (64 - (layout.time_bits + layout.sequence_bits));
        let node_part = (node & (layout.nodes() - 1)) << layout.sequence_bits;
        Generator { layout, policy, node_part, sequence_mask: layout.per_tick() - 1, top, slot: S::holding(0), clock }
    }

    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    pub fn clock(&self) -> &C {
        &self.clock
    }

    pub fn node(&self) -> u64 {
        self.node_part >> self.layout.sequence_bits
    }

    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// What must survive a restart: hand it to [`Generator::resume`].
    pub fn position(&self) -> u64 {
        self.slot.load()
    }

    /// Goes on after a position that this node, or an earlier holder of its number, has reached.
    pub fn resume(&mut self, position: u64) {
        self.slot = S::holding(position.max(self.slot.load()));
    }

    /// The time of the last id in milliseconds since 1970.
    pub fn last_ms(&self) -> u64 {
        self.layout.epoch_ms + (self.position() >> self.layout.sequence_bits) * self.layout.tick_ms
    }

    /// How far the last id's time is ahead of the clock: what a logical clock has borrowed.
    pub fn lead_ms(&self) -> u64 {
        self.last_ms().saturating_sub(self.clock.millis())
    }

    /// The next id.
    ///
    /// # Errors
    /// See [`Refused`].
    #[inline]
    pub fn generate(&self) -> Result<u64, Refused> {
        let mut last = self.slot.load();
        loop {
            let next = self.next(last)?;
            match self.slot.replace(last, next) {
                Ok(()) => return Ok(self.id(next)),
                Err(seen) => last = seen,
            }
        }
    }

    /// The next ids of one tick, `most` at most: one step for what [`Generator::generate`] would give one by one.
    ///
    /// # Errors
    /// See [`Refused`].
    pub fn reserve(&self, most: u64) -> Result<Block, Refused> {
        let mut last = self.slot.load();
        loop {
            let next = self.next(last)?;
            let left = self.layout.per_tick() - (next & self.sequence_mask);
            let count = most.clamp(1, left);
            match self.slot.replace(last, next + count - 1) {
                Ok(()) => return Ok(Block { first: self.id(next), count }),
                Err(seen) => last = seen,
            }
        }
    }

    /// The position after `last` at this moment.
    #[inline]
    fn next(&self, last: u64) -> Result<u64, Refused> {
        let now = self.ticks();
        let next = last + 1;
        // A busy generator is nearly always still in its last id's tick, and needs no other test then.
        if next >> self.layout.sequence_bits == now && next <= self.top { Ok(next) } else { self.elsewhere(last, now) }
    }

    /// Ticks since the epoch by the clock; a number beyond every layout if the clock stands before it.
    #[inline]
    fn ticks(&self) -> u64 {
        let since = self.clock.millis().wrapping_sub(self.layout.epoch_ms);
        // Almost every layout counts milliseconds: spare it the division.
        if self.layout.tick_ms == 1 { since } else { since / self.layout.tick_ms }
    }

    /// The clock shows another tick than the next id of this one would have.
    fn elsewhere(&self, last: u64, now: u64) -> Result<u64, Refused> {
        if now >> self.layout.time_bits != 0 {
            return Err(if self.clock.millis() < self.layout.epoch_ms { Refused::BeforeEpoch } else { Refused::Expired });
        }
        let floor = now << self.layout.sequence_bits;
        if floor > last {
            return Ok(floor);
        }
        let next = last + 1;
        self.beyond(last, now, next, next >> self.layout.sequence_bits).and_then(|next| if next > self.top { Err(Refused::Expired) } else { Ok(next) })
    }

    /// The clock stands before the next id's tick: it stepped back, or the tick is used up.
    #[cold]
    fn beyond(&self, last: u64, now: u64, next: u64, tick: u64) -> Result<u64, Refused> {
        let behind = (last >> self.layout.sequence_bits) > now;
        let at = |tick: u64| self.layout.epoch_ms + tick * self.layout.tick_ms;
        match self.policy {
            _ if !behind => Err(Refused::NotYet { until_ms: at(tick) }),
            Policy::Fail => Err(Refused::Behind { by_ms: ((last >> self.layout.sequence_bits) - now) * self.layout.tick_ms }),
            Policy::Wait => Err(Refused::NotYet { until_ms: at(tick) }),
            // In milliseconds, not ticks: the bound may end within a tick.
            Policy::Logical { most_ms } if at(tick) <= self.clock.millis().saturating_add(most_ms) => Ok(next),
            Policy::Logical { most_ms } => {
                // Once the clock has come to the last id's own tick it is not behind any more, and a full tick lends nothing.
                let lent = at(tick).saturating_sub(most_ms);
                let until_ms = if lent < at(last >> self.layout.sequence_bits) { lent } else { at(tick) };
                Err(Refused::NotYet { until_ms })
            }
        }
    }

    /// Spreads a position around the node number.
    #[inline]
    fn id(&self, position: u64) -> u64 {
        ((position & !self.sequence_mask) << self.layout.node_bits) | self.node_part | (position & self.sequence_mask)
    }
}

#[cfg(test)]
mod tests;
