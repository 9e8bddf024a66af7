//! Probes: one metric's value read again and again without looking for its name, and how soon it can cross a level.

use super::{Cell, Metrics, statistic_of};
use crate::kernel::metric::Shape;
use crate::kernel::metrics::Reading;

/// A metric by its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Probe {
    Failed,
    Reason(usize),
    /// A counter, a gauge or a derived metric.
    Whole(usize),
    Statistic(usize, &'static str),
}

impl Metrics {
    /// None if nobody declared that name.
    pub fn probe(&self, name: &str) -> Option<Probe> {
        if name == "failed" {
            return Some(Probe::Failed);
        }
        if let Some(reason) = name.strip_prefix("failed.") {
            return self.reasons.iter().position(|r| *r == reason).map(Probe::Reason);
        }
        self.declared.iter().enumerate().find_map(|(at, spec)| match spec.shape {
            Shape::Histogram { unit } => statistic_of(name, spec.name, unit).map(|statistic| Probe::Statistic(at, statistic)),
            Shape::Counter | Shape::Gauge | Shape::Levels(_) | Shape::Derived(_) => (spec.name == name).then_some(Probe::Whole(at)),
        })
    }

    /// The same as [`Metrics::value`] of its name.
    pub fn read(&self, probe: Probe) -> Option<f64> {
        match probe {
            Probe::Failed => Some(self.failed.iter().sum::<u64>() as f64),
            Probe::Reason(at) => Some(self.failed[at] as f64),
            Probe::Whole(at) => match (&self.cells[at], self.declared[at].shape) {
                (Cell::Counter { total, .. }, _) => Some(*total as f64),
                (Cell::Gauge(level), _) => *level,
                (Cell::Levels(levels), _) => levels.value(),
                (Cell::Derived, Shape::Derived(of)) => of(&Reading(self)).filter(|x| x.is_finite()),
                _ => None,
            },
            Probe::Statistic(at, statistic) => match (&self.cells[at], self.declared[at].shape) {
                (Cell::Histogram(d), Shape::Histogram { unit }) => d.statistic(statistic, unit),
                _ => None,
            },
        }
    }

    /// Values a histogram has recorded; none for anything else.
    pub(crate) fn recorded(&self, probe: Probe) -> Option<u64> {
        match probe {
            Probe::Statistic(at, _) => match &self.cells[at] {
                Cell::Histogram(d) => Some(d.all.len()),
                _ => None,
            },
            Probe::Failed | Probe::Reason(_) | Probe::Whole(_) => None,
        }
    }

    /// How many more values a histogram's quantile can take without crossing `than`, whatever they are: so a p99 over a
    /// million values is looked at every ten thousand of them, and the first crossing is still found at its very event.
    pub(crate) fn patience(&self, probe: Probe, than: f64) -> u64 {
        let Probe::Statistic(at, statistic) = probe else { return 0 };
        let (Cell::Histogram(d), Shape::Histogram { unit }) = (&self.cells[at], self.declared[at].shape) else { return 0 };
        let q = match statistic {
            "p50" => 0.5,
            "p90" => 0.9,
            "p99" => 0.99,
            "p999" => 0.999,
            _ => return 0,
        };
        let (raw, n) = ((than * unit.scale()).max(0.0) as u64, d.all.len() as f64);
        let Some(value) = d.statistic(statistic, unit) else { return 0 };
        // The bucket that holds the level counts for neither side; one value is kept back for rounding.
        let most = if value < than {
            let lowest = d.all.lowest_equivalent(raw);
            let below = if lowest == 0 { 0 } else { d.all.count_between(0, lowest - 1) };
            below as f64 / q - n
        } else if value > than {
            (q * n - d.all.count_between(0, raw) as f64) / (1.0 - q)
        } else {
            return 0;
        };
        (most.max(0.0) as u64).saturating_sub(1)
    }
}
