//! How the history looks: a line of views and sums, then the chosen view; forms over it.

use super::{Book, History, View, calendar, compare, detail, predictions, trends};
use crate::history::Trend;
use crate::store::{Attempt, KEPT_DAYS, State};
use crate::tui::screens::interview::clock_digits;
use crate::tui::screens::scoring::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub fn draw(screen: &History, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let area = area.intersection(buf.area);
    let [top, rest] = area.layout(&Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]));
    let Some(book) = &screen.book else {
        Line::styled(" reading the history", theme.dim).render(top, buf);
        return;
    };
    draw_top(screen, book, top, buf, theme);
    if book.past.entries.is_empty() && book.past.predictions.is_empty() && book.past.stints.is_empty() {
        draw_nothing(rest, buf, theme);
    } else if let Some((left, right)) = &screen.compared {
        compare::draw(book, left, right, screen.from, rest, buf, theme);
    } else {
        match screen.view {
            View::Attempts => draw_attempts_view(screen, book, rest, buf, theme),
            View::Calendar => calendar::draw(book, screen.day(), rest, buf, theme),
            View::Trends => trends::draw(book, screen.charted, rest, buf, theme),
            View::Predictions => predictions::draw(book, screen.missed, screen.by_date, screen.from, rest, buf, theme),
        }
    }
    if screen.doomed.is_some() {
        let inner = popup::draw("Delete this attempt?", 64, 6, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        Line::raw(format!("Its notes and scores go too. u brings it back for {KEPT_DAYS} days.")).render(body, buf);
        Line::styled("y delete · any other key keeps it", theme.dim).render(foot, buf);
    }
    if let Some(form) = &screen.form {
        form.draw(area, buf, theme);
    }
}

/// The views by number, then the sums as far as there is room.
fn draw_top(screen: &History, book: &Book, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let mut line = Line::default();
    for (n, view) in View::ALL.into_iter().enumerate() {
        let here = view == screen.view;
        line.push_span(Span::styled(format!(" {} ", n + 1), theme.key));
        line.push_span(Span::styled(view.name(), if here { theme.title.patch(theme.selected) } else { theme.dim }));
    }
    let mut gap = "   ";
    for says in book.look.sums() {
        let part = Span::styled(format!("{gap}{says}"), theme.dim);
        // A sum cut in the middle would be another number.
        if line.width() + part.width() > usize::from(area.width) {
            break;
        }
        line.push_span(part);
        gap = " · ";
    }
    line.render(area, buf);
}

fn draw_nothing(area: Rect, buf: &mut Buffer, theme: &Theme) {
    let middle = Rect { y: area.y + area.height / 2, height: area.height.min(1), ..area }.intersection(area);
    Line::styled("Nothing yet. m on a problem sits its interview; what comes of it stands here.", theme.dim).centered().render(middle, buf);
}

fn draw_attempts_view(screen: &History, book: &Book, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [left, right] = area.layout(&Layout::horizontal([Constraint::Percentage(52), Constraint::Fill(1)]));
    let only = screen.filter.problem.as_ref();
    let trends: Vec<&Trend> = book.look.trends.iter().filter(|trend| only.is_none_or(|only| trend.problem == *only)).collect();
    let most = u16::try_from(trends.len() + 2).unwrap_or(u16::MAX).min(left.height / 3).max(3);
    let [attempts, lines] = left.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(most)]));
    draw_attempts(screen, attempts, buf, theme);
    draw_trends(&trends, lines, buf, theme);
    detail::draw(screen, book, right, buf, theme);
}

fn draw_attempts(screen: &History, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let says = screen.filter.says().join(" · ");
    let block = popup::focused(if says.is_empty() { "Attempts" } else { &says }, theme);
    let mut inner = block.inner(area);
    block.render(area, buf);
    if screen.searching || !screen.words.text().is_empty() {
        let row = Rect { height: inner.height.min(1), ..inner };
        let mut line = Line::from(Span::styled(" /", theme.key));
        if screen.searching {
            line.extend(screen.words.spans(theme.text, theme));
        } else {
            line.push_span(Span::styled(screen.words.text().to_owned(), theme.accent));
        }
        line.render(row, buf);
        inner = Rect { y: inner.y + row.height, height: inner.height - row.height, ..inner };
    }
    let entries = screen.entries();
    if entries.is_empty() {
        Line::styled("No attempt fits. esc clears what was asked.", theme.dim).centered().render(inner, buf);
        return;
    }
    let from = scroll::window(screen.chosen, inner.height, entries.len());
    for ((n, entry), row) in entries.iter().enumerate().skip(from).zip(inner.rows()) {
        let marked = screen.marked.as_ref() == Some(&entry.attempt.id);
        draw_attempt(&entry.attempt, marked, !entry.corrections.is_empty(), row, buf, theme);
        if n == screen.chosen {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(area, from, entries.len(), buf, theme);
}

fn draw_attempt(attempt: &Attempt, marked: bool, corrected: bool, row: Rect, buf: &mut Buffer, theme: &Theme) {
    let when = attempt.started_at.with_timezone(&chrono::Local).format("%d %b %H:%M").to_string();
    let (tail, style) = standing(attempt, theme);
    let mark = if marked { theme.pick("◆", "*") } else { " " };
    let mended = if corrected { " c" } else { "" };
    let cols = usize::from(row.width).saturating_sub(when.len() + Span::raw(tail.as_str()).width() + mended.len() + 5);
    let spans = vec![
        Span::styled(mark, theme.accent),
        Span::styled(format!("{when}  "), theme.dim),
        Span::raw(text::pad(&attempt.title, cols)),
        Span::styled(mended, theme.dim),
        Span::raw(" "),
        Span::styled(format!("{tail} "), style),
    ];
    Line::from(spans).render(row, buf);
}

pub fn standing(attempt: &Attempt, theme: &Theme) -> (String, Style) {
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
