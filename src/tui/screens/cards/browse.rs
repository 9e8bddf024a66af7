//! The browser: every card of every deck, found by its words, with where it stands; suspended, let back, begun anew.

use super::{Found, draw, input, now};
use crate::drill::cards::{Desk, Event, Moment, Stage as Learnt, State, What, short_wait};
use crate::store::Store;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::panes;
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::{popup, scroll, text};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::any::Any;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    First,
    Last,
    PageDown,
    PageUp,
    Filter,
    Suspend,
    Reset,
    Link,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[ch('/')], "/", "search", Act::Filter),
    bind(&[ch('s')], "s", "suspend, let back", Act::Suspend),
    bind(&[ch('r')], "r", "begin anew", Act::Reset),
    bind(&[ch('o')], "o", "go to what shows it", Act::Link),
    quiet(&[ch('j'), code(KeyCode::Down)], "j down", "next card", Act::Down),
    quiet(&[ch('k'), code(KeyCode::Up)], "k up", "previous card", Act::Up),
    quiet(&[ch('g'), code(KeyCode::Home)], "g home", "first", Act::First),
    quiet(&[ch('G'), code(KeyCode::End)], "G end", "last", Act::Last),
    quiet(&[keymap::ctrl('d'), code(KeyCode::PageDown)], "ctrl-d", "a page down", Act::PageDown),
    quiet(&[keymap::ctrl('u'), code(KeyCode::PageUp)], "ctrl-u", "a page up", Act::PageUp),
    quiet(&[ch('q')], "q", "back", Act::Back),
];

const TYPING: &[Binding<()>] = &[
    bind(&[], "letters", "words of the question, answer, topic, deck; or new, leech, suspended", ()),
    bind(&[code(KeyCode::Enter)], "enter", "keep", ()),
    bind(&[code(KeyCode::Esc)], "esc", "clear", ()),
];

/// From here on the chosen card stands beside the list.
const WIDE: u16 = 100;

pub struct Browse {
    desk: Option<Desk>,
    /// Ids of the cards that match.
    rows: Vec<String>,
    chosen: usize,
    filter: Entry,
    typing: bool,
    pub(super) clock: fn() -> Moment,
}

/// A confirmed question: this card begins anew.
struct Anew(String);

impl Browse {
    /// # Errors
    /// The catalog or the store is not there yet.
    pub fn open(ctx: &Ctx<'_>) -> Result<Browse, String> {
        Found::ask(ctx)?;
        Ok(Browse { desk: None, rows: Vec::new(), chosen: 0, filter: Entry::default(), typing: false, clock: now })
    }

    pub(super) fn take(&mut self, desk: Desk) {
        self.desk = Some(desk);
        self.refresh();
    }

    fn refresh(&mut self) {
        let Some(desk) = &self.desk else { return };
        let words: Vec<String> = self.filter.text().to_lowercase().split_whitespace().map(str::to_string).collect();
        let before = self.rows.get(self.chosen).cloned();
        self.rows = desk.entries.iter().filter(|entry| matches(desk, &entry.card, &words)).map(|entry| entry.card.clone()).collect();
        self.chosen = before.and_then(|id| self.rows.iter().position(|row| *row == id)).unwrap_or(0);
    }

    fn go(&mut self, to: usize) {
        self.chosen = to.min(self.rows.len().saturating_sub(1));
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        const PAGE: usize = 10;
        match act {
            Act::Down => self.go(self.chosen + 1),
            Act::Up => self.go(self.chosen.saturating_sub(1)),
            Act::First => self.go(0),
            Act::Last => self.go(usize::MAX),
            Act::PageDown => self.go(self.chosen + PAGE),
            Act::PageUp => self.go(self.chosen.saturating_sub(PAGE)),
            Act::Filter => self.typing = true,
            Act::Back => return Reply::ask(Ask::Back),
            Act::Suspend | Act::Reset | Act::Link => return self.change(act, ctx),
        }
        Reply::DONE
    }

    fn change(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        let (Some(desk), Some(id)) = (&self.desk, self.rows.get(self.chosen).cloned()) else { return Reply::DONE };
        let state = desk.state(&id);
        match act {
            Act::Link => match desk.card(&id).and_then(|(_, card)| card.see.0.first()) {
                Some(see) => Reply::ask(super::review::open(see)),
                None => Reply::ask(Ask::Toast(Tone::Plain, "this card points nowhere".into())),
            },
            Act::Reset if state.first.is_none() => Reply::ask(Ask::Toast(Tone::Plain, "it is new already".into())),
            Act::Reset => {
                let question = format!("Begin `{id}` anew? Its {} reviews stay in the log, but no longer count.", state.reps);
                Reply::ask(Ask::Confirm { question, yes: Box::new(Ask::Tell(Box::new(Anew(id)))) })
            }
            _ if state.suspended => Reply::Used(self.enter(&id, What::Unsuspend, "let back", ctx)),
            _ => Reply::Used(self.enter(&id, What::Suspend, "suspended: s lets it back", ctx)),
        }
    }

    fn enter(&mut self, id: &str, what: What, says: &str, ctx: &Ctx<'_>) -> Vec<Ask> {
        let event: Event = Desk::event(Store::event_id(), id, what, (self.clock)());
        if let Some(Err(why)) = ctx.rooms.store().map(|store| store.log_card(&event)) {
            return vec![Ask::Toast(Tone::Bad, format!("not saved: {why}"))];
        }
        if let Some(desk) = &mut self.desk {
            desk.take(event);
        }
        vec![Ask::Toast(Tone::Plain, says.into())]
    }

    fn type_key(&mut self, key: KeyEvent) -> Reply {
        match key.code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.take();
            }
            _ if !self.filter.on_key(key) => return Reply::Passed,
            _ => {}
        }
        self.refresh();
        Reply::DONE
    }
}

/// Every word stands somewhere in the card, or says how it stands.
fn matches(desk: &Desk, id: &str, words: &[String]) -> bool {
    let Some((deck, card)) = desk.card(id) else { return false };
    let state = desk.state(id);
    let all =
        format!("{} {} {} {} {} {} {}", deck.title, card.id, card.topic, card.ask, card.choices.join(" "), card.answer.0.join(" "), card.why).to_lowercase();
    let is = |word: &str| match word {
        "new" => state.first.is_none(),
        "leech" => state.leech,
        "suspended" => state.suspended,
        _ => false,
    };
    words.iter().all(|word| is(word) || all.contains(word.as_str()))
}

/// One word on where a card stands.
fn standing(state: &State, now: Moment) -> String {
    match (state.suspended, state.leech, state.stage) {
        (true, true, _) => "leech".into(),
        (true, ..) => "suspended".into(),
        (_, _, Learnt::New) => "new".into(),
        _ => short_wait(state.due, now.at, now.day),
    }
}

impl Screen for Browse {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let right = self.desk.as_ref().map_or("reading the cards".into(), |desk| format!("{} of {}", self.rows.len(), text::count(desk.entries.len(), "card")));
        Header { right: Line::raw(right), ..Header::title("Cards: browser") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        if self.typing { keymap::help(TYPING) } else { keymap::help(KEYS) }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if self.typing {
            return self.type_key(key);
        }
        keymap::find(KEYS, key).map_or(Reply::Passed, |act| self.act(act, ctx))
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        if !self.typing {
            return Reply::Passed;
        }
        self.filter.paste(text);
        self.refresh();
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, ctx: &Ctx<'_>) -> Reply {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.act(Act::Down, ctx),
            MouseEventKind::ScrollUp => self.act(Act::Up, ctx),
            _ => Reply::Passed,
        }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        let message = match message.downcast::<Anew>() {
            Ok(anew) => return self.enter(&anew.0, What::Reset, "it begins anew", ctx),
            Err(other) => other,
        };
        match message.downcast::<Found>().map(|found| found.0) {
            Ok(Ok(desk)) => {
                self.take(desk);
                Vec::new()
            }
            Ok(Err(why)) => vec![Ask::Toast(Tone::Bad, why.to_string())],
            Err(_) => Vec::new(),
        }
    }

    fn types(&self) -> bool {
        self.typing
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let theme = ctx.theme;
        let [list, side] = if area.width >= WIDE {
            area.layout(&Layout::horizontal([Constraint::Percentage(48), Constraint::Fill(1)]))
        } else {
            area.layout(&Layout::vertical([Constraint::Percentage(50), Constraint::Fill(1)]))
        };
        let cursor = if self.typing { "_" } else { "" };
        let title = if self.typing || !self.filter.text().is_empty() { format!("Cards ─ /{}{cursor}", self.filter.text()) } else { "Cards".into() };
        let block = popup::focused(&title, theme);
        let inner = block.inner(list);
        block.render(list, buf);
        let Some(desk) = &self.desk else { return };
        if self.rows.is_empty() {
            panes::empty("nothing matches: / and esc clear the search", inner, buf, theme);
        }
        let moment = (self.clock)();
        let from = scroll::window(self.chosen, inner.height, self.rows.len());
        for (n, (row, id)) in inner.rows().zip(self.rows.iter().skip(from)).enumerate() {
            let ask = desk.card(id).map_or(String::new(), |(_, card)| input::question(card, false).lines().next().unwrap_or("").replace(['*', '`'], ""));
            let state = desk.state(id);
            let style = if state.suspended { theme.warn } else { theme.dim };
            let cols = usize::from(row.width).saturating_sub(13);
            Line::from(vec![Span::raw(" "), Span::raw(text::pad(&ask, cols)), Span::styled(format!(" {:>10}", standing(&state, moment)), style)])
                .render(row, buf);
            if from + n == self.chosen {
                buf.set_style(row, theme.selected);
            }
        }
        scroll::bar(list, from, self.rows.len(), buf, theme);
        self.draw_card(desk, side, buf, ctx);
    }
}

impl Browse {
    fn draw_card(&self, desk: &Desk, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let theme = ctx.theme;
        let found = self.rows.get(self.chosen).and_then(|id| desk.card(id));
        let block = popup::frame(&found.map_or(String::new(), |(deck, card)| format!("{} · {}", deck.title, card.id)), theme);
        let inner = block.inner(area);
        block.render(area, buf);
        let Some((_, card)) = found else { return };
        let cols = inner.width.saturating_sub(2);
        let part = |text: &str| Markdown::new(text.trim()).lines(cols, theme, Some(ctx.code)).to_vec();
        let mut lines = part(&input::question(card, true));
        lines.push(Line::raw(""));
        let (_, back) = crate::drill::cards::anki::sides(card);
        lines.extend(part(&back));
        lines.push(Line::raw(""));
        lines.extend(draw::facts(&desk.state(&card.id), (self.clock)(), theme));
        for (row, line) in inner.rows().zip(lines) {
            line.render(Rect { x: row.x + 1, width: row.width.saturating_sub(2), ..row }, buf);
        }
    }
}
