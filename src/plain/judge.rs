//! Scoring in words: each line first from the notes alone, then again beside the solution.

use super::{Room, Step};
use crate::catalog::{Dimension, RubricLine};
use crate::prose::flat;
use crate::score::{Grade, Judged, Judgement, Reading, Score, Taken, score};
use crate::store::Attempt;

/// A scoring on its way.
pub(super) struct Judge {
    pub attempt: Attempt,
    pub reading: Reading,
    pub blind: Judgement,
    pub informed: Judgement,
    pub taken: Taken,
    at: usize,
    of: usize,
}

/// What is judged, by its place in the card or the rubric.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    Line(usize),
    Dimension(usize),
    Communication(usize),
}

const WORDS: &str = "Say `full`, `half` or `none`, and behind it the words of your notes that show it; for a scale say 1 to 5. An empty line keeps what stands. Also: back, notes, solution, time, rest (the others get nothing), leave.";

impl Judge {
    pub fn prompt(&self) -> String {
        let reading = if self.reading == Reading::Blind { "blind" } else { "beside the solution" };
        format!("{} of {}, {reading}> ", self.at + 1, self.of)
    }

    fn judgement(&mut self) -> &mut Judgement {
        if self.reading == Reading::Blind { &mut self.blind } else { &mut self.informed }
    }
}

impl Room {
    /// Opens the scoring of a finished attempt, where it was left.
    pub(super) fn judge(&mut self, attempt: Attempt) -> Vec<String> {
        let whole = |score: &Score| score.open_lines() == 0;
        let blind = attempt.blind.as_ref().map(Judgement::of).unwrap_or_default();
        let informed = attempt.informed.as_ref().map_or_else(|| blind.clone(), Judgement::of);
        let reading = match (&attempt.blind, &attempt.informed) {
            (_, Some(_)) => Reading::Informed,
            (Some(score), None) if whole(score) => Reading::Informed,
            _ => Reading::Blind,
        };
        let taken = Taken::of(&self.session);
        let done = attempt.informed.as_ref().is_some_and(whole);
        self.attempt = Some(attempt.id.clone());
        self.step = Step::Judging(Box::new(Judge { attempt, reading, blind, informed, taken, at: 0, of: 0 }));
        if done {
            return self.result();
        }
        let mut words = vec![match reading {
            Reading::Blind => "Scoring, first blind: from your notes alone.".to_string(),
            Reading::Informed => "Scoring, beside the solution.".to_string(),
        }];
        words.push(WORDS.into());
        words.extend(self.unreached());
        words.extend(self.all_notes());
        words.extend(self.go_to(0));
        words
    }

    fn judging(&mut self) -> Option<&mut Judge> {
        if let Step::Judging(judge) = &mut self.step { Some(judge) } else { None }
    }

    /// Lines of phases that were not begun count nothing, whatever one would say of them.
    fn unreached(&mut self) -> Vec<String> {
        let Some(judge) = self.judging() else { return Vec::new() };
        let taken = judge.taken.clone();
        let lines = self.problem.rubric.iter().filter(|line| kept(line, &taken) && !taken.begun.contains(&line.phase));
        let count = lines.count();
        if count == 0 { Vec::new() } else { vec![format!("{count} lines belong to phases that were not reached and count nothing.")] }
    }

    fn items(&self) -> Vec<Item> {
        let Step::Judging(judge) = &self.step else { return Vec::new() };
        let lines = self.problem.rubric.iter().enumerate();
        let lines = lines.filter(|(_, line)| kept(line, &judge.taken) && judge.taken.begun.contains(&line.phase)).map(|(n, _)| Item::Line(n));
        let dimensions = (0..self.rubric.dimensions.len()).map(Item::Dimension);
        lines.chain(dimensions).chain((0..self.rubric.communication.len()).map(Item::Communication)).collect()
    }

    fn item(&self) -> Option<Item> {
        let Step::Judging(judge) = &self.step else { return None };
        self.items().get(judge.at).copied()
    }

    /// Asks for the next thing, or ends the reading behind the last.
    fn go_to(&mut self, at: usize) -> Vec<String> {
        let items = self.items();
        let before = self.item();
        if let Some(judge) = self.judging() {
            (judge.at, judge.of) = (at, items.len());
        }
        match items.get(at) {
            Some(item) => self.ask_for(*item, before),
            None => self.end_reading(),
        }
    }

    fn ask_for(&self, item: Item, before: Option<Item>) -> Vec<String> {
        let Step::Judging(judge) = &self.step else { return Vec::new() };
        let judgement = if judge.reading == Reading::Blind { &judge.blind } else { &judge.informed };
        let mut words = Vec::new();
        match item {
            Item::Line(n) => {
                let line = &self.problem.rubric[n];
                let same = matches!(before, Some(Item::Line(old)) if old != n && self.problem.rubric[old].phase == line.phase);
                if judge.reading == Reading::Informed && !same {
                    words.extend(self.solution(&line.phase));
                    words.extend(self.notes_of(&line.phase));
                }
                words.push(format!("{} of {}, {} points: {}", judge.at + 1, judge.of, line.points, flat(&line.line)));
                words.extend([("Full", &line.full), ("Half", &line.half), ("None", &line.none)].map(|(grade, says)| format!("  {grade}: {}", flat(says))));
                words.extend(
                    judgement.lines.get(&line.id).map(|judged| format!("  So far: {} {}", judged.grade.name(), judged.evidence).trim_end().to_string()),
                );
            }
            Item::Dimension(n) => words.extend(scale(judge, &self.rubric.dimensions[n], judgement.dimensions.get(&self.rubric.dimensions[n].id))),
            Item::Communication(n) => words.extend(scale(judge, &self.rubric.communication[n], judgement.communication.get(&self.rubric.communication[n].id))),
        }
        words
    }

    /// One line said while scoring.
    pub(super) fn weigh(&mut self, line: &str) -> Vec<String> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(word, rest)| (word, rest.trim()));
        let Some(at) = self.judging().map(|judge| judge.at) else { return Vec::new() };
        let phase = match self.item() {
            Some(Item::Line(n)) => Some(self.problem.rubric[n].phase.clone()),
            _ => None,
        };
        match word.to_lowercase().as_str() {
            "" => self.go_to(at + 1),
            "back" => self.go_to(at.saturating_sub(1)),
            "notes" => phase.map_or_else(|| self.all_notes(), |phase| self.notes_of(&phase)),
            "solution" if self.judging().is_some_and(|judge| judge.reading == Reading::Blind) => vec!["The solution comes after the blind reading.".into()],
            "solution" => phase.map_or_else(|| vec!["This is a scale: it has no solution.".into()], |phase| self.solution(&phase)),
            "time" => self.times(),
            "rest" => {
                let end = self.items().len();
                self.go_to(end)
            }
            "leave" | "quit" | "exit" => self.leave(self.last, self.away),
            "help" | "?" => vec![WORDS.into()],
            said => self.give(said, rest, at),
        }
    }

    fn give(&mut self, said: &str, evidence: &str, at: usize) -> Vec<String> {
        let grade = [("full", Grade::Full), ("half", Grade::Half), ("none", Grade::None)].into_iter().find(|(word, _)| *word == said || &word[..1] == said);
        let step = said.parse::<u8>().ok().filter(|step| (1..=5).contains(step));
        let (problem, rubric) = (std::sync::Arc::clone(&self.problem), std::sync::Arc::clone(&self.rubric));
        let (Some(item), Some(judge)) = (self.item(), self.judging()) else { return Vec::new() };
        match (item, grade, step) {
            (Item::Line(n), Some((_, grade)), _) => {
                let judged = judge.judgement().lines.entry(problem.rubric[n].id.clone()).or_insert(Judged { grade, evidence: String::new() });
                judged.grade = grade;
                if !evidence.is_empty() {
                    judged.evidence = evidence.to_string();
                }
            }
            (Item::Dimension(n), _, Some(step)) => drop(judge.judgement().dimensions.insert(rubric.dimensions[n].id.clone(), step)),
            (Item::Communication(n), _, Some(step)) => drop(judge.judgement().communication.insert(rubric.communication[n].id.clone(), step)),
            (Item::Line(_), ..) => return vec![format!("`{said}` is no grade. {WORDS}")],
            _ => return vec![format!("`{said}` is no step: a number from 1 to 5 is asked for here.")],
        }
        self.go_to(at + 1)
    }

    pub(super) fn score(&self, reading: Reading) -> Option<Score> {
        let Step::Judging(judge) = &self.step else { return None };
        let judgement = if reading == Reading::Blind { &judge.blind } else { &judge.informed };
        Some(score(&self.problem, &self.rubric, &judge.taken, judgement))
    }

    /// Writes the reading down as it stands; lines that are open stay open.
    pub(super) fn save_reading(&self) -> Result<(), String> {
        let Step::Judging(judge) = &self.step else { return Ok(()) };
        let Some(score) = self.score(judge.reading) else { return Ok(()) };
        self.store.save_score(&judge.attempt.id, judge.reading, &score).map_err(|why| format!("not saved: {why}"))
    }

    fn end_reading(&mut self) -> Vec<String> {
        self.close();
        let mut words: Vec<String> = self.save_reading().err().into_iter().collect();
        let blind = self.judging().is_some_and(|judge| judge.reading == Reading::Blind);
        if !blind {
            words.extend(self.result());
            return words;
        }
        if let Some(judge) = self.judging() {
            judge.informed = judge.blind.clone();
            judge.reading = Reading::Informed;
        }
        words.push("Now beside the solution: an empty line keeps your grade, anything else changes it.".into());
        words.extend(self.go_to(0));
        words
    }

    /// Going on gives nothing to the lines that are still open: the reading is over.
    fn close(&mut self) {
        let problem = std::sync::Arc::clone(&self.problem);
        let lines: Vec<usize> = self.items().into_iter().filter_map(|item| if let Item::Line(n) = item { Some(n) } else { None }).collect();
        let Some(judge) = self.judging() else { return };
        for n in lines {
            judge.judgement().lines.entry(problem.rubric[n].id.clone()).or_insert(Judged { grade: Grade::None, evidence: String::new() });
        }
    }

    fn notes_of(&self, phase: &str) -> Vec<String> {
        let place = self.session.plan().phases.iter().position(|plan| plan.id == phase);
        let notes = place.map_or("", |place| self.session.notes(place)).trim();
        vec!["Your notes:".into(), if notes.is_empty() { "none for this phase".into() } else { notes.to_string() }]
    }

    fn all_notes(&self) -> Vec<String> {
        let phases = self.session.plan().phases.iter().enumerate().filter(|(n, _)| !self.session.notes(*n).trim().is_empty());
        phases.flat_map(|(n, phase)| [format!("Your notes, {}:", phase.name), self.session.notes(n).trim().to_string()]).collect()
    }
}

fn kept(line: &RubricLine, taken: &Taken) -> bool {
    !taken.drops.contains(&line.id) && !taken.drops.contains(&line.phase)
}

fn scale(judge: &Judge, scale: &Dimension, step: Option<&u8>) -> Vec<String> {
    let mut words = vec![format!("{} of {}, from 1 to 5: {}", judge.at + 1, judge.of, scale.title)];
    words.extend(scale.steps.iter().enumerate().map(|(n, says)| format!("  {}: {}", n + 1, flat(says))));
    words.extend(step.map(|step| format!("  So far: {step}")));
    words
}
