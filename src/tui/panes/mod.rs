//! Panes: everything a run can show, painted from its data at whatever size there is.

mod bars;
pub mod chart;
pub mod code;
mod diagram;
pub mod dots;
mod heat;
mod histogram;
pub mod markdown;
pub mod numbers;
mod ring;
pub mod spacetime;
mod table;

use super::theme::Theme;
use super::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use sims::kernel::view::{State, View};

pub use table::Align;

/// Paints any view into the area: no border, no title.
pub fn draw(view: &View, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    match view {
        View::Diagram(diagram) => diagram::draw(diagram, area, buf, theme),
        View::Series(lines) => chart::Chart::of(lines).draw(area, buf, theme),
        View::Histogram(histogram) => histogram::draw(histogram, area, buf, theme),
        View::Bars(bars) => bars::draw(bars, area, buf, theme),
        View::Table(table) => table::draw(table, area, buf, theme),
        View::Ring(ring) => ring::draw(ring, area, buf, theme),
        View::Heat(heat) => heat::draw(heat, area, buf, theme),
        View::SpaceTime(passages) => spacetime::draw(passages, area, buf, theme),
        View::Prose(lines) => prose(lines, area, buf, theme),
        View::Empty(why) => empty(why, area, buf, theme),
    }
}

/// The mark and the style of a state: it can be told without colour.
pub fn state(state: State, theme: &Theme) -> (&'static str, Style) {
    match state {
        State::Idle => (theme.pick("○", "."), theme.dim),
        State::Busy => (theme.pick("●", "*"), theme.good),
        State::Warn => ("!", theme.warn),
        State::Down => (theme.pick("✗", "x"), theme.bad),
        State::Paused => (theme.pick("‖", "="), theme.warn),
        State::Leader => (theme.pick("◆", "L"), theme.accent),
    }
}

fn prose(lines: &[String], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let wrapped = lines.iter().flat_map(|line| text::wrap(line, usize::from(area.width)));
    for (row, line) in area.rows().zip(wrapped) {
        Line::styled(line, theme.text).render(row, buf);
    }
}

/// Why there is nothing, in the middle.
pub fn empty(why: &str, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let lines = text::wrap(why, usize::from(area.width));
    let top = area.height.saturating_sub(u16::try_from(lines.len()).unwrap_or(u16::MAX)) / 2;
    for (row, line) in area.rows().skip(usize::from(top)).zip(lines) {
        Line::styled(line, theme.dim).centered().render(row, buf);
    }
}

#[cfg(test)]
mod tests;
