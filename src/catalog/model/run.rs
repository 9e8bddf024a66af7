//! What describes a run in a card: settings, scripts, objectives, experiments, run files.

use super::words::{Length, Pairs, Scalar, exact};
use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use sims::kernel::time::Span;
use std::fmt;

/// One step of a script: `at`, `do`, and that action's arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub at: Length,
    pub action: String,
    pub args: Pairs<Scalar>,
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Step, D::Error> {
        let Pairs(pairs) = Pairs::<Scalar>::deserialize(from)?;
        let (mut at, mut action, mut args) = (None, None, Vec::new());
        for (key, value) in pairs {
            match key.as_str() {
                "at" => at = Some(sims::kernel::units::duration(value.as_str()).map_err(|why| de::Error::custom(format!("`at`: {why}")))?),
                "do" => action = Some(value.0),
                _ => args.push((key, value)),
            }
        }
        let at = at.ok_or_else(|| de::Error::missing_field("at"))?;
        let action = action.ok_or_else(|| de::Error::missing_field("do"))?;
        Ok(Step { at: Length(at), action, args: Pairs(args) })
    }
}

impl Serialize for Step {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut all = vec![("at".to_string(), Scalar(exact(self.at.0))), ("do".to_string(), Scalar(self.action.clone()))];
        all.extend(self.args.0.iter().cloned());
        Pairs(all).serialize(to)
    }
}

impl Step {
    /// The arguments as the kernel reads them.
    pub fn texts(&self) -> Vec<(String, String)> {
        self.args.iter().map(|(k, v)| (k.to_string(), v.0.clone())).collect()
    }
}

/// The settings of one run. `for`, `warm_up` and `like` are absent where the card leaves them out.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunPlan {
    /// Another run of the same experiment: takes all of it; what stands here is laid over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // A run may be called `off`, which an editor takes for a switch.
    #[schemars(with = "Option<Scalar>")]
    pub like: Option<String>,
    #[serde(default)]
    pub set: Pairs<Scalar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Vec<Step>>,
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub length: Option<Length>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<Length>,
}

impl RunPlan {
    pub const DEFAULT_LENGTH: Span = Span::secs(60);

    pub fn length(&self) -> Span {
        self.length.map_or(RunPlan::DEFAULT_LENGTH, Length::span)
    }

    pub fn warm_up(&self) -> Span {
        self.warm_up.map_or(Span::ZERO, Length::span)
    }

    pub fn script(&self) -> &[Step] {
        self.script.as_deref().unwrap_or_default()
    }

    /// This plan laid over `base`: `set` key by key; `script`, `for` and `warm_up` replace.
    #[must_use]
    pub fn over(&self, base: &RunPlan) -> RunPlan {
        RunPlan {
            like: None,
            set: base.set.with(&self.set),
            script: self.script.clone().or_else(|| base.script.clone()),
            length: self.length.or(base.length),
            warm_up: self.warm_up.or(base.warm_up),
        }
    }
}

/// The run that sizing numbers are laid over.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    #[serde(default)]
    pub set: Pairs<Scalar>,
    #[serde(default)]
    pub script: Vec<Step>,
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub length: Option<Length>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<Length>,
    #[serde(default = "first_seed")]
    pub seeds: Vec<u64>,
}

pub(super) fn first_seed() -> Vec<u64> {
    vec![1]
}

impl Default for Proof {
    fn default() -> Proof {
        Proof { set: Pairs::default(), script: Vec::new(), length: None, warm_up: None, seeds: first_seed() }
    }
}

impl Proof {
    /// As the plan of a run.
    pub fn plan(&self) -> RunPlan {
        RunPlan { like: None, set: self.set.clone(), script: Some(self.script.clone()), length: self.length, warm_up: self.warm_up }
    }
}

/// What an interviewer's change does to the proof: knobs and steps laid over it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    #[serde(default)]
    pub set: Pairs<Scalar>,
    #[serde(default)]
    pub script: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub enum Is {
    #[serde(rename = "<=")]
    AtMost,
    #[serde(rename = "<")]
    Below,
    #[serde(rename = ">=")]
    AtLeast,
    #[serde(rename = ">")]
    Above,
    #[serde(rename = "==")]
    Equal,
    #[serde(rename = "!=")]
    Unequal,
}

impl Is {
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Is::AtMost => left <= right,
            Is::Below => left < right,
            Is::AtLeast => left >= right,
            Is::Above => left > right,
            Is::Equal => left == right,
            Is::Unequal => left != right,
        }
    }
}

impl fmt::Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Is::AtMost => "<=",
            Is::Below => "<",
            Is::AtLeast => ">=",
            Is::Above => ">",
            Is::Equal => "==",
            Is::Unequal => "!=",
        })
    }
}

/// `{value, is, than}` compares a metric; `{holds}` names an invariant. `check` refuses a mixture; [`Objective::law`] tells them apart.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Is>,
    /// A sum: a number, perhaps with a suffix (`5ms` is read in the metric's own unit).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub than: Option<Scalar>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// What an objective asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law<'a> {
    Compare { metric: &'a str, is: Is, than: &'a str },
    Holds(&'a str),
}

impl Objective {
    /// # Errors
    /// The two forms, if it is neither.
    pub fn law(&self) -> Result<Law<'_>, String> {
        match (&self.value, self.is, &self.than, &self.holds) {
            (Some(metric), Some(is), Some(than), None) => Ok(Law::Compare { metric, is, than: than.as_str() }),
            (None, None, None, Some(invariant)) => Ok(Law::Holds(invariant)),
            _ => Err("an objective is either {value, is, than} or {holds}".into()),
        }
    }
}

/// What the user says before the run.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// A sum over the runs' metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// Which choice is right, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<usize>,
}

/// The two kinds of prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Guess<'a> {
    Number(&'a str),
    /// `right` counts from 0 here.
    Choice {
        choices: &'a [Choice],
        right: usize,
    },
}

impl Prediction {
    /// # Errors
    /// The two forms, if it is neither, or a `right` out of range.
    pub fn guess(&self) -> Result<Guess<'_>, String> {
        match (&self.number, self.choices.as_slice(), self.right) {
            (Some(number), [], None) => Ok(Guess::Number(number)),
            (None, choices @ [_, _, ..], Some(right)) if (1..=choices.len()).contains(&right) => Ok(Guess::Choice { choices, right: right - 1 }),
            (None, choices @ [_, _, ..], Some(right)) => Err(format!("`right` is {right}, but must be 1 to {}", choices.len())),
            _ => Err("a prediction is either {number} or {choices, right} with at least two choices".into()),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub say: String,
    /// An expectation: it holds for the right choice and for no other.
    pub when: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    pub id: String,
    pub title: String,
    pub ask: String,
    pub predict: Prediction,
    #[serde(default = "first_seed")]
    pub seeds: Vec<u64>,
    pub runs: Pairs<RunPlan>,
    pub expect: Vec<String>,
    /// Markdown; `{run.metric}` is replaced by the run's number.
    pub explain: String,
}

impl Experiment {
    /// Every run by name, `like` resolved.
    pub fn plans(&self) -> Vec<(&str, RunPlan)> {
        self.runs
            .iter()
            .map(|(name, plan)| (name, plan.like.as_deref().and_then(|base| self.runs.get(base)).map_or_else(|| plan.clone(), |base| plan.over(base))))
            .collect()
    }
}

/// A run that is told as a file: a challenge, or what a user saved.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    pub format: u32,
    pub kind: super::FileKind,
    /// The file's stem.
    #[serde(skip)]
    pub id: String,
    pub title: String,
    pub design: String,
    #[serde(default = "one")]
    pub seed: u64,
    #[serde(default)]
    pub set: Pairs<Scalar>,
    #[serde(default)]
    pub script: Vec<Step>,
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub length: Option<Length>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<Length>,
    #[serde(default)]
    pub objectives: Vec<Objective>,
    #[serde(default)]
    pub story: String,
}

fn one() -> u64 {
    1
}

impl RunFile {
    pub fn plan(&self) -> RunPlan {
        RunPlan { like: None, set: self.set.clone(), script: Some(self.script.clone()), length: self.length, warm_up: self.warm_up }
    }
}

/// To text and back. The id is the file's name, not in it.
impl RunFile {
    /// # Errors
    /// What the writer says.
    pub fn to_yaml(&self) -> Result<String, String> {
        serde_yaml::to_string(self).map_err(|why| why.to_string())
    }

    /// Only its shape is checked: for files of our own making.
    ///
    /// # Errors
    /// What the reader says.
    pub fn from_yaml(text: &str) -> Result<RunFile, String> {
        serde_yaml::from_str(text).map_err(|why| why.to_string())
    }
}
