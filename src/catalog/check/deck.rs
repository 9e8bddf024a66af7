//! Decks: what each kind of flashcard needs, and the flaws that stand beside them.

use super::shape::Checker;
use super::{Context, flaw};
use crate::catalog::expect::{formula, significant};
use crate::catalog::model::{Card, CardKind, Deck, Pairs};
use sims::kernel::units;
use std::collections::BTreeSet;

/// A number card's formula comes this near to its answer, whatever the card tolerates.
const FORMULA_SHARE: f64 = 0.05;

pub fn check(checker: &mut Checker<'_>, deck: &Deck, context: &Context<'_>) {
    checker.ids("cards", deck.cards.iter().map(|c| c.id.as_str()));
    if deck.cards.is_empty() && deck.flaws.is_empty() && !checker.partial {
        checker.at("cards", "the deck has no cards and no flaws");
    }
    for (i, card) in deck.cards.iter().enumerate() {
        let base = format!("cards/{i}");
        checker.says_something(&format!("{base}/ask"), &card.ask);
        checker.markdown(&format!("{base}/why"), &card.why);
        if let Err((key, why)) = form(card) {
            checker.at(&format!("{base}/{key}"), why);
        } else {
            computed(checker, &base, card);
        }
        checker.see(&base, &card.see, context);
    }
    flaw::check(checker, &deck.flaws, context);
}

/// The key that is at fault, and why.
fn form(card: &Card) -> Result<(), (&'static str, String)> {
    let answers = &card.answer.0;
    let fault = |key, why: &str| Err((key, why.to_string()));
    let extra = |key: &'static str, there: bool| if there { fault(key, "only a number card has this") } else { Ok(()) };
    if card.kind != CardKind::Number {
        extra("formula", card.formula.is_some())?;
        extra("unit", !card.unit.is_empty())?;
        extra("tolerance", card.tolerance.is_some())?;
    }
    match card.kind {
        CardKind::Basic | CardKind::Cloze | CardKind::Number if !card.choices.is_empty() => fault("choices", "only choice, several and order have choices"),
        CardKind::Basic if answers.len() != 1 || blank(answers) => fault("answer", "there must be one answer"),
        CardKind::Basic => Ok(()),
        CardKind::Choice => {
            choices(card, 2)?;
            if answers.len() == 1 && numbered(card) { Ok(()) } else { fault("answer", "the answer is the number of one choice, from 1") }
        }
        CardKind::Several => {
            choices(card, 2)?;
            if !answers.is_empty() && numbered(card) { Ok(()) } else { fault("answer", "the answer lists numbers of choices, from 1, each once") }
        }
        CardKind::Cloze => cloze(card),
        CardKind::Order => {
            choices(card, 3)?;
            if answers.is_empty() { Ok(()) } else { fault("answer", "the choices stand in the right order; there is no other answer") }
        }
        CardKind::Number => match answers.as_slice() {
            [one] if units::parse(one).is_ok() => Ok(()),
            [one] => Err(("answer", units::parse(one).err().unwrap_or_default())),
            _ => fault("answer", "the answer is one number, with its unit"),
        },
    }
}

fn blank(answers: &[String]) -> bool {
    answers.iter().any(|answer| answer.trim().is_empty())
}

fn choices(card: &Card, least: usize) -> Result<(), (&'static str, String)> {
    let distinct: BTreeSet<&str> = card.choices.iter().map(|c| c.trim()).collect();
    if card.choices.len() < least {
        return Err(("choices", format!("there must be at least {least} choices")));
    }
    if distinct.len() < card.choices.len() || distinct.contains("") {
        return Err(("choices", "two choices are alike, or one is empty".into()));
    }
    Ok(())
}

fn numbered(card: &Card) -> bool {
    let right = card.right();
    let distinct: BTreeSet<&usize> = right.iter().collect();
    right.len() == card.answer.0.len() && distinct.len() == right.len() && right.iter().all(|n| (1..=card.choices.len()).contains(n))
}

fn cloze(card: &Card) -> Result<(), (&'static str, String)> {
    let (open, close) = (card.ask.matches("{{").count(), card.ask.matches("}}").count());
    if open != close {
        return Err(("ask", format!("gaps open {open} times and close {close} times")));
    }
    if open == 0 || open != card.answer.0.len() {
        return Err(("answer", format!("`ask` has gaps {{{{…}}}}: {open}, but answers there are: {}", card.answer.0.len())));
    }
    if blank(&card.answer.0) { Err(("answer", "an answer is empty".into())) } else { Ok(()) }
}

/// A number that says how it is worked out must come out so.
fn computed(checker: &mut Checker<'_>, base: &str, card: &Card) {
    if card.tolerance.is_some_and(|share| !(0.0..10.0).contains(&share)) {
        checker.at(&format!("{base}/tolerance"), "the tolerance is a share of the answer").expected = Some("10%, or 0 for an exact number".into());
    }
    let (Some(text), Some(answer)) = (&card.formula, card.number()) else { return };
    match formula(text, &Pairs::default()) {
        Ok(value) if (value - answer).abs() > FORMULA_SHARE.min(card.tolerance()) * answer.abs() + 1e-9 * value.abs() => {
            let message = format!("the answer is {}, but the formula gives {}", significant(answer), significant(value));
            checker.at(&format!("{base}/answer"), message).expected = Some("the two agree within 5 %, and within the tolerance".into());
        }
        Ok(_) => {}
        Err(wrong) => {
            checker.inside(&format!("{base}/formula"), text, &wrong);
        }
    }
}
