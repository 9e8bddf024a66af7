//! One line over days: values left, dates below, a dot for each interview.

use crate::history::Series;
use crate::tui::panes::dots::Dots;
use crate::tui::screens::scoring::short;
use crate::tui::theme::Theme;
use chrono::Local;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;

pub fn draw(series: &Series, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let area = area.intersection(buf.area);
    let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else { return };
    if area.width < 14 || area.height < 4 {
        return;
    }
    let (low, high) = limits(series);
    let plot = Rect { x: area.x + 6, y: area.y, width: area.width - 6, height: area.height - 1 };
    for y in plot.y..plot.bottom() {
        buf.set_string(plot.x - 1, y, theme.pick("│", "|"), theme.border);
    }
    for part in [0.0, 0.5, 1.0] {
        let y = plot.y + ((1.0 - part) * f64::from(plot.height - 1) + 0.5) as u16;
        let label = format!("{:>4}", short(low + (high - low) * part));
        buf.set_string(area.x, y, label, theme.dim);
        buf.set_string(plot.x - 1, y, theme.pick("┤", "+"), theme.border);
    }
    let mut dots = Dots::new(plot, theme);
    let (wide, deep) = (dots.width() as f64 - 1.0, dots.height() as f64 - 1.0);
    let span = (last.at - first.at).num_seconds().max(1) as f64;
    let place = |point: &crate::history::Point| {
        let value = ((point.value - low) / (high - low)).clamp(0.0, 1.0);
        ((point.at - first.at).num_seconds() as f64 / span * wide, (1.0 - value) * deep)
    };
    for pair in series.points.windows(2) {
        dots.line(place(&pair[0]), place(&pair[1]), theme.line(0));
    }
    dots.line(place(last), place(last), theme.line(0));
    dots.paint(buf);
    // Where the line ends, so that it is found without colour.
    let (x, y) = place(last);
    let end = (plot.x + (x / wide.max(1.0) * f64::from(plot.width - 1) + 0.5) as u16, plot.y + (y / deep.max(1.0) * f64::from(plot.height - 1) + 0.5) as u16);
    if let Some(cell) = buf.cell_mut(end) {
        cell.set_symbol(theme.pick("●", "*")).set_style(theme.accent);
    }
    let day = |at: chrono::DateTime<chrono::Utc>| at.with_timezone(&Local).format("%d %b %Y").to_string();
    let foot = Rect { y: area.bottom() - 1, height: 1, ..plot };
    Line::styled(day(first.at), theme.dim).render(foot, buf);
    if first.at.date_naive() != last.at.date_naive() {
        Line::styled(day(last.at), theme.dim).right_aligned().render(foot, buf);
    }
}

/// What a value can be at all; a lean only as far as it went.
fn limits(series: &Series) -> (f64, f64) {
    let (low, high) = series.family.range();
    if low >= 0.0 {
        return (low, high);
    }
    let most = series.points.iter().map(|point| point.value.abs()).fold(2.0, f64::max).ceil();
    (-most, most)
}
