//! The small list of skeletons for notes, those for the phase first.

use crate::session::{Template, templates};
use crate::tui::theme::Theme;
use crate::tui::widgets::{popup, scroll};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

pub struct Insert {
    all: Vec<Template>,
    chosen: usize,
}

impl Insert {
    pub fn new(phase: &str) -> Insert {
        Insert { all: templates(phase), chosen: 0 }
    }

    /// The text that was chosen.
    pub fn on_key(&mut self, key: KeyEvent) -> Option<&'static str> {
        let last = self.all.len().saturating_sub(1);
        match key.code {
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Enter => return self.all.get(self.chosen).map(|template| template.text),
            _ => {}
        }
        None
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let rows = u16::try_from(self.all.len() + 4).unwrap_or(14);
        let inner = popup::draw("Insert a template", 76, rows, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        let from = scroll::window(self.chosen, body.height, self.all.len());
        for (row, (n, template)) in body.rows().zip(self.all.iter().enumerate().skip(from)) {
            let mark = if n == self.chosen { theme.pick("▶ ", "> ") } else { "  " };
            let heads = template.text.lines().map(|line| line.trim_start_matches("- ").split([':', '(', '{']).next().unwrap_or_default().trim());
            let heads = heads.filter(|head| !head.is_empty() && !head.starts_with('|')).collect::<Vec<_>>().join(" · ");
            let line = vec![Span::styled(mark, theme.accent), Span::raw(format!("{:<28}", template.title)), Span::styled(heads, theme.dim)];
            Line::from(line).render(row, buf);
            if n == self.chosen {
                buf.set_style(row, theme.selected);
            }
        }
        Line::styled("enter puts it into your notes · ↑ ↓ choose · esc back", theme.dim).render(foot, buf);
    }
}
