//! Two attempts side by side: the older left, the newer right; scores, time, and notes with what changed.

use super::Book;
use super::view::standing;
use crate::history::compare::{lines, notes};
use crate::prose::flat;
use crate::store::Entry;
use crate::tui::screens::scoring::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub fn draw(book: &Book, left: &str, right: &str, from: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let (Some(left), Some(right)) = (book.entry(left), book.entry(right)) else { return };
    let title =
        if left.attempt.problem == right.attempt.problem { left.attempt.title.clone() } else { format!("{} and {}", left.attempt.title, right.attempt.title) };
    let block = popup::focused(&title, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let told = told(book, left, right, usize::from(inner.width), theme);
    let (from, length) = (from.min(told.len().saturating_sub(usize::from(inner.height))), told.len());
    for (row, line) in inner.rows().zip(told.into_iter().skip(from)) {
        line.render(row, buf);
    }
    scroll::bar(area, from, length, buf, theme);
}

fn told(book: &Book, left: &Entry, right: &Entry, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut all = heads(left, right, cols, theme);
    all.push(Line::default());
    all.extend(scores(book, left, right, cols, theme));
    all.extend(times(left, right, cols, theme));
    for phase in notes(left, right) {
        if phase.rows.is_empty() {
            continue;
        }
        all.push(Line::default());
        all.push(Line::styled(format!("Notes: {}", phase.name), theme.title));
        all.extend(phase.rows.iter().flat_map(|row| pair(row.left.as_deref(), row.right.as_deref(), cols, theme)));
    }
    all
}

/// A half each, and three cells between.
fn half(cols: usize) -> usize {
    cols.saturating_sub(3) / 2
}

fn heads(left: &Entry, right: &Entry, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let when = |entry: &Entry| entry.attempt.started_at.with_timezone(&chrono::Local).format("%d %b %Y %H:%M").to_string();
    let used = |entry: &Entry| format!("{} · {} of {} min", entry.attempt.mode.name(), entry.attempt.used_ms / 60_000, entry.attempt.allowed_ms / 60_000);
    let (half, bar) = (half(cols), theme.pick(" │ ", " | "));
    let row = |left: String, right: String, style: Style| {
        Line::from(vec![Span::styled(text::pad(&left, half), style), Span::styled(bar, theme.border), Span::styled(text::fit(&right, half), style)])
    };
    let result = |entry: &Entry| standing(&entry.attempt, theme).0;
    vec![row(when(left), when(right), theme.title), row(used(left), used(right), theme.dim), row(result(left), result(right), theme.accent)]
}

/// One row a line of the rubric: before, after, and the difference in words.
fn scores(book: &Book, left: &Entry, right: &Entry, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let points = |points: Option<f64>| points.map_or("-".to_owned(), short);
    let mut rows = Vec::new();
    let mut row = |name: &str, left: Option<f64>, right: Option<f64>, of: &str| {
        let change = left.zip(right).map_or(0.0, |(left, right)| right - left);
        let (tail, style) = match change {
            change if change > 0.0 => (format!("+{}", short(change)), theme.good),
            change if change < 0.0 => (short(change), theme.bad),
            _ => ("=".to_owned(), theme.dim),
        };
        let numbers = format!("{:>5} → {:<5} {of:<6}", points(left), points(right));
        let says = text::pad(name, cols.saturating_sub(Span::raw(numbers.as_str()).width() + 8));
        rows.push(Line::from(vec![Span::raw(says), Span::styled(format!(" {numbers} "), theme.dim), Span::styled(format!("{tail:>5}"), style)]));
    };
    let total = |entry: &Entry| entry.attempt.result().map(|score| score.total);
    row("Score", total(left), total(right), "of 50");
    for line in lines(left, right) {
        row(&flat(book.line(&right.attempt.problem, &line.line)), line.left, line.right, &format!("of {}", short(line.of)));
    }
    let dimensions = |entry: &Entry| entry.attempt.result().map(|score| score.dimensions.clone()).unwrap_or_default();
    let (before, after) = (dimensions(left), dimensions(right));
    for id in after.keys().chain(before.keys().filter(|id| !after.contains_key(*id))) {
        row(id, before.get(id).map(|step| f64::from(*step)), after.get(id).map(|step| f64::from(*step)), "of 5");
    }
    rows
}

fn times(left: &Entry, right: &Entry, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    for phase in &right.phases {
        let Some(before) = left.phases.iter().find(|known| known.id == phase.id) else { continue };
        if rows.is_empty() {
            rows.extend([Line::default(), Line::styled("Minutes per phase", theme.title)]);
        }
        let minutes = |ms: u64| short(ms as f64 / 60_000.0);
        let tail = format!("{:>5} → {:<5} of {:<4}", minutes(before.spent_ms), minutes(phase.spent_ms), minutes(phase.plan_ms));
        let says = text::pad(&phase.name, cols.saturating_sub(Span::raw(tail.as_str()).width() + 1));
        rows.push(Line::from(vec![Span::raw(says), Span::styled(format!(" {tail}"), theme.dim)]));
    }
    rows
}

/// A line of notes on each side. What only one side has is marked there, besides its colour.
fn pair(left: Option<&str>, right: Option<&str>, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
    let same = left == right;
    let half = half(cols).saturating_sub(2);
    let wrapped = |side: Option<&str>| side.map_or_else(Vec::new, |side| if side.trim().is_empty() { vec![String::new()] } else { text::wrap(side, half) });
    let (lefts, rights) = (wrapped(left), wrapped(right));
    let styled = |mark: &'static str, style: Style| if same { ("  ", theme.text) } else { (mark, style) };
    let ((gone, gone_style), (come, come_style)) = (styled("- ", theme.bad), styled("+ ", theme.good));
    (0..lefts.len().max(rights.len()))
        .map(|n| {
            let of = |side: &[String], mark: &'static str| side.get(n).map_or(("  ", String::new()), |line| (mark, line.clone()));
            let ((left_mark, left), (right_mark, right)) = (of(&lefts, gone), of(&rights, come));
            Line::from(vec![
                Span::styled(format!("{left_mark}{}", text::pad(&left, half)), gone_style),
                Span::styled(theme.pick(" │ ", " | "), theme.border),
                Span::styled(format!("{right_mark}{}", text::fit(&right, half)), come_style),
            ])
        })
        .collect()
}
