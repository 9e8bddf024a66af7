//! The history for others to read: Markdown for people, JSON and CSV for programs.

use std::fmt::Write;

use serde_json::{Value, json as value};

use crate::score::Score;
use crate::store::{Attempt, Entry, Guess, Prediction};

/// One value: attempts, newest first as they come, and the ledger of predictions.
pub fn json(entries: &[Entry], predictions: &[Prediction]) -> Value {
    value!({
        "attempts": entries.iter().map(of_entry).collect::<Vec<_>>(),
        "predictions": predictions.iter().map(of_prediction).collect::<Vec<_>>(),
    })
}

fn of_entry(entry: &Entry) -> Value {
    let attempt = &entry.attempt;
    let notes: serde_json::Map<_, _> = entry.notes.iter().filter(|(_, text)| !text.is_empty()).map(|(phase, text)| (phase.clone(), value!(text))).collect();
    value!({
        "id": attempt.id, "problem": attempt.problem, "variant": attempt.variant, "title": attempt.title, "level": attempt.level,
        "mode": attempt.mode, "state": attempt.state, "started_at": attempt.started_at, "ended_at": attempt.ended_at,
        "allowed_s": attempt.allowed_ms / 1000, "used_s": attempt.used_ms / 1000, "hints": attempt.hints, "assisted": attempt.assisted,
        "score": attempt.result().map(|score| score.total), "band": attempt.result().map(|score| score.band.name()),
        "blind": attempt.blind, "informed": attempt.informed, "notes": notes,
    })
}

fn of_prediction(made: &Prediction) -> Value {
    value!({ "problem": made.problem, "experiment": made.experiment, "made_at": made.made_at, "guess": made.guess, "hit": made.guess.hit() })
}

/// One line per attempt, for a spreadsheet.
pub fn csv(attempts: &[Attempt]) -> String {
    let mut text = "id,problem,variant,level,mode,state,started_at,allowed_s,used_s,hints,assisted,blind,score,band\n".to_owned();
    for attempt in attempts {
        let number = |score: Option<&Score>| score.map_or(String::new(), |score| score.total.to_string());
        let cells = [
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
        ];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push('\n');
    }
    text
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// A document: one section per attempt, with its score line by line and its notes.
pub fn markdown(entries: &[Entry], predictions: &[Prediction]) -> String {
    let mut text = "# greenroom: my interviews\n".to_owned();
    for entry in entries {
        // Writing to a text does not fail.
        let _ = one(&mut text, entry);
    }
    if !predictions.is_empty() {
        let _ = ledger(&mut text, predictions);
    }
    text
}

fn one(text: &mut String, entry: &Entry) -> std::fmt::Result {
    let attempt = &entry.attempt;
    writeln!(text, "\n## {} · {}\n", attempt.title, attempt.started_at.format("%Y-%m-%d %H:%M UTC"))?;
    let assisted = if attempt.assisted { ", assisted" } else { "" };
    let (used, allowed) = (attempt.used_ms / 60_000, attempt.allowed_ms / 60_000);
    writeln!(text, "{} · {} · {} · {used} of {allowed} min · {} hints{assisted}", attempt.level, attempt.mode.name(), attempt.state.name(), attempt.hints)?;
    if let Some(score) = attempt.result() {
        writeln!(text, "\n**{} of 50, {}** ({} points, {} off for time)\n", score.total, score.band.name(), score.points, score.penalty)?;
        if let Some(blind) = attempt.blind.as_ref().filter(|_| attempt.informed.is_some()) {
            writeln!(text, "Blind: {}.\n", blind.total)?;
        }
        lines(text, score)?;
    }
    for (phase, notes) in entry.notes.iter().filter(|(_, notes)| !notes.trim().is_empty()) {
        writeln!(text, "\n### Notes: {phase}\n\n{}", notes.trim_end())?;
    }
    Ok(())
}

fn lines(text: &mut String, score: &Score) -> std::fmt::Result {
    writeln!(text, "| line | points | of | evidence |\n|---|---|---|---|")?;
    for line in &score.lines {
        let evidence = if line.reached { line.evidence.replace('|', "\\|").replace('\n', " ") } else { "*not reached*".to_owned() };
        writeln!(text, "| {} | {:.1} | {:.1} | {evidence} |", line.line, line.points, line.of)?;
    }
    for (name, steps, mean) in [("Dimensions", &score.dimensions, score.dimensions_mean), ("Communication", &score.communication, score.communication_mean)] {
        if let Some(mean) = mean {
            let steps: Vec<_> = steps.iter().map(|(id, step)| format!("{id} {step}")).collect();
            writeln!(text, "\n{name}: {mean:.1} ({})", steps.join(", "))?;
        }
    }
    Ok(())
}

fn ledger(text: &mut String, predictions: &[Prediction]) -> std::fmt::Result {
    writeln!(text, "\n## Predictions\n\n| experiment | guess | came | hit |\n|---|---|---|---|")?;
    for made in predictions {
        let (guess, came) = match made.guess {
            Guess::Number { value, low, high, actual } => (format!("{value} ({low} to {high})"), actual.to_string()),
            Guess::Choice { chosen, right } => (format!("choice {chosen}"), format!("choice {right}")),
        };
        writeln!(text, "| {}/{} | {guess} | {came} | {} |", made.problem, made.experiment, if made.guess.hit() { "yes" } else { "no" })?;
    }
    Ok(())
}
