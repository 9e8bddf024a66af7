//! Looking back: every attempt, one trend line per problem, and the chosen attempt in full.

mod view;

#[cfg(test)]
mod tests;

use crate::catalog::Catalog;
use crate::history::{self, Record, Trend};
use crate::score::Lean;
use crate::store::{Attempt, Entry, State, Store, StoreError};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, ctrl, quiet};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::Place;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::any::Any;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    First,
    Last,
    Open,
    Only,
    Copy,
    Delete,
    ScrollDown,
    ScrollUp,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter)], "enter", "open", Act::Open),
    bind(&[ch('p')], "p", "this problem or all", Act::Only),
    bind(&[ch('y')], "y", "copy", Act::Copy),
    bind(&[ch('d')], "d", "delete", Act::Delete),
    quiet(&[ch('j'), code(KeyCode::Down)], "j ↓", "next", Act::Down),
    quiet(&[ch('k'), code(KeyCode::Up)], "k ↑", "previous", Act::Up),
    quiet(&[ch('g'), code(KeyCode::Home)], "g home", "first", Act::First),
    quiet(&[ch('G'), code(KeyCode::End)], "G end", "last", Act::Last),
    quiet(&[ctrl('d'), code(KeyCode::PageDown)], "ctrl-d", "scroll the attempt down", Act::ScrollDown),
    quiet(&[ctrl('u'), code(KeyCode::PageUp)], "ctrl-u", "scroll the attempt up", Act::ScrollUp),
];

/// Everything there is to look back on, read by a worker.
struct Book {
    entries: Vec<Entry>,
    /// What each rubric line says, by problem and line.
    lines: BTreeMap<(String, String), String>,
    trends: Vec<Trend>,
    streak: u32,
    calibration: Record,
    lean: Option<Lean>,
    time: std::time::Duration,
}

impl Book {
    fn read(store: &Store, catalog: &Catalog) -> Result<Book, StoreError> {
        let past = store.past()?;
        let (attempts, predictions): (Vec<&Attempt>, _) = (past.entries.iter().map(|entry| &entry.attempt).collect(), &past.predictions);
        let (trends, calibration, lean, time) =
            (history::trends(&attempts), history::calibration(predictions), history::lean(&attempts), history::time_spent(&attempts));
        let days = history::calendar(&attempts, predictions, &past.stints, &chrono::Local);
        let streak = history::streak(&days, chrono::Local::now().date_naive()).now;
        let mut lines = BTreeMap::new();
        for problem in trends.iter().filter_map(|trend| catalog.problem(&trend.problem).ok()) {
            lines.extend(problem.rubric.iter().map(|line| ((problem.id.clone(), line.id.clone()), line.line.clone())));
        }
        Ok(Book { entries: past.entries, lines, trends, streak, calibration, lean, time })
    }
}

pub struct History {
    /// None while it is read.
    book: Option<Book>,
    /// Only the attempts of this problem.
    only: Option<String>,
    chosen: usize,
    from: usize,
    /// The attempt that is about to be deleted.
    doomed: Option<String>,
}

impl History {
    pub fn new(problem: Option<String>) -> History {
        History { book: None, only: problem, chosen: 0, from: 0, doomed: None }
    }

    fn entries(&self) -> Vec<&Entry> {
        let all = self.book.iter().flat_map(|book| &book.entries);
        all.filter(|entry| self.only.as_ref().is_none_or(|only| entry.attempt.problem == *only)).collect()
    }

    fn entry(&self) -> Option<&Entry> {
        self.entries().get(self.chosen).copied()
    }

    fn select(&mut self, at: usize) {
        self.chosen = at.min(self.entries().len().saturating_sub(1));
        self.from = 0;
    }

    fn read(ctx: &Ctx<'_>) {
        if let (Some(store), Some(catalog)) = (ctx.rooms.store().cloned(), ctx.rooms.catalog.clone()) {
            ctx.mailbox.work("history", move || Book::read(&store, &catalog));
        }
    }

    fn take(&mut self, book: Book) {
        self.book = Some(book);
        self.select(self.chosen);
    }

    fn act(&mut self, act: Act) -> Vec<Ask> {
        match act {
            Act::Down => self.select(self.chosen + 1),
            Act::Up => self.select(self.chosen.saturating_sub(1)),
            Act::First => self.select(0),
            Act::Last => self.select(usize::MAX),
            Act::ScrollDown => self.from += 5,
            Act::ScrollUp => self.from = self.from.saturating_sub(5),
            Act::Only => {
                let here = self.entry().map(|entry| (entry.attempt.id.clone(), entry.attempt.problem.clone()));
                self.only = if self.only.is_some() { None } else { here.as_ref().map(|(_, problem)| problem.clone()) };
                let at = here.and_then(|(id, _)| self.entries().iter().position(|entry| entry.attempt.id == id));
                self.select(at.unwrap_or(0));
            }
            Act::Open => return self.entry().map_or_else(Vec::new, |entry| vec![open(entry)]),
            Act::Copy => return self.entry().map_or_else(Vec::new, |entry| vec![Ask::Copy(told(entry))]),
            Act::Delete => self.doomed = self.entry().map(|entry| entry.attempt.id.clone()),
        }
        Vec::new()
    }

    fn delete(&mut self, id: &str, ctx: &Ctx<'_>) -> Vec<Ask> {
        match ctx.rooms.store().map(|store| store.delete(id)) {
            Some(Ok(())) => {
                History::read(ctx);
                vec![Ask::Toast(Tone::Plain, "deleted".into())]
            }
            Some(Err(why)) => vec![Ask::Toast(Tone::Bad, why.to_string())],
            None => Vec::new(),
        }
    }
}

/// As Markdown.
fn told(entry: &Entry) -> String {
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = history::markdown_of(&mut text, entry);
    String::from_utf8(text).unwrap_or_default()
}

/// An attempt that was cut off is taken up, a finished one shows its score.
fn open(entry: &Entry) -> Ask {
    let attempt = entry.attempt.id.clone();
    match entry.attempt.state {
        State::Live => Ask::Open(Place::Resume { attempt }),
        State::Finished => Ask::Open(Place::Scoring { attempt }),
        State::Abandoned => Ask::Toast(Tone::Plain, "it was given up before its end; its notes stand beside".into()),
    }
}

impl Screen for History {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let title = match (&self.only, self.entries().first()) {
            (Some(_), Some(entry)) => format!("History: {}", entry.attempt.title),
            _ => "History".to_string(),
        };
        let right =
            self.book.as_ref().map_or("reading".to_string(), |book| format!("{} · {}-day streak", text::count(self.entries().len(), "attempt"), book.streak));
        Header { right: Line::raw(right), ..Header::title(title) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if let Some(id) = self.doomed.take() {
            return Reply::Used(if key.code == KeyCode::Char('y') { self.delete(&id, ctx) } else { Vec::new() });
        }
        keymap::find(KEYS, key).map_or(Reply::Passed, |act| Reply::Used(self.act(act)))
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        match mouse.kind {
            MouseEventKind::ScrollDown => drop(self.act(Act::Down)),
            MouseEventKind::ScrollUp => drop(self.act(Act::Up)),
            _ => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        History::read(ctx);
        Vec::new()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Result<Book, StoreError>>() {
            Ok(read) => match *read {
                Ok(book) => {
                    self.take(book);
                    Vec::new()
                }
                Err(why) => vec![Ask::Toast(Tone::Bad, why.to_string())],
            },
            Err(_) => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        view::draw(self, area, buf, ctx.theme);
    }
}
