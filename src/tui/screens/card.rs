//! One problem's card: to be read before an interview; the solution only if the user insists.

mod sections;

use super::Place;
use crate::catalog::{Missing, Problem};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::widgets::popup;
use crate::tui::widgets::scroll::{self, Scroller};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Constraint, Layout, Margin, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::any::Any;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Next,
    Previous,
    Mock,
    Lab,
    Bench,
    History,
    Reveal,
    Pages,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Tab), code(KeyCode::Right), ch(']'), ch('n')], "tab", "next section", Act::Next),
    bind(&[ch('m')], "m", "mock", Act::Mock),
    bind(&[ch('l')], "l", "lab", Act::Lab),
    bind(&[ch('b')], "b", "bench", Act::Bench),
    bind(&[ch('h')], "h", "history", Act::History),
    bind(&[ch('c')], "c", "concepts", Act::Pages),
    bind(&[ch('r')], "r", "reveal anyway", Act::Reveal),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
    quiet(&[code(KeyCode::BackTab), code(KeyCode::Left), ch('['), ch('p')], "shift-tab", "section before", Act::Previous),
];

/// Keys that the scroller takes, for the help.
const SCROLL_KEYS: &[Binding<()>] = &[
    quiet(&[ch('j'), code(KeyCode::Down)], "j k", "scroll", ()),
    quiet(&[code(KeyCode::PageDown)], "ctrl-d u", "half a page", ()),
    quiet(&[ch('g')], "g G", "first and last line", ()),
];

/// From this width on the sections stand beside the text.
const BESIDE: u16 = 100;

pub struct Card {
    problem: Arc<Problem>,
    sections: Vec<(&'static str, Markdown)>,
    at: usize,
    scroll: Scroller,
    revealed: bool,
}

/// The user agreed to see the solution.
struct Revealed;

impl Card {
    /// # Errors
    /// No such problem, or its file has faults.
    pub fn new(problem: &str, ctx: &Ctx<'_>) -> Result<Card, String> {
        let catalog = ctx.rooms.catalog.as_ref().ok_or("the problems are still being read")?;
        let problem = catalog.problem(problem).map_err(|missing| match missing {
            Missing::Unknown(why) => why,
            Missing::Bad(faults) => faults.first().map_or_else(|| "its file has faults".into(), ToString::to_string),
        })?;
        let sections = sections::open(&problem).into_iter().map(|s| (s.title, Markdown::new(s.text))).collect();
        Ok(Card { problem, sections, at: 0, scroll: Scroller::default(), revealed: false })
    }

    fn act(&mut self, act: Act) -> Reply {
        let problem = self.problem.id.clone();
        match act {
            Act::Next => self.go((self.at + 1) % self.sections.len().max(1)),
            Act::Previous => self.go((self.at + self.sections.len() - 1) % self.sections.len().max(1)),
            Act::Mock => Reply::ask(Ask::Open(Place::Interview { problem, variant: None, mode: None })),
            Act::History => Reply::ask(Ask::Open(Place::History { problem: Some(problem) })),
            Act::Lab | Act::Bench => match &self.problem.design {
                None => Reply::ask(Ask::Toast(Tone::Warn, "this problem has no running design".into())),
                Some(_) if act == Act::Lab => Reply::ask(Ask::Open(Place::lab(&problem))),
                Some(design) => Reply::ask(Ask::Open(Place::Bench { design: design.clone() })),
            },
            Act::Reveal if self.revealed => Reply::DONE,
            Act::Reveal => {
                let question = "Facts, estimation, solution and rubric: an interview you have not sat yet is worth less after this. Show them?";
                Reply::ask(Ask::Confirm { question: question.into(), yes: Box::new(Ask::Tell(Box::new(Revealed))) })
            }
            Act::Pages => Reply::ask(Ask::Open(Place::PagesAbout { mechanisms: self.problem.mechanisms.clone() })),
            Act::Back => Reply::ask(Ask::Back),
        }
    }

    fn go(&mut self, to: usize) -> Reply {
        self.at = to;
        self.scroll.to_top();
        Reply::DONE
    }

    fn reveal(&mut self) {
        let first = self.sections.len();
        self.sections.extend(sections::hidden(&self.problem).into_iter().map(|s| (s.title, Markdown::new(s.text))));
        self.revealed = true;
        // To the solution if there is one: that is what was asked for.
        let solution = self.sections.iter().position(|(title, _)| *title == "Solution");
        self.go(solution.unwrap_or(first.min(self.sections.len().saturating_sub(1))));
    }

    fn draw_contents(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let block = popup::frame("Card", ctx.theme);
        let inner = block.inner(area);
        block.render(area, buf);
        for (n, (row, (title, _))) in inner.rows().zip(&self.sections).enumerate() {
            let mark = if n == self.at { ctx.theme.pick("▸", ">") } else { " " };
            Line::from(vec![Span::styled(format!(" {mark} "), ctx.theme.accent), Span::raw(*title)]).render(row, buf);
            if n == self.at {
                buf.set_style(row, ctx.theme.selected);
            }
        }
    }
}

impl Screen for Card {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let right = if self.revealed { "solution revealed" } else { "" };
        Header { right: Line::raw(right), ..Header::title(self.problem.title.clone()) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        let mut keys = keymap::help(KEYS);
        if self.revealed {
            keys.retain(|key| key.shown != "r");
        }
        keys.extend(keymap::help(SCROLL_KEYS));
        keys
    }

    fn on_key(&mut self, key: KeyEvent, _ctx: &Ctx<'_>) -> Reply {
        if let Some(act) = keymap::find(KEYS, key) {
            return self.act(act);
        }
        if self.scroll.on_key(key) { Reply::DONE } else { Reply::Passed }
    }

    fn on_mouse(&mut self, mouse: MouseEvent, body: Rect, _ctx: &Ctx<'_>) -> Reply {
        if self.scroll.on_wheel(mouse) {
            return Reply::DONE;
        }
        let [contents, _] = split(body);
        let inner = contents.inner(Margin::new(1, 1));
        let row = usize::from(mouse.row.saturating_sub(inner.y));
        if mouse.kind == MouseEventKind::Down(MouseButton::Left) && inner.contains(Position::new(mouse.column, mouse.row)) && row < self.sections.len() {
            return self.go(row);
        }
        Reply::Passed
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        if message.is::<Revealed>() && !self.revealed {
            self.reveal();
        }
        Vec::new()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let [contents, page] = split(area);
        if !contents.is_empty() {
            self.draw_contents(contents, buf, ctx);
        }
        let Some((title, text)) = self.sections.get(self.at) else { return };
        let place = format!("{title} · {} of {}", self.at + 1, self.sections.len());
        let block = popup::focused(&place, ctx.theme);
        let inner = block.inner(page).inner(Margin::new(1, 0));
        block.render(page, buf);
        // Lines longer than this are hard to read, however wide the terminal is.
        const LINE_MOST: u16 = 100;
        let inner = Rect { width: inner.width.min(LINE_MOST), ..inner };
        let length = text.height(inner.width, ctx.theme, Some(ctx.code));
        let scroll = self.scroll.see(inner.height, length);
        text.draw(scroll, inner, buf, ctx.theme, Some(ctx.code));
        scroll::bar(page, scroll.from, length, buf, ctx.theme);
    }
}

fn split(area: Rect) -> [Rect; 2] {
    let contents = if area.width >= BESIDE { 24 } else { 0 };
    area.layout(&Layout::horizontal([Constraint::Length(contents), Constraint::Fill(1)]))
}
