//! `greenroom history`: attempts, newest first, and one line of trend per problem.

use super::{Done, Out, Trouble, out};
use crate::history;
use crate::home::Home;
use crate::store::{Attempt, Entry, Prediction, Store, StoreError};
use std::fmt::Write as _;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print one line of comma-separated values per attempt.
    #[arg(long)]
    csv: bool,
}

pub fn run(args: &Args, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let past = Past::read(home)?;
    if args.json {
        out.json(&history::json(&past.entries, &[])["attempts"])?;
    } else if args.csv {
        out.text(&history::csv(&past.attempts()))?;
    } else {
        out.text(&told(&past))?;
    }
    Ok(Done::Code(0))
}

/// What the store keeps of the user's past.
#[derive(Default)]
pub struct Past {
    /// Newest first.
    pub entries: Vec<Entry>,
    pub predictions: Vec<Prediction>,
}

impl Past {
    /// Nothing, without a database: looking must not make one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn read(home: &Home) -> Result<Past, Trouble> {
        if !home.database().exists() {
            return Ok(Past::default());
        }
        let around = |why: StoreError| Trouble::Around(why.to_string());
        let store = Store::open(home);
        store.notices().iter().for_each(|notice| eprintln!("greenroom: {notice}"));
        let past = store.past().map_err(around)?;
        Ok(Past { entries: past.entries, predictions: past.predictions })
    }

    pub fn attempts(&self) -> Vec<Attempt> {
        self.entries.iter().map(|entry| entry.attempt.clone()).collect()
    }
}

fn told(past: &Past) -> String {
    if past.entries.is_empty() {
        return "No interviews yet: `greenroom mock ID` sits one, `greenroom list` shows what there is.\n".into();
    }
    let attempts = past.attempts();
    let mut rows = vec![["when", "problem", "level", "mode", "minutes", "score", ""].map(String::from).to_vec()];
    for attempt in &attempts {
        let score = attempt.result().map_or_else(|| "-".into(), |score| format!("{}/50", score.total));
        let word = attempt.result().map_or(attempt.state.name(), |score| score.band.name());
        let assisted = if attempt.assisted { ", assisted" } else { "" };
        let when = attempt.started_at.with_timezone(&chrono::Local).format("%Y-%m-%d %H:%M").to_string();
        let minutes = format!("{} of {}", attempt.used_ms / 60_000, attempt.allowed_ms / 60_000);
        rows.push(vec![when, attempt.problem.clone(), attempt.level.clone(), attempt.mode.name().into(), minutes, score, format!("{word}{assisted}")]);
    }
    let mut text = out::table(&rows, &[4, 5]);
    text.push_str("\nTrend\n");
    for trend in history::trends(&attempts) {
        let totals: Vec<String> = trend.totals.iter().map(ToString::to_string).collect();
        let weakest = trend.weakest.map_or_else(String::new, |w| format!("   weakest: {} ({} of {})", w.line, w.points, w.of));
        let _ = writeln!(text, "  {}   {}{weakest}", trend.title, if totals.is_empty() { "not scored".into() } else { totals.join(" → ") });
    }
    let ranges = history::calibration(&past.predictions).ranges;
    if ranges.of > 0 {
        let _ = writeln!(text, "\n{} of {} predicted ranges held; ranges of 80 % should hold four times in five.", ranges.hit, ranges.of);
    }
    text
}
