//! What every kind of drill is made with: chance, round numbers of a level, steps and tricks as they are collected.

use super::setting::{SETTINGS, Setting};
use super::{Drill, Kind, Level, Step, Trick, Unit};
use crate::session::estimate;
use sims::kernel::rng::Rng;

/// What a kind hands back; steps and tricks are with the maker.
pub(super) struct Made {
    pub ask: String,
    pub answer: f64,
    pub unit: Unit,
    pub so: String,
}

pub(super) struct Maker {
    rng: Rng,
    pub level: Level,
    pub setting: &'static Setting,
    steps: Vec<Step>,
    tricks: Vec<(String, String)>,
}

impl Maker {
    pub fn new(kind: Kind, level: Level, seed: u64, again: u64) -> Maker {
        let mut rng = Rng::numbered(seed, &format!("{}-{}", kind.name(), level.name()), again);
        let setting = rng.pick(SETTINGS);
        Maker { rng, level, setting, steps: Vec::new(), tricks: Vec::new() }
    }

    /// A round number of the range; the harder the level, the less round.
    pub fn round(&mut self, (low, high): (u64, u64)) -> u64 {
        let tenths: &[u64] = match self.level {
            Level::Easy => &[10, 20, 50],
            Level::Medium => &[10, 15, 20, 30, 40, 50, 60, 80],
            Level::Hard => &[12, 15, 18, 22, 25, 30, 35, 45, 60, 75, 90],
        };
        let mut fitting = Vec::new();
        let mut power = 1_u64;
        while power <= high {
            let all = tenths.iter().map(|t| t * power);
            fitting.extend(all.filter(|n| n % 10 == 0).map(|n| n / 10).filter(|n| (low..=high).contains(n)));
            power = power.saturating_mul(10);
        }
        if fitting.is_empty() { low } else { *self.rng.pick(&fitting) }
    }

    pub fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        self.rng.pick(items)
    }

    pub fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + self.rng.below(high - low + 1)
    }

    pub fn step(&mut self, says: impl Into<String>, line: impl Into<String>) {
        self.steps.push(Step { says: says.into(), line: line.into() });
    }

    /// A line in the head, over the names of the steps. How far off it lands is worked out, not claimed.
    pub fn trick(&mut self, says: impl Into<String>, line: impl Into<String>) {
        self.tricks.push((says.into(), line.into()));
    }

    pub fn drill(self, kind: Kind, seed: u64, made: Made) -> Drill {
        let Made { ask, answer, unit, so } = made;
        let steps = self.steps;
        let tricks = self.tricks.into_iter().filter_map(|(says, line)| Some(Trick { off: off(&steps, &line, answer, unit)?, says, line })).collect();
        Drill { kind, level: self.level, seed, ask, answer, unit, steps, tricks, so }
    }
}

/// A line's result against the answer; none if the sheet cannot work it out, which a test forbids.
fn off(steps: &[Step], line: &str, answer: f64, unit: Unit) -> Option<f64> {
    let lines: Vec<&str> = steps.iter().map(|step| step.line.as_str()).chain([line]).collect();
    let value = estimate::sheet(&lines).pop()?.ok()?.amount.value;
    Some(if unit == Unit::Availability { (1.0 - value) / (1.0 - answer) - 1.0 } else { value / answer - 1.0 })
}
