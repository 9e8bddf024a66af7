//! What happened to cards: a log that only grows, from which everything else is worked out.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How well an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    Again = 1,
    Hard,
    Good,
    Easy,
}

impl Grade {
    pub const ALL: [Grade; 4] = [Grade::Again, Grade::Hard, Grade::Good, Grade::Easy];

    /// As FSRS counts it, from 1.
    pub fn number(self) -> u32 {
        self as u32
    }

    pub fn of(number: u32) -> Option<Grade> {
        Grade::ALL.into_iter().find(|grade| grade.number() == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Grade::Again => "again",
            Grade::Hard => "hard",
            Grade::Good => "good",
            Grade::Easy => "easy",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    Review {
        grade: Grade,
        took_ms: u64,
    },
    /// Answered outside the schedule: counts as time spent, and for nothing else.
    Cram {
        grade: Grade,
        took_ms: u64,
    },
    Suspend,
    Unsuspend,
    /// Out of the way until tomorrow.
    Bury,
    /// As if it had never been seen.
    Reset,
    /// Takes an earlier event back, by its id.
    Undo {
        event: String,
    },
}

impl What {
    pub fn kind(&self) -> &'static str {
        match self {
            What::Review { .. } => "review",
            What::Cram { .. } => "cram",
            What::Suspend => "suspend",
            What::Unsuspend => "unsuspend",
            What::Bury => "bury",
            What::Reset => "reset",
            What::Undo { .. } => "undo",
        }
    }

    /// From its columns.
    ///
    /// # Errors
    /// What is missing or unknown.
    pub fn of(kind: &str, grade: Option<u32>, took_ms: Option<u64>, event: Option<&str>) -> Result<What, String> {
        let graded = || {
            let grade = grade.ok_or_else(|| format!("a {kind} without a grade"))?;
            Ok::<_, String>((Grade::of(grade).ok_or_else(|| format!("`{grade}` is no grade: 1 again, 2 hard, 3 good, 4 easy"))?, took_ms.unwrap_or(0)))
        };
        Ok(match kind {
            "review" => graded().map(|(grade, took_ms)| What::Review { grade, took_ms })?,
            "cram" => graded().map(|(grade, took_ms)| What::Cram { grade, took_ms })?,
            "suspend" => What::Suspend,
            "unsuspend" => What::Unsuspend,
            "bury" => What::Bury,
            "reset" => What::Reset,
            "undo" => What::Undo { event: event.ok_or("an undo that does not say of what")?.to_string() },
            _ => return Err(format!("`{kind}` is no kind of event: review, cram, suspend, unsuspend, bury, reset, undo")),
        })
    }

    pub fn grade(&self) -> Option<Grade> {
        match self {
            What::Review { grade, .. } | What::Cram { grade, .. } => Some(*grade),
            _ => None,
        }
    }

    pub fn took_ms(&self) -> Option<u64> {
        match self {
            What::Review { took_ms, .. } | What::Cram { took_ms, .. } => Some(*took_ms),
            _ => None,
        }
    }
}

/// One line of the log. Its id is made where it happened and orders by time, so that the logs of two machines can be put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub card: String,
    pub at: DateTime<Utc>,
    /// The day where the user was: what days between reviews are counted in, the same on every machine that reads the log.
    pub day: NaiveDate,
    #[serde(flatten)]
    pub what: What,
}

/// What counts of a log, in order of time: without what was taken back. The order in which the log is given does not matter,
/// nor whether an event stands in it twice.
pub fn live(log: &[Event]) -> Vec<&Event> {
    let undone: BTreeSet<&str> = log.iter().filter_map(|event| if let What::Undo { event } = &event.what { Some(event.as_str()) } else { None }).collect();
    let counts = |event: &&Event| !matches!(event.what, What::Undo { .. }) && !undone.contains(event.id.as_str());
    let mut events: Vec<&Event> = log.iter().filter(counts).collect();
    events.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    events.dedup_by(|a, b| a.id == b.id);
    events
}

/// The event that an undo takes back: the last of today that still counts. What happened on earlier days stays.
pub fn last_to_undo(log: &[Event], today: NaiveDate) -> Option<&Event> {
    live(log).into_iter().rfind(|event| event.day == today)
}
