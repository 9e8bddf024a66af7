//! The timeline: what is known to happen on a film and when.

use sims::kernel::action::Action;
use sims::kernel::faults;
use sims::kernel::time::{Span, Time};
use sims::kernel::units;

#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: Time,
    pub kind: MarkKind,
    /// `crash node=s1`, or the invariant's id.
    pub says: String,
    /// Where it comes from, if it is something done: so that a fork can leave it out.
    pub source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    Knob,
    /// One of the design's own.
    Action,
    Fault,
    /// An invariant broke for the first time.
    Break,
}

/// The place of something done in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Script(usize),
    Hand(usize),
}

impl MarkKind {
    pub fn of(action: &Action) -> MarkKind {
        match action.name.as_str() {
            "set" => MarkKind::Knob,
            name if faults::SPECS.iter().any(|spec| spec.name == name) => MarkKind::Fault,
            _ => MarkKind::Action,
        }
    }
}

impl Mark {
    /// In a few words, with its time.
    pub fn told(&self) -> String {
        let says = self.says.strip_prefix("set ").unwrap_or(&self.says);
        match self.kind {
            MarkKind::Break => format!("{says} broke at {}", self.at),
            MarkKind::Knob | MarkKind::Action | MarkKind::Fault => format!("{says} at {}", self.at),
        }
    }
}

/// Reads a moment as a person types it: `12.5s`, `1m30s`, `90` (seconds), `+5s` and `-250ms` from `now`.
///
/// # Errors
/// The forms there are.
pub fn read_moment(text: &str, now: Time) -> Result<Time, String> {
    let text = text.trim();
    let refused = || format!("`{text}` is no time: write 12.5s, 1m30s, or +5s and -250ms from here");
    let length = |text: &str| length(text).ok_or_else(refused);
    if let Some(on) = text.strip_prefix('+') {
        return Ok(now + length(on)?);
    }
    if let Some(back) = text.strip_prefix('-') {
        return Ok(now - length(back)?);
    }
    Ok(Time::ZERO + length(text)?)
}

/// Some thirty years: nobody waits for more.
const MOMENT_MAX: Span = Span::secs(1_000_000_000);

/// A sum of parts with falling units, or a plain number of seconds.
fn length(text: &str) -> Option<Span> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if let Ok(seconds) = text.parse::<f64>() {
        return (0.0..MOMENT_MAX.as_secs()).contains(&seconds).then(|| Span::from_secs_f64(seconds));
    }
    let mut sum = Span::ZERO;
    let mut last = Span::MAX;
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).filter(|at| *at > 0)?;
        let end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| digits + at);
        let (part, unit) = (units::duration(&rest[..end]).ok()?, units::duration(&format!("1{}", &rest[digits..end])).ok()?);
        if unit >= last {
            return None;
        }
        (sum, last, rest) = (Span(sum.0.checked_add(part.0)?), unit, &rest[end..]);
    }
    (last < Span::MAX && sum < MOMENT_MAX).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_they_are_typed() {
        let now = Time::from_secs(10);
        let check = |text: &str, expected: Option<u64>| assert_eq!(read_moment(text, now).ok(), expected.map(Time), "{text}");
        check("12.5s", Some(12_500_000_000));
        check("1m30s", Some(90_000_000_000));
        check(" 1 m 30 s ", Some(90_000_000_000));
        check("1h2m3s4ms", Some(3_723_004_000_000));
        check("90", Some(90_000_000_000));
        check("0", Some(0));
        check("+5s", Some(15_000_000_000));
        check("-250ms", Some(9_750_000_000));
        check("-1m", Some(0));
        for bad in ["", "+", "s", "30s1m", "1s1s", "5kg", "-", "1e99", "NaN", "inf", "1m30", "ñ", "12..5s", "99999999999999h"] {
            check(bad, None);
        }
    }
}
