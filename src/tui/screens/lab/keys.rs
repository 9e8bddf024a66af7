//! The lab's keys.

use super::timebar::Move;
use crate::tui::keymap::{Binding, bind, ch, code, ctrl, quiet};
use ratatui::crossterm::event::KeyCode;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Pause,
    Step,
    Back,
    StrideOn,
    StrideBack,
    Faster,
    Slower,
    Flat,
    Restart,
    OtherSeed,
    End,
    Stops,
    Jump,
    Cursor(Move),
    NextView,
    PreviousView,
    Window,
    Faults,
    Messages,
    Shrink,
    Metrics,
    Lamps,
    Save,
    Open,
    Experiments,
    Bench,
    LogUp,
    LogDown,
    Knob(Turn),
}

/// What is done with the chosen knob.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    Next,
    Previous,
    More,
    Less,
    Edit,
    Default,
}

pub const KEYS: &[Binding<Act>] = &[
    bind(&[ch(' ')], "space", "pause", Act::Pause),
    bind(&[ch('.')], ".", "step", Act::Step),
    bind(&[ch(',')], ",", "back", Act::Back),
    bind(&[ch('+'), ch('=')], "+ -", "speed", Act::Faster),
    quiet(&[ch('-'), ch('_')], "-", "slower", Act::Slower),
    bind(&[ch('x')], "x", "faults", Act::Faults),
    bind(&[ch('v')], "v", "messages", Act::Messages),
    bind(&[ch('z')], "z", "shrink", Act::Shrink),
    bind(&[ch('e')], "e", "experiments", Act::Experiments),
    bind(&[code(KeyCode::Tab)], "tab", "view", Act::NextView),
    bind(&[code(KeyCode::Enter)], "enter", "knob", Act::Knob(Turn::Edit)),
    bind(&[ch('r')], "r", "restart", Act::Restart),
    bind(&[ch('i')], "i", "invariants", Act::Lamps),
    bind(&[ch('m')], "m", "numbers", Act::Metrics),
    bind(&[ch('s')], "s", "save", Act::Save),
    bind(&[ch('o')], "o", "challenges", Act::Open),
    bind(&[ch('b')], "b", "bench", Act::Bench),
    quiet(&[ch('R')], "R", "restart with the next seed", Act::OtherSeed),
    quiet(&[ch('>')], ">", "a second on", Act::StrideOn),
    quiet(&[ch('<')], "<", "a second back", Act::StrideBack),
    quiet(&[ch('F')], "F", "as fast as possible", Act::Flat),
    quiet(&[ch('B')], "B", "breakpoints: what pauses the run", Act::Stops),
    quiet(&[ch('g')], "g", "go to a moment: 12.5s, 1m30s", Act::Jump),
    quiet(&[ch(']')], "]", "cursor on, over timeline and charts; enter goes there", Act::Cursor(Move::On)),
    quiet(&[ch('[')], "[", "cursor back", Act::Cursor(Move::Back)),
    quiet(&[ch('}')], "}", "cursor to the next mark: a fault, a knob, a break", Act::Cursor(Move::NextMark)),
    quiet(&[ch('{')], "{", "cursor to the mark before", Act::Cursor(Move::PreviousMark)),
    quiet(&[ch('D')], "D", "end the run: faults heal, load stops, the last invariants are judged", Act::End),
    quiet(&[ch('j'), code(KeyCode::Down)], "j ↓", "next knob", Act::Knob(Turn::Next)),
    quiet(&[ch('k'), code(KeyCode::Up)], "k ↑", "previous knob", Act::Knob(Turn::Previous)),
    quiet(&[ch('l'), code(KeyCode::Right)], "l →", "turn the knob up", Act::Knob(Turn::More)),
    quiet(&[ch('h'), code(KeyCode::Left)], "h ←", "turn the knob down", Act::Knob(Turn::Less)),
    quiet(&[ch('d')], "d", "the knob's default", Act::Knob(Turn::Default)),
    quiet(&[code(KeyCode::BackTab)], "shift-tab", "previous view", Act::PreviousView),
    quiet(&[ch('t')], "t", "window of time", Act::Window),
    quiet(&[code(KeyCode::PageUp), ctrl('u')], "page up", "log back", Act::LogUp),
    quiet(&[code(KeyCode::PageDown), ctrl('d')], "page down", "log on", Act::LogDown),
];

/// While a knob's value is typed.
pub const TYPING: &[Binding<()>] = &[bind(&[], "enter", "set", ()), bind(&[], "esc", "leave it", ()), bind(&[], "ctrl-u", "clear", ())];
