//! How estimates got better: error and speed over everything that was answered.

use super::{Drill, Kind, Level, Verdict};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::time::Duration;

/// One answered drill, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Taken {
    pub kind: Kind,
    pub level: Level,
    pub seed: u64,
    /// The question's text: what was asked is not asked again.
    pub ask: String,
    pub answer: f64,
    pub right: f64,
    /// Powers of ten; see [`super::Verdict`].
    pub error: f64,
    pub took_ms: u64,
    pub made_at: DateTime<Utc>,
}

impl Taken {
    /// What was made of a drill in `took`, at this moment.
    pub fn of(drill: &Drill, verdict: &Verdict, took: Duration, made_at: DateTime<Utc>) -> Taken {
        Taken {
            kind: drill.kind,
            level: drill.level,
            seed: drill.seed,
            ask: drill.ask.clone(),
            answer: verdict.value,
            right: drill.answer,
            error: verdict.error,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            made_at,
        }
    }
}

/// Rows of one kind, or of all, looked at together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trend {
    pub count: usize,
    /// Share of answers within a factor of two.
    pub good: f64,
    /// The median error as a factor: 1.3 is 30 % off.
    pub factor: f64,
    pub took_ms: f64,
    /// The same, of the later half against the earlier one; none below four answers.
    pub was: Option<(f64, f64)>,
}

/// Rows oldest first; none without rows.
pub fn trend<'a>(rows: impl Iterator<Item = &'a Taken>) -> Option<Trend> {
    let rows: Vec<&Taken> = rows.collect();
    if rows.is_empty() {
        return None;
    }
    let good = rows.iter().filter(|row| row.error.abs() <= 0.3011).count();
    let (earlier, later) = rows.split_at(rows.len() / 2);
    // Four answers are the least of which two halves say something.
    let was = (rows.len() >= 4).then(|| (factor(earlier), took(earlier)));
    let now = if was.is_some() { later } else { &rows[..] };
    Some(Trend { count: rows.len(), good: good as f64 / rows.len() as f64, factor: factor(now), took_ms: took(now), was })
}

fn factor(rows: &[&Taken]) -> f64 {
    sims::kernel::math::pow(10.0, median(rows.iter().map(|row| row.error.abs()).collect()))
}

fn took(rows: &[&Taken]) -> f64 {
    median(rows.iter().map(|row| row.took_ms as f64).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// What to practise next: what was least often asked, and of these what came out worst.
pub fn next_kind(rows: &[Taken]) -> Kind {
    let of = |kind: Kind| rows.iter().filter(move |row| row.kind == kind);
    let worst = |kind: Kind| of(kind).map(|row| row.error.abs()).fold(0.0, f64::max);
    let order = |a: &Kind, b: &Kind| of(*a).count().cmp(&of(*b).count()).then(worst(*b).total_cmp(&worst(*a)));
    Kind::ALL.into_iter().min_by(order).unwrap_or(Kind::Requests)
}

/// The level to go on with: that of the last answer, and one more after five good ones of it in a row.
pub fn next_level(rows: &[Taken]) -> Level {
    const IN_A_ROW: usize = 5;
    let Some(last) = rows.last() else { return Level::Easy };
    let recent = &rows[rows.len().saturating_sub(IN_A_ROW)..];
    let good = recent.len() == IN_A_ROW && recent.iter().all(|row| row.level == last.level && row.error.abs() <= 0.3011);
    match last.level {
        Level::Easy if good => Level::Medium,
        Level::Medium if good => Level::Hard,
        level => level,
    }
}
