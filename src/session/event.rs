//! What happened in an interview, and when by its clock: the record that review and statistics read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TimeWord;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Started {
        mode: String,
    },
    Phase {
        id: String,
    },
    Hint {
        phase: String,
        step: u32,
    },
    Asked {
        question: String,
    },
    Said {
        moment: u32,
    },
    /// The interviewer pressed on, since a phase ran over: `step` counts from 1.
    Pressed {
        phase: String,
        step: u32,
    },
    /// The time that was left was told.
    TimeTold {
        word: TimeWord,
    },
    Estimated {
        line: String,
    },
    Sized {
        knob: String,
        answer: String,
    },
    Marked {
        mark: String,
    },
    PhaseOver {
        id: String,
    },
    TimeUp,
    Paused,
    Resumed,
    /// The process stood still and no clock ran.
    Away {
        ms: u64,
    },
    Revealed {
        phase: String,
    },
    Finished,
}

impl What {
    /// The word the store files it under.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Phase { .. } => "phase",
            Self::Hint { .. } => "hint",
            Self::Asked { .. } => "asked",
            Self::Said { .. } => "said",
            Self::Pressed { .. } => "pressed",
            Self::TimeTold { .. } => "time-told",
            Self::Estimated { .. } => "estimated",
            Self::Sized { .. } => "sized",
            Self::Marked { .. } => "marked",
            Self::PhaseOver { .. } => "phase-over",
            Self::TimeUp => "time-up",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Away { .. } => "away",
            Self::Revealed { .. } => "revealed",
            Self::Finished => "finished",
        }
    }
}

/// What happened, and when: `at` counts the session's clock, pauses excluded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Duration,
    pub what: What,
}
