//! From a card's settings to a spec: knobs and steps as texts, read by the design.

use crate::catalog::{RunFile, RunPlan};
use sims::kernel::action::Step;
use sims::kernel::design::{Design, Spec};
use sims::kernel::knob::Knobs;
use sims::kernel::time::{Span, Time};

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
    knobs.iter().filter(|(knob, value)| defaults.get(knob.name) != Some(value)).map(|(knob, value)| (knob.name, value.to_string())).collect()
}
