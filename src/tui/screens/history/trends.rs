//! Trends: everything that has one in a list, the chosen one as a chart; time per phase against the plan.

use super::{Book, chart};
use crate::history::{Family, Series};
use crate::tui::screens::scoring::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// What can be chosen.
#[derive(Clone, Copy)]
pub enum Row<'a> {
    Series(&'a Series),
    Phases,
}

/// The total first, then by family; mechanisms with the weakest on top.
pub fn rows(book: &Book) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for family in Family::ALL {
        let mut of: Vec<&Series> = book.look.of(family).collect();
        if family == Family::Mechanism {
            let place = |series: &Series| book.look.mechanisms.iter().position(|one| one.name == series.name).unwrap_or(usize::MAX);
            of.sort_by_key(|series| place(series));
        }
        rows.extend(of.into_iter().map(Row::Series));
        if family == Family::Score && !book.look.phases.is_empty() {
            rows.push(Row::Phases);
        }
    }
    rows
}

fn heading(family: Family) -> &'static str {
    match family {
        Family::Score => "Over all",
        Family::Dimension => "Dimensions, of 5",
        Family::Communication => "Communication, of 5",
        Family::Group => "Groups, of 50",
        Family::Mechanism => "Mechanisms, %, weakest first",
        Family::Lean => "Lean: blind less informed",
    }
}

pub fn draw(book: &Book, chosen: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [left, right] = area.layout(&Layout::horizontal([Constraint::Percentage(50), Constraint::Fill(1)]));
    let rows = rows(book);
    draw_list(&rows, chosen, left, buf, theme);
    match rows.get(chosen) {
        Some(Row::Series(series)) => draw_series(book, series, right, buf, theme),
        Some(Row::Phases) => draw_phases(book, right, buf, theme),
        None => popup::frame("", theme).render(right, buf),
    }
}

fn draw_list(rows: &[Row<'_>], chosen: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::focused("Trends", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    if rows.is_empty() {
        Line::styled(" No interview has been scored yet.", theme.dim).render(inner, buf);
        return;
    }
    let (mut lines, mut at, mut before) = (Vec::new(), 0, None);
    let cols = usize::from(inner.width);
    for (n, row) in rows.iter().enumerate() {
        let family = if let Row::Series(series) = row { Some(series.family) } else { before };
        if family != before {
            lines.push((Line::styled(format!(" {}", family.map_or("", heading)), theme.title), false));
            before = family;
        }
        if n == chosen {
            at = lines.len();
        }
        lines.push((line(row, cols, theme), n == chosen));
    }
    let (from, length) = (scroll::window(at, inner.height, lines.len()), lines.len());
    for (row, (line, here)) in inner.rows().zip(lines.into_iter().skip(from)) {
        line.render(row, buf);
        if here {
            buf.set_style(row, theme.selected);
        }
    }
    scroll::bar(area, from, length, buf, theme);
}

fn line(row: &Row<'_>, cols: usize, theme: &Theme) -> Line<'static> {
    const SPARK: usize = 12;
    let Row::Series(series) = row else { return Line::raw("   time per phase") };
    let (low, high) = series.family.range();
    let few: Vec<f64> = series.values().iter().rev().take(SPARK).rev().map(|value| value.clamp(low, high) - low).collect();
    let (tail, style) = match series.change() {
        None => ("     ".to_owned(), theme.dim),
        Some(change) if change >= 0.05 => (format!("{:>5}", format!("+{}", short(change))), if series.family == Family::Lean { theme.dim } else { theme.good }),
        Some(change) if change <= -0.05 => (format!("{:>5}", short(change)), if series.family == Family::Lean { theme.dim } else { theme.bad }),
        Some(_) => ("    =".to_owned(), theme.dim),
    };
    let last = series.last().map_or(String::new(), short);
    Line::from(vec![
        Span::raw("   "),
        Span::raw(text::pad(&series.name, cols.saturating_sub(SPARK + 18))),
        Span::styled(text::pad(&meter::spark(&few, high - low, theme), SPARK), theme.accent),
        Span::raw(format!(" {last:>5}")),
        Span::styled(format!(" {tail} "), style),
    ])
}

fn draw_series(book: &Book, series: &Series, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame(&format!("{}, {}", series.name, series.family.unit()), theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let says = says(book, series);
    let wrapped: Vec<String> = says.iter().flat_map(|says| text::wrap(says, usize::from(inner.width))).collect();
    let foot = u16::try_from(wrapped.len()).unwrap_or(u16::MAX).min(inner.height / 2);
    let [plot, _, foot] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1), Constraint::Length(foot)]));
    chart::draw(series, plot, buf, theme);
    foot.rows().zip(wrapped).for_each(|(row, line)| Line::styled(line, theme.dim).render(row, buf));
}

fn says(book: &Book, series: &Series) -> Vec<String> {
    let values = series.values();
    let mut all = vec![format!(
        "{}; last {}, best {}",
        text::count(values.len(), "reading"),
        short(values.last().copied().unwrap_or(0.0)),
        short(series.best().unwrap_or(0.0))
    )];
    if let Some(change) = series.change() {
        all.push(format!("the last three against the three before: {}{}", if change > 0.0 { "+" } else { "" }, short(change)));
    }
    match series.family {
        Family::Mechanism => all.extend(book.look.mechanisms.iter().find(|one| one.name == series.name).map(crate::history::Mechanism::says)),
        Family::Lean if series.name == "total" => all.extend(lean(book, series)),
        _ => {}
    }
    all
}

/// What the lean does to a score that was only read blind, once it means something.
fn lean(book: &Book, series: &Series) -> Vec<String> {
    let Some(lean) = &book.look.lean else { return Vec::new() };
    let mut all = vec![format!("over {}: {}", text::count(series.points.len(), "attempt"), lean.say())];
    let last = book.past.entries.iter().map(|entry| &entry.attempt).find(|attempt| attempt.result().is_some());
    let blind = last.filter(|attempt| attempt.informed.is_none()).and_then(|attempt| attempt.blind.as_ref());
    if let Some((blind, (total, band))) = blind.and_then(|blind| Some((blind, lean.corrected(blind.total)?))) {
        all.push(format!("the last blind {} is more like {}: {}", short(blind.total), short(total), band.name()));
    }
    all
}

fn draw_phases(book: &Book, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::frame("Time per phase: median against plan", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let most = book.look.phases.iter().map(|phase| phase.median_ms.max(phase.plan_ms)).max().unwrap_or(0).max(1) as f64;
    let cols = usize::from(inner.width);
    let minutes = |ms: u64| short(ms as f64 / 60_000.0);
    let mut lines = Vec::new();
    for phase in &book.look.phases {
        let over = phase.share().is_some_and(|share| share > 1.0);
        let tail = format!("{} of {} min{}", minutes(phase.median_ms), minutes(phase.plan_ms), if over { ", over" } else { "" });
        lines.push(Line::from(vec![Span::raw(text::pad(&phase.name, cols.saturating_sub(tail.len() + 1))), Span::styled(format!(" {tail}"), theme.dim)]));
        let wide = cols.saturating_sub(6);
        lines.push(Line::from(vec![
            Span::styled("took  ", theme.dim),
            Span::styled(meter::bar(phase.median_ms as f64 / most, wide, theme), if over { theme.warn } else { theme.good }),
        ]));
        lines.push(Line::from(vec![Span::styled("plan  ", theme.dim), Span::styled(meter::bar(phase.plan_ms as f64 / most, wide, theme), theme.dim)]));
        lines.push(Line::default());
    }
    inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
}
