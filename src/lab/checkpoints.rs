//! Checkpoints: copies of a run along its way, so that going back replays little; bounded in number and in bytes.

use sims::kernel::run::Run;
use sims::kernel::time::{Span, Time};
use std::sync::{Arc, Mutex, PoisonError};

/// More than this and every second one goes, while the distance between them doubles.
pub const CHECKPOINTS_MAX: usize = 16;
/// What all copies of all compared runs may take together, by their own estimate.
pub const BYTES_MAX: usize = 256 << 20;
const FIRST_DISTANCE: Span = Span::millis(100);

#[derive(Clone)]
struct Checkpoint {
    at: Time,
    events: u64,
    /// Actions of the film that had been taken.
    acts: usize,
    weight: usize,
    /// Shared by films that were forked after it; the lock only makes it shareable, one thread owns them all.
    run: Arc<Mutex<Box<dyn Run>>>,
}

impl Checkpoint {
    fn of(run: &dyn Run, acts: usize, weight: usize) -> Checkpoint {
        Checkpoint { at: run.now(), events: run.events(), acts, weight, run: Arc::new(Mutex::new(run.fork())) }
    }

    fn open(&self) -> (Box<dyn Run>, usize) {
        (self.run.lock().unwrap_or_else(PoisonError::into_inner).fork(), self.acts)
    }
}

/// A moment of a run: by its time, or by the events handled until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    At(Time),
    Events(u64),
}

impl Moment {
    fn is_after(self, checkpoint: &Checkpoint) -> bool {
        match self {
            Moment::At(time) => checkpoint.at <= time,
            Moment::Events(events) => checkpoint.events <= events,
        }
    }
}

/// The replay is the truth; these copies are its cache.
#[derive(Clone)]
pub struct Checkpoints {
    /// The start first; it is never dropped.
    kept: Vec<Checkpoint>,
    /// Just before where somebody went back to: going back once more is the most likely wish.
    near: Option<Checkpoint>,
    distance: Span,
    bytes_max: usize,
}

impl Checkpoints {
    pub fn new(start: &dyn Run) -> Checkpoints {
        Checkpoints { kept: vec![Checkpoint::of(start, 0, start.weight())], near: None, distance: FIRST_DISTANCE, bytes_max: BYTES_MAX }
    }

    /// Several films share the limit.
    pub fn limit(&mut self, bytes: usize) {
        self.bytes_max = bytes;
        self.thin();
    }

    /// Keeps a copy of `run` if it has come far enough since the latest one and if there is room for it.
    pub fn offer(&mut self, run: &dyn Run, acts: usize) {
        let latest = self.kept.last().map_or(Time::ZERO, |c| c.at);
        if run.now().0 < latest.0.saturating_add(self.distance.0) {
            return;
        }
        let weight = run.weight();
        if self.kept[0].weight + weight > self.bytes_max {
            // Not even this one beside the start: look again much later.
            self.distance = self.distance * 2;
            return;
        }
        self.kept.push(Checkpoint::of(run, acts, weight));
        self.thin();
    }

    /// Remembers a moment close to where a rewind leads.
    pub fn offer_near(&mut self, run: &dyn Run, acts: usize) {
        let weight = run.weight();
        self.near = None;
        if self.bytes() + weight <= self.bytes_max {
            self.near = Some(Checkpoint::of(run, acts, weight));
        }
    }

    /// Drops every second copy until number and bytes are within their limits. The start stays.
    fn thin(&mut self) {
        if self.bytes() > self.bytes_max {
            self.near = None;
        }
        while self.kept.len() > 1 && (self.kept.len() > CHECKPOINTS_MAX || self.bytes() > self.bytes_max) {
            self.distance = self.distance * 2;
            let mut place = 0;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
    }

    /// A copy of the latest run at or before `moment`, with the number of actions taken by then; the start if there is none.
    pub fn nearest(&self, moment: Moment) -> (Box<dyn Run>, usize) {
        let kept = self.kept.iter().rfind(|c| moment.is_after(c)).unwrap_or(&self.kept[0]);
        match &self.near {
            Some(near) if moment.is_after(near) && near.events >= kept.events => near.open(),
            _ => kept.open(),
        }
    }

    /// Forgets copies that took more than `acts` actions, or at or after `now`: the film is about to change from there.
    pub fn cut(&mut self, acts: usize, now: Time) {
        let stands = |c: &Checkpoint| c.acts <= acts && c.at < now;
        self.near = self.near.take().filter(stands);
        let mut place = 0;
        self.kept.retain(|c| {
            place += 1;
            place == 1 || stands(c)
        });
    }

    pub fn len(&self) -> usize {
        self.kept.len() + usize::from(self.near.is_some())
    }

    /// Never: the start is always kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// What they weigh, by the runs' own estimate.
    pub fn bytes(&self) -> usize {
        self.kept.iter().chain(&self.near).map(|c| c.weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;

    #[test]
    fn a_long_run_keeps_at_most_sixteen_and_always_the_start() {
        let mut run = toy::spec().start().unwrap();
        let mut kept = Checkpoints::new(run.as_ref());
        for tenth in 1..=3_000u64 {
            run.advance(Time(tenth * 100_000_000));
            kept.offer(run.as_ref(), 0);
            assert!(kept.len() <= CHECKPOINTS_MAX);
        }
        assert!(kept.len() > CHECKPOINTS_MAX / 4, "thinned to {}", kept.len());
        assert_eq!(kept.nearest(Moment::At(Time(1))).0.now(), Time::ZERO);
        let (late, _) = kept.nearest(Moment::At(Time::from_secs(299)));
        assert!(late.now() > Time::from_secs(200), "the nearest is {}", late.now());
    }

    #[test]
    fn heavy_runs_keep_fewer_copies_and_the_limit_holds() {
        let mut run = toy::spec().start().unwrap();
        let each = run.weight();
        for (room, most) in [(5, 5), (2, 2), (1, 1), (0, 1)] {
            let mut kept = Checkpoints::new(run.as_ref());
            kept.limit(each * room + each / 2);
            let begun = run.now();
            for tenth in 1..=400u64 {
                run.advance(begun + Span(tenth * 100_000_000));
                kept.offer(run.as_ref(), 0);
                kept.offer_near(run.as_ref(), 0);
                assert!(kept.len() <= most, "{} copies in room for {room}", kept.len());
                assert!(kept.bytes() <= each * room.max(1) + each / 2);
            }
        }
    }
}
