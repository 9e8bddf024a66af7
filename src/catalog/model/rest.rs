//! Rubrics and the vocabulary of mechanisms, as their files have them.

use super::problem::FileKind;
use super::words::number;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A level: its dimensions, communication and time rules.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
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

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// `10%` is 0.1.
    #[serde(deserialize_with = "number")]
    #[schemars(with = "super::schema::Number")]
    pub over: f64,
    pub points: u32,
}

/// The shared words for what a problem is about.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    pub format: u32,
    pub kind: FileKind,
    pub id: String,
    pub mechanisms: super::Pairs<String>,
}
