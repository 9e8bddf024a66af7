//! Parting: where two films that began alike first do something different, found by stepping through both side by side.

use super::film::Film;
use sims::kernel::run::{Happened, Occasion};
use sims::kernel::time::Time;

/// The first event in which two runs differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    pub at: Time,
    /// Its number, counted from the start of the first run.
    pub event: u64,
    /// What happened in each, in words.
    pub first: String,
    pub second: String,
}

/// Two copies that are stepped behind the films they were taken from. What is done to them is no difference, only what follows.
pub struct Search {
    first: Film,
    second: Film,
    found: Option<Parting>,
}

/// Events between two looks at the clock.
const EVENTS_A_SLICE: u64 = 2_000;

impl Search {
    /// From a moment at which both were alike, or from two starts.
    pub fn new(first: Film, second: Film) -> Search {
        Search { first, second, found: None }
    }

    pub fn found(&self) -> Option<&Parting> {
        self.found.as_ref()
    }

    /// Whether it has something to do before `until`.
    pub fn is_behind(&self, until: Time) -> bool {
        self.found.is_none() && (self.first.run().now() < until || self.second.run().now() < until)
    }

    /// Learns what has been done by hand since; false if that was before what was searched already.
    pub fn follow(&mut self, first: &Film, second: &Film) -> bool {
        self.first.follow(first) && self.second.follow(second)
    }

    /// Searches on for a while, to `until` at most.
    pub fn go_on(&mut self, until: Time) {
        for _ in 0..EVENTS_A_SLICE {
            if self.found.is_some() {
                return;
            }
            let (one, other) = (next(&mut self.first, until), next(&mut self.second, until));
            if one == other {
                if one.is_none() {
                    self.first.play(until);
                    self.second.play(until);
                    return;
                }
                continue;
            }
            let at = [&one, &other].into_iter().flatten().map(|happened| happened.at).min().unwrap_or(until);
            self.found = Some(Parting { at, event: self.first.run().events(), first: words(&self.first, one), second: words(&self.second, other) });
        }
    }
}

/// The next event at or before `until`.
fn next(film: &mut Film, until: Time) -> Option<Happened> {
    while film.next_at().is_some_and(|at| at <= until) {
        let happened = film.step_told()?;
        if happened.what != Occasion::Step {
            return Some(happened);
        }
    }
    None
}

fn words(film: &Film, happened: Option<Happened>) -> String {
    happened.map_or_else(|| "nothing".into(), |happened| format!("{} at {}", film.run().tell(happened.what), happened.at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;

    #[test]
    fn the_first_different_event_is_found_and_not_the_action_that_made_it() {
        let mut film = Film::start(toy::spec()).unwrap();
        film.play(Time::from_secs(2));
        let (mut one, mut other) = (film.fork(), film.fork());
        let mut search = Search::new(one.fork(), other.fork());
        let slower = toy::DESIGN.read_action("set", &[("service".into(), "9ms".into())]).unwrap();
        one.play(Time(2_500_000_000));
        other.play(Time(2_500_000_000));
        other.act(&slower).unwrap();
        assert!(search.follow(&one, &other));
        one.play(Time::from_secs(4));
        other.play(Time::from_secs(4));
        while search.is_behind(Time::from_secs(4)) {
            search.go_on(Time::from_secs(4));
        }
        let parting = search.found().unwrap();
        assert!(parting.at > Time(2_500_000_000) && parting.at < Time(2_600_000_000), "{parting:?}");
        let mut alike = Search::new(film.fork(), film.fork());
        while alike.is_behind(Time::from_secs(4)) {
            alike.go_on(Time::from_secs(4));
        }
        assert_eq!(alike.found(), None);
    }
}
