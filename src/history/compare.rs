//! Two attempts beside each other: scores line by line, and notes phase by phase with what was kept, dropped and added.

use similar::{ChangeTag, TextDiff};

use crate::store::Entry;

/// A phase's notes in both attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseDiff {
    pub phase: String,
    pub name: String,
    pub rows: Vec<Row>,
}

/// One line on each side; where there is none, the other stands alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub left: Option<String>,
    pub right: Option<String>,
}

impl Row {
    pub fn same(&self) -> bool {
        self.left == self.right
    }
}

/// Every phase of either, in the order of the right one.
pub fn notes(left: &Entry, right: &Entry) -> Vec<PhaseDiff> {
    let of = |entry: &Entry, phase: &str| entry.notes.iter().find(|(id, _)| id == phase).map_or(String::new(), |(_, text)| text.clone());
    let mut phases: Vec<&String> = right.notes.iter().map(|(phase, _)| phase).collect();
    for (phase, _) in &left.notes {
        if !phases.contains(&phase) {
            phases.push(phase);
        }
    }
    let name = |phase: &String| {
        let named = right.phases.iter().chain(&left.phases).find(|known| known.id == *phase);
        named.map_or_else(|| phase.clone(), |known| known.name.clone())
    };
    phases.into_iter().map(|phase| PhaseDiff { phase: phase.clone(), name: name(phase), rows: rows(&of(left, phase), &of(right, phase)) }).collect()
}

/// Lines that stand in both face each other; what was taken away faces what came in its place.
fn rows(left: &str, right: &str) -> Vec<Row> {
    let (mut rows, mut gone, mut come) = (Vec::new(), Vec::new(), Vec::new());
    let line = |text: &str| text.trim_end_matches(['\n', '\r']).to_owned();
    let settle = |gone: &mut Vec<String>, come: &mut Vec<String>, rows: &mut Vec<Row>| {
        let (mut lefts, mut rights) = (gone.drain(..), come.drain(..));
        loop {
            match (lefts.next(), rights.next()) {
                (None, None) => return,
                (left, right) => rows.push(Row { left, right }),
            }
        }
    };
    for change in TextDiff::from_lines(left.trim_end(), right.trim_end()).iter_all_changes() {
        let text = line(change.value());
        match change.tag() {
            ChangeTag::Delete => gone.push(text),
            ChangeTag::Insert => come.push(text),
            ChangeTag::Equal => {
                settle(&mut gone, &mut come, &mut rows);
                rows.push(Row { left: Some(text.clone()), right: Some(text) });
            }
        }
    }
    settle(&mut gone, &mut come, &mut rows);
    rows
}

/// A rubric line's points in both; `None` where a side does not have it.
#[derive(Clone, Debug, PartialEq)]
pub struct LineDiff {
    pub line: String,
    pub of: f64,
    pub left: Option<f64>,
    pub right: Option<f64>,
}

impl LineDiff {
    pub fn change(&self) -> Option<f64> {
        Some(self.right? - self.left?)
    }
}

/// Every line of either, in the order of the right one.
pub fn lines(left: &Entry, right: &Entry) -> Vec<LineDiff> {
    let of = |entry: &Entry| entry.attempt.result().map_or_else(Vec::new, |score| score.lines.clone());
    let (before, after) = (of(left), of(right));
    let mut found: Vec<LineDiff> = after.iter().map(|line| LineDiff { line: line.line.clone(), of: line.of, left: None, right: Some(line.points) }).collect();
    for line in before {
        match found.iter_mut().find(|known| known.line == line.line) {
            Some(known) => known.left = Some(line.points),
            None => found.push(LineDiff { line: line.line, of: line.of, left: Some(line.points), right: None }),
        }
    }
    found
}
