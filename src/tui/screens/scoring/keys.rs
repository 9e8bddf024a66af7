//! The keys of scoring: one letter a grade, one figure a step; and those of its result.

use crate::score::Grade;
use crate::tui::keymap::{Binding, bind, ch, code, ctrl, quiet};
use ratatui::crossterm::event::KeyCode;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Down,
    Up,
    Grade(Grade),
    Step(u8),
    Undo,
    Evidence,
    Take,
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
    bind(&[ch('t')], "t", "take a note", Act::Take),
    bind(&[ch('j'), code(KeyCode::Down)], "j", "next", Act::Down),
    bind(&[ch('c')], "c", "continue", Act::Continue),
    bind(&[code(KeyCode::Tab)], "tab", "notes or solution", Act::Side),
    quiet(&[ch('k'), code(KeyCode::Up)], "k ↑", "previous", Act::Up),
    quiet(&[ch('1')], "1 - 5", "a step, for dimensions and communication", Act::Step(1)),
    quiet(&[ch('u')], "u", "take back the last rating; each goes on to the next open row", Act::Undo),
    quiet(&[ctrl('d'), code(KeyCode::PageDown)], "ctrl-d", "scroll the text down", Act::ScrollDown),
    quiet(&[ctrl('u'), code(KeyCode::PageUp)], "ctrl-u", "scroll the text up", Act::ScrollUp),
];

/// While a line of the notes is chosen; the keys themselves are read where it is.
pub const PICKING: &[Binding<()>] = &[
    bind(&[code(KeyCode::Enter)], "enter", "takes this line as evidence", ()),
    bind(&[ch('j')], "j k", "another line", ()),
    bind(&[code(KeyCode::Esc)], "esc", "back to the rubric", ()),
];

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum After {
    Next,
    Tab(usize),
    TabOn,
    TabBack,
    Lab,
    History,
    Again,
    Home,
    Copy,
    Cards,
    Pick,
    Run,
    Stop,
    ScrollDown,
    ScrollUp,
    PageDown,
    PageUp,
}

/// The keys once the result stands.
pub const AFTER: &[Binding<After>] = &[
    bind(&[code(KeyCode::Enter), ch('n')], "enter", "next step", After::Next),
    bind(&[code(KeyCode::Tab), code(KeyCode::Right)], "tab", "pages", After::TabOn),
    bind(&[ch('l')], "l", "lab", After::Lab),
    bind(&[ch('h')], "h", "history", After::History),
    bind(&[ch('c')], "c", "cards of what you missed", After::Cards),
    bind(&[ch('e')], "e", "score again", After::Again),
    bind(&[ch('y')], "y", "copy", After::Copy),
    bind(&[ch('q')], "q", "the problems", After::Home),
    quiet(&[code(KeyCode::BackTab), code(KeyCode::Left)], "shift-tab", "the page before", After::TabBack),
    quiet(&[ch('1')], "1 - 7", "a page", After::Tab(0)),
    quiet(&[ch('p')], "p", "say which line answers which estimate", After::Pick),
    quiet(&[ch('r')], "r", "run the numbers again", After::Run),
    quiet(&[ch('x')], "x", "stop the run", After::Stop),
    quiet(&[ch('j'), code(KeyCode::Down)], "j", "scroll down", After::ScrollDown),
    quiet(&[ch('k'), code(KeyCode::Up)], "k", "scroll up", After::ScrollUp),
    quiet(&[ctrl('d'), code(KeyCode::PageDown)], "ctrl-d", "half a page down", After::PageDown),
    quiet(&[ctrl('u'), code(KeyCode::PageUp)], "ctrl-u", "half a page up", After::PageUp),
];

/// While estimates are matched with their questions.
pub const MATCHING: &[Binding<()>] = &[
    bind(&[ch('j')], "j k", "another question", ()),
    bind(&[code(KeyCode::Right)], "← →", "another line of yours, or none", ()),
    bind(&[code(KeyCode::Enter)], "enter", "done", ()),
];
