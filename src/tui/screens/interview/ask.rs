//! Asking the interviewer: what is typed is matched against the facts of the card, word by word.

use crate::session::{Mode, Session};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// What a key led to.
#[derive(Debug, PartialEq)]
pub enum Asked {
    Nothing,
    /// Nothing was typed or chosen: what to do instead.
    Empty(&'static str),
    Fact(usize),
    /// The candidate's own words: no fact was chosen.
    Open(String),
}

/// The box in which a question is typed.
#[derive(Clone, Debug, Default)]
pub struct AskBox {
    pub entry: Entry,
    /// 0: the question as it is typed; from 1: the matching facts.
    chosen: usize,
}

impl AskBox {
    pub fn on_key(&mut self, key: KeyEvent, session: &Session) -> Asked {
        let found = self.found(session);
        match key.code {
            KeyCode::Down => self.chosen = (self.chosen + 1).min(found.len()),
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Enter => {
                if let Some(fact) = self.chosen.checked_sub(1).and_then(|at| found.get(at)) {
                    return Asked::Fact(*fact);
                }
                return match self.entry.text().trim() {
                    "" if found.is_empty() => Asked::Empty("nothing to ask yet: type what you want to know"),
                    "" => Asked::Empty("nothing to ask yet: type what you want to know, or choose a question with ↓"),
                    question => Asked::Open(question.to_string()),
                };
            }
            _ => {
                if self.entry.on_key(key) {
                    self.retarget(session);
                }
            }
        }
        Asked::Nothing
    }

    pub fn paste(&mut self, text: &str, session: &Session) {
        self.entry.paste(text);
        self.retarget(session);
    }

    /// The best fact stands ready, so that Enter asks it.
    fn retarget(&mut self, session: &Session) {
        self.chosen = usize::from(!self.found(session).is_empty());
    }

    /// Places of the facts that may be offered. A real interviewer offers none until something was asked.
    fn found(&self, session: &Session) -> Vec<usize> {
        let plan = session.plan();
        match plan.matching(self.entry.text()) {
            Some(found) => found,
            None if session.mode() == Mode::Real => Vec::new(),
            None => (0..plan.facts.len()).collect(),
        }
    }

    pub fn draw(&self, session: &Session, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let found = self.found(session);
        let rows = u16::try_from(found.len().min(12) + 6).unwrap_or(18);
        let inner = popup::draw("Ask the interviewer", 76, rows, area, buf, theme);
        let [body, foot] = popup::with_foot(inner);
        let row = |n: usize| Rect { y: body.y + u16::try_from(n).unwrap_or(0), height: 1, ..body }.intersection(body);
        let mark = |n: usize| if self.chosen == n { theme.pick("▶ ", "> ") } else { "  " };
        Span::styled(mark(0), theme.accent).render(row(0), buf);
        self.entry.draw(Rect { x: body.x + 2, width: body.width.saturating_sub(2), ..row(0) }, buf, theme);
        let cols = usize::from(body.width).saturating_sub(10);
        let shown = body.height.saturating_sub(2);
        let from = scroll::window(self.chosen.saturating_sub(1), shown, found.len());
        for (n, fact) in found.iter().enumerate().skip(from).take(usize::from(shown)) {
            let at = row(n - from + 2);
            let known = if session.has_asked(*fact) { " asked" } else { "" };
            let ask = text::fit(&crate::prose::flat(&session.plan().facts[*fact].ask), cols);
            Line::from(vec![Span::styled(mark(n + 1), theme.accent), Span::raw(ask), Span::styled(known, theme.dim)]).render(at, buf);
            if self.chosen == n + 1 {
                buf.set_style(at, theme.selected);
            }
        }
        if found.len() > usize::from(shown) {
            let more = format!("{} of {}", self.chosen.max(from + 1), found.len());
            Line::styled(more, theme.dim).right_aligned().render(row(1), buf);
        }
        let hint = if found.is_empty() {
            "enter asks in your own words · esc back"
        } else {
            "enter asks · ↑ ↓ choose · the top line: your own words · esc back"
        };
        Line::styled(hint, theme.dim).render(foot, buf);
    }
}
