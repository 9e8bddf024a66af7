//! Scoring an attempt: first blind, from the notes alone; then again beside the solution; then what it means.

mod detail;
mod judge;
mod keys;
mod notes;
mod result;
mod view;

#[cfg(test)]
mod tests;

use crate::catalog::{Dimension, FileKind, Missing, Problem, Rubric, RubricLine};
use crate::lab::verify;
use crate::score::{Judged, Judgement, Picks, Reading, Score, Taken, score};
use crate::session::Session;
use crate::store::{Attempt, Store};
use crate::tui::event::Mailbox;
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::proof::{self, Proof};
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::solution::{self, Section};
use keys::{Act, KEYS, PICKING};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use result::Debrief;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

pub use view::{mark as grade_mark, short};

/// A row that is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Item<'a> {
    Line(&'a RubricLine),
    Dimension(&'a Dimension),
    Communication(&'a Dimension),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Judge(Reading),
    Done,
}

/// Which text stands beside the lines where there is room for one only.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Notes,
    Solution,
}

/// What the store keeps of an attempt beside its scores, by name.
mod finding {
    pub const PROOF: &str = crate::score::Verification::FINDING;
    pub use crate::score::PICKS;
    pub const PLACE: &str = "scoring";
}

/// Where scoring was left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    informed: bool,
    done: bool,
    chosen: usize,
}

pub struct Scoring {
    attempt: Attempt,
    session: Session,
    problem: Arc<Problem>,
    solution: Vec<Section>,
    rubric: Arc<Rubric>,
    taken: Taken,
    stage: Stage,
    blind: Judgement,
    informed: Judgement,
    chosen: usize,
    evidence: Option<Entry>,
    /// The row that was rated last, and everything as it was before.
    before: Option<(usize, Judgement)>,
    /// The line of the notes that is about to become evidence.
    picking: Option<usize>,
    side: Side,
    from: usize,
    /// Open lines were told once.
    told: bool,
    /// Something was judged since it was last saved.
    changed: bool,
    proof: Proof,
    picks: Picks,
    debrief: Debrief,
}

/// Opens the scoring of an attempt, where it was left.
///
/// # Errors
/// The attempt or its card is gone.
pub fn open(attempt: &str, ctx: &Ctx<'_>) -> Result<Box<dyn Screen>, String> {
    let store = ctx.rooms.store().ok_or("the history is still being read")?;
    let catalog = ctx.rooms.catalog.as_ref().ok_or("the problems are still being read")?;
    let row = store.attempt(attempt).map_err(|why| why.to_string())?;
    let session = store.session(attempt).map_err(|why| why.to_string())?;
    let problem = catalog.problem(&row.problem).map_err(|missing| match missing {
        Missing::Unknown(why) => why,
        Missing::Bad(_) => format!("the card of `{}` has faults", row.problem),
    })?;
    let rubric = catalog.rubric(&row.level).unwrap_or_else(|| Arc::new(none(&row.level)));
    let mut screen = Scoring::new(row, session, problem, rubric);
    screen.restore(store);
    screen.prove(ctx.mailbox);
    if screen.stage == Stage::Done {
        screen.done(ctx);
    }
    Ok(Box::new(screen))
}

/// A level without a rubric of its own: lines count, nothing else is asked.
fn none(level: &str) -> Rubric {
    Rubric { format: 1, kind: FileKind::Rubric, id: level.into(), phases: vec![], dimensions: vec![], communication: vec![], late: vec![] }
}

impl Scoring {
    fn new(attempt: Attempt, session: Session, problem: Arc<Problem>, rubric: Arc<Rubric>) -> Scoring {
        // Time and mode may have been corrected since: the row knows.
        let used = Duration::from_millis(attempt.used_ms);
        let allowed = attempt.mode.is_timed().then(|| session.plan().time());
        let taken = Taken { used, allowed, ..Taken::of(&session) };
        let (blind, informed) = (attempt.blind.as_ref().map(judged), attempt.informed.as_ref().map(judged));
        // A reading that was saved with open lines was left in the middle.
        let stage = match (&attempt.blind, &attempt.informed) {
            (_, Some(score)) if score.open_lines() == 0 => Stage::Done,
            (_, Some(_)) => Stage::Judge(Reading::Informed),
            (Some(score), None) if score.open_lines() == 0 => Stage::Judge(Reading::Informed),
            _ => Stage::Judge(Reading::Blind),
        };
        let blind = blind.unwrap_or_default();
        let mut screen = Scoring {
            informed: informed.unwrap_or_else(|| blind.clone()),
            blind,
            side: if stage == Stage::Judge(Reading::Informed) { Side::Solution } else { Side::Notes },
            attempt,
            session,
            solution: solution::sections(&problem),
            problem,
            rubric,
            taken,
            stage,
            chosen: 0,
            evidence: None,
            before: None,
            picking: None,
            from: 0,
            told: false,
            changed: false,
            proof: Proof::default(),
            picks: Picks::new(),
            debrief: Debrief::default(),
        };
        screen.chosen = screen.first_open().unwrap_or(0);
        screen
    }

    /// What was kept beside the scores: the place, the run of the numbers, which line answers which question.
    fn restore(&mut self, store: &Store) {
        let id = self.attempt.id.as_str();
        if let Ok(Some(place)) = store.finding::<Place>(id, finding::PLACE) {
            let reading = if place.informed { Reading::Informed } else { Reading::Blind };
            self.stage = if place.done { Stage::Done } else { Stage::Judge(reading) };
            self.side = if place.informed { Side::Solution } else { Side::Notes };
            self.chosen = place.chosen.min(self.items().len().saturating_sub(1));
        }
        self.picks = store.finding(id, finding::PICKS).ok().flatten().unwrap_or_default();
        if let Ok(Some(kept)) = store.finding(id, finding::PROOF) {
            self.proof = Proof::known(kept);
        }
    }

    /// Runs the candidate's numbers against the card's objectives, once: the result is kept.
    fn prove(&mut self, mailbox: &Mailbox) {
        if verify::can(&self.problem) && self.proof.is_idle() {
            self.proof.start(&self.problem, &self.session, mailbox);
        }
    }

    fn score(&self, reading: Reading) -> Score {
        let judgement = if reading == Reading::Blind { &self.blind } else { &self.informed };
        score(&self.problem, &self.rubric, &self.taken, judgement)
    }

    fn go_on(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        let open = self.items().iter().filter(|item| self.is_open(**item)).count();
        if open > 0 && !self.told {
            self.told = true;
            if let Some(first) = self.first_open() {
                self.select(first);
            }
            return vec![Ask::Toast(Tone::Warn, format!("{open} still open; c again goes on without them"))];
        }
        self.told = false;
        self.close();
        if let Err(why) = self.save(ctx) {
            return vec![Ask::Toast(Tone::Bad, why)];
        }
        if self.reading() == Reading::Blind {
            self.informed = self.blind.clone();
            self.stage = Stage::Judge(Reading::Informed);
            self.side = Side::Solution;
            self.select(0);
            self.keep_place(ctx);
            return vec![Ask::Toast(Tone::Plain, "now beside the solution: read, then change what you see differently".into())];
        }
        self.done(ctx);
        self.keep_place(ctx);
        Vec::new()
    }

    fn done(&mut self, ctx: &Ctx<'_>) {
        self.stage = Stage::Done;
        self.from = 0;
        let attempts = ctx.rooms.store().and_then(|store| store.attempts().ok()).unwrap_or_default();
        self.debrief.look_back(&self.attempt, attempts, &self.rubric);
    }

    /// Writes the reading down; lines that are still open stay open.
    fn save(&mut self, ctx: &Ctx<'_>) -> Result<(), String> {
        let Some(store) = ctx.rooms.store() else { return Ok(()) };
        let score = self.score(self.reading());
        store.save_score(&self.attempt.id, self.reading(), &score).map_err(|why| why.to_string())?;
        self.changed = false;
        Ok(())
    }

    /// So that scoring goes on where it was left.
    fn keep_place(&self, ctx: &Ctx<'_>) {
        let place = Place { informed: self.stage != Stage::Judge(Reading::Blind), done: self.stage == Stage::Done, chosen: self.chosen };
        self.keep(finding::PLACE, &place, ctx);
    }

    /// A store that takes nothing has told so itself.
    fn keep<T: Serialize>(&self, kind: &str, found: &T, ctx: &Ctx<'_>) {
        if let Some(store) = ctx.rooms.store() {
            let _ = store.save_finding(&self.attempt.id, kind, found);
        }
    }
}

fn hint(says: &str) -> Vec<Ask> {
    vec![Ask::Toast(Tone::Plain, says.into())]
}

/// What was judged, out of a stored score.
fn judged(score: &Score) -> Judgement {
    let lines = score.lines.iter().filter_map(|line| Some((line.line.clone(), Judged { grade: line.grade?, evidence: line.evidence.clone() })));
    let words = score.lines.iter().filter(|line| line.grade.is_none() && !line.evidence.is_empty());
    Judgement {
        lines: lines.collect(),
        words: words.map(|line| (line.line.clone(), line.evidence.clone())).collect(),
        dimensions: score.dimensions.clone(),
        communication: score.communication.clone(),
    }
}

impl Screen for Scoring {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let (middle, brief) = match self.stage {
            Stage::Judge(Reading::Blind) => ("1 of 2 · blind: from your notes alone", "1 of 2 · blind"),
            Stage::Judge(Reading::Informed) => ("2 of 2 · beside the solution", "2 of 2 · solution"),
            Stage::Done => ("", ""),
        };
        let score = self.score(self.reading());
        let right = format!("{} of 50 · {}", short(score.total), score.band.name());
        Header { middle: Line::raw(middle), brief: Line::raw(brief), right: Line::raw(right), ..Header::title(format!("Score: {}", self.attempt.title)) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        match (self.stage, self.picking) {
            (Stage::Done, _) => self.debrief.keys(),
            (Stage::Judge(_), Some(_)) => keymap::help(PICKING),
            (Stage::Judge(_), None) => keymap::help(KEYS),
        }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if let Some(entry) = self.evidence.take() {
            self.evidence_key(entry, key);
            return Reply::DONE;
        }
        if self.stage == Stage::Done {
            return self.after_key(key, ctx);
        }
        if let Some(at) = self.picking.take() {
            self.picking_key(at, key);
            return Reply::DONE;
        }
        let act = match key.code {
            KeyCode::Char(c @ '1'..='5') if key.modifiers.is_empty() => Some(Act::Step(c as u8 - b'0')),
            _ => keymap::find(KEYS, key),
        };
        act.map_or(Reply::Passed, |act| Reply::Used(self.act(act, ctx)))
    }

    fn on_paste(&mut self, text: &str, _ctx: &Ctx<'_>) -> Reply {
        match &mut self.evidence {
            Some(entry) => {
                entry.paste(text);
                Reply::DONE
            }
            None => Reply::Passed,
        }
    }

    fn on_message(&mut self, message: Box<dyn Any + Send>, ctx: &Ctx<'_>) -> Vec<Ask> {
        if let Ok(true) = self.proof.take(message)
            && let Some(known) = self.proof.verification()
        {
            self.keep(finding::PROOF, known, ctx);
        }
        Vec::new()
    }

    fn on_save(&mut self, ctx: &Ctx<'_>) {
        // Words that are being typed are words.
        if let (Some(entry), Some(Item::Line(line))) = (&self.evidence, self.item()) {
            let (id, words) = (line.id.clone(), entry.text().trim().to_string());
            self.show(&id, words);
        }
        if self.changed {
            // A store that takes nothing has told so itself.
            let _ = self.save(ctx);
        }
        self.keep_place(ctx);
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        if self.stage == Stage::Done {
            self.done(ctx);
        }
        Vec::new()
    }

    /// While the numbers run, the bar moves.
    fn next_tick(&self, _ctx: &Ctx<'_>) -> Option<Duration> {
        (self.proof.is_running() && self.stage == Stage::Done).then_some(proof::TICK)
    }

    fn types(&self) -> bool {
        self.evidence.is_some()
    }

    fn draw(&self, area: Rect, buf: &mut Buffer, ctx: &Ctx<'_>) {
        match self.stage {
            Stage::Judge(_) => view::draw(self, area, buf, ctx.theme),
            Stage::Done => result::draw(self, area, buf, ctx.theme),
        }
    }
}
