//! The head of a problem, and why a problem cannot be given.

use super::fault::Fault;
use super::model::Problem;
use std::fmt;

/// What the list shows of a problem without reading its card.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Head {
    pub id: String,
    pub title: String,
    pub group: String,
    pub level: String,
    pub difficulty: String,
    pub minutes: u32,
    pub mechanisms: Vec<String>,
    /// Ids.
    pub variants: Vec<String>,
    pub design: Option<String>,
    /// Ids.
    pub experiments: Vec<String>,
    /// From the user's own folder, not built in.
    pub yours: bool,
}

impl Head {
    pub fn of(problem: &Problem) -> Head {
        Head {
            id: problem.id.clone(),
            title: problem.title.clone(),
            group: problem.group.clone(),
            level: problem.level.clone(),
            difficulty: problem.difficulty.clone(),
            minutes: problem.minutes,
            mechanisms: problem.mechanisms.clone(),
            variants: problem.variants.iter().map(|v| v.id.clone()).collect(),
            design: problem.design.clone(),
            experiments: problem.experiments.iter().map(|e| e.id.clone()).collect(),
            yours: false,
        }
    }
}

/// Why a problem cannot be given.
#[derive(Clone, Debug, PartialEq)]
pub enum Missing {
    /// No such id; the nearest ones are named.
    Unknown(String),
    /// Its file has faults.
    Bad(Vec<Fault>),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Missing::Unknown(why) => f.write_str(why),
            Missing::Bad(faults) => match faults.first() {
                Some(fault) => write!(f, "{fault}"),
                None => f.write_str("the card cannot be read"),
            },
        }
    }
}

impl std::error::Error for Missing {}
