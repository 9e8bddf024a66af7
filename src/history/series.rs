//! Scores over time: the total, each dimension, each group, each mechanism, and the user's lean.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::mechanism::Topics;
use crate::score::{POINTS, Score};
use crate::store::Attempt;

/// What a line of points is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Totals of all interviews.
    Score,
    Dimension,
    Communication,
    /// Totals of a group's interviews.
    Group,
    /// The share of the points of its rubric lines, in percent.
    Mechanism,
    /// Blind less informed.
    Lean,
}

impl Family {
    pub const ALL: [Self; 6] = [Self::Score, Self::Dimension, Self::Communication, Self::Group, Self::Mechanism, Self::Lean];

    pub fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Dimension => "dimension",
            Self::Communication => "communication",
            Self::Group => "group",
            Self::Mechanism => "mechanism",
            Self::Lean => "lean",
        }
    }

    /// The least and the most a value can be.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Score | Self::Group => (0.0, POINTS),
            Self::Dimension | Self::Communication => (1.0, 5.0),
            Self::Mechanism => (0.0, 100.0),
            Self::Lean => (-10.0, 10.0),
        }
    }

    pub fn unit(self) -> &'static str {
        match self {
            Self::Score | Self::Group => "of 50",
            Self::Dimension | Self::Communication => "of 5",
            Self::Mechanism => "%",
            Self::Lean => "points",
        }
    }
}

/// One thing over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub family: Family,
    pub name: String,
    /// Oldest first.
    pub points: Vec<Point>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    pub at: DateTime<Utc>,
    pub value: f64,
}

impl Series {
    pub fn last(&self) -> Option<f64> {
        self.points.last().map(|point| point.value)
    }

    pub fn best(&self) -> Option<f64> {
        self.points.iter().map(|point| point.value).reduce(f64::max)
    }

    pub fn values(&self) -> Vec<f64> {
        self.points.iter().map(|point| point.value).collect()
    }

    /// The mean of the last three less the mean of the three before: where it is going. `None` before the fourth.
    pub fn change(&self) -> Option<f64> {
        const FEW: usize = 3;
        let values = self.values();
        let (before, last) = values.split_at(values.len().saturating_sub(FEW));
        let before = &before[before.len().saturating_sub(FEW)..];
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        (!before.is_empty()).then(|| mean(last) - mean(before))
    }
}

/// All of them, by family and name; a scored attempt adds one point to each it has to do with.
pub fn series<A: Borrow<Attempt>>(attempts: &[A], topics: &Topics) -> Vec<Series> {
    let mut oldest_first: Vec<&Attempt> = attempts.iter().map(A::borrow).collect();
    oldest_first.sort_by_key(|attempt| attempt.started_at);
    let mut found: BTreeMap<(Family, String), Vec<Point>> = BTreeMap::new();
    for attempt in oldest_first {
        let Some(score) = attempt.result() else { continue };
        for (family, name, value) in values(attempt, score, topics) {
            found.entry((family, name)).or_default().push(Point { at: attempt.started_at, value });
        }
    }
    found.into_iter().map(|((family, name), points)| Series { family, name, points }).collect()
}

fn values(attempt: &Attempt, score: &Score, topics: &Topics) -> Vec<(Family, String, f64)> {
    let mut all = vec![(Family::Score, "all interviews".to_owned(), score.total)];
    all.extend(score.dimensions.iter().map(|(id, step)| (Family::Dimension, id.clone(), f64::from(*step))));
    all.extend(score.communication.iter().map(|(id, step)| (Family::Communication, id.clone(), f64::from(*step))));
    all.extend(topics.group(&attempt.problem).map(|group| (Family::Group, group.to_owned(), score.total)));
    let mut shares: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for line in score.lines.iter().filter(|line| line.of > 0.0) {
        for name in topics.of_line(&attempt.problem, &line.line) {
            let share = shares.entry(name).or_default();
            *share = (share.0 + line.points, share.1 + line.of);
        }
    }
    all.extend(shares.into_iter().map(|(name, (points, of))| (Family::Mechanism, name.to_owned(), 100.0 * points / of)));
    if let (Some(blind), Some(informed)) = (&attempt.blind, &attempt.informed) {
        all.push((Family::Lean, "total".to_owned(), blind.total - informed.total));
        let both = |(id, step): (&String, &u8)| Some((Family::Lean, id.clone(), f64::from(*blind.dimensions.get(id)?) - f64::from(*step)));
        all.extend(informed.dimensions.iter().filter_map(both));
    }
    all
}
