//! Concept pages: the principles, one page each, with a graph and a table.

use super::Place;
use crate::catalog::{Page, See};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::widgets::scroll::{self, Scroller};
use crate::tui::widgets::{popup, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::{Constraint, Layout, Margin, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Next,
    Previous,
    See,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Tab), code(KeyCode::Right), ch('n'), ch(']')], "tab", "next page", Act::Next),
    bind(&[code(KeyCode::Enter)], "enter", "see it run", Act::See),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
    quiet(&[code(KeyCode::BackTab), code(KeyCode::Left), ch('p'), ch('[')], "shift-tab", "page before", Act::Previous),
];

/// From this width on the contents stand beside the page.
const BESIDE: u16 = 100;

pub struct Pages {
    pages: Vec<(Arc<Page>, Markdown)>,
    at: usize,
    scroll: Scroller,
}

impl Pages {
    /// At one page, or at the first; those about some mechanisms alone, where any are named.
    ///
    /// # Errors
    /// There are no pages, or not this one.
    pub fn open(page: Option<&str>, about: &[String], ctx: &Ctx<'_>) -> Result<Pages, String> {
        let catalog = ctx.rooms.catalog.as_ref().ok_or("the pages are still being read")?;
        let chosen = if about.is_empty() { catalog.pages().to_vec() } else { catalog.pages_about(about) };
        if chosen.is_empty() {
            return Err(if about.is_empty() { "there are no concept pages".into() } else { "no concept page is about this problem's mechanisms yet".into() });
        }
        let at = match page {
            None => 0,
            Some(id) => chosen.iter().position(|page| page.id == id).ok_or_else(|| format!("there is no page `{id}`"))?,
        };
        let pages = chosen.into_iter().map(|page| (Arc::clone(&page), Markdown::new(written(&page)))).collect();
        Ok(Pages { pages, at, scroll: Scroller::default() })
    }

    fn page(&self) -> Option<&(Arc<Page>, Markdown)> {
        self.pages.get(self.at)
    }

    fn turn(&mut self, by: usize) -> Reply {
        self.at = (self.at + by) % self.pages.len().max(1);
        self.scroll.to_top();
        Reply::DONE
    }

    /// The first thing the page points to that is there.
    fn see(&self, ctx: &Ctx<'_>) -> Reply {
        let (Some((page, _)), Some(catalog)) = (self.page(), &ctx.rooms.catalog) else { return Reply::DONE };
        let there = |id: &str| catalog.head(id).is_some();
        let place = page.see.0.iter().find_map(|see| match See::parse(see) {
            See::Experiment { problem, experiment } if there(&problem) => Some(Place::Experiment { problem, experiment }),
            See::Problem(problem) if there(&problem) => Some(Place::Card { problem }),
            _ => None,
        });
        Reply::ask(place.map_or_else(|| Ask::Toast(Tone::Warn, "nothing runs this yet".into()), Ask::Open))
    }
}

/// Body, graph, and where to go on.
fn written(page: &Page) -> String {
    let graph = page.diagram.as_ref().map_or_else(String::new, |diagram| format!("\n```mermaid\n{}\n```\n", diagram.trim_end()));
    let see: Vec<&str> = page.see.0.iter().map(String::as_str).collect();
    let see = if see.is_empty() { String::new() } else { format!("\n*See* {}\n", see.join(", ")) };
    format!("{}\n{graph}{see}", page.body.trim())
}

impl Screen for Pages {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        Header { right: Line::raw(format!("{} of {}", self.at + 1, self.pages.len())), ..Header::title("Concept pages") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match keymap::find(KEYS, key) {
            Some(Act::Next) => self.turn(1),
            Some(Act::Previous) => self.turn(self.pages.len().saturating_sub(1)),
            Some(Act::See) => self.see(ctx),
            Some(Act::Back) => Reply::ask(Ask::Back),
            None if self.scroll.on_key(key) => Reply::DONE,
            None => Reply::Passed,
        }
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        if self.scroll.on_wheel(mouse) { Reply::DONE } else { Reply::Passed }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let beside = if area.width >= BESIDE { 34 } else { 0 };
        let [contents, page] = area.layout(&Layout::horizontal([Constraint::Length(beside), Constraint::Fill(1)]));
        if !contents.is_empty() {
            self.draw_contents(contents, buf, ctx);
        }
        let Some((written, body)) = self.page() else { return };
        let block = popup::focused(&written.title, ctx.theme);
        let inner = block.inner(page).inner(Margin::new(1, 0));
        block.render(page, buf);
        const LINE_MOST: u16 = 100;
        let inner = Rect { width: inner.width.min(LINE_MOST), ..inner };
        let length = body.height(inner.width, ctx.theme, Some(ctx.code));
        let scroll = self.scroll.see(inner.height, length);
        body.draw(scroll, inner, buf, ctx.theme, Some(ctx.code));
        scroll::bar(page, scroll.from, length, buf, ctx.theme);
    }
}

impl Pages {
    fn draw_contents(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let block = popup::frame("Pages", ctx.theme);
        let inner = block.inner(area);
        block.render(area, buf);
        let from = scroll::window(self.at, inner.height, self.pages.len());
        for (n, (row, (page, _))) in inner.rows().zip(self.pages.iter().skip(from)).enumerate() {
            let chosen = from + n == self.at;
            let mark = if chosen { ctx.theme.pick("▸", ">") } else { " " };
            let title = text::fit(&page.title, usize::from(row.width).saturating_sub(4));
            Line::from(vec![Span::styled(format!(" {mark} "), ctx.theme.accent), Span::raw(title)]).render(row, buf);
            if chosen {
                buf.set_style(row, ctx.theme.selected);
            }
        }
        scroll::bar(area, from, self.pages.len(), buf, ctx.theme);
    }
}
