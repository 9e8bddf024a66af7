//! The history for others to read: Markdown for people, JSON and CSV for programs, one HTML page with charts.

mod csv;
mod html;
mod json;
mod markdown;
mod svg;
mod words;

pub use csv::{Table, csv};
pub use html::html;
pub use json::json;
pub use markdown::{markdown, one as markdown_of};
pub use words::words;

use chrono::{DateTime, Utc};

use crate::store::Guess;

/// Points and other small numbers without needless digits.
fn short(value: f64) -> String {
    if value != 0.0 && (value.abs() < 0.01 || value.abs() >= 1e6) {
        return format!("{value:.2e}");
    }
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// What was guessed and what came, in words.
fn guessed(guess: &Guess) -> (String, String) {
    match *guess {
        Guess::Number { value, low, high, actual } => (format!("{} ({} to {})", short(value), short(low), short(high)), short(actual)),
        Guess::Choice { chosen, right } => (format!("choice {chosen}"), format!("choice {right}")),
    }
}
