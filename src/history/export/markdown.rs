//! The history as a document: the sums, one section per attempt with its score and notes, the ledger of predictions.

use std::io::{self, Write};

use super::{guessed, minute, short};
use crate::history::{Look, misses};
use crate::score::Score;
use crate::store::{Entry, Past, Prediction};

/// Everything, newest first.
pub fn markdown(out: &mut dyn Write, past: &Past, look: &Look) -> io::Result<()> {
    writeln!(out, "# greenroom: my interviews\n\n{}.", look.sums().join("; "))?;
    if !look.trends.is_empty() {
        writeln!(out, "\n| problem | attempts | best | last | weakest line |\n|---|---|---|---|---|")?;
    }
    for trend in &look.trends {
        let score = |score: Option<f64>| score.map_or("-".into(), short);
        let weakest =
            trend.weakest.as_ref().map_or(String::new(), |weakest| format!("{} ({} of {})", cell(&weakest.line), short(weakest.points), short(weakest.of)));
        writeln!(out, "| {} | {} | {} | {} | {weakest} |", cell(&trend.title), trend.attempts, score(trend.best()), score(trend.last()))?;
    }
    for entry in &past.entries {
        one(out, entry)?;
    }
    if past.predictions.is_empty() { Ok(()) } else { ledger(out, &past.predictions, look) }
}

/// One attempt.
pub fn one(out: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    let attempt = &entry.attempt;
    writeln!(out, "\n## {} · {}\n", attempt.title, minute(attempt.started_at))?;
    let assisted = if attempt.assisted { ", assisted" } else { "" };
    let (used, allowed) = (attempt.used_ms / 60_000, attempt.allowed_ms / 60_000);
    let (level, mode, state) = (&attempt.level, attempt.mode.name(), attempt.state.name());
    writeln!(out, "{level} · {mode} · {state} · {used} of {allowed} min · hints: {}{assisted}", attempt.hints)?;
    for corrected in &entry.corrections {
        writeln!(out, "\n*Corrected {}: {} was {}.*", minute(corrected.corrected_at), corrected.field.name(), corrected.was)?;
    }
    if let Some(score) = attempt.result() {
        let late = if score.penalty > 0 { format!(" ({} points, {} off for time)", short(score.points), score.penalty) } else { String::new() };
        writeln!(out, "\n**{} of 50, {}**{late}\n", short(score.total), score.band.name())?;
        if let Some(blind) = attempt.blind.as_ref().filter(|_| attempt.informed.is_some()) {
            writeln!(out, "Blind: {}.\n", short(blind.total))?;
        }
        lines(out, score)?;
    }
    phases(out, entry)?;
    for (title, rows) in [("Estimates", entry.estimates.clone()), ("Sizing", entry.sizing.iter().map(|(knob, answer)| format!("{knob}: {answer}")).collect())] {
        if !rows.is_empty() {
            writeln!(out, "\n### {title}\n")?;
            rows.iter().try_for_each(|row| writeln!(out, "- `{}`", row.replace('`', "'")))?;
        }
    }
    for (phase, notes) in entry.notes.iter().filter(|(_, notes)| !notes.trim().is_empty()) {
        writeln!(out, "\n### Notes: {phase}\n\n{}", notes.trim_end())?;
    }
    Ok(())
}

/// A text in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn lines(out: &mut dyn Write, score: &Score) -> io::Result<()> {
    writeln!(out, "| line | points | of | evidence |\n|---|---|---|---|")?;
    for line in &score.lines {
        let evidence = if line.reached { cell(&line.evidence) } else { "*not reached*".to_owned() };
        writeln!(out, "| {} | {} | {} | {evidence} |", cell(&line.line), short(line.points), short(line.of))?;
    }
    for (name, steps, mean) in [("Dimensions", &score.dimensions, score.dimensions_mean), ("Communication", &score.communication, score.communication_mean)] {
        if let Some(mean) = mean {
            let steps: Vec<_> = steps.iter().map(|(id, step)| format!("{id} {step}")).collect();
            writeln!(out, "\n{name}: {mean:.1} ({})", steps.join(", "))?;
        }
    }
    Ok(())
}

fn phases(out: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    if entry.phases.iter().all(|phase| phase.spent_ms == 0) {
        return Ok(());
    }
    let minutes = |ms: u64| format!("{:.1}", ms as f64 / 60_000.0);
    writeln!(out, "\n| phase | minutes | plan |\n|---|---|---|")?;
    entry.phases.iter().try_for_each(|phase| writeln!(out, "| {} | {} | {} |", cell(&phase.name), minutes(phase.spent_ms), minutes(phase.plan_ms)))
}

fn ledger(out: &mut dyn Write, predictions: &[Prediction], look: &Look) -> io::Result<()> {
    writeln!(out, "\n## Predictions, biggest misses first\n")?;
    if let Some(mean) = look.record.mean_log_error() {
        writeln!(out, "Numbers are off by a factor of {} on average.\n", short(sims::kernel::math::pow(10.0, mean)))?;
    }
    writeln!(out, "| experiment | guess | came | hit |\n|---|---|---|---|")?;
    for made in misses(predictions) {
        let (guess, came) = guessed(&made.guess);
        writeln!(out, "| {}/{} | {guess} | {came} | {} |", made.problem, made.experiment, if made.guess.hit() { "yes" } else { "no" })?;
    }
    Ok(())
}
