//! Scoring an attempt: first blind, from the notes alone; then again beside the solution; then what it means.

mod detail;
mod keys;
mod result;
mod view;

#[cfg(test)]
mod tests;

use crate::catalog::{Dimension, FileKind, Missing, Problem, Rubric, RubricLine};
use crate::lab::objectives::{Met, prove};
use crate::score::{Grade, Judged, Judgement, Lean, Reading, Score, Taken, score};
use crate::session::{Said, Session};
use crate::store::Attempt;
use crate::tui::keymap::{self, KeyHelp};
use crate::tui::screen::{Ask, Ctx, Header, Reply, Screen, Tone};
use crate::tui::screens::Place;
use crate::tui::widgets::entry::Entry;
use crate::tui::widgets::solution::{self, Section};
use crate::{history, tui::event::Mailbox};
use keys::{AFTER, Act, After, KEYS};
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use ratatui::text::Line;
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// What the run of the sizing numbers says.
enum Proof {
    /// The card or the candidate gave no numbers.
    None,
    Running,
    Known(Result<Vec<Met>, String>),
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
    side: Side,
    from: usize,
    /// Open lines were told once.
    told: bool,
    /// Something was judged since it was last saved.
    changed: bool,
    lean: Option<Lean>,
    proof: Proof,
    cancel: Arc<AtomicBool>,
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
    screen.prove(ctx.mailbox);
    Ok(Box::new(screen))
}

/// A level without a rubric of its own: lines count, nothing else is asked.
fn none(level: &str) -> Rubric {
    Rubric { format: 1, kind: FileKind::Rubric, id: level.into(), phases: vec![], dimensions: vec![], communication: vec![], late: vec![] }
}

impl Scoring {
    fn new(attempt: Attempt, session: Session, problem: Arc<Problem>, rubric: Arc<Rubric>) -> Scoring {
        let taken = Taken::of(&session);
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
            from: 0,
            told: false,
            changed: false,
            lean: None,
            proof: Proof::None,
            cancel: Arc::default(),
        };
        screen.chosen = screen.first_open().unwrap_or(0);
        screen
    }

    /// Runs the candidate's numbers against the card's objectives, on a thread of its own.
    fn prove(&mut self, mailbox: &Mailbox) {
        let answers: Vec<(String, String)> = self.session.sizing().iter().map(|(knob, answer)| (knob.clone(), answer.clone())).collect();
        if self.problem.design.is_none() || self.problem.objectives.is_empty() || answers.is_empty() {
            return;
        }
        self.proof = Proof::Running;
        let (problem, cancel) = (Arc::clone(&self.problem), Arc::clone(&self.cancel));
        // Only what the interviewer really said changes the run.
        let said: Vec<usize> = self.session.said().iter().filter_map(|(_, said)| if let Said::Moment(n) = said { Some(*n) } else { None }).collect();
        mailbox.work("proof", move || {
            let changes: Vec<_> = said.iter().filter_map(|n| problem.interviewer.get(*n)?.then.as_ref()).collect();
            let answers: Vec<_> = answers.iter().map(|(knob, answer)| (knob.as_str(), answer.as_str())).collect();
            Proved(prove(&problem, &changes, &answers, &cancel))
        });
    }

    fn reading(&self) -> Reading {
        if self.stage == Stage::Judge(Reading::Blind) { Reading::Blind } else { Reading::Informed }
    }

    fn judgement(&self) -> &Judgement {
        if self.reading() == Reading::Blind { &self.blind } else { &self.informed }
    }

    fn judgement_mut(&mut self) -> &mut Judgement {
        self.changed = true;
        if self.reading() == Reading::Blind { &mut self.blind } else { &mut self.informed }
    }

    fn score(&self, reading: Reading) -> Score {
        let judgement = if reading == Reading::Blind { &self.blind } else { &self.informed };
        score(&self.problem, &self.rubric, &self.taken, judgement)
    }

    /// Everything that is judged: the lines of the phases that were begun first, as the card has them.
    fn items(&self) -> Vec<Item<'_>> {
        let lines = self.problem.rubric.iter().filter(|line| !self.taken.drops.contains(&line.id) && !self.taken.drops.contains(&line.phase));
        let dimensions = self.rubric.dimensions.iter().map(Item::Dimension);
        lines.map(Item::Line).chain(dimensions).chain(self.rubric.communication.iter().map(Item::Communication)).collect()
    }

    fn item(&self) -> Option<Item<'_>> {
        self.items().get(self.chosen).copied()
    }

    fn is_reached(&self, line: &RubricLine) -> bool {
        self.taken.begun.contains(&line.phase)
    }

    fn is_open(&self, item: Item<'_>) -> bool {
        let judgement = self.judgement();
        match item {
            Item::Line(line) => self.is_reached(line) && !judgement.lines.contains_key(&line.id),
            Item::Dimension(dimension) => !judgement.dimensions.contains_key(&dimension.id),
            Item::Communication(dimension) => !judgement.communication.contains_key(&dimension.id),
        }
    }

    fn first_open(&self) -> Option<usize> {
        self.items().iter().position(|item| self.is_open(*item))
    }

    fn select(&mut self, at: usize) {
        self.chosen = at.min(self.items().len().saturating_sub(1));
        self.from = 0;
    }

    fn grade(&mut self, grade: Grade) -> Vec<Ask> {
        let Some(Item::Line(line)) = self.item() else { return hint("a step from 1 to 5 is asked here") };
        if !self.is_reached(line) {
            return hint("its phase was not begun: it counts nothing");
        }
        let id = line.id.clone();
        let judgement = self.judgement_mut();
        let words = judgement.words.remove(&id).unwrap_or_default();
        // The line stays chosen: its evidence comes next.
        judgement.lines.entry(id).or_insert(Judged { grade, evidence: words }).grade = grade;
        Vec::new()
    }

    fn step(&mut self, step: u8) -> Vec<Ask> {
        match self.item() {
            Some(Item::Dimension(dimension)) => {
                let id = dimension.id.clone();
                self.judgement_mut().dimensions.insert(id, step);
            }
            Some(Item::Communication(dimension)) => {
                let id = dimension.id.clone();
                self.judgement_mut().communication.insert(id, step);
            }
            _ => return hint("f, h or n is asked here: full, half, none"),
        }
        self.select(self.chosen + 1);
        Vec::new()
    }

    fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Vec<Ask> {
        match act {
            Act::Down => self.select(self.chosen + 1),
            Act::Up => self.select(self.chosen.saturating_sub(1)),
            Act::Grade(grade) => return self.grade(grade),
            Act::Step(step) => return self.step(step),
            Act::Evidence => {
                let Some(Item::Line(line)) = self.item() else { return hint("evidence belongs to the lines of the rubric") };
                self.evidence = Some(Entry::new(self.evidence_of(&line.id)));
            }
            Act::Side if self.reading() == Reading::Blind => return hint("the solution comes after the blind reading"),
            Act::Side => {
                self.side = if self.side == Side::Notes { Side::Solution } else { Side::Notes };
                self.from = 0;
            }
            Act::Continue => return self.go_on(ctx),
            Act::ScrollDown => self.from += 5,
            Act::ScrollUp => self.from = self.from.saturating_sub(5),
        }
        Vec::new()
    }

    fn evidence_key(&mut self, mut entry: Entry, key: KeyEvent) {
        match (key.code, self.item()) {
            (KeyCode::Esc, _) => {}
            (KeyCode::Enter, Some(Item::Line(line))) => {
                let (id, evidence) = (line.id.clone(), entry.take().trim().to_string());
                self.show(&id, evidence);
                self.select(self.chosen + 1);
            }
            _ => {
                entry.on_key(key);
                self.evidence = Some(entry);
            }
        }
    }

    fn evidence_of(&self, line: &str) -> String {
        let judgement = self.judgement();
        judgement.lines.get(line).map(|judged| &judged.evidence).or_else(|| judgement.words.get(line)).cloned().unwrap_or_default()
    }

    /// Writes the evidence of a line down; a line that is not graded yet keeps it until it is.
    fn show(&mut self, line: &str, evidence: String) {
        let judgement = self.judgement_mut();
        match judgement.lines.get_mut(line) {
            Some(judged) => judged.evidence = evidence,
            None if evidence.is_empty() => drop(judgement.words.remove(line)),
            None => drop(judgement.words.insert(line.to_owned(), evidence)),
        }
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
            return vec![Ask::Toast(Tone::Plain, "now beside the solution: read, then change what you see differently".into())];
        }
        self.done(ctx);
        Vec::new()
    }

    fn done(&mut self, ctx: &Ctx<'_>) {
        self.stage = Stage::Done;
        self.from = 0;
        self.lean = ctx.rooms.store().and_then(|store| store.attempts().ok()).and_then(|attempts| history::lean(&attempts));
    }

    /// Going on gives nothing to the lines that are still open: the reading is over.
    fn close(&mut self) {
        let open: Vec<String> = self
            .items()
            .into_iter()
            .filter(|item| self.is_open(*item))
            .filter_map(|item| if let Item::Line(line) = item { Some(line.id.clone()) } else { None })
            .collect();
        for id in open {
            let judgement = self.judgement_mut();
            let evidence = judgement.words.remove(&id).unwrap_or_default();
            judgement.lines.insert(id, Judged { grade: Grade::None, evidence });
        }
    }

    /// Writes the reading down; lines that are still open stay open.
    fn save(&mut self, ctx: &Ctx<'_>) -> Result<(), String> {
        let Some(store) = ctx.rooms.store() else { return Ok(()) };
        let score = self.score(self.reading());
        store.save_score(&self.attempt.id, self.reading(), &score).map_err(|why| why.to_string())?;
        self.changed = false;
        Ok(())
    }

    fn after(&mut self, after: After) -> Vec<Ask> {
        let problem = self.attempt.problem.clone();
        match after {
            After::Home => vec![Ask::Home],
            After::Lab if self.problem.design.is_none() => hint("this card has no design to run"),
            After::Lab => vec![Ask::Open(Place::lab(&problem))],
            After::History => vec![Ask::Open(Place::History { problem: Some(problem) })],
            After::Again => {
                self.stage = Stage::Judge(Reading::Informed);
                self.select(0);
                Vec::new()
            }
            After::Copy => vec![Ask::Copy(result::text(self))],
            After::ScrollDown => {
                self.from += 3;
                Vec::new()
            }
            After::ScrollUp => {
                self.from = self.from.saturating_sub(3);
                Vec::new()
            }
        }
    }
}

struct Proved(Result<Option<Vec<Met>>, String>);

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

impl Drop for Scoring {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

impl Screen for Scoring {
    fn header(&self, _ctx: &Ctx<'_>) -> Header {
        let middle = match self.stage {
            Stage::Judge(Reading::Blind) => "1 of 2 · blind: from your notes alone",
            Stage::Judge(Reading::Informed) => "2 of 2 · beside the solution",
            Stage::Done => "",
        };
        let score = self.score(self.reading());
        let right = format!("{} of 50 · {}", score.total, score.band.name());
        Header { middle: Line::raw(middle), right: Line::raw(right), ..Header::title(format!("Score: {}", self.attempt.title)) }
    }

    fn keys(&self) -> Vec<KeyHelp> {
        if self.stage == Stage::Done { keymap::help(AFTER) } else { keymap::help(KEYS) }
    }

    fn on_key(&mut self, key: KeyEvent, ctx: &Ctx<'_>) -> Reply {
        if let Some(entry) = self.evidence.take() {
            self.evidence_key(entry, key);
            return Reply::DONE;
        }
        if self.stage == Stage::Done {
            return keymap::find(AFTER, key).map_or(Reply::Passed, |after| Reply::Used(self.after(after)));
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

    fn on_message(&mut self, message: Box<dyn Any + Send>, _ctx: &Ctx<'_>) -> Vec<Ask> {
        if let Ok(proved) = message.downcast::<Proved>() {
            self.proof = match proved.0 {
                Ok(Some(met)) => Proof::Known(Ok(met)),
                Ok(None) => Proof::None,
                Err(why) => Proof::Known(Err(why)),
            };
        }
        Vec::new()
    }

    fn on_save(&mut self, ctx: &Ctx<'_>) {
        if self.changed {
            // A store that takes nothing has told so itself.
            let _ = self.save(ctx);
        }
    }

    fn on_show(&mut self, ctx: &Ctx<'_>) -> Vec<Ask> {
        if self.stage == Stage::Done {
            self.done(ctx);
        }
        Vec::new()
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
