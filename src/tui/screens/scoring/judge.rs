//! Judging: grades and steps for the chosen row, and its words of evidence, typed or taken from the notes.

use super::{Item, Scoring, Side, Stage, hint, keys::Act, notes};
use crate::catalog::RubricLine;
use crate::score::{Grade, Judged, Judgement, Reading};
use crate::tui::screen::{Ask, Ctx};
use crate::tui::widgets::entry::Entry;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

impl Scoring {
    pub(super) fn reading(&self) -> Reading {
        if self.stage == Stage::Judge(Reading::Blind) { Reading::Blind } else { Reading::Informed }
    }

    pub(super) fn judgement(&self) -> &Judgement {
        if self.reading() == Reading::Blind { &self.blind } else { &self.informed }
    }

    pub(super) fn judgement_mut(&mut self) -> &mut Judgement {
        self.changed = true;
        if self.reading() == Reading::Blind { &mut self.blind } else { &mut self.informed }
    }

    /// Everything that is judged: the lines of the phases that were begun first, as the card has them.
    pub(super) fn items(&self) -> Vec<Item<'_>> {
        let lines = self.problem.rubric.iter().filter(|line| !self.taken.drops.contains(&line.id) && !self.taken.drops.contains(&line.phase));
        let dimensions = self.rubric.dimensions.iter().map(Item::Dimension);
        lines.map(Item::Line).chain(dimensions).chain(self.rubric.communication.iter().map(Item::Communication)).collect()
    }

    pub(super) fn item(&self) -> Option<Item<'_>> {
        self.items().get(self.chosen).copied()
    }

    pub(super) fn is_reached(&self, line: &RubricLine) -> bool {
        self.taken.begun.contains(&line.phase)
    }

    pub(super) fn is_open(&self, item: Item<'_>) -> bool {
        let judgement = self.judgement();
        match item {
            Item::Line(line) => self.is_reached(line) && !judgement.lines.contains_key(&line.id),
            Item::Dimension(dimension) => !judgement.dimensions.contains_key(&dimension.id),
            Item::Communication(dimension) => !judgement.communication.contains_key(&dimension.id),
        }
    }

    /// After a rating comes the next row without one; where none follows, the row stays.
    fn go_to_next_open(&mut self) {
        let next = self.items().iter().enumerate().skip(self.chosen + 1).find(|(_, item)| self.is_open(**item)).map(|(at, _)| at);
        if let Some(next) = next {
            self.select(next);
        }
    }

    pub(super) fn first_open(&self) -> Option<usize> {
        self.items().iter().position(|item| self.is_open(*item))
    }

    pub(super) fn select(&mut self, at: usize) {
        self.chosen = at.min(self.items().len().saturating_sub(1));
        self.from = 0;
    }

    pub(super) fn grade(&mut self, grade: Grade) -> Vec<Ask> {
        let Some(Item::Line(line)) = self.item() else { return hint("a step from 1 to 5 is asked here") };
        if !self.is_reached(line) {
            return hint("its phase was not begun: it counts nothing");
        }
        let id = line.id.clone();
        self.remember();
        let judgement = self.judgement_mut();
        let words = judgement.words.remove(&id).unwrap_or_default();
        judgement.lines.entry(id).or_insert(Judged { grade, evidence: words }).grade = grade;
        self.go_to_next_open();
        Vec::new()
    }

    pub(super) fn step(&mut self, step: u8) -> Vec<Ask> {
        match self.item() {
            Some(Item::Dimension(dimension)) => {
                let id = dimension.id.clone();
                self.remember();
                self.judgement_mut().dimensions.insert(id, step);
            }
            Some(Item::Communication(dimension)) => {
                let id = dimension.id.clone();
                self.remember();
                self.judgement_mut().communication.insert(id, step);
            }
            _ => return hint("f, h or n is asked here: full, half, none"),
        }
        self.go_to_next_open();
        Vec::new()
    }

    /// What stood before a rating: a slip of the finger is taken back by one key.
    fn remember(&mut self) {
        self.before = Some((self.chosen, self.judgement().clone()));
    }

    fn undo(&mut self) -> Vec<Ask> {
        let Some((at, judgement)) = self.before.take() else { return hint("there is no rating to take back") };
        *self.judgement_mut() = judgement;
        self.select(at);
        Vec::new()
    }

    pub(super) fn act(&mut self, act: Act, ctx: &Ctx<'_>) -> Vec<Ask> {
        match act {
            Act::Down => self.select(self.chosen + 1),
            Act::Up => self.select(self.chosen.saturating_sub(1)),
            Act::Grade(grade) => return self.grade(grade),
            Act::Step(step) => return self.step(step),
            Act::Undo => return self.undo(),
            Act::Evidence => {
                let Some(Item::Line(line)) = self.item() else { return hint("evidence belongs to the lines of the rubric") };
                self.evidence = Some(Entry::new(self.evidence_of(&line.id)));
            }
            Act::Side if self.reading() == Reading::Blind => return hint("the solution comes after the blind reading"),
            Act::Side => {
                self.side = if self.side == Side::Notes { Side::Solution } else { Side::Notes };
                self.from = 0;
            }
            Act::Take => return self.take(),
            Act::Continue => return self.go_on(ctx),
            Act::ScrollDown => self.from += 5,
            Act::ScrollUp => self.from = self.from.saturating_sub(5),
        }
        Vec::new()
    }

    pub(super) fn evidence_key(&mut self, mut entry: Entry, key: KeyEvent) {
        match (key.code, self.item()) {
            (KeyCode::Esc, _) => {}
            (KeyCode::Enter, Some(Item::Line(line))) => {
                let (id, evidence) = (line.id.clone(), entry.take().trim().to_string());
                self.show(&id, evidence);
                // A line that is not graded yet waits for its grade.
                if !self.item().is_some_and(|item| self.is_open(item)) {
                    self.select(self.chosen + 1);
                }
            }
            _ => {
                entry.on_key(key);
                self.evidence = Some(entry);
            }
        }
    }

    pub(super) fn evidence_of(&self, line: &str) -> String {
        let judgement = self.judgement();
        judgement.lines.get(line).map(|judged| &judged.evidence).or_else(|| judgement.words.get(line)).cloned().unwrap_or_default()
    }

    /// Writes the evidence of a line down; a line that is not graded yet keeps it until it is.
    pub(super) fn show(&mut self, line: &str, evidence: String) {
        // Taking a rating back must not take words with it that were written since.
        self.before = None;
        let judgement = self.judgement_mut();
        match judgement.lines.get_mut(line) {
            Some(judged) => judged.evidence = evidence,
            None if evidence.is_empty() => drop(judgement.words.remove(line)),
            None => drop(judgement.words.insert(line.to_owned(), evidence)),
        }
    }

    /// Going on gives nothing to the lines that are still open: the reading is over.
    pub(super) fn close(&mut self) {
        self.before = None;
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

    /// Evidence out of the notes: the cursor goes to their first line.
    fn take(&mut self) -> Vec<Ask> {
        let Some(Item::Line(line)) = self.item() else { return hint("evidence belongs to the lines of the rubric") };
        if !self.is_reached(line) {
            return hint("its phase was not begun: it counts nothing");
        }
        if notes::lines(self).is_empty() {
            return hint("there are no notes to take a line from");
        }
        self.side = Side::Notes;
        self.picking = Some(0);
        Vec::new()
    }

    /// A key while the cursor stands in the notes.
    pub(super) fn picking_key(&mut self, at: usize, key: KeyEvent) {
        let lines = notes::lines(self);
        let last = lines.len().saturating_sub(1);
        self.picking = match key.code {
            KeyCode::Down | KeyCode::Char('j') => Some((at + 1).min(last)),
            KeyCode::Up | KeyCode::Char('k') => Some(at.saturating_sub(1)),
            KeyCode::PageDown => Some((at + 10).min(last)),
            KeyCode::PageUp => Some(at.saturating_sub(10)),
            KeyCode::Home | KeyCode::Char('g') => Some(0),
            KeyCode::End | KeyCode::Char('G') => Some(last),
            KeyCode::Enter | KeyCode::Char('t') => {
                if let (Some(Item::Line(line)), Some(words)) = (self.item(), lines.get(at)) {
                    let (id, words) = (line.id.clone(), words.clone());
                    self.show(&id, words);
                }
                None
            }
            KeyCode::Esc => None,
            _ => Some(at),
        };
    }
}
