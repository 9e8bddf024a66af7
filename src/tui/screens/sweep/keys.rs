//! The sweep's keys.

use crate::tui::keymap::{Binding, bind, code, f};
use ratatui::crossterm::event::KeyCode;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Run,
    Next,
    Previous,
    More,
    Less,
    Save,
    Stop,
}

pub const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter)], "enter", "run", Act::Run),
    bind(&[code(KeyCode::Down), code(KeyCode::Tab)], "↓ tab", "next field", Act::Next),
    bind(&[code(KeyCode::Up), code(KeyCode::BackTab)], "↑", "field before", Act::Previous),
    bind(&[code(KeyCode::Right)], "→", "next knob or metric", Act::More),
    bind(&[code(KeyCode::Left)], "←", "the one before", Act::Less),
    bind(&[f(5)], "F5", "save as CSV and JSON", Act::Save),
    bind(&[f(8)], "F8", "stop", Act::Stop),
];
