//! What the user typed, against what is right: told in factors, since an estimate is about powers of ten.

use super::{Drill, Unit};
use crate::session::estimate;
use serde::Serialize;
use sims::kernel::math;

/// How near an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Within a quarter: as near as an interview needs.
    Sharp,
    /// Within a factor of two.
    Good,
    /// Within a power of ten.
    Order,
    /// Further off.
    Off,
}

impl Grade {
    pub fn says(self) -> &'static str {
        match self {
            Grade::Sharp => "sharp",
            Grade::Good => "within a factor of two",
            Grade::Order => "the right power of ten",
            Grade::Off => "more than a power of ten off",
        }
    }
}

/// An answer that has been judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Verdict {
    pub value: f64,
    /// Powers of ten between the answer and what is right; above 0 if the answer is too large. For availabilities: of the downtime.
    pub error: f64,
    pub grade: Grade,
}

impl Verdict {
    /// `3.2 times too much`, `12 % too little`.
    pub fn says(&self, unit: Unit) -> String {
        let factor = math::pow(10.0, self.error.abs());
        let way = match (self.error > 0.0, unit) {
            (true, Unit::Availability) => "too much downtime",
            (false, Unit::Availability) => "too little downtime",
            (true, _) => "too much",
            (false, _) => "too little",
        };
        match factor {
            f if f < 1.005 => "exactly".into(),
            f if f < 2.0 && self.error > 0.0 => format!("{:.0} % {way}", (f - 1.0) * 100.0),
            f if f < 2.0 => format!("{:.0} % {way}", (1.0 - 1.0 / f) * 100.0),
            f if f < 10.0 => format!("{f:.1} times {way}"),
            f => format!("{} times {way}", estimate::show(estimate::Amount { value: f, bytes: 0, seconds: 0 })),
        }
    }
}

/// An answer as it is typed: one number with its unit. A number without one is taken in the unit that was asked for.
///
/// # Errors
/// What is wrong with it, and how an answer is typed.
pub fn parse(text: &str, unit: Unit) -> Result<f64, String> {
    let text = tidied(text);
    if text.is_empty() {
        return Err(format!("an answer is {}", unit.hint()));
    }
    let is_sum = text.contains(['*', '+', '(', '×', '÷', '=', '^'])
        || text.split('/').skip(1).any(|part| part.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        || text.split_whitespace().any(|word| matches!(word, "x" | "of"));
    if is_sum {
        return Err("do the sum in your head: one number with its unit".into());
    }
    let amount = match estimate::sheet(&[&text]).pop() {
        Some(Ok(worked)) => worked.amount,
        Some(Err(slip)) => return Err(format!("{slip}. Type {}", unit.hint())),
        None => return Err(format!("type {}", unit.hint())),
    };
    let value = amount.value;
    let (bytes, seconds) = unit.dimension();
    if (amount.bytes, amount.seconds) != (bytes, seconds) && (amount.bytes, amount.seconds) != (0, 0) {
        return Err(format!("`{text}` is something else: type {}", unit.hint()));
    }
    if value.is_nan() || value <= 0.0 {
        return Err("an answer is more than zero".into());
    }
    if unit == Unit::Availability {
        // `99.95` is meant as percent.
        let share = if value > 1.0 && !text.ends_with('%') { value / 100.0 } else { value };
        return if share < 1.0 { Ok(share) } else { Err("nothing is up all the time: type less than 100%".into()) };
    }
    Ok(value)
}

/// People write money before the number, and doubt as well.
fn tidied(text: &str) -> String {
    let text = text.trim().trim_start_matches(['~', '≈']).trim();
    text.replace(['$', '€'], "").replace("in progress", "").replace("dollars", "").trim().to_owned()
}

impl Drill {
    /// # Errors
    /// The text is no answer: see [`parse`].
    pub fn judge(&self, text: &str) -> Result<Verdict, String> {
        let value = parse(text, self.unit)?;
        Ok(self.verdict(value))
    }

    pub fn verdict(&self, value: f64) -> Verdict {
        // 99 % and 99.99 % are almost one number, but a hundred times the downtime.
        let ratio = if self.unit == Unit::Availability { (1.0 - value) / (1.0 - self.answer) } else { value / self.answer };
        let error = math::log10(ratio);
        let grade = match error.abs() {
            e if e <= 0.097 => Grade::Sharp,
            e if e <= 0.3011 => Grade::Good,
            e if e <= 1.0 => Grade::Order,
            _ => Grade::Off,
        };
        Verdict { value, error, grade }
    }
}
