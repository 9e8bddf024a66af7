//! A run from its start to its end without a screen, and what came of it.

use super::wall::Stopwatch;
use sims::kernel::design::{Design, Spec};
use sims::kernel::invariant::{InvariantKind, InvariantSpec, Verdict};
use sims::kernel::knob::Knobs;
use sims::kernel::log::{Entry, Level};
use sims::kernel::run::Run;
use sims::kernel::time::{Span, Time};
use std::time::Duration;

/// What a run has come to at its end, drained.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub design: &'static Design,
    pub seed: u64,
    /// As they were at the start.
    pub knobs: Knobs,
    pub length: Span,
    pub events: u64,
    pub digest: u64,
    /// Every metric that has a value, in the order declared.
    pub metrics: Vec<(String, f64)>,
    pub verdicts: Vec<(&'static InvariantSpec, Verdict)>,
    pub log: Vec<Entry>,
    /// Alone of all this it depends on the machine.
    pub wall: Duration,
}

/// Entries of the log that are kept.
const LOG_MAX: usize = 2_000;

/// Plays `spec` to its end and drains it.
///
/// # Errors
/// As [`Spec::start`].
pub fn play(spec: Spec) -> Result<Outcome, String> {
    play_and_look(spec, |_| ()).map(|(outcome, ())| outcome)
}

/// As [`play`], and takes something of the run itself with it before it is gone.
///
/// # Errors
/// As [`Spec::start`].
pub fn play_and_look<T>(spec: Spec, look: impl FnOnce(&dyn Run) -> T) -> Result<(Outcome, T), String> {
    let (design, seed, knobs, length) = (spec.design, spec.seed, spec.knobs.clone(), spec.length);
    let watch = Stopwatch::start();
    let mut run = spec.start()?;
    run.advance(Time::ZERO + length);
    run.drain();
    let outcome = Outcome {
        design,
        seed,
        knobs,
        length,
        events: run.events(),
        digest: run.digest(),
        metrics: run.metrics(),
        verdicts: run.verdicts(),
        log: run.log(LOG_MAX),
        wall: watch.elapsed(),
    };
    Ok((outcome, look(run.as_ref())))
}

impl Outcome {
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|(n, _)| n == name).map(|(_, value)| *value)
    }

    pub fn verdict(&self, id: &str) -> Option<&Verdict> {
        self.verdicts.iter().find(|(spec, _)| spec.id == id).map(|(_, verdict)| verdict)
    }

    /// No *always* or *finally* is broken. A *sometimes* never breaks.
    pub fn unbroken(&self) -> bool {
        !self.laws().any(|verdict| matches!(verdict, Verdict::Broken { .. }))
    }

    /// `R holds`: nothing is broken, nothing that was tried is undecided, and at least one law was judged.
    pub fn holds(&self) -> bool {
        let undecided = self.laws().any(|verdict| matches!(verdict, Verdict::Undecided { .. }));
        self.unbroken() && !undecided && self.laws().any(|verdict| *verdict == Verdict::Held)
    }

    /// Steps of the script that could not be done.
    pub fn refused(&self) -> impl Iterator<Item = &Entry> {
        self.log.iter().filter(|entry| entry.level == Level::Refused)
    }

    fn laws(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().filter(|(spec, _)| spec.kind != InvariantKind::Sometimes).map(|(_, verdict)| verdict)
    }

    pub fn events_per_s(&self) -> f64 {
        self.events as f64 / self.wall.as_secs_f64().max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;

    #[test]
    fn a_run_is_its_spec() {
        let (one, two) = (play(toy::spec()).unwrap(), play(toy::spec()).unwrap());
        assert_eq!((one.digest, &one.metrics, one.events), (two.digest, &two.metrics, two.events));
        assert!(one.holds());
        assert!((one.metric("served").unwrap() - 6000.0).abs() < 300.0, "{:?}", one.metrics);
    }

    #[test]
    fn a_broken_law_is_seen() {
        let mut spec = toy::spec();
        spec.set("cap", "off").unwrap();
        spec.script.push(toy::DESIGN.read_step("1s=burst:n=100").unwrap());
        let outcome = play(spec).unwrap();
        assert!(!outcome.unbroken() && !outcome.holds());
        assert!(matches!(outcome.verdict("queue-below-fifty"), Some(Verdict::Broken { .. })));
        assert_eq!(outcome.verdict("all-served"), Some(&Verdict::Held));
    }
}
