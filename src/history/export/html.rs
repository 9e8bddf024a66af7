//! The history as one page: inline charts, no script, nothing fetched, light or dark as the reader's system is.

use std::io::{self, Write};

use super::svg::{self, text};
use super::{guessed, minute, short};
use crate::history::{FLOOR_MIN, Family, Look, Series, misses};
use crate::score::Score;
use crate::store::{Entry, Past};

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#24292f;--dim:#68707a;--ground:#fbfaf6;--rule:#d8d5cc;--good:#2f7d32;--bad:#b4232a;--h0:#ebe8e0;--h1:#bfe3d0;--h2:#7fc8a9;--h3:#2f9e73;--h4:#0b6e4f;--s0:#0b6e4f;--s1:#b86e00;--s2:#1f5fbf;--s3:#b4232a;--s4:#7b3fa8;--s5:#0f7c85}
@media(prefers-color-scheme:dark){:root{--ink:#d4d4d4;--dim:#8a919e;--ground:#14171c;--rule:#333a45;--good:#8ccf7e;--bad:#f07178;--h0:#20252d;--h1:#1f4a3b;--h2:#2f7a5e;--h3:#52a884;--h4:#8fe0bd;--s0:#7fc8a9;--s1:#e5b567;--s2:#7aa8f0;--s3:#f07178;--s4:#c594e8;--s5:#6cd0d8}}
body{background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1,h2,h3{line-height:1.2}h2{margin-top:2.5rem}svg{width:100%;height:auto;max-width:48rem;display:block}.small svg{max-width:24rem}
table{border-collapse:collapse;font-size:.92em}td,th{border-bottom:1px solid var(--rule);padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top}td.n{text-align:right}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--h0);padding:.6rem}.dim{color:var(--dim)}details{border-bottom:1px solid var(--rule);padding:.4rem 0}summary{cursor:pointer}
.label{font-size:11px;fill:var(--dim)}.end{text-anchor:end}.mid{text-anchor:middle}.grid{stroke:var(--rule);fill:none}.line{fill:none;stroke-width:1.6}.bar{stroke-width:1.6;fill:none}
.good{fill:var(--good);stroke:var(--good)}.bad{fill:var(--bad);stroke:var(--bad)}.plan{fill:var(--dim)}.bar.good,.bar.bad{fill:none}
.h0{fill:var(--h0)}.h1{fill:var(--h1)}.h2{fill:var(--h2)}.h3{fill:var(--h3)}.h4{fill:var(--h4)}
.s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}.s5{stroke:var(--s5)}circle.s0{fill:var(--s0)}circle.s1{fill:var(--s1)}circle.s2{fill:var(--s2)}circle.s3{fill:var(--s3)}circle.s4{fill:var(--s4)}circle.s5{fill:var(--s5)}
";

/// The whole page.
pub fn html(out: &mut dyn Write, past: &Past, look: &Look) -> io::Result<()> {
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <title>greenroom: my interviews</title><style>{STYLE}</style></head><body>\n<h1>My interviews</h1>\n<p>{}.</p>\n",
        text(&look.sums().join("; "))
    )?;
    let (now, longest, week) = (look.streak.now, look.streak.longest, look.week_minutes());
    writeln!(
        out,
        "<p>Streak: {now} days, longest {longest} (days of {FLOOR_MIN} minutes or more). {week} minutes in the seven days up to {}.</p>",
        look.today
    )?;
    writeln!(out, "<h2>Active days</h2>\n{}", svg::heat(&look.calendar, look.today))?;
    trends(out, look)?;
    if !look.phases.is_empty() {
        writeln!(
            out,
            "<h2>Time per phase</h2>\n<p class=\"dim\">Median of the finished interviews; the thin bar below is the plan.</p>\n{}",
            svg::phases(&look.phases)
        )?;
    }
    mechanisms(out, look)?;
    predictions(out, past, look)?;
    writeln!(out, "<h2>Interviews</h2>")?;
    past.entries.iter().try_for_each(|entry| attempt(out, entry))?;
    writeln!(out, "</body></html>")
}

fn trends(out: &mut dyn Write, look: &Look) -> io::Result<()> {
    let titles = [
        (Family::Score, "Score, of 50"),
        (Family::Group, "Score by group, of 50"),
        (Family::Dimension, "Dimensions, of 5"),
        (Family::Communication, "Communication, of 5"),
        (Family::Lean, "Lean: blind less informed"),
    ];
    for (family, title) in titles {
        let all: Vec<&Series> = look.of(family).collect();
        if all.is_empty() {
            continue;
        }
        writeln!(out, "<h2>{title}</h2>")?;
        // More than a few lines on one chart cannot be told apart.
        for few in all.chunks(3) {
            writeln!(out, "{}", svg::lines(title, few, limits(family, few)))?;
            let names: Vec<_> = few.iter().enumerate().map(|(n, one)| format!("<span style=\"color:var(--s{})\">{}</span>", n % 6, text(&one.name))).collect();
            writeln!(out, "<p>{}</p>", names.join(" · "))?;
        }
    }
    Ok(())
}

/// What a value can be at all; a lean only as far as it went.
fn limits(family: Family, all: &[&Series]) -> (f64, f64) {
    if family != Family::Lean {
        return family.range();
    }
    let most = all.iter().flat_map(|one| &one.points).map(|point| point.value.abs()).fold(2.0, f64::max).ceil();
    (-most, most)
}

fn mechanisms(out: &mut dyn Write, look: &Look) -> io::Result<()> {
    if look.mechanisms.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Mechanisms, weakest first</h2>\n<table><tr><th>mechanism<th>points<th>of<th>ranges held<th>choices right<th>mean |log10 error|</tr>")?;
    for one in &look.mechanisms {
        let hits = |hits: crate::history::Hits| if hits.of == 0 { "–".to_owned() } else { format!("{} of {}", hits.hit, hits.of) };
        let error = one.predictions.mean_log_error().map_or("–".into(), |mean| format!("{mean:.2}"));
        let (points, worth) = (short(one.points), short(one.worth));
        let (ranges, choices) = (hits(one.predictions.ranges), hits(one.predictions.choices));
        writeln!(out, "<tr><td>{}<td class=n>{points}<td class=n>{worth}<td class=n>{ranges}<td class=n>{choices}<td class=n>{error}</tr>", text(&one.name))?;
    }
    writeln!(out, "</table>")
}

fn predictions(out: &mut dyn Write, past: &Past, look: &Look) -> io::Result<()> {
    if past.predictions.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Predictions</h2>")?;
    if let Some(verdict) = look.record.verdict() {
        writeln!(out, "<p>{} of {} ranges of 80 % held: {verdict}.</p>", look.record.ranges.hit, look.record.ranges.of)?;
    }
    let plot = svg::calibration(&past.predictions);
    if !plot.is_empty() {
        writeln!(
            out,
            "<p class=\"dim\">Each guess with its range over what came; on the diagonal is right. A dot held, a cross missed.</p>\n<div class=\"small\">{plot}</div>"
        )?;
    }
    writeln!(out, "<table><tr><th>experiment<th>guess<th>came<th>held</tr>")?;
    for made in misses(&past.predictions) {
        let (guess, came) = guessed(&made.guess);
        let hit = if made.guess.hit() { "yes" } else { "no" };
        writeln!(out, "<tr><td>{}/{}<td>{guess}<td>{came}<td>{hit}</tr>", text(&made.problem), text(&made.experiment))?;
    }
    writeln!(out, "</table>")
}

fn attempt(out: &mut dyn Write, entry: &Entry) -> io::Result<()> {
    let attempt = &entry.attempt;
    let result = attempt.result().map_or(attempt.state.name().to_owned(), |score| format!("{} of 50, {}", short(score.total), score.band.name()));
    writeln!(out, "<details><summary>{} · {} · {result}</summary>", minute(attempt.started_at), text(&attempt.title))?;
    let assisted = if attempt.assisted { " · assisted" } else { "" };
    let (used, allowed) = (attempt.used_ms / 60_000, attempt.allowed_ms / 60_000);
    writeln!(out, "<p>{} · {} · {used} of {allowed} min · hints: {}{assisted}</p>", text(&attempt.level), attempt.mode.name(), attempt.hints)?;
    for corrected in &entry.corrections {
        let (at, field) = (minute(corrected.corrected_at), corrected.field.name());
        writeln!(out, "<p class=\"dim\">Corrected {at}: {field} was {}.</p>", text(&corrected.was))?;
    }
    attempt.result().map_or(Ok(()), |score| lines(out, score))?;
    for (phase, notes) in entry.notes.iter().filter(|(_, notes)| !notes.trim().is_empty()) {
        let name = entry.phases.iter().find(|known| known.id == *phase).map_or(phase, |known| &known.name);
        writeln!(out, "<h3>{}</h3><pre>{}</pre>", text(name), text(notes.trim_end()))?;
    }
    writeln!(out, "</details>")
}

fn lines(out: &mut dyn Write, score: &Score) -> io::Result<()> {
    writeln!(out, "<table><tr><th>line<th>points<th>of<th>evidence</tr>")?;
    for line in &score.lines {
        let evidence = if line.reached { text(&line.evidence) } else { "<em>not reached</em>".to_owned() };
        writeln!(out, "<tr><td>{}<td class=n>{}<td class=n>{}<td>{evidence}</tr>", text(&line.line), short(line.points), short(line.of))?;
    }
    writeln!(out, "</table>")
}
