//! Time per phase against the plan: what the end of an interview shows.

use std::time::Duration;

use super::Session;

/// The mark that the candidate sets when the first whole path stands.
pub const FIRST_PATH: &str = "first-full-path";

/// One phase's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeRow<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub planned: Duration,
    pub spent: Duration,
    /// What was spent beyond the plan; nothing where nothing is late.
    pub over: Duration,
    pub begun: bool,
}

/// The whole interview's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeTable<'a> {
    pub rows: Vec<TimeRow<'a>>,
    pub planned: Duration,
    pub spent: Duration,
    pub over: Duration,
    /// Pauses that were taken.
    pub paused: Duration,
    /// The process stood still: stopped by the shell, or the machine asleep.
    pub away: Duration,
    /// When a first full path stood, if that was marked.
    pub first_path: Option<Duration>,
}

impl Session {
    /// Each phase's time beside its plan.
    pub fn time_table(&self) -> TimeTable<'_> {
        let over = |spent: Duration, planned: Duration| if self.mode.is_timed() { spent.saturating_sub(planned) } else { Duration::ZERO };
        let rows = self.plan.phases.iter().enumerate().map(|(place, phase)| {
            let (spent, planned) = (self.spent[place], phase.time);
            TimeRow { id: &phase.id, name: &phase.name, planned, spent, over: over(spent, planned), begun: self.begun[place] }
        });
        let (spent, planned) = (self.elapsed(), self.plan.time());
        TimeTable {
            rows: rows.collect(),
            planned,
            spent,
            over: over(spent, planned),
            paused: self.paused_for,
            away: self.away_for,
            first_path: self.marks.get(FIRST_PATH).copied(),
        }
    }
}
