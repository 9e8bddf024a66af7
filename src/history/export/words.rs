//! The look back in sentences and small tables: what `greenroom history` prints.

use std::fmt::Write;

use super::{guessed, short};
use crate::history::{FLOOR_MIN, Family, Look, Record, misses};
use crate::store::{Guess, Past};

/// How many of the biggest misses are told.
const MISSES: usize = 5;

/// Everything but the attempts themselves. Writing to a text does not fail.
pub fn words(past: &Past, look: &Look) -> String {
    let mut text = String::new();
    let streak = &look.streak;
    let today = if streak.today { "" } else { "; today not yet" };
    let _ = writeln!(
        text,
        "{}.\n{} min in the last seven days; streak {} days, longest {} (days of {FLOOR_MIN} min or more{today}).",
        look.sums().join("; "),
        look.week_minutes(),
        streak.now,
        streak.longest
    );
    section(
        &mut text,
        "By problem",
        look.trends.iter().map(|trend| {
            let totals: Vec<String> = trend.totals.iter().map(|total| short(*total)).collect();
            let best = trend.best().map_or(String::new(), |best| format!("   best {}", short(best)));
            let weakest = trend.weakest.as_ref().map_or(String::new(), |w| format!("   weakest: {} ({} of {})", w.line, short(w.points), short(w.of)));
            format!("{}   {}{best}{weakest}", trend.title, if totals.is_empty() { "not scored".into() } else { totals.join(" → ") })
        }),
    );
    for family in [Family::Dimension, Family::Communication, Family::Group, Family::Lean] {
        section(
            &mut text,
            &format!("By {}", family.name()),
            look.of(family).map(|one| {
                let few: Vec<String> = one.points.iter().rev().take(8).rev().map(|point| short(point.value)).collect();
                let change = one.change().map_or(String::new(), |change| format!("   {change:+.1}"));
                format!("{}   {} {}{change}", one.name, few.join(" → "), family.unit())
            }),
        );
    }
    section(&mut text, "Mechanisms, weakest first", look.mechanisms.iter().map(|one| format!("{}   {}", one.name, one.says())));
    section(
        &mut text,
        "Time per phase, median against plan",
        look.phases.iter().map(|phase| {
            let minutes = |ms: u64| format!("{:.1}", ms as f64 / 60_000.0);
            format!("{}   {} of {} min", phase.name, minutes(phase.median_ms), minutes(phase.plan_ms))
        }),
    );
    predictions(&mut text, past, &look.record);
    text
}

fn section(text: &mut String, title: &str, rows: impl Iterator<Item = String>) {
    let mut rows = rows.peekable();
    if rows.peek().is_some() {
        let _ = writeln!(text, "\n{title}");
        for row in rows {
            let _ = writeln!(text, "  {row}");
        }
    }
}

fn predictions(text: &mut String, past: &Past, record: &Record) {
    if past.predictions.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nPredictions");
    if record.ranges.of > 0 {
        let verdict = record.verdict().map_or(String::new(), |verdict| format!(": {verdict}"));
        let _ = writeln!(text, "  {} of {} ranges of 80 % held{verdict}", record.ranges.hit, record.ranges.of);
    }
    if let Some(mean) = record.mean_log_error() {
        let _ = writeln!(text, "  off by a factor of {} on average (mean |log10| {mean:.2})", short(sims::kernel::math::pow(10.0, mean)));
    }
    if record.choices.of > 0 {
        let _ = writeln!(text, "  {} of {} choices right", record.choices.hit, record.choices.of);
    }
    for made in misses(&past.predictions).into_iter().filter(|made| !made.guess.hit()).take(MISSES) {
        let (guess, came) = guessed(&made.guess);
        let what = if matches!(made.guess, Guess::Choice { .. }) { "you took" } else { "you said" };
        let _ = writeln!(text, "  {}/{}: {what} {guess}, it came to {came}", made.problem, made.experiment);
    }
}
