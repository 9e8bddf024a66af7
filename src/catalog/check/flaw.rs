//! Snippets with a defect, in a problem's card or in a deck.

use super::Context;
use super::shape::Checker;
use crate::catalog::model::Flaw;

/// What a flaw owes wherever it stands; its `experiment` is judged by who knows whose it is.
pub fn form(checker: &mut Checker<'_>, flaws: &[Flaw], context: &Context<'_>) {
    checker.ids("flaws", flaws.iter().map(|f| f.id.as_str()));
    for (i, flaw) in flaws.iter().enumerate() {
        let base = format!("flaws/{i}");
        if flaw.choices.len() < 2 {
            checker.at(&format!("{base}/choices"), "there are fewer than two choices");
        } else if !(1..=flaw.choices.len()).contains(&flaw.right) {
            checker.at(&format!("{base}/right"), format!("`right` is {}, but must be 1 to {}", flaw.right, flaw.choices.len()));
        }
        for (key, text) in [("code", &flaw.code), ("ask", &flaw.ask), ("answer", &flaw.answer)] {
            checker.says_something(&format!("{base}/{key}"), text);
        }
        let code: Vec<&str> = flaw.code.lines().collect();
        for (j, line) in flaw.lines.iter().enumerate() {
            match line.checked_sub(1).and_then(|n| code.get(n)) {
                None => {
                    let message = format!("there is no line {line}: the code has lines 1 to {}", code.len());
                    checker.at(&format!("{base}/lines/{j}"), message);
                }
                Some(text) if text.trim().is_empty() => {
                    checker.at(&format!("{base}/lines/{j}"), format!("line {line} of the code is empty"));
                }
                Some(_) => {}
            }
        }
        checker.see(&base, &flaw.see, context);
    }
}

/// The flaws of a deck, whose experiments are another card's.
pub fn check(checker: &mut Checker<'_>, flaws: &[Flaw], context: &Context<'_>) {
    form(checker, flaws, context);
    for (i, flaw) in flaws.iter().enumerate() {
        let Some(experiment) = &flaw.experiment else { continue };
        let path = format!("flaws/{i}/experiment");
        if !experiment.contains('/') {
            checker.at(&path, format!("`{experiment}` does not say whose experiment it is")).expected = Some("PROBLEM/EXPERIMENT".into());
        } else if let Some(why) = context.see(experiment) {
            checker.at(&path, why);
        }
    }
}
