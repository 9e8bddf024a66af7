//! Virtual time: instants and spans, in whole nanoseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

/// An instant: nanoseconds since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

pub const SECOND: Span = Span::secs(1);
pub const MINUTE: Span = Span::secs(60);
pub const HOUR: Span = Span::secs(3600);

impl Time {
    pub const ZERO: Time = Time(0);
    pub const MAX: Time = Time(u64::MAX);

    pub const fn from_secs(s: u64) -> Time {
        Time(s * 1_000_000_000)
    }

    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    pub fn as_millis(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The span from `earlier` to here; zero if `earlier` is later.
    pub fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// This instant moved by a signed number of nanoseconds, never before zero.
    pub fn shifted(self, ns: i64) -> Time {
        Time(self.0.saturating_add_signed(ns))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);
    pub const MAX: Span = Span(u64::MAX);

    pub const fn nanos(n: u64) -> Span {
        Span(n)
    }

    pub const fn micros(n: u64) -> Span {
        Span(n * 1_000)
    }

    pub const fn millis(n: u64) -> Span {
        Span(n * 1_000_000)
    }

    pub const fn secs(n: u64) -> Span {
        Span(n * 1_000_000_000)
    }

    /// Rounded once, to the nearest nanosecond; negative and NaN become zero.
    pub fn from_secs_f64(s: f64) -> Span {
        Span((s * 1e9 + 0.5) as u64)
    }

    pub fn as_secs(self) -> f64 {
        self.0 as f64 / 1e9
    }

    pub fn as_millis(self) -> f64 {
        self.0 as f64 / 1e6
    }

    pub fn times(self, factor: f64) -> Span {
        Span((self.0 as f64 * factor + 0.5) as u64)
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, n: u64) -> Span {
        Span(self.0.saturating_mul(n))
    }
}

/// Seconds with milliseconds, as the log and the screens show an instant: `12.480 s`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1_000_000_000, self.0 / 1_000_000 % 1_000)
    }
}

/// The largest unit that leaves a readable number: `250 ms`, `1.5 s`, `12 µs`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scale, unit) = match self.0 {
            n if n >= 3_600_000_000_000 && n % 3_600_000_000_000 == 0 => (3.6e12, "h"),
            n if n >= 60_000_000_000 && n % 60_000_000_000 == 0 => (6e10, "min"),
            n if n >= 1_000_000_000 => (1e9, "s"),
            n if n >= 1_000_000 => (1e6, "ms"),
            n if n >= 1_000 => (1e3, "µs"),
            _ => (1.0, "ns"),
        };
        let text = format!("{:.3}", self.0 as f64 / scale);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        write!(f, "{text} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_write_them() {
        for (ns, says) in
            [(0, "0 ns"), (1_500, "1.5 µs"), (250_000_000, "250 ms"), (1_500_000_000, "1.5 s"), (120_000_000_000, "2 min"), (86_400_000_000_000, "24 h")]
        {
            assert_eq!(Span(ns).to_string(), says);
        }
        assert_eq!(Time(12_480_000_000).to_string(), "12.480 s");
    }

    #[test]
    fn arithmetic_stops_at_the_ends() {
        assert_eq!(Time(5) - Span(9), Time::ZERO);
        assert_eq!(Time::MAX + Span(1), Time::MAX);
        assert_eq!(Span::from_secs_f64(-1.0), Span::ZERO);
        assert_eq!(Time(3).since(Time(9)), Span::ZERO);
    }
}
