//! The smallest script that breaks the same invariant as a run did: shrinking with real runs as the judge.

use super::shrink::{self, Ask, Progress};
use super::{headless, simpler, words};
use sims::kernel::design::Spec;
use sims::kernel::halt::{Halt, Halts};
use sims::kernel::invariant::{InvariantSpec, Verdict};
use sims::kernel::run::{Run, Stop};
use sims::kernel::time::{Span, Time};

/// A run that breaks an invariant with as little as possible.
#[derive(Clone, Debug)]
pub struct Smallest {
    pub lamp: &'static InvariantSpec,
    /// Script and length as small as they were found; the rest as it was.
    pub spec: Spec,
    pub at: Time,
    /// The sentence of the break.
    pub detail: String,
    /// Steps before.
    pub of: usize,
    pub tried: usize,
    /// False if it was stopped on the way.
    pub whole: bool,
    /// Of the run played to its end: a replay can be compared.
    pub digest: u64,
}

impl Smallest {
    /// The story in plain words: each step, then the break.
    pub fn told(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.spec.script.iter().enumerate().map(|(n, step)| format!("{}. {}", n + 1, words::step(step))).collect();
        let law = format!("`{}` breaks {}: {}", self.lamp.id, words::when(self.at), self.detail.trim_end_matches('.'));
        lines.push(if lines.is_empty() { format!("Without any fault {law}.") } else { format!("Then {law}.") });
        lines
    }

    /// How it was found, in a sentence.
    pub fn found(&self) -> String {
        let steps = |n: usize| if n == 1 { "1 step".to_string() } else { format!("{n} steps") };
        let stopped = if self.whole { "" } else { "; stopped before the end, so that more may be left out" };
        let enough = if self.spec.script.len() == 1 { "is" } else { "are" };
        format!(
            "{} of {} {enough} enough to break `{}` (found in {} run{}{stopped})",
            steps(self.spec.script.len()),
            self.of,
            self.lamp.id,
            self.tried,
            if self.tried == 1 { "" } else { "s" }
        )
    }
}

/// The law that a run broke first.
pub fn first_broken(verdicts: &[(&'static InvariantSpec, Verdict)]) -> Option<&'static InvariantSpec> {
    let broken = verdicts.iter().filter_map(|(lamp, verdict)| match verdict {
        Verdict::Broken { at, .. } => Some((*at, *lamp)),
        Verdict::Held | Verdict::Unknown | Verdict::Undecided { .. } => None,
    });
    broken.min_by_key(|(at, _)| *at).map(|(_, lamp)| lamp)
}

/// Shrinks the script of `spec`. `go_on` is told after each run; false stops with the best so far.
///
/// # Errors
/// The run does not break the law, or cannot be started.
pub fn smallest(spec: &Spec, lamp: &'static InvariantSpec, go_on: &mut dyn FnMut(Progress) -> bool) -> Result<Smallest, String> {
    let mut spec = spec.clone();
    spec.script.sort_by_key(|step| step.at);
    let (of, nodes) = (spec.script.len(), spec.clone().start()?.nodes());
    let (at, _) = breaks(&spec, lamp, Until::Rest).ok_or_else(|| format!("the run does not break `{}`: there is nothing to shrink", lamp.id))?;
    // What is measured does not matter here, and a warm-up could outlast the shortened run.
    spec.warm_up = Span::ZERO;
    let mut until = Until::Rest;
    if at < Time::ZERO + spec.length {
        until = Until::End;
        // It broke on the way, so what came later is not needed, and every try need run only so far.
        spec.length = shortest(at, &spec);
        spec.script.retain(|step| step.at <= at);
    }
    let (design, base) = (spec.design, spec.clone());
    let mut fails = |script: &[_]| breaks(&Spec { script: script.to_vec(), ..base.clone() }, lamp, until).is_some();
    let simpler = |step: &_| simpler::forms(step, design, &nodes);
    let shrunk = shrink::shrink(&base.script, Ask { fails: &mut fails, simpler: &simpler, go_on })
        .ok_or("the run broke once and not again: the design is not deterministic")?;
    spec.script = shrunk.script;
    let (at, detail) = cut_to_length(&mut spec, lamp, until).ok_or("the smallest script does not break again")?;
    let digest = headless::play(spec.clone())?.digest;
    Ok(Smallest { lamp, spec, at, detail, of, tried: shrunk.tried, whole: shrunk.whole, digest })
}

/// Shortens the run around its break and says when and how it breaks.
fn cut_to_length(spec: &mut Spec, lamp: &'static InvariantSpec, until: Until) -> Option<(Time, String)> {
    let (at, detail) = breaks(spec, lamp, until)?;
    if at < Time::ZERO + spec.length {
        spec.length = shortest(at, spec);
        return breaks(spec, lamp, Until::End);
    }
    // It breaks when all is over: perhaps also if that is sooner.
    let last = spec.script.last().map_or(Time::ZERO, |step| step.at);
    for more in [1, 2, 5, 10, 20] {
        let shorter = Spec { length: Span((last + Span::secs(more)).0.div_ceil(SECOND) * SECOND), ..spec.clone() };
        if shorter.length >= spec.length {
            break;
        }
        if let Some(found) = breaks(&shorter, lamp, until) {
            *spec = shorter;
            return Some(found);
        }
    }
    Some((at, detail))
}

const SECOND: u64 = 1_000_000_000;
const TENTH: u64 = SECOND / 10;

/// The least whole number of tenths of a second that holds the break and every step before it.
fn shortest(at: Time, spec: &Spec) -> Span {
    Span((at.0 + 1).div_ceil(TENTH) * TENTH).min(spec.length)
}

/// How far a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Until {
    /// What broke on the way is not looked for afterwards: every try would pay for the drain.
    End,
    /// Until all has come to rest and *finally* is judged.
    Rest,
}

/// When and how the spec's run breaks the law; none if it does not.
fn breaks(spec: &Spec, lamp: &'static InvariantSpec, until: Until) -> Option<(Time, String)> {
    let mut run = spec.clone().start().ok()?;
    let verdict = |run: &dyn Run| match run.verdicts().into_iter().find(|(spec, _)| spec.id == lamp.id) {
        Some((_, Verdict::Broken { at, detail, .. })) => Some((at, detail)),
        _ => None,
    };
    let end = Time::ZERO + spec.length;
    if run.advance_halting(end, &mut Halts::new(vec![Halt::Break(Some(lamp.id))])) == Stop::Halted {
        return verdict(run.as_ref());
    }
    if until == Until::End {
        return None;
    }
    run.drain();
    verdict(run.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::chaos::Wish;
    use sims::designs::ALL;
    use sims::kernel::design::{Design, Harm};

    fn shrink(spec: &Spec) -> Smallest {
        let outcome = headless::play(spec.clone()).unwrap();
        smallest(spec, first_broken(&outcome.verdicts).unwrap(), &mut |_| true).unwrap()
    }

    #[test]
    fn a_storm_around_one_burst_is_shrunk_to_the_burst() {
        let mut spec = crate::lab::toy::spec();
        spec.set("cap", "off").unwrap();
        for step in ["1s=burst:n=3", "2s=set:service=6ms", "3237ms=burst:n=87", "4s=burst:n=2", "9s=set:service=5ms"] {
            spec.script.push(spec.design.read_step(step).unwrap());
        }
        let found = shrink(&spec);
        assert_eq!((found.spec.script.len(), found.of, found.whole), (1, 5, true));
        assert_eq!(found.told(), ["1. at the start burst (n 50)", "Then `queue-below-fifty` breaks at 3.509 ms: 51 wait."]);
        assert!(found.spec.length <= Span::secs(5), "{}", found.spec.length);
        let again = headless::play(found.spec.clone()).unwrap();
        assert_eq!(again.digest, found.digest);
        assert_eq!(first_broken(&again.verdicts).unwrap().id, "queue-below-fifty");
    }

    #[test]
    fn a_run_that_holds_is_refused_with_a_reason() {
        let spec = crate::lab::toy::spec();
        let lamp = &spec.design.invariants[0];
        assert!(smallest(&spec, lamp, &mut |_| true).unwrap_err().contains("does not break"));
    }

    /// A safeguard's trial with the safeguard off, under a chaos: shrunk, and 1-minimal by real runs.
    #[test]
    fn what_breaks_a_design_without_its_safeguard_is_shrunk_to_what_is_needed() {
        let design: &'static Design = ALL.iter().find(|design| design.id == "rate-limiter").unwrap();
        let guard = design.safeguards.iter().find(|guard| matches!(guard.harms, Harm::Breaks(_))).unwrap();
        let mut spec = Spec { length: guard.trial.length, ..Spec::new(design) };
        for (knob, value) in guard.trial.set.iter().chain([&(guard.knob, guard.off)]) {
            spec.set(knob, value).unwrap();
        }
        spec.script = guard.trial.script.iter().map(|step| design.read_step(step).unwrap()).collect();
        spec.script.extend(Wish { seed: 5, intensity: 10 }.over(&spec).unwrap());
        let found = shrink(&spec);
        assert!(found.spec.script.len() < spec.script.len(), "{:?}", found.told());
        for leave in 0..found.spec.script.len() {
            let mut less = found.spec.clone();
            less.script.remove(leave);
            assert_eq!(breaks(&less, found.lamp, Until::End), None, "step {leave} is not needed: {:?}", found.told());
        }
    }
}
