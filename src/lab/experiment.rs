//! Experiments of a card: every run under every seed on all cores, then the expectations, the prediction and the debrief.

use super::evaluate::{self, Judged, Seeded};
use super::headless::{self, Outcome};
use super::{plan, pool};
use crate::catalog::expect::{Expectation, Scope, Sum, Template, Wrong};
use crate::catalog::{Experiment, Guess};
use sims::kernel::design::{Design, Spec};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// An experiment whose texts have been read: nothing but the runs is left to do.
#[derive(Clone, Debug)]
pub struct Ready {
    pub id: String,
    pub title: String,
    pub ask: String,
    pub guess: Asked,
    pub seeds: Vec<u64>,
    design: &'static Design,
    plans: Vec<(String, crate::catalog::RunPlan)>,
    expectations: Vec<Expectation>,
    explain: Template,
}

/// What is asked before the runs.
#[derive(Clone, Debug)]
pub enum Asked {
    Number { text: String, sum: Sum },
    Choice { choices: Vec<(String, Expectation)>, right: usize },
}

/// What the runs say to the prediction.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// The median over the seeds; none if the metric has no value.
    Number(Option<f64>),
    /// Place of the right choice, from 0.
    Choice(usize),
}

#[derive(Clone, Debug)]
pub struct Report {
    pub id: String,
    pub title: String,
    pub passed: bool,
    pub seeds: Vec<u64>,
    pub judged: Vec<Judged>,
    pub truth: Truth,
    /// Markdown.
    pub debrief: String,
    pub trials: Vec<Seeded>,
    /// Of all runs together.
    pub events: u64,
}

/// Reads an experiment's texts.
///
/// # Errors
/// What `check` would report: a name the design does not declare, a value out of range.
pub fn prepare(design: &'static Design, experiment: &Experiment) -> Result<Ready, String> {
    let runs: Vec<&str> = experiment.runs.keys().collect();
    let scope = Scope { design, runs: &runs };
    let plans: Vec<_> = experiment.plans().into_iter().map(|(name, plan)| (name.to_string(), plan)).collect();
    for (name, plan) in &plans {
        plan::spec(design, plan, 1).map_err(|why| format!("run `{name}`: {why}"))?;
    }
    let read = |text: &str| expectation(text, &scope);
    let guess = match experiment.predict.guess()? {
        Guess::Number(text) => {
            let sum = Sum::parse(text).map_err(|why| format!("`{text}`: {why}"))?;
            declared(text, scope.check_sum(text, &sum))?;
            Asked::Number { text: text.to_string(), sum }
        }
        Guess::Choice { choices, right } => {
            let choices = choices.iter().map(|choice| Ok((choice.say.clone(), read(&choice.when)?))).collect::<Result<_, String>>()?;
            Asked::Choice { choices, right }
        }
    };
    Ok(Ready {
        id: experiment.id.clone(),
        title: experiment.title.clone(),
        ask: experiment.ask.clone(),
        guess,
        seeds: experiment.seeds.clone(),
        design,
        plans,
        expectations: experiment.expect.iter().map(|text| read(text)).collect::<Result<_, String>>()?,
        explain: Template::read(&experiment.explain),
    })
}

impl Ready {
    /// With seeds 1 to `seeds` instead of the card's.
    #[must_use]
    pub fn with_seeds(mut self, seeds: u64) -> Ready {
        self.seeds = (1..=seeds.max(1)).collect();
        self
    }

    /// What the metrics of a number to be guessed are, a sentence each.
    pub fn meaning(&self) -> Vec<String> {
        let Asked::Number { text, .. } = &self.guess else { return Vec::new() };
        let named = |name: &String| {
            text.split(|c: char| !(c.is_ascii_alphanumeric() || "._".contains(c))).any(|word| word.split_once('.').is_some_and(|(_, m)| m == name))
        };
        let specs = self.design.metrics.iter().filter(|metric| metric.names().iter().any(named));
        specs.map(|metric| format!("{}: {}", metric.name, metric.says)).collect()
    }

    /// The runs under one seed, by their names: for the lab.
    ///
    /// # Errors
    /// None that [`prepare`] has not found already.
    pub fn specs(&self, seed: u64) -> Result<Vec<(String, Spec)>, String> {
        self.plans.iter().map(|(name, plan)| Ok((name.clone(), plan::spec(self.design, plan, seed)?))).collect()
    }

    /// Number of runs in all.
    pub fn runs(&self) -> usize {
        self.plans.len() * self.seeds.len()
    }

    /// Runs everything; `done` counts finished runs for whoever shows progress.
    ///
    /// # Errors
    /// None if `cancel` was set; a panic of the design is said with design, run and seed.
    pub fn run(&self, done: &AtomicUsize, cancel: &AtomicBool) -> Result<Option<Report>, String> {
        let mut jobs = Vec::new();
        for seed in &self.seeds {
            for (name, plan) in &self.plans {
                jobs.push((name.clone(), *seed, plan::spec(self.design, plan, *seed)?));
            }
        }
        let Some(outcomes) = play_all(&jobs, done, cancel) else { return Ok(None) };
        let mut trials: Vec<Seeded> = self.seeds.iter().map(|seed| Seeded { seed: *seed, runs: Vec::new() }).collect();
        for (place, outcome) in outcomes.into_iter().enumerate() {
            trials[place / self.plans.len()].runs.push((jobs[place].0.clone(), outcome?));
        }
        Ok(Some(self.report(trials)))
    }

    fn report(&self, trials: Vec<Seeded>) -> Report {
        let mut judged: Vec<Judged> = self.expectations.iter().map(|line| evaluate::judge(line, &trials)).collect();
        let truth = match &self.guess {
            Asked::Number { sum, .. } => Truth::Number(evaluate::median(sum, &trials)),
            Asked::Choice { choices, right } => {
                judged.extend(choices.iter().enumerate().map(|(place, (_, when))| judge_choice(place, when, place == *right, &trials)));
                Truth::Choice(*right)
            }
        };
        Report {
            id: self.id.clone(),
            title: self.title.clone(),
            passed: judged.iter().all(|line| line.passed) && !matches!(truth, Truth::Number(None)),
            seeds: self.seeds.clone(),
            judged,
            truth,
            debrief: self.explain.fill(&|sum| evaluate::median(sum, &trials)),
            events: trials.iter().flat_map(|t| &t.runs).map(|(_, outcome)| outcome.events).sum(),
            trials,
        }
    }
}

/// Reads one line and looks up its names.
pub(super) fn expectation(text: &str, scope: &Scope<'_>) -> Result<Expectation, String> {
    let expectation = Expectation::parse(text).map_err(|why| format!("`{text}`: {why}"))?;
    declared(text, scope.check(text, &expectation.law))?;
    Ok(expectation)
}

fn declared(text: &str, wrong: Vec<Wrong>) -> Result<(), String> {
    wrong.into_iter().next().map_or(Ok(()), |why| Err(format!("`{text}`: {why}")))
}

/// Exactly the right choice's `when` must hold: a wrong one that holds as well is a fault of the card.
fn judge_choice(place: usize, when: &Expectation, right: bool, trials: &[Seeded]) -> Judged {
    let judged = evaluate::judge(when, trials);
    let word = if right { "right" } else { "wrong" };
    Judged { text: format!("choice {} is {word}: {}", place + 1, judged.text), passed: judged.passed == right, ..judged }
}

type Job = (String, u64, Spec);

/// All jobs over all cores.
pub(super) fn play_all(jobs: &[Job], done: &AtomicUsize, cancel: &AtomicBool) -> Option<Vec<Result<Outcome, String>>> {
    pool::each(jobs, done, cancel, |(name, seed, spec)| play_one(spec).map_err(|why| format!("run `{name}`, seed {seed}: {why}")))
}

/// A design that panics spoils its own experiment, not the whole command.
pub(super) fn play_one(spec: &Spec) -> Result<Outcome, String> {
    let outcome = catch_unwind(AssertUnwindSafe(|| headless::play(spec.clone())));
    outcome.unwrap_or_else(|panic| Err(format!("design `{}` panicked: {}", spec.design.id, super::owner::words(panic.as_ref()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Pairs, Prediction, RunPlan};
    use crate::lab::toy;

    fn experiment(predict: Prediction) -> Experiment {
        let plan = |like: Option<&str>, set: &[(&str, &str)]| RunPlan {
            like: like.map(str::to_string),
            set: Pairs(set.iter().map(|(k, v)| (k.to_string(), (*v).into())).collect()),
            ..RunPlan::default()
        };
        Experiment {
            id: "slow-server".into(),
            title: "A slow server".into(),
            ask: "How many are refused?".into(),
            predict,
            seeds: vec![1, 2, 3],
            runs: Pairs(vec![("fast".into(), plan(None, &[("rate", "100/s")])), ("slow".into(), plan(Some("fast"), &[("service", "50ms")]))]),
            expect: vec!["slow.refused > 10 * fast.refused".into(), "slow.served within 5 % of 60 / 0.05".into(), "fast holds".into()],
            explain: "The slow one served {slow.served}, a fifth of {fast.served}; {this} stays.".into(),
        }
    }

    fn number() -> Prediction {
        Prediction { number: Some("slow.served".into()), choices: Vec::new(), right: None }
    }

    fn run(experiment: &Experiment) -> Report {
        prepare(&toy::DESIGN, experiment).unwrap().run(&AtomicUsize::new(0), &AtomicBool::new(false)).unwrap().unwrap()
    }

    #[test]
    fn an_experiment_is_run_judged_and_told() {
        let report = run(&experiment(number()));
        assert!(report.passed, "{:#?}", report.judged);
        assert!(matches!(report.truth, Truth::Number(Some(served)) if (served - 1200.0).abs() < 60.0), "{:?}", report.truth);
        assert!(report.debrief.starts_with("The slow one served 1,") && report.debrief.ends_with("{this} stays."), "{}", report.debrief);
    }

    #[test]
    fn the_order_in_which_threads_finish_changes_nothing() {
        let (one, two) = (run(&experiment(number())), run(&experiment(number())));
        assert_eq!(one.judged, two.judged);
        let digests = |report: &Report| report.trials.iter().flat_map(|t| t.runs.iter().map(|(_, o)| o.digest)).collect::<Vec<_>>();
        assert_eq!(digests(&one), digests(&two));
    }

    #[test]
    fn exactly_the_right_choice_holds() {
        use crate::catalog::Choice;
        let choice = |say: &str, when: &str| Choice { say: say.into(), when: when.into() };
        let choices = vec![choice("none", "slow.refused == 0"), choice("many", "slow.refused > 100")];
        let right = |right| Prediction { number: None, choices: choices.clone(), right: Some(right) };
        assert!(run(&experiment(right(2))).passed);
        assert!(!run(&experiment(right(1))).passed);
    }

    #[test]
    fn names_that_are_not_declared_are_refused_before_anything_runs() {
        let mut wrong = experiment(number());
        wrong.expect.push("slow.servd > 1".into());
        assert!(prepare(&toy::DESIGN, &wrong).unwrap_err().contains("did you mean `served`"));
        let mut wrong = experiment(number());
        wrong.runs.0[1].1.set.0[0].1 = "1h".into();
        assert!(prepare(&toy::DESIGN, &wrong).unwrap_err().contains("run `slow`: knob `service` is 1h"));
    }

    #[test]
    fn a_cancelled_experiment_gives_nothing() {
        let ready = prepare(&toy::DESIGN, &experiment(number())).unwrap();
        assert!(ready.run(&AtomicUsize::new(0), &AtomicBool::new(true)).unwrap().is_none());
    }
}
