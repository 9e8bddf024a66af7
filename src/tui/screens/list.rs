//! The list of problems: filter, choose, go on from there.

mod filter;

use crate::catalog::Head;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, ctrl, quiet};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen};
use crate::tui::widgets::{popup, scroll, text};
use filter::Filter;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Widget};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    First,
    Last,
    PageDown,
    PageUp,
    Card,
    Filter,
    Clear,
    Quit,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch(' '), code(KeyCode::Right)], "enter", "card", Act::Card),
    bind(&[ch('/')], "/", "filter", Act::Filter),
    bind(&[ch('q')], "q", "quit", Act::Quit),
    quiet(&[ch('j'), code(KeyCode::Down), ctrl('n')], "j ↓", "next", Act::Down),
    quiet(&[ch('k'), code(KeyCode::Up), ctrl('p')], "k ↑", "previous", Act::Up),
    quiet(&[ch('g'), code(KeyCode::Home)], "g", "first", Act::First),
    quiet(&[ch('G'), code(KeyCode::End)], "G", "last", Act::Last),
    quiet(&[ctrl('d'), ctrl('f'), code(KeyCode::PageDown)], "ctrl-d", "a page down", Act::PageDown),
    quiet(&[ctrl('u'), ctrl('b'), code(KeyCode::PageUp)], "ctrl-u", "a page up", Act::PageUp),
    quiet(&[code(KeyCode::Esc)], "esc", "clear the filter", Act::Clear),
];

#[derive(Default)]
pub struct List {
    /// Places in the catalog's heads, best match first.
    shown: Vec<usize>,
    chosen: usize,
    filter: Filter,
    typing: bool,
}

impl List {
    fn head<'a>(&self, ctx: &'a Ctx<'_>) -> Option<&'a Head> {
        ctx.rooms.heads().get(*self.shown.get(self.chosen)?)
    }

    /// Filters anew and keeps the chosen problem chosen, if it is still there.
    fn refresh(&mut self, ctx: &Ctx<'_>) {
        let before = self.shown.get(self.chosen).copied();
        self.shown = self.filter.apply(ctx.rooms.heads());
        self.chosen = before.and_then(|b| self.shown.iter().position(|s| *s == b)).unwrap_or(0);
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        const PAGE: usize = 10;
        let last = self.shown.len().saturating_sub(1);
        match act {
            Act::Down => self.chosen = (self.chosen + 1).min(last),
            Act::Up => self.chosen = self.chosen.saturating_sub(1),
            Act::First => self.chosen = 0,
            Act::Last => self.chosen = last,
            Act::PageDown => self.chosen = (self.chosen + PAGE).min(last),
            Act::PageUp => self.chosen = self.chosen.saturating_sub(PAGE),
            Act::Filter => self.typing = true,
            Act::Clear => {
                self.filter.set("");
                self.refresh(ctx);
            }
            Act::Quit => return Reply::ask(Ask::Quit),
            Act::Card => return Reply::DONE,
        }
        Reply::DONE
    }

    fn type_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match key.code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.set("");
            }
            KeyCode::Down => return self.act(Act::Down, ctx),
            KeyCode::Up => return self.act(Act::Up, ctx),
            _ if !self.filter.on_key(key) => return Reply::Passed,
            _ => self.chosen = 0,
        }
        self.refresh(ctx);
        Reply::DONE
    }
}

impl Screen for List {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        let right = ctx.rooms.catalog.as_ref().map_or("reading the problems".to_string(), |all| format!("{} problems", all.heads().len()));
        Header { right: Line::raw(right), ..Header::title("greenroom") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if self.typing {
            return self.type_key(key, ctx);
        }
        keymap::find(KEYS, key).map_or(Reply::Passed, |act| self.act(act, ctx))
    }

    fn on_mouse(&mut self, mouse: MouseEvent, body: Rect, ctx: &Ctx<'_>) -> Reply {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.act(Act::Down, ctx),
            MouseEventKind::ScrollUp => self.act(Act::Up, ctx),
            MouseEventKind::Down(MouseButton::Left) => {
                let [list, _] = split(body);
                let inner = popup::frame("", ctx.theme).inner(list);
                if !inner.contains(Position::new(mouse.column, mouse.row)) {
                    return Reply::Passed;
                }
                let at = scroll::window(self.chosen, inner.height, self.shown.len()) + usize::from(mouse.row - inner.y);
                if at == self.chosen {
                    return self.act(Act::Card, ctx);
                }
                self.chosen = at.min(self.shown.len().saturating_sub(1));
                Reply::DONE
            }
            _ => Reply::Passed,
        }
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        self.refresh(ctx);
        Vec::new()
    }

    fn types(&self) -> bool {
        self.typing
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let [list, detail] = split(area);
        self.draw_list(list, buf, ctx);
        self.draw_detail(detail, buf, ctx);
    }
}

fn split(area: Rect) -> [Rect; 2] {
    let list = if area.width >= 160 { Constraint::Length(72) } else { Constraint::Percentage(54) };
    area.layout(&Layout::horizontal([list, Constraint::Fill(1)]))
}

impl List {
    fn draw_list(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let theme = ctx.theme;
        let title = self.filter.title(self.typing);
        let block = popup::focused(&title, theme);
        let inner = block.inner(area);
        block.render(area, buf);
        let heads = ctx.rooms.heads();
        let from = scroll::window(self.chosen, inner.height, self.shown.len());
        for (row, at) in self.shown.iter().enumerate().skip(from).take(usize::from(inner.height)) {
            let y = inner.y + u16::try_from(row - from).unwrap_or(0);
            let line = Rect { y, height: 1, ..inner };
            let head = &heads[*at];
            let tail = format!("{} {}m ", head.level, head.minutes);
            let title = text::pad(&head.title, usize::from(inner.width).saturating_sub(tail.len() + 3));
            Line::from(vec![Span::styled(" ", theme.dim), Span::raw(title), Span::raw("  "), Span::styled(tail, theme.dim)]).render(line, buf);
            if row == self.chosen {
                buf.set_style(line, theme.selected);
            }
        }
        scroll::bar(area, from, self.shown.len(), buf, theme);
    }

    fn draw_detail(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let Some(head) = self.head(ctx) else {
            popup::frame("", ctx.theme).render(area, buf);
            return;
        };
        let block = popup::frame(&head.title, ctx.theme);
        let inner = block.inner(area);
        block.render(area, buf);
        Paragraph::new(format!("{} · {} · {} min", head.level, head.difficulty, head.minutes)).render(inner, buf);
    }
}
