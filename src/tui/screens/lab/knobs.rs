//! The knobs of the lab: chosen, turned, typed; those that hold from the start wait for a yes.

use super::keys::Turn;
use crate::lab::Frame;
use crate::lab::turn::{self, Way};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::design::Design;
use sims::kernel::knob::Knob;
use sims::kernel::value::{Kind, Value};

#[derive(Default)]
pub struct Knobs {
    chosen: usize,
    input: Option<Entry>,
    /// A start knob's next value, which a restart would take.
    pending: Option<String>,
}

/// What comes of a key.
pub enum Done {
    Nothing,
    Set(String, String),
    Say(String),
    /// What was typed is no value of the knob.
    Refused(String),
}

impl Knobs {
    pub fn types(&self) -> bool {
        self.input.is_some()
    }

    /// Drops a value that waits for a restart; false if there is none.
    pub fn forget(&mut self) -> bool {
        self.pending.take().is_some()
    }

    pub fn act(&mut self, turn: Turn, frame: &Frame) -> Done {
        let count = frame.design.knobs.len();
        let Some((knob, value)) = frame.knobs.iter().nth(self.chosen) else { return Done::Nothing };
        match turn {
            Turn::Next => self.choose((self.chosen + 1).min(count - 1)),
            Turn::Previous => self.choose(self.chosen.saturating_sub(1)),
            Turn::More => return self.turn(knob, value, Way::Up),
            Turn::Less => return self.turn(knob, value, Way::Down),
            Turn::Default => return self.set(knob, knob.default.to_string()),
            Turn::Edit => {
                if let Some(text) = self.pending.take() {
                    return Done::Set(knob.name.into(), text);
                }
                self.input = Some(Entry::new(value.to_string()));
            }
        }
        Done::Nothing
    }

    fn choose(&mut self, at: usize) {
        self.pending = None;
        self.chosen = at;
    }

    fn turn(&mut self, knob: &Knob, value: &Value, way: Way) -> Done {
        let from = self.pending.as_ref().and_then(|text| knob.kind.read(text).ok()).unwrap_or_else(|| value.clone());
        match turn::next(&knob.kind, &from, way) {
            Some(text) => self.set(knob, text),
            None => Done::Say(format!("{} is {from}; it must be {}", knob.name, knob.kind)),
        }
    }

    /// A live knob acts at once; another waits for Enter, because it starts the run anew.
    fn set(&mut self, knob: &Knob, text: String) -> Done {
        if knob.live {
            return Done::Set(knob.name.into(), text);
        }
        self.pending = Some(text);
        Done::Say(format!("{} holds from the start of a run: enter starts it anew, esc leaves it", knob.name))
    }

    /// While a value is typed.
    pub fn on_key(&mut self, key: KeyEvent, frame: &Frame) -> Done {
        let Some(input) = &mut self.input else { return Done::Nothing };
        match key.code {
            KeyCode::Esc => self.input = None,
            KeyCode::Enter => {
                let text = input.text().trim().to_string();
                let Some((knob, _)) = frame.knobs.iter().nth(self.chosen) else { return Done::Nothing };
                if let Err(why) = knob.kind.read(&text) {
                    return Done::Refused(format!("{} {why}", knob.name));
                }
                self.input = None;
                return self.set(knob, text);
            }
            _ => {
                input.on_key(key);
            }
        }
        Done::Nothing
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(input) = &mut self.input {
            input.paste(text);
        }
    }

    /// A click on a row of the pane.
    pub fn click(&mut self, row: usize, height: u16, frame: &Frame) {
        let count = frame.design.knobs.len();
        let at = scroll::window(self.chosen, rows(height), count) + row;
        if at < count && self.input.is_none() {
            self.choose(at);
        }
    }

    pub fn draw(&self, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let block = popup::focused("Knobs", theme);
        let inner = block.inner(area);
        block.render(area, buf);
        let [list, foot] = inner.layout(&Layout::vertical([Constraint::Length(rows(area.height)), Constraint::Fill(1)]));
        let count = frame.design.knobs.len();
        let from = scroll::window(self.chosen, list.height, count);
        let name_cols = frame.design.knobs.iter().map(|k| k.name.len()).max().unwrap_or(0).min(usize::from(list.width) * 3 / 5);
        for (row, (at, (knob, value))) in list.rows().zip(frame.knobs.iter().enumerate().skip(from)) {
            // The last column is the scroll bar's.
            let row = Rect { width: row.width.saturating_sub(1), ..row };
            self.line(at == self.chosen, knob, value, name_cols, theme).render(row, buf);
            if guards_off(knob, value, frame.design) {
                let mark = Rect { x: row.right().saturating_sub(1), width: 1, ..row };
                Span::styled("!", theme.warn).render(mark, buf);
            }
        }
        scroll::bar(Rect { height: list.height + 2, ..area }, from, count, buf, theme);
        if let Some(knob) = frame.design.knobs.get(self.chosen) {
            let off = frame.knobs.get(knob.name).is_some_and(|value| guards_off(knob, value, frame.design));
            let start = if knob.live { "" } else { " (from the start)" };
            let says = format!("{}{}{start}", if off { "! not safe: " } else { "" }, knob.says);
            for (row, line) in foot.rows().skip(1).zip(text::wrap(&says, usize::from(foot.width))) {
                Line::styled(line, theme.dim).render(row, buf);
            }
        }
    }

    fn line(&self, chosen: bool, knob: &Knob, value: &Value, name_cols: usize, theme: &Theme) -> Line<'static> {
        let name = Span::styled(format!("{} ", text::pad(knob.name, name_cols)), if chosen { theme.accent } else { theme.text });
        let mut spans = vec![Span::styled(if chosen { theme.pick("▸", ">") } else { " " }, theme.accent), name];
        match (chosen, &self.input, &self.pending) {
            (true, Some(input), _) => spans.extend(input.spans(theme.accent, theme)),
            (true, None, Some(text)) => {
                let shown = knob.kind.read(text).map_or_else(|_| text.clone(), |v| v.to_string());
                spans.push(Span::styled(format!("{value} "), theme.dim));
                spans.push(Span::styled(format!("{} {shown}", theme.pick("→", "->")), theme.warn));
            }
            (true, None, None) => spans.push(Span::styled(format!("{value}"), theme.selected)),
            _ => spans.push(Span::styled(value.to_string(), if knob.live { theme.text } else { theme.dim })),
        }
        Line::from(spans)
    }
}

/// Columns in which every name and every choice fits, borders included.
pub fn cols(design: &Design) -> u16 {
    let name = design.knobs.iter().map(|knob| knob.name.len()).max().unwrap_or(0);
    let value = |knob: &Knob| match knob.kind {
        Kind::Choice(words) => words.iter().map(|word| word.len()).max().unwrap_or(0),
        _ => knob.default.len(),
    };
    let value = design.knobs.iter().map(value).max().unwrap_or(0);
    u16::try_from(name + value + 7).unwrap_or(u16::MAX)
}

/// Rows of the list in a pane of this height: two or three are kept for what the chosen knob does.
fn rows(height: u16) -> u16 {
    let inner = height.saturating_sub(2);
    if inner > 8 { inner - 3 } else { inner }
}

/// A safeguard that is switched off says so beside the knob.
fn guards_off(knob: &Knob, value: &Value, design: &Design) -> bool {
    design.safeguards.iter().any(|guard| guard.knob == knob.name && !guard.safe.iter().any(|safe| knob.kind.read(safe).as_ref() == Ok(value)))
}
