//! Markdown at a pane's width: hanging indents, tables that fit, code in colours, text graphs drawn.

mod flow;
mod write;

#[cfg(test)]
mod tests;

use super::code::Highlighter;
use crate::tui::theme::{Glyphs, Mode, Theme};
use crate::tui::widgets::scroll::Scroll;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use std::cell::RefCell;
use std::sync::Arc;

/// What a rendering depends on, besides the text.
type Key = (u16, Mode, Glyphs, u64);

/// A short text of a card at this width, its plain words in the style of the place where it stands.
pub fn prose(text: &str, cols: usize, style: Style, theme: &Theme) -> Vec<Line<'static>> {
    write::lines(text, cols, style, theme, None)
}

/// A document that remembers how it was last rendered.
pub struct Markdown {
    source: String,
    cache: RefCell<Option<(Key, Arc<Vec<Line<'static>>>)>>,
}

impl Markdown {
    pub fn new(source: impl Into<String>) -> Markdown {
        Markdown { source: source.into(), cache: RefCell::new(None) }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The document's lines at this width.
    pub fn lines(&self, cols: u16, theme: &Theme, code: Option<&Highlighter>) -> Arc<Vec<Line<'static>>> {
        let key = (cols, theme.mode, theme.glyphs, code.map_or(0, Highlighter::generation));
        if let Some((held, lines)) = &*self.cache.borrow()
            && *held == key
        {
            return Arc::clone(lines);
        }
        let lines = Arc::new(write::lines(&self.source, usize::from(cols), theme.text, theme, code));
        *self.cache.borrow_mut() = Some((key, Arc::clone(&lines)));
        lines
    }

    /// How many lines it has at this width: what a scroll is clamped by.
    pub fn height(&self, cols: u16, theme: &Theme, code: Option<&Highlighter>) -> usize {
        self.lines(cols, theme, code).len()
    }

    pub fn draw(&self, scroll: Scroll, area: Rect, buf: &mut Buffer, theme: &Theme, code: Option<&Highlighter>) {
        let area = area.intersection(buf.area);
        let lines = self.lines(area.width, theme, code);
        let from = scroll.clamped(area.height, lines.len());
        for (row, line) in area.rows().zip(&lines[from..]) {
            line.render(row, buf);
        }
    }
}
