//! Flashcards: what each kind of card needs.

use super::Context;
use super::shape::Checker;
use crate::catalog::model::{Card, CardKind, Deck};
use sims::kernel::knob::unknown;
use sims::kernel::units;

pub fn check(checker: &mut Checker<'_>, deck: &Deck, context: &Context<'_>) {
    checker.ids("cards", deck.cards.iter().map(|c| c.id.as_str()));
    for (i, card) in deck.cards.iter().enumerate() {
        let base = format!("cards/{i}");
        checker.says_something(&format!("{base}/ask"), &card.ask);
        if let Err((key, why)) = form(card) {
            checker.at(&format!("{base}/{key}"), why);
        }
        for (j, see) in card.see.0.iter().enumerate() {
            // A problem that is not written yet may be pointed to; an experiment of one that is must exist.
            if let Some((problem, experiment)) = see.split_once('/')
                && let Some(known) = context.problems.get(problem)
                && !known.contains(experiment)
            {
                let path = if card.see.0.len() == 1 { format!("{base}/see") } else { format!("{base}/see/{j}") };
                let why = if known.is_empty() {
                    format!("`{problem}` has no experiments")
                } else {
                    unknown("experiment", experiment, known.iter().map(String::as_str))
                };
                checker.at(&path, why);
            }
        }
    }
}

/// The key that is at fault, and why.
fn form(card: &Card) -> Result<(), (&'static str, String)> {
    let answers = &card.answer.0;
    let numbered = |answer: &String| answer.parse::<usize>().is_ok_and(|n| (1..=card.choices.len()).contains(&n));
    let choices = |least: usize| if card.choices.len() < least { Err(("choices", format!("there must be at least {least} choices"))) } else { Ok(()) };
    match card.kind {
        CardKind::Basic if answers.len() != 1 => Err(("answer", "there must be one answer".into())),
        CardKind::Choice => {
            choices(2)?;
            if answers.len() == 1 && answers.iter().all(numbered) { Ok(()) } else { Err(("answer", "the answer is the number of one choice, from 1".into())) }
        }
        CardKind::Several => {
            choices(2)?;
            if !answers.is_empty() && answers.iter().all(numbered) { Ok(()) } else { Err(("answer", "the answer lists numbers of choices, from 1".into())) }
        }
        CardKind::Cloze => {
            let gaps = card.ask.matches("{{").count();
            if gaps > 0 && gaps == answers.len() {
                Ok(())
            } else {
                Err(("answer", format!("`ask` has gaps {{{{…}}}}: {gaps}, but answers there are: {}", answers.len())))
            }
        }
        CardKind::Order => choices(3),
        CardKind::Number => match answers.as_slice() {
            [one] if units::parse(one).is_ok() => Ok(()),
            _ => Err(("answer", "the answer is one number, with its unit".into())),
        },
        CardKind::Basic => Ok(()),
    }
}
