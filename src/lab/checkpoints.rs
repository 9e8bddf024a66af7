//! Checkpoints: copies of a run along its way, so that going back replays little.

use sims::kernel::run::Run;
use sims::kernel::time::{Span, Time};

/// More than this and every second one goes, while the distance between them doubles.
pub const CHECKPOINTS_MAX: usize = 16;
const FIRST_DISTANCE: Span = Span::millis(100);

struct Checkpoint {
    /// Actions of the film that had been taken.
    acts: usize,
    run: Box<dyn Run>,
}

/// The replay is the truth; these copies are its cache.
pub struct Checkpoints {
    kept: Vec<Checkpoint>,
    distance: Span,
}

impl Checkpoints {
    /// The first checkpoint is the start and is never dropped.
    pub fn new(start: &dyn Run) -> Checkpoints {
        Checkpoints { kept: vec![Checkpoint { acts: 0, run: start.fork() }], distance: FIRST_DISTANCE }
    }

    /// Keeps a copy of `run` if it has come far enough since the latest one.
    pub fn offer(&mut self, run: &dyn Run, acts: usize) {
        let latest = self.kept.last().map_or(Time::ZERO, |c| c.run.now());
        if run.now().0 < latest.0.saturating_add(self.distance.0) {
            return;
        }
        self.kept.push(Checkpoint { acts, run: run.fork() });
        if self.kept.len() > CHECKPOINTS_MAX {
            self.distance = self.distance * 2;
            let mut place = 0;
            self.kept.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
    }

    /// A copy of the latest run that `fits`, with the number of actions taken by then; the start if none does.
    pub fn nearest(&self, fits: impl Fn(&dyn Run) -> bool) -> (Box<dyn Run>, usize) {
        let place = self.kept.iter().rposition(|c| fits(c.run.as_ref())).unwrap_or(0);
        let found = &self.kept[place];
        (found.run.fork(), found.acts)
    }

    /// Forgets copies that took more than `acts` actions: the film is about to change after that.
    pub fn cut(&mut self, acts: usize, now: Time) {
        let mut place = 0;
        self.kept.retain(|c| {
            place += 1;
            place == 1 || (c.acts <= acts && c.run.now() < now)
        });
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Never: the start is always kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
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
        let (start, _) = kept.nearest(|r| r.now() <= Time(1));
        assert_eq!(start.now(), Time::ZERO);
        let (late, _) = kept.nearest(|r| r.now() <= Time::from_secs(299));
        assert!(late.now() > Time::from_secs(200), "the nearest is {}", late.now());
    }
}
