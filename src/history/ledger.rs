//! The ledger of predictions: how often ranges held, how far off numbers were, which misses were the biggest.

use crate::store::{Guess, Prediction};

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    pub hit: usize,
    pub of: usize,
}

impl Hits {
    pub fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| self.hit as f64 / self.of as f64)
    }

    fn add(&mut self, hit: bool) {
        self.of += 1;
        self.hit += usize::from(hit);
    }
}

/// How well the user knows what they know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Record {
    /// 80 % ranges that held.
    pub ranges: Hits,
    /// Choices that were right.
    pub choices: Hits,
    log_errors: f64,
    measured: usize,
    /// Guesses that no order of magnitude separates from what came: zero against something.
    pub boundless: usize,
}

impl Record {
    /// Of these predictions, all together.
    pub fn of<'a>(predictions: impl IntoIterator<Item = &'a Prediction>) -> Self {
        predictions.into_iter().fold(Self::default(), |mut record, made| {
            record.add(&made.guess);
            record
        })
    }

    pub(super) fn add(&mut self, guess: &Guess) {
        match guess {
            Guess::Number { .. } => self.ranges.add(guess.hit()),
            Guess::Choice { .. } => self.choices.add(guess.hit()),
        }
        match log_error(guess) {
            Some(error) if error.is_finite() => {
                self.log_errors += error;
                self.measured += 1;
            }
            Some(_) => self.boundless += 1,
            None => {}
        }
    }

    pub fn all(&self) -> Hits {
        Hits { hit: self.ranges.hit + self.choices.hit, of: self.ranges.of + self.choices.of }
    }

    /// Mean of |log10(guess / what came)|: 0.3 is a factor of two, 1 an order of magnitude.
    pub fn mean_log_error(&self) -> Option<f64> {
        (self.measured > 0).then(|| self.log_errors / self.measured as f64)
    }

    /// What the coverage means, as far as so few ranges can tell: chance alone strays this far from 80 % only once in ten times.
    pub fn verdict(&self) -> Option<&'static str> {
        const ENOUGH: usize = 5;
        const PROMISED: f64 = 0.8;
        let share = self.ranges.share().filter(|_| self.ranges.of >= ENOUGH)?;
        let stray = 1.64 * (PROMISED * (1.0 - PROMISED) / self.ranges.of as f64).sqrt();
        Some(match share - PROMISED {
            off if off < -stray => "too sure: widen your ranges",
            off if off > stray => "too careful: narrower ranges would hold as well",
            _ => "about as sure as you should be",
        })
    }
}

/// |log10(guess / what came)| of a number; infinite where only one of them is zero or they differ in sign.
pub fn log_error(guess: &Guess) -> Option<f64> {
    let Guess::Number { value, actual, .. } = *guess else { return None };
    Some(match value / actual {
        _ if value == actual => 0.0,
        ratio if ratio > 0.0 && ratio.is_finite() => sims::kernel::math::log10(ratio).abs(),
        _ => f64::INFINITY,
    })
}

/// The ledger with the biggest misses first: numbers outside their range by how far off they were, wrong choices, then what held.
pub fn misses(predictions: &[Prediction]) -> Vec<&Prediction> {
    let mut all: Vec<&Prediction> = predictions.iter().collect();
    let rank = |made: &Prediction| match (made.guess.hit(), log_error(&made.guess)) {
        (false, Some(error)) => (0, error),
        (false, None) => (1, 0.0),
        (true, error) => (2, error.unwrap_or(0.0)),
    };
    all.sort_by(|a, b| {
        let (left, right) = (rank(a), rank(b));
        left.0.cmp(&right.0).then(right.1.total_cmp(&left.1)).then(b.made_at.cmp(&a.made_at))
    });
    all
}
