//! Everything the user did, as plans, the checklist and today's suggestions look at it: dates are local, nothing of it is stored like this.

use super::flaws::Answered;
use super::numbers::Taken;
use crate::session::Mode;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// An interview that was brought to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Sat {
    pub problem: String,
    pub variant: Option<String>,
    pub on: NaiveDate,
    pub mode: Mode,
    pub allowed_ms: u64,
    pub used_ms: u64,
    /// None: not scored.
    pub total: Option<f64>,
    /// Steps of communication by their ids.
    pub communication: BTreeMap<String, u8>,
}

/// A prediction of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    pub problem: String,
    pub experiment: String,
    pub on: NaiveDate,
    pub hit: bool,
}

/// Oldest first, each of these.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Practised {
    pub sat: Vec<Sat>,
    pub predicted: Vec<Predicted>,
    pub estimates: Vec<Taken>,
    pub flaws: Vec<Answered>,
    /// Ids of the flashcards that were answered at least once.
    pub cards: BTreeSet<String>,
    /// Items of the checklist that were ticked by hand.
    pub ticks: BTreeSet<String>,
}

impl Practised {
    /// The best score of a problem.
    pub fn best(&self, problem: &str) -> Option<f64> {
        self.sat.iter().filter(|sat| sat.problem == problem).filter_map(|sat| sat.total).reduce(f64::max)
    }

    pub fn has_sat(&self, problem: &str) -> bool {
        self.sat.iter().any(|sat| sat.problem == problem)
    }

    pub fn last_sat(&self) -> Option<&Sat> {
        self.sat.iter().max_by_key(|sat| sat.on)
    }

    /// Different snippets whose defect was named at least once.
    pub fn flaws_found(&self) -> usize {
        self.flaws.iter().filter(|row| row.hit).map(|row| (&row.source, &row.flaw)).collect::<BTreeSet<_>>().len()
    }

    /// Different experiments of a problem that were predicted.
    pub fn predicted_of(&self, problem: &str) -> usize {
        self.predicted.iter().filter(|made| made.problem == problem).map(|made| &made.experiment).collect::<BTreeSet<_>>().len()
    }

    /// Problems that were scored again, and better than at first.
    pub fn bettered(&self) -> usize {
        let mut first: BTreeMap<&str, f64> = BTreeMap::new();
        let mut better = BTreeSet::new();
        for (problem, total) in self.sat.iter().filter_map(|sat| Some((sat.problem.as_str(), sat.total?))) {
            let was = *first.entry(problem).or_insert(total);
            if total > was {
                better.insert(problem);
            }
        }
        better.len()
    }
}
