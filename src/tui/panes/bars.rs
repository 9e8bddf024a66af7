//! Bars side by side: a name, a length, a word.

use super::numbers::short;
use crate::tui::theme::Theme;
use crate::tui::widgets::{meter, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::view::Bar;
use unicode_width::UnicodeWidthStr;

/// Cells of the longest bar, where the names leave so many.
const BAR_LEAST: usize = 10;

pub fn draw(bars: &[Bar], area: Rect, buf: &mut Buffer, theme: &Theme) {
    if bars.is_empty() {
        return super::empty("nothing yet", area, buf, theme);
    }
    let most = bars.iter().map(|b| b.value).fold(0.0, f64::max);
    let cols = usize::from(area.width);
    // Names and words matter more than the length of the bars.
    let widest_name = bars.iter().map(|b| b.name.width()).max().unwrap_or(0);
    let spare = cols.saturating_sub(widest_name + 5 + BAR_LEAST);
    let says = bars.iter().map(|b| said(b).width()).max().unwrap_or(0).min((cols / 3).max(spare));
    let names = widest_name.min(cols.saturating_sub(says + 5 + BAR_LEAST).max(cols / 3));
    let room = cols.saturating_sub(names + says + 5);
    // What does not fit is told, not dropped.
    let fits = if bars.len() > usize::from(area.height) { usize::from(area.height).saturating_sub(1) } else { bars.len() };
    for (row, bar) in area.rows().zip(&bars[..fits]) {
        let (mark, style) = super::state(bar.state, theme);
        let part = if most > 0.0 { bar.value / most } else { 0.0 };
        let spans = [
            Span::styled(format!("{mark} "), style),
            Span::raw(text::pad(&bar.name, names)),
            Span::raw(" "),
            Span::styled(meter::bar(part, room, theme), style),
            Span::raw(" "),
            Span::raw(text::fit(&said(bar), says)),
        ];
        Line::from(spans.to_vec()).render(row, buf);
    }
    if fits < bars.len()
        && let Some(row) = area.rows().nth(fits)
    {
        Line::styled(format!("and {} more", bars.len() - fits), theme.dim).render(row, buf);
    }
}

fn said(bar: &Bar) -> String {
    if bar.says.is_empty() { short(bar.value) } else { bar.says.clone() }
}
