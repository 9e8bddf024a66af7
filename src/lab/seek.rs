//! A seek: the way to another moment, in bits, so that a long one shows its progress and can be given up.

use super::branch::{Branches, Hit};
use super::checkpoints::Moment;
use super::wall::Stopwatch;
use sims::kernel::time::{Span, Time};
use std::time::Duration;

/// How far a seek has come, for the screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    pub to: Moment,
    /// 0 to 1.
    pub share: f64,
}

pub struct Seek {
    to: Moment,
    /// Forward together, stopping where a breakpoint says so; then there are no legs. Begun at this time.
    stride: Option<Time>,
    /// Which branches still have to get there; by its events only the chosen one can, the others follow its clock.
    legs: Vec<Leg>,
    /// The chosen one goes by itself first.
    align: bool,
    slice: Span,
}

/// How it stands with a seek.
pub enum Way {
    Still,
    There,
    Hit(Hit),
}

struct Leg {
    branch: usize,
    to: Moment,
    /// A little before the goal, where a copy is kept: going back once more is then quick.
    near: Option<Moment>,
    begun: Moment,
}

/// Shorter ways need no copy near their end.
const NEAR_EVENTS: u64 = 50_000;
const NEAR_PART: u64 = 16;

impl Seek {
    /// Every branch to one time.
    pub fn to_time(branches: &mut Branches, to: Time) -> Seek {
        let all: Vec<usize> = (0..branches.all().len()).collect();
        let legs = all.into_iter().map(|at| Leg::begin(branches, at, Moment::At(to))).collect();
        Seek { to: Moment::At(to), stride: None, legs, align: false, slice: Span::millis(10) }
    }

    /// On to a later time, unless a breakpoint is hit before.
    pub fn stride(branches: &Branches, to: Time) -> Seek {
        Seek { to: Moment::At(to), stride: Some(branches.now()), legs: Vec::new(), align: false, slice: Span::millis(10) }
    }

    /// The chosen branch to where it has handled so many events, the others to the same time.
    pub fn to_events(branches: &mut Branches, events: u64) -> Seek {
        let to = Moment::Events(events);
        let chosen = branches.chosen();
        Seek { to, stride: None, legs: vec![Leg::begin(branches, chosen, to)], align: true, slice: Span::millis(10) }
    }

    /// Where it leads.
    pub fn goal(&self) -> Moment {
        self.to
    }

    pub fn is_stride(&self) -> bool {
        self.stride.is_some()
    }

    /// Goes on until `budget` is spent or it is over.
    pub fn go_on(&mut self, branches: &mut Branches, end_at_length: bool, budget: Duration) -> Way {
        if let (Some(_), Moment::At(to)) = (self.stride, self.to) {
            return self.stride_on(branches, to, end_at_length, budget);
        }
        self.wind_on(branches, budget);
        if self.legs.is_empty() { Way::There } else { Way::Still }
    }

    fn stride_on(&mut self, branches: &mut Branches, to: Time, end_at_length: bool, budget: Duration) -> Way {
        let spent = Stopwatch::start();
        loop {
            let watch = Stopwatch::start();
            if let Some(hit) = branches.play((branches.now() + self.slice).min(to), true, end_at_length) {
                return Way::Hit(hit);
            }
            if branches.now() >= to || branches.ended() {
                return Way::There;
            }
            self.slice = adapted(self.slice, watch.elapsed(), budget / 2);
            if spent.elapsed() >= budget {
                return Way::Still;
            }
        }
    }

    fn wind_on(&mut self, branches: &mut Branches, budget: Duration) {
        let spent = Stopwatch::start();
        while let Some(leg) = self.legs.last_mut() {
            let watch = Stopwatch::start();
            if leg.go_on(branches, self.slice) {
                self.legs.pop();
                if self.legs.is_empty() && std::mem::take(&mut self.align) {
                    let (now, chosen) = (branches.now(), branches.chosen());
                    let others: Vec<usize> = (0..branches.all().len()).filter(|at| *at != chosen).collect();
                    self.legs = others.into_iter().map(|at| Leg::begin(branches, at, Moment::At(now))).collect();
                }
            }
            self.slice = adapted(self.slice, watch.elapsed(), budget / 2);
            if spent.elapsed() >= budget {
                break;
            }
        }
    }

    pub fn progress(&self, branches: &Branches) -> Progress {
        if let (Some(from), Moment::At(to)) = (self.stride, self.to) {
            let share = branches.now().since(from).as_secs() / to.since(from).as_secs().max(1e-9);
            return Progress { to: self.to, share: share.clamp(0.0, 1.0) };
        }
        let parts: f64 = self.legs.iter().map(|leg| leg.share(branches)).sum();
        let legs = branches.all().len().max(1) as f64;
        Progress { to: self.to, share: (1.0 - (self.legs.len() as f64 - parts) / legs).clamp(0.0, 1.0) }
    }
}

impl Leg {
    fn begin(branches: &mut Branches, at: usize, to: Moment) -> Leg {
        let film = &mut branches.all_mut()[at].film;
        film.wind(to);
        let (now, events) = (film.run().now(), film.run().events());
        let (begun, near) = match to {
            Moment::At(time) => (Moment::At(now), Moment::At(Time(time.0 - time.since(now).0 / NEAR_PART))),
            Moment::Events(goal) => (Moment::Events(events), Moment::Events(goal - goal.saturating_sub(events).min(goal) / NEAR_PART)),
        };
        let known = film.reached();
        let back = matches!(to, Moment::At(time) if time < known) || matches!(to, Moment::Events(_));
        Leg { branch: at, to, near: back.then_some(near), begun }
    }

    fn go_on(&mut self, branches: &mut Branches, slice: Span) -> bool {
        let Some(branch) = branches.all_mut().get_mut(self.branch) else { return true };
        let Some(near) = self.near else { return branch.film.wind_on(self.to, slice) };
        if branch.film.wind_on(near, slice) {
            self.near = None;
            let begun = match self.begun {
                Moment::Events(events) => events,
                Moment::At(_) => 0,
            };
            if branch.film.run().events().saturating_sub(begun) > NEAR_EVENTS {
                branch.film.keep_near();
            }
        }
        false
    }

    fn share(&self, branches: &Branches) -> f64 {
        let Some(branch) = branches.all().get(self.branch) else { return 1.0 };
        let part = |from: u64, now: u64, to: u64| if to > from { now.saturating_sub(from) as f64 / (to - from) as f64 } else { 1.0 };
        match (self.begun, self.to) {
            (Moment::At(from), Moment::At(to)) => part(from.0, branch.film.run().now().0, to.0),
            (Moment::Events(from), Moment::Events(to)) => part(from, branch.film.run().events(), to),
            _ => 0.0,
        }
    }
}

/// A slice of virtual time that takes about `wanted` of the wall's.
pub fn adapted(slice: Span, took: Duration, wanted: Duration) -> Span {
    if took > wanted {
        Span((slice.0 / 2).max(1_000))
    } else if took * 4 < wanted {
        Span((slice.0 * 2).min(10_000_000_000))
    } else {
        slice
    }
}
