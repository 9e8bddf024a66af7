//! A distribution: bars over bins, with its percentiles named and marked.

use super::numbers::{LONG_MS, short, with_unit};
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::view::HistogramView;

pub fn draw(view: &HistogramView, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if view.count == 0 || view.bins.is_empty() {
        return super::empty("no samples yet", area, buf, theme);
    }
    draw_numbers(view, Rect { height: 1, ..area }, buf, theme);
    let plot = Rect { y: area.y + 1, height: area.height - 1, ..area };
    if plot.height < 3 || plot.width < 8 {
        return;
    }
    let bins = merged(&view.bins, usize::from(plot.width));
    let wide = (usize::from(plot.width) / bins.len()).clamp(1, 6) as u16;
    let bars = Rect { height: plot.height - 2, width: (wide * bins.len() as u16).min(plot.width), ..plot };
    let most = bins.iter().map(|b| b.2).max().unwrap_or(1).max(1);
    for (n, (.., count)) in bins.iter().enumerate() {
        let x = bars.x + wide * n as u16;
        let shown = if wide > 2 { wide - 1 } else { wide };
        column(Rect { x, width: shown, ..bars }, *count as f64 / most as f64, theme.line(0), buf, theme);
    }
    draw_percentiles(view, &bins, wide, Rect { y: bars.bottom(), height: 1, ..bars }, buf, theme);
    draw_edges(&bins, wide, Rect { y: bars.bottom() + 1, height: 1, ..bars }, buf, theme);
}

fn draw_numbers(view: &HistogramView, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let [p50, p90, p99, max] = [("p50", view.p50), ("p90", view.p90), ("p99", view.p99), ("max", view.max)];
    let count = format!("n {}", short(view.count as f64));
    // Where some are told in seconds and some are not, each has its own.
    let mixed = view.unit == "ms" && view.max >= LONG_MS;
    // The unit stands once, after the last number that has it; where room is short, numbers go, not the unit.
    let full: Vec<(&str, f64)> = vec![p50, p90, p99, max];
    let choices = [(full.clone(), count.as_str()), (full, ""), (vec![p50, p99, max], ""), (vec![p50, p99], ""), (vec![p99], "")];
    let lines = choices.map(|(numbers, count)| {
        let last = numbers.len() - 1;
        let mut line = Line::default();
        for (n, (name, value)) in numbers.into_iter().enumerate() {
            let gap = if n == 0 { "" } else { "  " };
            let shown = if n == last || mixed { with_unit(value, &view.unit) } else { short(value) };
            line.extend([Span::styled(format!("{gap}{name} "), theme.dim), Span::raw(shown)]);
        }
        if !count.is_empty() {
            line.push_span(Span::raw(format!("  {count}")));
        }
        line
    });
    let fits = lines.iter().find(|line| line.width() <= usize::from(area.width));
    fits.unwrap_or(&lines[lines.len() - 1]).render(area, buf);
}

/// Neighbours added up until there are at most so many bins.
fn merged(bins: &[(f64, f64, u64)], most: usize) -> Vec<(f64, f64, u64)> {
    let group = bins.len().div_ceil(most.max(1)).max(1);
    let join = |b: &[(f64, f64, u64)]| (b[0].0, b[b.len() - 1].1, b.iter().map(|bin| bin.2).sum());
    bins.chunks(group).map(join).collect()
}

/// One column filled from below, in eighths of a cell.
fn column(area: Rect, part: f64, style: Style, buf: &mut Buffer, theme: &Theme) {
    const EIGHTHS: [&str; 8] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇"];
    let eighths = (part * f64::from(area.height) * 8.0 + 0.5) as usize;
    // What is there is seen, however little.
    let eighths = if part > 0.0 { eighths.max(1) } else { eighths };
    for (n, y) in (area.y..area.bottom()).rev().enumerate() {
        let left = eighths.saturating_sub(n * 8);
        let symbol = match (left, theme.ascii()) {
            (0, _) => continue,
            (1..4, true) => ".",
            (_, true) => "#",
            (1..8, false) => EIGHTHS[left],
            (_, false) => "█",
        };
        for x in area.x..area.right() {
            buf.set_string(x, y, symbol, style);
        }
    }
}

fn draw_percentiles(view: &HistogramView, bins: &[(f64, f64, u64)], wide: u16, area: Rect, buf: &mut Buffer, theme: &Theme) {
    for x in area.x..area.right() {
        buf.set_string(x, area.y, theme.pick("─", "-"), theme.border);
    }
    // The tail and the middle matter most: a label that would stand on another is left out.
    let mut taken: Vec<u16> = Vec::new();
    for (name, value) in [("99", view.p99), ("50", view.p50), ("90", view.p90)] {
        let at = bins.iter().position(|b| value <= b.1).unwrap_or(bins.len() - 1) as u16;
        let label = format!("{}{name}", theme.pick("▲", "^"));
        let width = 3.min(area.width);
        let x = (area.x + at * wide + wide / 2).min(area.right().saturating_sub(width));
        if taken.iter().all(|other| other.abs_diff(x) >= width) {
            buf.set_stringn(x, area.y, label, usize::from(width), theme.accent);
            taken.push(x);
        }
    }
}

fn draw_edges(bins: &[(f64, f64, u64)], wide: u16, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let mut free = area.x;
    // Edges so close that they are written alike are told once.
    let mut before = String::new();
    for (n, bin) in bins.iter().enumerate() {
        let label = short(bin.0);
        let x = area.x + wide * n as u16;
        let width = label.len() as u16;
        if x >= free && x + width <= area.right() && label != before {
            buf.set_string(x, area.y, &label, theme.dim);
            free = x + width + 4;
            before = label;
        }
    }
    let last = short(bins[bins.len() - 1].1);
    let x = area.right().saturating_sub(last.len() as u16);
    if x >= free.saturating_sub(3) && last != before {
        buf.set_string(x, area.y, last, theme.dim);
    }
}
