//! Charts as inline SVG, drawn by hand: no script, no network, colours from the page's own styles, a title for who cannot see them.

use std::fmt::Write;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

use super::short;
use crate::history::{Calendar, PhaseTime, Series};
use crate::store::{Guess, Prediction};

/// A text that stays text wherever it stands in the page.
pub fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Not allowed in a page, not even as a reference.
            c if c.is_control() && !matches!(c, '\n' | '\t') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

fn open(wide: f64, high: f64, title: &str, says: &str) -> String {
    let (title, says) = (text(title), text(says));
    format!("<svg viewBox=\"0 0 {wide} {high}\" role=\"img\" aria-label=\"{title}. {says}\"><title>{title}</title><desc>{says}</desc>")
}

/// The last 53 weeks, Monday on top; the more minutes, the stronger.
pub fn heat(calendar: &Calendar, today: NaiveDate) -> String {
    const WEEKS: u64 = 53;
    const STEP: f64 = 14.0;
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let first = monday - Days::new(7 * (WEEKS - 1));
    let active = calendar.range(first..=today).filter(|(_, day)| day.counts()).count();
    let mut svg = open(30.0 + WEEKS as f64 * STEP, 20.0 + 7.0 * STEP, "Active days", &format!("{active} active days in the last {WEEKS} weeks"));
    for (row, name) in [(0, "Mon"), (2, "Wed"), (4, "Fri")] {
        let _ = write!(svg, "<text x=\"0\" y=\"{}\" class=\"label\">{name}</text>", 26.0 + f64::from(row) * STEP);
    }
    for day in first.iter_days().take_while(|day| *day <= today) {
        let (week, row) = ((day - first).num_days() / 7, day.weekday().num_days_from_monday());
        let (x, y) = (28.0 + week as f64 * STEP, 16.0 + f64::from(row) * STEP);
        if day.day() == 1 {
            let _ = write!(svg, "<text x=\"{x}\" y=\"10\" class=\"label\">{}</text>", day.format("%b"));
        }
        let minutes = calendar.get(&day).map_or(0, crate::history::Day::minutes);
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\" rx=\"2\" class=\"h{}\"><title>{day}: {minutes} min</title></rect>",
            crate::history::heat_step(minutes)
        );
    }
    svg + "</svg>"
}

const WIDE: f64 = 640.0;
const LEFT: f64 = 40.0;

/// One or more lines over time, each value a point with its own title.
pub fn lines(title: &str, all: &[&Series], (low, high): (f64, f64)) -> String {
    const HIGH: f64 = 180.0;
    let times = || all.iter().flat_map(|one| one.points.iter().map(|point| point.at));
    let (Some(from), Some(to)) = (times().min(), times().max()) else { return String::new() };
    let latest: Vec<String> = all.iter().filter_map(|one| Some(format!("{} {} at last", one.name, short(one.last()?)))).collect();
    let mut svg = open(WIDE, HIGH + 30.0, title, &latest.join(", "));
    let x = |at: DateTime<Utc>| LEFT + (WIDE - LEFT - 10.0) * (at - from).num_seconds() as f64 / (to - from).num_seconds().max(1) as f64;
    let y = |value: f64| 8.0 + (HIGH - 16.0) * (1.0 - (value.clamp(low, high) - low) / (high - low));
    for n in 0..=4 {
        let value = low + (high - low) * f64::from(n) / 4.0;
        let _ = write!(
            svg,
            "<path d=\"M{LEFT} {0:.1}H{WIDE}\" class=\"grid\"/><text x=\"{1}\" y=\"{2:.1}\" class=\"label end\">{3}</text>",
            y(value),
            LEFT - 6.0,
            y(value) + 4.0,
            short(value)
        );
    }
    let _ = write!(
        svg,
        "<text x=\"{LEFT}\" y=\"{0}\" class=\"label\">{1}</text><text x=\"{WIDE}\" y=\"{0}\" class=\"label end\">{2}</text>",
        HIGH + 14.0,
        from.date_naive(),
        to.date_naive()
    );
    for (n, one) in all.iter().enumerate() {
        let path: Vec<String> = one.points.iter().map(|point| format!("{:.1} {:.1}", x(point.at), y(point.value))).collect();
        let _ = write!(svg, "<path d=\"M{}\" class=\"line s{}\"/>", path.join("L"), n % 6);
        for point in &one.points {
            let _ = write!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" class=\"s{}\"><title>{}, {}: {}</title></circle>",
                x(point.at),
                y(point.value),
                n % 6,
                text(&one.name),
                point.at.date_naive(),
                short(point.value)
            );
        }
    }
    svg + "</svg>"
}

/// Guesses with their ranges against what came, both on logarithmic axes: on the diagonal is right.
pub fn calibration(predictions: &[Prediction]) -> String {
    const SIDE: f64 = 360.0;
    let of = |made: &Prediction| match made.guess {
        Guess::Number { value, low, high, actual } if value > 0.0 && actual > 0.0 && value.is_finite() && actual.is_finite() => Some((
            actual,
            value,
            if low > 0.0 { low.max(value / 1e3) } else { value / 10.0 },
            high.min(value * 1e3),
            made.guess.hit(),
            format!("{}/{}", made.problem, made.experiment),
        )),
        _ => None,
    };
    let all: Vec<_> = predictions.iter().filter_map(of).collect();
    let ends = || all.iter().flat_map(|(actual, _, low, high, ..)| [*actual, *low, *high]);
    let (least, most) = (sims::kernel::math::log10(ends().fold(f64::INFINITY, f64::min)).floor(), sims::kernel::math::log10(ends().fold(0.0, f64::max)).ceil());
    if all.is_empty() || !least.is_finite() || !most.is_finite() {
        return String::new();
    }
    let span = (most - least).max(1.0);
    let place = |value: f64| (sims::kernel::math::log10(value) - least) / span * (SIDE - LEFT - 20.0);
    let (x, y) = (|value: f64| LEFT + 10.0 + place(value), |value: f64| SIDE - 30.0 - place(value));
    let held = all.iter().filter(|one| one.4).count();
    let mut svg = open(SIDE, SIDE, "Calibration", &format!("{held} of {} ranges held", all.len()));
    let (low, high) = (sims::kernel::math::pow(10.0, least), sims::kernel::math::pow(10.0, least + span));
    let _ = write!(svg, "<path d=\"M{:.1} {:.1}L{:.1} {:.1}\" class=\"grid\"/>", x(low), y(low), x(high), y(high));
    let mut decade = least;
    while decade <= least + span {
        let (value, name) = (sims::kernel::math::pow(10.0, decade), short(sims::kernel::math::pow(10.0, decade)));
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" class=\"label mid\">{name}</text><text x=\"{}\" y=\"{:.1}\" class=\"label end\">{name}</text>",
            x(value),
            SIDE - 14.0,
            LEFT + 4.0,
            y(value) + 4.0
        );
        decade += (span / 6.0).ceil().max(1.0);
    }
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{}\" class=\"label end\">what came</text><text x=\"{LEFT}\" y=\"10\" class=\"label\">your guess</text>",
        SIDE - 10.0,
        SIDE - 2.0
    );
    for (actual, value, low, high, hit, name) in &all {
        let class = if *hit { "good" } else { "bad" };
        let _ = write!(svg, "<path d=\"M{0:.1} {1:.1}V{2:.1}\" class=\"bar {class}\"/>", x(*actual), y(low.max(1e-300)), y(*high));
        // A miss is a cross: it must not be told by colour alone.
        let (cx, cy) = (x(*actual), y(*value));
        let title = format!("<title>{}: guessed {}, came {}</title>", text(name), short(*value), short(*actual));
        let _ = match hit {
            true => write!(svg, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"3.5\" class=\"{class}\">{title}</circle>"),
            false => write!(svg, "<path d=\"M{:.1} {:.1}l7 7m0 -7l-7 7\" class=\"bar {class}\">{title}</path>", cx - 3.5, cy - 3.5),
        };
    }
    svg + "</svg>"
}

/// What phases took, beside what they were given.
pub fn phases(times: &[PhaseTime]) -> String {
    const ROW: f64 = 34.0;
    let most = times.iter().map(|time| time.median_ms.max(time.plan_ms)).max().unwrap_or(0).max(1) as f64;
    let over = times.iter().filter(|time| time.share().is_some_and(|share| share > 1.0)).count();
    let mut svg = open(WIDE, ROW * times.len() as f64 + 4.0, "Time per phase", &format!("{over} of {} phases take longer than planned", times.len()));
    for (n, time) in times.iter().enumerate() {
        let (y, wide) = (n as f64 * ROW, |ms: u64| 340.0 * ms as f64 / most);
        let minutes = |ms: u64| short((ms as f64 / 6000.0).round() / 10.0);
        let class = if time.share().is_some_and(|share| share > 1.0) { "bad" } else { "good" };
        let _ = write!(
            svg,
            "<text x=\"0\" y=\"{:.0}\" class=\"label\">{}</text><rect x=\"180\" y=\"{:.0}\" width=\"{:.1}\" height=\"10\" class=\"{class}\"/><rect x=\"180\" y=\"{:.0}\" width=\"{:.1}\" height=\"6\" class=\"plan\"/><text x=\"{:.1}\" y=\"{:.0}\" class=\"label\">{} of {} min</text>",
            y + 18.0,
            text(&time.name),
            y + 6.0,
            wide(time.median_ms),
            y + 18.0,
            wide(time.plan_ms),
            188.0 + wide(time.median_ms.max(time.plan_ms)),
            y + 18.0,
            minutes(time.median_ms),
            minutes(time.plan_ms)
        );
    }
    svg + "</svg>"
}
