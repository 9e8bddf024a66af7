//! Expectations judged on what runs have come to.

use super::headless::Outcome;
use crate::catalog::Is;
use crate::catalog::expect::{Aggregate, Expectation, Law, Leaf, Sum, TimeUnit};
use sims::kernel::invariant::Verdict;
use sims::kernel::value::Value;

/// All runs of an experiment under one seed.
#[derive(Clone, Debug)]
pub struct Seeded {
    pub seed: u64,
    pub runs: Vec<(String, Outcome)>,
}

/// What became of one expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    pub text: String,
    pub passed: bool,
    /// The seed nearest to failing, or that fails most; none for a line over all seeds.
    pub seed: Option<u64>,
    /// Both sides of that seed; none for a verdict or where a metric has no value.
    pub left: Option<f64>,
    pub right: Option<f64>,
    /// The sentence of the lamp, or which metric has no value.
    pub detail: Option<String>,
}

impl Seeded {
    pub fn run(&self, name: &str) -> Option<&Outcome> {
        self.runs.iter().find(|(n, _)| n == name).map(|(_, outcome)| outcome)
    }
}

/// A line without an aggregate or share must be true for every seed by itself; with one it is judged once.
pub fn judge(expectation: &Expectation, trials: &[Seeded]) -> Judged {
    let law = &expectation.law;
    let verdict = if law.is_over_seeds() {
        let sides = law.sides().map(|(left, right)| (over_seeds(left, trials), over_seeds(right, trials)));
        Side { seed: None, ..weigh(law, sides) }
    } else {
        let all = trials.iter().map(|trial| Side { seed: Some(trial.seed), ..alone(law, trial) });
        // The first of equals: the same line whatever order the threads finished in.
        let nearest = all.reduce(|worst, next| if next.margin < worst.margin { next } else { worst });
        nearest.unwrap_or_else(|| Side::failed(Some("no seeds".into())))
    };
    Judged {
        text: expectation.text.clone(),
        passed: verdict.margin >= 0.0,
        seed: verdict.seed,
        left: verdict.left,
        right: verdict.right,
        detail: verdict.detail,
    }
}

/// The value of `sum` for one seed; none where a metric has no value.
pub fn value(sum: &Sum, trial: &Seeded) -> Option<f64> {
    sum.value(&|leaf| leaf_value(leaf, trial))
}

/// The median over the seeds that have a value.
pub fn median(sum: &Sum, trials: &[Seeded]) -> Option<f64> {
    let mut values: Vec<f64> =
        if sum.is_over_seeds() { over_seeds(sum, trials).into_iter().collect() } else { trials.iter().filter_map(|trial| value(sum, trial)).collect() };
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n.is_multiple_of(2) => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

/// How far from failing, and what to show of it. A margin below zero fails.
struct Side {
    margin: f64,
    seed: Option<u64>,
    left: Option<f64>,
    right: Option<f64>,
    detail: Option<String>,
}

impl Side {
    fn failed(detail: Option<String>) -> Side {
        Side { margin: f64::NEG_INFINITY, seed: None, left: None, right: None, detail }
    }

    fn of_verdict(holds: bool, detail: Option<String>) -> Side {
        Side { margin: if holds { 0.0 } else { -1.0 }, seed: None, left: None, right: None, detail }
    }
}

/// A law for one seed by itself.
fn alone(law: &Law, trial: &Seeded) -> Side {
    let outcome = |run: &str| trial.run(run).ok_or_else(|| Side::failed(Some(format!("no run `{run}`"))));
    let judged = |run: &str, invariant: &str, wanted: fn(&Verdict) -> bool| match outcome(run) {
        Ok(outcome) => outcome
            .verdict(invariant)
            .map_or_else(|| Side::failed(Some(format!("no invariant `{invariant}`"))), |verdict| Side::of_verdict(wanted(verdict), Some(told(verdict)))),
        Err(side) => side,
    };
    match law {
        Law::Compare { left, right, .. } | Law::Within { left, right, .. } => weigh(law, Some((value(left, trial), value(right, trial)))),
        Law::Holds { run, invariant: Some(invariant) } | Law::Reaches { run, invariant } => judged(run, invariant, |v| *v == Verdict::Held),
        Law::Breaks { run, invariant } => judged(run, invariant, |v| matches!(v, Verdict::Broken { .. })),
        Law::Holds { run, invariant: None } => match outcome(run) {
            Ok(outcome) => Side::of_verdict(outcome.holds(), first_break(outcome)),
            Err(side) => side,
        },
    }
}

fn first_break(outcome: &Outcome) -> Option<String> {
    outcome.verdicts.iter().find_map(|(spec, verdict)| match verdict {
        Verdict::Broken { at, detail, .. } => Some(format!("{} at {at}: {detail}", spec.id)),
        Verdict::Undecided { why } => Some(format!("{} could not be decided: {why}", spec.id)),
        Verdict::Held | Verdict::Unknown => None,
    })
}

/// A verdict in words.
pub fn told(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Held => "held".into(),
        Verdict::Unknown => "nothing was judged".into(),
        Verdict::Undecided { why } => format!("could not be decided: {why}"),
        Verdict::Broken { at, detail, times: 1 } => format!("broken at {at}: {detail}"),
        Verdict::Broken { at, detail, times } => format!("broken {times} times, first at {at}: {detail}"),
    }
}

/// A comparison's margin. What is not a finite number (a division by zero) satisfies nothing.
fn weigh(law: &Law, sides: Option<(Option<f64>, Option<f64>)>) -> Side {
    let (left, right) = match sides {
        Some((Some(left), Some(right))) if left.is_finite() && right.is_finite() => (left, right),
        Some((left, right)) => return Side { left, right, ..Side::failed(Some("no value".into())) },
        None => return Side::failed(None),
    };
    let scale = left.abs().max(right.abs()).max(f64::MIN_POSITIVE);
    let distance = match law {
        Law::Compare { is: Is::AtMost | Is::Below, .. } => right - left,
        Law::Compare { is: Is::AtLeast | Is::Above, .. } => left - right,
        Law::Compare { is: Is::Equal, .. } => -(left - right).abs(),
        Law::Compare { is: Is::Unequal, .. } => (left - right).abs(),
        Law::Within { share, .. } => share * right.abs() - (left - right).abs(),
        Law::Holds { .. } | Law::Breaks { .. } | Law::Reaches { .. } => 0.0,
    };
    // The law itself decides; the margin only orders. A strict one that is exactly met must come out below zero.
    let margin = (distance / scale).abs();
    let margin = if law.holds(left, right) == Some(true) { margin } else { -margin.max(f64::MIN_POSITIVE) };
    Side { margin, seed: None, left: Some(left), right: Some(right), detail: None }
}

fn leaf_value(leaf: &Leaf, trial: &Seeded) -> Option<f64> {
    match leaf {
        Leaf::Metric { run, metric } => trial.run(run)?.metric(metric),
        Leaf::Knob { run, knob, unit } => knob_value(trial.run(run)?.knobs.get(knob)?, *unit),
        Leaf::Given(_) | Leaf::Aggregate { .. } | Leaf::Share(_) => None,
    }
}

fn knob_value(value: &Value, unit: TimeUnit) -> Option<f64> {
    match value {
        Value::Duration(span) => Some(unit.count(*span)),
        Value::Shift(ns) => Some(*ns as f64 / unit.nanos()),
        other => other.number(),
    }
}

/// A sum in which aggregates and shares look over all seeds; other leaves must agree on every seed to have a value.
fn over_seeds(sum: &Sum, trials: &[Seeded]) -> Option<f64> {
    sum.value(&|leaf| match leaf {
        Leaf::Aggregate { by, of } => aggregate(*by, of, trials),
        Leaf::Share(law) => {
            let passed = trials.iter().filter(|trial| alone(law, trial).margin >= 0.0).count();
            (!trials.is_empty()).then(|| passed as f64 / trials.len() as f64)
        }
        other => {
            let mut values = trials.iter().map(|trial| leaf_value(other, trial));
            let first = values.next()??;
            values.all(|value| value == Some(first)).then_some(first)
        }
    })
}

fn aggregate(by: Aggregate, of: &Sum, trials: &[Seeded]) -> Option<f64> {
    let values: Option<Vec<f64>> = trials.iter().map(|trial| value(of, trial)).collect();
    by.apply(&values?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{headless, toy};

    fn trials() -> Vec<Seeded> {
        let play = |seed: u64, set: &[(&str, &str)], steps: &[&str]| {
            let mut spec = toy::spec();
            spec.seed = seed;
            set.iter().for_each(|(knob, value)| spec.set(knob, value).unwrap());
            spec.script.extend(steps.iter().map(|step| toy::DESIGN.read_step(step).unwrap()));
            headless::play(spec).unwrap()
        };
        let seeded =
            |seed| Seeded { seed, runs: vec![("calm".into(), play(seed, &[], &[])), ("flood".into(), play(seed, &[("cap", "off")], &["1s=burst:n=100"]))] };
        vec![seeded(1), seeded(2), seeded(3)]
    }

    #[test]
    fn lines_are_judged_by_the_seed_nearest_to_failing() {
        let trials = trials();
        let served: Vec<f64> = trials.iter().map(|t| t.run("calm").unwrap().metric("served").unwrap()).collect();
        let least = served.iter().copied().fold(f64::MAX, f64::min);
        for (text, passed) in [
            ("calm.served >= 100", true),
            ("calm.served >= 1000 * 1000", false),
            ("calm holds", true),
            ("flood holds", false),
            ("flood breaks queue-below-fifty", true),
            ("calm breaks queue-below-fifty", false),
            ("calm reaches queue-was-empty", true),
            ("flood holds all-served", true),
            ("mean(calm.served) within 5% of 6000", true),
            ("least(calm.served) <= most(calm.served)", true),
            ("share(flood breaks queue-below-fifty) >= 1", true),
            ("share(calm.served > 1) < 0.5", false),
            ("calm.set.service == 5", true),
            ("calm.served / calm.refused >= 1", false),
            ("calm.served == calm.served", true),
            ("calm.served < calm.served", false),
            ("calm.served != calm.served", false),
        ] {
            let judged = judge(&Expectation::parse(text).unwrap(), &trials);
            assert_eq!(judged.passed, passed, "{judged:?}");
            assert_eq!(judged.seed.is_none(), text.contains("mean(") || text.contains("least(") || text.contains("share("), "{text}");
        }
        let judged = judge(&Expectation::parse("calm.served >= 100").unwrap(), &trials);
        assert_eq!(judged.left, Some(least), "the nearest to failing is shown, of {served:?}");
        assert_eq!(judged.right, Some(100.0));
    }

    #[test]
    fn a_metric_without_a_value_fails_its_line() {
        let judged = judge(&Expectation::parse("calm.nothing < 1").unwrap(), &trials());
        assert!(!judged.passed && judged.left.is_none());
    }

    #[test]
    fn a_prediction_is_compared_with_the_median() {
        let trials = trials();
        let mut served: Vec<f64> = trials.iter().map(|t| t.run("calm").unwrap().metric("served").unwrap()).collect();
        served.sort_by(f64::total_cmp);
        assert_eq!(median(&Sum::parse("calm.served").unwrap(), &trials), Some(served[1]));
    }
}
