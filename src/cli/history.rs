//! `greenroom history`: attempts, newest first, and what they say together.

use super::{Done, Out, Trouble, out};
use crate::catalog::Catalog;
use crate::history::{self, Filter, Topics};
use crate::home::Home;
use crate::session::Mode;
use crate::store::{Attempt, Entry, Past, State, Store, StoreError};
use chrono::{Local, NaiveDate};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print one line of comma-separated values per attempt.
    #[arg(long)]
    csv: bool,
    /// Only this problem's attempts.
    #[arg(long, value_name = "ID")]
    problem: Option<String>,
    /// Only this level.
    #[arg(long)]
    level: Option<String>,
    /// Only this group.
    #[arg(long)]
    group: Option<String>,
    /// Only this mode: coached, real, untimed.
    #[arg(long, value_parser = mode)]
    mode: Option<Mode>,
    /// Only this state: live, finished, abandoned.
    #[arg(long, value_parser = state)]
    state: Option<State>,
    /// Only from this day on: 2026-11-22.
    #[arg(long, value_name = "DAY")]
    since: Option<NaiveDate>,
    /// Only up to this day.
    #[arg(long, value_name = "DAY")]
    until: Option<NaiveDate>,
    /// Only attempts whose notes or evidence hold these words.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
}

fn mode(text: &str) -> Result<Mode, String> {
    Mode::parse(text).ok_or_else(|| "coached, real or untimed".into())
}

fn state(text: &str) -> Result<State, String> {
    State::parse(text).ok_or_else(|| "live, finished or abandoned".into())
}

pub fn run(args: &Args, catalog: &Catalog, home: &Home, out: &mut Out) -> Result<Done, Trouble> {
    let Look { past, look } = Look::filtered(home, catalog, args)?;
    if args.json {
        out.json(&history::json(&past, &look))?;
    } else if args.csv {
        out.fill(|to| history::csv(to, history::Table::Attempts, &past, &look))?;
    } else {
        out.text(&told(&past, &look, args))?;
    }
    Ok(Done::Code(0))
}

/// The user's past and what it comes to.
pub struct Look {
    pub past: Past,
    pub look: history::Look,
}

impl Look {
    /// Everything.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn read(home: &Home, catalog: &Catalog) -> Result<Look, Trouble> {
        let (past, _) = read(home, None)?;
        let topics = topics(catalog, &past);
        Ok(Look::of(past, &topics))
    }

    fn filtered(home: &Home, catalog: &Catalog, args: &Args) -> Result<Look, Trouble> {
        let (mut past, found) = read(home, args.search.as_deref())?;
        let topics = topics(catalog, &past);
        let (problem, level, group) = (args.problem.clone(), args.level.clone(), args.group.clone());
        let filter = Filter { problem, level, group, mode: args.mode, state: args.state, since: args.since, until: args.until, found };
        if !filter.is_empty() {
            past.entries.retain(|entry| filter.holds(&entry.attempt, &topics, &Local));
        }
        Ok(Look::of(past, &topics))
    }

    fn of(past: Past, topics: &Topics) -> Look {
        let look = history::Look::back(&past, topics, Local::now().date_naive(), &Local);
        Look { past, look }
    }
}

type Found = Option<std::collections::BTreeSet<String>>;

/// Nothing, without a database: looking must not make one.
fn read(home: &Home, search: Option<&str>) -> Result<(Past, Found), Trouble> {
    let around = |why: StoreError| Trouble::Around(why.to_string());
    if !home.database().exists() {
        return Ok((Past::default(), None));
    }
    let store = Store::open(home);
    store.notices().iter().for_each(|notice| eprintln!("greenroom: {notice}"));
    let found = search.map(|words| store.search(words)).transpose().map_err(around)?;
    let found = found.map(|found| found.into_iter().map(|found| found.attempt).collect());
    Ok((store.past().map_err(around)?, found))
}

/// What lines and experiments are about, from the cards that were met.
fn topics(catalog: &Catalog, past: &Past) -> Topics {
    let met = past.entries.iter().map(|entry| entry.attempt.problem.as_str()).chain(past.predictions.iter().map(|made| made.problem.as_str()));
    let met: std::collections::BTreeSet<&str> = met.collect();
    let mut topics = Topics::of_heads(catalog.heads());
    met.into_iter().filter_map(|id| catalog.problem(id).ok()).for_each(|card| topics.read(&card));
    topics
}

/// The attempts of all problems, for what only counts.
///
/// # Errors
/// The database cannot be read.
pub fn attempts(home: &Home) -> Result<Vec<Attempt>, Trouble> {
    Ok(read(home, None)?.0.entries.into_iter().map(|entry| entry.attempt).collect())
}

fn told(past: &Past, look: &history::Look, args: &Args) -> String {
    if past.entries.is_empty() && (args.search.is_some() || args.problem.is_some() || args.level.is_some() || args.group.is_some()) {
        return "No interview fits that.\n".into();
    }
    if past.entries.is_empty() && past.predictions.is_empty() {
        return "No interviews yet: `greenroom mock ID` sits one, `greenroom list` shows what there is.\n".into();
    }
    let mut rows = vec![["when", "problem", "level", "mode", "minutes", "score", ""].map(String::from).to_vec()];
    rows.extend(past.entries.iter().map(row));
    format!("{}\n{}", out::table(&rows, &[4, 5]), history::words(past, look))
}

fn row(entry: &Entry) -> Vec<String> {
    let attempt = &entry.attempt;
    let score = attempt.result().map_or_else(|| "-".into(), |score| format!("{}/50", score.total));
    let word = attempt.result().map_or(attempt.state.name(), |score| score.band.name());
    let assisted = if attempt.assisted { ", assisted" } else { "" };
    let corrected = if entry.corrections.is_empty() { "" } else { ", corrected" };
    let when = attempt.started_at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string();
    let minutes = format!("{} of {}", attempt.used_ms / 60_000, attempt.allowed_ms / 60_000);
    vec![when, attempt.problem.clone(), attempt.level.clone(), attempt.mode.name().into(), minutes, score, format!("{word}{assisted}{corrected}")]
}
