//! Load: when the next request arrives, whatever became of the last one.

use super::math;
use super::rng::Rng;
use super::time::{Span, Time};

/// A pattern of open arrivals around a mean rate. Open, so that a slow system does not hide its own delay (coordinated omission).
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Evenly spaced.
    Steady,
    /// Memoryless.
    Poisson,
    /// For `on` at a rate raised so that the mean holds, then silent for `off`; memoryless while on.
    Bursty { on: Span, off: Span },
    /// The rate swings around its mean by `swing` (0 to 1) once per `period`, least at the start; memoryless.
    Diurnal { period: Span, swing: f64 },
    /// Gaps of a recorded trace, over and over, whatever the rate.
    Trace(Vec<Span>),
}

/// When to ask again where the rate is nothing.
const IDLE: Span = Span::millis(100);

/// Where a stream of arrivals stands.
#[derive(Clone, Debug)]
pub struct Stream {
    pattern: Arrivals,
    rng: Rng,
    /// Place in a trace.
    next: usize,
    /// How much of its first gap a steady stream has behind it.
    ahead: f64,
}

/// What comes next in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// An arrival after that span.
    Arrival(Span),
    /// Nothing within that span; ask again then. The rate may have changed.
    Nothing(Span),
}

impl Stream {
    pub fn new(pattern: Arrivals, rng: Rng) -> Stream {
        Stream { pattern, rng, next: 0, ahead: 0.0 }
    }

    /// One of many: steady ones take turns, or they would all come in one instant.
    pub fn in_turn(mut self, turn: usize, of: usize) -> Stream {
        self.ahead = (turn % of.max(1)) as f64 / of.max(1) as f64;
        self
    }

    pub fn set(&mut self, pattern: Arrivals) {
        if self.pattern != pattern {
            self.pattern = pattern;
            self.next = 0;
        }
    }

    /// The gap to the next arrival at a mean of `per_second`, asked at `now`.
    pub fn gap(&mut self, per_second: f64, now: Time) -> Gap {
        // Draw first: a pause in the load must not shift what comes after it.
        let unit = self.rng.exponential();
        if per_second <= 0.0 {
            return Gap::Nothing(IDLE);
        }
        match &self.pattern {
            Arrivals::Steady => at_rate(1.0 - std::mem::take(&mut self.ahead), per_second),
            Arrivals::Poisson => at_rate(unit, per_second),
            Arrivals::Bursty { on, off } => {
                let cycle = (on.0 + off.0).max(1);
                let place = now.0 % cycle;
                if place >= on.0 {
                    return Gap::Nothing(Span(cycle - place));
                }
                match at_rate(unit, per_second * cycle as f64 / on.0.max(1) as f64) {
                    Gap::Arrival(gap) if place + gap.0 < on.0 => Gap::Arrival(gap),
                    // Memoryless: what would fall into the silence is drawn anew after it.
                    _ => Gap::Nothing(Span(cycle - place)),
                }
            }
            Arrivals::Diurnal { period, swing } => {
                let turn = now.0 as f64 / period.0.max(1) as f64;
                at_rate(unit, per_second * (1.0 - swing.clamp(0.0, 1.0) * math::cos(turn * std::f64::consts::TAU)))
            }
            Arrivals::Trace(gaps) => {
                let gap = gaps.get(self.next % gaps.len().max(1)).copied();
                self.next += 1;
                gap.map_or(Gap::Nothing(IDLE), Gap::Arrival)
            }
        }
    }
}

/// `unit` mean gaps at that rate. A very long gap is cut: the memoryless may be asked again at any time.
fn at_rate(unit: f64, per_second: f64) -> Gap {
    if per_second <= 0.0 {
        return Gap::Nothing(IDLE);
    }
    Gap::Arrival(Span::from_secs_f64((unit / per_second).min(1e9)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(pattern: Arrivals, per_second: f64, seconds: u64) -> Vec<Time> {
        let mut stream = Stream::new(pattern, Rng::stream(1, "load"));
        let (mut now, mut seen) = (Time::ZERO, Vec::new());
        while now < Time::from_secs(seconds) {
            match stream.gap(per_second, now) {
                Gap::Arrival(gap) => {
                    now += gap;
                    seen.push(now);
                }
                Gap::Nothing(gap) => now += gap,
            }
        }
        seen
    }

    #[test]
    fn every_pattern_keeps_its_mean() {
        let patterns = [
            Arrivals::Steady,
            Arrivals::Poisson,
            Arrivals::Bursty { on: Span::millis(200), off: Span::millis(800) },
            Arrivals::Diurnal { period: Span::secs(10), swing: 0.8 },
            Arrivals::Trace(vec![Span::millis(5), Span::millis(15)]),
        ];
        for pattern in patterns {
            let seen = arrivals(pattern.clone(), 100.0, 100).len() as f64;
            assert!((seen / 10_000.0 - 1.0).abs() < 0.05, "{pattern:?}: {seen}");
        }
    }

    #[test]
    fn steady_streams_take_turns() {
        let first = |turn| Stream::new(Arrivals::Steady, Rng::stream(1, "load")).in_turn(turn, 4).gap(1.0, Time::ZERO);
        assert_eq!([0, 1, 2, 3].map(first), [1000, 750, 500, 250].map(|ms| Gap::Arrival(Span::millis(ms))));
        let mut stream = Stream::new(Arrivals::Steady, Rng::stream(1, "load")).in_turn(3, 4);
        assert_eq!([0; 3].map(|_| stream.gap(1.0, Time::ZERO)), [250, 1000, 1000].map(|ms| Gap::Arrival(Span::millis(ms))));
    }

    #[test]
    fn bursts_are_silent_in_between_and_no_rate_is_no_arrival() {
        let seen = arrivals(Arrivals::Bursty { on: Span::millis(200), off: Span::millis(800) }, 100.0, 10);
        assert!(seen.iter().all(|t| t.0 % 1_000_000_000 < 200_000_000));
        assert!(arrivals(Arrivals::Poisson, 0.0, 10).is_empty());
    }
}
