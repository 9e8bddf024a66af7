//! Forking: what the other future does otherwise.

use crate::lab::Frame;
use crate::lab::branch::Change;
use crate::lab::timeline::Mark;
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::knob::Knob;
use sims::kernel::value::Value;

#[derive(Default)]
pub struct Fork {
    chosen: usize,
    /// The value of the chosen knob, while it is typed.
    input: Option<Entry>,
    refused: Option<String>,
}

/// Rows of words below the list: a choice's values, or why one is refused.
const FOOT_ROWS: u16 = 2;

pub enum Forked {
    Stay,
    Close,
    Fork(Change),
}

enum Row<'a> {
    ByHand,
    Without(&'a Mark),
    Knob(&'static Knob, &'a Value),
}

/// Everything that a fork could do otherwise, in order.
fn rows(frame: &Frame) -> Vec<Row<'_>> {
    let marks = frame.marks.iter().filter(|mark| mark.source.is_some()).map(Row::Without);
    let knobs = frame.knobs.iter().map(|(knob, value)| Row::Knob(knob, value));
    std::iter::once(Row::ByHand).chain(marks).chain(knobs).collect()
}

impl Fork {
    pub fn types(&self) -> bool {
        self.input.is_some()
    }

    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> Forked {
        let rows = rows(frame);
        self.chosen = self.chosen.min(rows.len() - 1);
        if self.input.is_some() {
            return self.typing(key, &rows[self.chosen]);
        }
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.chosen = (self.chosen + 1).min(rows.len() - 1),
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Home | KeyCode::Char('g') => self.chosen = 0,
            KeyCode::End | KeyCode::Char('G') => self.chosen = rows.len() - 1,
            KeyCode::Esc | KeyCode::Char('q' | 'f') => return Forked::Close,
            KeyCode::Enter | KeyCode::Right | KeyCode::Char('l') => match &rows[self.chosen] {
                Row::ByHand => return Forked::Fork(Change::Nothing),
                Row::Without(mark) => return mark.source.map_or(Forked::Stay, |source| Forked::Fork(Change::Without(source))),
                Row::Knob(_, value) => self.input = Some(Entry::new(value.to_string())),
            },
            _ => {}
        }
        Forked::Stay
    }

    fn typing(&mut self, key: KeyEvent, row: &Row<'_>) -> Forked {
        let (Some(input), Row::Knob(knob, _)) = (&mut self.input, row) else { return Forked::Stay };
        match key.code {
            KeyCode::Esc => (self.input, self.refused) = (None, None),
            KeyCode::Enter => {
                let text = input.text().trim().to_string();
                match knob.kind.read(&text) {
                    Ok(_) => return Forked::Fork(Change::Set { knob: knob.name.into(), text }),
                    Err(why) => self.refused = Some(format!("{} {why}", knob.name)),
                }
            }
            _ => {
                self.refused = None;
                input.on_key(key);
            }
        }
        Forked::Stay
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(input) = &mut self.input {
            input.paste(text);
        }
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let rows = rows(frame);
        let title = format!("Another future from {}: it goes on …", frame.now);
        let inner = popup::draw(&title, 80, rows.len() as u16 + 3 + FOOT_ROWS, area, buf, theme);
        let foot_rows = FOOT_ROWS.min(inner.height / 4).max(1);
        let [list, _, foot] =
            inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(u16::from(inner.height > 5)), Constraint::Length(foot_rows)]));
        let from = scroll::window(self.chosen, list.height, rows.len());
        scroll::bar_beside(list, from, rows.len(), buf, theme);
        for (line, (at, row)) in list.rows().zip(rows.iter().enumerate().skip(from)) {
            self.line(at == self.chosen, row, usize::from(line.width), theme).render(line, buf);
        }
        let (says, style) = match (&self.refused, rows.get(self.chosen)) {
            (Some(why), _) => (why.clone(), theme.bad),
            (None, Some(Row::Knob(knob, _))) => (format!("{}: {}", knob.says, knob.kind), theme.dim),
            _ => ("both futures are shown on the same axes".into(), theme.dim),
        };
        foot.rows().zip(text::wrap(&says, usize::from(foot.width))).for_each(|(row, line)| Line::styled(line, style).render(row, buf));
    }

    fn line(&self, chosen: bool, row: &Row<'_>, cols: usize, theme: &Theme) -> Line<'static> {
        let style = if chosen { theme.selected } else { theme.text };
        match (row, chosen, &self.input) {
            (Row::ByHand, ..) => Line::from(vec![Span::styled(" as it is ", style), Span::styled(" and is changed by hand", theme.dim)]),
            (Row::Without(mark), ..) => {
                let (glyph, colour) = super::timebar::glyph(mark.kind, theme);
                Line::from(vec![Span::styled(format!(" without {} ", text::fit(&mark.told(), cols.saturating_sub(14))), style), Span::styled(glyph, colour)])
            }
            (Row::Knob(knob, _), true, Some(input)) => {
                Line::from([vec![Span::styled(format!(" with {} = ", knob.name), theme.accent)], input.spans(theme.accent, theme).to_vec()].concat())
            }
            (Row::Knob(knob, value), ..) => {
                let when = if knob.live { "" } else { "  from the start" };
                Line::from(vec![Span::styled(format!(" with another {} ", knob.name), style), Span::styled(format!(" now {value}{when}"), theme.dim)])
            }
        }
    }
}
