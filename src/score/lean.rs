//! How far the user's blind judgement leans from the informed one, over time: as a whole and by dimension.

use super::{Band, POINTS, Score};

/// Blind less informed, in points: above zero the user flatters, below zero the user is too hard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lean {
    pub mean: f64,
    pub readings: usize,
}

impl Lean {
    /// Less than this many points either way is judged well.
    pub const FAIR: f64 = 2.0;
    /// Fewer readings say nothing about a habit.
    pub const ENOUGH: usize = 5;

    fn of(values: &[f64]) -> Option<Self> {
        (!values.is_empty()).then(|| Self { mean: values.iter().sum::<f64>() / values.len() as f64, readings: values.len() })
    }

    /// In words: `you judge yourself 3.5 points too kindly`. Nobody is called anything after a few attempts.
    pub fn say(&self) -> String {
        match self.mean {
            mean if self.readings < Self::ENOUGH => {
                format!("blind {mean:+.1} against informed so far ({} of {} attempts)", self.readings, Self::ENOUGH)
            }
            mean if mean >= Self::FAIR => format!("you judge yourself {mean:.1} points too kindly"),
            mean if mean <= -Self::FAIR => format!("you judge yourself {:.1} points too harshly", -mean),
            _ => "you judge yourself fairly".to_owned(),
        }
    }

    /// What a blind total is worth, once the habit is known: less the lean, within what a score can be.
    pub fn corrected(&self, blind: f64) -> Option<(f64, Band)> {
        (self.readings >= Self::ENOUGH).then(|| {
            let total = (blind - self.mean).clamp(0.0, POINTS);
            (total, Band::of(total))
        })
    }
}

/// The mean lean over attempts that were judged both ways, as pairs of blind and informed totals.
pub fn lean(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Lean> {
    Lean::of(&pairs.into_iter().map(|(blind, informed)| blind - informed).collect::<Vec<_>>())
}

/// Blind less informed for one scale, attempt by attempt, the oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaning {
    /// The id of a dimension; `None`: the totals.
    pub scale: Option<String>,
    pub values: Vec<f64>,
}

impl Leaning {
    pub fn lean(&self) -> Option<Lean> {
        Lean::of(&self.values)
    }
}

/// The lean of the totals, then of each dimension and of communication in the order given, from pairs of blind and informed
/// scores, the oldest first. What was judged one way only counts nowhere.
pub fn leanings(pairs: &[(&Score, &Score)], dimensions: &[&str]) -> Vec<Leaning> {
    let step = |score: &Score, id: &str| score.dimensions.get(id).or_else(|| score.communication.get(id)).map(|step| f64::from(*step));
    let totals = Leaning { scale: None, values: pairs.iter().map(|(blind, informed)| blind.total - informed.total).collect() };
    let of = |id: &&str| Leaning {
        scale: Some((*id).to_owned()),
        values: pairs.iter().filter_map(|(blind, informed)| Some(step(blind, id)? - step(informed, id)?)).collect(),
    };
    std::iter::once(totals).chain(dimensions.iter().map(of)).filter(|leaning| !leaning.values.is_empty()).collect()
}
