//! The pages of a result as lines: the debrief above all, and what it is drawn from.

use super::super::view::{mark, short};
use super::super::{Scoring, proof};
use super::{Tab, numbers};
use crate::prose::{flat, plain};
use crate::score::{Lean, Leaning, Reading, Score, first_gap};
use crate::session::FIRST_PATH;
use crate::tui::screens::interview::{clock_digits, times};
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, prose, text};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The lines of a page, and the row that must stay in sight.
pub(super) fn page(screen: &Scoring, tab: Tab, score: &Score, cols: usize, theme: &Theme) -> (Vec<Line<'static>>, Option<usize>) {
    match tab {
        Tab::Debrief => (debrief(screen, score, cols, theme), None),
        Tab::Lines => (lines(screen, score, true, cols, theme), None),
        Tab::Time => (times::lines(&screen.session.time_table(), screen.session.mode().is_timed(), cols, theme), None),
        Tab::Numbers => numbers::page(screen, cols, theme),
        Tab::Eye => (eye(screen, cols, theme), None),
        Tab::Solution => (solution(screen, cols, theme), None),
        Tab::Hints => (hints(screen, cols, theme), None),
    }
}

/// A section of the debrief: its title, and what it says.
struct Section {
    title: String,
    says: Vec<String>,
}

fn section(title: impl Into<String>, says: Vec<String>) -> Section {
    Section { title: title.into(), says }
}

fn debrief(screen: &Scoring, score: &Score, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if screen.proof.is_running() {
        lines.push(Line::styled("Your numbers are running (x stops them)", theme.title));
        lines.push(screen.proof.bar(cols, theme));
        lines.push(Line::default());
    }
    for section in sections(screen, score) {
        lines.push(Line::styled(section.title, theme.title));
        for says in &section.says {
            lines.extend(hanging(says, cols, theme));
        }
        lines.push(Line::default());
    }
    lines
}

/// Wrapped; what begins with `- ` hangs under its first word.
fn hanging(says: &str, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (mark, says) = says.strip_prefix("- ").map_or(("", says), |rest| ("- ", rest));
    prose::hanging(mark, theme.text, says, theme.text, cols, theme)
}

fn sections(screen: &Scoring, score: &Score) -> Vec<Section> {
    let mut all = vec![section("Next (enter)", vec![screen.next().says])];
    match first_gap(&screen.problem, score) {
        Some(gap) => all.push(section("First gap", vec![format!("{} ({} points)", gap.text.trim(), short(gap.lost)), gap.action])),
        None => all.push(section("No gap", vec!["Every line is full.".into()])),
    }
    all.extend(change(screen, score));
    all.extend(proved(screen));
    all.extend(estimated(screen));
    all.push(clock(screen));
    all.extend(unasked(screen));
    all.extend(help(screen));
    let mean = |mean: Option<f64>| mean.map_or("not judged".to_string(), |mean| format!("{mean:.1} of 5"));
    all.push(section("Beside the score", vec![format!("dimensions {} · communication {}", mean(score.dimensions_mean), mean(score.communication_mean))]));
    all.extend(judged(screen));
    all
}

/// What became of it since the attempt before.
fn change(screen: &Scoring, score: &Score) -> Option<Section> {
    let before = screen.debrief.before.as_ref()?;
    let old = before.result()?;
    let when = before.started_at.with_timezone(&chrono::Local).format("%-d %B");
    let mut says = vec![format!(
        "{} on {when}, {} now: {:+} points, {} to {}.",
        short(old.total),
        short(score.total),
        score.total - old.total,
        old.band.name(),
        score.band.name()
    )];
    let moved = |up: bool| {
        let lines = score.lines.iter().filter(|line| {
            let was = old.lines.iter().find(|was| was.line == line.line).map(|was| was.points);
            was.is_some_and(|was| if up { line.points > was } else { line.points < was })
        });
        let names: Vec<&str> = lines.filter_map(|line| screen.problem.rubric.iter().find(|card| card.id == line.line)).map(|card| card.line.trim()).collect();
        names.join("; ")
    };
    for (word, names) in [("better", moved(true)), ("worse", moved(false))] {
        if !names.is_empty() {
            says.push(format!("- {word}: {names}"));
        }
    }
    Some(section("Since last time", says))
}

fn proved(screen: &Scoring) -> Option<Section> {
    let known = screen.proof.verification()?;
    if known.trouble.is_some() {
        return Some(section("Your numbers, run", vec!["They cannot run together: see page 4.".into()]));
    }
    let mut says = vec![format!(
        "{} of {} objectives met{}.",
        known.met(),
        known.claims.len(),
        if known.changes.is_empty() { "" } else { ", with the interviewer's change" }
    )];
    if let Some(swing) = known.knob_that_matters() {
        says.push(format!("It hangs on {}: page 4 says by how much.", swing.knob));
    }
    let open = known.unsized_numbers().count();
    if open > 0 {
        says.push(format!("Not sized: {open} of {}; the design's defaults ran in their place.", known.numbers.len()));
    }
    Some(section("Your numbers, run", says))
}

fn estimated(screen: &Scoring) -> Option<Section> {
    let steps = screen.steps();
    if steps.is_empty() {
        return None;
    }
    let near = steps.iter().filter(|step| matches!(step.close(), Some(crate::score::Close::Near | crate::score::Close::Order))).count();
    let off: Vec<String> =
        steps.iter().filter(|step| step.close() == Some(crate::score::Close::Off)).map(|step| format!("- {}: {}", step.ask.trim(), step.says())).collect();
    let open = steps.iter().filter(|step| step.yours.is_none()).count();
    let open = if open == 0 { String::new() } else { format!(", {open} not estimated") };
    let mut says = vec![format!("{near} of {} within ten times{open} (page 4; p says which line answers what)", steps.len())];
    says.extend(off);
    Some(section("Estimates", says))
}

fn clock(screen: &Scoring) -> Section {
    let table = screen.session.time_table();
    let path = screen
        .session
        .marks()
        .get(FIRST_PATH)
        .map_or("A first full path was not marked (F9 marks it).".to_string(), |at| format!("The first full path stood at {}.", clock_digits(*at)));
    let mut says = vec![path];
    if let Some(worst) = table.rows.iter().filter(|row| !row.over.is_zero()).max_by_key(|row| row.over) {
        says.push(format!("Longest over its plan: {}, by {}.", worst.name, clock_digits(worst.over)));
    }
    section("Time", says)
}

/// Asking costs nothing; not asking is noticed.
fn unasked(screen: &Scoring) -> Option<Section> {
    let unasked: Vec<String> = screen.session.unasked().map(|fact| format!("- {} {}", fact.ask.trim(), fact.answer.trim())).collect();
    if screen.session.plan().facts.is_empty() {
        return None;
    }
    Some(if unasked.is_empty() {
        section("Asked", vec!["Every fact the card has.".into()])
    } else {
        section(format!("Not asked: {} of {}", unasked.len(), screen.session.plan().facts.len()), unasked)
    })
}

fn help(screen: &Scoring) -> Option<Section> {
    let session = &screen.session;
    let of = |n: usize| session.plan().phases.get(n).map_or("", |phase| phase.name.as_str());
    let mut says: Vec<String> = (0..session.plan().phases.len())
        .filter(|n| session.hints_of(*n) > 0)
        .map(|n| format!("- {}: {}", of(n), text::count(session.hints_of(n), "hint")))
        .collect();
    says.extend(
        (0..session.plan().phases.len()).filter(|n| session.is_revealed(*n)).map(|n| format!("- {}: solution revealed, so the attempt is assisted", of(n))),
    );
    (!says.is_empty()).then(|| section("Help taken", says))
}

/// The habit of judging oneself, once it is one.
fn judged(screen: &Scoring) -> Option<Section> {
    let all = screen.debrief.leanings.first().and_then(Leaning::lean)?;
    let mut says = vec![all.say()];
    let blind = screen.score(Reading::Blind).total;
    if let Some((total, band)) = screen.debrief.others.and_then(|lean| lean.corrected(blind)) {
        says.push(format!("Blind you gave {}; less your lean that is {:.1}, {}.", short(blind), total, band.name()));
    }
    Some(section("Your eye", says))
}

/// Every line of the rubric with its points: `whole` on a page of its own, else cut to a row.
pub(super) fn lines(screen: &Scoring, score: &Score, whole: bool, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut all = Vec::new();
    for line in &score.lines {
        let (mark, style) = mark(line.grade, line.reached, theme);
        let says = screen.problem.rubric.iter().find(|card| card.id == line.line).map_or(line.line.clone(), |card| flat(&card.line));
        let tail = if line.reached { format!("{}/{}", short(line.points), short(line.of)) } else { "not reached".into() };
        let room = cols.saturating_sub(tail.len() + 3);
        let mut rows = if whole { text::wrap(&says, room) } else { vec![says] }.into_iter();
        let first = text::pad(&rows.next().unwrap_or_default(), room);
        all.push(Line::from(vec![Span::styled(format!("{mark} "), style), Span::raw(first), Span::styled(format!(" {tail}"), theme.dim)]));
        all.extend(rows.map(|row| Line::raw(format!("  {row}"))));
        if !line.evidence.is_empty() {
            let words = text::fit(&format!("“{}”", line.evidence), cols.saturating_sub(2));
            all.push(Line::styled(format!("  {words}"), theme.dim));
        }
    }
    let scales = screen.rubric.dimensions.iter().map(|scale| (scale, score.dimensions.get(&scale.id)));
    let scales = scales.chain(screen.rubric.communication.iter().map(|scale| (scale, score.communication.get(&scale.id))));
    all.push(Line::default());
    for (scale, step) in scales {
        let tail = step.map_or("not judged".to_string(), |step| format!("{step} of 5"));
        let says = text::pad(&scale.title, cols.saturating_sub(tail.len() + 3));
        all.push(Line::from(vec![Span::raw("  "), Span::raw(says), Span::styled(format!(" {tail}"), theme.dim)]));
    }
    all
}

/// Blind less informed over time: as a whole, then scale by scale.
fn eye(screen: &Scoring, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let say = |lines: &mut Vec<Line<'static>>, says: &str, style: Style| lines.extend(text::wrap(says, cols).into_iter().map(|line| Line::styled(line, style)));
    if let Some(judged) = judged(screen) {
        for says in judged.says {
            say(&mut lines, &says, theme.text);
        }
        lines.push(Line::default());
    }
    if screen.debrief.leanings.is_empty() {
        say(&mut lines, "No attempt was judged both ways yet.", theme.dim);
        return lines;
    }
    say(&mut lines, "Blind less informed, attempt by attempt, the latest last. Above zero you judged too kindly, below it too harshly.", theme.dim);
    lines.push(Line::default());
    for leaning in &screen.debrief.leanings {
        let scales = screen.rubric.dimensions.iter().chain(&screen.rubric.communication);
        let title = match &leaning.scale {
            None => "total, points".to_string(),
            Some(id) => scales.clone().find(|scale| scale.id == *id).map_or(id.clone(), |scale| scale.title.clone()),
        };
        lines.push(leaning_line(leaning, &title, cols, theme));
    }
    if screen.debrief.leanings.first().is_some_and(|all| all.values.len() < Lean::ENOUGH) {
        lines.push(Line::default());
        say(&mut lines, &format!("From {} attempts on, your band is corrected by your lean.", Lean::ENOUGH), theme.dim);
    }
    lines
}

fn leaning_line(leaning: &Leaning, title: &str, cols: usize, theme: &Theme) -> Line<'static> {
    /// So many attempts are shown one by one.
    const SHOWN: usize = 8;
    let mean = leaning.lean().map_or(0.0, |lean| lean.mean);
    let most = leaning.values.iter().fold(1.0, |most: f64, value| most.max(value.abs()));
    let last: Vec<f64> = leaning.values.iter().rev().take(SHOWN).rev().copied().collect();
    // A column has no sign: the values stand beside it.
    let spark = meter::spark(&last.iter().map(|value| value + most).collect::<Vec<_>>(), 2.0 * most, theme);
    let values: Vec<String> = last.iter().map(|value| format!("{value:+}")).collect();
    let name = text::pad(title, (cols / 3).clamp(10, 30));
    let tail = text::fit(&values.join(" "), cols.saturating_sub((cols / 3).clamp(10, 30) + 20));
    Line::from(vec![
        Span::styled(name, theme.text),
        Span::styled(format!(" {mean:+5.1} "), theme.title),
        Span::styled(text::pad(&spark, SHOWN + 1), theme.accent),
        Span::styled(tail, theme.dim),
    ])
}

/// The phase that was asked for first.
fn solution(screen: &Scoring, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut sections: Vec<_> = screen.solution.iter().collect();
    sections.sort_by_key(|section| Some(&section.phase) != screen.debrief.phase.as_ref());
    let mut lines = Vec::new();
    for section in sections {
        lines.extend(section.text.lines(u16::try_from(cols).unwrap_or(u16::MAX), theme, None).iter().cloned());
        lines.push(Line::default());
    }
    if lines.is_empty() {
        lines.push(Line::styled("This card has no solution.", theme.dim));
    }
    lines
}

fn hints(screen: &Scoring, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut phases: Vec<_> = screen.session.plan().phases.iter().enumerate().filter(|(_, phase)| !phase.hints.is_empty()).collect();
    phases.sort_by_key(|(_, phase)| Some(&phase.id) != screen.debrief.phase.as_ref());
    let mut lines = Vec::new();
    for (n, phase) in phases {
        let taken = screen.session.hints_of(n);
        lines.push(Line::from(vec![
            Span::styled(phase.name.clone(), theme.title),
            Span::styled(format!("  {taken} of {} taken", phase.hints.len()), theme.dim),
        ]));
        for (step, says) in phase.hints.iter().enumerate() {
            lines.push(Line::styled(["nudge", "point", "answer"][step % 3], theme.accent));
            lines.extend(prose::hanging("  ", theme.text, says, theme.text, cols, theme));
        }
        lines.push(Line::default());
    }
    if lines.is_empty() {
        lines.push(Line::styled("This card has no hints.", theme.dim));
    }
    lines
}

/// As `hanging`, in plain words.
fn in_words(says: &str) -> String {
    says.strip_prefix("- ").map_or_else(|| plain(says), |rest| format!("- {}", plain(rest)))
}

/// The result as text, for the clipboard.
pub(super) fn text(screen: &Scoring) -> String {
    let score = screen.score(Reading::Informed);
    let mut text = format!("{}: {} of 50, {}\n", screen.attempt.title, short(score.total), score.band.name());
    for section in sections(screen, &score) {
        text.push_str(&format!("\n{}\n{}\n", section.title, section.says.iter().map(|says| in_words(says)).collect::<Vec<_>>().join("\n")));
    }
    if screen.proof.verification().is_some() {
        let plain = Theme::with(crate::tui::theme::Mode::Plain, crate::tui::theme::Glyphs::Unicode, false);
        text.push('\n');
        for line in screen.proof.lines(proof::Tell::Everything, 100, &plain) {
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}
