//! Values of knobs and of actions' arguments: text read by a declared kind.

use super::time::Span;
use super::units::{self, Quantity};
use std::fmt;

/// What a knob or an argument may hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Switch,
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    Choice(&'static [&'static str]),
    Duration {
        min: Span,
        max: Span,
    },
    /// Bytes.
    Size {
        min: u64,
        max: u64,
    },
    /// A count per span; a bare number is per `per`. Limits are in counts per second.
    Rate {
        min: f64,
        max: f64,
        per: Span,
    },
    /// A signed length of time: `-5s`.
    Shift {
        max: Span,
    },
    /// A node by role and number: `s1`, `store`, or `any`, `leader`, `all` where the design says so.
    Node,
    /// Groups of nodes divided by bars: `s1 s2 | s3`.
    Groups,
}

/// A part of a whole.
pub const SHARE: Kind = number(0.0, 1.0);

pub const fn whole(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

pub const fn number(min: f64, max: f64) -> Kind {
    Kind::Number { min, max }
}

pub const fn time(min: Span, max: Span) -> Kind {
    Kind::Duration { min, max }
}

/// From nothing up to so many a second.
pub const fn per_second(max: f64) -> Kind {
    Kind::Rate { min: 0.0, max, per: Span::secs(1) }
}

/// So much per span, exact: `100/min` is 100 per 60 s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub count: f64,
    pub per: Span,
}

impl Rate {
    pub fn per_second(self) -> f64 {
        self.count / self.per.as_secs()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Switch(bool),
    Integer(i64),
    Number(f64),
    Choice(&'static str),
    Duration(Span),
    Size(u64),
    Rate(Rate),
    /// Nanoseconds, signed.
    Shift(i64),
    Text(String),
}

impl Value {
    /// The value as a number: durations in milliseconds, sizes in bytes, rates per second, switches 0 and 1; none for words.
    pub fn number(&self) -> Option<f64> {
        Some(match self {
            Value::Switch(on) => f64::from(u8::from(*on)),
            Value::Integer(n) => *n as f64,
            Value::Number(x) => *x,
            Value::Duration(span) => span.as_millis(),
            Value::Size(bytes) => *bytes as f64,
            Value::Rate(rate) => rate.per_second(),
            Value::Shift(ns) => *ns as f64 / 1e6,
            Value::Choice(_) | Value::Text(_) => return None,
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Switch(on) => f.write_str(if *on { "on" } else { "off" }),
            Value::Integer(n) => write!(f, "{n}"),
            Value::Number(x) => write!(f, "{x}"),
            Value::Choice(word) => f.write_str(word),
            Value::Duration(span) => write!(f, "{}", span.to_string().replace(' ', "")),
            Value::Size(bytes) => f.write_str(&size(*bytes)),
            Value::Rate(rate) => write!(f, "{}/{}", rate.count, period(rate.per)),
            Value::Shift(ns) => write!(f, "{}{}", if *ns < 0 { "-" } else { "" }, Span(ns.unsigned_abs()).to_string().replace(' ', "")),
            Value::Text(text) => f.write_str(text),
        }
    }
}

fn period(per: Span) -> String {
    match per.0 {
        1_000_000 => "ms".into(),
        1_000_000_000 => "s".into(),
        60_000_000_000 => "min".into(),
        3_600_000_000_000 => "h".into(),
        86_400_000_000_000 => "day".into(),
        _ => per.to_string().replace(' ', ""),
    }
}

fn size(bytes: u64) -> String {
    for (scale, unit) in [(1u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= scale && bytes.is_multiple_of(scale) {
            return format!("{}{unit}", bytes / scale);
        }
    }
    for (scale, unit) in [(1_000_000_000_000u64, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")] {
        if bytes >= scale && bytes.is_multiple_of(scale) {
            return format!("{}{unit}", bytes / scale);
        }
    }
    format!("{bytes}B")
}

impl Kind {
    /// Reads a text by this kind and checks its range.
    ///
    /// # Errors
    /// What is wrong and what is allowed: `` is 0, but must be 1 to 1000 ``, to be read after the name.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let refuse = || format!("is {text}, but must be {self}");
        let value = match self {
            Kind::Switch => Value::Switch(match text {
                "on" | "true" => true,
                "off" | "false" => false,
                _ => return Err(refuse()),
            }),
            Kind::Choice(words) => Value::Choice(words.iter().find(|word| **word == text).ok_or_else(refuse)?),
            Kind::Node | Kind::Groups => {
                if text.is_empty() {
                    return Err(refuse());
                }
                Value::Text(text.to_string())
            }
            Kind::Integer { min, max } => match units::parse(text) {
                Ok(Quantity::Number(x)) if x == libm::trunc(x) && (*min as f64..=*max as f64).contains(&x) => Value::Integer(x as i64),
                _ => return Err(refuse()),
            },
            Kind::Number { min, max } => match units::parse(text) {
                Ok(Quantity::Number(x)) if (*min..=*max).contains(&x) => Value::Number(x),
                _ => return Err(refuse()),
            },
            Kind::Duration { min, max } => match units::duration(text) {
                Ok(span) if (*min..=*max).contains(&span) => Value::Duration(span),
                _ => return Err(refuse()),
            },
            Kind::Size { min, max } => match units::parse(text) {
                Ok(Quantity::Bytes(x) | Quantity::Number(x)) if (*min as f64..=*max as f64).contains(&x) => Value::Size(x as u64),
                _ => return Err(refuse()),
            },
            Kind::Rate { min, max, per } => {
                let rate = match units::parse(text) {
                    Ok(Quantity::Number(count)) => Rate { count, per: *per },
                    Ok(Quantity::Rate { amount, per }) => Rate { count: amount, per },
                    _ => return Err(refuse()),
                };
                if !(*min..=*max).contains(&rate.per_second()) {
                    return Err(refuse());
                }
                Value::Rate(rate)
            }
            Kind::Shift { max } => {
                let (sign, rest) = text.strip_prefix('-').map_or((1, text.strip_prefix('+').unwrap_or(text)), |rest| (-1, rest));
                match units::duration(rest) {
                    Ok(span) if span <= *max => Value::Shift(sign * span.0 as i64),
                    _ => return Err(refuse()),
                }
            }
        };
        Ok(value)
    }

    /// The two ends of the range as texts that `read` accepts; for a choice or a switch every value. House tests try them.
    pub fn limits(&self) -> Vec<String> {
        match self {
            Kind::Switch => vec!["off".into(), "on".into()],
            Kind::Choice(words) => words.iter().map(ToString::to_string).collect(),
            Kind::Integer { min, max } => vec![min.to_string(), max.to_string()],
            Kind::Number { min, max } => vec![min.to_string(), max.to_string()],
            Kind::Duration { min, max } => vec![format!("{}ns", min.0), format!("{}ns", max.0)],
            Kind::Size { min, max } => vec![min.to_string(), max.to_string()],
            Kind::Rate { min, max, .. } => vec![format!("{min}/s"), format!("{max}/s")],
            Kind::Shift { max } => vec![format!("-{}ns", max.0), format!("{}ns", max.0)],
            Kind::Node | Kind::Groups => Vec::new(),
        }
    }
}

/// What is allowed, to be read after "must be".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Switch => f.write_str("on or off"),
            Kind::Choice(words) => f.write_str(&words.join(", ")),
            Kind::Integer { min, max } => write!(f, "{min} to {max}"),
            Kind::Number { min, max } => write!(f, "{min} to {max}"),
            Kind::Duration { min, max } => write!(f, "{min} to {max}, with its unit (250ms, 30s)"),
            Kind::Size { min, max } => write!(f, "{} to {}", size(*min), size(*max)),
            Kind::Rate { min, max, .. } => write!(f, "a rate of {min}/s to {max}/s (100/min)"),
            Kind::Shift { max } => write!(f, "-{max} to {max}, with its unit (-5s)"),
            Kind::Node => f.write_str("a node (s1)"),
            Kind::Groups => f.write_str("groups of nodes divided by | (s1 s2 | s3)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: Result<&str, &str>) {
        match (kind.read(text), expected) {
            (Ok(value), Ok(shown)) => {
                assert_eq!(value.to_string(), shown, "{text}");
                assert_eq!(kind.read(&value.to_string()), Ok(value), "what is shown must be readable: {text}");
            }
            (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
            (got, want) => panic!("{text}: {got:?}, expected {want:?}"),
        }
    }

    #[test]
    fn each_kind_reads_its_own_and_refuses_the_rest() {
        let integer = Kind::Integer { min: 1, max: 1000 };
        check(integer, "7", Ok("7"));
        check(integer, "1K", Ok("1000"));
        check(integer, "0", Err("is 0, but must be 1 to 1000"));
        check(integer, "1.5", Err("1 to 1000"));
        check(Kind::Switch, "true", Ok("on"));
        check(Kind::Switch, "yes", Err("on or off"));
        check(Kind::Choice(&["a", "b"]), "b", Ok("b"));
        check(Kind::Choice(&["a", "b"]), "c", Err("a, b"));
        let duration = Kind::Duration { min: Span::ZERO, max: Span::secs(60) };
        check(duration, "250ms", Ok("250ms"));
        check(duration, "250", Err("with its unit"));
        check(duration, "61s", Err("0 ns to 1 min"));
        let rate = Kind::Rate { min: 0.0, max: 1e6, per: Span::secs(60) };
        check(rate, "100/min", Ok("100/min"));
        check(rate, "50", Ok("50/min"));
        check(rate, "-1/s", Err("a rate"));
        check(Kind::Shift { max: Span::secs(10) }, "-5s", Ok("-5s"));
        check(Kind::Size { min: 0, max: 1 << 30 }, "4KiB", Ok("4KiB"));
        check(Kind::Size { min: 0, max: 1 << 30 }, "10KB", Ok("10KB"));
    }
}
