//! Flashcards: the decks with what is due, and from there the round, the browser, the statistics.

pub mod browse;
mod draw;
mod input;
pub mod keep;
pub mod review;
pub mod stats;

#[cfg(test)]
mod tests;

use crate::config::Config;
use crate::drill::cards::{Counts, Desk, Moment, Plan, Rules};
use crate::store::StoreError;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::Place;
use crate::tui::widgets::text;
use chrono::{DateTime, Utc};
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
    Review,
    Cram,
    Browse,
    Stats,
    More,
    Fewer,
    Back,
}

const KEYS: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch(' '), code(KeyCode::Right)], "enter", "review", Act::Review),
    bind(&[ch('c')], "c", "cram", Act::Cram),
    bind(&[ch('/'), ch('b')], "/", "browse", Act::Browse),
    bind(&[ch('s')], "s", "statistics", Act::Stats),
    bind(&[ch('+'), ch('=')], "+ -", "new cards a day", Act::More),
    keymap::Binding { keys: &[keymap::ch('-')], shown: "-", says: "fewer", place: keymap::Place::Nowhere, act: Act::Fewer },
    quiet(&[ch('j'), code(KeyCode::Down)], "j down", "next deck", Act::Down),
    quiet(&[ch('k'), code(KeyCode::Up)], "k up", "previous deck", Act::Up),
    quiet(&[ch('g'), code(KeyCode::Home)], "g home", "first", Act::First),
    quiet(&[ch('G'), code(KeyCode::End)], "G end", "last", Act::Last),
    quiet(&[ch('q')], "q", "back", Act::Back),
];

/// When a round is over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Over {
    Back,
    Undo,
    Cram,
    Stats,
}

pub(super) const DAY_DONE: [Binding<Over>; 4] = [
    bind(&[code(KeyCode::Enter), ch('q')], "enter", "back", Over::Back),
    bind(&[ch('u'), keymap::f(3)], "u", "undo the last answer", Over::Undo),
    bind(&[ch('c')], "c", "cram", Over::Cram),
    bind(&[ch('s')], "s", "statistics", Over::Stats),
];

/// Now, and the day it is where the user sits.
pub(super) fn now() -> Moment {
    Moment { at: Utc::now(), day: chrono::Local::now().date_naive() }
}

/// What a worker reads: decks, log and states.
pub(super) struct Found(Result<Desk, StoreError>);

impl Found {
    /// # Errors
    /// The catalog or the store is not there yet.
    fn ask(ctx: &Ctx<'_>) -> Result<(), String> {
        let (Some(catalog), Some(store)) = (ctx.rooms.catalog.clone(), ctx.rooms.store().cloned()) else {
            return Err("the cards are still being read".into());
        };
        let rules = Rules::of(&ctx.rooms.config, now().day);
        ctx.mailbox.work("cards", move || Found(store.card_log().map(|log| Desk::new(catalog.decks(), log, rules))));
        Ok(())
    }
}

pub struct Decks {
    desk: Option<Desk>,
    plan: Plan,
    counts: BTreeMap<String, Counts>,
    /// 0: all decks.
    chosen: usize,
    clock: fn() -> Moment,
}

impl Decks {
    pub fn new() -> Decks {
        Decks { desk: None, plan: Plan::default(), counts: BTreeMap::new(), chosen: 0, clock: now }
    }

    fn take(&mut self, desk: Desk) {
        self.plan = desk.plan(None, (self.clock)());
        self.counts = self.plan.counts(&desk.states);
        // A deck's own counts are what one gets by choosing it.
        for deck in &desk.decks {
            let own = desk.plan(Some(&deck.id), (self.clock)()).counts(&desk.states);
            self.counts.extend(own.into_iter().filter(|(id, _)| !id.is_empty()));
        }
        self.desk = Some(desk);
        self.go(self.chosen);
    }

    fn rows(&self) -> usize {
        self.desk.as_ref().map_or(1, |desk| desk.decks.len() + 1)
    }

    fn go(&mut self, to: usize) {
        self.chosen = to.min(self.rows() - 1);
    }

    /// The chosen deck's id; none: all of them.
    fn deck(&self) -> Option<String> {
        self.desk.as_ref()?.decks.get(self.chosen.checked_sub(1)?).map(|deck| deck.id.clone())
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        match act {
            Act::Down => self.go(self.chosen + 1),
            Act::Up => self.go(self.chosen.saturating_sub(1)),
            Act::First => self.go(0),
            Act::Last => self.go(usize::MAX),
            Act::Review => return Reply::ask(Ask::Open(Place::Review { deck: self.deck(), cram: false })),
            Act::Cram => return Reply::ask(Ask::Open(Place::Review { deck: self.deck(), cram: true })),
            Act::Browse => return Reply::ask(Ask::Open(Place::CardBrowser)),
            Act::Stats => return Reply::ask(Ask::Open(Place::CardStats)),
            Act::More => return self.limit(&ctx.rooms.config, ctx.rooms.config.new_cards_a_day + 5),
            Act::Fewer => return self.limit(&ctx.rooms.config, ctx.rooms.config.new_cards_a_day.saturating_sub(5)),
            Act::Back => return Reply::ask(Ask::Back),
        }
        Reply::DONE
    }

    /// Another number of new cards a day, from now on.
    fn limit(&mut self, config: &Config, new_cards_a_day: u32) -> Reply {
        let new_cards_a_day = new_cards_a_day.min(999);
        let config = Config { new_cards_a_day, ..config.clone() };
        if let Some(mut desk) = self.desk.take() {
            desk.scheduler.rules = Rules::of(&config, (self.clock)().day);
            self.take(desk);
        }
        let says = format!("{} a day from now on", text::count(new_cards_a_day as usize, "new card"));
        Reply::Used(vec![Ask::Configure(Box::new(config)), Ask::Toast(Tone::Plain, says)])
    }
}

impl Default for Decks {
    fn default() -> Decks {
        Decks::new()
    }
}

impl Screen for Decks {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        let right = match &self.desk {
            None => "reading the cards".to_string(),
            Some(_) => {
                let done = self.plan.done_new + self.plan.done_due;
                let interview = ctx.rooms.config.interview_date.map(|day| (day - (self.clock)().day).num_days()).filter(|days| *days > 0);
                let date = interview.map_or(String::new(), |days| format!(" · interview in {days} d"));
                format!("{done} done today{date}")
            }
        };
        Header { right: Line::raw(right), ..Header::title("Cards") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        keymap::help(KEYS)
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        keymap::find(KEYS, key).map_or(Reply::Passed, |act| self.act(act, ctx))
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, ctx: &Ctx<'_>) -> Reply {
        match mouse.kind {
            MouseEventKind::ScrollDown => self.act(Act::Down, ctx),
            MouseEventKind::ScrollUp => self.act(Act::Up, ctx),
            _ => Reply::Passed,
        }
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        let _ = Found::ask(ctx);
        Vec::new()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Found>().map(|found| found.0) {
            Ok(Ok(desk)) => {
                self.take(desk);
                Vec::new()
            }
            Ok(Err(why)) => vec![Ask::Toast(Tone::Bad, format!("the cards' log cannot be read: {why}"))],
            Err(_) => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        draw::decks(self, area, buf, ctx);
    }
}

/// When the next card comes that is not yet due: for whoever has done the day's work.
pub(super) fn next_due(desk: &Desk, now: Moment) -> Option<String> {
    use crate::drill::cards::{Due, short_wait};
    let due = desk.entries.iter().filter_map(|entry| desk.states.get(&entry.card)).filter(|state| !state.suspended).map(|state| state.due);
    let later = |due: &Due| match due {
        Due::New => false,
        Due::At(at) => *at > now.at,
        Due::On(day) => *day > now.day,
    };
    let start = |due: &Due| -> DateTime<Utc> {
        match due {
            Due::At(at) => *at,
            Due::On(day) => day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc(),
            Due::New => now.at,
        }
    };
    due.filter(later).min_by_key(start).map(|due| short_wait(due, now.at, now.day))
}
