//! From a card's settings to a spec: knobs and steps as texts, read by the design.

use crate::catalog::{self, FileKind, Length, Pairs, RunFile, RunPlan, Scalar};
use sims::kernel::action::Step;
use sims::kernel::design::{Design, Spec};
use sims::kernel::knob::Knobs;
use sims::kernel::time::{Span, Time};
use sims::kernel::value::Value;

/// The spec of a plan with its `like` resolved.
///
/// # Errors
/// An unknown knob, a value out of range, a step that the design does not know.
pub fn spec(design: &'static Design, plan: &RunPlan, seed: u64) -> Result<Spec, String> {
    let mut spec = Spec::new(design);
    for (knob, value) in plan.set.iter() {
        spec.set(knob, value.as_str())?;
    }
    for step in plan.script() {
        let action = design.read_action(&step.action, &step.texts()).map_err(|why| format!("step at {}: {why}", step.at.span()))?;
        spec.script.push(Step { at: Time::ZERO + step.at.span(), action });
    }
    (spec.seed, spec.length, spec.warm_up) = (seed, plan.length(), plan.warm_up());
    spec.check()?;
    Ok(spec)
}

/// # Errors
/// As [`spec`], and an unknown design.
pub fn spec_of_file(file: &RunFile) -> Result<Spec, String> {
    let design = sims::kernel::design::find(sims::designs::ALL, &file.design)?;
    spec(design, &file.plan(), file.seed)
}

/// The spec of a lab that was opened without a run file: lively, without end, warm-up a tenth of a minute.
pub fn open_lab(design: &'static Design, seed: u64) -> Spec {
    let mut spec = Spec::new(design);
    spec.seed = seed;
    spec.warm_up = Span(spec.length.0 / 10);
    spec
}

/// The knobs that differ from their defaults, as texts.
pub fn turned(knobs: &Knobs) -> Vec<(&'static str, String)> {
    let defaults = Knobs::defaults(knobs.declared());
    knobs.iter().filter(|(knob, value)| defaults.get(knob.name) != Some(value)).map(|(knob, value)| (knob.name, exact(value))).collect()
}

/// A run as a file of the user's: read again it is the same run.
pub fn to_file(spec: &Spec, title: &str) -> RunFile {
    let step = |step: &Step| catalog::Step {
        at: Length(step.at.since(Time::ZERO)),
        action: step.action.name.clone(),
        args: Pairs(step.action.args.iter().map(|(name, value)| (name.clone(), Scalar(exact(value)))).collect()),
    };
    RunFile {
        format: 1,
        kind: FileKind::Run,
        id: slug(title),
        title: title.into(),
        design: spec.design.id.into(),
        seed: spec.seed,
        set: Pairs(turned(&spec.knobs).into_iter().map(|(knob, value)| (knob.to_string(), Scalar(value))).collect()),
        script: spec.script.iter().map(step).collect(),
        length: Some(Length(spec.length)),
        warm_up: (spec.warm_up > Span::ZERO).then_some(Length(spec.warm_up)),
        objectives: Vec::new(),
        story: String::new(),
    }
}

/// A step as it is written on the command line, exactly: `2.1s=cut:from=s1,to=s2,both=on`.
pub fn step_text(step: &Step) -> String {
    let args: Vec<String> = step.action.args.iter().map(|(name, value)| format!("{name}={}", exact(value))).collect();
    let args = if args.is_empty() { String::new() } else { format!(":{}", args.join(",")) };
    format!("{}={}{args}", catalog::exact(step.at.since(Time::ZERO)), step.action.name)
}

/// A value as it is written, to the last bit: the readable form of a length of time is rounded.
pub fn exact(value: &Value) -> String {
    match value {
        Value::Duration(span) => catalog::exact(*span),
        Value::Shift(ns) => format!("{ns}ns"),
        other => other.to_string(),
    }
}

/// Lower-case letters, digits and hyphens: the stem of a file.
fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "run".into() } else { slug.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::film::Film;

    #[test]
    fn a_saved_run_read_again_is_the_same_run() {
        let design = sims::designs::ALL[0];
        let mut film = Film::start(open_lab(design, 7)).unwrap();
        film.play(Time(3_123_456_789));
        let knob = design.knobs.iter().find(|k| k.live).unwrap();
        let value = knob.kind.limits().remove(0);
        film.act(&design.read_action("set", &[(knob.name.into(), value)]).unwrap()).unwrap();
        film.play(Time(5_000_000_001));
        let saved = to_file(&film.recorded(), "My *first* run");
        assert_eq!(saved.id, "my-first-run");
        let yaml = saved.to_yaml().unwrap();
        let again = RunFile::from_yaml(&yaml).unwrap();
        let mut run = spec_of_file(&again).unwrap().start().unwrap();
        run.advance(film.run().now());
        assert_eq!(run.digest(), film.run().digest(), "{yaml}");
    }
}
