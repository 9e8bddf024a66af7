//! The list of problems: filter, choose, go on from there.

mod detail;
mod entry;
mod filter;
mod order;

use super::Place;
use crate::agenda;
use crate::catalog::Head;
use crate::store::StoreError;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, ctrl, quiet};
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::widgets::{meter, popup, scroll, text};
use entry::{Past, Standing};
use filter::Filter;
use order::{Order, Row};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use std::any::Any;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    First,
    Last,
    PageDown,
    PageUp,
    Card,
    Mock,
    Lab,
    Bench,
    History,
    Drills,
    Today,
    Filter,
    Order,
    Clear,
    Quit,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch(' '), code(KeyCode::Right)], "enter", "card", Act::Card),
    bind(&[ch('m')], "m", "mock", Act::Mock),
    bind(&[ch('l')], "l", "lab", Act::Lab),
    bind(&[ch('b')], "b", "bench", Act::Bench),
    bind(&[ch('d')], "d", "drills", Act::Drills),
    bind(&[ch('h')], "h", "history", Act::History),
    bind(&[ch('t')], "t", "today", Act::Today),
    bind(&[ch('/')], "/", "filter", Act::Filter),
    bind(&[ch('s')], "s", "sort", Act::Order),
    bind(&[ch('q')], "q", "quit", Act::Quit),
    quiet(&[ch('j'), code(KeyCode::Down), ctrl('n')], "j down", "next problem", Act::Down),
    quiet(&[ch('k'), code(KeyCode::Up), ctrl('p')], "k up", "previous problem", Act::Up),
    quiet(&[ch('g'), code(KeyCode::Home)], "g home", "first", Act::First),
    quiet(&[ch('G'), code(KeyCode::End)], "G end", "last", Act::Last),
    quiet(&[ctrl('d'), ctrl('f'), code(KeyCode::PageDown)], "ctrl-d", "a page down", Act::PageDown),
    quiet(&[ctrl('u'), ctrl('b'), code(KeyCode::PageUp)], "ctrl-u", "a page up", Act::PageUp),
    quiet(&[code(KeyCode::Esc)], "esc", "clear the filter", Act::Clear),
    quiet(&[], "Uses", "and the phases' names: here after your first finished interview", Act::Card),
];

/// While the filter is typed, for the footer and the help.
const TYPING: &[Binding<()>] = &[
    bind(&[], "letters", "filter by title, group, level, mechanism", ()),
    bind(&[code(KeyCode::Enter)], "enter", "keep", ()),
    bind(&[code(KeyCode::Esc)], "esc", "clear", ()),
    quiet(&[ctrl('w')], "ctrl-w", "a word back", ()),
    quiet(&[ctrl('u')], "ctrl-u", "empty the filter", ()),
];

/// What the workers of the list bring.
enum Found {
    /// The first suggestion of today.
    Today(String),
    Past(Result<Box<Past>, StoreError>),
    /// A problem's statement, by its id.
    Statement(String, String),
}

#[derive(Default)]
pub struct List {
    rows: Vec<Row>,
    /// A place in `rows`, never a heading's.
    chosen: usize,
    filter: Filter,
    typing: bool,
    order: Order,
    past: Option<Past>,
    /// The first suggestion of today.
    today: Option<String>,
    /// The chosen problem's statement, by its id.
    statement: Option<(String, Markdown)>,
    /// The choice has changed: its card is read once the user rests on it.
    wanted: bool,
    /// Whether the user was asked to resume what was cut off.
    asked: bool,
}

impl List {
    fn head<'a>(&self, ctx: &'a Ctx<'_>) -> Option<&'a Head> {
        match self.rows.get(self.chosen)? {
            Row::Problem(at) => ctx.rooms.heads().get(*at),
            Row::Heading(_) => None,
        }
    }

    /// Orders and filters anew and keeps the chosen problem chosen, if it is still there.
    fn refresh(&mut self, ctx: &Ctx<'_>) {
        let before = self.rows.get(self.chosen).cloned();
        let heads = ctx.rooms.heads();
        self.rows = match self.filter.apply(heads) {
            Some(found) => found.into_iter().map(Row::Problem).collect(),
            None => self.order.rows(heads, self.past.as_ref()),
        };
        let kept = before.and_then(|b| self.rows.iter().position(|row| *row == b));
        self.chosen = kept.filter(|_| !self.typing).unwrap_or(0);
        self.settle(true, ctx);
    }

    /// Steps off a heading, onward or back.
    fn settle(&mut self, onward: bool, ctx: &Ctx<'_>) {
        let problem = |at: &usize| matches!(self.rows.get(*at), Some(Row::Problem(_)));
        let next = (self.chosen..self.rows.len()).find(problem);
        let before = (0..=self.chosen.min(self.rows.len())).rev().find(problem);
        let found = if onward { next.or(before) } else { before.or(next) };
        self.chosen = found.unwrap_or(0);
        let held = self.statement.as_ref().map(|(id, _)| id.as_str());
        self.wanted = self.head(ctx).is_some_and(|head| Some(head.id.as_str()) != held);
    }

    fn go(&mut self, to: usize, ctx: &Ctx<'_>) -> Reply {
        let onward = to >= self.chosen;
        self.chosen = to.min(self.rows.len().saturating_sub(1));
        self.settle(onward, ctx);
        Reply::DONE
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        const PAGE: usize = 10;
        match act {
            Act::Down => self.go(self.chosen + 1, ctx),
            Act::Up => self.go(self.chosen.saturating_sub(1), ctx),
            Act::First => self.go(0, ctx),
            Act::Last => self.go(usize::MAX, ctx),
            Act::PageDown => self.go(self.chosen + PAGE, ctx),
            Act::PageUp => self.go(self.chosen.saturating_sub(PAGE), ctx),
            Act::Filter => {
                self.typing = true;
                Reply::DONE
            }
            Act::Clear => {
                self.filter.set("");
                self.refresh(ctx);
                Reply::DONE
            }
            Act::Order => {
                self.order = self.order.next();
                self.refresh(ctx);
                Reply::DONE
            }
            Act::Drills => Reply::ask(Ask::Open(Place::Drills)),
            Act::Today => Reply::ask(Ask::Open(Place::Today)),
            Act::Quit => Reply::ask(Ask::Quit),
            Act::Card | Act::Mock | Act::Lab | Act::Bench | Act::History => match self.head(ctx) {
                Some(head) => self.open(act, head),
                None => Reply::DONE,
            },
        }
    }

    fn open(&self, act: Act, head: &Head) -> Reply {
        let problem = head.id.clone();
        let place = match act {
            Act::Mock => match self.past.as_ref().map(|past| past.standing(&problem)) {
                Some(Standing::Paused(cut)) if !cut.elsewhere => Place::Resume { attempt: cut.attempt.clone() },
                _ => Place::Interview { problem, variant: None, mode: None },
            },
            Act::Lab | Act::Bench if head.design.is_none() => {
                return Reply::ask(Ask::Toast(Tone::Warn, format!("{} has no running design", head.title)));
            }
            Act::Lab => Place::lab(&problem),
            Act::Bench => Place::Bench { design: head.design.clone().unwrap_or_default() },
            Act::History => Place::History { problem: Some(problem) },
            _ => Place::Card { problem },
        };
        Reply::ask(Ask::Open(place))
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
            _ => {}
        }
        self.refresh(ctx);
        Reply::DONE
    }

    fn click(&mut self, mouse: MouseEvent, body: Rect, ctx: &Ctx<'_>) -> Reply {
        let [list, _] = split(body);
        let inner = popup::frame("", ctx.theme).inner(list);
        if !inner.contains(Position::new(mouse.column, mouse.row)) {
            return Reply::Passed;
        }
        let at = scroll::window(self.chosen, inner.height, self.rows.len()) + usize::from(mouse.row - inner.y);
        match self.rows.get(at) {
            Some(Row::Problem(_)) if at == self.chosen => self.act(Act::Card, ctx),
            Some(Row::Problem(_)) => self.go(at, ctx),
            _ => Reply::DONE,
        }
    }

    /// Once, at the start: what was cut off in the middle can be taken up.
    fn offer(&mut self) -> Vec<Ask> {
        let cut = self.past.as_ref().and_then(|past| past.unfinished.iter().find(|cut| !cut.elsewhere));
        match cut {
            Some(cut) if !self.asked => {
                self.asked = true;
                let question = format!("{} was left after {} min. Go on with it?", cut.title, cut.used_min);
                vec![Ask::Confirm { question, yes: Box::new(Ask::Open(Place::Resume { attempt: cut.attempt.clone() })) }]
            }
            _ => Vec::new(),
        }
    }
}

impl Screen for List {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        let Some(all) = &ctx.rooms.catalog else { return Header { right: Line::raw("reading the problems"), ..Header::title("greenroom") } };
        let mut parts = vec![text::count(all.heads().len(), "problem")];
        if let Some(past) = &self.past {
            parts.push(format!("{} done", past.done(all.heads())));
            if past.streak > 0 {
                parts.push(format!("{}-day streak", past.streak));
            }
        }
        if let Some(date) = ctx.rooms.config.interview_date {
            let days = (date - chrono::Local::now().date_naive()).num_days();
            match days {
                0 => parts.push("interview today".into()),
                1 => parts.push("interview tomorrow".into()),
                2.. => parts.push(format!("interview in {days} days")),
                _ => {}
            }
        }
        Header { right: Line::raw(parts.join(" · ")), ..Header::title("greenroom") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        if self.typing { keymap::help(TYPING) } else { keymap::help(KEYS) }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if self.typing {
            return self.type_key(key, ctx);
        }
        keymap::find(KEYS, key).map_or(Reply::Passed, |act| self.act(act, ctx))
    }

    fn on_paste(&mut self, text: &str, ctx: &Ctx<'_>) -> Reply {
        if !self.typing {
            return Reply::Passed;
        }
        self.filter.paste(text);
        self.refresh(ctx);
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, body: Rect, ctx: &Ctx<'_>) -> Reply {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.act(Act::Down, ctx),
            MouseEventKind::ScrollUp => self.act(Act::Up, ctx),
            MouseEventKind::Down(MouseButton::Left) => self.click(mouse, body, ctx),
            _ => Reply::Passed,
        }
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        self.refresh(ctx);
        if let Some(store) = ctx.rooms.store().cloned() {
            if let Some(catalog) = ctx.rooms.catalog.clone() {
                let (store, config) = (store.clone(), ctx.rooms.config.clone());
                ctx.mailbox.work("today", move || {
                    // What keeps history from being read is told by the list's own reading of it.
                    let agenda = agenda::read(&store, &catalog, &config, chrono::Utc::now());
                    let first = agenda.ok().and_then(|agenda| agenda.suggestions.into_iter().next());
                    Found::Today(first.map_or_else(String::new, |first| format!("{}: {}", first.title, first.why)))
                });
            }
            ctx.mailbox.work("past", move || Found::Past(Past::read(&store).map(Box::new)));
        }
        Vec::new()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Found>().map(|found| *found) {
            Ok(Found::Past(Ok(past))) => {
                self.past = Some(*past);
                // What may be read of a card hangs on what was sat.
                self.statement = None;
                self.refresh(ctx);
                self.offer()
            }
            Ok(Found::Past(Err(why))) => vec![Ask::Toast(Tone::Bad, format!("your history cannot be read: {why}"))],
            Ok(Found::Today(says)) => {
                self.today = Some(says);
                Vec::new()
            }
            Ok(Found::Statement(id, text)) => {
                self.statement = Some((id, Markdown::new(text)));
                Vec::new()
            }
            Err(_) => Vec::new(),
        }
    }

    fn next_tick(&self, _ctx: &Ctx<'_>) -> Option<Duration> {
        const RESTS: Duration = Duration::from_millis(40);
        self.wanted.then_some(RESTS)
    }

    fn on_tick(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        if let (true, Some(head), Some(catalog)) = (self.wanted, self.head(ctx), ctx.rooms.catalog.clone()) {
            let id = head.id.clone();
            let sat = self.past.as_ref().is_some_and(|past| past.sat(&id));
            ctx.mailbox.work("card", move || {
                // A card with faults is reported where it is opened.
                let text = catalog.problem(&id).map_or_else(|_| String::new(), |problem| detail::told(&problem, sat));
                Found::Statement(id, text)
            });
        }
        self.wanted = false;
        Vec::new()
    }

    fn types(&self) -> bool {
        self.typing
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let [list, detail] = split(area);
        self.draw_list(list, buf, ctx);
        match self.head(ctx) {
            Some(head) => {
                let statement = self.statement.as_ref().filter(|(id, _)| *id == head.id).map(|(_, text)| text);
                detail::draw(head, statement, self.past.as_ref(), detail, buf, ctx);
            }
            None => popup::frame("", ctx.theme).render(detail, buf),
        }
    }
}

fn split(area: Rect) -> [Rect; 2] {
    let list = if area.width >= 150 { Constraint::Length(72) } else { Constraint::Percentage(54) };
    area.layout(&Layout::horizontal([list, Constraint::Fill(1)]))
}

impl List {
    fn draw_list(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        let theme = ctx.theme;
        let mut block = popup::focused(&self.filter.title(self.typing, self.order.says()), theme);
        if let Some(says) = self.today.as_ref().filter(|says| !says.is_empty()) {
            let says = text::fit(says, usize::from(area.width).saturating_sub(14));
            block = block.title_bottom(Line::from(vec![Span::styled(" t ", theme.key), Span::styled(format!("today: {says} "), theme.text)]));
        }
        let inner = block.inner(area);
        block.render(area, buf);
        if self.rows.is_empty() && ctx.rooms.catalog.is_some() {
            let why = if self.filter.is_empty() { "no problems" } else { "nothing matches: esc clears the filter" };
            return crate::tui::panes::empty(why, inner, buf, theme);
        }
        let from = scroll::window(self.chosen, inner.height, self.rows.len());
        let own = self.own_width(ctx);
        for (n, (line, row)) in inner.rows().zip(self.rows.iter().skip(from)).enumerate() {
            match row {
                Row::Heading(text) => Line::styled(format!(" {text}"), theme.dim).render(line, buf),
                Row::Problem(at) => self.draw_row(&ctx.rooms.heads()[*at], own, line, buf, ctx),
            }
            if from + n == self.chosen {
                buf.set_style(line, theme.selected);
            }
        }
        scroll::bar(area, from, self.rows.len(), buf, theme);
    }

    /// Cells for the user's own column: none before anything was sat.
    fn own_width(&self, ctx: &Ctx<'_>) -> usize {
        let says = |head: &Head| self.past.as_ref().map_or(0, |past| past.standing(&head.id).says().chars().count());
        ctx.rooms.heads().iter().map(says).max().unwrap_or(0)
    }

    /// ` ● Rate limiter          L6 45m   41/50  ▂▄▆ `
    fn draw_row(&self, head: &Head, own: usize, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        const SPARK: usize = 6;
        let theme = ctx.theme;
        let standing = self.past.as_ref().map_or(Standing::Fresh, |past| past.standing(&head.id));
        let (mark, style) = standing.mark(theme);
        let says = standing.says();
        let spark = match standing {
            Standing::Done(trend) => meter::spark(&trend.totals[trend.totals.len().saturating_sub(SPARK)..], 50.0, theme),
            _ => String::new(),
        };
        let cols = usize::from(area.width);
        let tail = format!("{:>3} {:>4}", head.level, format!("{}m", head.minutes));
        // Without room for a line of scores it goes first.
        let own = match own {
            0 => " ".to_string(),
            _ if cols < 52 => format!("  {says:>own$} "),
            _ => format!("  {says:>own$}  {spark:<SPARK$} "),
        };
        let title = text::pad(&head.title, cols.saturating_sub(4 + tail.chars().count() + own.chars().count()));
        let spans = [
            Span::raw(" "),
            Span::styled(mark, style),
            Span::raw(" "),
            Span::raw(title),
            Span::raw(" "),
            Span::styled(tail, theme.dim),
            Span::styled(own, style),
        ];
        Line::from(spans.to_vec()).render(area, buf);
    }
}

#[cfg(test)]
mod tests;
