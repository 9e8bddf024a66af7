//! A box in the middle of the screen.

use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::symbols::border;
use ratatui::widgets::{Block, Clear, Widget};

/// Clears a box of at most this size in the middle of `area`, frames it and returns its inside.
pub fn draw(title: &str, cols: u16, rows: u16, area: Rect, buf: &mut Buffer, theme: &Theme) -> Rect {
    let area = area.intersection(buf.area);
    let cols = cols.min(area.width.saturating_sub(2));
    let rows = rows.min(area.height.saturating_sub(2));
    let place = area.centered(Constraint::Length(cols), Constraint::Length(rows));
    Clear.render(place, buf);
    let block = frame(title, theme).border_style(theme.focus);
    let inner = block.inner(place).inner(Margin::new(1, 0));
    block.render(place, buf);
    inner
}

/// A bordered block with a title in the theme's look.
pub fn frame<'a>(title: &str, theme: &Theme) -> Block<'a> {
    let block = Block::bordered().border_style(theme.border).border_set(borders(theme));
    if title.is_empty() { block } else { block.title(format!(" {title} ")).title_style(theme.title) }
}

/// A block whose border says that it has the keys.
pub fn focused<'a>(title: &str, theme: &Theme) -> Block<'a> {
    frame(title, theme).border_style(theme.focus)
}

/// The last row apart, one blank row above it.
pub fn with_foot(inner: Rect) -> [Rect; 2] {
    let [body, _, foot] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1), Constraint::Length(1)]));
    [body, foot]
}

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

pub fn borders(theme: &Theme) -> border::Set<'static> {
    if theme.ascii() { ASCII } else { border::PLAIN }
}
