//! Rows in, looks back out: trends, weakest lines, streak, calibration, export. Pure: the day and the place are handed in.

mod calendar;
pub mod compare;
mod export;
mod filter;
mod ledger;
mod look;
mod mechanism;
mod phases;
mod series;

#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

pub use calendar::{Calendar, Day, FLOOR_MIN, Streak, calendar, heat_step, streak};
pub use export::{Table, csv, html, json, markdown, markdown_of, words};
pub use filter::Filter;
pub use ledger::{Hits, Record, log_error, misses};
pub use look::Look;
pub use mechanism::{Mechanism, Topics, mechanisms, weakest_mechanism};
pub use phases::{PhaseTime, phase_times};
pub use series::{Family, Point, Series, series};

use crate::score::{self, Lean};
use crate::store::{Attempt, Prediction};

/// The attempts of one problem, looked at together.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    pub problem: String,
    pub title: String,
    pub level: String,
    pub attempts: usize,
    /// Totals of the scored attempts, oldest first.
    pub totals: Vec<f64>,
    pub weakest: Option<Weakest>,
    /// When it was sat last.
    pub last_at: DateTime<Utc>,
}

impl Trend {
    pub fn best(&self) -> Option<f64> {
        self.totals.iter().copied().reduce(f64::max)
    }

    pub fn last(&self) -> Option<f64> {
        self.totals.last().copied()
    }
}

/// The rubric line that cost most over all scored attempts.
#[derive(Clone, Debug, PartialEq)]
pub struct Weakest {
    pub line: String,
    /// As it was scored last.
    pub points: f64,
    pub of: f64,
}

/// One trend per problem, the most recently sat first. Attempts may come in any order.
pub fn trends<A: Borrow<Attempt>>(attempts: &[A]) -> Vec<Trend> {
    let mut by_problem: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
    for attempt in attempts.iter().map(A::borrow) {
        by_problem.entry(&attempt.problem).or_default().push(attempt);
    }
    let mut trends: Vec<_> = by_problem.into_values().filter_map(of_one).collect();
    trends.sort_by(|a, b| b.last_at.cmp(&a.last_at).then_with(|| a.problem.cmp(&b.problem)));
    trends
}

/// The trend of one problem; `None` if it was never sat.
pub fn trend<A: Borrow<Attempt>>(attempts: &[A], problem: &str) -> Option<Trend> {
    of_one(attempts.iter().map(A::borrow).filter(|attempt| attempt.problem == problem).collect())
}

fn of_one(mut attempts: Vec<&Attempt>) -> Option<Trend> {
    attempts.sort_by_key(|attempt| attempt.started_at);
    let newest = attempts.last()?;
    Some(Trend {
        problem: newest.problem.clone(),
        title: newest.title.clone(),
        level: newest.level.clone(),
        attempts: attempts.len(),
        totals: attempts.iter().filter_map(|attempt| attempt.result()).map(|score| score.total).collect(),
        weakest: weakest(&attempts),
        last_at: newest.started_at,
    })
}

fn weakest(oldest_first: &[&Attempt]) -> Option<Weakest> {
    let mut lost: BTreeMap<&str, (f64, Weakest)> = BTreeMap::new();
    for line in oldest_first.iter().filter_map(|attempt| attempt.result()).flat_map(|score| &score.lines) {
        let now = Weakest { line: line.line.clone(), points: line.points, of: line.of };
        let entry = lost.entry(&line.line).or_insert_with(|| (0.0, now.clone()));
        *entry = (entry.0 + line.of - line.points, now);
    }
    let most = lost.into_values().filter(|(lost, _)| *lost > 0.0).max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(most.1)
}

/// The share of 80 % ranges that held, of choices that were right, and how far off numbers were.
pub fn calibration(predictions: &[Prediction]) -> Record {
    Record::of(predictions)
}

/// Experiments of a problem that were predicted at least once.
pub fn experiments_done(predictions: &[Prediction], problem: &str) -> usize {
    predictions.iter().filter(|made| made.problem == problem).map(|made| &made.experiment).collect::<BTreeSet<_>>().len()
}

/// Blind against informed, over every attempt that was read both ways.
pub fn lean<A: Borrow<Attempt>>(attempts: &[A]) -> Option<Lean> {
    score::lean(attempts.iter().map(A::borrow).filter_map(|attempt| Some((attempt.blind.as_ref()?.total, attempt.informed.as_ref()?.total))))
}

/// Time on the interviews' clocks, pauses excluded.
pub fn time_spent<A: Borrow<Attempt>>(attempts: &[A]) -> std::time::Duration {
    std::time::Duration::from_millis(attempts.iter().map(|attempt| attempt.borrow().used_ms).sum())
}
