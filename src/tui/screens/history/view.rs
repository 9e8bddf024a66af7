//! How the history looks: a line of sums, the attempts, the trends, the chosen attempt.

use super::{Book, History};
use crate::history::Trend;
use crate::score::Score;
use crate::store::{Attempt, Entry, State};
use crate::tui::screens::interview::clock_digits;
use crate::tui::screens::scoring::{grade_mark, short};
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub fn draw(screen: &History, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [sums, rest] = area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    let Some(book) = &screen.book else {
        Line::styled(" reading the history", theme.dim).render(sums, buf);
        return;
    };
    Line::styled(format!(" {}", sums_of(book)), theme.dim).render(sums, buf);
    if book.entries.is_empty() {
        draw_nothing(rest, buf, theme);
        return;
    }
    let [left, right] = rest.layout(&Layout::horizontal([Constraint::Percentage(52), Constraint::Fill(1)]));
    let trends: Vec<&Trend> = book.trends.iter().filter(|trend| screen.only.as_ref().is_none_or(|only| trend.problem == *only)).collect();
    let most = u16::try_from(trends.len() + 2).unwrap_or(u16::MAX).min(left.height / 3).max(3);
    let [attempts, lines] = left.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(most)]));
    draw_attempts(screen, attempts, buf, theme);
    draw_trends(&trends, lines, buf, theme);
    draw_entry(screen, right, buf, theme);
    if screen.doomed.is_some() {
        let inner = popup::draw("Delete this attempt?", 60, 6, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        Line::raw("Its notes and its scores go with it. There is no way back.").render(body, buf);
        Line::styled("y delete · any other key keeps it", theme.dim).render(foot, buf);
    }
}

fn draw_nothing(area: Rect, buf: &mut Buffer, theme: &Theme) {
    let middle = Rect { y: area.y + area.height / 2, height: area.height.min(1), ..area }.intersection(area);
    Line::styled("Nothing yet. m on a problem sits its interview; what comes of it stands here.", theme.dim).centered().render(middle, buf);
}

fn sums_of(book: &Book) -> String {
    let hours = book.time.as_secs() as f64 / 3600.0;
    let mut parts = vec![format!("{hours:.1} h on the clock")];
    let ranges = book.calibration.ranges;
    if ranges.of > 0 {
        parts.push(format!("80 % ranges held {} of {}", ranges.hit, ranges.of));
    }
    let choices = book.calibration.choices;
    if choices.of > 0 {
        parts.push(format!("choices right {} of {}", choices.hit, choices.of));
    }
    if let Some(lean) = &book.lean {
        parts.push(lean.say());
    }
    parts.join(" · ")
}

fn draw_attempts(screen: &History, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::focused("Attempts", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let entries = screen.entries();
    let from = scroll::window(screen.chosen, inner.height, entries.len());
    for (n, entry) in entries.iter().enumerate().skip(from).take(usize::from(inner.height)) {
        let row = Rect { y: inner.y + u16::try_from(n - from).unwrap_or(0), height: 1, ..inner };
        let attempt = &entry.attempt;
        let when = attempt.started_at.with_timezone(&chrono::Local).format("%d %b %H:%M").to_string();
        let (tail, style) = standing(attempt, theme);
        let cols = usize::from(row.width).saturating_sub(when.len() + Span::raw(tail.as_str()).width() + 5);
        let spans = vec![
            Span::styled(format!(" {when}  "), theme.dim),
            Span::raw(text::pad(&attempt.title, cols)),
            Span::raw(" "),
            Span::styled(format!("{tail} "), style),
        ];
        Line::from(spans).render(row, buf);
        if n == screen.chosen {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(area, from, entries.len(), buf, theme);
}

fn standing(attempt: &Attempt, theme: &Theme) -> (String, Style) {
    match (attempt.state, attempt.result()) {
        (State::Live, _) => (format!("cut off at {}", clock_digits(std::time::Duration::from_millis(attempt.used_ms))), theme.warn),
        (State::Abandoned, _) => ("given up".into(), theme.dim),
        (State::Finished, None) => ("not scored".into(), theme.warn),
        (State::Finished, Some(score)) => (format!("{} {}", short(score.total), score.band.name()), theme.accent),
    }
}

fn draw_trends(trends: &[&Trend], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("Trend by problem", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    for (row, trend) in inner.rows().zip(trends) {
        let best = trend.best().map_or("-".to_string(), short);
        let last = trend.last().map_or("-".to_string(), short);
        let tail = format!("best {best} last {last}");
        let few: Vec<f64> = trend.totals.iter().rev().take(12).rev().copied().collect();
        let line = text::pad(&meter::spark(&few, crate::score::POINTS, theme), 12);
        let cols = usize::from(row.width).saturating_sub(tail.len() + 16);
        let spans = vec![
            Span::raw(" "),
            Span::raw(text::pad(&trend.title, cols)),
            Span::raw(" "),
            Span::styled(line, theme.accent),
            Span::styled(format!(" {tail}"), theme.dim),
        ];
        Line::from(spans).render(row, buf);
    }
}

fn draw_entry(screen: &History, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let title = screen.entry().map_or("", |entry| entry.attempt.title.as_str());
    let block = popup::frame(title, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let (Some(entry), Some(book)) = (screen.entry(), &screen.book) else { return };
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let lines = told(book, entry, usize::from(inner.width), theme);
    let from = screen.from.min(lines.len().saturating_sub(usize::from(inner.height)));
    let length = lines.len();
    for (row, line) in inner.rows().zip(lines.into_iter().skip(from)) {
        line.render(row, buf);
    }
    scroll::bar(area, from, length, buf, theme);
}

fn told(book: &Book, entry: &Entry, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let attempt = &entry.attempt;
    let of = |ms: u64| clock_digits(std::time::Duration::from_millis(ms));
    let assisted = if attempt.assisted { " · assisted" } else { "" };
    let head = format!(
        "{} · {} · {} of {} · {}{assisted}",
        attempt.level,
        attempt.mode.name(),
        of(attempt.used_ms),
        of(attempt.allowed_ms),
        text::count(attempt.hints as usize, "hint")
    );
    let mut lines: Vec<Line<'static>> = text::wrap(&head, cols).into_iter().map(|line| Line::styled(line, theme.dim)).collect();
    if let Some(score) = attempt.result() {
        lines.push(Line::default());
        lines.extend(scored(book, attempt, score, cols, theme));
    }
    for (phase, notes) in entry.notes.iter().filter(|(_, notes)| !notes.trim().is_empty()) {
        lines.push(Line::default());
        lines.push(Line::styled(format!("Notes: {phase}"), theme.title));
        lines.extend(text::wrap(notes.trim_end(), cols).into_iter().map(Line::raw));
    }
    lines
}

fn scored(book: &Book, attempt: &Attempt, score: &Score, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let late = if score.penalty > 0 { format!(" - {} late", score.penalty) } else { String::new() };
    let blind = attempt.blind.as_ref().map_or(String::new(), |blind| format!(" · blind {}", short(blind.total)));
    let sum = format!("{} of 50, {} ({}{late}{blind})", short(score.total), score.band.name(), short(score.points));
    let mut lines = vec![Line::styled(sum, theme.title)];
    for line in &score.lines {
        let (mark, style) = grade_mark(line.grade, line.reached, theme);
        let tail = if line.reached { format!("{}/{}", short(line.points), short(line.of)) } else { "not reached".into() };
        // A line that has left its card is told by its id.
        let says = book.lines.get(&(attempt.problem.clone(), line.line.clone())).unwrap_or(&line.line);
        let says = text::pad(says, cols.saturating_sub(tail.len() + 3));
        lines.push(Line::from(vec![Span::styled(format!("{mark} "), style), Span::raw(says), Span::styled(format!(" {tail}"), theme.dim)]));
    }
    for (name, mean) in [("dimensions", score.dimensions_mean), ("communication", score.communication_mean)] {
        if let Some(mean) = mean {
            lines.push(Line::styled(format!("{name} {mean:.1} of 5"), theme.dim));
        }
    }
    lines
}
