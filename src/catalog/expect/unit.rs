//! One unit of time per comparison: the suffix of its metrics decides what `5ms` and a knob's duration count as.

use super::lexer::Lexed;
use super::{Leaf, Sum, TimeUnit, Wrong};

/// What a comparison says of time, gathered while it is parsed.
#[derive(Default)]
pub(super) struct Times {
    metrics: Vec<(TimeUnit, usize, String)>,
    literals: Vec<(f64, usize, String)>,
}

/// Marks a length of time in the tree until its unit is known: a name that no text can spell.
const PENDING: &str = "\0time";

impl Times {
    pub(super) fn metric(&mut self, token: &Lexed, name: &str) {
        if let Some(unit) = TimeUnit::of_metric(name) {
            self.metrics.push((unit, token.at, token.text.clone()));
        }
    }

    pub(super) fn literal(&mut self, token: &Lexed, ns: f64) -> Sum {
        self.literals.push((ns, token.at, token.text.clone()));
        Sum::Leaf(Leaf::Given(format!("{PENDING}{}", self.literals.len() - 1)))
    }
}

/// The unit in which the times of a comparison count; milliseconds if only knobs need one.
pub(super) fn settle(times: &Times, wanted: Option<TimeUnit>) -> Result<TimeUnit, Wrong> {
    let mut unit = wanted;
    for (other, at, text) in &times.metrics {
        match unit {
            None => unit = Some(*other),
            Some(unit) if unit != *other => {
                return Err(Wrong::new(*at, text.len(), format!("`{text}` is in {}, but the comparison is in {}", other.suffix(), unit.suffix())));
            }
            Some(_) => {}
        }
    }
    match (unit, times.literals.first()) {
        (None, Some((_, at, text))) => Err(Wrong::new(*at, text.len(), format!("`{text}` is a time, but no metric here ends in _ns, _us, _ms or _s"))),
        (unit, _) => Ok(unit.unwrap_or_default()),
    }
}

/// Puts the unit into every pending time and every knob.
pub(super) fn apply(sum: &mut Sum, times: &Times, unit: TimeUnit) {
    match sum {
        Sum::Leaf(Leaf::Given(name)) => {
            let pending = name.strip_prefix(PENDING).and_then(|n| n.parse::<usize>().ok()).and_then(|n| times.literals.get(n));
            if let Some((ns, ..)) = pending {
                *sum = Sum::Number(ns / unit.nanos());
            }
        }
        Sum::Leaf(Leaf::Knob { unit: of_knob, .. }) => *of_knob = unit,
        Sum::Leaf(Leaf::Aggregate { of, .. }) | Sum::Negative(of) => apply(of, times, unit),
        Sum::Number(_) | Sum::Leaf(Leaf::Metric { .. } | Leaf::Share(_)) => {}
        Sum::Binary { left, right, .. } => {
            apply(left, times, unit);
            apply(right, times, unit);
        }
        Sum::Call { of, .. } => of.iter_mut().for_each(|sum| apply(sum, times, unit)),
    }
}
