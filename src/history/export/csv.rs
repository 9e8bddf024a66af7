//! The history for a spreadsheet: one table a file.

use std::io::{self, Write};

use super::short;
use crate::history::{Look, log_error};
use crate::score::{Reading, Score};
use crate::store::{Attempt, Guess, Past};

/// What can be had as a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// One row an attempt.
    Attempts,
    /// One row per rubric line of each reading.
    Lines,
    /// One row per phase of each attempt.
    Phases,
    /// One row per phase that has notes.
    Notes,
    Predictions,
    /// One row per local day on which something was done.
    Days,
}

/// Writes one table with its headings.
pub fn csv(out: &mut dyn Write, table: Table, past: &Past, look: &Look) -> io::Result<()> {
    let attempts = || past.entries.iter().map(|entry| &entry.attempt);
    match table {
        Table::Attempts => {
            row(out, ATTEMPTS.split(','))?;
            attempts().try_for_each(|attempt| row(out, of_attempt(attempt)))
        }
        Table::Lines => {
            row(out, "attempt,problem,reading,line,phase,of,points,grade,reached,evidence".split(','))?;
            attempts().try_for_each(|attempt| lines(out, attempt))
        }
        Table::Phases => {
            row(out, "attempt,problem,phase,name,plan_s,spent_s,begun".split(','))?;
            for entry in &past.entries {
                for phase in &entry.phases {
                    let (plan, spent) = ((phase.plan_ms / 1000).to_string(), (phase.spent_ms / 1000).to_string());
                    let begun = phase.begun.to_string();
                    row(out, [&entry.attempt.id, &entry.attempt.problem, &phase.id, &phase.name, &plan, &spent, &begun])?;
                }
            }
            Ok(())
        }
        Table::Notes => {
            row(out, "attempt,problem,phase,notes".split(','))?;
            for entry in &past.entries {
                for (phase, notes) in entry.notes.iter().filter(|(_, notes)| !notes.trim().is_empty()) {
                    row(out, [&entry.attempt.id, &entry.attempt.problem, phase, notes])?;
                }
            }
            Ok(())
        }
        Table::Predictions => predictions(out, past),
        Table::Days => days(out, look),
    }
}

const ATTEMPTS: &str = "id,problem,variant,level,mode,state,started_at,allowed_s,used_s,hints,assisted,blind,score,band";

fn of_attempt(attempt: &Attempt) -> [String; 14] {
    let number = |score: Option<&Score>| score.map_or(String::new(), |score| score.total.to_string());
    [
        attempt.id.clone(),
        attempt.problem.clone(),
        attempt.variant.clone().unwrap_or_default(),
        attempt.level.clone(),
        attempt.mode.name().to_owned(),
        attempt.state.name().to_owned(),
        attempt.started_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        (attempt.allowed_ms / 1000).to_string(),
        (attempt.used_ms / 1000).to_string(),
        attempt.hints.to_string(),
        attempt.assisted.to_string(),
        number(attempt.blind.as_ref()),
        number(attempt.result()),
        attempt.result().map_or(String::new(), |score| score.band.name().to_owned()),
    ]
}

fn lines(out: &mut dyn Write, attempt: &Attempt) -> io::Result<()> {
    for reading in [Reading::Blind, Reading::Informed] {
        for line in attempt.score(reading).iter().flat_map(|score| &score.lines) {
            let grade = line.grade.map_or("", crate::score::Grade::name);
            let (of, points, reached) = (short(line.of), short(line.points), line.reached.to_string());
            row(out, [&attempt.id, &attempt.problem, reading.name(), &line.line, &line.phase, &of, &points, grade, &reached, &line.evidence])?;
        }
    }
    Ok(())
}

fn predictions(out: &mut dyn Write, past: &Past) -> io::Result<()> {
    row(out, "problem,experiment,made_at,kind,guess,low,high,came,hit,log10_error".split(','))?;
    for made in &past.predictions {
        let (kind, guess, low, high, came) = match made.guess {
            Guess::Number { value, low, high, actual } => ("number", value.to_string(), low.to_string(), high.to_string(), actual.to_string()),
            Guess::Choice { chosen, right } => ("choice", chosen.to_string(), String::new(), String::new(), right.to_string()),
        };
        let (at, hit) = (made.made_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), made.guess.hit().to_string());
        let error = log_error(&made.guess).map_or(String::new(), |error| format!("{error:.4}"));
        row(out, [&made.problem, &made.experiment, &at, kind, &guess, &low, &high, &came, &hit, &error])?;
    }
    Ok(())
}

fn days(out: &mut dyn Write, look: &Look) -> io::Result<()> {
    row(out, "day,minutes,interview_minutes,interviews,predictions,counts".split(','))?;
    for (day, done) in &look.calendar {
        let numbers = [done.minutes(), done.interview_ms / 60_000, done.sat as u64, done.predicted as u64];
        row(out, [day.to_string()].into_iter().chain(numbers.map(|n| n.to_string())).chain([done.counts().to_string()]))?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, cells: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
    let cells: Vec<String> = cells.into_iter().map(|cell| quoted(cell.as_ref())).collect();
    writeln!(out, "{}", cells.join(","))
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
