//! Spot the flaw: every snippet of cards and decks, and which of them were found, missed, or are new.

use crate::catalog::{Catalog, Flaw};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;

/// A snippet with its defect, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Posed {
    /// The problem or the deck.
    pub source: String,
    pub title: String,
    pub flaw: Arc<Flaw>,
    /// Problem and experiment that run the defect and the fix.
    pub shows: Option<(String, String)>,
}

/// How a defect was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    Choice,
    Line,
}

/// One answer, as it is kept. `chosen` counts from 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answered {
    pub source: String,
    pub flaw: String,
    pub how: How,
    pub chosen: u32,
    pub hit: bool,
    pub made_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Seen, and the last answer was wrong.
    Missed,
    New,
    /// The last answer was right.
    Found,
}

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Standing::Missed => "missed",
            Standing::New => "new",
            Standing::Found => "found",
        }
    }
}

/// All snippets, problem by problem and then deck by deck. A card with faults is told elsewhere.
pub fn all(catalog: &Catalog) -> Vec<Posed> {
    let mut found = Vec::new();
    for problem in catalog.heads().iter().filter_map(|head| catalog.problem(&head.id).ok()) {
        for flaw in &problem.flaws {
            let whole = |experiment: &String| match experiment.split_once('/') {
                Some((problem, experiment)) => (problem.to_owned(), experiment.to_owned()),
                None => (problem.id.clone(), experiment.clone()),
            };
            let shows = flaw.experiment.as_ref().map(whole);
            found.push(Posed { source: problem.id.clone(), title: problem.title.clone(), flaw: Arc::new(flaw.clone()), shows });
        }
    }
    for deck in catalog.decks() {
        for flaw in &deck.flaws {
            let shows = flaw.experiment.as_ref().and_then(|at| at.split_once('/')).map(|(problem, experiment)| (problem.to_owned(), experiment.to_owned()));
            found.push(Posed { source: deck.id.clone(), title: deck.title.clone(), flaw: Arc::new(flaw.clone()), shows });
        }
    }
    found
}

/// How a snippet stands with the user. Rows may come in any order.
pub fn standing(rows: &[Answered], posed: &Posed) -> Standing {
    let last = rows.iter().filter(|row| row.source == posed.source && row.flaw == posed.flaw.id).max_by_key(|row| row.made_at);
    match last {
        None => Standing::New,
        Some(row) if row.hit => Standing::Found,
        Some(_) => Standing::Missed,
    }
}

/// The places of all snippets: those missed first, then new ones, then what is known.
pub fn order(rows: &[Answered], posed: &[Posed]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..posed.len()).collect();
    places.sort_by_key(|at| standing(rows, &posed[*at]));
    places
}

/// Whether a line of the code, counted from 1, is where the defect is; none if the snippet does not say.
pub fn is_line(flaw: &Flaw, line: usize) -> Option<bool> {
    (!flaw.lines.is_empty()).then(|| flaw.lines.contains(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posed(id: &str) -> Posed {
        let flaw = Flaw {
            id: id.into(),
            title: id.into(),
            language: "rust".into(),
            code: "a\nb\nc\n".into(),
            ask: "?".into(),
            choices: vec!["one".into(), "two".into()],
            right: 1,
            answer: "one".into(),
            lines: vec![2, 3],
            experiment: None,
            see: Default::default(),
        };
        Posed { source: "p".into(), title: "P".into(), flaw: Arc::new(flaw), shows: None }
    }

    fn answered(flaw: &str, hit: bool, second: i64) -> Answered {
        let made_at = DateTime::from_timestamp(second, 0).unwrap();
        Answered { source: "p".into(), flaw: flaw.into(), how: How::Choice, chosen: 1, hit, made_at }
    }

    #[test]
    fn what_was_missed_comes_first_and_what_is_known_last() {
        let all = [posed("known"), posed("new"), posed("missed"), posed("other")];
        let rows = [answered("missed", false, 20), answered("known", true, 30), answered("known", false, 10), answered("missed", true, 5)];
        assert_eq!(order(&rows, &all), [2, 1, 3, 0]);
        let elsewhere = Answered { source: "q".into(), ..answered("new", true, 1) };
        assert_eq!(standing(&[elsewhere], &all[1]), Standing::New);
    }

    #[test]
    fn a_line_is_right_only_if_the_snippet_says_so() {
        let mut flaw = (*posed("x").flaw).clone();
        assert_eq!((is_line(&flaw, 2), is_line(&flaw, 1)), (Some(true), Some(false)));
        flaw.lines.clear();
        assert_eq!(is_line(&flaw, 2), None);
    }
}
