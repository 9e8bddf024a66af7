//! Sums without runs: the formula of an estimation over its given numbers, and what an objective compares with.

use super::{Leaf, Sum, TimeUnit, Wrong, parser};
use crate::catalog::model::{Pairs, Scalar, plain};
use sims::kernel::knob::unknown;
use sims::kernel::units;

/// The value of an estimation's formula. Times count in seconds, sizes in bytes, rates per second.
///
/// # Errors
/// A formula that cannot be read, a name that is not given, a given value that is no number.
pub fn formula(text: &str, given: &Pairs<Scalar>) -> Result<f64, Wrong> {
    let sum = parser::sum(text, Some(TimeUnit::Secs))?;
    if let Some(wrong) = strange(&sum, text, given) {
        return Err(wrong);
    }
    let value = sum.value(&|leaf| match leaf {
        Leaf::Given(name) => given.get(name).and_then(|text| number(text.as_str()).ok()),
        _ => None,
    });
    match value {
        Some(value) if value.is_finite() => Ok(value),
        _ => Err(Wrong::new(0, text.len(), "the formula has no value".into())),
    }
}

/// The number that an objective on `metric` compares with; a time counts in the metric's own unit.
///
/// # Errors
/// A text that is no sum of numbers.
pub fn threshold(text: &str, metric: &str) -> Result<f64, Wrong> {
    let has_time = units::duration(text.trim()).is_ok();
    let unit = TimeUnit::of_metric(metric);
    if has_time && unit.is_none() && text.trim() != "0" {
        return Err(Wrong::new(0, text.len(), format!("`{text}` is a time, but `{metric}` is none")));
    }
    let sum = parser::sum(text, unit)?;
    sum.value(&|_| None).ok_or_else(|| Wrong::new(0, text.len(), format!("`{text}` is no number")))
}

/// The first leaf that a formula cannot have.
fn strange(sum: &Sum, text: &str, given: &Pairs<Scalar>) -> Option<Wrong> {
    match sum {
        Sum::Number(_) => None,
        Sum::Negative(of) => strange(of, text, given),
        Sum::Binary { left, right, .. } => strange(left, text, given).or_else(|| strange(right, text, given)),
        Sum::Call { of, .. } => of.iter().find_map(|sum| strange(sum, text, given)),
        Sum::Leaf(Leaf::Given(name)) => match given.get(name) {
            None if given.is_empty() => Some(Wrong::naming(text, name, format!("`{name}` is no number, and none is given a name here"))),
            None => Some(Wrong::naming(text, name, unknown("given number", name, given.keys()))),
            Some(value) => number(value.as_str()).err().map(|why| Wrong::naming(text, name, format!("given `{name}`: {why}"))),
        },
        Sum::Leaf(_) => Some(Wrong::new(0, text.len(), "a formula speaks of its given numbers only, not of runs".into())),
    }
}

/// A given value as a number.
fn number(text: &str) -> Result<f64, String> {
    units::parse(text).map(plain)
}
