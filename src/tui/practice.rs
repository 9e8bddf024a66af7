//! Minutes of practice: the time between inputs on screens that say they are practice; what is idle is left out.

use crate::store::Practice;
use chrono::{DateTime, Utc};
use std::time::{Duration, Instant};

/// A longer silence than this is no practice, even before a running lab.
const IDLE: Duration = Duration::from_secs(120);

/// What is being practised: the kind, and the problem, design or deck.
pub type What = (Practice, String);

/// Counts while the user is at it.
#[derive(Debug, Default)]
pub struct Counter {
    now: Option<Running>,
}

#[derive(Debug)]
struct Running {
    what: What,
    began_at: DateTime<Utc>,
    spent: Duration,
    last: Instant,
}

/// A stint that is over.
#[derive(Debug, PartialEq)]
pub struct Over {
    pub what: What,
    pub began_at: DateTime<Utc>,
    pub spent: Duration,
}

impl Counter {
    /// An input came, and this is what is on the screen after it. Gives what is over now.
    pub fn input(&mut self, what: Option<What>, now: Instant, clock: DateTime<Utc>) -> Option<Over> {
        if let Some(running) = &mut self.now {
            running.spent += now.saturating_duration_since(running.last).min(IDLE);
            running.last = now;
            if what.as_ref() == Some(&running.what) {
                return None;
            }
        }
        let over = self.end();
        self.now = what.map(|what| Running { what, began_at: clock, spent: Duration::ZERO, last: now });
        over
    }

    /// The app saves or leaves: what there is so far.
    pub fn end(&mut self) -> Option<Over> {
        self.now.take().map(|Running { what, began_at, spent, .. }| Over { what, began_at, spent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_is_left_out_and_a_change_of_subject_ends_a_stint() {
        let (mut counter, start, clock) = (Counter::default(), Instant::now(), "2026-11-22T10:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let after = |seconds| start + Duration::from_secs(seconds);
        let lab = || Some((Practice::Lab, "cache".to_owned()));
        assert_eq!(counter.input(None, start, clock), None);
        assert_eq!(counter.input(lab(), after(10), clock), None);
        assert_eq!(counter.input(lab(), after(40), clock), None);
        assert_eq!(counter.input(lab(), after(4000), clock), None, "an hour away from the keys");
        let over = counter.input(None, after(4005), clock).unwrap();
        assert_eq!((over.what, over.spent), ((Practice::Lab, "cache".to_owned()), Duration::from_secs(30 + 120 + 5)));
        assert_eq!(counter.end(), None);
    }
}
