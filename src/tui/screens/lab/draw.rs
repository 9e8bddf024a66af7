//! Drawing the lab.

use super::layout::{Panes, View, what};
use super::{LabScreen, WINDOWS};
use crate::catalog::RunFile;
use crate::catalog::expect::significant;
use crate::lab::checkpoints::Moment;
use crate::lab::owner::letter;
use crate::lab::smooth;
use crate::lab::timeline::MarkKind;
use crate::lab::{Frame, Window, objectives};
use crate::tui::panes::{self, chart::Chart, markdown::Markdown};
use crate::tui::screen::Header;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::invariant::{InvariantSpec, Verdict};
use sims::kernel::metric::Shape;
use sims::kernel::time::Time;
use sims::kernel::view::{Bar, Line as Series, State, View as Data};

pub fn header(screen: &LabScreen, theme: &Theme) -> Header {
    let frame = &screen.frame;
    // On a small terminal the marks matter more than the word.
    let narrow = screen.drawn.get().width < 100;
    let mut right = vec![Span::raw(if narrow { "" } else { "invariants " })];
    for (_, verdict) in &frame.verdicts {
        let (mark, style) = lamp(verdict, theme);
        right.push(Span::styled(mark, style));
    }
    if !frame.compared.is_empty() {
        right.push(Span::raw(if narrow { " " } else { "  runs " }));
        for n in 0..frame.compared.len() {
            let style = if n == frame.chosen { theme.selected } else { theme.line(n) };
            right.push(Span::styled(if n == frame.chosen { format!("[{}]", letter(n)) } else { letter(n).to_string() }, style));
        }
    }
    if !frame.faults.is_empty() {
        right.push(Span::styled(format!("  {}", text::count(frame.faults.len(), "fault")), theme.warn));
    }
    let motion = motion(frame, narrow, theme);
    let width = |spans: &[Span<'_>]| spans.iter().map(Span::width).sum::<usize>();
    // The timeline tells of faults as well: where room is scarcest, they give way to the marks of the laws.
    if narrow && !frame.faults.is_empty() && width(&right) + width(&motion) + HEADER_REST > usize::from(screen.drawn.get().width) {
        right.pop();
    }
    // The title gives way: it is known, the rest changes. Then the seed: marks of broken laws are never dropped for it.
    let taken = width(&right) + width(&motion) + "Lab ·     F1 help  ".len();
    let left_of = |moment: &str| usize::from(screen.drawn.get().width).saturating_sub(taken + moment.chars().count());
    let moments = [format!(" · seed {} · {}  ", frame.seed, frame.now), format!(" · {}  ", frame.now)];
    let moment = moments.iter().find(|moment| left_of(moment) >= TITLE_LEAST).unwrap_or(&moments[1]);
    let room = left_of(moment).clamp(TITLE_LEAST, 28);
    let mut left = vec![Span::raw(format!("Lab · {}{moment}", text::fit(&screen.title, room)))];
    left.extend(motion);
    Header { left: Line::from(left), right: Line::from(right), ..Header::default() }
}

/// Cells of the title that are left at least.
const TITLE_LEAST: usize = 7;

/// Cells of a header beside its marks and its motion: name, title, moment, help.
const HEADER_REST: usize = 40;

/// The least width of a chart's window in seconds.
const YOUNG_S: f64 = 10.0;

/// Whether it moves, and how fast.
fn motion(frame: &Frame, narrow: bool, theme: &Theme) -> Vec<Span<'static>> {
    if let Some(words) = &frame.panicked {
        return vec![Span::styled(format!("the design panicked: {}", text::fit(words, 40)), theme.bad)];
    }
    if let Some(seeking) = &frame.seeking {
        let to = match seeking.to {
            Moment::At(to) => format!("to {to}"),
            Moment::Events(events) => format!("to event {events}"),
        };
        let percent = (seeking.share * 100.0) as u32;
        return vec![Span::styled(format!("{} {to} {percent} %  esc stops", theme.pick("»", ">>")), theme.warn)];
    }
    let (mark, word, style) = match (frame.ended, frame.playing) {
        (true, _) => (theme.pick("■", "#"), "ended", theme.dim),
        (_, true) => (theme.pick("▶", ">"), "", theme.good),
        _ => (theme.pick("‖", "="), "paused", theme.warn),
    };
    // What stands has no pace: on a small terminal the word is enough.
    let says = if narrow && !word.is_empty() { format!("{mark} {word}") } else { format!("{mark} {} {word}", frame.pace) };
    let mut spans = vec![Span::styled(says, style)];
    if frame.behind {
        spans.push(Span::styled(" behind", theme.warn));
    }
    spans
}

/// Mark and style of a lamp: told without colour as well.
pub fn lamp(verdict: &Verdict, theme: &Theme) -> (&'static str, Style) {
    match verdict {
        Verdict::Held => (theme.pick("✓", "+"), theme.good),
        Verdict::Broken { .. } => (theme.pick("✗", "x"), theme.bad),
        Verdict::Unknown => (theme.pick("·", "."), theme.dim),
        Verdict::Undecided { .. } => ("?", theme.warn),
    }
}

pub fn body(screen: &LabScreen, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let panes = Panes::of(area, screen.needs());
    view(screen, screen.view(&panes), true, panes.main, buf, theme);
    for (shown, area) in panes.chart_views(&screen.charts).into_iter().zip(&panes.charts) {
        view(screen, shown, false, *area, buf, theme);
    }
    screen.knobs.draw(&screen.frame, panes.knobs, buf, theme);
    if let Some(area) = panes.lamps {
        lamps(&screen.frame, area, buf, theme);
    }
    screen.log.draw(&screen.frame, panes.log, buf, theme);
    screen.time.draw(&screen.frame, panes.time, buf, theme);
    if let Some(open) = &screen.popup {
        open.draw(&screen.frame, &screen.charts, &screen.stops, area, buf, theme);
    }
}

fn view(screen: &LabScreen, view: View, main: bool, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let place = main.then(|| {
        let panes = Panes::of(screen.drawn.get(), screen.needs());
        let count = screen.views(&panes).len();
        format!(" {}/{count} tab ", screen.main % count + 1)
    });
    let taken = place.as_ref().map_or(0, String::len) + 5;
    let mut block = popup::frame(&text::fit(&title(screen, view), usize::from(area.width).saturating_sub(taken)), theme);
    if let Some(place) = place {
        block = block.title_top(Line::styled(place, theme.dim).right_aligned());
    }
    if matches!(view, View::Lamps) {
        return lamps_in(&screen.frame, block, area, buf, theme);
    }
    let inner = block.inner(area);
    block.render(area, buf);
    if matches!(view, View::Compare) {
        return super::compare::draw(&screen.frame, inner, buf, theme);
    }
    if let (View::Story | View::Objectives, Some(file)) = (view, &screen.file) {
        let apart = Panes::of(screen.drawn.get(), screen.needs()).charts.is_empty();
        let mut lines = if matches!(view, View::Story) { story(file, inner, theme) } else { Vec::new() };
        if !apart || matches!(view, View::Objectives) {
            lines.extend(file_objectives(file, &screen.frame, inner, theme));
        } else {
            lines.push(Line::styled("tab: the objectives", theme.accent));
        }
        if screen.frame.now == Time::ZERO {
            lines.push(Line::raw(""));
            lines.push(Line::styled("Turn the knobs, then press space.", theme.accent));
        }
        return inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
    }
    if matches!(view, View::Reasons) {
        return panes::draw(&reasons(&screen.frame), inner, buf, theme);
    }
    let data = what(view, &screen.charts).and_then(|what| screen.frame.view(&what).cloned());
    match data {
        None => panes::empty("…", inner, buf, theme),
        Some(Data::Series(lines)) => {
            let runs = !screen.frame.compared.is_empty();
            let lines = shown_lines(screen, view, lines);
            let marks = marks(&screen.frame);
            let window = window(screen);
            let cursor = screen.time.cursor().map(Time::as_secs);
            Chart { marks: &marks, window: Some(window), cursor, runs, ..Chart::of(&lines) }.draw(inner, buf, theme);
        }
        Some(data) => panes::draw(&data, inner, buf, theme),
    }
}

/// Every reason with its count, the most frequent first; those that never happened stay, so that it is seen that they can.
fn reasons(frame: &Frame) -> Data {
    let all = frame.metric("failed").unwrap_or(0.0);
    if all == 0.0 {
        return Data::Empty("no request has failed since the end of the warm-up".into());
    }
    let count = |reason: &str| frame.metric(&format!("failed.{reason}")).unwrap_or(0.0);
    let mut reasons: Vec<(&str, f64)> = frame.design.reasons.iter().map(|reason| (*reason, count(reason))).collect();
    reasons.sort_by(|a, b| b.1.total_cmp(&a.1));
    let bar = |(reason, count): &(&str, f64)| Bar {
        name: (*reason).to_string(),
        value: *count,
        says: format!("{} · {} %", significant(*count), significant((count / all * 1000.0).round() / 10.0)),
        state: if *count > 0.0 { State::Warn } else { State::Idle },
    };
    Data::Bars(reasons.iter().map(bar).collect())
}

fn title(screen: &LabScreen, view: View) -> String {
    match view {
        View::Diagram => "Design".into(),
        View::Pane(pane) => pane.title.into(),
        View::SpaceTime => "Messages, the last 50 ms".into(),
        View::Chart(at) => {
            let group: &[&str] = screen.charts.groups.get(at).map_or(&[], Vec::as_slice);
            let one = compared_metric(screen, at);
            let shown = if screen.frame.compared.is_empty() { group } else { one.as_slice() };
            // A chart of a histogram shows its p99: that must be said, since its name does not.
            let of = if shown.iter().any(|name| is_histogram(screen, name)) { "p99 of " } else { "" };
            let names = format!("{of}{}", shown.join(", "));
            let smooth = if screen.smooth { format!(" · smoothed {}", smooth::constant(window(screen))) } else { String::new() };
            format!("{names} · {}{smooth}", WINDOWS[screen.window].1)
        }
        View::Histogram => screen.charts.histogram.unwrap_or("").into(),
        View::Reasons => "Failed requests by reason".into(),
        View::Lamps => "Invariants".into(),
        View::Story => "Challenge".into(),
        View::Objectives => "Objectives".into(),
        View::Compare => format!("{} runs compared", screen.frame.compared.len()),
    }
}

fn is_histogram(screen: &LabScreen, metric: &str) -> bool {
    screen.design().metrics.iter().any(|spec| spec.name == metric && matches!(spec.shape, Shape::Histogram { .. }))
}

/// One run's metrics, or one metric of every run; smoothed if that is wished.
fn shown_lines(screen: &LabScreen, view: View, own: Vec<Series>) -> Vec<Series> {
    let mut lines = match (view, screen.frame.compared.is_empty()) {
        (View::Chart(at), false) => of_runs(screen, at),
        _ => own,
    };
    // A metric's name ends in its unit where its kind has none.
    lines.iter_mut().filter(|line| line.unit.is_empty() && line.name.ends_with("_bytes")).for_each(|line| line.unit = "B".into());
    if screen.smooth {
        let constant = smooth::constant(window(screen));
        lines.iter_mut().for_each(|line| smooth::smooth(&mut line.points, constant.as_secs()));
    }
    lines
}

/// Which metric of a group is compared: a chart of three metrics in four runs could not be read.
fn compared_metric(screen: &LabScreen, at: usize) -> Option<&'static str> {
    let group = screen.charts.groups.get(at)?;
    group.get(screen.metric % group.len().max(1)).copied()
}

fn of_runs(screen: &LabScreen, at: usize) -> Vec<Series> {
    let (Some(metric), Some(what)) = (compared_metric(screen, at), what(View::Chart(at), &screen.charts)) else { return Vec::new() };
    let line = |run: &crate::lab::frame::Compared| {
        let view = run.series.iter().find(|(w, _)| *w == what).map(|(_, view)| view);
        match view {
            Some(Data::Series(lines)) => lines.iter().find(|line| line.name == metric).cloned(),
            _ => None,
        }
    };
    let empty = || Series { name: metric.into(), unit: String::new(), points: Vec::new() };
    screen.frame.compared.iter().map(|run| line(run).unwrap_or_else(empty)).collect()
}

/// What is to be done.
fn story(file: &RunFile, area: Rect, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Markdown::new(file.story.trim()).lines(area.width, theme, None).to_vec();
    lines.push(Line::raw(""));
    lines
}

/// How the objectives stand.
fn file_objectives(file: &RunFile, frame: &Frame, area: Rect, theme: &Theme) -> Vec<Line<'static>> {
    let cols = usize::from(area.width);
    let mut lines = Vec::new();
    let when = if frame.ended { "The objectives".to_string() } else { format!("The objectives so far (judged at {})", frame.length) };
    lines.push(Line::styled(when, theme.title));
    for met in objectives::of_file(file, &frame.outcome()).unwrap_or_default() {
        let (mark, style) = match (met.judged.passed, frame.ended) {
            (true, _) => (theme.pick("✓", "+"), theme.good),
            (false, true) => (theme.pick("✗", "x"), theme.bad),
            (false, false) => (theme.pick("·", "."), theme.warn),
        };
        let value = met.judged.left.map_or_else(String::new, |left| format!(" · now {}", significant(left)));
        let because = met.because.map_or_else(String::new, |why| format!(" · {why}"));
        let says = format!("{}{value}{because}", met.judged.text);
        let wrapped = text::wrap(&says, cols.saturating_sub(2));
        lines.extend(
            wrapped
                .into_iter()
                .enumerate()
                .map(|(n, line)| Line::from(vec![Span::styled(if n == 0 { format!("{mark} ") } else { "  ".into() }, style), Span::styled(line, theme.text)])),
        );
    }
    lines
}

/// The window of time that the charts show, in seconds.
fn window(screen: &LabScreen) -> (f64, f64) {
    let now = screen.frame.now.as_secs();
    match screen.time.window(WINDOWS[screen.window].0, screen.frame.now) {
        Window::All => (0.0, now.max(1e-3)),
        // While a run is younger than the window, its start stays at the left.
        // A young run fills the width instead of leaving most of it empty.
        Window::Between(from, to) => (from.as_secs(), to.as_secs()),
        Window::Last(span) => ((now - span.as_secs()).max(0.0), now.max(span.as_secs().min(YOUNG_S))),
    }
}

/// What was done when, for the charts.
fn marks(frame: &Frame) -> Vec<(f64, String)> {
    const MARKS_MAX: usize = 8;
    const MARK_COLS: usize = 18;
    let past = frame.marks.iter().rev().filter(|mark| mark.at <= frame.now && mark.kind != MarkKind::Break && mark.at > Time::ZERO).take(MARKS_MAX);
    past.map(|mark| (mark.at.as_secs(), text::fit(mark.says.trim_start_matches("set "), MARK_COLS))).collect()
}

fn lamps(frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
    lamps_in(frame, popup::frame("Invariants", theme), area, buf, theme);
}

fn lamps_in(frame: &Frame, block: ratatui::widgets::Block<'_>, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let inner = block.inner(area);
    block.render(area, buf);
    for (row, line) in inner.rows().zip(lamp_lines(frame, inner, theme)) {
        line.render(row, buf);
    }
}

/// The broken ones first with their sentence; the laws' sentences only where everything fits, two laws a row where not even their names do.
fn lamp_lines(frame: &Frame, area: Rect, theme: &Theme) -> Vec<Line<'static>> {
    let (cols, rows) = (usize::from(area.width), usize::from(area.height));
    let mut sorted: Vec<_> = frame.verdicts.iter().collect();
    sorted.sort_by_key(|(_, verdict)| !matches!(verdict, Verdict::Broken { .. }));
    let lines = |with_law: bool| sorted.iter().flat_map(|(spec, verdict)| lamp_of(spec, verdict, with_law, cols, theme)).collect::<Vec<_>>();
    for lines in [lines(true), lines(false)] {
        if lines.len() <= rows {
            return lines;
        }
    }
    let told = sorted.iter().take_while(|(_, verdict)| matches!(verdict, Verdict::Broken { .. } | Verdict::Undecided { .. })).count();
    let mut lines: Vec<Line<'static>> = sorted[..told].iter().flat_map(|(spec, verdict)| lamp_of(spec, verdict, false, cols, theme)).collect();
    let rest = &sorted[told..];
    // As many stand alone as there are rows for; the last ones share theirs.
    let pairs = (rest.len() + lines.len()).saturating_sub(rows).min(rest.len().div_ceil(2));
    let (alone, shared) = rest.split_at(rest.len().saturating_sub(2 * pairs));
    lines.extend(alone.iter().flat_map(|(spec, verdict)| lamp_of(spec, verdict, false, cols, theme)));
    let widest = |place: usize| shared.iter().skip(place).step_by(2).map(|(spec, _)| spec.id.len() + 3).max().unwrap_or(0);
    let left = widest(0).max(cols / 2).min(cols.saturating_sub(widest(1))).max(cols / 3);
    lines.extend(shared.chunks(2).map(|pair| {
        let widths = [left, cols.saturating_sub(left)];
        let spans = pair.iter().zip(widths).map(|((spec, verdict), width)| {
            let (mark, style) = lamp(verdict, theme);
            let brief = format!("{mark} {}", spec.id);
            let full = if matches!(verdict, Verdict::Unknown) { format!("{brief} not judged yet") } else { brief.clone() };
            let says = if full.chars().count() < width { full } else { brief };
            Span::styled(text::pad(&says, width.saturating_sub(1)) + " ", style)
        });
        Line::from(spans.collect::<Vec<_>>())
    }));
    if lines.len() > rows {
        lines.truncate(rows.saturating_sub(1));
        lines.push(Line::styled("and more: i shows all", theme.dim));
    }
    lines
}

/// A law's mark and name, and what is to be said of it.
fn lamp_of(spec: &InvariantSpec, verdict: &Verdict, with_law: bool, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let (mark, style) = lamp(verdict, theme);
    let more = match verdict {
        Verdict::Held => "",
        Verdict::Unknown => " not judged yet",
        Verdict::Undecided { .. } => " could not be decided",
        Verdict::Broken { .. } => " broken",
    };
    let says = match verdict {
        Verdict::Broken { at, detail, .. } => Some((format!("{at}: {detail}"), theme.text)),
        Verdict::Undecided { why } => Some((why.clone(), theme.text)),
        _ => with_law.then(|| (spec.says.to_string(), theme.dim)),
    };
    let mut lines = vec![Line::from(vec![Span::styled(format!("{mark} {}", spec.id), style), Span::styled(more, theme.dim)])];
    if let Some((says, style)) = says {
        lines.extend(text::wrap(&says, cols.saturating_sub(2)).into_iter().map(|l| Line::styled(format!("  {l}"), style)));
    }
    lines
}
