//! Target tracking: how many places a load wants, and when their number may go down again.
//!
//! What is wanted follows Little's law: arrivals a second times seconds each, half of what waits already, and headroom on top, rounded
//! up. Going up is done at once. Going down waits: only below a band, never below what was wanted within the stabilisation window
//! (as the Kubernetes horizontal autoscaler does), and not again before a cooldown is over.

use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::VecDeque;

/// What a load looks like now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    pub per_second: f64,
    pub seconds_each: f64,
    pub waiting: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Share put on top of rate times duration: 0.2.
    pub headroom: f64,
    /// Goes down only if less than this share of the target is wanted: 0.7.
    pub band: f64,
    /// Never below what was wanted within this span.
    pub stabilise: Span,
    /// From one lowering to the next.
    pub cooldown: Span,
    /// Half a place is one, or none.
    pub round_up: bool,
}

impl Policy {
    /// Places for this demand.
    pub fn wanted(&self, demand: Demand) -> u32 {
        let places = demand.per_second * demand.seconds_each * (1.0 + self.headroom) + demand.waiting / 2.0;
        // What is whole but for the last bits is whole.
        let nudged = if self.round_up { libm::ceil(places - 1e-9) } else { libm::floor(places + 1e-9) };
        nudged.clamp(0.0, f64::from(u32::MAX)) as u32
    }
}

/// What a decision did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Up,
    Down,
    Stay,
}

/// One target and what was wanted lately.
#[derive(Clone, Debug, Default)]
pub struct Scaler {
    target: u32,
    /// Maxima of the window: times ascending, wants descending, so the first is the greatest.
    lately: VecDeque<(Time, u32)>,
    lowered: Option<Time>,
}

impl Scaler {
    pub fn target(&self) -> u32 {
        self.target
    }

    /// Takes in what is wanted now. Called at times that never go back.
    pub fn decide(&mut self, now: Time, wanted: u32, policy: &Policy) -> Move {
        while self.lately.back().is_some_and(|(_, before)| *before <= wanted) {
            self.lately.pop_back();
        }
        self.lately.push_back((now, wanted));
        while self.lately.front().is_some_and(|(at, _)| *at < now && now.since(*at) >= policy.stabilise) {
            self.lately.pop_front();
        }
        let floor = self.lately.front().map_or(wanted, |(_, most)| *most);
        if wanted > self.target {
            self.target = wanted;
            return Move::Up;
        }
        let cooled = self.lowered.is_none_or(|at| now.since(at) >= policy.cooldown);
        if f64::from(wanted) < policy.band * f64::from(self.target) && floor < self.target && cooled {
            self.target = floor;
            self.lowered = Some(now);
            return Move::Down;
        }
        Move::Stay
    }

    /// Bytes it holds beyond its own size.
    pub fn weight(&self) -> usize {
        self.lately.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const POLICY: Policy = Policy { headroom: 0.2, band: 0.7, stabilise: Span::secs(10), cooldown: Span::secs(5), round_up: true };
    const NAIVE: Policy = Policy { stabilise: Span::ZERO, cooldown: Span::ZERO, ..POLICY };

    fn demand(per_second: f64, seconds_each: f64, waiting: f64) -> Demand {
        Demand { per_second, seconds_each, waiting }
    }

    #[test]
    fn what_is_wanted_follows_littles_law() {
        for (of, up, down) in [
            (demand(100.0, 0.2, 0.0), 24, 24),
            (demand(100.0, 0.2, 10.0), 29, 29),
            // Half a call at a time needs one place, and rounded down gets none.
            (demand(5.0, 0.1, 0.0), 1, 0),
            (demand(0.0, 0.1, 0.0), 0, 0),
            // 50 x 0.1 x 1.2 is 6 but for the last bit.
            (demand(50.0, 0.1, 0.0), 6, 6),
        ] {
            assert_eq!((POLICY.wanted(of), Policy { round_up: false, ..POLICY }.wanted(of)), (up, down), "{of:?}");
        }
    }

    #[test]
    fn a_load_that_comes_and_goes_makes_the_naive_one_flap() {
        let downs = |policy: &Policy| {
            let mut scaler = Scaler::default();
            (0..60u64).filter(|second| scaler.decide(Time::from_secs(*second), if second % 6 < 3 { 20 } else { 2 }, policy) == Move::Down).count()
        };
        assert_eq!((downs(&NAIVE), downs(&POLICY)), (10, 0));
    }

    #[test]
    fn within_the_band_nothing_moves() {
        let mut scaler = Scaler::default();
        scaler.decide(Time::ZERO, 10, &NAIVE);
        assert_eq!((scaler.decide(Time::from_secs(1), 7, &NAIVE), scaler.target()), (Move::Stay, 10));
        assert_eq!((scaler.decide(Time::from_secs(2), 6, &NAIVE), scaler.target()), (Move::Down, 6));
    }

    proptest! {
        /// Against a model that keeps all it was ever told.
        #[test]
        fn decides_as_the_naive_model(
            wants in prop::collection::vec((0u32..40, 0u64..4), 1..150),
            stabilise in 0u64..20,
            cooldown in 0u64..10,
        ) {
            let policy = Policy { stabilise: Span::secs(stabilise), cooldown: Span::secs(cooldown), ..POLICY };
            let (mut scaler, mut now, mut all) = (Scaler::default(), 0u64, Vec::<(u64, u32)>::new());
            let (mut target, mut lowered) = (0u32, None::<u64>);
            for (wanted, pause) in wants {
                now += pause;
                all.push((now, wanted));
                let floor = all.iter().filter(|(at, _)| *at == now || now - at < stabilise).map(|(_, w)| *w).max().unwrap_or(wanted);
                let cooled = lowered.is_none_or(|at| now - at >= cooldown);
                if wanted > target {
                    target = wanted;
                } else if f64::from(wanted) < 0.7 * f64::from(target) && floor < target && cooled {
                    target = floor;
                    lowered = Some(now);
                }
                scaler.decide(Time::from_secs(now), wanted, &policy);
                prop_assert_eq!(scaler.target(), target);
                prop_assert!(scaler.target() >= wanted, "never below what is wanted now");
            }
        }
    }
}
