//! The ledger of predictions: how often ranges held, per mechanism, and the biggest misses first.

use super::Book;
use crate::history::{Mechanism, log_error, misses};
use crate::store::{Guess, Prediction};
use crate::tui::panes::numbers::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// The biggest misses first, or the last made first.
pub fn ordered(book: &Book, by_date: bool) -> Vec<&Prediction> {
    if by_date { book.past.predictions.iter().rev().collect() } else { misses(&book.past.predictions) }
}

pub fn draw(book: &Book, chosen: usize, by_date: bool, from: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [sums, rest] = area.layout(&Layout::vertical([Constraint::Length(5), Constraint::Fill(1)]));
    draw_sums(book, sums, buf, theme);
    let [left, right] = rest.layout(&Layout::horizontal([Constraint::Percentage(48), Constraint::Fill(1)]));
    draw_mechanisms(book, from, left, buf, theme);
    draw_ledger(book, chosen, by_date, right, buf, theme);
}

fn draw_sums(book: &Book, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("How well you know what you know", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let (record, mut lines) = (&book.look.record, Vec::new());
    let row = |name: &str, share: f64, says: String| {
        let mut spans = vec![Span::raw(format!(" {}", text::pad(name, 15)))];
        spans.extend(meter::gauge(share, 20, theme.accent, theme));
        spans.push(Span::styled(format!("  {says}"), theme.dim));
        Line::from(spans)
    };
    if let Some(share) = record.ranges.share() {
        let verdict = record.verdict().map_or("80 % should".to_owned(), |verdict| format!("80 % should: {verdict}"));
        lines.push(row("ranges held", share, format!("{} of {}, {:.0} %; {verdict}", record.ranges.hit, record.ranges.of, share * 100.0)));
    }
    if let Some(share) = record.choices.share() {
        lines.push(row("choices right", share, format!("{} of {}, {:.0} %", record.choices.hit, record.choices.of, share * 100.0)));
    }
    if let Some(mean) = record.mean_log_error() {
        let boundless = if record.boundless > 0 { format!("; {} without any measure (zero against something)", record.boundless) } else { String::new() };
        lines.push(Line::styled(
            format!(" numbers off by a factor of {} on average, mean |log10| {mean:.2}{boundless}", short(sims::kernel::math::pow(10.0, mean))),
            theme.text,
        ));
    }
    if lines.is_empty() {
        lines.push(Line::styled(" No prediction yet. l on a problem opens its lab, e there its experiments.", theme.dim));
    }
    inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
}

fn draw_mechanisms(book: &Book, from: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("By mechanism, weakest first", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let met: Vec<&Mechanism> = book.look.mechanisms.iter().filter(|one| one.predictions.all().of > 0).collect();
    let tail = |hits: String, ranges: String, error: String| format!("{hits:>7} {ranges:>7} {error:>6} ");
    let cols = usize::from(inner.width).saturating_sub(25);
    let row = |name: &str, tail: String, style| Line::from(vec![Span::styled(format!(" {}", text::pad(name, cols)), style), Span::styled(tail, theme.dim)]);
    let mut lines = vec![row("", tail("hits".into(), "ranges".into(), "|log|".into()), theme.dim)];
    let from = from.min(met.len().saturating_sub(usize::from(inner.height).saturating_sub(1)));
    for one in met.iter().skip(from) {
        let (all, ranges) = (one.predictions.all(), one.predictions.ranges);
        let held = if ranges.of > 0 { format!("{}/{}", ranges.hit, ranges.of) } else { "-".into() };
        let error = one.predictions.mean_log_error().map_or("-".into(), |mean| format!("{mean:.2}"));
        lines.push(row(&one.name, tail(format!("{}/{}", all.hit, all.of), held, error), theme.text));
    }
    inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
    scroll::bar(area, from, met.len() + 1, buf, theme);
}

fn draw_ledger(book: &Book, chosen: usize, by_date: bool, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let all = ordered(book, by_date);
    let block = popup::focused(if by_date { "Predictions, the last first" } else { "Predictions, biggest misses first" }, theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let [list, about] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(4.min(inner.height / 2))]));
    let from = scroll::window(chosen, list.height, all.len());
    for ((n, made), row) in all.iter().enumerate().skip(from).zip(list.rows()) {
        let hit = made.guess.hit();
        let (mark, style) = if hit { (theme.pick("✓", "+"), theme.good) } else { (theme.pick("✗", "x"), theme.bad) };
        let tail = off(&made.guess);
        let name = text::pad(&format!("{}/{}", made.problem, made.experiment), usize::from(row.width).saturating_sub(Span::raw(tail.as_str()).width() + 5));
        Line::from(vec![Span::styled(format!(" {mark} "), style), Span::raw(name), Span::styled(format!(" {tail} "), theme.dim)]).render(row, buf);
        if n == chosen {
            buf.set_style(row, theme.selected);
        }
    }
    if let Some(made) = all.get(chosen) {
        let day = made.made_at.with_timezone(&chrono::Local).format("%d %b %Y");
        let says = match made.guess {
            Guess::Number { value, low, high, actual } => {
                format!("{day}: you said {}, 80 % sure of {} to {}; it came to {}", short(value), short(low), short(high), short(actual))
            }
            Guess::Choice { chosen, right } => format!("{day}: you took choice {chosen}; right was {right}"),
        };
        let lines = text::wrap(&says, usize::from(about.width).saturating_sub(2));
        about.rows().skip(1).zip(lines).for_each(|(row, line)| Line::styled(format!(" {line}"), theme.text).render(row, buf));
    }
    scroll::bar(area, from, all.len(), buf, theme);
}

/// How far off, as a factor.
fn off(guess: &Guess) -> String {
    match log_error(guess) {
        None => "choice".into(),
        Some(error) if error.is_infinite() => "no measure".into(),
        Some(error) if error < 0.005 => "exact".into(),
        Some(error) => format!("x {}", short(sims::kernel::math::pow(10.0, error))),
    }
}
