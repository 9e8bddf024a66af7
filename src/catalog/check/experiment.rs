//! Experiments: their runs, expectations, predictions and explanations.

use super::plan;
use super::shape::Checker;
use crate::catalog::expect::{Expectation, Scope, Sum, Template, Wrong};
use crate::catalog::model::{Experiment, Guess};
use sims::kernel::design::Design;
use sims::kernel::knob::unknown;

/// One experiment, at `base` in its file.
pub fn check(checker: &mut Checker<'_>, base: &str, experiment: &Experiment, design: &'static Design) {
    for (key, text) in [("title", &experiment.title), ("ask", &experiment.ask), ("explain", &experiment.explain)] {
        checker.says_something(&format!("{base}/{key}"), text);
    }
    if experiment.seeds.is_empty() {
        checker.at(&format!("{base}/seeds"), "there are no seeds");
    }
    if experiment.runs.is_empty() {
        checker.at(&format!("{base}/runs"), "there are no runs");
    }
    if experiment.expect.is_empty() {
        checker.at(&format!("{base}/expect"), "nothing is expected").expected = Some("at least one line that can fail".into());
    }
    runs(checker, base, experiment, design);
    let names: Vec<&str> = experiment.runs.keys().collect();
    let scope = Scope { design, runs: &names };
    for (i, line) in experiment.expect.iter().enumerate() {
        expectation(checker, &format!("{base}/expect/{i}"), line, &scope);
    }
    prediction(checker, base, experiment, &scope);
    let path = format!("{base}/explain");
    for wrong in Template::read(&experiment.explain).check(&scope) {
        checker.inside(&path, &experiment.explain, &wrong);
    }
    checker.markdown(&path, &experiment.explain);
}

fn runs(checker: &mut Checker<'_>, base: &str, experiment: &Experiment, design: &'static Design) {
    for (name, own) in experiment.runs.iter() {
        let path = format!("{base}/runs/{name}");
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
        {
            checker.at_key(&path, format!("`{name}` is no name of a run")).expected = Some("lower-case letters, digits, `_` and `-`".into());
        }
        if let Some(like) = &own.like {
            match experiment.runs.get(like) {
                _ if like == name => {
                    checker.at(&format!("{path}/like"), format!("the run `{name}` is like itself"));
                }
                None => {
                    checker.at(&format!("{path}/like"), unknown("run", like, experiment.runs.keys()));
                }
                Some(base) if base.like.is_some() => {
                    checker.at(&format!("{path}/like"), format!("`{like}` is itself like another run: there are no chains"));
                }
                Some(_) => {}
            }
        }
    }
    for (name, whole) in experiment.plans() {
        let path = format!("{base}/runs/{name}");
        let Some(own) = experiment.runs.get(name) else { continue };
        let before = checker.faults.len();
        plan::check_own(checker, &path, own, whole.length(), design);
        if checker.faults.len() == before {
            plan::check_whole(checker, &path, &whole, design);
        }
    }
}

fn expectation(checker: &mut Checker<'_>, path: &str, line: &str, scope: &Scope<'_>) {
    match Expectation::parse(line) {
        Ok(expectation) => {
            for wrong in scope.check(line, &expectation.law) {
                checker.inside(path, line, &wrong);
            }
        }
        Err(wrong) => {
            checker.inside(path, line, &wrong);
        }
    }
}

fn prediction(checker: &mut Checker<'_>, base: &str, experiment: &Experiment, scope: &Scope<'_>) {
    let path = format!("{base}/predict");
    match experiment.predict.guess() {
        Ok(Guess::Number(number)) => {
            let found: Vec<Wrong> = match Sum::parse(number) {
                Ok(sum) => scope.check_sum(number, &sum),
                Err(wrong) => vec![wrong],
            };
            for wrong in found {
                checker.inside(&format!("{path}/number"), number, &wrong);
            }
        }
        Ok(Guess::Choice { choices, .. }) => {
            for (i, choice) in choices.iter().enumerate() {
                checker.says_something(&format!("{path}/choices/{i}/say"), &choice.say);
                expectation(checker, &format!("{path}/choices/{i}/when"), &choice.when, scope);
            }
        }
        Err(why) => {
            let path = if why.contains("`right`") { format!("{path}/right") } else { path };
            checker.at(&path, why);
        }
    }
}
