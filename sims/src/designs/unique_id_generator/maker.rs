//! The ways of making ids, behind one call.

use super::config::{Ids, Scheme};
use crate::parts::snowflake::{self, HandClock, Layout, Refused};
use crate::parts::tickets::Range;
use crate::parts::ulid::Ulid;
use crate::parts::uuid;
use std::cell::Cell;

pub type Snowflake = snowflake::Generator<Cell<u64>, HandClock>;

#[derive(Clone, Debug)]
pub enum Maker {
    Snowflake(Snowflake),
    Uuid4,
    Uuid7(uuid::V7),
    Ulid(Ulid),
    /// What is left of the range that a sequence gave.
    Central(Range),
}

/// Ids made in one go.
#[derive(Clone, Copy, Debug)]
pub struct Batch {
    pub first: u128,
    pub count: u64,
    /// The time that was put into them, where they have one.
    pub at_ms: Option<u64>,
    /// How far that is ahead of the clock.
    pub lead_ms: u64,
}

/// Why there is no id now.
#[derive(Clone, Copy, Debug)]
pub enum NoId {
    Refused(Refused),
    /// The range is used up.
    Empty,
}

impl Maker {
    /// A maker that has made nothing yet; Snowflake's number comes later.
    pub fn new(system: &Ids, site: usize) -> Maker {
        match system.scheme {
            Scheme::Snowflake => Maker::Snowflake(Snowflake::new(system.layout_of(site), 0, system.policy, HandClock::default())),
            Scheme::Uuid4 => Maker::Uuid4,
            Scheme::Uuid7 => Maker::Uuid7(uuid::V7::default()),
            Scheme::Ulid => Maker::Ulid(Ulid::default()),
            Scheme::DbSequence | Scheme::TicketServer => Maker::Central(Range::default()),
        }
    }

    /// Makes one id or, where they come in blocks, up to `most`. Chance is drawn only where it is used.
    ///
    /// # Errors
    /// See [`NoId`].
    pub fn make(&mut self, ms: u64, most: u64, random: impl FnOnce() -> u128) -> Result<Batch, NoId> {
        let timed = |first, at_ms: u64| Batch { first, count: 1, at_ms: Some(at_ms), lead_ms: at_ms.saturating_sub(ms) };
        match self {
            Maker::Snowflake(snowflake) => {
                snowflake.clock().set(ms);
                let block = snowflake.reserve(most).map_err(NoId::Refused)?;
                Ok(Batch { count: block.count, lead_ms: snowflake.lead_ms(), ..timed(u128::from(block.first), snowflake.last_ms()) })
            }
            Maker::Uuid4 => Ok(Batch { first: uuid::v4(random()), count: 1, at_ms: None, lead_ms: 0 }),
            Maker::Uuid7(v7) => {
                let first = v7.next(ms, random());
                Ok(timed(first, v7.last_ms()))
            }
            Maker::Ulid(ulid) => {
                let first = ulid.next(ms, random());
                Ok(timed(first, ulid.last_ms()))
            }
            Maker::Central(range) => {
                let (first, count) = range.take(most).ok_or(NoId::Empty)?;
                Ok(Batch { first: u128::from(first), count, at_ms: None, lead_ms: 0 })
            }
        }
    }

    /// What must survive a restart for the ids to go on rising.
    pub fn position(&self) -> u128 {
        match self {
            Maker::Snowflake(snowflake) => u128::from(snowflake.position()),
            Maker::Uuid7(v7) => u128::from(v7.position()),
            Maker::Ulid(ulid) => ulid.position(),
            Maker::Uuid4 | Maker::Central(_) => 0,
        }
    }

    pub fn resume(&mut self, position: u128) {
        match self {
            Maker::Snowflake(snowflake) => snowflake.resume(position as u64),
            Maker::Uuid7(v7) => v7.resume(position as u64),
            Maker::Ulid(ulid) => ulid.resume(position),
            Maker::Uuid4 | Maker::Central(_) => {}
        }
    }

    /// The last id's time, where ids carry one and one was made.
    pub fn last_ms(&self) -> Option<u64> {
        match self {
            Maker::Snowflake(snowflake) if snowflake.position() > 0 => Some(snowflake.last_ms()),
            Maker::Uuid7(v7) => Some(v7.last_ms()),
            Maker::Ulid(ulid) => Some(ulid.last_ms()),
            Maker::Snowflake(_) | Maker::Uuid4 | Maker::Central(_) => None,
        }
    }

    /// Gives Snowflake its number; what it has made so far stays behind it.
    pub fn take_number(&mut self, number: u64, layout: Layout, policy: snowflake::Policy) {
        if let Maker::Snowflake(old) = self {
            let mut fresh = Snowflake::new(layout, number, policy, HandClock::default());
            fresh.resume(old.position());
            *old = fresh;
        }
    }

    /// Begins after everything that an earlier holder of the number can have made.
    pub fn start_after(&mut self, ms: u64) {
        if let Maker::Snowflake(snowflake) = self {
            let Layout { epoch_ms, tick_ms, sequence_bits, .. } = *snowflake.layout();
            snowflake.resume((ms.saturating_sub(epoch_ms) / tick_ms) << sequence_bits);
        }
    }
}
