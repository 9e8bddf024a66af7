//! What a card claims about its design: good sizing numbers meet every objective, and each number matters.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use greenroom::catalog::{Catalog, Good, Problem, Sizing};
use greenroom::lab::objectives::prove;
use sims::kernel::design::{Design, find};
use sims::kernel::value::Kind;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Built-in cards that have a design and a sizing form.
fn cards() -> Vec<(Arc<Problem>, &'static Design)> {
    let catalog = Catalog::load(None);
    let ids: Vec<String> = catalog.heads().iter().filter(|head| head.design.is_some()).map(|head| head.id.clone()).collect();
    let problems = ids.iter().map(|id| catalog.problem(id).unwrap_or_else(|why| panic!("{id}: {why}")));
    problems.map(|problem| (Arc::clone(&problem), find(sims::designs::ALL, problem.design.as_deref().unwrap()).unwrap())).collect()
}

/// The objectives that these answers miss, told; an error if an answer is refused.
fn missed(problem: &Problem, answers: &[(&str, String)]) -> Result<Vec<String>, String> {
    let answers: Vec<(&str, &str)> = answers.iter().map(|(knob, answer)| (*knob, answer.as_str())).collect();
    let met = prove(problem, &[], &answers, &AtomicBool::new(false))?.expect("nobody cancelled");
    assert!(!met.is_empty(), "{}: no objectives", problem.id);
    Ok(met.into_iter().filter(|m| !m.judged.passed).map(|m| format!("{:?}", m.judged)).collect())
}

fn ends(good: &Good) -> (String, String) {
    match good {
        Good::Range(low, high) => (low.to_string(), high.to_string()),
        Good::Words(words) => (words[0].clone(), words[words.len() - 1].clone()),
    }
}

/// Answers outside the good range that the knob may take, the ones far off first.
fn bad(sizing: &Sizing, design: &Design) -> Vec<String> {
    let knob = design.knobs.iter().find(|k| k.name == sizing.knob).unwrap();
    let tried: Vec<String> = match (&sizing.good, knob.kind) {
        (Good::Range(low, high), _) => {
            [low / 100.0, high * 100.0, low / 10.0, high * 10.0, low / 4.0, high * 4.0, low / 2.0, high * 2.0, low - 1.0, high + 1.0, 0.0, 1.0]
                .iter()
                .map(|n| if knob_is_whole(&knob.kind) && sizing.scale == 1.0 { n.round().to_string() } else { n.to_string() })
                .collect()
        }
        (Good::Words(_), Kind::Choice(words)) => words.iter().map(ToString::to_string).collect(),
        (Good::Words(_), _) => vec!["on".into(), "off".into()],
    };
    tried.into_iter().filter(|answer| !sizing.good.holds(answer)).collect()
}

fn knob_is_whole(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer { .. })
}

#[test]
fn good_numbers_meet_every_objective() {
    for (problem, _) in cards() {
        for high in [false, true] {
            let answers: Vec<(&str, String)> = problem.sizing.iter().map(|s| (s.knob.as_str(), if high { ends(&s.good).1 } else { ends(&s.good).0 })).collect();
            assert_eq!(missed(&problem, &answers), Ok(Vec::new()), "{} with {answers:?}", problem.id);
        }
    }
}

#[test]
fn each_number_of_the_sizing_form_matters() {
    for (problem, design) in cards() {
        for sizing in &problem.sizing {
            let tried = bad(sizing, design);
            let misses = tried.iter().any(|answer| {
                let answers: Vec<(&str, String)> =
                    problem.sizing.iter().map(|s| (s.knob.as_str(), if s.knob == sizing.knob { answer.clone() } else { ends(&s.good).0 })).collect();
                // A number that the design refuses proves nothing.
                missed(&problem, &answers).is_ok_and(|missed| !missed.is_empty())
            });
            assert!(misses, "{}: no bad number of `{}` misses an objective; tried {tried:?}", problem.id, sizing.knob);
        }
    }
}

#[test]
fn every_challenge_plays_and_its_objectives_are_judged() {
    let catalog = Catalog::load(None);
    for file in catalog.runs() {
        let id = &file.title;
        let spec = greenroom::lab::plan::spec_of_file(file).unwrap_or_else(|why| panic!("{id}: {why}"));
        let outcome = greenroom::lab::headless::play(spec).unwrap_or_else(|why| panic!("{id}: {why}"));
        let met = greenroom::lab::objectives::of_file(file, &outcome).unwrap_or_else(|why| panic!("{id}: {why}"));
        assert!(!met.is_empty(), "{id}: a challenge without an objective");
        assert!(met.iter().all(|m| m.judged.left.is_some() || m.judged.text.contains("holds")), "{id}: {met:?}");
        // A challenge is one: as it stands, something is missed.
        assert!(met.iter().any(|m| !m.judged.passed), "{id}: nothing is left to do");
    }
}
