//! How an amount is said: `1.16 K/s`, `1.83 PB`, `5 years`, `2.31 K posts/s`.

use super::read::Term;
use super::{Amount, unit};

/// The amount as an engineer says it.
pub fn show(amount: Amount) -> String {
    said(amount, "")
}

/// The amount with what it counts: `2.31 K posts/s`.
pub(super) fn counted(term: &Term) -> String {
    let (value, amount) = (term.amount.value, term.amount);
    let name = term.counted().filter(|_| amount.bytes == 0);
    let below: Vec<&String> = term.counts.iter().filter(|(_, power)| **power < 0).map(|(name, _)| name).collect();
    let [share] = below.as_slice() else {
        let name = if below.is_empty() { name } else { None };
        return said(amount, &name.map_or(String::new(), |name| if value == 1.0 { name.to_owned() } else { unit::plural(name) }));
    };
    // `posts/user/day`: the share stands before the time.
    let above = name.map_or(String::new(), unit::plural);
    said(amount, &format!("{above}/{share}"))
}

fn said(amount: Amount, counts: &str) -> String {
    let Amount { value, bytes, seconds } = amount;
    match (bytes, seconds) {
        (0, 0) => scaled(value, counts),
        (1, 0) => scaled(value, &format!("B{}", below(counts))),
        (0, 1) => format!("{}{}", time(value), below(counts)),
        (0, -1) => rate(value, counts),
        (1, -1) => rate(value, &format!("B{}", below(counts))),
        _ => {
            let power = |unit: &str, power: i8| match power {
                0 => String::new(),
                1 => format!(" * {unit}"),
                _ => format!(" * {unit}^{power}"),
            };
            format!("{}{}{}", scaled(value, ""), power("B", bytes), power("s", seconds))
        }
    }
}

/// What stands under the line, without what stands above it.
fn below(counts: &str) -> &str {
    counts.find('/').map_or("", |at| &counts[at..])
}

/// What kind of amount it is, for a slip.
pub(super) fn kind(amount: Amount) -> &'static str {
    match (amount.bytes, amount.seconds) {
        (0, 0) => "a plain number",
        (1, 0) => "a size",
        (0, 1) => "a time",
        (0, -1) => "a rate",
        (1, -1) => "a size per time",
        _ => "something else",
    }
}

fn rate(value: f64, unit: &str) -> String {
    // Below one in ten seconds people think in days.
    let (value, per) = if value != 0.0 && value.abs() < 0.1 { (value * 86_400.0, "day") } else { (value, "s") };
    format!("{}/{per}", scaled(value, unit))
}

fn scaled(value: f64, unit: &str) -> String {
    let steps = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")];
    // What rounds up to a thousand is said in the next larger unit: 1 M, not 1000 K.
    let (by, prefix) = steps.into_iter().find(|(by, _)| value.abs() >= by * 0.9995).unwrap_or((1.0, ""));
    // A prefix belongs to bytes as one word, and stands apart from things that are counted.
    let word = match (prefix, unit) {
        ("", unit) => unit.to_owned(),
        (prefix, unit) if unit.is_empty() || unit == "B" || unit.starts_with("B/") || unit.starts_with('/') => format!("{prefix}{unit}"),
        (prefix, unit) => format!("{prefix} {unit}"),
    };
    if prefix.is_empty() && word.starts_with('/') || word.is_empty() {
        format!("{}{word}", figures(value / by))
    } else {
        format!("{} {word}", figures(value / by))
    }
}

fn time(seconds: f64) -> String {
    let steps = [(365.0 * 86_400.0, "years"), (86_400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let (by, unit) = steps.into_iter().find(|(by, _)| seconds.abs() >= *by).unwrap_or((1.0, "s"));
    format!("{} {unit}", figures(seconds / by))
}

/// Three significant figures, without trailing zeros.
fn figures(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        _ if size == 0.0 || (1.0..10.0).contains(&size) => 2,
        _ if (10.0..100.0).contains(&size) => 1,
        _ if (100.0..1e6).contains(&size) => 0,
        _ if (1e-6..1.0).contains(&size) => (3.0 - sims::kernel::math::log10(size)).floor() as usize,
        _ => return format!("{value:.2e}"),
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number in a unit that was asked for: thousands parted, nothing scaled away.
pub(super) fn plain(value: f64) -> String {
    let text = figures(value);
    let whole = text.trim_start_matches('-');
    if value.abs() >= 1e15 || whole.contains(['.', 'e']) && value.abs() < 1e6 || whole.len() <= 4 && !whole.contains('e') {
        return text;
    }
    let digits = if value.abs() < 1e-6 { return text } else { format!("{:.0}", value.abs()) };
    let mut parted = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            parted.push(',');
        }
        parted.push(digit);
    }
    if value < 0.0 { format!("-{parted}") } else { parted }
}
