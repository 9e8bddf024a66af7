//! The interview: a clock, a prompt that says little, notes by phase, and everything else one key away.

mod ask;
mod form;
mod insert;
mod keys;
mod offer;
mod prompt;
mod sheet;
pub mod times;
mod view;

#[cfg(test)]
mod tests;

use crate::catalog::{Missing, Problem};
use crate::graph;
use crate::session::{FIRST_PATH, Mode, Plan, Refused, Session, Stage};
use crate::store::{Health, Live, Store, StoreError, Unfinished};
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::panes::markdown::Markdown;
use crate::tui::screen::{Ask, Ctx, Edited, Header, Reply, Screen, Tone};
use crate::tui::screens::{Place, proof};
use crate::tui::widgets::scroll::Scroll;
use crate::tui::widgets::solution::{self, Section};
use ask::{AskBox, Asked};
use form::Form;
use insert::Insert;
use keys::{Act, KEYS};
use prompt::{Mark, Prompt};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui_textarea::{CursorMove, TextArea, WrapMode};
use sheet::Sheet;
use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use view::digits as clock_digits;

/// What lies over the notes and has the keys.
enum Pane {
    Ask(AskBox),
    Sheet(Sheet),
    Form(Form),
    Template(Insert),
    /// Time per phase against the plan.
    Times,
    /// Finish, really?
    Finish,
    /// Look at the solution, really?
    Reveal,
    /// The solution of this phase, once it was revealed.
    Solution(Scroll),
}

pub struct Interview {
    problem: Arc<Problem>,
    statement: Markdown,
    solution: Vec<Section>,
    session: Session,
    /// `None`: the store takes nothing; the interview goes on all the same.
    live: Option<Live>,
    notes: Vec<TextArea<'static>>,
    pane: Option<Pane>,
    last: Instant,
    prompt: Prompt,
    /// The notes as Markdown with their graphs drawn, while that is wanted.
    board: Option<Markdown>,
    /// What of the time slept through was told to the session.
    away: Duration,
}

/// Begins an interview, or offers one that was cut off.
///
/// # Errors
/// The card is missing or bad.
pub fn begin(problem: &str, variant: Option<&str>, mode: Option<Mode>, ctx: &Ctx<'_>) -> Result<Box<dyn Screen>, String> {
    let card = card(problem, ctx)?;
    let chosen = match variant {
        None => None,
        Some(id) => Some(card.variant(id).ok_or_else(|| format!("`{problem}` has no variant `{id}`"))?),
    };
    if let Some(cut) = cut_off(problem, variant, ctx) {
        return Ok(Box::new(offer::Offer::new(cut, mode)));
    }
    let mut session = Session::start(Plan::of(&card, chosen), mode.unwrap_or(ctx.rooms.config.mode));
    // Without a store the hour is not lost, only not kept: the store itself has said so.
    let live = ctx.rooms.store().and_then(|store| store.begin(&mut session).ok());
    Ok(Box::new(Interview::new(card, session, live, ctx)))
}

/// Takes up an interview that was cut off.
///
/// # Errors
/// It is open elsewhere, unknown, or its card is gone.
pub fn take_up(attempt: &str, ctx: &Ctx<'_>) -> Result<Box<dyn Screen>, String> {
    let store = ctx.rooms.store().ok_or("the history is still being read")?;
    let (session, live) = store.take_up(attempt).map_err(|why| why.to_string())?;
    let card = card(&session.plan().problem, ctx)?;
    if session.stage() == Stage::Finished {
        return Err("this interview is over".into());
    }
    Ok(Box::new(Interview::new(card, session, Some(live), ctx)))
}

fn card(problem: &str, ctx: &Ctx<'_>) -> Result<Arc<Problem>, String> {
    let catalog = ctx.rooms.catalog.as_ref().ok_or("the problems are still being read")?;
    catalog.problem(problem).map_err(|missing| match missing {
        Missing::Unknown(why) => why,
        Missing::Bad(faults) => faults.first().map_or_else(|| format!("the card of `{problem}` has faults"), ToString::to_string),
    })
}

fn cut_off(problem: &str, variant: Option<&str>, ctx: &Ctx<'_>) -> Option<Unfinished> {
    let all = ctx.rooms.store()?.unfinished().ok()?;
    all.into_iter().find(|cut| !cut.elsewhere && cut.attempt.problem == problem && cut.attempt.variant.as_deref() == variant)
}

impl Interview {
    fn new(problem: Arc<Problem>, session: Session, live: Option<Live>, ctx: &Ctx<'_>) -> Interview {
        let notes = (0..session.plan().phases.len()).map(|phase| area(session.notes(phase))).collect();
        let scope = session.plan().variant.as_deref().and_then(|id| problem.variant(id)).map_or("", |variant| variant.scope.as_str());
        let statement = Markdown::new(format!("{}\n\n{scope}", problem.statement.trim_end()));
        let solution = solution::sections(&problem);
        let (last, away) = (ctx.now, ctx.rooms.away);
        let prompt = Prompt::new(&session);
        Interview { problem, statement, solution, session, live, notes, pane: None, last, prompt, board: None, away }
    }

    /// Brings the session's clock to now.
    fn catch_up(&mut self, ctx: &Ctx<'_>) {
        self.session.pass(ctx.now.saturating_duration_since(self.last));
        self.last = ctx.now;
        self.session.away(ctx.rooms.away.saturating_sub(self.away));
        self.away = ctx.rooms.away;
    }

    /// Brings the clock to now, and what was said meanwhile into sight.
    fn follow(&mut self, ctx: &Ctx<'_>) {
        let was = Mark::of(&self.session);
        self.catch_up(ctx);
        self.prompt.follow(was, was.said, &self.session);
    }

    /// Hands everything to the store.
    fn keep(&mut self, ctx: &Ctx<'_>) {
        let phase = self.session.phase();
        if let Some(notes) = self.notes.get(phase) {
            let _ = self.session.write(phase, &notes.lines().join("\n"));
        }
        self.redraw_board();
        if let (Some(store), Some(live)) = (ctx.rooms.store(), &self.live) {
            store.keep(live, &mut self.session);
        }
    }

    /// The whiteboard follows the notes of the phase.
    fn redraw_board(&mut self) {
        if self.board.is_some() {
            let board = graph::whiteboard(self.session.notes(self.session.phase()));
            if self.board.as_ref().is_none_or(|old| old.source() != board) {
                self.board = Some(Markdown::new(board));
            }
        }
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Vec<Ask> {
        if self.session.stage() == Stage::Paused && act.is_work() {
            return vec![Ask::Toast(Tone::Plain, "paused: F7 goes on".into())];
        }
        let done = match act {
            Act::Hint => self.session.hint().map(drop),
            Act::Next => self.session.next_phase(),
            Act::Back => self.session.go(self.session.phase().saturating_sub(1)),
            Act::Mark => self.session.mark(FIRST_PATH),
            Act::Pause if self.session.stage() == Stage::Paused => {
                self.session.resume();
                Ok(())
            }
            Act::Pause => self.session.pause(),
            Act::Ask => self.over(Pane::Ask(AskBox::default())),
            Act::Estimate => {
                // What is to be estimated is part of the task: a real interviewer does not say.
                let asks = if self.session.mode() == Mode::Real { Vec::new() } else { self.problem.estimation.iter().map(|step| step.ask.clone()).collect() };
                self.over(Pane::Sheet(Sheet::new(asks)))
            }
            Act::Size => {
                let form = Form::new(&self.problem, &self.session);
                self.over(Pane::Form(form))
            }
            Act::Template => {
                let insert = Insert::new(&self.session.phase_plan().id);
                self.over(Pane::Template(insert))
            }
            Act::Times => self.over(Pane::Times),
            Act::Board => {
                self.board = if self.board.is_some() { None } else { Some(Markdown::new("")) };
                self.redraw_board();
                Ok(())
            }
            Act::Reveal if self.session.is_revealed(self.session.phase()) => self.over(Pane::Solution(Scroll::default())),
            Act::Reveal => self.over(Pane::Reveal),
            Act::Finish => self.over(Pane::Finish),
            Act::Up | Act::Down | Act::PageUp | Act::PageDown => {
                self.scroll(act);
                return Vec::new();
            }
            Act::Editor => return vec![Ask::Edit(self.session.notes(self.session.phase()).to_string())],
            Act::Leave => return vec![leave()],
        };
        self.redraw_board();
        match done {
            Ok(()) if act == Act::Mark => vec![Ask::Toast(Tone::Good, "marked: a first full path stands".into())],
            Ok(()) => Vec::new(),
            Err(Refused::LastPhase) => {
                let _ = self.over(Pane::Finish);
                Vec::new()
            }
            Err(why) => {
                self.keep(ctx);
                vec![Ask::Toast(Tone::Warn, why.to_string())]
            }
        }
    }

    fn scroll(&mut self, act: Act) {
        match act {
            Act::Up => self.prompt.by(-3),
            Act::Down => self.prompt.by(3),
            Act::PageUp => self.prompt.page(-1),
            Act::PageDown => self.prompt.page(1),
            _ => {}
        }
    }

    fn over(&mut self, pane: Pane) -> Result<(), Refused> {
        self.pane = Some(pane);
        Ok(())
    }

    /// A key for what lies over the notes.
    fn pane_key(&mut self, mut pane: Pane, key: KeyEvent, ctx: &Ctx<'_>) -> Vec<Ask> {
        if key.code == KeyCode::Esc {
            return Vec::new();
        }
        match &mut pane {
            Pane::Ask(asking) => match asking.on_key(key, &self.session) {
                Asked::Nothing => {}
                Asked::Empty(says) => {
                    self.pane = Some(pane);
                    return vec![Ask::Toast(Tone::Plain, says.into())];
                }
                Asked::Fact(fact) => {
                    let _ = self.session.ask(fact);
                    return Vec::new();
                }
                Asked::Open(question) => {
                    let _ = self.session.ask_openly(&question);
                    return Vec::new();
                }
            },
            Pane::Sheet(sheet) => {
                if let Some(line) = sheet.on_key(key, &mut self.session) {
                    self.insert(&line);
                    self.pane = Some(pane);
                    return vec![Ask::Toast(Tone::Good, "in your notes".into())];
                }
            }
            Pane::Form(form) => form.on_key(key, &mut self.session, ctx.mailbox),
            Pane::Template(insert) => {
                if let Some(text) = insert.on_key(key) {
                    self.insert(text);
                    return Vec::new();
                }
            }
            Pane::Times => return Vec::new(),
            Pane::Finish if keymap::is_yes(key) => return self.finish(ctx),
            Pane::Reveal if self.may_reveal(key) => {
                self.session.reveal_anyway();
                pane = Pane::Solution(Scroll::default());
            }
            Pane::Solution(scroll) => {
                // The end is found when drawn; here it is only not passed by far.
                const LINES: usize = 2000;
                if !scroll.on_key(key, 20, LINES) {
                    return Vec::new();
                }
            }
            Pane::Finish | Pane::Reveal if keymap::is_no(key) => return Vec::new(),
            Pane::Finish | Pane::Reveal => {}
        }
        self.pane = Some(pane);
        Vec::new()
    }

    /// A real interview wants a letter of its own: an Enter out of habit must not end it as one.
    fn may_reveal(&self, key: KeyEvent) -> bool {
        if self.session.mode() == Mode::Real { matches!(key.code, KeyCode::Char('r' | 'R')) } else { keymap::is_yes(key) }
    }

    /// Puts a skeleton at the cursor, on lines of its own, and the cursor where the first word belongs.
    fn insert(&mut self, text: &str) {
        let Some(notes) = self.notes.get_mut(self.session.phase()) else { return };
        notes.move_cursor(CursorMove::End);
        let at = notes.cursor();
        let below = usize::from(at.1 > 0);
        if below > 0 {
            notes.insert_newline();
        }
        let first = at.0 + below;
        notes.insert_str(text);
        let into = text.lines().position(|line| line.ends_with(' ')).unwrap_or(0);
        notes.move_cursor(CursorMove::Jump(u16::try_from(first + into).unwrap_or(u16::MAX), 0));
        notes.move_cursor(CursorMove::End);
    }

    fn finish(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        self.keep(ctx);
        self.session.finish();
        self.keep(ctx);
        match self.live.take() {
            Some(live) => vec![Ask::Replace(Place::Scoring { attempt: live.id().to_string() })],
            None => vec![Ask::Toast(Tone::Bad, "this interview could not be kept, so it cannot be scored".into()), Ask::Back],
        }
    }
}

fn leave() -> Ask {
    let question = "Leave the interview? Its clock stops, and it waits for you.".to_string();
    Ask::Confirm { question, yes: Box::new(Ask::Back) }
}

/// An editor for the notes of one phase.
fn area(notes: &str) -> TextArea<'static> {
    let mut area = TextArea::new(notes.split('\n').map(str::to_string).collect());
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(ratatui::style::Style::new());
    area.move_cursor(CursorMove::Bottom);
    area.move_cursor(CursorMove::End);
    area
}

impl Screen for Interview {
    fn header(&self, ctx: &Ctx<'_>) -> Header {
        // The user must see it all the time, not only in a toast: what is typed now is lost with the program.
        let kept = self.live.is_some() && ctx.rooms.store().is_some_and(|store| store.health() == Health::Good);
        let unkept = if kept { "" } else { " · not kept" };
        let right = Line::raw(format!("{} mode{unkept}", self.session.mode().name()));
        Header { right, ..Header::title(self.session.plan().title.clone()) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        let says = |key: KeyHelp| match key.says {
            "pause" if self.session.stage() == Stage::Paused => KeyHelp { says: "go on", ..key },
            _ => key,
        };
        // A real interview has neither pause nor reveal: then the keys are not offered.
        let real = self.session.mode() == Mode::Real;
        keymap::help(KEYS).into_iter().filter(|key| !real || !matches!(key.shown, "F7" | "F8")).map(says).collect()
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        let was = Mark::of(&self.session);
        self.catch_up(ctx);
        let heard = self.session.said().len();
        self.session.key();
        let asks = if let Some(pane) = self.pane.take() {
            self.pane_key(pane, key, ctx)
        } else if let Some(act) = keymap::find(KEYS, key) {
            // What was typed belongs to the phase that is left.
            self.keep(ctx);
            self.act(act, ctx)
        } else if keymap::find(keymap::GLOBAL, key) == Some(keymap::Global::Help) && !matches!(key.code, KeyCode::Char(_)) {
            return Reply::Passed;
        } else if self.session.stage() == Stage::Paused {
            vec![Ask::Toast(Tone::Plain, "paused: F7 goes on".into())]
        } else {
            self.notes[self.session.phase()].input(key);
            Vec::new()
        };
        self.prompt.follow(was, heard, &self.session);
        self.keep(ctx);
        Reply::Used(asks)
    }

    fn on_paste(&mut self, text: &str, ctx: &Ctx<'_>) -> Reply {
        self.follow(ctx);
        self.session.key();
        match &mut self.pane {
            Some(Pane::Ask(asking)) => asking.paste(text, &self.session),
            Some(Pane::Sheet(sheet)) => sheet.entry.paste(text),
            Some(Pane::Form(form)) => form.paste(text, &mut self.session),
            Some(Pane::Template(_) | Pane::Times | Pane::Finish | Pane::Reveal | Pane::Solution(_)) => {}
            None => drop(self.notes[self.session.phase()].insert_str(text)),
        }
        self.keep(ctx);
        Reply::DONE
    }

    fn on_mouse(&mut self, mouse: MouseEvent, body: Rect, _ctx: &Ctx<'_>) -> Reply {
        let prompt = view::split(body, self.board.is_some()).prompt;
        let over_prompt = prompt.contains((mouse.column, mouse.row).into());
        match mouse.kind {
            MouseEventKind::ScrollUp if over_prompt => self.prompt.by(-3),
            MouseEventKind::ScrollDown if over_prompt => self.prompt.by(3),
            MouseEventKind::ScrollUp => self.notes[self.session.phase()].scroll((-3, 0)),
            MouseEventKind::ScrollDown => self.notes[self.session.phase()].scroll((3, 0)),
            _ => return Reply::Passed,
        }
        Reply::DONE
    }

    fn on_tick(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        self.follow(ctx);
        self.keep(ctx);
        // A disk that fills up or a lock shows here first.
        let told = ctx.rooms.store().map(Store::notices).unwrap_or_default();
        told.into_iter().map(|notice| Ask::Toast(Tone::Warn, notice)).collect()
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        let message = match &mut self.pane {
            Some(Pane::Form(form)) => match form.on_message(message) {
                Ok(()) => return Vec::new(),
                Err(message) => message,
            },
            _ => message,
        };
        let Ok(edited) = message.downcast::<Edited>() else { return Vec::new() };
        self.follow(ctx);
        match edited.0 {
            Ok(text) => self.notes[self.session.phase()] = area(text.trim_end_matches('\n')),
            Err(why) => return vec![Ask::Toast(Tone::Bad, why)],
        }
        self.keep(ctx);
        Vec::new()
    }

    fn on_save(&mut self, ctx: &Ctx<'_>) {
        self.follow(ctx);
        self.keep(ctx);
    }

    /// At the clock's next full second; not at all while it stands.
    fn next_tick(&self, ctx: &Ctx<'_>) -> Option<Duration> {
        if let Some(Pane::Form(form)) = &self.pane
            && form.runs()
        {
            return Some(proof::TICK);
        }
        let part = (self.session.elapsed() + ctx.now.saturating_duration_since(self.last)).subsec_millis();
        (self.session.stage() == Stage::Running).then(|| Duration::from_millis(u64::from(1001 - part.min(1000))))
    }

    fn types(&self) -> bool {
        true
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        view::draw(self, area, buf, ctx);
    }
}

/// Why a claim failed, for the offer.
fn say(why: &StoreError) -> Ask {
    Ask::Toast(Tone::Bad, why.to_string())
}
