//! Rubrics and the shared words.

use super::shape::Checker;
use crate::catalog::model::{Dimension, Rubric, Vocabulary};

/// Steps from 1 to 5.
const STEPS: usize = 5;

pub fn check(checker: &mut Checker<'_>, rubric: &Rubric) {
    for (key, list) in [("dimensions", &rubric.dimensions), ("communication", &rubric.communication)] {
        dimensions(checker, key, list);
    }
    if checker.partial {
        return;
    }
    let weights: f64 = rubric.dimensions.iter().map(|d| d.weight).sum();
    if (weights - 100.0).abs() > 1e-6 {
        checker.at_key("dimensions", format!("the weights are {weights} together, but must be 100"));
    }
    if rubric.phases.is_empty() || rubric.phases.contains(&0) {
        checker.at("phases", "each phase needs its minutes");
    }
    for (i, pair) in rubric.late.windows(2).enumerate() {
        if pair[1].over <= pair[0].over || pair[1].points < pair[0].points {
            checker.at(&format!("late/{}", i + 1), "later costs more: `over` and `points` must rise");
        }
    }
}

fn dimensions(checker: &mut Checker<'_>, key: &str, list: &[Dimension]) {
    checker.ids(key, list.iter().map(|d| d.id.as_str()));
    if list.is_empty() && !checker.partial {
        checker.at(key, "there are none");
    }
    for (i, dimension) in list.iter().enumerate() {
        checker.says_something(&format!("{key}/{i}/title"), &dimension.title);
        if dimension.steps.len() != STEPS && !checker.partial {
            checker.at(&format!("{key}/{i}/steps"), format!("there are {} steps, but must be {STEPS}", dimension.steps.len()));
        }
        for (j, step) in dimension.steps.iter().enumerate() {
            checker.says_something(&format!("{key}/{i}/steps/{j}"), step);
        }
    }
}

pub fn check_words(checker: &mut Checker<'_>, words: &Vocabulary) {
    for (word, meaning) in words.mechanisms.iter() {
        let path = format!("mechanisms/{word}");
        if !word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
            checker.at_key(&path, format!("`{word}` is no word for a mechanism")).expected = Some("lower-case letters, digits and `-`".into());
        }
        checker.says_something(&path, meaning);
    }
}
