//! What the log says of learning: what is due when, how much is recalled, how stable and how hard the cards are, time spent.

use super::log::{Event, Grade, What, live};
use super::schedule::{Due, Scheduler, Stage, State};
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;

/// Days of the forecast and of the look back.
pub const DAYS: usize = 30;
/// From this stability on a card is called mature.
const MATURE: f32 = 21.0;
/// Whoever takes longer was away: no more of it is counted.
const AWAY_MS: u64 = 5 * 60_000;

/// Recalled of reviewed, and what FSRS had expected of the same reviews.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recall {
    pub recalled: usize,
    pub of: usize,
    /// Mean of the predicted chances.
    pub expected: f64,
}

impl Recall {
    pub fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| self.recalled as f64 / self.of as f64)
    }

    fn add(&mut self, recalled: bool, chance: f64) {
        self.expected = (self.expected * self.of as f64 + chance) / (self.of + 1) as f64;
        self.of += 1;
        self.recalled += usize::from(recalled);
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Cards due today (with what is late), tomorrow, and so on.
    pub forecast: Vec<usize>,
    pub recall_month: Recall,
    pub recall_all: Recall,
    pub recall_young: Recall,
    pub recall_mature: Recall,
    /// Cards by stability: the upper ends are [`STABILITY_ENDS`].
    pub stability: [usize; 7],
    /// Cards by difficulty 1 to 10.
    pub difficulty: [usize; 10],
    /// Milliseconds a day, the last of them today.
    pub time_ms: Vec<u64>,
    /// Answers a day, the last of them today.
    pub answers: Vec<usize>,
    pub seen: usize,
    pub leeches: usize,
    pub suspended: usize,
}

/// Days, with what a bar is called.
pub const STABILITY_ENDS: [(f32, &str); 7] =
    [(1.0, "under 1 d"), (7.0, "1 to 7 d"), (21.0, "7 to 21 d"), (60.0, "3 to 9 w"), (180.0, "2 to 6 mo"), (365.0, "6 to 12 mo"), (f32::INFINITY, "over 1 y")];

/// Of the cards that `known` lets through: those whose decks still have them.
pub fn stats(log: &[Event], scheduler: &Scheduler, today: NaiveDate, known: impl Fn(&str) -> bool) -> Stats {
    let mut stats = Stats { forecast: vec![0; DAYS], time_ms: vec![0; DAYS], answers: vec![0; DAYS], ..Stats::default() };
    let month = today - Days::new(DAYS as u64 - 1);
    let states = scheduler.replay(log, |told| {
        if let What::Review { grade, .. } = told.event.what {
            stats.reviewed(told.before, grade, told.event.day, month);
        }
    });
    for event in live(log) {
        let back = usize::try_from((today - event.day).num_days()).ok().and_then(|back| (DAYS - 1).checked_sub(back));
        if let (Some(place), Some(took)) = (back, event.what.took_ms()) {
            stats.time_ms[place] += took.min(AWAY_MS);
            stats.answers[place] += 1;
        }
    }
    stats.spread(states.iter().filter(|(card, _)| known(card)).collect(), today);
    stats
}

impl Stats {
    /// True retention counts reviews on a later day than the last, of cards past their steps: the rest is learning.
    fn reviewed(&mut self, before: &State, grade: Grade, day: NaiveDate, month: NaiveDate) {
        let days = before.days_since(day);
        let (Stage::Review, Some(memory), 1..) = (before.stage, before.memory, days) else { return };
        let (recalled, chance) = (grade != Grade::Again, memory.recall(days));
        self.recall_all.add(recalled, chance);
        if day >= month {
            self.recall_month.add(recalled, chance);
        }
        let age = if memory.stability >= MATURE { &mut self.recall_mature } else { &mut self.recall_young };
        age.add(recalled, chance);
    }

    fn spread(&mut self, states: BTreeMap<&String, &State>, today: NaiveDate) {
        for state in states.into_values() {
            self.leeches += usize::from(state.leech);
            self.suspended += usize::from(state.suspended);
            let Some(memory) = state.memory else { continue };
            self.seen += 1;
            let place = STABILITY_ENDS.iter().position(|(end, _)| memory.stability < *end).unwrap_or(STABILITY_ENDS.len() - 1);
            self.stability[place] += 1;
            self.difficulty[(memory.difficulty.round().clamp(1.0, 10.0) as usize) - 1] += 1;
            if state.suspended {
                continue;
            }
            let due = match state.due {
                Due::On(day) => (day - today).num_days().max(0),
                Due::At(_) => 0,
                Due::New => continue,
            };
            if let Some(count) = usize::try_from(due).ok().and_then(|due| self.forecast.get_mut(due)) {
                *count += 1;
            }
        }
    }
}
