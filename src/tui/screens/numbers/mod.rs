//! Estimation drills: a sum is asked, answered in one number, and worked out with the same numbers.

#[cfg(test)]
mod tests;
mod view;

use crate::drill::cards::draft::Draft;
use crate::drill::numbers::{Drill, Kind, Level, Taken, Verdict, next_kind, next_level};
use crate::store::{Practice, StoreError};
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, f, quiet};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::Place;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::scroll::Scroller;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use sims::kernel::rng::splitmix;
use std::any::Any;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Answer,
    Next,
    Level,
    Kind,
    Show,
    Card,
    Back,
}

const ASKING: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter)], "enter", "answer", Act::Answer),
    bind(&[code(KeyCode::Tab)], "tab", "level", Act::Level),
    bind(&[f(2)], "F2", "kind", Act::Kind),
    bind(&[f(3)], "F3", "show me", Act::Show),
    bind(&[code(KeyCode::Esc)], "esc", "back", Act::Back),
];

const TOLD: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch('n'), ch(' ')], "enter", "next", Act::Next),
    bind(&[code(KeyCode::Tab), ch('l')], "tab", "level", Act::Level),
    bind(&[f(2)], "F2", "kind", Act::Kind),
    bind(&[ch('c')], "c", "a card of it", Act::Card),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
];

const SCROLL: &[Binding<()>] = &[quiet(&[ch('j'), ch('k')], "j k", "scroll", ())];

pub struct Numbers {
    /// What was answered before, oldest first; none until it has been read.
    rows: Option<Vec<Taken>>,
    /// Questions of this sitting that were shown and not answered.
    shown: BTreeSet<String>,
    /// One kind only; else what was practised least.
    kind: Option<Kind>,
    level: Option<Level>,
    stage: Stage,
    answered_now: usize,
}

enum Stage {
    Reading,
    Asking { drill: Box<Drill>, since: Instant, entry: Entry, slip: Option<String> },
    Told { drill: Box<Drill>, typed: String, verdict: Option<Verdict>, took: Duration, scroller: Scroller },
}

/// What was answered before, read by a worker.
struct Past(Result<Vec<Taken>, StoreError>);

/// An answer could not be kept.
struct Unkept(StoreError);

impl Numbers {
    pub fn open(kind: Option<Kind>, ctx: &Ctx<'_>) -> Numbers {
        match ctx.rooms.store().cloned() {
            Some(store) => ctx.mailbox.work("estimates", move || Past(store.estimates())),
            None => ctx.mailbox.send(Past(Ok(Vec::new()))),
        }
        Numbers { rows: None, shown: BTreeSet::new(), kind, level: None, stage: Stage::Reading, answered_now: 0 }
    }

    fn rows(&self) -> &[Taken] {
        self.rows.as_deref().unwrap_or_default()
    }

    fn level(&self) -> Level {
        self.level.unwrap_or_else(|| next_level(self.rows()))
    }

    fn ask(&mut self, ctx: &Ctx<'_>) {
        let rows = self.rows();
        let kind = self.kind.unwrap_or_else(|| next_kind(rows));
        let asked: BTreeSet<String> = rows.iter().map(|row| row.ask.clone()).chain(self.shown.iter().cloned()).collect();
        let seed = splitmix((rows.len() + self.shown.len()) as u64);
        let drill = Box::new(Drill::fresh(kind, self.level(), seed, &asked));
        self.stage = Stage::Asking { drill, since: ctx.now, entry: Entry::default(), slip: None };
    }

    fn answer(&mut self, ctx: &Ctx<'_>) -> Reply {
        let Stage::Asking { drill, since, entry, slip } = &mut self.stage else { return Reply::DONE };
        let verdict = match drill.judge(entry.text()) {
            Ok(verdict) => verdict,
            Err(why) => {
                *slip = Some(why);
                return Reply::DONE;
            }
        };
        let (drill, typed, took) = (drill.clone(), entry.text().to_string(), ctx.now.saturating_duration_since(*since));
        let taken = Taken::of(&drill, &verdict, took, chrono::Utc::now());
        self.keep(taken, ctx);
        self.answered_now += 1;
        self.stage = Stage::Told { drill, typed, verdict: Some(verdict), took, scroller: Scroller::default() };
        Reply::DONE
    }

    fn keep(&mut self, taken: Taken, ctx: &Ctx<'_>) {
        if let Some(store) = ctx.rooms.store().cloned() {
            let (row, mailbox) = (taken.clone(), ctx.mailbox.clone());
            ctx.mailbox.work("estimate", move || {
                let took = Duration::from_millis(row.took_ms);
                // The minute it took counts as practice; that it was answered counts more.
                let _ = store.spend(Practice::Drills, row.kind.name(), row.made_at - took, took);
                if let Err(why) = store.save_estimate(&row) {
                    mailbox.send(Unkept(why));
                }
            });
        }
        self.rows.get_or_insert_default().push(taken);
    }

    /// The way without an answer: nothing is entered.
    fn show(&mut self, ctx: &Ctx<'_>) -> Reply {
        let Stage::Asking { drill, since, .. } = &self.stage else { return Reply::DONE };
        let (drill, took) = (drill.clone(), ctx.now.saturating_duration_since(*since));
        self.shown.insert(drill.ask.clone());
        self.stage = Stage::Told { drill, typed: String::new(), verdict: None, took, scroller: Scroller::default() };
        Reply::DONE
    }

    fn turn_level(&mut self, ctx: &Ctx<'_>) -> Reply {
        let at = Level::ALL.iter().position(|level| *level == self.level()).unwrap_or(0);
        self.level = Some(Level::ALL[(at + 1) % Level::ALL.len()]);
        self.again(ctx)
    }

    fn turn_kind(&mut self, ctx: &Ctx<'_>) -> Reply {
        self.kind = match self.kind {
            None => Some(Kind::ALL[0]),
            Some(kind) => Kind::ALL.iter().position(|k| *k == kind).and_then(|at| Kind::ALL.get(at + 1)).copied(),
        };
        self.again(ctx)
    }

    /// Another question, unless the reader is still with the last one's answer.
    fn again(&mut self, ctx: &Ctx<'_>) -> Reply {
        if self.rows.is_some() {
            self.ask(ctx);
        }
        Reply::DONE
    }

    /// An estimate off by more than a power of ten is worth a card, with the user's own number.
    fn card(&self) -> Reply {
        let Stage::Told { drill, typed, verdict: Some(verdict), .. } = &self.stage else { return Reply::DONE };
        if verdict.error.abs() <= 1.0 {
            return Reply::ask(Ask::Toast(Tone::Plain, "within a power of ten: that is near enough to need no card".into()));
        }
        let worked: Vec<String> = drill.worked().into_iter().map(|(step, result)| format!("- {}: `{}` = {result}", step.says, step.line)).collect();
        let (mine, truth, why) = (typed.trim(), drill.unit.told(drill.answer), worked.join("\n"));
        let draft = Draft::of_estimate(drill.kind.name(), &drill.ask, mine, &truth, &why);
        Reply::ask(Ask::Open(Place::Keep { drafts: vec![draft] }))
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        match act {
            Act::Answer => self.answer(ctx),
            Act::Next => self.again(ctx),
            Act::Level => self.turn_level(ctx),
            Act::Kind => self.turn_kind(ctx),
            Act::Show => self.show(ctx),
            Act::Card => self.card(),
            Act::Back => Reply::ask(Ask::Back),
        }
    }
}

impl Screen for Numbers {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let kind = self.kind.map_or("all kinds", Kind::title);
        Header { right: Line::raw(format!("{kind} · {} · {} answered", self.level().name(), self.rows().len())), ..Header::title("Estimation drills") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        match &self.stage {
            Stage::Reading | Stage::Asking { .. } => keymap::help(ASKING),
            Stage::Told { .. } => keymap::help(TOLD).into_iter().chain(keymap::help(SCROLL)).collect(),
        }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        let table = if matches!(self.stage, Stage::Told { .. }) { TOLD } else { ASKING };
        if let Some(act) = keymap::find(table, key) {
            return self.act(act, ctx);
        }
        let used = match &mut self.stage {
            Stage::Asking { entry, slip, .. } => {
                *slip = None;
                entry.on_key(key)
            }
            Stage::Told { scroller, .. } => scroller.on_key(key),
            Stage::Reading => false,
        };
        if used { Reply::DONE } else { Reply::Passed }
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        let Stage::Asking { entry, .. } = &mut self.stage else { return Reply::Passed };
        entry.paste(text);
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        let Stage::Told { scroller, .. } = &mut self.stage else { return Reply::Passed };
        if scroller.on_wheel(mouse) { Reply::DONE } else { Reply::Passed }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        let message = match message.downcast::<Past>() {
            Ok(past) => {
                let (rows, why) = match past.0 {
                    Ok(rows) => (rows, None),
                    Err(why) => (Vec::new(), Some(why)),
                };
                self.rows = Some(rows);
                self.ask(ctx);
                return why.map(|why| Ask::Toast(Tone::Bad, format!("your drills cannot be read: {why}"))).into_iter().collect();
            }
            Err(other) => other,
        };
        match message.downcast::<Unkept>() {
            Ok(why) => vec![Ask::Toast(Tone::Bad, format!("the answer is not kept: {}", why.0))],
            Err(_) => Vec::new(),
        }
    }

    fn types(&self) -> bool {
        matches!(self.stage, Stage::Asking { .. })
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        view::draw(self, area, buf, ctx.theme);
    }
}
