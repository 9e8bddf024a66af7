//! Turning a knob one step by hand: the next value of its kind, as a text.

use sims::kernel::value::{Kind, Value};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Up,
    Down,
}

/// The next value: choices go round, numbers walk 1, 2, 5, 10 … between their limits. None at the end, or for words.
pub fn next(kind: &Kind, value: &Value, way: Way) -> Option<String> {
    let text = match (kind, value) {
        (Kind::Switch, Value::Switch(on)) => if *on { "off" } else { "on" }.to_string(),
        (Kind::Choice(words), Value::Choice(word)) => round(words, word, way).to_string(),
        (Kind::Integer { min, max }, Value::Integer(n)) => {
            let next = walk(*n as f64, 1.0, way).clamp(*min as f64, *max as f64) as i64;
            next.to_string()
        }
        (Kind::Number { min, max }, Value::Number(x)) => number(*x, *min, *max, way).to_string(),
        (Kind::Duration { min, max }, Value::Duration(span)) => {
            let next = walk(span.0 as f64, 1_000.0, way).clamp(min.0 as f64, max.0 as f64) as u64;
            format!("{next}ns")
        }
        (Kind::Size { min, max }, Value::Size(bytes)) => match way {
            Way::Up => bytes.saturating_mul(2).max(1),
            Way::Down => bytes / 2,
        }
        .clamp(*min, *max)
        .to_string(),
        (Kind::Rate { min, max, .. }, Value::Rate(rate)) => {
            let scale = rate.per.as_secs();
            let next = walk(rate.count, 1.0, way).clamp(min * scale, max * scale);
            let shown = value.to_string();
            format!("{next}/{}", shown.split_once('/')?.1)
        }
        (Kind::Shift { max }, Value::Shift(ns)) => {
            let step = if way == Way::Up { 100_000_000 } else { -100_000_000 };
            let limit = i64::try_from(max.0).unwrap_or(i64::MAX);
            format!("{}ns", ns.saturating_add(step).clamp(-limit, limit))
        }
        _ => return None,
    };
    // At its limit nothing moves.
    let read = kind.read(&text).ok()?;
    (read != *value).then_some(text)
}

fn round<'a>(words: &[&'a str], word: &str, way: Way) -> &'a str {
    let at = words.iter().position(|w| *w == word).unwrap_or(0);
    let next = match way {
        Way::Up => at + 1,
        Way::Down => at + words.len() - 1,
    };
    words[next % words.len()]
}

/// A number of a narrow range (a share) moves by a twentieth of it; others walk.
fn number(x: f64, min: f64, max: f64, way: Way) -> f64 {
    if min < 0.0 || max <= 2.0 {
        let step = (max - min) / 20.0;
        let place = ((x - min) / step).round() + if way == Way::Up { 1.0 } else { -1.0 };
        // Through six decimals, or 0.30000000000000004 is what a user sees.
        let next = (min + place * step).clamp(min, max);
        return (next * 1e6).round() / 1e6;
    }
    walk(x, 0.1, way).clamp(min, max)
}

/// The next of 1, 2, 5 times a power of ten; below `least` it is zero.
fn walk(x: f64, least: f64, way: Way) -> f64 {
    const STEPS: [f64; 3] = [1.0, 2.0, 5.0];
    if x < least && way == Way::Up {
        return least;
    }
    let mut power = least;
    let mut below = 0.0;
    loop {
        for step in STEPS {
            let next = power * step;
            match way {
                Way::Up if next > x * 1.000_001 => return next,
                Way::Down if next >= x * 0.999_999 => return below,
                _ => below = next,
            }
        }
        power *= 10.0;
        if !power.is_finite() {
            return x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sims::kernel::time::Span;

    fn check(kind: Kind, from: &str, way: Way, expected: Option<&str>) {
        let value = kind.read(from).unwrap();
        let turned = next(&kind, &value, way).map(|text| kind.read(&text).unwrap().to_string());
        assert_eq!(turned.as_deref(), expected, "{from} {way:?}");
    }

    #[test]
    fn knobs_turn_by_steps_a_person_expects() {
        use Way::{Down, Up};
        check(Kind::Switch, "on", Up, Some("off"));
        check(Kind::Choice(&["a", "b", "c"]), "c", Up, Some("a"));
        check(Kind::Choice(&["a", "b", "c"]), "a", Down, Some("c"));
        let integer = Kind::Integer { min: 1, max: 1000 };
        for (from, way, to) in
            [("1", Up, Some("2")), ("2", Up, Some("5")), ("7", Up, Some("10")), ("7", Down, Some("5")), ("1", Down, None), ("1000", Up, None)]
        {
            check(integer, from, way, to);
        }
        check(Kind::Integer { min: 0, max: 9 }, "1", Down, Some("0"));
        let span = Kind::Duration { min: Span::ZERO, max: Span::secs(10) };
        check(span, "1ms", Up, Some("2ms"));
        check(span, "0", Up, Some("1µs"));
        check(span, "1µs", Down, Some("0ns"));
        check(span, "10s", Up, None);
        check(Kind::Rate { min: 0.0, max: 1e4, per: Span::secs(60) }, "100/min", Up, Some("200/min"));
        check(Kind::Number { min: 0.0, max: 1.0 }, "0.25", Up, Some("0.3"));
        check(Kind::Size { min: 1, max: 1 << 20 }, "4KiB", Down, Some("2KiB"));
        check(Kind::Node, "s1", Up, None);
    }
}
