//! Time per phase: the median of what it took, against the plan.

use std::collections::BTreeMap;

use crate::store::{Entry, State};

/// One phase over all interviews that reached it.
#[derive(Clone, Debug, PartialEq)]
pub struct PhaseTime {
    pub id: String,
    pub name: String,
    pub interviews: usize,
    pub median_ms: u64,
    /// The median of what it was given.
    pub plan_ms: u64,
}

impl PhaseTime {
    /// Taken over given; `None` where nothing was given.
    pub fn share(&self) -> Option<f64> {
        (self.plan_ms > 0).then(|| self.median_ms as f64 / self.plan_ms as f64)
    }
}

/// In the order in which they come in interviews. Only finished interviews count, and only phases that were begun.
pub fn phase_times<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<PhaseTime> {
    struct Seen<'a> {
        place: usize,
        name: &'a str,
        spent: Vec<u64>,
        plan: Vec<u64>,
    }
    let mut found: BTreeMap<&str, Seen<'a>> = BTreeMap::new();
    for entry in entries.into_iter().filter(|entry| entry.attempt.state == State::Finished) {
        for (place, phase) in entry.phases.iter().enumerate().filter(|(_, phase)| phase.begun) {
            let seen = found.entry(&phase.id).or_insert_with(|| Seen { place, name: &phase.name, spent: Vec::new(), plan: Vec::new() });
            seen.place = seen.place.min(place);
            seen.spent.push(phase.spent_ms);
            seen.plan.push(phase.plan_ms);
        }
    }
    let mut all: Vec<_> = found.into_iter().collect();
    all.sort_by_key(|(id, seen)| (seen.place, *id));
    let time = |(id, seen): (&str, Seen<'_>)| PhaseTime {
        id: id.to_owned(),
        name: seen.name.to_owned(),
        interviews: seen.spent.len(),
        median_ms: median(seen.spent),
        plan_ms: median(seen.plan),
    };
    all.into_iter().map(time).collect()
}

/// The middle one; of an even number the mean of the two in the middle.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.len() {
        0 => 0,
        n if n % 2 == 1 => values[middle],
        _ => u64::midpoint(values[middle - 1], values[middle]),
    }
}
