//! Pace: how much virtual time passes per second of the wall clock.

use sims::kernel::time::Span;
use std::fmt;
use std::time::Duration;

pub const SPEED_MIN: f64 = 0.01;
pub const SPEED_MAX: f64 = 1000.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// Virtual seconds per second, [`SPEED_MIN`] to [`SPEED_MAX`].
    Times(f64),
    /// As fast as the machine can.
    Flat,
}

impl Pace {
    /// The steps that `+` and `-` take: 1, 2, 5, 10 … and flat out beyond the fastest.
    const STEPS: [f64; 16] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];

    pub fn times(speed: f64) -> Pace {
        Pace::Times(if speed.is_finite() { speed.clamp(SPEED_MIN, SPEED_MAX) } else { 1.0 })
    }

    pub fn faster(self) -> Pace {
        match self {
            Pace::Flat => Pace::Flat,
            Pace::Times(now) => Pace::STEPS.iter().find(|s| **s > now * 1.001).map_or(Pace::Flat, |s| Pace::Times(*s)),
        }
    }

    pub fn slower(self) -> Pace {
        match self {
            Pace::Flat => Pace::Times(SPEED_MAX),
            Pace::Times(now) => Pace::Times(Pace::STEPS.iter().rev().find(|s| **s < now * 0.999).copied().unwrap_or(SPEED_MIN)),
        }
    }

    /// Virtual time owed for `wall`; none means without end.
    pub fn owed(self, wall: Duration) -> Option<Span> {
        match self {
            Pace::Flat => None,
            Pace::Times(speed) => Some(Span::from_secs_f64(wall.as_secs_f64() * speed)),
        }
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::Times(speed) => write!(f, "×{speed}"),
            Pace::Flat => f.write_str("flat out"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faster_and_slower_walk_the_steps_and_stop_at_the_ends() {
        let mut pace = Pace::times(1.0);
        for expected in ["×2", "×5", "×10"] {
            pace = pace.faster();
            assert_eq!(pace.to_string(), expected);
        }
        assert_eq!(Pace::times(1000.0).faster(), Pace::Flat);
        assert_eq!(Pace::Flat.slower(), Pace::Times(1000.0));
        assert_eq!(Pace::times(0.0001).slower(), Pace::Times(0.01));
        assert_eq!(Pace::times(f64::NAN), Pace::Times(1.0));
    }

    #[test]
    fn a_pace_owes_virtual_time_for_wall_time() {
        assert_eq!(Pace::times(10.0).owed(Duration::from_millis(16)), Some(Span::millis(160)));
        assert_eq!(Pace::Flat.owed(Duration::from_millis(16)), None);
    }
}
