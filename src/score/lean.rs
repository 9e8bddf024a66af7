//! How far the user's blind judgement leans from the informed one, over time.

/// Blind less informed, in points: above zero the user flatters, below zero the user is too hard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lean {
    pub mean: f64,
    pub readings: usize,
}

impl Lean {
    /// Less than this many points either way is judged well.
    pub const FAIR: f64 = 2.0;

    /// In words: `you judge yourself 3.5 points too kindly`.
    pub fn say(&self) -> String {
        match self.mean {
            mean if mean >= Self::FAIR => format!("you judge yourself {mean:.1} points too kindly"),
            mean if mean <= -Self::FAIR => format!("you judge yourself {:.1} points too harshly", -mean),
            _ => "you judge yourself fairly".to_owned(),
        }
    }
}

/// The mean lean over attempts that were judged both ways, as pairs of blind and informed totals.
pub fn lean(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<Lean> {
    let (sum, readings) = pairs.into_iter().fold((0.0, 0usize), |(sum, n), (blind, informed)| (sum + blind - informed, n + 1));
    (readings > 0).then(|| Lean { mean: sum / readings as f64, readings })
}
