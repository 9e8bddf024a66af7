//! Breakpoints: what pauses a run, written as a person would say it.

use sims::kernel::design::Design;
use sims::kernel::halt::{Halt, Side};
use sims::kernel::knob::unknown;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub struct Breakpoint {
    pub halt: Halt,
    pub on: bool,
}

/// Every form there is, with what it means.
pub const FORMS: &[(&str, &str)] = &[
    ("broken", "any invariant breaks"),
    ("broken ID", "that invariant breaks"),
    ("METRIC > 5", "a metric crosses a level (> >= < <=)"),
    ("fault", "any fault is inflicted"),
    ("do NAME", "that action or fault is done: crash, set, …"),
    ("message KIND", "a message of that kind arrives"),
    ("message", "any message arrives"),
    ("timer", "any timer fires"),
];

impl Breakpoint {
    /// Reads one of [`FORMS`].
    ///
    /// # Errors
    /// What is unknown, with the nearest name, or the forms there are.
    pub fn read(design: &'static Design, text: &str) -> Result<Breakpoint, String> {
        Ok(Breakpoint { halt: halt(design, text.trim())?, on: true })
    }
}

fn halt(design: &'static Design, text: &str) -> Result<Halt, String> {
    for (sign, is) in [(">=", Side::AtLeast), ("<=", Side::AtMost), (">", Side::Above), ("<", Side::Below)] {
        if let Some((metric, level)) = text.split_once(sign) {
            return crossing(design, metric.trim(), is, level.trim());
        }
    }
    let (word, rest) = text.split_once(char::is_whitespace).map_or((text, ""), |(word, rest)| (word, rest.trim()));
    match (word, rest) {
        ("broken", "") => Ok(Halt::Break(None)),
        ("broken", id) => {
            let known = || design.invariants.iter().map(|spec| spec.id);
            known().find(|known| *known == id).map(|id| Halt::Break(Some(id))).ok_or_else(|| unknown("invariant", id, known()))
        }
        ("fault", "") => Ok(Halt::Fault),
        ("timer", "") => Ok(Halt::Timer),
        ("message", "") => Ok(Halt::Message(None)),
        ("message", kind) => Ok(Halt::Message(Some(kind.into()))),
        ("do", name) if !name.is_empty() => {
            let known: Vec<&str> = design.all_actions().iter().map(|spec| spec.name).chain(["set"]).collect();
            if known.contains(&name) { Ok(Halt::Act(name.into())) } else { Err(unknown("action", name, known.into_iter())) }
        }
        ("", _) => Err("say what should pause the run: broken, failed > 100, do crash".into()),
        _ => Err(format!("`{text}` is no breakpoint: {}", FORMS.iter().map(|(form, _)| *form).collect::<Vec<_>>().join(" · "))),
    }
}

fn crossing(design: &'static Design, metric: &str, is: Side, level: &str) -> Result<Halt, String> {
    let known = design.metric_names();
    if !known.iter().any(|name| name == metric) {
        return Err(unknown("metric", metric, known.iter().map(String::as_str)));
    }
    let than: f64 =
        level.parse().ok().filter(|level: &f64| level.is_finite()).ok_or_else(|| format!("`{level}` is no number: write {metric} {} 5", is.sign()))?;
    Ok(Halt::Crossing { metric: metric.into(), is, than })
}

impl fmt::Display for Breakpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.halt {
            Halt::Break(None) => f.write_str("broken"),
            Halt::Break(Some(id)) => write!(f, "broken {id}"),
            Halt::Crossing { metric, is, than } => write!(f, "{metric} {} {than}", is.sign()),
            Halt::Message(None) => f.write_str("message"),
            Halt::Message(Some(kind)) => write!(f, "message {kind}"),
            Halt::Timer => f.write_str("timer"),
            Halt::Act(name) => write!(f, "do {name}"),
            Halt::Fault => f.write_str("fault"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;

    fn check(text: &str, expected: Result<&str, &str>) {
        match (Breakpoint::read(&toy::DESIGN, text), expected) {
            (Ok(read), Ok(told)) => {
                assert_eq!(read.to_string(), told);
                assert_eq!(Breakpoint::read(&toy::DESIGN, told), Ok(read), "what is shown can be typed again");
            }
            (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
            (got, want) => panic!("{text}: {got:?}, expected {want:?}"),
        }
    }

    #[test]
    fn breakpoints_are_read_and_told_in_the_same_words() {
        check("broken", Ok("broken"));
        check(" broken queue-below-fifty ", Ok("broken queue-below-fifty"));
        check("queue>12.5", Ok("queue > 12.5"));
        check("failed >= 1e3", Ok("failed >= 1000"));
        check("refused < 2", Ok("refused < 2"));
        check("do burst", Ok("do burst"));
        check("do set", Ok("do set"));
        check("fault", Ok("fault"));
        check("timer", Ok("timer"));
        check("message", Ok("message"));
        check("message check", Ok("message check"));
        check("broken queue-below", Err("queue-below-fifty"));
        check("quue > 3", Err("did you mean `queue`"));
        check("queue > many", Err("`many` is no number"));
        check("queue > NaN", Err("no number"));
        check("do brst", Err("did you mean `burst`"));
        check("", Err("say what should pause"));
        check("sometimes", Err("is no breakpoint"));
    }
}
