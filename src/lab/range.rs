//! A range of a knob's values as it is written: `1..10`, `1..10:3`, `1ms..1s:x10`, `fifo,lru`, `all`.

use super::plan;
use sims::kernel::knob::Knob;
use sims::kernel::time::Span;
use sims::kernel::value::{Kind, Rate, Value};

/// More values than this are a slip of the pen.
pub const VALUES_MAX: usize = 1_000;
/// What a range without a step is divided into, at most.
const POINTS: u32 = 10;

/// The values of `text`, each as the knob itself would be written, in the order given.
///
/// # Errors
/// What is wrong and what is allowed.
pub fn values(knob: &Knob, text: &str) -> Result<Vec<String>, String> {
    let text = text.trim();
    let found = match text.split_once("..") {
        None if text == "all" => all(knob)?,
        None => text.split(',').map(|one| read(knob, one)).collect::<Result<Vec<_>, _>>()?,
        Some((from, rest)) => {
            let (to, step) = rest.split_once(':').map_or((rest, None), |(to, step)| (to, Some(step)));
            between(knob, &read(knob, from)?, &read(knob, to)?, step)?
        }
    };
    let mut texts: Vec<String> = Vec::new();
    for value in found {
        let text = plan::exact(&value);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.len() > VALUES_MAX { Err(format!("knob `{}`: {} values, but at most {VALUES_MAX}", knob.name, texts.len())) } else { Ok(texts) }
}

/// A range around a knob's present value, to start from: everything for words, else from a quarter to four times within its limits.
pub fn offer(knob: &Knob, now: &Value) -> String {
    if matches!(knob.kind, Kind::Switch | Kind::Choice(_)) {
        return "all".into();
    }
    let limits: Vec<Value> = knob.kind.limits().iter().filter_map(|limit| knob.kind.read(limit).ok()).collect();
    let [Some(low), Some(high)] = [limits.first().and_then(raw), limits.last().and_then(raw)] else { return String::new() };
    let Some(x) = raw(now) else { return String::new() };
    // Rates count in their own period, their limits in seconds.
    let (low, high) = match now {
        Value::Rate(rate) => (low * rate.per.as_secs(), high * rate.per.as_secs()),
        _ => (low, high),
    };
    let text = |x: f64| plan::exact(&made(now, x.clamp(low, high)));
    if x > 0.0 {
        format!("{}..{}:x2", text(rounded(x / 4.0).max(if matches!(now, Value::Integer(_)) { 1.0 } else { 0.0 })), text(x * 4.0))
    } else {
        format!("{}..{}", text(low), text(high))
    }
}

fn read(knob: &Knob, text: &str) -> Result<Value, String> {
    knob.kind.read(text).map_err(|why| format!("knob `{}` {why}", knob.name))
}

fn all(knob: &Knob) -> Result<Vec<Value>, String> {
    match knob.kind {
        Kind::Switch | Kind::Choice(_) => knob.kind.limits().iter().map(|word| read(knob, word)).collect(),
        _ => Err(format!("knob `{}`: `all` is for switches and choices; write a range such as 1..10", knob.name)),
    }
}

fn between(knob: &Knob, from: &Value, to: &Value, step: Option<&str>) -> Result<Vec<Value>, String> {
    let name = knob.name;
    let (Some(low), Some(high)) = (raw(from), raw(to)) else {
        return Err(format!("knob `{name}` has no range: write its values with commas, or `all`"));
    };
    if low > high {
        return Err(format!("knob `{name}`: {} is above {}; write the smaller one first", plan::exact(from), plan::exact(to)));
    }
    let whole = matches!(from, Value::Integer(_) | Value::Size(_) | Value::Duration(_) | Value::Shift(_));
    let points = match step {
        None => evenly(low, high, whole),
        Some(step) => match step.trim().strip_prefix('x') {
            Some(factor) => times(name, low, high, factor)?,
            None => by(name, low, high, distance(knob, step)?)?,
        },
    };
    Ok(points.into_iter().map(|x| made(from, x)).collect())
}

/// A value as the number that is stepped: nanoseconds, bytes, counts per second. None for words.
fn raw(value: &Value) -> Option<f64> {
    match value {
        Value::Duration(span) => Some(span.0 as f64),
        Value::Shift(ns) => Some(*ns as f64),
        Value::Rate(rate) => Some(rate.count),
        Value::Switch(_) | Value::Choice(_) | Value::Text(_) => None,
        other => other.number(),
    }
}

/// The value of the same sort that stands for `x`.
fn made(like: &Value, x: f64) -> Value {
    match like {
        Value::Integer(_) => Value::Integer(x.round() as i64),
        Value::Duration(_) => Value::Duration(Span(x.round() as u64)),
        Value::Shift(_) => Value::Shift(x.round() as i64),
        Value::Size(_) => Value::Size(x.round() as u64),
        Value::Rate(rate) => Value::Rate(Rate { count: x, per: rate.per }),
        _ => Value::Number(x),
    }
}

/// A step is a length of the knob's own kind, but may be outside its range.
fn distance(knob: &Knob, step: &str) -> Result<f64, String> {
    let wide = match knob.kind {
        Kind::Integer { .. } => Kind::Integer { min: 1, max: i64::MAX },
        Kind::Number { .. } => Kind::Number { min: f64::MIN_POSITIVE, max: f64::MAX },
        Kind::Duration { .. } | Kind::Shift { .. } => Kind::Duration { min: Span(1), max: Span::MAX },
        Kind::Size { .. } => Kind::Size { min: 1, max: u64::MAX },
        Kind::Rate { per, .. } => Kind::Rate { min: f64::MIN_POSITIVE, max: f64::MAX, per },
        other => other,
    };
    let value = wide.read(step).map_err(|_| format!("knob `{}`: the step `{step}` must be above zero and of the knob's kind, or xFACTOR", knob.name))?;
    Ok(raw(&value).unwrap_or(f64::NAN))
}

fn by(name: &str, low: f64, high: f64, step: f64) -> Result<Vec<f64>, String> {
    // A hair of grace: a tenth is no finite binary fraction, and 0..1:0.1 has eleven values.
    let count = ((high - low) / step + 1e-9).floor();
    if count >= VALUES_MAX as f64 {
        return Err(format!("knob `{name}`: {} values, but at most {VALUES_MAX}", count + 1.0));
    }
    Ok((0..=count as u32).map(|n| rounded(low + f64::from(n) * step)).collect())
}

fn times(name: &str, low: f64, high: f64, factor: &str) -> Result<Vec<f64>, String> {
    let factor: f64 = factor
        .parse()
        .ok()
        .filter(|f: &f64| f.is_finite() && *f > 1.0)
        .ok_or_else(|| format!("knob `{name}`: the factor `{factor}` must be a number above 1"))?;
    if low <= 0.0 {
        return Err(format!("knob `{name}`: a range that multiplies must begin above zero"));
    }
    let mut points = vec![low];
    let mut x = low * factor;
    while x <= high * (1.0 + 1e-9) && points.len() <= VALUES_MAX {
        points.push(rounded(x));
        x *= factor;
    }
    Ok(points)
}

/// Every whole number if there are few; else so many points, both ends among them.
fn evenly(low: f64, high: f64, whole: bool) -> Vec<f64> {
    if whole && high - low <= f64::from(POINTS) {
        return (0..=(high - low) as u32).map(|n| low + f64::from(n)).collect();
    }
    (0..=POINTS).map(|n| rounded(low + (high - low) * f64::from(n) / f64::from(POINTS))).collect()
}

/// Twelve digits: what is written is what was meant, not the nearest binary fraction's tail.
fn rounded(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, text: &str, expected: Result<&[&str], &str>) {
        let knob = Knob::live("k", kind, "", "");
        match (values(&knob, text), expected) {
            (Ok(got), Ok(want)) => assert_eq!(got, want, "{text}"),
            (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
            (got, want) => panic!("{text}: {got:?}, expected {want:?}"),
        }
    }

    #[test]
    fn a_range_is_what_is_written() {
        let integer = Kind::Integer { min: 1, max: 1000 };
        check(integer, "1..4", Ok(&["1", "2", "3", "4"]));
        check(integer, "1..10:3", Ok(&["1", "4", "7", "10"]));
        check(integer, "1..100:x10", Ok(&["1", "10", "100"]));
        check(integer, "5,2, 9", Ok(&["5", "2", "9"]));
        check(integer, "0..4", Err("is 0, but must be 1 to 1000"));
        check(integer, "4..1", Err("the smaller one first"));
        check(integer, "1..4:0", Err("above zero"));
        check(integer, "1..4:x1", Err("above 1"));
        check(integer, "all", Err("switches and choices"));
        let number = Kind::Number { min: 0.0, max: 1.0 };
        check(number, "0..1:0.1", Ok(&["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]));
        check(number, "0..1:0.0001", Err("at most 1000"));
        let duration = Kind::Duration { min: Span(1), max: Span::secs(60) };
        check(duration, "1ms..1s:x10", Ok(&["1ms", "10ms", "100ms", "1s"]));
        check(duration, "10ms..30ms:10ms", Ok(&["10ms", "20ms", "30ms"]));
        let rate = Kind::Rate { min: 0.0, max: 1e6, per: Span::secs(60) };
        check(rate, "50/min..150/min:50", Ok(&["50/min", "100/min", "150/min"]));
        check(Kind::Choice(&["fifo", "lru"]), "all", Ok(&["fifo", "lru"]));
        check(Kind::Choice(&["fifo", "lru"]), "fifo..lru", Err("with commas"));
        check(Kind::Switch, "all", Ok(&["off", "on"]));
    }

    #[test]
    fn what_is_offered_for_a_knob_is_a_range_of_it() {
        for design in sims::designs::ALL {
            let knobs = sims::kernel::knob::Knobs::defaults(design.knobs);
            for (knob, value) in knobs.iter() {
                let offered = offer(knob, value);
                let found = values(knob, &offered).unwrap_or_else(|why| panic!("{}: {offered}: {why}", design.id));
                assert!(!found.is_empty(), "{} {}: {offered}", design.id, knob.name);
            }
        }
    }

    #[test]
    fn a_range_without_a_step_has_both_ends() {
        let knob = Knob::live("k", Kind::Integer { min: 0, max: 100_000 }, "0", "");
        let found = values(&knob, "1..1000").unwrap();
        assert_eq!((found.first().map(String::as_str), found.last().map(String::as_str), found.len()), (Some("1"), Some("1000"), 11));
    }
}
