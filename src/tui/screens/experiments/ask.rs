//! The question before an experiment runs: a number with the range one is 80 % sure of, or a choice.

use crate::lab::experiment::{Asked, Ready, Truth};
use crate::store::Guess;
use crate::tui::panes::markdown::Markdown;
use crate::tui::theme::Theme;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, prose, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use sims::kernel::units::{self, Quantity};

pub enum Form {
    /// Value, low, high.
    Number {
        fields: [Entry; 3],
        at: usize,
    },
    Choice {
        chosen: usize,
        count: usize,
    },
}

/// What the user expects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    Number { value: f64, low: f64, high: f64 },
    Choice(usize),
}

pub enum Answer {
    None,
    Refused(String),
    /// None: the user would rather not guess.
    Said(Option<Said>),
}

const NAMES: [&str; 3] = ["my guess", "at least", "at most"];

impl Said {
    /// With the truth it goes into the ledger; an experiment without a value gives none.
    pub fn against(self, truth: &Truth) -> Option<Guess> {
        Some(match (self, truth) {
            (Said::Number { value, low, high }, Truth::Number(Some(actual))) => Guess::Number { value, low, high, actual: *actual },
            (Said::Choice(chosen), Truth::Choice(right)) => Guess::Choice { chosen: place(chosen), right: place(*right) },
            _ => return None,
        })
    }
}

/// The ledger counts from 1.
fn place(at: usize) -> u32 {
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

impl Form {
    pub fn of(ready: &Ready) -> Form {
        match &ready.guess {
            Asked::Number { .. } => Form::Number { fields: Default::default(), at: 0 },
            Asked::Choice { choices, .. } => Form::Choice { chosen: 0, count: choices.len() },
        }
    }

    pub fn types(&self) -> bool {
        matches!(self, Form::Number { .. })
    }

    pub fn keys(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Form::Number { .. } => &[("enter", "next, then run"), ("↑ ↓", "field"), ("ctrl-n", "run without a guess"), ("esc", "list")],
            Form::Choice { .. } => &[("enter", "this one"), ("j k", "move"), ("ctrl-n", "run without a guess"), ("esc", "list")],
        }
    }

    pub fn on_key(&mut self, key: KeyEvent) -> Answer {
        use ratatui::crossterm::event::KeyModifiers;
        if key.code == KeyCode::Char('n') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Answer::Said(None);
        }
        match self {
            Form::Number { fields, at } => number_key(fields, at, key),
            Form::Choice { chosen, count } => choice_key(chosen, *count, key),
        }
    }

    pub fn on_paste(&mut self, text: &str) {
        if let Form::Number { fields, at } = self {
            fields[*at].paste(text);
        }
    }

    pub fn draw(&self, ready: &Ready, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let block = popup::focused(&ready.title, theme);
        let inner = block.inner(area);
        block.render(area, buf);
        let cols = usize::from(inner.width).saturating_sub(2).min(90);
        let say = |what: &str, style| text::wrap(what, cols).into_iter().map(move |line| Line::styled(line, style)).collect::<Vec<_>>();
        let mut lines = Markdown::new(ready.ask.trim()).lines(u16::try_from(cols).unwrap_or(u16::MAX), theme, None).to_vec();
        lines.push(Line::raw(""));
        match (self, &ready.guess) {
            (Form::Choice { chosen, .. }, Asked::Choice { choices, .. }) => {
                lines.extend(say("Which one will the run show?", theme.title));
                lines.push(Line::raw(""));
                for (at, (choice, _)) in choices.iter().enumerate() {
                    let here = at == *chosen;
                    let mark = format!(" {}{} ", if here { theme.pick("▸", ">") } else { " " }, at + 1);
                    let style = if here { theme.selected } else { theme.text };
                    lines.extend(prose::hanging(&mark, theme.accent, choice, style, cols, theme));
                }
            }
            (Form::Number { fields, at }, Asked::Number { text: what, .. }) => {
                lines.extend(say(&format!("What will {what} be, and between which two numbers are you 80 % sure that it lies?"), theme.title));
                ready.meaning().into_iter().for_each(|says| lines.extend(say(&says, theme.dim)));
                lines.push(Line::raw(""));
                for (n, field) in fields.iter().enumerate() {
                    let here = n == *at;
                    let mut spans =
                        vec![Span::styled(format!(" {} {}  ", if here { theme.pick("▸", ">") } else { " " }, text::pad(NAMES[n], 8)), theme.accent)];
                    if here {
                        spans.extend(field.spans(theme.text, theme));
                    } else {
                        spans.push(Span::styled(field.text().to_string(), theme.text));
                    }
                    lines.push(Line::from(spans));
                }
            }
            _ => {}
        }
        let left = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner };
        left.rows().skip(1).zip(lines).for_each(|(row, line)| line.render(row, buf));
    }
}

fn number_key(fields: &mut [Entry; 3], at: &mut usize, key: KeyEvent) -> Answer {
    match key.code {
        KeyCode::Up | KeyCode::BackTab => *at = at.saturating_sub(1),
        KeyCode::Down | KeyCode::Tab => *at = (*at + 1).min(2),
        // What is no number is told where it stands, not two fields later.
        KeyCode::Enter if *at < 2 && !fields[*at].text().trim().is_empty() => match field(fields, *at) {
            Ok(_) => *at += 1,
            Err((_, why)) => return Answer::Refused(why),
        },
        KeyCode::Enter => {
            return read(fields).unwrap_or_else(|(wrong, why)| {
                *at = wrong;
                Answer::Refused(why)
            });
        }
        _ => {
            fields[*at].on_key(key);
        }
    }
    Answer::None
}

/// What a field says, or which field says no number, and why.
fn field(fields: &[Entry; 3], at: usize) -> Result<f64, (usize, String)> {
    number(fields[at].text()).map_err(|why| (at, format!("{}: {why}", NAMES[at])))
}

fn read(fields: &[Entry; 3]) -> Result<Answer, (usize, String)> {
    let (value, low, high) = (field(fields, 0)?, field(fields, 1)?, field(fields, 2)?);
    if low <= value && value <= high {
        return Ok(Answer::Said(Some(Said::Number { value, low, high })));
    }
    Ok(Answer::Refused("the guess must lie between its two ends".into()))
}

/// `100`, `2.3K`, `5 %`, `12ms`: a time counts in milliseconds, as most metrics do.
fn number(text: &str) -> Result<f64, String> {
    Ok(match units::parse(text)? {
        Quantity::Number(n) | Quantity::Bytes(n) | Quantity::Bits(n) => n,
        Quantity::Duration(span) => span.as_millis(),
        Quantity::Rate { amount, per } => amount / per.as_secs(),
    })
}

fn choice_key(chosen: &mut usize, count: usize, key: KeyEvent) -> Answer {
    match key.code {
        KeyCode::Down | KeyCode::Char('j') => *chosen = (*chosen + 1).min(count.saturating_sub(1)),
        KeyCode::Up | KeyCode::Char('k') => *chosen = chosen.saturating_sub(1),
        KeyCode::Enter => return Answer::Said(Some(Said::Choice(*chosen))),
        KeyCode::Char(c) => {
            if let Some(n) = c.to_digit(10).map(|n| n as usize).filter(|n| (1..=count).contains(n)) {
                *chosen = n - 1;
            }
        }
        _ => {}
    }
    Answer::None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_needs_its_range() {
        let mut form = Form::Number { fields: Default::default(), at: 0 };
        let mut kind = |text: &str| {
            text.chars().for_each(|c| drop(form.on_key(KeyCode::Char(c).into())));
            form.on_key(KeyCode::Enter.into())
        };
        assert!(matches!(kind("200"), Answer::None));
        assert!(matches!(kind("250"), Answer::None));
        assert!(matches!(kind("300"), Answer::Refused(_)), "200 does not lie between 250 and 300");
        assert!(matches!(form.on_key(KeyCode::Up.into()), Answer::None));
        form.on_key(KeyEvent::new(KeyCode::Char('u'), ratatui::crossterm::event::KeyModifiers::CONTROL));
        form.on_paste("0.15K");
        form.on_key(KeyCode::Down.into());
        assert!(matches!(form.on_key(KeyCode::Enter.into()), Answer::Said(Some(Said::Number { value: 200.0, low: 150.0, high: 300.0 }))));
    }

    #[test]
    fn letters_are_refused_where_they_stand() {
        let mut form = Form::Number { fields: Default::default(), at: 0 };
        form.on_paste("many");
        assert!(matches!(form.on_key(KeyCode::Enter.into()), Answer::Refused(_)));
        assert!(matches!(&form, Form::Number { at: 0, .. }));
        form.on_key(KeyCode::Down.into());
        form.on_key(KeyCode::Down.into());
        form.on_paste("3");
        assert!(matches!(form.on_key(KeyCode::Enter.into()), Answer::Refused(_)));
        assert!(matches!(&form, Form::Number { at: 0, .. }), "the first field that says no number has the keys");
    }

    #[test]
    fn what_was_said_meets_the_truth() {
        let said = Said::Number { value: 2.0, low: 1.0, high: 3.0 };
        assert!(said.against(&Truth::Number(Some(2.5))).unwrap().hit());
        assert!(said.against(&Truth::Number(None)).is_none());
        assert!(!Said::Choice(0).against(&Truth::Choice(1)).unwrap().hit());
    }
}
