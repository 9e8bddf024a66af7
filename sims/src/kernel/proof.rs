//! Proofs: what a design promises of itself, tried by running it. The house tests and `check --designs` share them.

use super::design::{Design, Harm, Safeguard, Spec};
use super::invariant::{InvariantKind, InvariantSpec, Verdict};
use super::knob::Knobs;
use super::run::Run;
use super::storm::storm;
use super::time::Span;

/// Length of a storm's run, and its steps.
const STORM: (Span, usize) = (Span::secs(30), 10);
/// How many plain runs and storms are tried before a *sometimes* counts as out of reach.
const TRIES: u64 = 20;

/// Everything at its default, under this seed.
pub fn seeded(design: &'static Design, seed: u64) -> Spec {
    Spec { seed, ..Spec::new(design) }
}

/// A run with random faults and random turns of knobs that are no safeguards.
///
/// # Errors
/// As [`Spec::start`].
pub fn stormy(design: &'static Design, seed: u64, length: Span, steps: usize) -> Result<Spec, String> {
    let mut spec = Spec { length, ..seeded(design, seed) };
    let nodes = start(spec.clone())?.nodes();
    spec.script = storm(&spec, &nodes, seed, steps);
    Ok(spec)
}

fn start(spec: Spec) -> Result<Box<dyn Run>, String> {
    let name = format!("{} seed {}", spec.design.id, spec.seed);
    spec.start().map_err(|why| format!("{name}: {why}"))
}

/// The run of `spec`, drained.
///
/// # Errors
/// As [`Spec::start`].
pub fn finished(spec: Spec) -> Result<Box<dyn Run>, String> {
    let mut run = start(spec)?;
    run.drain();
    Ok(run)
}

/// The command that shows a run again.
pub fn again(spec: &Spec) -> String {
    let mut text = format!("sim {} --seed {} --for {}ms", spec.design.id, spec.seed, spec.length.0 / 1_000_000);
    let defaults = Knobs::defaults(spec.design.knobs);
    for (knob, value) in spec.knobs.iter() {
        if defaults.get(knob.name) != Some(value) {
            text.push_str(&format!(" --set {}={value}", knob.name));
        }
    }
    for step in &spec.script {
        let args: Vec<String> = step.action.args.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let args = if args.is_empty() { String::new() } else { format!(":{}", args.join(",")) };
        text.push_str(&format!(" --at '{}ns={}{args}'", step.at.0, step.action.name));
    }
    text
}

/// *Always* and *finally* lamps that are broken, or could not be decided, each told.
pub fn broken(run: &dyn Run) -> Vec<String> {
    let mut told = Vec::new();
    for (lamp, verdict) in run.verdicts() {
        match (lamp.kind, verdict) {
            (InvariantKind::Sometimes, _) | (_, Verdict::Held | Verdict::Unknown) => {}
            (_, Verdict::Broken { at, detail, times }) => told.push(format!("{} at {at}, {times} times: {detail}", lamp.id)),
            (_, Verdict::Undecided { why }) => told.push(format!("{} could not be decided: {why}", lamp.id)),
        }
    }
    told
}

fn unbroken(spec: Spec) -> Result<Box<dyn Run>, String> {
    let told = again(&spec);
    let run = finished(spec)?;
    let broken = broken(&*run);
    if broken.is_empty() { Ok(run) } else { Err(format!("{}\n  {told}", broken.join("; "))) }
}

/// With everything at its default, no law breaks under seeds 1 to `seeds`, and each *finally* is judged at least once.
///
/// # Errors
/// The first that breaks, with the command that shows it.
pub fn holds_over_seeds(design: &'static Design, seeds: u64) -> Result<(), String> {
    let mut judged: Vec<&str> = Vec::new();
    for seed in 1..=seeds {
        let run = unbroken(seeded(design, seed))?;
        judged.extend(run.verdicts().into_iter().filter(|(_, v)| *v == Verdict::Held).map(|(lamp, _)| lamp.id));
    }
    match design.invariants.iter().find(|lamp| lamp.kind == InvariantKind::Finally && !judged.contains(&lamp.id)) {
        Some(lamp) => Err(format!("`{}` was never judged", lamp.id)),
        None => Ok(()),
    }
}

/// No law breaks in storms 1 to `storms` while every safeguard is on.
///
/// # Errors
/// The first that breaks, with the command that shows it.
pub fn holds_in_storms(design: &'static Design, storms: u64) -> Result<(), String> {
    (1..=storms).try_for_each(|seed| unbroken(stormy(design, seed, STORM.0, STORM.1)?).map(drop))
}

/// The trial's spec with the safeguard at `value`.
///
/// # Errors
/// A knob or a step that the design does not know.
pub fn trial(design: &'static Design, guard: &Safeguard, value: &str, seed: u64) -> Result<Spec, String> {
    let mut spec = seeded(design, seed);
    spec.length = guard.trial.length;
    let wrong = |why: String| format!("{}: trial of {}: {why}", design.id, guard.knob);
    for (knob, value) in guard.trial.set.iter().chain([&(guard.knob, value)]) {
        spec.set(knob, value).map_err(wrong)?;
    }
    spec.script = guard.trial.script.iter().map(|step| design.read_step(step).map_err(wrong)).collect::<Result<_, _>>()?;
    Ok(spec)
}

/// The value at which a trial shows that the safeguard protects.
fn safe_value(guard: &Safeguard) -> &'static str {
    guard.trial.set.iter().find(|(knob, _)| *knob == guard.knob).map_or(guard.safe[0], |(_, value)| *value)
}

/// Off, the safeguard does its harm; on, it does not: under seeds 1 to `seeds`. Gives a sentence on what was seen.
///
/// # Errors
/// What did not show, with the command.
pub fn load_bearing(design: &'static Design, guard: &Safeguard, seeds: u64) -> Result<String, String> {
    let mut seen = String::new();
    for seed in 1..=seeds {
        let (on, off) = (trial(design, guard, safe_value(guard), seed)?, trial(design, guard, guard.off, seed)?);
        let (told_on, told_off) = (again(&on), again(&off));
        let (on, off) = (finished(on)?, finished(off)?);
        match guard.harms {
            Harm::Breaks(lamp) => {
                let on = verdict_of(&*on, lamp)?;
                if on != Verdict::Held {
                    return Err(format!("`{lamp}` does not hold with the safeguard on: {on:?}\n  {told_on}"));
                }
                let Verdict::Broken { at, .. } = verdict_of(&*off, lamp)? else {
                    return Err(format!("`{lamp}` does not break with the safeguard off\n  {told_off}"));
                };
                seen = format!("{}={} breaks `{lamp}` at {at}", guard.knob, guard.off);
            }
            Harm::Worsens { metric, factor } => {
                let value = |run: &dyn Run, told: &str| run.metric(metric).ok_or_else(|| format!("no value of {metric}\n  {told}"));
                let (on, off) = (value(&*on, &told_on)?, value(&*off, &told_off)?);
                if !(off >= factor * on && off > 0.0) {
                    return Err(format!("{metric} is {on} with the safeguard and {off} without, which is less than {factor} times\n  {told_off}"));
                }
                seen = format!("{}={} takes {metric} from {on:.4} to {off:.4}", guard.knob, guard.off);
            }
        }
    }
    Ok(seen)
}

fn verdict_of(run: &dyn Run, id: &str) -> Result<Verdict, String> {
    run.verdicts().into_iter().find(|(lamp, _)| lamp.id == id).map(|(_, verdict)| verdict).ok_or_else(|| format!("{}: no lamp `{id}`", run.spec().design.id))
}

/// A *sometimes* is reached in some plain run, trial or storm. Gives the command that reaches it.
///
/// # Errors
/// None of them does.
pub fn reached(design: &'static Design, lamp: &InvariantSpec) -> Result<String, String> {
    let plain = (1..=TRIES).map(|seed| Ok(seeded(design, seed)));
    let tried = design.safeguards.iter().map(|guard| trial(design, guard, guard.safe[0], 1));
    let storms = (1..=TRIES).map(|seed| stormy(design, seed, STORM.0, STORM.1));
    for spec in plain.chain(tried).chain(storms) {
        let spec = spec?;
        if verdict_of(&*finished(spec.clone())?, lamp.id)? == Verdict::Held {
            return Ok(again(&spec));
        }
    }
    Err(format!("`{}` is never reached", lamp.id))
}
