//! The calendar: a heat map of minutes a day, the chosen day, the weeks, the streak.

use super::Book;
use super::view::standing;
use crate::history::{Day, FLOOR_MIN, heat_step};
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, text};
use chrono::{Datelike, Days, Local, NaiveDate};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Left of the map: names of weekdays.
const NAMES: u16 = 5;
const YEAR_WEEKS: u16 = 53;

pub fn draw(book: &Book, day: NaiveDate, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [map, rest] = area.layout(&Layout::vertical([Constraint::Length(11), Constraint::Fill(1)]));
    draw_map(book, day, map, buf, theme);
    let [left, right] = rest.layout(&Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]));
    draw_day(book, day, left, buf, theme);
    draw_weeks(book, right, buf, theme);
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

/// Each step of minutes has a glyph of its own, so that no colour is needed.
fn glyph(step: usize, theme: &Theme) -> (&'static str, Style) {
    const GLYPHS: [&str; 5] = ["·", "░", "▒", "▓", "█"];
    const ASCII: [&str; 5] = [".", "-", "+", "x", "#"];
    let style = match step {
        0 => theme.dim,
        1 => theme.warn,
        4 => theme.accent.add_modifier(Modifier::BOLD),
        _ => theme.accent,
    };
    (if theme.ascii() { ASCII[step] } else { GLYPHS[step] }, style)
}

fn draw_map(book: &Book, chosen: NaiveDate, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let streak = &book.look.streak;
    let says = format!("Streak {} days · longest {} · {} min in seven days", streak.now, streak.longest, book.look.week_minutes());
    let block = popup::focused(&says, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    if inner.width < NAMES + 8 || inner.height < 9 {
        return;
    }
    let wide = if inner.width >= NAMES + 3 * YEAR_WEEKS { 3 } else { 2 };
    let weeks = ((inner.width - NAMES - 1) / wide).min(YEAR_WEEKS);
    let last = monday(book.look.today);
    // The chosen day stays in sight, however long ago.
    let newest = last.min(monday(chosen) + Days::new(7 * u64::from(weeks / 2))).max(monday(chosen));
    let first = newest - Days::new(7 * u64::from(weeks - 1));
    for (row, name) in [(0, "Mon"), (2, "Wed"), (4, "Fri")] {
        buf.set_string(inner.x + 1, inner.y + 1 + row, name, theme.dim);
    }
    for week in 0..weeks {
        let (monday, x) = (first + Days::new(7 * u64::from(week)), inner.x + NAMES + week * wide);
        if monday.day() <= 7 {
            buf.set_stringn(x, inner.y, monday.format("%b").to_string(), usize::from(inner.right().saturating_sub(x)), theme.dim);
        }
        for (row, day) in monday.iter_days().take(7).enumerate().filter(|(_, day)| *day <= book.look.today) {
            let (symbol, style) = glyph(heat_step(book.look.calendar.get(&day).map_or(0, Day::minutes)), theme);
            let y = inner.y + 1 + row as u16;
            buf.set_string(x, y, symbol.repeat(usize::from(wide - 1)), style);
            if day == chosen {
                buf.set_style(Rect { x, y, width: wide - 1, height: 1 }, Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD));
            }
        }
    }
    let mut legend = Line::from(Span::styled(format!("{:1$}", "", usize::from(NAMES)), theme.dim));
    for (step, says) in
        ["none".to_owned(), format!("under {FLOOR_MIN} min, does not count"), "under 30".into(), "under 60".into(), "more".into()].into_iter().enumerate()
    {
        let (symbol, style) = glyph(step, theme);
        legend.extend([Span::styled(symbol, style), Span::styled(format!(" {says}  "), theme.dim)]);
    }
    legend.render(Rect { y: inner.bottom() - 1, height: 1, ..inner }, buf);
}

fn draw_day(book: &Book, day: NaiveDate, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame(&day.format("%A, %d %B %Y").to_string(), theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let cols = usize::from(inner.width);
    let mut lines = Vec::new();
    match book.look.calendar.get(&day) {
        None => lines.push(Line::styled("nothing", theme.dim)),
        Some(done) => {
            let counts = if done.counts() { "" } else { ": too little to count" };
            lines.push(Line::raw(format!("{}{counts}", text::count(done.minutes() as usize, "minute"))));
            let mut parts = vec![("interviews", done.interview_ms)];
            parts.extend(done.practice_ms.iter().map(|(practice, ms)| (practice.name(), *ms)));
            for (name, ms) in parts.into_iter().filter(|(_, ms)| *ms > 0) {
                lines.push(Line::styled(format!("  {name} {} min", ms / 60_000), theme.dim));
            }
            if done.predicted > 0 {
                lines.push(Line::styled(format!("  {}", text::count(done.predicted, "prediction")), theme.dim));
            }
        }
    }
    for entry in book.past.entries.iter().filter(|entry| entry.attempt.started_at.with_timezone(&Local).date_naive() == day) {
        let (tail, style) = standing(&entry.attempt, theme);
        let at = entry.attempt.started_at.with_timezone(&Local).format("%H:%M");
        let says = text::pad(&format!("{at} {}", entry.attempt.title), cols.saturating_sub(Span::raw(tail.as_str()).width() + 1));
        lines.push(Line::from(vec![Span::raw(says), Span::styled(format!(" {tail}"), style)]));
    }
    inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
}

/// Minutes per week, the last week on top.
fn draw_weeks(book: &Book, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("Minutes a week", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let this = monday(book.look.today);
    let weeks: Vec<(NaiveDate, u64, usize)> = (0..u64::from(inner.height))
        .map(|back| {
            let from = this - Days::new(7 * back);
            let days = || book.look.calendar.range(from..from + Days::new(7)).map(|(_, day)| day);
            (from, days().map(Day::minutes).sum(), days().filter(|day| day.counts()).count())
        })
        .collect();
    let most = weeks.iter().map(|(_, minutes, _)| *minutes).max().unwrap_or(0).max(1);
    for (row, (from, minutes, days)) in inner.rows().zip(weeks) {
        let tail = format!("{minutes:>5} min {days} d ");
        let cols = usize::from(row.width).saturating_sub(tail.len() + 9);
        let bar = meter::bar(minutes as f64 / most as f64, cols, theme);
        Line::from(vec![Span::styled(format!(" {} ", from.format("%d %b")), theme.dim), Span::styled(bar, theme.accent), Span::styled(tail, theme.dim)])
            .render(row, buf);
    }
}
