//! The log pane: what happened, in sentences, the latest at the bottom unless it was scrolled back.

use crate::lab::Frame;
use crate::tui::panes;
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::log::{Entry, Level};

#[derive(Default)]
pub struct LogPane {
    /// Entries between the end and the last one shown.
    back: usize,
}

impl LogPane {
    pub fn scroll(&mut self, pages: isize, length: usize) {
        self.by(pages * 5, length);
    }

    pub fn by(&mut self, lines: isize, length: usize) {
        self.back = self.back.saturating_add_signed(-lines).min(length.saturating_sub(1));
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let title = if self.back == 0 { "Log".to_string() } else { format!("Log · {} newer below", self.back) };
        let block = popup::frame(&title, theme);
        let inner = block.inner(area);
        block.render(area, buf);
        if frame.log.is_empty() {
            return panes::empty("Nothing to tell yet: what is done, what the design reports and what breaks stands here.", inner, buf, theme);
        }
        let entries = &frame.log[..frame.log.len() - self.back.min(frame.log.len())];
        let from = entries.len().saturating_sub(usize::from(inner.height));
        for (row, entry) in inner.rows().zip(&entries[from..]) {
            line(entry, usize::from(inner.width), theme).render(row, buf);
        }
        scroll::bar(area, from, frame.log.len(), buf, theme);
    }
}

fn line(entry: &Entry, cols: usize, theme: &Theme) -> Line<'static> {
    let (mark, style) = match entry.level {
        Level::Note => (" ", theme.text),
        Level::Act => (theme.pick("▸", ">"), theme.accent),
        Level::Refused => (theme.pick("▹", "-"), theme.warn),
        Level::Broken => (theme.pick("✗", "x"), theme.bad),
    };
    let at = format!("{:>10} ", entry.at.to_string());
    let room = cols.saturating_sub(at.len() + 2);
    Line::from(vec![Span::styled(at, theme.dim), Span::styled(format!("{mark} "), style), Span::styled(text::fit(&entry.text, room), style)])
}
