//! Runs against their design: knobs, scripts, lengths, objectives.

use super::Context;
use super::shape::Checker;
use crate::catalog::expect::threshold;
use crate::catalog::model::{Law, Objective, Pairs, RunFile, RunPlan, Scalar, Step};
use sims::kernel::action;
use sims::kernel::design::{Design, Spec, find};
use sims::kernel::invariant::InvariantKind;
use sims::kernel::knob::unknown;
use sims::kernel::time::Time;

/// A run file as a whole.
pub fn check_file(checker: &mut Checker<'_>, run: &RunFile, context: &Context<'_>) {
    match find(context.designs, &run.design) {
        Ok(design) => {
            let plan = run.plan();
            check_own(checker, "", &plan, plan.length(), design);
            check_whole(checker, "", &plan, design);
            objectives(checker, &run.objectives, design);
        }
        Err(why) => {
            checker.at("design", why);
        }
    }
}

/// What a plan itself says: its knobs, its steps. `base` is its path in the file.
pub fn check_own(checker: &mut Checker<'_>, base: &str, plan: &RunPlan, length: sims::kernel::time::Span, design: &'static Design) {
    settings(checker, &join(base, "set"), &plan.set, design);
    steps(checker, &join(base, "script"), plan.script(), design);
    for (i, _) in plan.script().iter().enumerate().filter(|(_, step)| step.at.span() > length) {
        checker.at(&join(base, &format!("script/{i}/at")), format!("the step comes after the end at {length}"));
    }
}

/// Whether the design takes a plan as a whole: knobs that conflict, a warm-up that is too long.
pub fn check_whole(checker: &mut Checker<'_>, base: &str, plan: &RunPlan, design: &'static Design) {
    let mut spec = Spec::new(design);
    for (name, value) in plan.set.iter() {
        if spec.set(name, value.as_str()).is_err() {
            return; // said where it stands
        }
    }
    spec.length = plan.length();
    spec.warm_up = plan.warm_up();
    for step in plan.script() {
        match design.read_action(&step.action, &step.texts()) {
            Ok(action) if step.at.span() <= spec.length => spec.script.push(action::Step { at: Time::ZERO + step.at.span(), action }),
            _ => return,
        }
    }
    spec.script.sort_by_key(|step| step.at);
    if let Err(why) = spec.check() {
        let path = if plan.warm_up() >= plan.length() { join(base, "warm_up") } else { join(base, "set") };
        checker.at(&path, why);
    }
}

/// Knobs and their values.
pub fn settings(checker: &mut Checker<'_>, base: &str, set: &Pairs<Scalar>, design: &'static Design) {
    let mut spec = Spec::new(design);
    for (name, value) in set.iter() {
        if let Err(why) = spec.set(name, value.as_str()) {
            let path = join(base, name);
            if design.knobs.iter().any(|k| k.name == name) {
                checker.at(&path, why)
            } else {
                checker.at_key(&path, why)
            };
        }
    }
}

/// Steps of a script, each by the design's list of actions.
pub fn steps(checker: &mut Checker<'_>, base: &str, script: &[Step], design: &'static Design) {
    for (i, step) in script.iter().enumerate() {
        if let Err(why) = design.read_action(&step.action, &step.texts()) {
            let step_at = join(base, &i.to_string());
            // An argument that the message names is where it stands; else the action is meant.
            match step.args.keys().find(|arg| why.contains(&format!("`{arg}`"))) {
                Some(arg) if why.contains(&format!("no argument `{arg}`")) || why.contains(&format!("no knob `{arg}`")) => {
                    checker.at_key(&join(&step_at, arg), why)
                }
                Some(arg) => checker.at(&join(&step_at, arg), why),
                None => checker.at(&join(&step_at, "do"), why),
            };
        }
    }
}

/// Objectives name what the design declares.
pub fn objectives(checker: &mut Checker<'_>, all: &[Objective], design: &'static Design) {
    for (i, objective) in all.iter().enumerate() {
        let base = format!("objectives/{i}");
        match objective.law() {
            Ok(Law::Compare { metric, than, .. }) => {
                let names = design.metric_names();
                if !names.iter().any(|n| n == metric) {
                    checker.at(&join(&base, "value"), unknown("metric", metric, names.iter().map(String::as_str)));
                } else if let Err(wrong) = threshold(than, metric) {
                    checker.inside(&join(&base, "than"), than, &wrong);
                }
            }
            Ok(Law::Holds(id)) => match design.invariants.iter().find(|inv| inv.id == id) {
                None => {
                    checker.at(&join(&base, "holds"), unknown("invariant", id, design.invariants.iter().map(|inv| inv.id)));
                }
                Some(found) if found.kind == InvariantKind::Sometimes => {
                    checker.at(&join(&base, "holds"), format!("`{id}` is a *sometimes*: an objective needs an *always* or a *finally*"));
                }
                Some(_) => {}
            },
            Err(why) => {
                checker.at(&base, why);
            }
        }
    }
}

pub fn join(base: &str, last: &str) -> String {
    if base.is_empty() { last.to_string() } else { format!("{base}/{last}") }
}
