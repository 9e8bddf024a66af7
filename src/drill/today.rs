//! What to do next and why: cards that are due, the weakest mechanism, the plan's next task, what was left unfinished.

use super::numbers::{Kind, next_kind, trend};
use super::practised::Practised;
use crate::catalog::plans::{Do, Habit, Task};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;

/// Where a suggestion leads.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "go", content = "to")]
pub enum Go {
    Resume { attempt: String },
    Score { attempt: String },
    Mock { problem: String, variant: Option<String>, mode: Option<&'static str> },
    Experiments { problem: String },
    Cards,
    Numbers { kind: Option<Kind> },
    Flaws,
    Plan,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Suggestion {
    #[serde(flatten)]
    pub go: Go,
    pub title: String,
    /// Why this, and why now.
    pub why: String,
    /// About so long it takes.
    pub minutes: u32,
}

/// An interview that waits for something.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub attempt: String,
    pub title: String,
    pub minutes: u64,
}

/// The weakest mechanism and where it can be worked on.
#[derive(Clone, Debug, PartialEq)]
pub struct Weak {
    pub mechanism: String,
    pub says: String,
    /// A problem with a design whose experiments show it.
    pub problem: String,
    pub title: String,
}

/// The plan's next task.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    pub plan: String,
    pub task: Task,
    pub says: String,
    pub late: bool,
    pub week: usize,
}

/// What is known on a day.
#[derive(Clone, Debug, Default)]
pub struct Day<'a> {
    pub today: NaiveDate,
    pub interview: Option<NaiveDate>,
    pub unfinished: Vec<Waiting>,
    pub unscored: Vec<Waiting>,
    /// Flashcards that are due, and new ones for today.
    pub cards: (usize, usize),
    pub weak: Option<Weak>,
    pub planned: Option<Planned>,
    /// Whether any plan is followed.
    pub follows: bool,
    pub routine: Option<&'a Habit>,
    /// Flaws that were missed, and new ones.
    pub flaws: (usize, usize),
    /// For somebody who has sat nothing: the first problem, by id and title.
    pub first: Option<(String, String)>,
}

/// Days before the interview in which nothing new is begun.
const LAST_DAYS: i64 = 3;

/// In the order in which to do them. There is always one.
pub fn suggest(day: &Day<'_>, past: &Practised) -> Vec<Suggestion> {
    let left = day.interview.map(|date| (date - day.today).num_days()).filter(|left| *left >= 0);
    let mut found = Vec::new();
    found.extend(day.unfinished.iter().map(|cut| Suggestion {
        go: Go::Resume { attempt: cut.attempt.clone() },
        title: format!("Go on with {}", cut.title),
        why: format!("it was left after {} min, and its notes are kept", cut.minutes),
        minutes: 30,
    }));
    found.extend(day.unscored.iter().take(1).map(|sat| Suggestion {
        go: Go::Score { attempt: sat.attempt.clone() },
        title: format!("Score {}", sat.title),
        why: "it was sat and not scored: without a score nothing can be learnt from it".into(),
        minutes: 15,
    }));
    found.extend(cards(day));
    found.extend(planned(day, past, left));
    found.extend(weak(day, left));
    found.extend(numbers(past));
    found.extend(flaws(day));
    found.extend(first(day, past));
    if !day.follows {
        found.push(Suggestion {
            go: Go::Plan,
            title: "Choose a plan".into(),
            why: "then this list knows what comes next, and what is late".into(),
            minutes: 3,
        });
    }
    found
}

fn cards(day: &Day<'_>) -> Option<Suggestion> {
    let (due, new) = day.cards;
    let why = match (due, new) {
        (0, 0) => return None,
        (0, new) => format!("{} wait; a card is kept for months once it has been seen a few times", counted(new, "new card")),
        (due, 0) => format!("{} today, just before you would forget", counted_is(due, "card")),
        (due, new) => format!("{} today, just before you would forget, and {} wait", counted_is(due, "card"), counted(new, "new one")),
    };
    let minutes = u32::try_from((due + new).div_ceil(4)).unwrap_or(60).clamp(2, 40);
    Some(Suggestion { go: Go::Cards, title: "Review cards".into(), why, minutes })
}

fn planned(day: &Day<'_>, past: &Practised, left: Option<i64>) -> Option<Suggestion> {
    let planned = day.planned.as_ref()?;
    let task = &planned.task;
    if task.what == Do::Sit && left.is_some_and(|left| left <= LAST_DAYS) {
        return None;
    }
    let mut why = match planned.late {
        true => format!("week {} of your plan is over, and this is left of it", planned.week),
        false => format!("it comes next in week {} of your plan", planned.week),
    };
    if task.what == Do::Sit && past.last_sat().is_some_and(|sat| sat.on == day.today) {
        why.push_str("; one interview was sat today already, tomorrow is soon enough");
    } else if let Some(habit) = day.routine.filter(|habit| habit.does.contains(&task.what)) {
        why.push_str(&format!("; {} is for it", capital(&habit.day)));
    }
    if let Some(left) = left.filter(|left| *left <= 60) {
        why.push_str(&format!("; the interview is {}", in_days(left)));
    }
    let (go, minutes) = match task.what {
        Do::Sit => (Go::Mock { problem: task.problem.clone(), variant: task.variant.clone(), mode: task.mode.map(crate::catalog::plans::Pace::name) }, 60),
        Do::Predict => (Go::Experiments { problem: task.problem.clone() }, 15),
        Do::Cards => (Go::Cards, 10),
        Do::Numbers => (Go::Numbers { kind: None }, 10),
        Do::Flaws => (Go::Flaws, 10),
        Do::Better => (Go::Plan, 60),
    };
    Some(Suggestion { go, title: planned.says.clone(), why, minutes })
}

fn weak(day: &Day<'_>, left: Option<i64>) -> Option<Suggestion> {
    let weak = day.weak.as_ref()?;
    let mut why = format!("your weakest mechanism: {}", weak.says);
    if left.is_some_and(|left| left <= LAST_DAYS) {
        why.push_str("; nothing new so shortly before the interview");
    }
    let title = format!("Work on {}, in the lab of {}", weak.mechanism.replace('-', " "), weak.title);
    Some(Suggestion { go: Go::Experiments { problem: weak.problem.clone() }, title, why, minutes: 15 })
}

fn numbers(past: &Practised) -> Option<Suggestion> {
    let kind = next_kind(&past.estimates);
    let why = match trend(past.estimates.iter().filter(|row| row.kind == kind)) {
        None if past.estimates.is_empty() => "no estimate yet: one takes a minute, and every interview asks for some".into(),
        None => format!("{} was not asked yet", kind.title().to_lowercase()),
        Some(found) => format!("{} was practised least: {} answered, lately a factor of {:.1} off", kind.title().to_lowercase(), found.count, found.factor),
    };
    Some(Suggestion { go: Go::Numbers { kind: None }, title: "Estimate".into(), why, minutes: 5 })
}

fn flaws(day: &Day<'_>) -> Option<Suggestion> {
    let (missed, new) = day.flaws;
    let why = match (missed, new) {
        (0, 0) => return None,
        (0, new) => format!("{} you have not seen; reviews of designs are full of them", counted(new, "snippet")),
        (missed, _) => format!("{} you missed", counted(missed, "defect")),
    };
    Some(Suggestion { go: Go::Flaws, title: "Spot a flaw".into(), why, minutes: 5 })
}

fn first(day: &Day<'_>, past: &Practised) -> Option<Suggestion> {
    let (problem, title) = day.first.clone().filter(|_| past.sat.is_empty() && day.unfinished.is_empty() && day.planned.is_none())?;
    Some(Suggestion {
        go: Go::Mock { problem, variant: None, mode: Some("untimed") },
        title: format!("Sit {title}, without a clock"),
        why: "no interview yet: the first one shows what the rest is for".into(),
        minutes: 45,
    })
}

/// The routine of a weekday.
pub fn habit(routine: &[Habit], today: NaiveDate) -> Option<&Habit> {
    routine.get(today.weekday().num_days_from_monday() as usize)
}

pub fn in_days(left: i64) -> String {
    match left {
        0 => "today".into(),
        1 => "tomorrow".into(),
        _ => format!("in {left} days"),
    }
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn counted_is(n: usize, what: &str) -> String {
    format!("{} {}", counted(n, what), if n == 1 { "is due" } else { "are due" })
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

#[cfg(test)]
mod tests;
