//! Disks: what a node writes is lost in a crash until a sync has ended.
//!
//! The content is typed and lives in the node, as *files*; the device (how long a sync takes, who waits, what is wrong with it)
//! lives in the world. One sync at a time: whatever asks meanwhile shares the next one, which is group commit.

mod log;
mod table;
mod value;

#[cfg(test)]
mod tests;

pub use log::LogFile;
pub use table::TableFile;
pub use value::ValueFile;

use super::metric::Id;
use super::network::Delay;
use super::rng::Rng;
use super::time::{Span, Time};

/// What a role's disks are like: a design says it as it says delays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Disk {
    /// How long one sync takes.
    pub sync: Delay,
    /// In a crash a part of what was not synced stays, as chance has it: the system had written some of its cache back.
    pub torn: bool,
    /// A histogram of how long each sync took; its count is the number of syncs.
    pub metric: Option<Id>,
}

/// The disk takes no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the disk is full")]
pub struct Full;

/// Something durable that a node has, as its world sees it.
pub trait File {
    /// A sync begins: it covers what is written by now.
    fn begin(&mut self);
    /// It has ended: what it covered stays.
    fn done(&mut self);
    /// Takes back what no sync has covered; with chance, a part of it stays.
    fn crash(&mut self, torn: Option<&mut Rng>);
    /// As new.
    fn forget(&mut self);
    fn fill(&mut self, full: bool);
}

/// Makes what is written durable: for tests of a part that has no world.
pub fn settle(file: &mut impl File) {
    file.begin();
    file.done();
}

/// Loses what is not durable: for tests of a part that has no world.
pub fn crash(file: &mut impl File) {
    file.crash(None);
}

/// What a file holds, and how to get back to what it held at a mark.
trait Content {
    /// What has changed since a mark: enough to undo it. It never holds more than the mark's own content.
    type Past;
    fn mark(&self) -> Self::Past;
    fn undo(&mut self, past: Self::Past);
    /// Undoes a part, as chance has it.
    fn tear(&mut self, past: Self::Past, rng: &mut Rng);
    fn emptied(&self) -> Self;
}

/// A content in the page cache: what the node reads, and the way back to what is durable.
#[derive(Clone, Debug)]
struct Cached<C: Content> {
    now: C,
    /// Covered by the sync that is under way.
    syncing: Option<C::Past>,
    /// Written since that began, or since the last one.
    fresh: C::Past,
    full: bool,
}

impl<C: Content> Cached<C> {
    fn new(now: C) -> Cached<C> {
        Cached { fresh: now.mark(), now, syncing: None, full: false }
    }

    fn room(&self) -> Result<(), Full> {
        if self.full { Err(Full) } else { Ok(()) }
    }
}

impl<C: Content> File for Cached<C> {
    fn begin(&mut self) {
        self.syncing = Some(std::mem::replace(&mut self.fresh, self.now.mark()));
    }

    fn done(&mut self) {
        self.syncing = None;
    }

    fn crash(&mut self, torn: Option<&mut Rng>) {
        let fresh = std::mem::replace(&mut self.fresh, self.now.mark());
        let syncing = self.syncing.take();
        match (torn, syncing) {
            (None, syncing) => {
                self.now.undo(fresh);
                syncing.into_iter().for_each(|past| self.now.undo(past));
            }
            // What is older reaches the disk first: a sync may have got through without its end being heard of.
            (Some(rng), Some(syncing)) => {
                if rng.chance(0.5) {
                    self.now.tear(fresh, rng);
                } else {
                    self.now.undo(fresh);
                    self.now.tear(syncing, rng);
                }
            }
            (Some(rng), None) => self.now.tear(fresh, rng),
        }
        self.fresh = self.now.mark();
    }

    fn forget(&mut self) {
        *self = Cached::new(self.now.emptied());
    }

    fn fill(&mut self, full: bool) {
        self.full = full;
    }
}

/// The public files are a cached content each, and pass on what their world asks.
macro_rules! durable {
    ([$($bounds:tt)*] $file:ty) => {
        impl<$($bounds)*> super::File for $file {
            fn begin(&mut self) {
                self.0.begin();
            }
            fn done(&mut self) {
                self.0.done();
            }
            fn crash(&mut self, torn: Option<&mut super::Rng>) {
                self.0.crash(torn);
            }
            fn forget(&mut self) {
                self.0.forget();
            }
            fn fill(&mut self, full: bool) {
                self.0.fill(full);
            }
        }
    };
}
use durable;

/// One node's device: who waits for a sync, and what is wrong with it.
#[derive(Clone, Debug)]
pub(crate) struct Device<T> {
    /// Added to each sync.
    pub slow: Span,
    pub full: bool,
    /// A sync is under way, or about to begin.
    busy: bool,
    began: Time,
    waiting: Vec<T>,
    covered: Vec<T>,
}

// Written by hand: a derive would ask that timers have a default.
impl<T> Default for Device<T> {
    fn default() -> Self {
        Device { slow: Span::ZERO, full: false, busy: false, began: Time::ZERO, waiting: Vec::new(), covered: Vec::new() }
    }
}

impl<T> Device<T> {
    /// Asks for a sync; true if one must be begun.
    pub fn ask(&mut self, timer: T) -> bool {
        self.waiting.push(timer);
        !std::mem::replace(&mut self.busy, true)
    }

    pub fn begin(&mut self, now: Time) {
        self.began = now;
        self.covered = std::mem::take(&mut self.waiting);
    }

    /// How long it took, and who waited for it.
    pub fn done(&mut self, now: Time) -> (Span, Vec<T>) {
        (now.since(self.began), std::mem::take(&mut self.covered))
    }

    /// Nothing is under way any more; true if somebody waits for the next sync.
    pub fn goes_on(&mut self) -> bool {
        self.busy = !self.waiting.is_empty();
        self.busy
    }

    /// The machine stops: nobody waits any more. What is wrong with the disk stays wrong.
    pub fn crash(&mut self) {
        *self = Device { slow: self.slow, full: self.full, ..Device::default() };
    }

    /// What is wrong with it, in words; nothing if nothing is.
    pub fn say(&self) -> String {
        match (self.full, self.slow) {
            (false, Span::ZERO) => String::new(),
            (true, Span::ZERO) => "disk full".into(),
            (false, slow) => format!("disk +{slow}"),
            (true, slow) => format!("disk full, +{slow}"),
        }
    }

    pub fn weight(&self) -> usize {
        (self.waiting.len() + self.covered.len()) * std::mem::size_of::<T>()
    }
}
