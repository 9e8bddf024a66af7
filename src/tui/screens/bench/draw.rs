//! The table of cases with a bar each, and below it what the chosen one is held against.

use super::{Bench, Row};
use crate::lab::bench::Timing;
use crate::store::BenchResult;
use crate::tui::panes::numbers::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Rows of the part about the chosen case, with its border.
const DETAIL_ROWS: u16 = 7;

pub fn draw(screen: &Bench, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [table, detail] = area.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(DETAIL_ROWS)]));
    cases(screen, table, buf, theme);
    let title = screen.rows.get(screen.chosen).map_or_else(String::new, |row| format!("{} · {}", row.case.name, threads(row.threads)));
    let block = popup::frame(&title, theme);
    let inner = block.inner(detail);
    block.render(detail, buf);
    let lines = about(screen).into_iter().flat_map(|says| text::wrap(&says, usize::from(inner.width).saturating_sub(2)));
    inner.rows().zip(lines).for_each(|(row, says)| Line::styled(format!(" {says}"), theme.text).render(row, buf));
}

fn threads(n: usize) -> String {
    if n == 1 { "1 thread".into() } else { format!("{n} threads") }
}

fn cases(screen: &Bench, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let block = popup::focused("Processor time per operation: shorter is faster", theme);
    let inner = block.inner(area);
    block.render(area, buf);
    let name_cols = screen.rows.iter().map(|row| row.case.name.len()).max().unwrap_or(0).clamp(4, (usize::from(inner.width) / 3).max(4));
    let most = timed(screen).map(|t| t.ns_per_op).fold(0.0, f64::max);
    let mut rows = inner.rows();
    if let Some(row) = rows.next() {
        Line::styled(format!("     {} threads    ns/op     was    ops/s", text::pad("case", name_cols)), theme.dim).render(row, buf);
    }
    let fits = inner.height.saturating_sub(1);
    let from = scroll::window(screen.chosen, fits, screen.rows.len());
    scroll::bar(area, from, screen.rows.len() + 1, buf, theme);
    for ((at, row), place) in screen.rows.iter().enumerate().skip(from).zip(rows) {
        line(screen, row, at == screen.chosen, name_cols, most, usize::from(place.width), theme).render(place, buf);
    }
}

fn timed(screen: &Bench) -> impl Iterator<Item = &Timing> {
    screen.rows.iter().filter_map(|row| row.timing.as_ref())
}

fn line(screen: &Bench, row: &Row, chosen: bool, name_cols: usize, most: f64, cols: usize, theme: &Theme) -> Line<'static> {
    let was = BenchResult::earlier(&screen.past, row.case.name, row.threads).map_or_else(|| "-".into(), short);
    let (now, rate) = row.timing.as_ref().map_or_else(|| (if row.on { "…" } else { "" }.into(), String::new()), |t| (short(t.ns_per_op), short(t.ops_per_s)));
    let cursor = if chosen { theme.pick("▸", ">") } else { " " };
    let mark = if row.on { "[x]" } else { "[ ]" };
    let head = format!("{cursor}{mark} {} {:>7} {now:>8} {was:>7} {rate:>8}  ", text::pad(row.case.name, name_cols), row.threads);
    let room = cols.saturating_sub(unicode_width::UnicodeWidthStr::width(head.as_str()) + 1);
    let part = row.timing.as_ref().filter(|_| most > 0.0).map_or(0.0, |t| t.ns_per_op / most);
    let style = if chosen { theme.focus } else { theme.text };
    Line::from(vec![Span::styled(head, style), Span::styled(meter::bar(part, room, theme), theme.accent)])
}

/// The chosen case in words: what it is, how even it was, what it is held against.
fn about(screen: &Bench) -> Vec<String> {
    let Some(row) = screen.rows.get(screen.chosen) else { return Vec::new() };
    let mut says = vec![format!("One operation: {}.", row.case.says.trim_end_matches('.'))];
    if let Some(timing) = &row.timing {
        if let Some(note) = &timing.note {
            says.push(note.clone());
        }
        let spread = timing.spread;
        says.push(format!(
            "{} portions of {} operations on one thread: p50 {} ns, p99 {} ns, worst {} ns an operation.",
            spread.portions,
            short(spread.portion as f64),
            short(spread.p50),
            short(spread.p99),
            short(spread.worst)
        ));
        says.extend(against(screen, timing));
    }
    says.push(format!("Median of several rounds after {} to warm up; ns/op is processor time of all threads, ops/s wall time.", screen.warm_up));
    says
}

/// The fastest other case of the design, and the floor.
fn against(screen: &Bench, timing: &Timing) -> Option<String> {
    let others = timed(screen).filter(|other| other.case != timing.case && other.threads == timing.threads);
    let fastest = others.min_by(|a, b| a.ns_per_op.total_cmp(&b.ns_per_op));
    let mut parts: Vec<String> = fastest.map(|other| format!("{} × {}", short(timing.ns_per_op / other.ns_per_op), other.case)).into_iter().collect();
    parts.extend(screen.floor.iter().map(|floor| format!("{} × {} ({} ns)", short(timing.ns_per_op / floor.ns_per_op), floor.case, short(floor.ns_per_op))));
    (!parts.is_empty()).then(|| format!("It takes {}.", parts.join(", ")))
}
