//! Rubric and attempt in, score out: points per line, time penalty, band, dimensions, the first gap. Pure.

mod band;
mod estimates;
mod gap;
mod lean;
mod miss;
mod next;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use band::Band;
pub use estimates::{Answered, Close, PICKS, Picks, Step, estimates};
pub use gap::{Gap, first_gap};
pub use lean::{Lean, Leaning, lean, leanings};
pub use miss::{Miss, MissKind, misses};
pub use next::{Goes, NextStep, next_step};
pub use verdict::{Claim, Number, Reached, Swing, Verification};

use crate::catalog::{Dimension, Late, Problem, Rubric};
use crate::session::Session;

/// The points a whole rubric is worth.
pub const POINTS: f64 = 50.0;

/// How much of a line the notes show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    None,
    Half,
    Full,
}

impl Grade {
    pub const ALL: [Self; 3] = [Self::None, Self::Half, Self::Full];

    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Half => "half",
            Self::Full => "full",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.name() == text)
    }

    fn share(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Half => 0.5,
            Self::Full => 1.0,
        }
    }
}

/// One reading of the notes: from memory alone, or beside the reference solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    Blind,
    Informed,
}

impl Reading {
    pub fn name(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Informed => "informed",
        }
    }
}

/// What the candidate gives a line, and the words in the notes that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    pub grade: Grade,
    pub evidence: String,
}

/// Everything the candidate judged. What is left out counts as not yet judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Evidence that was written down before its line was graded.
    pub words: BTreeMap<String, String>,
    /// By the id of the rubric line.
    pub lines: BTreeMap<String, Judged>,
    /// 1 to 5, by the id of the dimension.
    pub dimensions: BTreeMap<String, u8>,
    pub communication: BTreeMap<String, u8>,
}

impl Judgement {
    /// What was judged, out of a stored score.
    pub fn of(score: &Score) -> Self {
        let lines = score.lines.iter().filter_map(|line| Some((line.line.clone(), Judged { grade: line.grade?, evidence: line.evidence.clone() })));
        let words = score.lines.iter().filter(|line| line.grade.is_none() && !line.evidence.is_empty());
        Self {
            lines: lines.collect(),
            words: words.map(|line| (line.line.clone(), line.evidence.clone())).collect(),
            dimensions: score.dimensions.clone(),
            communication: score.communication.clone(),
        }
    }
}

/// What of the interview bears on the score.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Ids of the phases that were begun.
    pub begun: BTreeSet<String>,
    /// Ids of lines and phases a variant leaves out.
    pub drops: BTreeSet<String>,
    pub used: Duration,
    /// `None`: nothing is late.
    pub allowed: Option<Duration>,
}

impl Taken {
    pub fn of(session: &Session) -> Self {
        Self {
            begun: session.begun().map(str::to_owned).collect(),
            drops: session.plan().drops.iter().cloned().collect(),
            used: session.elapsed(),
            allowed: session.mode().is_timed().then(|| session.plan().time()),
        }
    }
}

/// One line of the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineScore {
    pub line: String,
    pub phase: String,
    pub of: f64,
    pub points: f64,
    /// `None`: not judged yet.
    pub grade: Option<Grade>,
    pub evidence: String,
    /// False: its phase was not begun, so it counts nothing, whatever the grade.
    pub reached: bool,
}

/// The result of one reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    pub lines: Vec<LineScore>,
    /// Of 50, before the penalty.
    pub points: f64,
    pub penalty: u32,
    /// Points less penalty, never below 0: the number in list and history.
    pub total: f64,
    pub band: Band,
    pub dimensions: BTreeMap<String, u8>,
    pub communication: BTreeMap<String, u8>,
    /// Weighted mean of the dimensions, 1.0 to 5.0, once one is judged.
    pub dimensions_mean: Option<f64>,
    pub communication_mean: Option<f64>,
}

impl Score {
    /// Lines that could be judged and are not yet.
    pub fn open_lines(&self) -> usize {
        self.lines.iter().filter(|line| line.reached && line.grade.is_none()).count()
    }
}

/// Scores one reading of an attempt.
pub fn score(problem: &Problem, rubric: &Rubric, taken: &Taken, judgement: &Judgement) -> Score {
    let kept: Vec<_> = problem.rubric.iter().filter(|line| !taken.drops.contains(&line.id) && !taken.drops.contains(&line.phase)).collect();
    // A variant that drops lines is worth 50 all the same, or its bands would mean something else.
    let sum: u32 = kept.iter().map(|line| line.points).sum();
    let scale = if sum == 0 { 1.0 } else { POINTS / f64::from(sum) };
    let lines: Vec<_> = kept
        .into_iter()
        .map(|line| {
            let (judged, of) = (judgement.lines.get(&line.id), f64::from(line.points) * scale);
            let reached = taken.begun.contains(&line.phase);
            let grade = judged.map(|judged| judged.grade);
            let share = if reached { grade.map_or(0.0, Grade::share) } else { 0.0 };
            let evidence = judged.map(|judged| &judged.evidence).or_else(|| judgement.words.get(&line.id)).cloned().unwrap_or_default();
            LineScore { line: line.id.clone(), phase: line.phase.clone(), of, points: of * share, grade, evidence, reached }
        })
        .collect();
    // Scaled lines carry thirds and sevenths: the sum is told in halves, as unscaled ones are.
    let points = (lines.iter().map(|line| line.points).sum::<f64>() * 2.0).round() / 2.0;
    let penalty = penalty(&rubric.late, taken);
    let total = (points - f64::from(penalty)).max(0.0);
    Score {
        lines,
        points,
        penalty,
        total,
        band: Band::of(total),
        dimensions_mean: mean(&rubric.dimensions, &judgement.dimensions, |dimension| dimension.weight),
        communication_mean: mean(&rubric.communication, &judgement.communication, |_| 1.0),
        dimensions: judgement.dimensions.clone(),
        communication: judgement.communication.clone(),
    }
}

/// The points the rubric takes for being late: those of the furthest limit that was reached.
pub fn penalty(late: &[Late], taken: &Taken) -> u32 {
    let Some(allowed) = taken.allowed.filter(|allowed| !allowed.is_zero()) else { return 0 };
    let over = taken.used.saturating_sub(allowed).as_secs_f64();
    // A millisecond of grace: a share in floating point must not turn 66 of 60 minutes into less than a tenth.
    let reached = late.iter().filter(|rule| over > 0.0 && over + 1e-3 >= rule.over * allowed.as_secs_f64());
    reached.map(|rule| rule.points).max().unwrap_or(0)
}

fn mean(scale: &[Dimension], judged: &BTreeMap<String, u8>, weight: impl Fn(&Dimension) -> f64) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for dimension in scale {
        if let Some(step) = judged.get(&dimension.id) {
            sum += f64::from(*step) * weight(dimension);
            weights += weight(dimension);
        }
    }
    (weights > 0.0).then(|| sum / weights)
}
