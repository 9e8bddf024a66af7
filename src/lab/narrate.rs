//! A run told in sentences: what was done to it, what that did to the signals, and when they came back.

use crate::catalog::expect::significant;
use sims::kernel::log::{Entry, Level};
use sims::kernel::run::Run;
use sims::kernel::time::{Span, Time};
use sims::kernel::view::{Ask, Line, View, What};

/// Points a signal is looked at with over the whole run.
const POINTS: u16 = 300;
/// A signal has changed when it is so many times what it was, or so small a part of it.
const FACTOR: f64 = 1.5;
/// A change is at least this share of the largest value the signal has in the whole run.
const LEAST: f64 = 0.2;
/// It is back when it is this near to what it was, as a share.
const NEAR: f64 = 0.25;
/// Signals told of one step at most: the ones that changed most.
const SIGNALS_MAX: usize = 4;

/// The signals the lab would chart first, over the whole run.
pub fn signals(run: &dyn Run) -> Vec<Line> {
    let names = run.spec().design.charts.iter().flat_map(|group| group.iter().copied()).collect();
    match run.view(&Ask { what: What::Series(names), cols: POINTS, rows: 1, from: Time::ZERO, to: run.now() }) {
        View::Series(lines) => lines,
        _ => Vec::new(),
    }
}

/// The log as sentences, each step with what followed it.
pub fn told(log: &[Entry], signals: &[Line], end: Time) -> Vec<String> {
    let mut last_act: Option<Time> = None;
    let mut sentences = Vec::new();
    for (place, entry) in log.iter().enumerate() {
        // Steps of one instant are one cause: only the last of them is followed by what they did.
        let is_act = entry.level == Level::Act;
        let until = log[place + 1..].iter().find(|next| next.level == Level::Act).map_or(end, |next| next.at);
        let since = last_act.filter(|act| !is_act && entry.at > *act).map_or_else(String::new, |act| format!(", {} later", entry.at.since(act)));
        let mut text = format!("At {}{since}: {}", entry.at, entry.text);
        if is_act {
            last_act = Some(entry.at);
            // What could not be done did nothing.
            if until > entry.at && !entry.text.starts_with("could not") {
                for effect in effects(signals, entry.at, until, end) {
                    text.push_str("; ");
                    text.push_str(&effect);
                }
            }
        }
        text.push('.');
        sentences.push(text);
    }
    sentences
}

/// What a step at `at` did to the signals before the next one, the strongest first.
fn effects(signals: &[Line], at: Time, until: Time, end: Time) -> Vec<String> {
    // A thirtieth of the run, but time enough for a few points.
    let window = Span((end.0 / 30).max(1));
    let mut found: Vec<(f64, String)> = signals.iter().filter_map(|line| effect(line, at, until, window)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(SIGNALS_MAX).map(|(_, text)| text).collect()
}

/// How strongly one signal changed, and the words for it.
fn effect(line: &Line, at: Time, until: Time, window: Span) -> Option<(f64, String)> {
    let points = smoothed(&line.points);
    let part = |from: f64, to: f64| points.iter().copied().filter(move |(t, _)| *t >= from && *t < to);
    let before: Vec<f64> = part(at.as_secs() - window.as_secs(), at.as_secs()).map(|(_, x)| x).collect();
    let level = median(&before)?;
    let (least, most) = before.iter().fold((f64::MAX, f64::MIN), |(least, most), x| (least.min(*x), most.max(*x)));
    let noise = most - least;
    let after: Vec<(f64, f64)> = part(at.as_secs(), until.as_secs()).collect();
    let peak = after.iter().rev().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let trough = after.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    // A flicker near nothing is no change, whatever its ratio.
    let scale = points.iter().map(|(_, x)| x.abs()).fold(0.0, f64::max);
    if (peak.1 - level).max(level - trough.1) < scale * LEAST {
        return None;
    }
    let rose = peak.1 > level * FACTOR + noise;
    let fell = trough.1 < level / FACTOR - noise;
    let (word, (when, value)) = match (rose, fell) {
        (true, _) => ("rises", peak),
        (false, true) => ("falls", trough),
        (false, false) => return None,
    };
    let unit = if line.unit.is_empty() { String::new() } else { format!(" {}", line.unit) };
    let mut text = format!("{} {word} from {} to {}{unit} by {when:.1} s", line.name, significant(level), significant(value));
    let near = |x: f64| (x - level).abs() <= (level.abs() * NEAR).max(noise);
    match after.iter().find(|(t, x)| *t > when && near(*x)) {
        Some((back, _)) => text.push_str(&format!(", is back by {back:.1} s")),
        None => {
            let stays = median(&after.iter().rev().take(5).map(|(_, x)| *x).collect::<Vec<_>>()).unwrap_or(value);
            text.push_str(&format!(", stays at {}", significant(stays)));
        }
    }
    // From nothing to something is as strong as it gets.
    let strength = if rose { sims::kernel::math::ln(value / level.max(f64::MIN_POSITIVE)) } else { sims::kernel::math::ln(level / value.max(level * 1e-6)) };
    Some((strength, text))
}

/// The median of each three neighbours: one odd point is no change.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let of = |place: usize| {
        let from = place.saturating_sub(1);
        let values: Vec<f64> = points[from..(place + 2).min(points.len())].iter().map(|(_, x)| *x).collect();
        (points[place].0, median(&values).unwrap_or(points[place].1))
    };
    (0..points.len()).map(of).collect()
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(of: impl Fn(f64) -> f64) -> Line {
        let points = (0..300).map(|n| f64::from(n) * 0.2 + 0.1).map(|t| (t, of(t))).collect();
        Line { name: "wait p99".into(), unit: "ms".into(), points }
    }

    fn entry(at: u64, level: Level, text: &str) -> Entry {
        Entry { at: Time::from_secs(at), level, text: text.into() }
    }

    #[test]
    fn a_step_is_told_with_what_it_did_and_when_it_was_over() {
        let hump = line(|t| if (20.0..25.0).contains(&t) { 310.0 } else { 40.0 });
        let log = [entry(20, Level::Act, "crash s1"), entry(21, Level::Note, "s2 leads"), entry(40, Level::Act, "heal")];
        let told = told(&log, &[hump], Time::from_secs(60));
        assert_eq!(
            told,
            [
                "At 20.000 s: crash s1; wait p99 rises from 40 to 310 ms by 20.1 s, is back by 25.1 s.",
                "At 21.000 s, 1 s later: s2 leads.",
                "At 40.000 s: heal."
            ]
        );
    }

    #[test]
    fn what_stays_is_said_and_noise_is_not() {
        let drop = line(|t| if t > 30.0 { 0.0 } else { 100.0 + 20.0 * sims::kernel::math::sin(t * 50.0) });
        let told = told(&[entry(10, Level::Act, "set"), entry(30, Level::Act, "cut s1 s2")], &[drop], Time::from_secs(60));
        assert_eq!(told[0], "At 10.000 s: set.");
        assert!(told[1].contains("wait p99 falls from") && told[1].contains("stays at 0"), "{}", told[1]);
    }
}
