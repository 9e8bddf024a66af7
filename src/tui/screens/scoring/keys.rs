//! The keys of scoring: one letter a grade, one figure a step.

use crate::score::Grade;
use crate::tui::keymap::{Binding, bind, ch, code, ctrl, quiet};
use ratatui::crossterm::event::KeyCode;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Down,
    Up,
    Grade(Grade),
    Step(u8),
    Evidence,
    Side,
    Continue,
    ScrollDown,
    ScrollUp,
}

pub const KEYS: &[Binding<Act>] = &[
    bind(&[ch('f')], "f", "full", Act::Grade(Grade::Full)),
    bind(&[ch('h')], "h", "half", Act::Grade(Grade::Half)),
    bind(&[ch('n')], "n", "none", Act::Grade(Grade::None)),
    bind(&[code(KeyCode::Enter), ch('e')], "enter", "evidence", Act::Evidence),
    bind(&[ch('j'), code(KeyCode::Down)], "j", "next", Act::Down),
    bind(&[ch('c')], "c", "continue", Act::Continue),
    bind(&[code(KeyCode::Tab)], "tab", "notes or solution", Act::Side),
    quiet(&[ch('k'), code(KeyCode::Up)], "k ↑", "previous", Act::Up),
    quiet(&[ch('1')], "1 - 5", "a step, for dimensions and communication", Act::Step(1)),
    quiet(&[ctrl('d'), code(KeyCode::PageDown)], "ctrl-d", "scroll the text down", Act::ScrollDown),
    quiet(&[ctrl('u'), code(KeyCode::PageUp)], "ctrl-u", "scroll the text up", Act::ScrollUp),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum After {
    Lab,
    History,
    Again,
    Home,
    Copy,
    ScrollDown,
    ScrollUp,
}

/// The keys once the result stands.
pub const AFTER: &[Binding<After>] = &[
    bind(&[code(KeyCode::Enter), ch('q')], "enter", "the problems", After::Home),
    bind(&[ch('l')], "l", "lab", After::Lab),
    bind(&[ch('h')], "h", "history", After::History),
    bind(&[ch('e')], "e", "score again", After::Again),
    bind(&[ch('y')], "y", "copy", After::Copy),
    quiet(&[ch('j'), code(KeyCode::Down), code(KeyCode::PageDown)], "j", "scroll down", After::ScrollDown),
    quiet(&[ch('k'), code(KeyCode::Up), code(KeyCode::PageUp)], "k", "scroll up", After::ScrollUp),
];
