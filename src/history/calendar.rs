//! Minutes on each local day, and the streak of days on which enough was done to count.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use chrono::{DateTime, Days, Duration, NaiveDate, TimeZone, Utc};

use crate::store::{Attempt, Practice, Prediction, Stint};

/// A day counts for the streak from so many minutes on. Opening the program is no practice; one short drill is.
pub const FLOOR_MIN: u64 = 5;
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What was done on one local day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// On the clocks of interviews, pauses excluded.
    pub interview_ms: u64,
    /// On everything else.
    pub practice_ms: BTreeMap<Practice, u64>,
    /// Interviews begun.
    pub sat: usize,
    /// Predictions made.
    pub predicted: usize,
}

impl Day {
    pub fn ms(&self) -> u64 {
        (self.interview_ms + self.practice_ms.values().sum::<u64>()).min(DAY_MS)
    }

    pub fn minutes(&self) -> u64 {
        self.ms() / 60_000
    }

    pub fn counts(&self) -> bool {
        self.minutes() >= FLOOR_MIN
    }
}

/// Every local day on which anything was done.
pub type Calendar = BTreeMap<NaiveDate, Day>;

/// What was done when. An interview that went on after midnight, or was taken up on a later day, is shared out: until midnight
/// on the day it was begun, the rest on the day it was last saved.
pub fn calendar<A: Borrow<Attempt>, Z: TimeZone>(attempts: &[A], predictions: &[Prediction], stints: &[Stint], zone: &Z) -> Calendar {
    let mut days = Calendar::new();
    for attempt in attempts.iter().map(A::borrow) {
        days.entry(date(attempt.started_at, zone)).or_default().sat += 1;
        let until = attempt.ended_at.unwrap_or(attempt.saved_at);
        for (day, ms) in shared(attempt.started_at, until, attempt.used_ms, zone) {
            days.entry(day).or_default().interview_ms += ms;
        }
    }
    for stint in stints {
        let until = stint.began_at.checked_add_signed(Duration::milliseconds(i64::try_from(stint.ms).unwrap_or(i64::MAX))).unwrap_or(stint.began_at);
        for (day, ms) in shared(stint.began_at, until, stint.ms, zone) {
            *days.entry(day).or_default().practice_ms.entry(stint.practice).or_default() += ms;
        }
    }
    for made in predictions {
        days.entry(date(made.made_at, zone)).or_default().predicted += 1;
    }
    days
}

fn date<Z: TimeZone>(at: DateTime<Utc>, zone: &Z) -> NaiveDate {
    at.with_timezone(zone).date_naive()
}

/// Parts of `ms` by day. A clock that was set back meanwhile leaves everything on the first day.
fn shared<Z: TimeZone>(from: DateTime<Utc>, until: DateTime<Utc>, ms: u64, zone: &Z) -> Vec<(NaiveDate, u64)> {
    let (first, last) = (date(from, zone), date(until, zone));
    if last <= first {
        return vec![(first, ms)];
    }
    let midnight = first.checked_add_days(Days::new(1)).and_then(|day| zone.from_local_datetime(&day.and_time(chrono::NaiveTime::MIN)).earliest());
    let left = midnight.map_or(0, |midnight| u64::try_from((midnight.to_utc() - from).num_milliseconds()).unwrap_or(0));
    let before = ms.min(left);
    [(first, before), (last, ms - before)].into_iter().filter(|(_, ms)| *ms > 0).collect()
}

/// Days in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    /// Up to today. A day that is not over yet breaks nothing.
    pub now: u32,
    pub longest: u32,
    /// Whether today counts already.
    pub today: bool,
}

/// Days in a row on which at least [`FLOOR_MIN`] minutes were spent.
pub fn streak(days: &Calendar, today: NaiveDate) -> Streak {
    let counts = |day: &NaiveDate| days.get(day).is_some_and(Day::counts);
    let run = |mut day: Option<NaiveDate>| {
        let mut length = 0;
        while let Some(on) = day.filter(counts) {
            length += 1;
            day = on.pred_opt();
        }
        length
    };
    let ends = days.keys().filter(|day| counts(day) && day.succ_opt().is_none_or(|next| !counts(&next)));
    let longest = ends.map(|day| run(Some(*day))).max().unwrap_or(0);
    Streak { now: run(if counts(&today) { Some(today) } else { today.pred_opt() }), longest, today: counts(&today) }
}

/// How strong a day is in the heat map, 0 to 4: nothing, below the floor, then half hours.
pub fn heat_step(minutes: u64) -> usize {
    match minutes {
        0 => 0,
        1..FLOOR_MIN => 1,
        FLOOR_MIN..30 => 2,
        30..60 => 3,
        _ => 4,
    }
}
