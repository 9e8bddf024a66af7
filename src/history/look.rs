//! One look back: everything that screen, command line and report say, worked out once.

use std::time::Duration;

use chrono::{NaiveDate, TimeZone};

use super::{
    Calendar, Family, Mechanism, PhaseTime, Record, Series, Streak, Topics, Trend, calendar, calibration, lean, mechanisms, phase_times, series, streak,
    time_spent, trends,
};
use crate::score::Lean;
use crate::store::{Attempt, Past};

#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    pub today: NaiveDate,
    pub calendar: Calendar,
    pub streak: Streak,
    /// On the clocks of interviews.
    pub interviews: Duration,
    /// On everything else.
    pub practice: Duration,
    /// By problem, the most recently sat first.
    pub trends: Vec<Trend>,
    pub series: Vec<Series>,
    /// The weakest first.
    pub mechanisms: Vec<Mechanism>,
    pub phases: Vec<PhaseTime>,
    pub record: Record,
    pub lean: Option<Lean>,
}

impl Look {
    /// As it looks on a day of a place.
    pub fn back<Z: TimeZone>(past: &Past, topics: &Topics, today: NaiveDate, zone: &Z) -> Self {
        let attempts: Vec<&Attempt> = past.entries.iter().map(|entry| &entry.attempt).collect();
        let calendar = calendar(&attempts, &past.predictions, &past.stints, zone);
        Self {
            today,
            streak: streak(&calendar, today),
            calendar,
            interviews: time_spent(&attempts),
            practice: Duration::from_millis(past.stints.iter().map(|stint| stint.ms).sum()),
            trends: trends(&attempts),
            series: series(&attempts, topics),
            mechanisms: mechanisms(&attempts, &past.predictions, topics),
            phases: phase_times(&past.entries),
            record: calibration(&past.predictions),
            lean: lean(&attempts),
        }
    }

    pub fn of(&self, family: Family) -> impl Iterator<Item = &Series> {
        self.series.iter().filter(move |one| one.family == family)
    }

    /// Minutes of the seven days up to today.
    pub fn week_minutes(&self) -> u64 {
        let from = self.today - chrono::Days::new(6);
        self.calendar.range(from..=self.today).map(|(_, day)| day.minutes()).sum()
    }

    /// In a line: hours, streak, what ranges and lean say.
    pub fn sums(&self) -> Vec<String> {
        let hours = |time: Duration| format!("{:.1} h", time.as_secs_f64() / 3600.0);
        let mut parts = vec![format!("{} in interviews", hours(self.interviews))];
        if !self.practice.is_zero() {
            parts.push(format!("{} of practice", hours(self.practice)));
        }
        if self.record.ranges.of > 0 {
            parts.push(format!("80 % ranges held {} of {}", self.record.ranges.hit, self.record.ranges.of));
        }
        if self.record.choices.of > 0 {
            parts.push(format!("choices right {} of {}", self.record.choices.hit, self.record.choices.of));
        }
        parts.extend(self.lean.as_ref().map(Lean::say));
        parts
    }
}
