//! The offline store's content: every record of every person with its two times, and every row that a model can learn from.

use super::model::{Example, Set};
use super::truth::{Truth, Values};
use crate::kernel::time::Span;
use crate::kernel::weight::Flat;
use crate::parts::asof::{History, Reading};
use std::collections::VecDeque;

/// How long before the run's start its data begin.
pub const BEFORE: Span = Span::secs(90);
/// How long records and rows are kept.
const KEPT: Span = Span::secs(120);

/// Somebody asked, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub who: u32,
    pub at: u64,
    pub label: bool,
    pub logged: Option<(Values, f64)>,
}

#[derive(Clone, Debug)]
pub struct Offline {
    people: Vec<History<Values>>,
    rows: VecDeque<Row>,
    /// Whose turn it is to forget.
    sweep: usize,
}

/// The rates at which the past was lived.
pub struct Past {
    pub events: f64,
    pub requests: f64,
    pub persistence: f64,
    pub late_share: f64,
    pub late_by: Span,
    pub label_delay: Span,
}

/// Steps of the past: fine enough that orders of events are those of life.
const STEP: Span = Span::millis(20);

impl Offline {
    /// A past of [`BEFORE`], lived at those rates.
    pub fn lived(truth: &mut Truth, past: &Past) -> Offline {
        let mut offline = Offline { people: vec![History::default(); truth.people()], rows: VecDeque::new(), sweep: 0 };
        for who in 0..truth.people() as u32 {
            offline.learn(who, 0, 0, truth.of(who));
        }
        let mut coming: VecDeque<Row> = VecDeque::new();
        let mut late: Vec<(u64, u64, u32, Values)> = Vec::new();
        let (mut events, mut requests) = (0.0, 0.0);
        let mut now = 0;
        while now < BEFORE.0 {
            now += STEP.0;
            events += past.events * STEP.as_secs();
            requests += past.requests * STEP.as_secs();
            while events >= 1.0 {
                events -= 1.0;
                let (who, values) = truth.event(past.persistence);
                let known = if truth.chance(past.late_share) { now + past.late_by.times(truth.part()).0 } else { now };
                late.push((known, now, who, values));
            }
            while requests >= 1.0 {
                requests -= 1.0;
                let (who, label) = truth.request();
                coming.push_back(Row { who, at: now, label, logged: None });
            }
            while let Some(row) = coming.front().copied().filter(|row| row.at + past.label_delay.0 <= now) {
                coming.pop_front();
                if row.label {
                    late.push((now, now, row.who, truth.complain(row.who)));
                }
                offline.rows.push_back(row);
            }
            late.sort_by_key(|(known, ..)| *known);
            let arrived = late.partition_point(|(known, ..)| *known <= now);
            for (known, event, who, values) in late.drain(..arrived) {
                offline.learn(who, event, known, values);
            }
        }
        offline
    }

    pub fn learn(&mut self, who: u32, event: u64, known: u64, values: Values) {
        if let Some(person) = self.people.get_mut(who as usize) {
            person.learn(event, known, values);
        }
    }

    pub fn record(&mut self, row: Row) {
        self.rows.push_back(row);
    }

    pub fn person(&self, who: u32) -> Option<&History<Values>> {
        self.people.get(who as usize)
    }

    pub fn people(&self) -> usize {
        self.people.len()
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Joins the latest rows with features; tells each pair of moments: the row's, and when its value became known.
    pub fn join(&self, reading: Reading, most: usize, mut told: impl FnMut(u32, u64, u64)) -> Set {
        let from = self.rows.len().saturating_sub(most);
        let mut examples = Vec::with_capacity(self.rows.len() - from);
        let mut cutoff = 0;
        for row in self.rows.range(from..) {
            let Some(found) = self.person(row.who).and_then(|person| person.read(reading, row.at)) else { continue };
            told(row.who, row.at, found.known);
            cutoff = cutoff.max(row.at);
            examples.push(Example { x: found.value, label: row.label, logged: row.logged });
        }
        Set::new(examples, reading, cutoff)
    }

    /// Forgets what is too old, a part of the people at a time.
    pub fn forget(&mut self, now: u64) {
        let floor = now.saturating_sub(KEPT.0);
        while self.rows.front().is_some_and(|row| row.at < floor) {
            self.rows.pop_front();
        }
        for _ in 0..self.people.len().div_ceil(10) {
            self.sweep = (self.sweep + 1) % self.people.len().max(1);
            self.people[self.sweep].forget_before(floor);
        }
    }

    pub fn weight(&self) -> usize {
        self.people.bytes() + self.people.iter().map(History::weight).sum::<usize>() + self.rows.bytes()
    }
}
