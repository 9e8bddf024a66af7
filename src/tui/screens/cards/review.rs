//! A round of cards: asked, answered, judged, graded, until the day's work is done.

use super::input::{self, Input, Typed};
use super::{DAY_DONE, Found, now};
use crate::catalog::{Card, See};
use crate::drill::cards::answer::{Verdict, judge};
use crate::drill::cards::{Desk, Event, Grade, Moment, Plan, State, What, Why};
use crate::store::{Practice, Store, StoreError};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, f, quiet};
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::Place;
use crate::tui::widgets::scroll::Scroller;
use crate::tui::widgets::text;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::any::Any;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Act {
    Show,
    Undo,
    Bury,
    Suspend,
    Link,
    Back,
}

/// Work while a card is asked and while its answer is shown; letters only where none is text.
const ANY: &[Binding<Act>] = &[
    bind(&[f(2)], "F2", "show", Act::Show),
    bind(&[f(3)], "F3", "undo", Act::Undo),
    bind(&[f(4)], "F4", "bury until tomorrow", Act::Bury),
    bind(&[f(5)], "F5", "suspend", Act::Suspend),
    quiet(&[f(6)], "F6", "go to what shows it", Act::Link),
];

const LETTERS: &[Binding<Act>] = &[
    bind(&[ch('u')], "u", "undo", Act::Undo),
    bind(&[ch('b')], "b", "bury until tomorrow", Act::Bury),
    bind(&[ch('s')], "s", "suspend", Act::Suspend),
    bind(&[ch('o')], "o", "go to what shows it", Act::Link),
    quiet(&[ch('q')], "q", "back", Act::Back),
];

const GRADES: &[Binding<Option<Grade>>] = &[
    bind(&[ch('1')], "1", "again", Some(Grade::Again)),
    bind(&[ch('2')], "2", "hard", Some(Grade::Hard)),
    bind(&[ch('3')], "3", "good", Some(Grade::Good)),
    bind(&[ch('4')], "4", "easy", Some(Grade::Easy)),
    bind(&[code(KeyCode::Enter), ch(' ')], "enter", "the marked one", None),
];

/// Told in the help; what is longer than its pane scrolls by the usual keys.
const SCROLL: &[Binding<()>] = &[quiet(&[], "j k", "scroll", ())];

/// Longer than this nobody looks at a card: what is recorded of an answer's time.
const TOOK_MAX: Duration = Duration::from_secs(15 * 60);

pub struct Review {
    pub(super) deck: Option<String>,
    /// What is left of a cram, or none: then the schedule says what comes.
    pub(super) cram: Option<VecDeque<String>>,
    pub(super) desk: Option<Desk>,
    pub(super) plan: Plan,
    pub(super) stage: Stage,
    pub(super) done: Done,
    pub(super) scroll: Scroller,
    began: (chrono::DateTime<chrono::Utc>, Instant),
    pub(super) clock: fn() -> Moment,
}

#[derive(Default)]
pub(super) struct Done {
    pub answers: usize,
    pub right: usize,
    pub ms: u64,
}

pub(super) enum Stage {
    Reading,
    Asked(Box<Asked>),
    /// Nothing is left to do now.
    Over,
}

/// A card on the desk.
pub(super) struct Asked {
    pub card: Card,
    pub deck: String,
    pub why: Why,
    pub state: State,
    pub input: Input,
    pub question: Markdown,
    pub since: Instant,
    pub told: Option<Told>,
    /// Several places show it: which one is asked.
    pub links: bool,
}

/// It was answered.
pub(super) struct Told {
    pub verdict: Verdict,
    pub took: Duration,
    pub answer: Markdown,
    pub why: Markdown,
    pub suggested: Grade,
    /// What each grade leads to, and when that was worked out: what is shown is what happens.
    pub choices: [State; 4],
    pub now: Moment,
}

impl Review {
    /// # Errors
    /// The catalog or the store is not there yet.
    pub fn open(deck: Option<String>, cram: bool, ctx: &Ctx<'_>) -> Result<Review, String> {
        Found::ask(ctx)?;
        Ok(Review {
            deck,
            cram: cram.then(VecDeque::new),
            desk: None,
            plan: Plan::default(),
            stage: Stage::Reading,
            done: Done::default(),
            scroll: Scroller::default(),
            began: (now().at, ctx.now),
            clock: now,
        })
    }

    pub(super) fn take(&mut self, desk: Desk, ctx: &Ctx<'_>) {
        if let Some(cram) = &mut self.cram {
            let mut cards: Vec<&str> = desk.entries.iter().filter(|e| self.deck.as_ref().is_none_or(|d| *d == e.deck)).map(|e| e.card.as_str()).collect();
            cards.retain(|card| !desk.state(card).suspended);
            let seed = desk.log.len() as u64;
            cards.sort_by_key(|card| sims::kernel::rng::splitmix(sims::kernel::rng::hash_name(card) ^ seed));
            *cram = cards.into_iter().map(str::to_string).collect();
        }
        self.desk = Some(desk);
        self.next(ctx);
    }

    /// Puts the next card on the desk.
    pub(super) fn next(&mut self, ctx: &Ctx<'_>) {
        let Some(desk) = &self.desk else { return };
        let moment = (self.clock)();
        self.plan = desk.plan(self.deck.as_deref(), moment);
        let next = match &self.cram {
            Some(left) => left.front().map(|card| (card.clone(), Why::Due)),
            None => self.plan.next(moment.at).map(|(card, why)| (card.to_string(), why)),
        };
        let found = next.and_then(|(id, why)| desk.card(&id).map(|(deck, card)| (deck.title.clone(), card.clone(), why)));
        self.scroll.to_top();
        self.stage = match found {
            Some((deck, card, why)) => {
                let state = desk.state(&card.id);
                let (input, question) = (Input::of(&card, state.reps), Markdown::new(input::question(&card, false)));
                Stage::Asked(Box::new(Asked { card, deck, why, state, input, question, since: ctx.now, told: None, links: false }))
            }
            None => Stage::Over,
        };
    }

    /// Judges what was given; what is no answer is refused with a reason, and nothing is lost.
    fn answer(&mut self, given_up: bool, ctx: &Ctx<'_>) -> Reply {
        let (Stage::Asked(asked), Some(desk)) = (&mut self.stage, &self.desk) else { return Reply::DONE };
        if asked.told.is_some() {
            return Reply::DONE;
        }
        let verdict = match judge(&asked.card, &asked.input.given()) {
            _ if given_up && !matches!(asked.input, Input::Basic) => Verdict::Wrong("not answered".into()),
            Ok(verdict) => verdict,
            Err(why) => return Reply::ask(Ask::Toast(Tone::Warn, why)),
        };
        let suggested = if matches!(verdict, Verdict::Wrong(_)) { Grade::Again } else { Grade::Good };
        let moment = (self.clock)();
        let choices = desk.scheduler.choices(&asked.card.id, &asked.state, moment.at, moment.day);
        asked.question = Markdown::new(input::question(&asked.card, true));
        let took = ctx.now.saturating_duration_since(asked.since).min(TOOK_MAX);
        let (answer, why) = (Markdown::new(input::answer(&asked.card)), Markdown::new(asked.card.why.trim()));
        asked.told = Some(Told { verdict, took, answer, why, suggested, choices, now: moment });
        Reply::DONE
    }

    fn grade(&mut self, grade: Option<Grade>, ctx: &Ctx<'_>) -> Reply {
        let Stage::Asked(asked) = &self.stage else { return Reply::DONE };
        let Some(told) = &asked.told else { return Reply::DONE };
        let grade = grade.unwrap_or(told.suggested);
        let took_ms = u64::try_from(told.took.as_millis()).unwrap_or(0);
        let what = if self.cram.is_some() { What::Cram { grade, took_ms } } else { What::Review { grade, took_ms } };
        let (card, leech, now) = (asked.card.id.clone(), told.choices[0].leech && !asked.state.leech, told.now);
        let event = Desk::event(Store::event_id(), &card, what, now);
        if let Err(why) = self.enter(event, ctx) {
            return Reply::ask(Ask::Toast(Tone::Bad, format!("not saved, so not counted: {why}")));
        }
        self.done.answers += 1;
        self.done.right += usize::from(grade != Grade::Again);
        self.done.ms += took_ms;
        if let Some(left) = &mut self.cram {
            let card = left.pop_front();
            // What was not known comes again, after the others.
            left.extend(card.filter(|_| grade == Grade::Again));
        }
        self.next(ctx);
        if leech && grade == Grade::Again && self.cram.is_none() {
            let says = "forgotten eight times: this card is a leech and is suspended; say it in other words, or let it back in the browser";
            return Reply::ask(Ask::Toast(Tone::Warn, says.into()));
        }
        Reply::DONE
    }

    /// First to the disk, then to the desk: what could not be written did not happen.
    fn enter(&mut self, event: Event, ctx: &Ctx<'_>) -> Result<(), StoreError> {
        if let Some(store) = ctx.rooms.store() {
            store.log_card(&event)?;
        }
        if let Some(desk) = &mut self.desk {
            desk.take(event);
        }
        Ok(())
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        match act {
            Act::Show => self.answer(true, ctx),
            Act::Undo => self.undo(ctx),
            Act::Bury => self.put_away(What::Bury, "buried until tomorrow; F3 takes it back", ctx),
            Act::Suspend => self.put_away(What::Suspend, "suspended until you let it back in the browser; F3 takes it back", ctx),
            Act::Link => self.link(None),
            Act::Back => Reply::ask(Ask::Back),
        }
    }

    fn undo(&mut self, ctx: &Ctx<'_>) -> Reply {
        let moment = (self.clock)();
        let Some(event) = self.desk.as_ref().and_then(|desk| desk.undo(Store::event_id(), moment)) else {
            return Reply::ask(Ask::Toast(Tone::Plain, "nothing of today is left to undo".into()));
        };
        let What::Undo { event: undone } = &event.what else { return Reply::DONE };
        let what = self.desk.as_ref().and_then(|desk| desk.log.iter().find(|e| e.id == *undone)).map(|e| e.what.clone());
        let card = event.card.clone();
        if let Err(why) = self.enter(event, ctx) {
            return Reply::ask(Ask::Toast(Tone::Bad, format!("not undone: {why}")));
        }
        if let Some(grade) = what.as_ref().and_then(What::grade) {
            self.done.answers = self.done.answers.saturating_sub(1);
            self.done.right = self.done.right.saturating_sub(usize::from(grade != Grade::Again));
        }
        if let Some(left) = &mut self.cram {
            left.retain(|other| *other != card);
            left.push_front(card.clone());
        }
        self.next(ctx);
        self.ask_again(&card, ctx);
        let says = what.map_or("", |what| what.kind());
        Reply::ask(Ask::Toast(Tone::Plain, format!("took back: {says}")))
    }

    /// The card whose answer was taken back is asked now, wherever the queue would have it.
    fn ask_again(&mut self, card: &str, ctx: &Ctx<'_>) {
        let Some(desk) = &self.desk else { return };
        let place = self.plan.ready.iter().find(|(id, _)| id == card).map(|(_, why)| *why);
        let soon = self.plan.soon.iter().any(|(_, id)| id == card).then_some(Why::Learning);
        let (Some(why), Some((deck, found))) = (place.or(soon), desk.card(card)) else { return };
        let state = desk.state(card);
        let (input, question) = (Input::of(found, state.reps), Markdown::new(input::question(found, false)));
        let (deck, card) = (deck.title.clone(), found.clone());
        self.stage = Stage::Asked(Box::new(Asked { card, deck, why, state, input, question, since: ctx.now, told: None, links: false }));
    }

    fn put_away(&mut self, what: What, says: &str, ctx: &Ctx<'_>) -> Reply {
        let Stage::Asked(asked) = &self.stage else { return Reply::DONE };
        let event = Desk::event(Store::event_id(), &asked.card.id, what, (self.clock)());
        if let Err(why) = self.enter(event, ctx) {
            return Reply::ask(Ask::Toast(Tone::Bad, why.to_string()));
        }
        if let Some(left) = &mut self.cram {
            left.pop_front();
        }
        self.next(ctx);
        Reply::ask(Ask::Toast(Tone::Plain, says.into()))
    }

    /// Opens what shows the card: the one place there is, or the one that is picked.
    fn link(&mut self, pick: Option<usize>) -> Reply {
        let Stage::Asked(asked) = &mut self.stage else { return Reply::DONE };
        let places = &asked.card.see.0;
        match (places.as_slice(), pick) {
            ([], _) => Reply::ask(Ask::Toast(Tone::Plain, "this card points nowhere".into())),
            ([one], None) => Reply::ask(open(one)),
            (many, Some(n)) => {
                let ask = many.get(n).map(|see| open(see));
                asked.links = false;
                Reply::Used(ask.into_iter().collect())
            }
            _ => {
                asked.links = true;
                Reply::DONE
            }
        }
    }

    fn asked_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        let Stage::Asked(asked) = &mut self.stage else { return Reply::Passed };
        if asked.links {
            let pick = if let KeyCode::Char(c) = key.code { c.to_digit(10).and_then(|n| (n as usize).checked_sub(1)) } else { None };
            asked.links = false;
            return pick.map_or(Reply::DONE, |n| self.link(Some(n)));
        }
        if asked.told.is_some() {
            if let Some(grade) = keymap::find(GRADES, key) {
                return self.grade(grade, ctx);
            }
        } else {
            match asked.input.on_key(key) {
                Typed::Used => return Reply::DONE,
                Typed::Answer => return self.answer(false, ctx),
                Typed::Passed => {}
            }
        }
        let types = self.types();
        match keymap::find(ANY, key).or_else(|| keymap::find(LETTERS, key).filter(|_| !types)) {
            Some(act) => self.act(act, ctx),
            None if self.scroll.on_key(key) => Reply::DONE,
            None => Reply::Passed,
        }
    }

    /// What the header says is left.
    fn left(&self) -> String {
        if let Some(left) = &self.cram {
            return format!("cram · {} left · the schedule stays as it is", left.len());
        }
        let count = |wanted: Why| self.plan.ready.iter().filter(|(_, why)| *why == wanted).count();
        let learning = count(Why::Learning) + self.plan.soon.len();
        format!("{} new · {learning} learning · {} due", count(Why::New), count(Why::Due))
    }
}

/// Where a `see` leads.
pub(super) fn open(see: &str) -> Ask {
    match See::parse(see) {
        See::Problem(problem) => Ask::Open(Place::Card { problem }),
        See::Experiment { problem, experiment } => Ask::Open(Place::Experiment { problem, experiment }),
        See::Page(id) => Ask::Open(Place::Pages { page: Some(id) }),
    }
}

impl Screen for Review {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let title = self.desk.as_ref().and_then(|desk| desk.decks.iter().find(|deck| Some(&deck.id) == self.deck.as_ref())).map(|deck| deck.title.clone());
        let right = if matches!(self.stage, Stage::Reading) { "reading the cards".into() } else { self.left() };
        Header { right: Line::raw(right), ..Header::title(format!("Cards · {}", title.unwrap_or_else(|| "all decks".into()))) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        let row = |(shown, says): &(&'static str, &'static str)| KeyHelp { shown, says, place: keymap::Place::Footer };
        let own = || keymap::help(if self.types() { ANY } else { LETTERS });
        match &self.stage {
            Stage::Reading => Vec::new(),
            Stage::Over => keymap::help(&DAY_DONE[..]),
            Stage::Asked(asked) if asked.told.is_some() => keymap::help(GRADES).into_iter().chain(own()).chain(keymap::help(SCROLL)).collect(),
            Stage::Asked(asked) => {
                asked.input.keys().iter().map(row).chain(keymap::help(&ANY[..1])).chain(own().into_iter().filter(|k| k.shown != "F2")).collect()
            }
        }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        match self.stage {
            Stage::Reading => Reply::Passed,
            Stage::Asked(_) => self.asked_key(key, ctx),
            Stage::Over => match keymap::find(&DAY_DONE[..], key) {
                Some(super::Over::Undo) => self.undo(ctx),
                Some(super::Over::Cram) => Reply::ask(Ask::Replace(Place::Review { deck: self.deck.clone(), cram: true })),
                Some(super::Over::Stats) => Reply::ask(Ask::Open(Place::CardStats)),
                Some(super::Over::Back) => Reply::ask(Ask::Back),
                None => Reply::Passed,
            },
        }
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        match &mut self.stage {
            Stage::Asked(asked) if asked.told.is_none() => asked.input.on_paste(text),
            _ => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        if self.scroll.on_wheel(mouse) { Reply::DONE } else { Reply::Passed }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        match message.downcast::<Found>().map(|found| found.0) {
            Ok(Ok(desk)) => {
                self.take(desk, ctx);
                Vec::new()
            }
            Ok(Err(why)) => vec![Ask::Toast(Tone::Bad, why.to_string()), Ask::Back],
            Err(_) => Vec::new(),
        }
    }

    /// A card that is being learnt comes of itself when its time is there.
    fn next_tick(&self, _ctx: &Ctx<'_>) -> Option<Duration> {
        let soon = matches!(self.stage, Stage::Over) && !self.plan.soon.is_empty();
        soon.then_some(Duration::from_secs(10))
    }

    fn on_tick(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        if matches!(self.stage, Stage::Over) {
            self.next(ctx);
        }
        Vec::new()
    }

    /// Minutes at the cards stand in the calendar.
    fn on_save(&mut self, ctx: &Ctx<'_>) {
        if let (Some(store), true) = (ctx.rooms.store(), self.done.ms > 0) {
            let subject = self.deck.clone().unwrap_or_else(|| "all decks".into());
            let _ = store.spend(Practice::Cards, &subject, self.began.0, Duration::from_millis(std::mem::take(&mut self.done.ms)));
        }
    }

    fn types(&self) -> bool {
        matches!(&self.stage, Stage::Asked(asked) if asked.told.is_none() && asked.input.types())
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        super::draw::review(self, area, buf, ctx);
    }
}

/// `12 answers, 83 % right, 4 min`.
pub(super) fn summed(done: &Done) -> String {
    let share = if done.answers > 0 { format!(", {:.0} % known", done.right as f64 * 100.0 / done.answers as f64) } else { String::new() };
    format!("{}{share}", text::count(done.answers, "answer"))
}
