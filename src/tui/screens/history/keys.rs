//! The keys of the history: one table per view, and what they have in common.

use super::View;
use crate::tui::keymap::{Binding, bind, ch, code, ctrl, quiet};
use ratatui::crossterm::event::KeyCode;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Down,
    Up,
    First,
    Last,
    ScrollDown,
    ScrollUp,
    Open,
    Search,
    Filter,
    Only,
    Mark,
    Compare,
    Mend,
    Delete,
    Undo,
    Copy,
    Export,
    Show(View),
    NextView,
    Left,
    Right,
    Order,
    Clear,
}

const DOWN: Binding<Act> = quiet(&[ch('j'), code(KeyCode::Down)], "j ↓", "next", Act::Down);
const UP: Binding<Act> = quiet(&[ch('k'), code(KeyCode::Up)], "k ↑", "previous", Act::Up);
const FIRST: Binding<Act> = quiet(&[ch('g'), code(KeyCode::Home)], "g home", "first", Act::First);
const LAST: Binding<Act> = quiet(&[ch('G'), code(KeyCode::End)], "G end", "last", Act::Last);
const SCROLL_DOWN: Binding<Act> = quiet(&[ctrl('d'), code(KeyCode::PageDown)], "ctrl-d", "scroll the text down", Act::ScrollDown);
const SCROLL_UP: Binding<Act> = quiet(&[ctrl('u'), code(KeyCode::PageUp)], "ctrl-u", "scroll the text up", Act::ScrollUp);
const NEXT: Binding<Act> = bind(&[code(KeyCode::Tab)], "tab", "next view", Act::NextView);
const EXPORT: Binding<Act> = bind(&[ch('x')], "x", "export", Act::Export);
const ONE: Binding<Act> = quiet(&[ch('1')], "1", "attempts", Act::Show(View::Attempts));
const TWO: Binding<Act> = quiet(&[ch('2')], "2", "calendar", Act::Show(View::Calendar));
const THREE: Binding<Act> = quiet(&[ch('3')], "3", "trends", Act::Show(View::Trends));
const FOUR: Binding<Act> = quiet(&[ch('4')], "4", "predictions", Act::Show(View::Predictions));
const CLEAR: Binding<Act> = quiet(&[code(KeyCode::Esc)], "esc", "clear search and filter, then back", Act::Clear);

pub const ATTEMPTS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter)], "enter", "open", Act::Open),
    bind(&[ch('/')], "/", "search", Act::Search),
    bind(&[ch('f')], "f", "filter", Act::Filter),
    bind(&[ch('c')], "c", "compare", Act::Compare),
    bind(&[ch('m')], "m", "mend", Act::Mend),
    bind(&[ch('d')], "d", "delete", Act::Delete),
    bind(&[ch('u')], "u", "undo", Act::Undo),
    NEXT,
    EXPORT,
    quiet(&[ch('p')], "p", "this problem or all", Act::Only),
    quiet(&[ch(' ')], "space", "mark for comparison", Act::Mark),
    quiet(&[ch('y')], "y", "copy", Act::Copy),
    DOWN,
    UP,
    FIRST,
    LAST,
    SCROLL_DOWN,
    SCROLL_UP,
    ONE,
    TWO,
    THREE,
    FOUR,
    CLEAR,
];

pub const CALENDAR: &[Binding<Act>] = &[
    NEXT,
    EXPORT,
    bind(&[ch('h'), code(KeyCode::Left)], "h l", "a week back, on", Act::Left),
    quiet(&[ch('l'), code(KeyCode::Right)], "l →", "a week on", Act::Right),
    bind(&[ch('j'), code(KeyCode::Down)], "j k", "a day on, back", Act::Down),
    quiet(&[ch('k'), code(KeyCode::Up)], "k ↑", "a day back", Act::Up),
    FIRST,
    quiet(&[ch('G'), code(KeyCode::End)], "G end", "today", Act::Last),
    bind(&[code(KeyCode::Enter)], "enter", "this day's attempts", Act::Open),
    ONE,
    TWO,
    THREE,
    FOUR,
];

pub const TRENDS: &[Binding<Act>] =
    &[NEXT, EXPORT, bind(&[ch('j'), code(KeyCode::Down)], "j k", "what is charted", Act::Down), UP, FIRST, LAST, ONE, TWO, THREE, FOUR];

pub const PREDICTIONS: &[Binding<Act>] = &[
    NEXT,
    EXPORT,
    bind(&[ch('s')], "s", "by size or by date", Act::Order),
    bind(&[code(KeyCode::Enter)], "enter", "its experiments", Act::Open),
    DOWN,
    UP,
    FIRST,
    LAST,
    SCROLL_DOWN,
    SCROLL_UP,
    ONE,
    TWO,
    THREE,
    FOUR,
];

pub const COMPARE: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Esc), ch('c')], "esc", "back to the attempts", Act::Clear),
    bind(&[ch('j'), code(KeyCode::Down)], "j k", "scroll", Act::Down),
    quiet(&[ch('k'), code(KeyCode::Up)], "k ↑", "scroll up", Act::Up),
    SCROLL_DOWN,
    SCROLL_UP,
    FIRST,
];

/// While words are typed, for the footer and the help.
pub const SEARCHING: &[Binding<()>] = &[
    bind(&[], "letters", "search in notes and evidence", ()),
    bind(&[code(KeyCode::Enter)], "enter", "keep", ()),
    bind(&[code(KeyCode::Esc)], "esc", "clear", ()),
];

/// While a form is open.
pub const FORM: &[Binding<()>] = &[
    bind(&[], "↑ ↓", "field", ()),
    bind(&[], "← →", "change", ()),
    bind(&[code(KeyCode::Enter)], "enter", "do it", ()),
    bind(&[code(KeyCode::Esc)], "esc", "leave it", ()),
];
