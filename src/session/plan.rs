//! What was agreed when the interview began: phases with their time, hints, facts, and the interviewer's moments.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How strict the room is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// May be paused; the solution may be looked at.
    #[default]
    Coached,
    /// As in life: the clock runs.
    Real,
    /// The clock counts, but nothing is late.
    Untimed,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Coached, Self::Real, Self::Untimed];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == text)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Coached => "coached",
            Self::Real => "real",
            Self::Untimed => "untimed",
        }
    }

    /// Real interviews have no pause. Without a clock a pause harms nobody.
    pub fn may_pause(self) -> bool {
        self != Self::Real
    }

    pub fn is_timed(self) -> bool {
        self != Self::Untimed
    }
}

/// One phase of the interview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhasePlan {
    pub id: String,
    pub name: String,
    pub time: Duration,
    pub goals: Vec<String>,
    pub prompts: Vec<String>,
    /// Steps to be taken one by one: nudge, point, tell; and again for each further ladder.
    pub hints: Vec<String>,
}

/// What an interviewer's moment is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MomentKind {
    Change,
    Probe,
    Pressure,
}

/// Something the interviewer says at a time of the session's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    pub at: Duration,
    pub kind: MomentKind,
    pub say: String,
    pub looks_for: String,
}

/// A fact that is told when asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub ask: String,
    pub answer: String,
}

/// The whole agreement. It is kept with the session, so that a card edited meanwhile does not shift a running clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub problem: String,
    pub variant: Option<String>,
    pub title: String,
    pub level: String,
    pub phases: Vec<PhasePlan>,
    pub facts: Vec<Fact>,
    pub moments: Vec<Moment>,
    /// Rubric lines the variant leaves out.
    pub drops: Vec<String>,
}

impl Plan {
    /// The time of the whole interview.
    pub fn time(&self) -> Duration {
        self.phases.iter().map(|phase| phase.time).sum()
    }
}
