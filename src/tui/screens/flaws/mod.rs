//! Spot the flaw: code with one defect; the user names it by choice or by line, reads why, and runs it.

#[cfg(test)]
mod tests;
mod view;

use super::Place;
use crate::drill::flaws::{self, Answered, How, Posed};
use crate::store::StoreError;
use crate::tui::keymap::{self, Binding, KeyHelp, bind, ch, code, quiet};
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::widgets::scroll::Scroller;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::any::Any;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    Down,
    Up,
    Answer,
    Side,
    Skip,
    Run,
    Next,
    Back,
}

const ASKING: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch(' ')], "enter", "this is it", Act::Answer),
    bind(&[ch('j'), code(KeyCode::Down)], "j k", "choose", Act::Down),
    bind(&[code(KeyCode::Tab)], "tab", "name a line instead", Act::Side),
    bind(&[ch('n')], "n", "another one", Act::Skip),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
    Binding { keys: &[ch('k'), code(KeyCode::Up)], shown: "k", says: "choose", place: keymap::Place::Nowhere, act: Act::Up },
];
const DIGITS: &[Binding<()>] = &[quiet(&[], "1 2 3", "answer with this choice", ())];

const TOLD: &[Binding<Act>] = &[
    bind(&[code(KeyCode::Enter), ch('n'), ch(' ')], "enter", "next", Act::Next),
    bind(&[ch('x'), ch('e')], "x", "run defect and fix", Act::Run),
    bind(&[code(KeyCode::Esc), ch('q')], "esc", "back", Act::Back),
];
const SCROLL: &[Binding<()>] = &[quiet(&[ch('j'), ch('k')], "j k", "scroll", ())];

pub struct Flaws {
    posed: Vec<Posed>,
    rows: Vec<Answered>,
    /// Places in `posed`, as they are asked; fixed for a sitting, so that nothing comes twice in it.
    order: Vec<usize>,
    at: usize,
    /// Whether a choice is made, or a line is named.
    by: How,
    choice: usize,
    line: usize,
    told: Option<Told>,
    ready: bool,
}

struct Told {
    how: How,
    chosen: usize,
    hit: bool,
    answer: Markdown,
    scroller: Scroller,
}

/// Snippets and answers, read by a worker: every card is opened for them.
struct Found(Vec<Posed>, Result<Vec<Answered>, StoreError>);

/// An answer could not be kept.
struct Unkept(StoreError);

impl Flaws {
    pub fn open(ctx: &Ctx<'_>) -> Result<Flaws, String> {
        let catalog = ctx.rooms.catalog.clone().ok_or("the problems are still being read")?;
        let store = ctx.rooms.store().cloned();
        ctx.mailbox.work("flaws", move || Found(flaws::all(&catalog), store.map_or_else(|| Ok(Vec::new()), |store| store.flaws())));
        Ok(Flaws { posed: Vec::new(), rows: Vec::new(), order: Vec::new(), at: 0, by: How::Choice, choice: 0, line: 0, told: None, ready: false })
    }

    fn posed(&self) -> Option<&Posed> {
        self.posed.get(*self.order.get(self.at)?)
    }

    /// The next one; after the last, those that were missed come again.
    fn next(&mut self) -> Reply {
        self.at += 1;
        if self.at >= self.order.len() {
            self.order = flaws::order(&self.rows, &self.posed);
            self.at = 0;
        }
        (self.by, self.choice, self.line, self.told) = (How::Choice, 0, 0, None);
        Reply::DONE
    }

    fn step(&mut self, by: isize) -> Reply {
        let Some(posed) = self.posed() else { return Reply::DONE };
        let (choices, lines) = (posed.flaw.choices.len(), posed.flaw.code.lines().count());
        match self.by {
            How::Choice => self.choice = self.choice.saturating_add_signed(by).min(choices.saturating_sub(1)),
            How::Line => self.line = self.line.saturating_add_signed(by).min(lines.saturating_sub(1)),
        }
        Reply::DONE
    }

    fn side(&mut self) -> Reply {
        let Some(posed) = self.posed() else { return Reply::DONE };
        if posed.flaw.lines.is_empty() {
            return Reply::ask(Ask::Toast(Tone::Warn, "this defect is not in one line: choose an answer".into()));
        }
        self.by = if self.by == How::Choice { How::Line } else { How::Choice };
        Reply::DONE
    }

    fn answer(&mut self, ctx: &Ctx<'_>) -> Reply {
        let Some(posed) = self.posed().cloned() else { return Reply::DONE };
        let (chosen, hit) = match self.by {
            How::Choice => (self.choice + 1, self.choice + 1 == posed.flaw.right),
            How::Line => (self.line + 1, flaws::is_line(&posed.flaw, self.line + 1).unwrap_or(false)),
        };
        let row = Answered {
            source: posed.source.clone(),
            flaw: posed.flaw.id.clone(),
            how: self.by,
            chosen: u32::try_from(chosen).unwrap_or(u32::MAX),
            hit,
            made_at: chrono::Utc::now(),
        };
        if let Some(store) = ctx.rooms.store().cloned() {
            let (kept, mailbox) = (row.clone(), ctx.mailbox.clone());
            ctx.mailbox.work("flaw", move || {
                if let Err(why) = store.save_flaw(&kept) {
                    mailbox.send(Unkept(why));
                }
            });
        }
        self.rows.push(row);
        self.told = Some(Told { how: self.by, chosen, hit, answer: Markdown::new(posed.flaw.answer.trim()), scroller: Scroller::default() });
        Reply::DONE
    }

    /// The experiment whose runs are the defect and the fix.
    fn run(&self, ctx: &Ctx<'_>) -> Reply {
        let shows = self.posed().and_then(|posed| posed.shows.clone());
        let there = |problem: &str| ctx.rooms.catalog.as_ref().is_some_and(|catalog| catalog.head(problem).is_some_and(|head| head.design.is_some()));
        match shows {
            Some((problem, experiment)) if there(&problem) => Reply::ask(Ask::Open(Place::Experiment { problem, experiment })),
            Some(_) => Reply::ask(Ask::Toast(Tone::Warn, "the design that runs this is still to come".into())),
            None => Reply::ask(Ask::Toast(Tone::Warn, "no design runs this one".into())),
        }
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Reply {
        match act {
            Act::Down => self.step(1),
            Act::Up => self.step(-1),
            Act::Answer => self.answer(ctx),
            Act::Side => self.side(),
            Act::Skip | Act::Next => self.next(),
            Act::Run => self.run(ctx),
            Act::Back => Reply::ask(Ask::Back),
        }
    }
}

impl Screen for Flaws {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let of = |wanted| self.posed.iter().filter(|posed| flaws::standing(&self.rows, posed) == wanted).count();
        let parts = [flaws::Standing::New, flaws::Standing::Missed, flaws::Standing::Found].map(|standing| format!("{} {}", of(standing), standing.name()));
        Header { right: Line::raw(parts.join(" · ")), ..Header::title("Spot the flaw") }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        match self.told {
            None => keymap::help(ASKING).into_iter().chain(keymap::help(DIGITS)).collect(),
            Some(_) => {
                let runs = self.posed().is_some_and(|posed| posed.shows.is_some());
                let keys = keymap::help(TOLD).into_iter().filter(|key| runs || key.shown != "x");
                keys.chain(keymap::help(SCROLL)).collect()
            }
        }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        let table = if self.told.is_some() { TOLD } else { ASKING };
        if let Some(act) = keymap::find(table, key) {
            return self.act(act, ctx);
        }
        if let Some(told) = &mut self.told {
            return if told.scroller.on_key(key) { Reply::DONE } else { Reply::Passed };
        }
        let choices = self.posed().map_or(0, |posed| posed.flaw.choices.len());
        match key.code {
            KeyCode::Char(c) if key.modifiers.is_empty() => match c.to_digit(10).and_then(|n| usize::try_from(n).ok()) {
                Some(n) if (1..=choices).contains(&n) => {
                    (self.by, self.choice) = (How::Choice, n - 1);
                    self.answer(ctx)
                }
                _ => Reply::Passed,
            },
            _ => Reply::Passed,
        }
    }

    fn on_mouse(&mut self, mouse: MouseEvent, _body: Rect, _ctx: &Ctx<'_>) -> Reply {
        let Some(told) = &mut self.told else { return Reply::Passed };
        if told.scroller.on_wheel(mouse) { Reply::DONE } else { Reply::Passed }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        let message = match message.downcast::<Found>() {
            Ok(found) => {
                let Found(posed, rows) = *found;
                let (rows, why) = match rows {
                    Ok(rows) => (rows, None),
                    Err(why) => (Vec::new(), Some(why)),
                };
                (self.posed, self.rows, self.ready) = (posed, rows, true);
                self.order = flaws::order(&self.rows, &self.posed);
                return why.map(|why| Ask::Toast(Tone::Bad, format!("your answers cannot be read: {why}"))).into_iter().collect();
            }
            Err(other) => other,
        };
        match message.downcast::<Unkept>() {
            Ok(why) => vec![Ask::Toast(Tone::Bad, format!("the answer is not kept: {}", why.0))],
            Err(_) => Vec::new(),
        }
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        view::draw(self, area, buf, ctx);
    }
}
