//! The three forms of the history: filter, mend, export; what they hold and what they do.

use super::book::Book;
use super::form::{Field, Form, Purpose, Row};
use crate::aside::{self, Existing};
use crate::catalog::Late;
use crate::history::{self, Filter, Table};
use crate::score::{Band, Reading, Score, Taken, penalty};
use crate::session::Mode;
use crate::store::{Attempt, Entry, Mend, State, Store};
use chrono::{Days, NaiveDate};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

const STATES: [State; 3] = [State::Finished, State::Live, State::Abandoned];

pub fn filter(book: &Book, now: &Filter) -> Form {
    let modes = Mode::ALL.map(|mode| mode.name().to_owned()).to_vec();
    let day = |day: Option<NaiveDate>| day.map_or(String::new(), |day| day.to_string());
    let rows = vec![
        Row::any_of("problem", book.values(|attempt| Some(&attempt.problem)), now.problem.as_deref()),
        Row::any_of("level", book.values(|attempt| Some(&attempt.level)), now.level.as_deref()),
        Row::any_of("group", book.values(|attempt| book.topics.group(&attempt.problem)), now.group.as_deref()),
        Row::any_of("mode", modes, now.mode.map(Mode::name)),
        Row::any_of("state", STATES.map(|state| state.name().to_owned()).to_vec(), now.state.map(State::name)),
        Row::text("since", day(now.since)),
        Row::text("until", day(now.until)),
    ];
    Form::new(Purpose::Filter, "Which attempts?", rows)
}

/// What the form asks for; what was found by words stays.
///
/// # Errors
/// A day that is none.
pub fn filtered(form: &Form, now: &Filter, today: NaiveDate) -> Result<Filter, String> {
    let (since, until) = (day(form.value("since"), today)?, day(form.value("until"), today)?);
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        return Err("`since` lies after `until`".into());
    }
    Ok(Filter {
        problem: form.chosen("problem"),
        level: form.chosen("level"),
        group: form.chosen("group"),
        mode: Mode::parse(form.value("mode")),
        state: State::parse(form.value("state")),
        since,
        until,
        found: now.found.clone(),
    })
}

/// `2026-11-22`, or so many days ago: `30d`.
fn day(text: &str, today: NaiveDate) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() || text == "any" {
        return Ok(None);
    }
    let back = text.strip_suffix('d').and_then(|days| days.parse().ok()).and_then(|days| today.checked_sub_days(Days::new(days)));
    back.or_else(|| text.parse().ok()).map(Some).ok_or_else(|| format!("`{text}` is no day: 2026-11-22, or 30d for a month back"))
}

pub fn mend(entry: &Entry) -> Form {
    let attempt = &entry.attempt;
    let mut rows = vec![
        Row::text("title", attempt.title.clone()),
        Row::choice("mode", Mode::ALL.map(|mode| mode.name().to_owned()).to_vec(), attempt.mode.name()),
        Row::text("minutes", (attempt.used_ms / 60_000).to_string()),
    ];
    if attempt.state == State::Finished {
        rows.push(Row { label: "grades", field: Field::Door("enter opens the scoring again") });
    }
    Form::new(Purpose::Mend, "What was wrong?", rows)
}

/// The changes the form asks for.
///
/// # Errors
/// An empty title, minutes that cannot be.
pub fn mended(form: &Form, attempt: &Attempt) -> Result<Vec<Mend>, String> {
    const DAY_MIN: u64 = 24 * 60;
    let title = form.value("title");
    if title.is_empty() {
        return Err("a title needs a letter".into());
    }
    let minutes = form.value("minutes");
    let minutes = minutes.parse().ok().filter(|min| *min <= DAY_MIN).ok_or_else(|| format!("minutes are a whole number, 0 to {DAY_MIN}; not `{minutes}`"))?;
    let mode = Mode::parse(form.value("mode")).unwrap_or(attempt.mode);
    let mut changes = Vec::new();
    if title != attempt.title {
        changes.push(Mend::Title(title.to_owned()));
    }
    if mode != attempt.mode {
        changes.push(Mend::Mode(mode));
    }
    // Unchanged minutes keep their seconds.
    if minutes != attempt.used_ms / 60_000 {
        changes.push(Mend::Minutes(minutes));
    }
    Ok(changes)
}

/// Does the changes; where time or mode changed, the penalty follows.
///
/// # Errors
/// The store's, in words.
pub fn do_mend(store: &Store, id: &str, changes: Vec<Mend>, late: &[Late]) -> Result<(), String> {
    let say = |why: crate::store::StoreError| why.to_string();
    for change in changes {
        store.mend(id, change).map_err(say)?;
    }
    let attempt = store.attempt(id).map_err(say)?;
    let used = Duration::from_millis(attempt.used_ms);
    let allowed = attempt.mode.is_timed().then(|| Duration::from_millis(attempt.allowed_ms));
    let penalty = penalty(late, &Taken { used, allowed, ..Taken::default() });
    for reading in [Reading::Blind, Reading::Informed] {
        if let Some(score) = attempt.score(reading).filter(|score| score.penalty != penalty) {
            store.save_score(id, reading, &with_penalty(score, penalty)).map_err(say)?;
        }
    }
    Ok(())
}

fn with_penalty(score: &Score, penalty: u32) -> Score {
    let total = (score.points - f64::from(penalty)).max(0.0);
    Score { penalty, total, band: Band::of(total), ..score.clone() }
}

const FORMATS: [&str; 4] = ["html", "md", "json", "csv"];

pub fn export(today: NaiveDate) -> Form {
    let rows = vec![
        Row::choice("format", FORMATS.map(str::to_owned).to_vec(), "html"),
        Row::text("file", format!("greenroom-{today}.html")),
        Row::choice("overwrite", vec!["no".into(), "yes".into()], "no"),
    ];
    Form::new(Purpose::Export, "Export the whole history", rows)
}

/// The file's ending follows the format.
pub fn follow(form: &mut Form) {
    let (file, format) = (form.value("file").to_owned(), form.value("format").to_owned());
    let known = Path::new(&file).extension().and_then(|ending| ending.to_str()).is_some_and(|ending| FORMATS.contains(&ending) && ending != format);
    if known {
        form.set("file", Path::new(&file).with_extension(format).display().to_string());
    }
}

/// Writes what the form asks for; to be done by a worker.
///
/// # Errors
/// Why nothing was written.
pub fn write(format: &str, file: &str, existing: Existing, book: &Book, store: &Store) -> Result<PathBuf, String> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let path = match (file.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(file),
    };
    let written = aside::write(&path, existing, |out| match format {
        "json" => store.export(out).map_err(io::Error::other)?,
        "csv" => history::csv(out, Table::Attempts, &book.past, &book.look),
        "md" => history::markdown(out, &book.past, &book.look),
        _ => history::html(out, &book.past, &book.look),
    });
    written.map_err(|why| why.to_string())?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}
