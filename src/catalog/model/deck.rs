//! What is learnt by heart: decks with flashcards and flaws, concept pages, and the links between them.

use super::problem::{FileKind, Flaw};
use super::words::{Answer, number};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use sims::kernel::units::{self, Quantity};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deck {
    pub format: u32,
    pub kind: FileKind,
    pub id: String,
    pub title: String,
    #[serde(default)]
    pub cards: Vec<Card>,
    /// Snippets with a defect whose problem has no card.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<Flaw>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CardKind {
    /// Question and answer.
    Basic,
    /// One of `choices`; `answer` is its number, counted from 1.
    Choice,
    /// Several of `choices`; `answer` lists their numbers.
    Several,
    /// `ask` has gaps `{{…}}`, each with a word for what is missing; `answer` lists what goes in them.
    Cloze,
    /// `choices` in the right order; they are shown shuffled.
    Order,
    /// A number within a tolerance.
    Number,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub id: String,
    pub kind: CardKind,
    /// What the card is about, so that a deck can be studied in parts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub topic: String,
    pub ask: String,
    #[serde(default)]
    #[schemars(with = "Vec<super::words::Scalar>")]
    pub choices: Vec<String>,
    #[serde(default)]
    pub answer: Answer,
    /// A number card's answer worked out: a sum in the language of estimations, without names. Times count in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// What a number card counts, where its answer does not say: `requests/s`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// How far off a number may be, as a share of it; a tenth if nothing is said.
    #[serde(default, deserialize_with = "share", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<super::schema::Number>")]
    pub tolerance: Option<f64>,
    #[serde(default)]
    pub why: String,
    /// `PROBLEM`, `PROBLEM/EXPERIMENT` or `page:ID`: what shows it.
    #[serde(default)]
    pub see: Answer,
}

fn share<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    number(from).map(Some)
}

impl Card {
    /// How far off a number may be if the card does not say.
    pub const TOLERANCE: f64 = 0.1;

    pub fn tolerance(&self) -> f64 {
        self.tolerance.unwrap_or(Self::TOLERANCE)
    }

    /// The answer of a number card: times in seconds, sizes in bytes, rates per second.
    pub fn number(&self) -> Option<f64> {
        match self.answer.0.as_slice() {
            [one] if self.kind == CardKind::Number => units::parse(one).ok().map(plain),
            _ => None,
        }
    }

    /// The numbers of the right choices, counted from 1.
    pub fn right(&self) -> Vec<usize> {
        self.answer.iter().filter_map(|n| n.trim().parse().ok()).collect()
    }
}

/// A quantity as one number: times in seconds, sizes in bytes, rates per second.
pub fn plain(quantity: Quantity) -> f64 {
    match quantity {
        Quantity::Number(n) | Quantity::Bytes(n) | Quantity::Bits(n) => n,
        Quantity::Duration(span) => span.as_secs(),
        Quantity::Rate { amount, per } => amount / per.as_secs(),
    }
}

/// A concept on one page.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    pub format: u32,
    pub kind: FileKind,
    pub id: String,
    pub title: String,
    /// What it explains, in the words of `rubrics/mechanisms.yaml`: a problem that names one of them leads here.
    #[serde(default)]
    pub mechanisms: Vec<String>,
    /// Markdown; tables are allowed.
    pub body: String,
    /// A text graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagram: Option<String>,
    #[serde(default)]
    pub see: Answer,
}

/// Where a `see` leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum See {
    Problem(String),
    Experiment { problem: String, experiment: String },
    Page(String),
}

impl See {
    pub fn parse(text: &str) -> See {
        let text = text.trim();
        if let Some(page) = text.strip_prefix("page:") {
            return See::Page(page.trim().into());
        }
        match text.split_once('/') {
            Some((problem, experiment)) => See::Experiment { problem: problem.into(), experiment: experiment.into() },
            None => See::Problem(text.into()),
        }
    }
}

impl fmt::Display for See {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            See::Problem(id) => f.write_str(id),
            See::Experiment { problem, experiment } => write!(f, "{problem}/{experiment}"),
            See::Page(id) => write!(f, "page:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reads_back_as_it_was_written() {
        for text in ["rate-limiter", "rate-limiter/window-edge", "page:outbox"] {
            assert_eq!(See::parse(text).to_string(), text);
        }
        assert_eq!(See::parse(" page: outbox "), See::Page("outbox".into()));
    }
}
