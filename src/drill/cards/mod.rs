//! Flashcards: when each is due, which comes next, whether an answer is right.

pub mod anki;
pub mod answer;
mod desk;
pub mod draft;
mod log;
mod memory;
mod queue;
mod schedule;
pub mod stats;
pub mod table;

#[cfg(test)]
mod tests;

pub use desk::{Desk, Moment};
pub use log::{Event, Grade, What, last_to_undo, live};
pub use memory::{Memory, Model};
pub use queue::{Counts, Entry, Plan, Standing, Why, entries, plan};
pub use schedule::{Due, LEECH_LAPSES, Rules, Scheduler, Stage, State, Told};

/// How a stretch of time until the next review is shown on a grade: `1 m`, `3 d`, `2.5 mo`.
pub fn short_wait(due: Due, at: chrono::DateTime<chrono::Utc>, day: chrono::NaiveDate) -> String {
    match due {
        Due::New => "now".into(),
        Due::At(then) => {
            let minutes = (then - at).num_seconds().max(0) as f64 / 60.0;
            if minutes < 90.0 { format!("{:.0} m", minutes.max(1.0)) } else { format!("{:.0} h", minutes / 60.0) }
        }
        Due::On(then) => days((then - day).num_days()),
    }
}

/// A number of days in the largest unit that does not hide much of it.
pub fn days(days: i64) -> String {
    let days = days.max(0);
    let tenth = |n: f64, unit: &str| if n < 9.95 { format!("{} {unit}", (n * 10.0).round() / 10.0) } else { format!("{n:.0} {unit}") };
    match days {
        0..31 => format!("{days} d"),
        31..365 => tenth(days as f64 / 30.4, "mo"),
        _ => tenth(days as f64 / 365.0, "y"),
    }
}
