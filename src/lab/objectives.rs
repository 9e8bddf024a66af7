//! Objectives: a card's claims about the design, tested on a run that a candidate's sizing is laid over.

use super::evaluate::{self, Judged, Seeded};
use super::experiment::{self, play_all};
use super::headless::Outcome;
use super::plan;
use crate::catalog::expect::{Expectation, Scope};
use crate::catalog::{Law, Objective, Pairs, Problem, RunFile, RunPlan, Scalar, Then, sized};
use sims::kernel::design::Design;
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// What became of one objective, on its worst seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    pub judged: Judged,
    pub because: Option<String>,
    /// How far the value's seeds lie apart; none for an invariant, or where a seed has no value.
    pub spread: Option<f64>,
}

/// The name of the only run that objectives speak of.
pub(super) const RUN: &str = "run";

/// The plan that a card proves: its `proof`, then what the interviewer changed, then the candidate's numbers.
///
/// # Errors
/// An answer that does not fit its knob.
pub fn proof_plan(design: &Design, problem: &Problem, changes: &[&Then], answers: &[(&str, &str)]) -> Result<RunPlan, String> {
    let mut plan = problem.proof.clone().unwrap_or_default().plan();
    for change in changes {
        plan.set = plan.set.with(&change.set);
        plan.script.get_or_insert_default().extend(change.script.iter().cloned());
    }
    let mut sizes = Vec::new();
    for (knob, answer) in answers {
        let Some(sizing) = problem.sizing.iter().find(|s| s.knob == *knob) else { continue };
        let Some(declared) = design.knobs.iter().find(|k| k.name == *knob) else { continue };
        let text = sized(answer, sizing.scale, &sizing.unit, &declared.kind).map_err(|why| format!("{}: {why}", sizing.ask))?;
        sizes.push(((*knob).to_string(), Scalar(text)));
    }
    plan.set = plan.set.with(&Pairs(sizes));
    Ok(plan)
}

/// Runs the proof with the candidate's numbers and judges every objective; none if `cancel` was set.
///
/// # Errors
/// An answer that does not fit its knob, knobs that conflict, an objective of neither form.
pub fn prove(problem: &Problem, changes: &[&Then], answers: &[(&str, &str)], cancel: &AtomicBool) -> Result<Option<Vec<Met>>, String> {
    let id = problem.design.as_deref().ok_or("this problem has no design to run")?;
    let design = sims::kernel::design::find(sims::designs::ALL, id)?;
    let plan = proof_plan(design, problem, changes, answers)?;
    let seeds = problem.proof.as_ref().map_or_else(|| vec![1], |proof| proof.seeds.clone());
    judge(design, &plan, &seeds, &problem.objectives, cancel)
}

/// The objectives of a run file on the outcome of its own run.
///
/// # Errors
/// An objective of neither form, or of an unknown name.
pub fn of_file(file: &RunFile, outcome: &Outcome) -> Result<Vec<Met>, String> {
    let trial = Seeded { seed: outcome.seed, runs: vec![(RUN.to_string(), outcome.clone())] };
    file.objectives.iter().map(|objective| met(objective, outcome.design, std::slice::from_ref(&trial))).collect()
}

fn judge(design: &'static Design, plan: &RunPlan, seeds: &[u64], objectives: &[Objective], cancel: &AtomicBool) -> Result<Option<Vec<Met>>, String> {
    let jobs = seeds.iter().map(|seed| Ok((RUN.to_string(), *seed, plan::spec(design, plan, *seed)?))).collect::<Result<Vec<_>, String>>()?;
    let Some(outcomes) = play_all(&jobs, &AtomicUsize::new(0), cancel) else { return Ok(None) };
    let outcomes = jobs.into_iter().zip(outcomes).map(|((_, seed, _), outcome)| Ok((seed, outcome?))).collect::<Result<_, String>>()?;
    judged(design, outcomes, objectives).map(Some)
}

/// Every objective on the outcomes of one plan, by their seeds.
pub(super) fn judged(design: &'static Design, outcomes: Vec<(u64, Outcome)>, objectives: &[Objective]) -> Result<Vec<Met>, String> {
    let trials: Vec<_> = outcomes.into_iter().map(|(seed, outcome)| Seeded { seed, runs: vec![(RUN.to_string(), outcome)] }).collect();
    objectives.iter().map(|objective| met(objective, design, &trials)).collect()
}

fn met(objective: &Objective, design: &'static Design, trials: &[Seeded]) -> Result<Met, String> {
    let expectation = expectation(objective, design)?;
    let mut judged = evaluate::judge(&expectation, trials);
    // The run's name says nothing where there is only one.
    judged.text = judged.text.trim_start_matches("run.").trim_start_matches("run ").to_string();
    Ok(Met { judged, because: objective.because.clone(), spread: spread(&expectation, trials) })
}

/// From the lowest value of any seed to the highest.
fn spread(expectation: &Expectation, trials: &[Seeded]) -> Option<f64> {
    let (left, _) = expectation.law.sides()?;
    let values: Vec<f64> = trials.iter().map(|trial| evaluate::value(left, trial)).collect::<Option<_>>()?;
    let (low, high) = (values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?);
    Some(high - low)
}

/// An objective is an expectation on a run called `run`.
fn expectation(objective: &Objective, design: &'static Design) -> Result<Expectation, String> {
    let text = match objective.law()? {
        Law::Compare { metric, is, than } => format!("{RUN}.{metric} {is} {than}"),
        Law::Holds(invariant) => format!("{RUN} holds {invariant}"),
    };
    experiment::expectation(&text, &Scope { design, runs: &[RUN] }).map_err(|why| format!("objective {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Is;
    use crate::lab::toy;

    fn objective(metric: &str, is: Is, than: &str) -> Objective {
        Objective { value: Some(metric.into()), is: Some(is), than: Some(than.into()), holds: None, because: Some("so it was agreed".into()) }
    }

    fn holds(invariant: &str) -> Objective {
        Objective { value: None, is: None, than: None, holds: Some(invariant.into()), because: None }
    }

    fn plan(set: &[(&str, &str)]) -> RunPlan {
        RunPlan { set: Pairs(set.iter().map(|(k, v)| (k.to_string(), (*v).into())).collect()), ..RunPlan::default() }
    }

    #[test]
    fn an_objective_is_met_when_it_is_met_on_every_seed_and_shows_the_worst() {
        let objectives = [objective("refused", Is::AtMost, "0"), objective("served", Is::AtLeast, "5K"), holds("all-served")];
        let met = |set: &[(&str, &str)]| judge(&toy::DESIGN, &plan(set), &[1, 2, 3], &objectives, &AtomicBool::new(false)).unwrap().unwrap();
        assert!(met(&[]).iter().all(|m| m.judged.passed));
        let slow = met(&[("service", "50ms")]);
        assert_eq!(slow.iter().map(|m| m.judged.passed).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(slow[0].judged.text, "refused <= 0");
        assert!(slow[0].judged.seed.is_some() && slow[0].judged.left.unwrap() > 1000.0);
    }

    #[test]
    fn a_name_that_the_design_does_not_declare_is_refused() {
        let refused = judge(&toy::DESIGN, &plan(&[]), &[1], &[objective("servd", Is::AtMost, "1")], &AtomicBool::new(false));
        assert!(refused.unwrap_err().contains("did you mean `served`"));
    }
}
