//! Typing a moment to go to.

use crate::lab::timeline;
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Widget;
use sims::kernel::time::Time;

#[derive(Default)]
pub struct Jump {
    input: Entry,
    refused: Option<String>,
}

pub enum Typed {
    Stay,
    Close,
    Go(Time),
}

impl Jump {
    pub fn on_key(&mut self, key: KeyEvent, now: Time) -> Typed {
        match key.code {
            KeyCode::Esc => return Typed::Close,
            KeyCode::Enter if self.input.text().trim().is_empty() => return Typed::Close,
            KeyCode::Enter => match timeline::read_moment(self.input.text(), now) {
                Ok(to) => return Typed::Go(to),
                Err(why) => self.refused = Some(why),
            },
            _ => {
                self.refused = None;
                self.input.on_key(key);
            }
        }
        Typed::Stay
    }

    pub fn on_paste(&mut self, text: &str) {
        self.input.paste(text);
    }

    pub fn draw(&self, now: Time, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let inner = popup::draw("Go to a moment", 62, 6, area, buf, theme);
        let mut lines = vec![Line::from(self.input.spans(theme.accent, theme).to_vec()), Line::raw("")];
        match &self.refused {
            Some(why) => lines.extend(text::wrap(why, usize::from(inner.width)).into_iter().map(|line| Line::styled(line, theme.bad))),
            None => {
                lines.push(Line::styled("12.5s · 1m30s · +5s and -250ms from here", theme.dim));
                lines.push(Line::styled(format!("now {now}"), theme.dim));
            }
        }
        inner.rows().zip(lines).for_each(|(row, line)| line.render(row, buf));
    }
}
