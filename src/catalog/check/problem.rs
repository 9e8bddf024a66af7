//! A problem's card: what its parts owe each other, its design and the shared words.

use super::Context;
use super::shape::Checker;
use super::{experiment, flaw, plan};
use crate::catalog::expect::formula;
use crate::catalog::model::{Good, MomentKind, Problem, Proof, RunPlan, sized};
use sims::kernel::design::{Design, find};
use sims::kernel::knob::unknown;
use std::collections::BTreeSet;

/// A rubric's lines give this many points.
const POINTS: u32 = 50;
/// An estimation's formula comes this near to its answer.
const ANSWER_SHARE: f64 = 0.05;

pub fn check(checker: &mut Checker<'_>, problem: &Problem, context: &Context<'_>) {
    words(checker, problem, context);
    phases(checker, problem);
    hints(checker, problem);
    interviewer(checker, problem);
    estimation(checker, problem);
    solution(checker, problem);
    rubric(checker, problem);
    flaws(checker, problem, context);
    checker.ids("experiments", problem.experiments.iter().map(|e| e.id.as_str()));
    match problem.design.as_deref().map(|id| find(context.designs, id)) {
        Some(Ok(design)) => running(checker, problem, design),
        Some(Err(why)) => {
            checker.at("design", why);
        }
        None => without_design(checker, problem),
    }
}

fn words(checker: &mut Checker<'_>, problem: &Problem, context: &Context<'_>) {
    checker.says_something("statement", &problem.statement);
    checker.markdown("statement", &problem.statement);
    if !context.levels.contains(&problem.level) {
        checker.at("level", unknown("rubric", &problem.level, context.levels.iter().map(String::as_str)));
    }
    mechanisms(checker, &problem.mechanisms, context);
    for (i, reference) in problem.references.iter().enumerate() {
        if !reference.url.starts_with("http://") && !reference.url.starts_with("https://") {
            checker.at(&format!("references/{i}/url"), format!("`{}` is no address", reference.url)).expected = Some("it begins with https://".into());
        }
    }
}

/// The shared words, each once.
pub fn mechanisms(checker: &mut Checker<'_>, words: &[String], context: &Context<'_>) {
    let mut seen = BTreeSet::new();
    for (i, word) in words.iter().enumerate() {
        let path = format!("mechanisms/{i}");
        if !context.mechanisms.contains(word) {
            checker.at(&path, mechanism(word, context));
        }
        if !seen.insert(word) {
            checker.at(&path, format!("the mechanism `{word}` stands twice"));
        }
    }
}

/// The whole list is too long to be of help.
fn mechanism(word: &str, context: &Context<'_>) -> String {
    let known: Vec<&str> = context.mechanisms.iter().map(String::as_str).collect();
    match sims::kernel::knob::nearest(word, &known) {
        Some(near) => format!("no mechanism `{word}`; did you mean `{near}`?"),
        None => format!("no mechanism `{word}`; the words stand in rubrics/mechanisms.yaml"),
    }
}

fn phases(checker: &mut Checker<'_>, problem: &Problem) {
    checker.ids("phases", problem.phases.iter().map(|p| p.id.as_str()));
    if checker.partial {
        return;
    }
    if problem.phases.is_empty() {
        checker.at("phases", "there are no phases");
        return;
    }
    let sum: u32 = problem.phases.iter().map(|p| p.minutes).fold(0, u32::saturating_add);
    if sum != problem.minutes {
        let message = format!("the phases have {sum} minutes together, but the problem has {}", problem.minutes);
        checker.at_key("phases", message);
    }
    for (i, phase) in problem.phases.iter().enumerate().filter(|(_, p)| p.minutes == 0) {
        checker.at(&format!("phases/{i}/minutes"), format!("the phase `{}` has no time", phase.id));
    }
}

/// Whether a phase of that id exists; says so if not. Parts that were cut out may have held it.
fn phase_exists(checker: &mut Checker<'_>, problem: &Problem, path: &str, id: &str) {
    if !checker.partial && problem.phase(id).is_none() {
        checker.at(path, unknown("phase", id, problem.phases.iter().map(|p| p.id.as_str())));
    }
}

fn hints(checker: &mut Checker<'_>, problem: &Problem) {
    let mut seen = BTreeSet::new();
    for (i, hint) in problem.hints.iter().enumerate() {
        phase_exists(checker, problem, &format!("hints/{i}/phase"), &hint.phase);
        if !seen.insert(&hint.phase) {
            checker.at(&format!("hints/{i}/phase"), format!("the phase `{}` has a ladder of hints already", hint.phase));
        }
        for (key, text) in [("nudge", &hint.nudge), ("point", &hint.point), ("tell", &hint.tell)] {
            checker.says_something(&format!("hints/{i}/{key}"), text);
        }
    }
    // A user's card without a design may do without.
    if problem.design.is_some() && !checker.partial {
        for (i, phase) in problem.phases.iter().enumerate().filter(|(_, phase)| problem.hint(&phase.id).is_none()) {
            checker.at(&format!("phases/{i}/id"), format!("the phase `{}` has no hints", phase.id)).expected =
                Some(format!("hints: {{phase: {}, nudge, point, tell}}", phase.id));
        }
    }
}

fn interviewer(checker: &mut Checker<'_>, problem: &Problem) {
    for (i, moment) in problem.interviewer.iter().enumerate() {
        checker.says_something(&format!("interviewer/{i}/say"), &moment.say);
        if moment.at.span().as_secs() > f64::from(problem.minutes) * 60.0 {
            checker.at(&format!("interviewer/{i}/at"), format!("the moment comes after the end at {} min", problem.minutes));
        }
    }
    let changes = problem.interviewer.iter().any(|m| m.kind == MomentKind::Change);
    if problem.design.is_some() && !checker.partial && !changes {
        checker.at_key("interviewer", "the interviewer changes nothing").expected = Some("one moment of `kind: change`".into());
    }
}

fn estimation(checker: &mut Checker<'_>, problem: &Problem) {
    for (i, estimation) in problem.estimation.iter().enumerate() {
        let base = format!("estimation/{i}");
        match formula(&estimation.formula, &estimation.given) {
            Ok(value) if (value - estimation.answer).abs() > ANSWER_SHARE * estimation.answer.abs() => {
                let message = format!("the answer is {}, but the formula gives {}", estimation.answer, crate::catalog::expect::significant(value));
                checker.at(&format!("{base}/answer"), message).expected = Some("the two agree within 5 %".into());
            }
            Ok(_) => {}
            Err(wrong) => {
                checker.inside(&format!("{base}/formula"), &estimation.formula, &wrong);
            }
        }
        checker.markdown(&format!("{base}/steps"), &estimation.steps);
    }
}

fn solution(checker: &mut Checker<'_>, problem: &Problem) {
    for (i, section) in problem.solution.iter().enumerate() {
        let base = format!("solution/{i}");
        phase_exists(checker, problem, &format!("{base}/phase"), &section.phase);
        checker.markdown(&format!("{base}/body"), &section.body);
        if let Some(diagram) = &section.diagram {
            checker.diagram(&format!("{base}/diagram"), diagram);
        }
    }
}

fn rubric(checker: &mut Checker<'_>, problem: &Problem) {
    checker.ids("rubric", problem.rubric.iter().map(|l| l.id.as_str()));
    for (i, line) in problem.rubric.iter().enumerate() {
        phase_exists(checker, problem, &format!("rubric/{i}/phase"), &line.phase);
        for (key, text) in [("line", &line.line), ("full", &line.full), ("half", &line.half), ("none", &line.none)] {
            checker.says_something(&format!("rubric/{i}/{key}"), text);
        }
    }
    checker.ids("variants", problem.variants.iter().map(|v| v.id.as_str()));
    if checker.partial {
        return;
    }
    let points: u32 = problem.rubric.iter().map(|l| l.points).fold(0, u32::saturating_add);
    if points != POINTS {
        checker.at_key("rubric", format!("the lines have {points} points together, but must have {POINTS}"));
    }
    for (i, variant) in problem.variants.iter().enumerate() {
        checker.markdown(&format!("variants/{i}/scope"), &variant.scope);
        for (j, drop) in variant.drops.iter().enumerate() {
            let known = || problem.phases.iter().map(|p| p.id.as_str()).chain(problem.rubric.iter().map(|l| l.id.as_str()));
            if !known().any(|id| id == drop) {
                checker.at(&format!("variants/{i}/drops/{j}"), unknown("phase or rubric line", drop, known()));
            }
        }
    }
}

fn flaws(checker: &mut Checker<'_>, problem: &Problem, context: &Context<'_>) {
    flaw::form(checker, &problem.flaws, context);
    for (i, flaw) in problem.flaws.iter().enumerate() {
        let base = format!("flaws/{i}");
        if let Some(id) = &flaw.experiment
            && !checker.partial
            && problem.experiment(id).is_none()
        {
            checker.at(&format!("{base}/experiment"), unknown("experiment", id, problem.experiments.iter().map(|e| e.id.as_str())));
        }
    }
}

/// What needs a design, against that design.
fn running(checker: &mut Checker<'_>, problem: &Problem, design: &'static Design) {
    let start = checker.faults.len();
    if let Some(proof) = &problem.proof {
        let plan = proof.plan();
        let before = checker.faults.len();
        plan::check_own(checker, "proof", &plan, plan.length(), design);
        if checker.faults.len() == before {
            plan::check_whole(checker, "proof", &plan, design);
        }
        if proof.seeds.is_empty() {
            checker.at("proof/seeds", "there are no seeds");
        }
    }
    let proof_stands = checker.faults.len() == start;
    let proof = problem.proof.as_ref().map(Proof::plan).unwrap_or_default();
    for (i, moment) in problem.interviewer.iter().enumerate() {
        if let Some(then) = &moment.then {
            let own = RunPlan { set: then.set.clone(), script: Some(then.script.clone()), ..RunPlan::default() };
            let base = format!("interviewer/{i}/then");
            let before = checker.faults.len();
            plan::check_own(checker, &base, &own, proof.length(), design);
            if proof_stands && checker.faults.len() == before {
                plan::check_whole(checker, &base, &RunPlan { set: proof.set.with(&then.set), ..proof.clone() }, design);
            }
        }
    }
    sizing(checker, problem, design);
    plan::objectives(checker, &problem.objectives, design);
    for (i, one) in problem.experiments.iter().enumerate() {
        experiment::check(checker, &format!("experiments/{i}"), one, design);
    }
}

fn sizing(checker: &mut Checker<'_>, problem: &Problem, design: &'static Design) {
    if !problem.sizing.is_empty() && (problem.proof.is_none() || problem.objectives.is_empty()) && !checker.partial {
        checker.at_key("sizing", "sizing needs a `proof` to run and `objectives` to meet");
    }
    for (i, sizing) in problem.sizing.iter().enumerate() {
        let base = format!("sizing/{i}");
        let Some(knob) = design.knobs.iter().find(|k| k.name == sizing.knob) else {
            checker.at(&format!("{base}/knob"), unknown("knob", &sizing.knob, design.knobs.iter().map(|k| k.name)));
            continue;
        };
        let ends: Vec<String> = match &sizing.good {
            Good::Range(low, high) => vec![low.to_string(), high.to_string()],
            Good::Words(words) => words.clone(),
        };
        for end in ends {
            let read = sized(&end, sizing.scale, &sizing.unit, &knob.kind).and_then(|text| knob.kind.read(&text).map(|_| ()));
            if let Err(why) = read {
                checker.at(&format!("{base}/good"), format!("knob `{}` {why}", knob.name));
                break;
            }
        }
    }
}

fn without_design(checker: &mut Checker<'_>, problem: &Problem) {
    let needs = [
        ("sizing", !problem.sizing.is_empty()),
        ("proof", problem.proof.is_some()),
        ("objectives", !problem.objectives.is_empty()),
        ("experiments", !problem.experiments.is_empty()),
    ];
    for (key, _) in needs.iter().filter(|(_, there)| *there) {
        checker.at_key(key, format!("`{key}` needs a design, but the card names none")).expected = Some("design: ID".into());
    }
}
