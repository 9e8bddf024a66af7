//! The words of a sheet: units by the kernel's one parser, their long names, factors, and things that are counted.

use sims::kernel::units::{self, Quantity};

/// What one of a unit is in bytes, seconds or neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub factor: f64,
    pub bytes: i8,
    pub seconds: i8,
}

/// Long names and their short ones; the kernel knows the short ones.
const LONG: &[(&str, &str)] = &[
    ("byte", "B"),
    ("bit", "b"),
    ("nanosecond", "ns"),
    ("microsecond", "us"),
    ("millisecond", "ms"),
    ("second", "s"),
    ("sec", "s"),
    ("minute", "min"),
    ("min", "min"),
    ("hour", "h"),
    ("hr", "h"),
    ("day", "d"),
    ("week", "w"),
    ("month", "mo"),
    ("year", "y"),
    ("yr", "y"),
    ("kilobyte", "KB"),
    ("megabyte", "MB"),
    ("gigabyte", "GB"),
    ("terabyte", "TB"),
    ("petabyte", "PB"),
];

const FACTORS: &[(&str, f64)] = &[("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("milliard", 1e9), ("trillion", 1e12)];

/// Rates that have a name of their own, and what they count.
const RATES: &[(&str, &str)] = &[("rps", "request"), ("qps", "query"), ("tps", "transaction"), ("iops", "operation")];

/// A factor without a dimension: `K`, `Mi`, `million`.
pub(super) fn factor(word: &str) -> Option<f64> {
    if let Some((_, by)) = FACTORS.iter().find(|(name, _)| *name == word) {
        return Some(*by);
    }
    // A word of one or two letters: else `1e3x` would be read as a number by the kernel.
    let short = word.chars().count() <= 2 && word.chars().all(|c| c.is_ascii_alphabetic());
    match units::parse(&format!("1{word}")) {
        Ok(Quantity::Number(by)) if short => Some(by),
        _ => None,
    }
}

/// A unit of time, size or rate by any of its names.
pub(super) fn unit(word: &str) -> Option<Unit> {
    if !word.chars().all(char::is_alphabetic) {
        return None;
    }
    if RATES.iter().any(|(name, _)| *name == word) {
        return Some(Unit { factor: 1.0, bytes: 0, seconds: -1 });
    }
    if let Some(size) = word.strip_suffix("ps").filter(|size| size.ends_with(['b', 'B'])) {
        return unit(size).filter(|unit| unit.bytes == 1).map(|unit| Unit { seconds: -1, ..unit });
    }
    let single = word.strip_suffix('s').unwrap_or(word);
    let short = LONG.iter().find(|(long, _)| *long == word || *long == single).map_or(word, |(_, short)| short);
    match units::parse(&format!("1{short}")).ok()? {
        Quantity::Duration(span) => Some(Unit { factor: span.as_secs(), bytes: 0, seconds: 1 }),
        Quantity::Bytes(factor) => Some(Unit { factor, bytes: 1, seconds: 0 }),
        Quantity::Bits(bits) => Some(Unit { factor: bits / 8.0, bytes: 1, seconds: 0 }),
        Quantity::Number(_) | Quantity::Rate { .. } => None,
    }
}

/// What a rate with a name of its own counts: `qps` counts queries.
pub(super) fn counted_by(word: &str) -> Option<&'static str> {
    RATES.iter().find(|(name, _)| *name == word).map(|(_, counts)| *counts)
}

/// A word for things that are counted, in the singular; or why it is none.
pub(super) fn label(word: &str) -> Result<String, String> {
    let lower = word.to_lowercase();
    let letters = lower.chars().count();
    if let Some(near) = slip_of(word, &lower) {
        return Err(format!("`{word}` is no unit; did you mean `{near}`?"));
    }
    if letters < 3 && !ACRONYMS.contains(&lower.as_str()) {
        return Err(format!("`{word}` is no unit: time ns us ms s min h day month year, size b B KB KiB MB GB TB PB, factor K M G T P"));
    }
    Ok(acronym(word).unwrap_or_else(|| singular(&lower)))
}

/// Acronyms that people also write small; in capitals any word of two to four letters is one.
const ACRONYMS: &[&str] = &["gpu", "cpu", "tpu", "vcpu", "url", "uri", "api", "rpc", "id", "vm", "ssd", "hdd", "sst"];

/// `GPUs` and `gpus` count GPUs: the word in capitals, without the plural's `s`.
fn acronym(word: &str) -> Option<String> {
    let stem = word.strip_suffix('s').unwrap_or(word);
    let capitals = (2..=4).contains(&stem.chars().count()) && stem.chars().all(|c| c.is_ascii_uppercase());
    (capitals || ACRONYMS.contains(&stem.to_lowercase().as_str())).then(|| stem.to_uppercase())
}

/// A unit in the wrong case, or a long name with one slip in it.
fn slip_of(word: &str, lower: &str) -> Option<&'static str> {
    const SHORT: [&str; 12] = ["KB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "Gbps", "Mbps", "Kbps"];
    if let Some(short) = SHORT.iter().find(|short| short.eq_ignore_ascii_case(word)) {
        return Some(short);
    }
    let long = LONG.iter().map(|(long, _)| *long).chain(FACTORS.iter().map(|(name, _)| *name)).filter(|long| long.len() >= 4);
    let mut long = long.filter(|long| lower.starts_with(&long[..1]));
    long.find(|long| *long == lower || one_off(lower, long) || one_off(lower.trim_end_matches('s'), long))
}

/// Whether one letter too many, too few, changed, or a swapped pair leads from `typed` to `meant`.
fn one_off(typed: &str, meant: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    if a == b || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[head..], &b[head..]);
    match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Less => *a == b[1..],
        std::cmp::Ordering::Greater => a[1..] == *b,
        std::cmp::Ordering::Equal => a[1..] == b[1..] || (a.len() >= 2 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..]),
    }
}

/// Plurals that no rule makes, with what one of them is called; some have no word for one.
const IRREGULAR: &[(&str, &str)] = &[
    ("person", "people"),
    ("child", "children"),
    ("mouse", "mice"),
    ("cache", "caches"),
    ("data", "data"),
    ("media", "media"),
    ("series", "series"),
    ("indices", "indices"),
    ("vertices", "vertices"),
    ("criteria", "criteria"),
    ("staff", "staff"),
    ("traffic", "traffic"),
];

fn singular(word: &str) -> String {
    if let Some((one, _)) = IRREGULAR.iter().find(|(_, many)| *many == word) {
        return (*one).to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() >= 2) {
        return format!("{stem}y");
    }
    for ending in ["ches", "shes", "sses", "xes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    if word.ends_with("ss") || word.ends_with("us") { word.to_owned() } else { word.strip_suffix('s').unwrap_or(word).to_owned() }
}

pub(super) fn plural(word: &str) -> String {
    if let Some((_, many)) = IRREGULAR.iter().find(|(one, _)| *one == word) {
        return (*many).to_owned();
    }
    if word.chars().all(|c| c.is_ascii_uppercase()) {
        return if word.ends_with('S') { word.to_owned() } else { format!("{word}s") };
    }
    let before_y = word.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match before_y {
        Some(stem) => format!("{stem}ies"),
        None if ["ch", "sh", "ss", "x", "us"].iter().any(|end| word.ends_with(end)) => format!("{word}es"),
        None => format!("{word}s"),
    }
}
