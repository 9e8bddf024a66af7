//! Looking back: attempts to search, filter, compare, mend and delete; the calendar; trends; the ledger of predictions.

mod book;
mod calendar;
mod chart;
mod compare;
mod detail;
mod form;
mod forms;
mod keys;
mod predictions;
mod trends;
mod view;

#[cfg(test)]
mod tests;

use crate::aside::Existing;
use crate::catalog::Catalog;
use crate::history::{self, Filter};
use crate::session::Event;
use crate::store::{Entry, Found, State, StoreError};
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::Place;
use crate::tui::widgets::entry::Entry as Line1;
use crate::tui::widgets::text;
use book::{Book, Hits};
use chrono::{Days, NaiveDate};
use form::{Did, Form, Purpose};
use keys::Act;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    Attempts,
    Calendar,
    Trends,
    Predictions,
}

impl View {
    const ALL: [View; 4] = [View::Attempts, View::Calendar, View::Trends, View::Predictions];

    fn name(self) -> &'static str {
        match self {
            View::Attempts => "attempts",
            View::Calendar => "calendar",
            View::Trends => "trends",
            View::Predictions => "predictions",
        }
    }

    fn next(self) -> View {
        View::ALL[(self as usize + 1) % View::ALL.len()]
    }
}

pub struct History {
    /// None while it is read.
    book: Option<Arc<Book>>,
    view: View,
    filter: Filter,
    /// The words that were looked for, while they are typed and after.
    words: Line1,
    searching: bool,
    found: Vec<Found>,
    chosen: usize,
    /// How far the chosen attempt, or the comparison, is scrolled.
    from: usize,
    /// The attempt that another is to be compared with.
    marked: Option<String>,
    /// Older and newer, side by side.
    compared: Option<(String, String)>,
    form: Option<Form>,
    /// The attempt that is about to be deleted.
    doomed: Option<String>,
    /// What happened in an attempt, by its id.
    events: Option<(String, Vec<Event>)>,
    day: Option<NaiveDate>,
    charted: usize,
    missed: usize,
    by_date: bool,
}

impl History {
    pub fn new(problem: Option<String>) -> History {
        History {
            book: None,
            view: View::Attempts,
            filter: Filter::of_problem(problem),
            words: Line1::default(),
            searching: false,
            found: Vec::new(),
            chosen: 0,
            from: 0,
            marked: None,
            compared: None,
            form: None,
            doomed: None,
            events: None,
            day: None,
            charted: 0,
            missed: 0,
            by_date: false,
        }
    }

    fn entries(&self) -> Vec<&Entry> {
        self.book.as_ref().map_or_else(Vec::new, |book| book.entries(&self.filter))
    }

    fn entry(&self) -> Option<&Entry> {
        self.entries().get(self.chosen).copied()
    }

    fn day(&self) -> NaiveDate {
        self.day.or_else(|| Some(self.book.as_ref()?.look.today)).unwrap_or_default()
    }

    fn select(&mut self, at: usize, ctx: &Ctx<'_>) {
        self.chosen = at.min(self.entries().len().saturating_sub(1));
        self.from = 0;
        self.read_events(ctx);
    }

    /// What happened in the chosen attempt is read by a worker: there may be much of it.
    fn read_events(&mut self, ctx: &Ctx<'_>) {
        let (Some(id), Some(store)) = (self.entry().map(|entry| entry.attempt.id.clone()), ctx.rooms.store().cloned()) else { return };
        if self.events.as_ref().is_none_or(|(of, _)| *of != id) {
            ctx.mailbox.work("events", move || store.events(&id).map(|events| (id, events)));
        }
    }

    fn read(ctx: &Ctx<'_>) {
        if let (Some(store), Some(catalog)) = (ctx.rooms.store().cloned(), ctx.rooms.catalog.clone()) {
            ctx.mailbox.work("history", move || Book::read(&store, &catalog));
        }
    }

    fn take(&mut self, book: Book, ctx: &Ctx<'_>) {
        let id = self.entry().map(|entry| entry.attempt.id.clone());
        self.book = Some(Arc::new(book));
        self.events = None;
        let kept = id.and_then(|id| self.entries().iter().position(|entry| entry.attempt.id == id));
        let from = self.from;
        self.select(kept.unwrap_or(self.chosen), ctx);
        self.from = if kept.is_some() { from } else { 0 };
    }

    /// Narrows or widens what is shown; the chosen attempt stays chosen if it is still there.
    fn narrow(&mut self, filter: Filter, ctx: &Ctx<'_>) {
        let id = self.entry().map(|entry| entry.attempt.id.clone());
        self.filter = filter;
        let kept = id.and_then(|id| self.entries().iter().position(|entry| entry.attempt.id == id));
        self.select(kept.unwrap_or(0), ctx);
    }

    fn search(&mut self, ctx: &Ctx<'_>) {
        let words = self.words.text().to_owned();
        if words.trim().is_empty() {
            self.found.clear();
            return self.narrow(Filter { found: None, ..self.filter.clone() }, ctx);
        }
        if let Some(store) = ctx.rooms.store().cloned() {
            ctx.mailbox.work("search", move || Hits(words.clone(), store.search(&words)));
        }
    }

    fn hit(&mut self, hits: Hits, ctx: &Ctx<'_>) -> Vec<Ask> {
        // Typed on since: a later answer is on its way.
        if hits.0 != self.words.text() {
            return Vec::new();
        }
        match hits.1 {
            Ok(found) => {
                let ids = found.iter().map(|one| one.attempt.clone()).collect();
                self.found = found;
                self.narrow(Filter { found: Some(ids), ..self.filter.clone() }, ctx);
                Vec::new()
            }
            Err(why) => vec![Ask::Toast(Tone::Bad, why.to_string())],
        }
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        match act {
            Act::Show(view) => self.view = view,
            Act::NextView => self.view = self.view.next(),
            Act::Export => self.form = Some(forms::export(self.day_of_book())),
            Act::Clear => return self.clear(ctx),
            Act::ScrollDown => self.from += 5,
            Act::ScrollUp => self.from = self.from.saturating_sub(5),
            _ if self.compared.is_some() => self.scroll(act),
            _ => return Reply::Used(self.act_in_view(act, ctx)),
        }
        Reply::DONE
    }

    fn day_of_book(&self) -> NaiveDate {
        self.book.as_ref().map_or_else(NaiveDate::default, |book| book.look.today)
    }

    fn scroll(&mut self, act: Act) {
        match act {
            Act::Down => self.from += 1,
            Act::Up => self.from = self.from.saturating_sub(1),
            Act::First => self.from = 0,
            _ => {}
        }
    }

    /// Esc takes back one thing after another before it leaves.
    fn clear(&mut self, ctx: &Ctx<'_>) -> Reply {
        if self.compared.take().is_some() {
            self.from = 0;
        } else if self.filter.found.is_some() || !self.words.text().is_empty() {
            self.words = Line1::default();
            self.search(ctx);
        } else if !self.filter.is_empty() && self.filter != Filter::of_problem(self.filter.problem.clone()) {
            self.narrow(Filter::default(), ctx);
        } else {
            return Reply::Passed;
        }
        Reply::DONE
    }

    fn act_in_view(&mut self, act: Act, ctx: &Ctx<'_>) -> Vec<Ask> {
        match self.view {
            View::Attempts => return self.act_on_attempts(act, ctx),
            View::Calendar => return self.act_on_calendar(act, ctx),
            View::Trends => {
                let last = self.book.as_ref().map_or(0, |book| trends::rows(book).len()).saturating_sub(1);
                self.charted = moved(self.charted, act, last);
            }
            View::Predictions if act == Act::Order => {
                self.by_date = !self.by_date;
                self.missed = 0;
            }
            View::Predictions if act == Act::Open => {
                let chosen = self.book.as_ref().and_then(|book| predictions::ordered(book, self.by_date).get(self.missed).map(|made| made.problem.clone()));
                return chosen.map_or_else(Vec::new, |problem| vec![Ask::Open(Place::Experiments { problem })]);
            }
            View::Predictions => {
                let last = self.book.as_ref().map_or(0, |book| book.past.predictions.len()).saturating_sub(1);
                self.missed = moved(self.missed, act, last);
            }
        }
        Vec::new()
    }

    fn act_on_attempts(&mut self, act: Act, ctx: &Ctx<'_>) -> Vec<Ask> {
        let last = self.entries().len().saturating_sub(1);
        match act {
            Act::Down | Act::Up | Act::First | Act::Last => self.select(moved(self.chosen, act, last), ctx),
            Act::Search => self.searching = true,
            Act::Filter => self.form = self.book.as_ref().map(|book| forms::filter(book, &self.filter)),
            Act::Only => {
                let here = if self.filter.problem.is_some() { None } else { self.entry().map(|entry| entry.attempt.problem.clone()) };
                self.narrow(Filter { problem: here, ..self.filter.clone() }, ctx);
            }
            Act::Mark => {
                let here = self.entry().map(|entry| entry.attempt.id.clone());
                self.marked = if self.marked == here { None } else { here };
            }
            Act::Compare => return self.compare(),
            Act::Mend => match self.entry() {
                Some(entry) if entry.attempt.state == State::Live => return toast("it is still going on: finish it first"),
                entry => self.form = entry.map(forms::mend),
            },
            Act::Open => return self.entry().map_or_else(Vec::new, |entry| vec![open(entry)]),
            Act::Copy => return self.entry().map_or_else(Vec::new, |entry| vec![Ask::Copy(told(entry))]),
            Act::Delete => self.doomed = self.entry().map(|entry| entry.attempt.id.clone()),
            Act::Undo => return self.undo(ctx),
            _ => {}
        }
        Vec::new()
    }

    fn act_on_calendar(&mut self, act: Act, ctx: &Ctx<'_>) -> Vec<Ask> {
        let (day, today) = (self.day(), self.day_of_book());
        let to = match act {
            Act::Down => day.succ_opt(),
            Act::Up => day.pred_opt(),
            Act::Left => day.checked_sub_days(Days::new(7)),
            Act::Right => day.checked_add_days(Days::new(7)),
            Act::First => self.book.as_ref().and_then(|book| book.look.calendar.keys().next().copied()),
            Act::Last => Some(today),
            Act::Open => {
                self.view = View::Attempts;
                self.narrow(Filter { since: Some(day), until: Some(day), ..Filter::default() }, ctx);
                None
            }
            _ => None,
        };
        self.day = to.map(|to| to.min(today)).or(self.day);
        Vec::new()
    }

    /// The marked attempt and the chosen one; without a mark, the chosen one and the one of the same problem before it.
    fn compare(&mut self) -> Vec<Ask> {
        let (Some(book), Some(here)) = (self.book.clone(), self.entry().map(|entry| entry.attempt.id.clone())) else { return Vec::new() };
        let marked = self.marked.clone().filter(|marked| *marked != here);
        let Some(one) = book.entry(&here) else { return Vec::new() };
        let before = || {
            let same = book.past.entries.iter().filter(|entry| entry.attempt.problem == one.attempt.problem);
            same.filter(|entry| entry.attempt.started_at < one.attempt.started_at).max_by_key(|entry| entry.attempt.started_at)
        };
        let other = marked.and_then(|id| book.entry(&id)).or_else(before);
        let Some(other) = other else { return toast("nothing to compare it with: mark another with space, then c") };
        let (mut left, mut right) = (&other.attempt, &one.attempt);
        if left.started_at > right.started_at {
            std::mem::swap(&mut left, &mut right);
        }
        self.compared = Some((left.id.clone(), right.id.clone()));
        self.from = 0;
        Vec::new()
    }

    fn delete(&mut self, id: &str, ctx: &Ctx<'_>) -> Vec<Ask> {
        let done = ctx.rooms.store().map(|store| store.delete(id));
        self.after(done, "deleted; u brings it back", ctx)
    }

    fn undo(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        let last = self.book.as_ref().and_then(|book| book.deleted.first().cloned());
        let Some(last) = last else { return toast("nothing was deleted in the last weeks") };
        let done = ctx.rooms.store().map(|store| store.restore(&last.id));
        self.after(done, &format!("brought back: {}", last.title), ctx)
    }

    fn after(&mut self, done: Option<Result<(), StoreError>>, says: &str, ctx: &Ctx<'_>) -> Vec<Ask> {
        match done {
            Some(Ok(())) => {
                History::read(ctx);
                vec![Ask::Toast(Tone::Good, says.to_owned())]
            }
            Some(Err(why)) => vec![Ask::Toast(Tone::Bad, why.to_string())],
            None => Vec::new(),
        }
    }

    fn form_key(&mut self, mut form: Form, key: KeyEvent, ctx: &Ctx<'_>) -> Vec<Ask> {
        match form.on_key(key) {
            Did::Leaves => Vec::new(),
            Did::Stays => {
                if form.purpose == Purpose::Export {
                    forms::follow(&mut form);
                }
                self.form = Some(form);
                Vec::new()
            }
            Did::Enters(row) => match self.enter(&form, row, ctx) {
                Ok(asks) => asks,
                Err(why) => {
                    form.wrong = Some(why);
                    self.form = Some(form);
                    Vec::new()
                }
            },
        }
    }

    fn enter(&mut self, form: &Form, row: &str, ctx: &Ctx<'_>) -> Result<Vec<Ask>, String> {
        match form.purpose {
            Purpose::Filter => {
                let filter = forms::filtered(form, &self.filter, self.day_of_book())?;
                self.narrow(filter, ctx);
                Ok(Vec::new())
            }
            Purpose::Mend => self.mend(form, row, ctx),
            Purpose::Export => self.export(form, ctx),
        }
    }

    fn mend(&mut self, form: &Form, row: &str, ctx: &Ctx<'_>) -> Result<Vec<Ask>, String> {
        let (Some(entry), Some(store)) = (self.entry(), ctx.rooms.store()) else { return Ok(Vec::new()) };
        let (id, level) = (entry.attempt.id.clone(), entry.attempt.level.clone());
        let changes = forms::mended(form, &entry.attempt)?;
        if row == "grades" && changes.is_empty() {
            return Ok(vec![Ask::Open(Place::Scoring { attempt: id })]);
        }
        if changes.is_empty() {
            return Ok(toast("nothing was changed"));
        }
        let rubric = ctx.rooms.catalog.as_ref().and_then(|catalog: &Arc<Catalog>| catalog.rubric(&level));
        forms::do_mend(store, &id, changes, rubric.as_ref().map_or(&[], |rubric| &rubric.late))?;
        History::read(ctx);
        Ok(vec![Ask::Toast(Tone::Good, "corrected; what stood there stays beside it".into())])
    }

    fn export(&mut self, form: &Form, ctx: &Ctx<'_>) -> Result<Vec<Ask>, String> {
        let (Some(book), Some(store)) = (self.book.clone(), ctx.rooms.store().cloned()) else { return Ok(Vec::new()) };
        let (format, file) = (form.value("format").to_owned(), form.value("file").to_owned());
        if file.is_empty() {
            return Err("a file needs a name".into());
        }
        let existing = if form.value("overwrite") == "yes" { Existing::Replace } else { Existing::Keep };
        ctx.mailbox.work("export", move || Written(forms::write(&format, &file, existing, &book, &store)));
        Ok(Vec::new())
    }
}

/// What became of an export.
struct Written(Result<PathBuf, String>);

fn toast(says: &str) -> Vec<Ask> {
    vec![Ask::Toast(Tone::Plain, says.to_owned())]
}

/// A place in a list after a key.
fn moved(at: usize, act: Act, last: usize) -> usize {
    match act {
        Act::Down => (at + 1).min(last),
        Act::Up => at.saturating_sub(1),
        Act::First => 0,
        Act::Last => last,
        _ => at.min(last),
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
        let title = match (&self.filter.problem, self.entries().first()) {
            (Some(_), Some(entry)) => format!("History: {}", entry.attempt.title),
            _ => "History".to_string(),
        };
        let right = self
            .book
            .as_ref()
            .map_or("reading".to_string(), |book| format!("{} · {}-day streak", text::count(self.entries().len(), "attempt"), book.look.streak.now));
        Header { right: Line::raw(right), ..Header::title(title) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        match self.view {
            _ if self.form.is_some() => keymap::help(keys::FORM),
            _ if self.searching => keymap::help(keys::SEARCHING),
            _ if self.compared.is_some() => keymap::help(keys::COMPARE),
            View::Attempts => keymap::help(keys::ATTEMPTS),
            View::Calendar => keymap::help(keys::CALENDAR),
            View::Trends => keymap::help(keys::TRENDS),
            View::Predictions => keymap::help(keys::PREDICTIONS),
        }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if let Some(id) = self.doomed.take() {
            return Reply::Used(if key.code == KeyCode::Char('y') { self.delete(&id, ctx) } else { Vec::new() });
        }
        if let Some(form) = self.form.take() {
            return Reply::Used(self.form_key(form, key, ctx));
        }
        if self.searching {
            match key.code {
                KeyCode::Enter => self.searching = false,
                KeyCode::Esc => {
                    self.searching = false;
                    self.words = Line1::default();
                    self.search(ctx);
                }
                _ => {
                    self.words.on_key(key);
                    self.search(ctx);
                }
            }
            return Reply::DONE;
        }
        let table = match self.view {
            _ if self.compared.is_some() => keys::COMPARE,
            View::Attempts => keys::ATTEMPTS,
            View::Calendar => keys::CALENDAR,
            View::Trends => keys::TRENDS,
            View::Predictions => keys::PREDICTIONS,
        };
        keymap::find(table, key).map_or(Reply::Passed, |act| self.act(act, ctx))
    }

    fn on_paste(&mut self, pasted: &str, ctx: &Ctx<'_>) -> Reply {
        match &mut self.form {
            Some(form) => form.paste(pasted),
            None if self.searching => {
                self.words.paste(pasted);
                self.search(ctx);
            }
            None => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, ctx: &Ctx<'_>) -> Reply {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.act(Act::Down, ctx),
            MouseEventKind::ScrollUp => self.act(Act::Up, ctx),
            _ => Reply::Passed,
        }
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        History::read(ctx);
        Vec::new()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        let message = match message.downcast::<Result<Book, StoreError>>() {
            Ok(read) => match *read {
                Ok(book) => {
                    self.take(book, ctx);
                    return Vec::new();
                }
                Err(why) => return vec![Ask::Toast(Tone::Bad, why.to_string())],
            },
            Err(other) => other,
        };
        let message = match message.downcast::<Hits>() {
            Ok(hits) => return self.hit(*hits, ctx),
            Err(other) => other,
        };
        let message = match message.downcast::<Written>() {
            Ok(written) => {
                return vec![match written.0 {
                    Ok(path) => Ask::Toast(Tone::Good, format!("written: {}", path.display())),
                    Err(why) => Ask::Toast(Tone::Bad, why),
                }];
            }
            Err(other) => other,
        };
        // An attempt whose events cannot be read is shown without them.
        if let Ok(events) = message.downcast::<Result<(String, Vec<Event>), StoreError>>() {
            self.events = events.ok();
        }
        Vec::new()
    }

    fn types(&self) -> bool {
        self.searching || self.form.is_some()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        view::draw(self, area, buf, ctx.theme);
    }
}
