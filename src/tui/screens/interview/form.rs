//! The sizing form: the numbers of the candidate's design, and which knob each will turn.

use crate::catalog::{Sizing, sized};
use crate::session::Session;
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::design::{Design, find};

pub struct Form {
    asked: Vec<Sizing>,
    entries: Vec<Entry>,
    chosen: usize,
    design: Option<&'static Design>,
}

impl Form {
    pub fn new(asked: &[Sizing], design: Option<&str>, session: &Session) -> Form {
        let entries = asked.iter().map(|row| Entry::new(session.sizing().get(&row.knob).cloned().unwrap_or_default())).collect();
        let design = design.and_then(|id| find(sims::designs::ALL, id).ok());
        Form { asked: asked.to_vec(), entries, chosen: 0, design }
    }

    pub fn on_key(&mut self, key: KeyEvent, session: &mut Session) {
        match key.code {
            KeyCode::Down | KeyCode::Tab | KeyCode::Enter => self.chosen = (self.chosen + 1).min(self.asked.len().saturating_sub(1)),
            KeyCode::Up | KeyCode::BackTab => self.chosen = self.chosen.saturating_sub(1),
            _ => {
                if self.entries.get_mut(self.chosen).is_some_and(|entry| entry.on_key(key)) {
                    self.keep(session);
                }
            }
        }
    }

    pub fn paste(&mut self, pasted: &str, session: &mut Session) {
        if let Some(entry) = self.entries.get_mut(self.chosen) {
            entry.paste(pasted);
            self.keep(session);
        }
    }

    fn keep(&self, session: &mut Session) {
        if let (Some(row), Some(entry)) = (self.asked.get(self.chosen), self.entries.get(self.chosen)) {
            let _ = session.size(&row.knob, entry.text());
        }
    }

    /// What an answer does: `replicas = 4`, or why it does nothing.
    fn effect(&self, at: usize) -> Result<String, String> {
        let (row, answer) = (&self.asked[at], self.entries[at].text().trim());
        if answer.is_empty() {
            return Ok(String::new());
        }
        let Some(knob) = self.design.and_then(|design| design.knobs.iter().find(|knob| knob.name == row.knob)) else {
            return Ok(format!("{} = {answer}", row.knob));
        };
        let value = sized(answer, row.scale, &row.unit, &knob.kind)?;
        knob.kind.read(&value).map(|_| format!("{} = {value}", row.knob)).map_err(|why| format!("{} {why}", row.knob))
    }

    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let rows = u16::try_from(self.asked.len() * 2 + 4).unwrap_or(u16::MAX).max(7);
        let inner = popup::draw("Sizing: the numbers of your design", 96, rows, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        if self.asked.is_empty() {
            Line::styled("This card asks for no numbers.", theme.dim).render(body, buf);
        }
        let shown = (body.height / 2).max(1);
        let from = scroll::window(self.chosen, shown, self.asked.len());
        for (n, row) in self.asked.iter().enumerate().skip(from).take(usize::from(shown)) {
            let y = body.y + u16::try_from((n - from) * 2).unwrap_or(0);
            let (ask, answer) = (Rect { y, height: 1, ..body }.intersection(body), Rect { y: y + 1, height: 1, ..body }.intersection(body));
            let mark = if n == self.chosen { theme.pick("▶ ", "> ") } else { "  " };
            let style = if n == self.chosen { theme.title } else { theme.text };
            Line::from(vec![Span::styled(mark, theme.accent), Span::styled(text::fit(&row.ask, usize::from(body.width).saturating_sub(2)), style)])
                .render(ask, buf);
            self.draw_answer(n, answer, buf, theme);
        }
        Line::styled("↑ ↓ choose · type the number · kept as you type · esc back", theme.dim).render(foot, buf);
    }

    fn draw_answer(&self, n: usize, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let (row, entry) = (&self.asked[n], &self.entries[n]);
        let field = Rect { x: area.x + 4, width: 16, ..area }.intersection(area);
        if n == self.chosen {
            entry.draw(field, buf, theme);
        } else {
            Span::raw(entry.text()).render(field, buf);
        }
        let scale = if row.scale == 1.0 { String::new() } else { format!(" (times {})", row.scale) };
        let (effect, style) = self.effect(n).map_or_else(|why| (why, theme.warn), |good| (good, theme.dim));
        let right = Rect { x: area.x + 21, width: area.width.saturating_sub(21), ..area }.intersection(area);
        let effect = if effect.is_empty() { String::new() } else { format!("  {} {effect}{scale}", theme.pick("→", "->")) };
        Line::from(vec![Span::styled(row.unit.clone(), theme.text), Span::styled(effect, style)]).render(right, buf);
    }
}
