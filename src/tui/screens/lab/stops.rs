//! The list of breakpoints: switched on and off, added by a sentence, removed.

use crate::lab::Frame;
use crate::lab::breakpoint::{Breakpoint, FORMS};
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::halt::Halt;

/// What pauses the run, as far as the user has listed it.
pub struct Stops {
    pub list: Vec<Breakpoint>,
}

#[derive(Default)]
pub struct Editor {
    chosen: usize,
    input: Option<Entry>,
    refused: Option<String>,
}

pub enum Edited {
    Stay,
    Close,
    /// The list is another one now.
    Changed,
}

/// More than that nobody reads.
const STOPS_MAX: usize = 32;

impl Default for Stops {
    /// The one that everybody wants is at hand, but off.
    fn default() -> Self {
        Stops { list: vec![Breakpoint { halt: Halt::Break(None), on: false }] }
    }
}

impl Editor {
    pub fn types(&self) -> bool {
        self.input.is_some()
    }

    pub fn on_key(&mut self, key: KeyEvent, stops: &mut Stops, frame: &Frame) -> Edited {
        if self.input.is_some() {
            return self.typing(key, stops, frame);
        }
        match key.code {
            KeyCode::Down | KeyCode::Char('j') => self.chosen = (self.chosen + 1).min(stops.list.len().saturating_sub(1)),
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Char('a' | 'n') => self.input = Some(Entry::default()),
            KeyCode::Char(' ') | KeyCode::Enter => {
                if let Some(stop) = stops.list.get_mut(self.chosen) {
                    stop.on = !stop.on;
                    return Edited::Changed;
                }
            }
            KeyCode::Char('d') | KeyCode::Delete if self.chosen < stops.list.len() => {
                stops.list.remove(self.chosen);
                self.chosen = self.chosen.min(stops.list.len().saturating_sub(1));
                return Edited::Changed;
            }
            KeyCode::Esc | KeyCode::Char('q' | 'B') => return Edited::Close,
            _ => {}
        }
        Edited::Stay
    }

    fn typing(&mut self, key: KeyEvent, stops: &mut Stops, frame: &Frame) -> Edited {
        let Some(input) = &mut self.input else { return Edited::Stay };
        match key.code {
            KeyCode::Esc => {
                self.input = None;
                self.refused = None;
            }
            KeyCode::Enter if stops.list.len() >= STOPS_MAX => self.refused = Some(format!("there are {STOPS_MAX} already: remove one first")),
            KeyCode::Enter => match Breakpoint::read(frame.design, input.text()) {
                Ok(stop) => {
                    stops.list.retain(|known| known.halt != stop.halt);
                    stops.list.push(stop);
                    (self.chosen, self.input, self.refused) = (stops.list.len() - 1, None, None);
                    return Edited::Changed;
                }
                Err(why) => self.refused = Some(why),
            },
            _ => {
                self.refused = None;
                input.on_key(key);
            }
        }
        Edited::Stay
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Some(input) = &mut self.input {
            input.paste(text);
        }
    }

    pub fn draw(&self, stops: &Stops, frame: &Frame, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let help = self.help(frame, usize::from(area.width.min(76).saturating_sub(6)), theme);
        let rows = (stops.list.len().max(1) + help.len() + 4) as u16;
        let inner = popup::draw("Pause the run when", 76, rows, area, buf, theme);
        let [list, _, foot] = inner.layout(&Layout::vertical([Constraint::Fill(1), Constraint::Length(1), Constraint::Length(help.len() as u16)]));
        if stops.list.is_empty() {
            Line::styled("nothing: a adds one", theme.dim).render(list, buf);
        }
        let from = scroll::window(self.chosen, list.height, stops.list.len());
        for (row, (at, stop)) in list.rows().zip(stops.list.iter().enumerate().skip(from)) {
            let mark = if stop.on { theme.pick("[✓]", "[x]") } else { "[ ]" };
            let style = if at == self.chosen && self.input.is_none() { theme.selected } else { theme.text };
            let says = told(&stop.halt);
            let stands = value(&stop.halt, frame);
            Line::from(vec![Span::styled(format!(" {mark} {stop} "), style), Span::styled(format!(" {says}{stands}"), theme.dim)]).render(row, buf);
        }
        foot.rows().zip(help).for_each(|(row, line)| line.render(row, buf));
    }

    fn help(&self, frame: &Frame, cols: usize, theme: &Theme) -> Vec<Line<'static>> {
        let Some(input) = &self.input else {
            return vec![Line::styled("space on or off · a add · d remove · esc close", theme.dim)];
        };
        let mut lines = vec![Line::from([vec![Span::styled("when ", theme.accent)], input.spans(theme.accent, theme).to_vec()].concat())];
        if let Some(why) = &self.refused {
            lines.extend(text::wrap(why, cols).into_iter().map(|line| Line::styled(line, theme.bad)));
            return lines;
        }
        lines.extend(FORMS.iter().map(|(form, says)| Line::from(vec![Span::raw(format!("  {form:<14}")), Span::styled((*says).to_string(), theme.dim)])));
        if !frame.messages.is_empty() {
            let kinds = format!("messages lately: {}", frame.messages.join(", "));
            lines.extend(text::wrap(&kinds, cols).into_iter().take(3).map(|line| Line::styled(line, theme.dim)));
        }
        lines
    }
}

fn told(halt: &Halt) -> &'static str {
    match halt {
        Halt::Break(None) => "any invariant breaks",
        Halt::Break(Some(_)) => "this invariant breaks",
        Halt::Crossing { .. } => "",
        Halt::Message(_) => "it arrives",
        Halt::Timer => "any timer fires",
        Halt::Act(_) => "it is done",
        Halt::Fault => "any fault is inflicted",
    }
}

/// How far a metric is from its level.
fn value(halt: &Halt, frame: &Frame) -> String {
    match halt {
        Halt::Crossing { metric, .. } => {
            frame.metric(metric).map_or_else(|| "no value yet".into(), |v| format!("now {}", crate::catalog::expect::significant(v)))
        }
        _ => String::new(),
    }
}
