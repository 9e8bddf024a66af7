//! One interview problem, as its card has it.

use super::run::{Experiment, Objective, Proof, Then};
use super::words::{Answer, Good, Length, Pairs, Scalar, number};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a content file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    #[default]
    Problem,
    Deck,
    Rubric,
    Run,
    /// A concept page.
    Page,
    /// `rubrics/mechanisms.yaml`: the words that `mechanisms` may use.
    Vocabulary,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    pub format: u32,
    #[serde(default)]
    pub kind: FileKind,
    pub id: String,
    pub title: String,
    pub group: String,
    /// Names the rubric.
    pub level: String,
    pub difficulty: String,
    pub minutes: u32,
    #[serde(default)]
    pub asked_at: Vec<String>,
    #[serde(default)]
    pub mechanisms: Vec<String>,
    /// None: a card without lab, sizing and experiments.
    #[serde(default)]
    pub design: Option<String>,
    #[serde(default)]
    pub variants: Vec<Variant>,
    pub statement: String,
    #[serde(default)]
    pub requirements: Requirements,
    #[serde(default)]
    pub clarify: Vec<Clarify>,
    #[serde(default)]
    pub estimation: Vec<Estimation>,
    pub phases: Vec<Phase>,
    #[serde(default)]
    pub hints: Vec<Hint>,
    #[serde(default)]
    pub interviewer: Vec<InterviewerMoment>,
    #[serde(default)]
    pub sizing: Vec<Sizing>,
    #[serde(default)]
    pub proof: Option<Proof>,
    #[serde(default)]
    pub objectives: Vec<Objective>,
    #[serde(default)]
    pub solution: Vec<SolutionSection>,
    #[serde(default)]
    pub follow_ups: Vec<FollowUp>,
    pub rubric: Vec<RubricLine>,
    #[serde(default)]
    pub flaws: Vec<Flaw>,
    #[serde(default)]
    pub experiments: Vec<Experiment>,
    #[serde(default)]
    pub references: Vec<Reference>,
}

/// A shorter or narrower form of a problem, addressed as `PROBLEM/VARIANT`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    pub id: String,
    pub title: String,
    pub difficulty: String,
    pub minutes: u32,
    /// Markdown.
    pub scope: String,
    /// Ids of rubric lines and phases that are left out.
    #[serde(default)]
    pub drops: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    #[serde(default)]
    pub functional: Vec<String>,
    #[serde(default)]
    pub non_functional: Vec<String>,
}

/// A fact that is told when asked for.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Clarify {
    pub ask: String,
    pub answer: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Estimation {
    pub ask: String,
    #[serde(default)]
    pub given: Pairs<Scalar>,
    /// A sum over the names of `given`.
    pub formula: String,
    /// Markdown.
    pub steps: String,
    #[serde(deserialize_with = "number")]
    #[schemars(with = "super::schema::Number")]
    pub answer: f64,
    #[serde(default)]
    pub unit: String,
    /// What the number means for the design.
    #[serde(default)]
    pub so: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    pub id: String,
    pub name: String,
    pub minutes: u32,
    #[serde(default)]
    pub goals: Vec<String>,
    #[serde(default)]
    pub prompts: Vec<String>,
}

/// A ladder of three steps for one phase.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Hint {
    pub phase: String,
    pub nudge: String,
    pub point: String,
    pub tell: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MomentKind {
    /// Alters one requirement.
    Change,
    /// Goes at the weakest usual spot.
    Probe,
    /// Names the time.
    Pressure,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InterviewerMoment {
    /// On the session's clock, pauses excluded.
    pub at: Length,
    pub kind: MomentKind,
    pub say: String,
    pub looks_for: String,
    /// Laid over `proof` once it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<Then>,
}

/// One number of the sizing form.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sizing {
    pub knob: String,
    pub ask: String,
    #[serde(default)]
    pub unit: String,
    /// The candidate's number times this goes into the knob.
    #[serde(default = "whole", deserialize_with = "number")]
    #[schemars(with = "super::schema::Number")]
    pub scale: f64,
    pub good: Good,
}

fn whole() -> f64 {
    1.0
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SolutionSection {
    pub phase: String,
    pub title: String,
    /// Markdown.
    pub body: String,
    /// A text graph.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagram: Option<String>,
}

/// A question after the interview, with answers in up to three depths.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FollowUp {
    pub ask: String,
    pub solid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub senior: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RubricLine {
    pub id: String,
    pub phase: String,
    pub line: String,
    pub points: u32,
    pub full: String,
    pub half: String,
    pub none: String,
}

/// A short snippet with one real defect.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Flaw {
    pub id: String,
    pub title: String,
    pub language: String,
    pub code: String,
    pub ask: String,
    #[schemars(with = "Vec<super::words::Scalar>")]
    pub choices: Vec<String>,
    /// Which choice is right, counted from 1.
    pub right: usize,
    pub answer: String,
    /// The defective lines, counted from 1: who names one of them has named the flaw.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<usize>,
    /// The experiment that shows it: one of the card's own, or `PROBLEM/EXPERIMENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub experiment: Option<String>,
    /// What else shows it, as in a flashcard.
    #[serde(default, skip_serializing_if = "Answer::is_empty")]
    pub see: Answer,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    pub title: String,
    pub url: String,
}

impl Problem {
    pub fn phase(&self, id: &str) -> Option<&Phase> {
        self.phases.iter().find(|p| p.id == id)
    }

    pub fn hint(&self, phase: &str) -> Option<&Hint> {
        self.hints.iter().find(|h| h.phase == phase)
    }

    pub fn variant(&self, id: &str) -> Option<&Variant> {
        self.variants.iter().find(|v| v.id == id)
    }

    pub fn experiment(&self, id: &str) -> Option<&Experiment> {
        self.experiments.iter().find(|e| e.id == id)
    }

    /// Phases and rubric lines that a variant keeps: all of them without one.
    pub fn keeps(&self, variant: Option<&Variant>, id: &str) -> bool {
        variant.is_none_or(|v| !v.drops.iter().any(|d| d == id))
    }
}
