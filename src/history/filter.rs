//! Which attempts are meant: by problem, level, group, mode, state, days, and where words were found.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeZone};

use super::Topics;
use crate::session::Mode;
use crate::store::{Attempt, State};

/// What is left out holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub problem: Option<String>,
    pub level: Option<String>,
    pub group: Option<String>,
    pub mode: Option<Mode>,
    pub state: Option<State>,
    /// The first day, by local time.
    pub since: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
    /// Ids of attempts whose notes hold the words that were looked for.
    pub found: Option<BTreeSet<String>>,
}

impl Filter {
    pub fn of_problem(problem: Option<String>) -> Self {
        Self { problem, ..Self::default() }
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn holds<Z: TimeZone>(&self, attempt: &Attempt, topics: &Topics, zone: &Z) -> bool {
        let day = attempt.started_at.with_timezone(zone).date_naive();
        self.problem.as_ref().is_none_or(|problem| *problem == attempt.problem)
            && self.level.as_ref().is_none_or(|level| *level == attempt.level)
            && self.group.as_ref().is_none_or(|group| topics.group(&attempt.problem) == Some(group))
            && self.mode.is_none_or(|mode| mode == attempt.mode)
            && self.state.is_none_or(|state| state == attempt.state)
            && self.since.is_none_or(|since| since <= day)
            && self.until.is_none_or(|until| day <= until)
            && self.found.as_ref().is_none_or(|found| found.contains(&attempt.id))
    }

    /// What it asks for, a word or two each.
    pub fn says(&self) -> Vec<String> {
        let mut parts: Vec<String> = [&self.problem, &self.level, &self.group].into_iter().flatten().cloned().collect();
        parts.extend(self.mode.map(|mode| mode.name().to_owned()));
        parts.extend(self.state.map(|state| state.name().to_owned()));
        parts.extend(self.since.map(|day| format!("since {day}")));
        parts.extend(self.until.map(|day| format!("until {day}")));
        parts
    }
}
