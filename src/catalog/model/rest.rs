//! Decks, rubrics and the vocabulary of mechanisms, as their files have them.

use super::problem::FileKind;
use super::words::{Answer, number};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Deck {
    pub format: u32,
    pub kind: FileKind,
    pub id: String,
    pub title: String,
    pub cards: Vec<Card>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CardKind {
    /// Question and answer.
    Basic,
    /// One of `choices`; `answer` is its number, counted from 1.
    Choice,
    /// Several of `choices`; `answer` lists their numbers.
    Several,
    /// `ask` has gaps `{{…}}`; `answer` lists what goes in them.
    Cloze,
    /// `choices` in the right order; they are shown shuffled.
    Order,
    /// A number within a tolerance.
    Number,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    pub id: String,
    pub kind: CardKind,
    pub ask: String,
    #[serde(default)]
    pub choices: Vec<String>,
    #[serde(default)]
    pub answer: Answer,
    #[serde(default)]
    pub why: String,
    /// Ids of problems, or `PROBLEM/EXPERIMENT`, that show it.
    #[serde(default)]
    pub see: Answer,
}

/// A level: its dimensions, communication and time rules.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    pub format: u32,
    pub kind: FileKind,
    pub id: String,
    /// Minutes of an interview of this level's usual length.
    pub phases: Vec<u32>,
    pub dimensions: Vec<Dimension>,
    pub communication: Vec<Dimension>,
    pub late: Vec<Late>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dimension {
    pub id: String,
    pub title: String,
    /// Of 100, or of the sum of all weights; communication's weigh the same.
    #[serde(default = "whole")]
    pub weight: f64,
    /// What is seen at 1, 2, 3, 4, 5.
    pub steps: Vec<String>,
}

fn whole() -> f64 {
    1.0
}

/// Points lost by a session that is over its time by at least this share.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// `10%` is 0.1.
    #[serde(deserialize_with = "number")]
    pub over: f64,
    pub points: u32,
}

/// The shared words for what a problem is about.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    pub format: u32,
    pub kind: FileKind,
    pub id: String,
    pub mechanisms: super::Pairs<String>,
}
