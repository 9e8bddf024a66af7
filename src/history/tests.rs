//! Trends, streaks and exports on a small made-up history.

use chrono::{FixedOffset, NaiveDate};

use super::*;
use crate::score::{Band, Grade, LineScore, Score};
use crate::session::Mode;
use crate::store::{Entry, Guess, Practice, State, Stint};

fn scored(total: f64, path: f64) -> Score {
    let line = |line: &str, points: f64, of: f64| LineScore {
        line: line.into(),
        phase: "design".into(),
        of,
        points,
        grade: Some(Grade::Half),
        evidence: "a | b".into(),
        reached: true,
    };
    Score {
        lines: vec![line("numbers", 8.0, 8.0), line("path", path, 20.0)],
        points: total,
        penalty: 0,
        total,
        band: Band::of(total),
        dimensions: [("storage".to_owned(), 4)].into(),
        communication: BTreeMap::new(),
        dimensions_mean: Some(4.0),
        communication_mean: None,
    }
}

fn attempt(id: &str, problem: &str, at: &str, informed: Option<Score>, blind: Option<Score>) -> Attempt {
    Attempt {
        id: id.into(),
        problem: problem.into(),
        variant: None,
        title: format!("The {problem}"),
        level: "L6".into(),
        mode: Mode::Real,
        state: State::Finished,
        started_at: at.parse().unwrap(),
        saved_at: at.parse().unwrap(),
        ended_at: Some(at.parse().unwrap()),
        allowed_ms: 3_600_000,
        used_ms: 1_800_000,
        hints: 2,
        assisted: false,
        blind,
        informed,
    }
}

fn entry(attempt: Attempt, notes: Vec<(String, String)>) -> Entry {
    Entry { attempt, notes, phases: vec![], estimates: vec![], sizing: vec![], corrections: vec![] }
}

fn some() -> Vec<Attempt> {
    vec![
        attempt("c", "cache", "2026-11-21T23:30:00Z", Some(scored(35.0, 12.0)), Some(scored(40.0, 15.0))),
        attempt("b", "feed", "2026-11-20T10:00:00Z", None, None),
        attempt("a", "cache", "2026-11-18T10:00:00Z", Some(scored(20.0, 4.0)), None),
    ]
}

#[test]
fn a_trend_knows_best_last_and_the_weakest_line() {
    let trends = trends(&some());
    assert_eq!(trends.iter().map(|trend| trend.problem.as_str()).collect::<Vec<_>>(), ["cache", "feed"]);
    assert_eq!((trends[0].best(), trends[0].last(), trends[0].attempts), (Some(35.0), Some(35.0), 2));
    assert_eq!(trends[0].totals, [20.0, 35.0], "oldest first");
    assert_eq!(trends[0].weakest, Some(Weakest { line: "path".into(), points: 12.0, of: 20.0 }));
    assert_eq!((trends[1].best(), &trends[1].weakest), (None, &None));
    assert_eq!(trend(&some(), "cache").as_ref(), Some(&trends[0]));
    assert_eq!(trend(&some(), "chat"), None);
}

#[test]
fn calibration_tells_ranges_and_choices_apart() {
    let made = |guess| Prediction { problem: "cache".into(), experiment: "e".into(), guess, made_at: "2026-11-21T10:00:00Z".parse().unwrap() };
    let range = |actual| made(Guess::Number { value: 5.0, low: 1.0, high: 9.0, actual });
    let ledger = [range(4.0), range(9.0), range(10.0), made(Guess::Choice { chosen: 2, right: 2 })];
    let found = calibration(&ledger);
    assert_eq!((found.ranges, found.choices), (Hits { hit: 2, of: 3 }, Hits { hit: 1, of: 1 }));
    assert_eq!(Hits::default().share(), None);
    assert_eq!(experiments_done(&ledger, "cache"), 1);
}

#[test]
fn the_lean_needs_both_readings() {
    let lean = lean(&some()).unwrap();
    assert_eq!((lean.mean, lean.readings), (5.0, 1));
}

mod exports;
mod looking_back;
