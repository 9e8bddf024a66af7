//! The keys of an interview. Letters are notes, so everything else sits on function keys, each with a twin on Alt.

use crate::tui::keymap::{Binding, Press, bind, code, ctrl, f, quiet};
use ratatui::crossterm::event::{KeyCode, KeyModifiers};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Hint,
    Ask,
    Estimate,
    Size,
    Next,
    Back,
    Pause,
    Reveal,
    Mark,
    Editor,
    Template,
    Board,
    Times,
    Finish,
    Up,
    Down,
    PageUp,
    PageDown,
    Leave,
}

impl Act {
    /// What goes on with the interview itself: not while it is paused.
    pub fn is_work(self) -> bool {
        !matches!(self, Act::Pause | Act::Finish | Act::Times | Act::Up | Act::Down | Act::PageUp | Act::PageDown | Act::Leave)
    }
}

const fn alt(c: char) -> Press {
    Press { code: KeyCode::Char(c), held: KeyModifiers::ALT }
}

const fn held(code: KeyCode) -> Press {
    Press { code, held: KeyModifiers::CONTROL }
}

pub const KEYS: &[Binding<Act>] = &[
    bind(&[f(2), alt('h')], "F2", "hint", Act::Hint),
    bind(&[f(3), alt('a')], "F3", "ask", Act::Ask),
    bind(&[f(4), alt('e')], "F4", "estimate", Act::Estimate),
    bind(&[f(5), alt('s')], "F5", "sizing", Act::Size),
    bind(&[f(6), alt('n')], "F6", "next phase", Act::Next),
    bind(&[f(7), alt('p')], "F7", "pause", Act::Pause),
    bind(&[f(10), alt('f')], "F10", "finish", Act::Finish),
    quiet(&[f(8), alt('r')], "F8", "reveal the solution of this phase", Act::Reveal),
    quiet(&[f(9), alt('m')], "F9", "mark: a first full path stands", Act::Mark),
    quiet(&[alt('b')], "alt-b", "back to the phase before", Act::Back),
    bind(&[ctrl('g'), alt('g')], "ctrl-g", "whiteboard", Act::Board),
    bind(&[ctrl('t'), alt('t')], "ctrl-t", "template", Act::Template),
    bind(&[ctrl('o'), alt('o')], "ctrl-o", "editor", Act::Editor),
    quiet(&[alt('c')], "alt-c", "time per phase against the plan", Act::Times),
    quiet(&[code(KeyCode::PageUp)], "pgup", "a page of the prompt up", Act::PageUp),
    quiet(&[code(KeyCode::PageDown)], "pgdn", "a page of the prompt down", Act::PageDown),
    quiet(&[held(KeyCode::Up)], "ctrl-↑", "three lines of the prompt up", Act::Up),
    quiet(&[held(KeyCode::Down)], "ctrl-↓", "three lines of the prompt down", Act::Down),
    quiet(&[code(KeyCode::Esc)], "esc", "leave; the interview waits for you", Act::Leave),
    quiet(&[], "alt", "+ h a e s n p r m f: the same as F2 to F10; + g t o as with ctrl", Act::Leave),
];
