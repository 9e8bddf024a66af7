//! The estimation sheet: a line is typed, its result stands beside it with its unit.

use crate::session::{self, Session};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub entry: Entry,
}

impl Sheet {
    pub fn on_key(&mut self, key: KeyEvent, session: &mut Session) {
        match key.code {
            KeyCode::Enter if !self.entry.text().trim().is_empty() => {
                // A line that does not work out stays to be mended.
                if self.result(session).is_ok() {
                    let _ = session.estimate(self.entry.take().trim());
                }
            }
            // On an empty line: the last one comes back to be changed.
            KeyCode::Backspace | KeyCode::Up if self.entry.text().is_empty() => {
                if let Some(line) = session.unestimate() {
                    self.entry = Entry::new(line);
                }
            }
            _ => drop(self.entry.on_key(key)),
        }
    }

    /// What the typed line gives, below the lines that stand.
    fn result(&self, session: &Session) -> Result<String, String> {
        let lines: Vec<&str> = session.estimates().iter().map(String::as_str).chain([self.entry.text()]).collect();
        session::sheet(&lines).pop().map_or(Err(String::new()), |worked| worked.map(|worked| worked.shown).map_err(|slip| slip.says))
    }

    pub fn draw(&self, session: &Session, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let lines = session.estimates();
        let rows = u16::try_from(lines.len().min(20) + 6).unwrap_or(26).max(9);
        let inner = popup::draw("Estimate", 76, rows, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        let room = usize::from(body.height).saturating_sub(2);
        let from = lines.len().saturating_sub(room);
        let right = usize::from(body.width) / 3;
        let left = usize::from(body.width).saturating_sub(right + 2);
        let row = |n: usize| Rect { y: body.y + u16::try_from(n).unwrap_or(0), height: 1, ..body }.intersection(body);
        for (n, (line, result)) in lines.iter().zip(session::sheet(lines)).skip(from).enumerate() {
            let result = result.map_or_else(|why| Span::styled(text::fit(&why.says, right), theme.warn), |worked| Span::styled(worked.shown, theme.accent));
            Line::from(vec![Span::raw(text::pad(line, left)), Span::raw("  "), result]).render(row(n), buf);
        }
        let now = row(lines.len().min(room) + usize::from(!lines.is_empty()));
        Span::styled(theme.pick("▶ ", "> "), theme.accent).render(now, buf);
        self.entry.draw(Rect { x: now.x + 2, width: u16::try_from(left).unwrap_or(0).saturating_sub(2), ..now }, buf, theme);
        if !self.entry.text().trim().is_empty() {
            let (shown, style) = self.result(session).map_or_else(|why| (why, theme.warn), |good| (good, theme.accent));
            let at = Rect { x: now.x + u16::try_from(left + 2).unwrap_or(0), width: u16::try_from(right).unwrap_or(0), ..now }.intersection(body);
            Line::styled(text::fit(&shown, right), style).render(at, buf);
        }
        Line::styled("writes = 100M/day · writes * 10 KB * 5y · enter keeps · ↑ mends", theme.dim).render(foot, buf);
    }
}
