//! Training sets, versions and what a candidate is judged by.

use super::FEATURES;
use super::truth::Values;
use crate::kernel::rng::Rng;
use crate::parts::asof::Reading;
use crate::parts::drift::Reference;
use crate::parts::hash::mix;
use crate::parts::learn::{Lessons, Logistic, auc, loss};

const LESSONS: Lessons = Lessons { epochs: 5, rate: 0.1 };
/// Bins of the stability index, as is usual.
const BINS: usize = 10;
/// The latest part of a set is not learnt from but judged by.
const HELD_OUT: usize = 4;
/// With fewer rows nothing is learnt.
pub const ROWS_LEAST: usize = 100;
/// With fewer logged rows a candidate is not judged by them.
const LOGGED_LEAST: usize = 60;

/// One row: what the features are said to have been, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub x: Values,
    pub label: bool,
    /// What the model that served was given, and what it said.
    pub logged: Option<(Values, f64)>,
}

/// A training set with its origin.
#[derive(Clone, Debug)]
pub struct Set {
    pub examples: Vec<Example>,
    pub reading: Reading,
    /// The newest row's moment.
    pub cutoff: u64,
    /// A hash over all rows: the same rows, the same number.
    pub digest: u64,
}

impl Set {
    pub fn new(examples: Vec<Example>, reading: Reading, cutoff: u64) -> Set {
        let fold = |hash: u64, word: u64| mix(hash ^ word);
        let digest = examples.iter().fold(0, |hash, row| row.x.iter().fold(fold(hash, u64::from(row.label)), |hash, x| fold(hash, x.to_bits())));
        Set { examples, reading, cutoff, digest }
    }

    fn parts(&self) -> (&[Example], &[Example]) {
        self.examples.split_at(self.examples.len() - self.examples.len() / HELD_OUT)
    }

    /// Learns from the earlier three quarters.
    pub fn train(&self, rng: &mut Rng) -> Logistic<FEATURES> {
        let rows: Vec<(Values, bool)> = self.parts().0.iter().map(|row| (row.x, row.label)).collect();
        Logistic::learn(&rows, LESSONS, rng)
    }

    /// What served features will be compared with.
    pub fn profile(&self) -> Vec<Reference> {
        (0..FEATURES).map(|i| Reference::new(self.parts().0.iter().map(|row| row.x[i]).collect(), BINS)).collect()
    }

    /// Judges a model by the latest quarter.
    pub fn judge(&self, model: &Logistic<FEATURES>) -> Marks {
        let held = self.parts().1;
        let said: Vec<(f64, bool)> = held.iter().map(|row| (model.says(&row.x), row.label)).collect();
        let logged: Vec<(&Example, Values, f64)> = held.iter().filter_map(|row| row.logged.map(|(x, score)| (row, x, score))).collect();
        let enough = logged.len() >= LOGGED_LEAST;
        let replayed = logged.iter().map(|(row, x, _)| (model.says(x), row.label)).collect::<Vec<_>>();
        let served = logged.iter().map(|(row, _, score)| (*score, row.label)).collect::<Vec<_>>();
        Marks {
            joined: auc(&said).unwrap_or(0.5),
            logged: auc(&replayed).filter(|_| enough),
            served: auc(&served).filter(|_| enough),
            loss: said.iter().map(|(said, label)| loss(*said, *label)).sum::<f64>() / said.len().max(1) as f64,
        }
    }
}

/// How good a model is, as far as that can be known before it serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Marks {
    /// Area under the curve on joined features.
    pub joined: f64,
    /// The same on the features that serving logged for the same rows.
    pub logged: Option<f64>,
    /// What the version that served those rows reached on them.
    pub served: Option<f64>,
    /// Mean loss on joined features.
    pub loss: f64,
}

/// A model with its lineage. Nothing of it changes once it is made.
#[derive(Clone, Debug)]
pub struct Version {
    pub id: u32,
    /// The workflow's run that made it.
    pub run: u32,
    pub model: Logistic<FEATURES>,
    pub profile: Vec<Reference>,
    pub marks: Marks,
    pub rows: usize,
    pub digest: u64,
    pub cutoff: u64,
    pub reading: Reading,
}

impl Version {
    pub fn of(run: u32, set: &Set, model: Logistic<FEATURES>, profile: Vec<Reference>, marks: Marks) -> Version {
        Version { id: run, run, model, profile, marks, rows: set.examples.len(), digest: set.digest, cutoff: set.cutoff, reading: set.reading }
    }
}
