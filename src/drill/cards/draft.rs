//! A card made of a miss: prefilled with the user's own numbers, to be edited and kept.

use crate::catalog::{Answer, Card, CardKind, own};
use crate::score::{Miss, MissKind};

/// The user's own deck of misses.
pub const DECK: &str = "my-misses";
pub const TITLE: &str = "My misses";

/// What is offered. The texts may be edited; the rest stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// The same for the same miss: so that one is not kept twice.
    pub id: String,
    pub topic: String,
    pub ask: String,
    pub answer: String,
    pub why: String,
    pub see: String,
}

/// A prediction that failed, as numbers or in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed<'a> {
    pub problem: &'a str,
    pub experiment: &'a str,
    pub ask: &'a str,
    pub mine: String,
    pub truth: String,
    pub why: &'a str,
}

impl Draft {
    pub fn of_prediction(failed: &Failed<'_>) -> Draft {
        Draft {
            id: own::slug(&format!("miss {} {}", failed.problem, failed.experiment)),
            topic: failed.experiment.to_string(),
            ask: failed.ask.trim().to_string(),
            answer: failed.truth.clone(),
            why: joined(&format!("I said {}.", failed.mine), failed.why),
            see: format!("{}/{}", failed.problem, failed.experiment),
        }
    }

    /// An estimation drill that came out far off; its kind is what the cards are about.
    pub fn of_estimate(kind: &str, ask: &str, mine: &str, truth: &str, why: &str) -> Draft {
        Draft {
            id: own::slug(&format!("miss estimate {kind}")),
            topic: format!("estimates: {kind}"),
            ask: ask.trim().to_string(),
            answer: truth.to_string(),
            why: joined(&format!("I said {mine}."), why),
            see: String::new(),
        }
    }

    pub fn of_miss(miss: &Miss) -> Draft {
        let (kind, ask) = match miss.kind {
            MissKind::Line => ("line", format!("{}: what belongs in the answer? {}", miss.problem, miss.text)),
            MissKind::Objective => ("objective", format!("{}: which number meets `{}`?", miss.problem, miss.text)),
            MissKind::Estimate => ("estimate", format!("{}: {}", miss.problem, miss.text)),
        };
        let mine = if miss.yours.is_empty() { String::new() } else { format!("I had: {}.", miss.yours.trim_end_matches('.')) };
        Draft {
            id: own::slug(&format!("miss {} {kind} {}", miss.problem, miss.id)),
            topic: miss.problem.clone(),
            ask,
            answer: miss.right.clone(),
            why: joined(&mine, &miss.why),
            see: miss.problem.clone(),
        }
    }

    pub fn card(&self, id: String) -> Card {
        Card {
            id,
            kind: CardKind::Basic,
            topic: self.topic.clone(),
            ask: self.ask.clone(),
            choices: Vec::new(),
            answer: Answer(vec![self.answer.clone()]),
            formula: None,
            unit: String::new(),
            tolerance: None,
            why: self.why.clone(),
            see: Answer(Some(self.see.clone()).filter(|see| !see.is_empty()).into_iter().collect()),
        }
    }
}

fn joined(first: &str, then: &str) -> String {
    [first, then.trim()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_becomes_a_card_with_the_users_own_number() {
        let failed = Failed {
            problem: "rate-limiter",
            experiment: "window-edge",
            ask: "How many pass?",
            mine: "100, between 90 and 120".into(),
            truth: "200".into(),
            why: "Two windows meet.",
        };
        let draft = Draft::of_prediction(&failed);
        assert_eq!((draft.id.as_str(), draft.answer.as_str(), draft.see.as_str()), ("miss-rate-limiter-window-edge", "200", "rate-limiter/window-edge"));
        assert_eq!(draft.why, "I said 100, between 90 and 120.\n\nTwo windows meet.");
        for kind in [MissKind::Line, MissKind::Objective, MissKind::Estimate] {
            let miss = Miss {
                problem: "rate-limiter".into(),
                kind,
                id: "p99".into(),
                text: "p99_ms <= 5".into(),
                yours: "41 with stores = 1".into(),
                right: "stores = 3".into(),
                why: String::new(),
            };
            let card = Draft::of_miss(&miss).card("x".into());
            assert!(card.why.contains("41 with stores = 1") && card.answer.0 == ["stores = 3"]);
            assert!(own::with_cards("my-misses.yaml", None, DECK, TITLE, &[card]).is_ok());
        }
    }
}
