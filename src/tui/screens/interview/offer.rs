//! An interview of this problem was cut off: go on with it, or begin anew.

use crate::session::Mode;
use crate::store::Unfinished;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen};
use crate::tui::screens::Place;
use crate::tui::widgets::popup;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Widget, Wrap};

pub struct Offer {
    cut: Unfinished,
    mode: Option<Mode>,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Resume,
    Anew,
}

const KEYS: &[Binding<Act>] = &[bind(&[code(KeyCode::Enter), ch('r')], "enter", "go on with it", Act::Resume), bind(&[ch('n')], "n", "begin anew", Act::Anew)];

impl Offer {
    pub fn new(cut: Unfinished, mode: Option<Mode>) -> Offer {
        Offer { cut, mode }
    }
}

impl Screen for Offer {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        Header::title(self.cut.attempt.title.clone())
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        let attempt = &self.cut.attempt;
        match keymap::find(KEYS, key) {
            Some(Act::Resume) => Reply::ask(Ask::Replace(Place::Resume { attempt: attempt.id.clone() })),
            Some(Act::Anew) => match ctx.rooms.store().map(|store| store.abandon(&attempt.id)) {
                Some(Err(why)) => Reply::ask(super::say(&why)),
                _ => {
                    let (problem, variant) = (attempt.problem.clone(), attempt.variant.clone());
                    Reply::ask(Ask::Replace(Place::Interview { problem, variant, mode: self.mode }))
                }
            },
            None => Reply::Passed,
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let attempt = &self.cut.attempt;
        let inner = popup::draw("You were in the middle of this", 66, 10, area, buf, ctx.theme);
        let [body, foot] = popup::with_foot(inner);
        let left = attempt.saved_at.with_timezone(&chrono::Local).format("%A, %d %B, %H:%M");
        let (used, allowed) = (super::view::minutes(attempt.used_ms), super::view::minutes(attempt.allowed_ms));
        let says = format!(
            "Left on {left}, with {used} of {allowed} on the clock ({} mode, {} hints taken).\n\nYour notes are as you left them. If you begin anew, they stay in the history.",
            attempt.mode.name(),
            attempt.hints
        );
        Paragraph::new(says).wrap(Wrap { trim: true }).render(body, buf);
        Line::styled("enter go on · n begin anew · esc back", ctx.theme.dim).render(foot, buf);
    }
}
