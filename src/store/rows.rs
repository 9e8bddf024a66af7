//! What the store hands out: attempts with their scores, predictions, bench results.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::score::{Reading, Score};
use crate::session::Mode;

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Running, paused, or cut off in the middle.
    Live,
    Finished,
    Abandoned,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Finished => "finished",
            Self::Abandoned => "abandoned",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Live, Self::Finished, Self::Abandoned].into_iter().find(|state| state.name() == text)
    }
}

/// One sitting of one problem.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attempt {
    pub id: String,
    pub problem: String,
    pub variant: Option<String>,
    pub title: String,
    pub level: String,
    pub mode: Mode,
    pub state: State,
    pub started_at: DateTime<Utc>,
    /// When it was last written down.
    pub saved_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub allowed_ms: u64,
    pub used_ms: u64,
    pub hints: u32,
    pub assisted: bool,
    pub blind: Option<Score>,
    pub informed: Option<Score>,
}

impl Attempt {
    pub fn score(&self, reading: Reading) -> Option<&Score> {
        match reading {
            Reading::Blind => self.blind.as_ref(),
            Reading::Informed => self.informed.as_ref(),
        }
    }

    /// The reading that counts: the informed one, where there is one.
    pub fn result(&self) -> Option<&Score> {
        self.informed.as_ref().or(self.blind.as_ref())
    }
}

/// What was guessed before an experiment ran, and what came.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guess {
    /// A number, and the range the user is 80 % sure of.
    Number { value: f64, low: f64, high: f64, actual: f64 },
    /// Places of the choices, from 1.
    Choice { chosen: u32, right: u32 },
}

impl Guess {
    /// Whether the range held the number, or the choice was right.
    pub fn hit(&self) -> bool {
        match *self {
            Self::Number { low, high, actual, .. } => (low..=high).contains(&actual),
            Self::Choice { chosen, right } => chosen == right,
        }
    }
}

/// One line of the ledger of predictions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    pub problem: String,
    pub experiment: String,
    pub guess: Guess,
    pub made_at: DateTime<Utc>,
}

/// One case of one run of `bench`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchResult {
    pub design: String,
    #[serde(rename = "case")]
    pub name: String,
    pub threads: u32,
    pub ops: u64,
    pub ns_per_op: f64,
    pub ops_per_s: f64,
    pub measured_at: DateTime<Utc>,
}

impl BenchResult {
    /// A case timed just now.
    pub fn now(design: &str, name: &str, threads: usize, ops: u64, ns_per_op: f64, ops_per_s: f64) -> BenchResult {
        let threads = u32::try_from(threads).unwrap_or(u32::MAX);
        BenchResult { design: design.into(), name: name.into(), threads, ops, ns_per_op, ops_per_s, measured_at: Utc::now() }
    }

    /// The latest earlier time of a case with as many threads; `past` is newest first.
    pub fn earlier(past: &[BenchResult], name: &str, threads: usize) -> Option<f64> {
        let same = |result: &&BenchResult| result.name == name && usize::try_from(result.threads) == Ok(threads);
        past.iter().find(same).map(|result| result.ns_per_op)
    }
}

/// What minutes were spent on, besides interviews, whose own clocks count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Practice {
    /// The lab, its experiments and benches.
    Lab,
    /// Flashcards.
    Cards,
    /// Estimation drills, the machine ladder, flaws.
    Drills,
    /// Concept pages and solutions.
    Reading,
}

impl Practice {
    pub const ALL: [Self; 4] = [Self::Lab, Self::Cards, Self::Drills, Self::Reading];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Cards => "cards",
            Self::Drills => "drills",
            Self::Reading => "reading",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|practice| practice.name() == text)
    }
}

/// Some minutes of practice in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stint {
    pub practice: Practice,
    /// The problem, design or deck it was about; may be empty.
    pub subject: String,
    pub began_at: DateTime<Utc>,
    pub ms: u64,
}

/// What of an attempt can be corrected afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    Title,
    Mode,
    Minutes,
    Blind,
    Informed,
}

impl Field {
    pub const ALL: [Self; 5] = [Self::Title, Self::Mode, Self::Minutes, Self::Blind, Self::Informed];

    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Mode => "mode",
            Self::Minutes => "minutes",
            Self::Blind => "blind",
            Self::Informed => "informed",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == text)
    }
}

/// What stood there before it was corrected: the original stays to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Correction {
    pub field: Field,
    /// In words: `real`, `61 min`, `33 of 50, lean hire`.
    pub was: String,
    pub corrected_at: DateTime<Utc>,
}

/// A phase of an attempt: the time it was given and the time it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PhaseSpent {
    pub id: String,
    pub name: String,
    pub plan_ms: u64,
    pub spent_ms: u64,
    pub begun: bool,
}

/// An attempt with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub attempt: Attempt,
    /// By the id of their phase, in the order of the interview.
    pub notes: Vec<(String, String)>,
    pub phases: Vec<PhaseSpent>,
    pub estimates: Vec<String>,
    pub sizing: Vec<(String, String)>,
    /// Oldest first.
    pub corrections: Vec<Correction>,
}

/// Everything there is to look back on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Oldest first.
    pub predictions: Vec<Prediction>,
    /// Oldest first.
    pub stints: Vec<Stint>,
}

/// An interview that was cut off and can be taken up again.
#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    pub attempt: Attempt,
    /// Another greenroom has it open right now.
    pub elsewhere: bool,
}
