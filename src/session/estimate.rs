//! The estimation sheet: `100M/day * 10 KB * 5y` worked out with its units.

use std::collections::BTreeMap;

use sims::kernel::units::{self, Quantity};

/// A number with its dimension: bytes and seconds, each to a power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    pub value: f64,
    pub bytes: i8,
    pub seconds: i8,
}

impl Amount {
    const fn new(value: f64, bytes: i8, seconds: i8) -> Self {
        Self { value, bytes, seconds }
    }

    fn same_dimension(self, other: Self) -> bool {
        (self.bytes, self.seconds) == (other.bytes, other.seconds)
    }
}

/// Parentheses deeper than this are a slip, not an estimate.
const DEPTH_MAX: usize = 64;

/// Works out a sheet line by line. A line may name its result, `writes = 100M/day`, for the lines under it.
pub fn sheet<S: AsRef<str>>(lines: &[S]) -> Vec<Result<Amount, String>> {
    let mut names = BTreeMap::new();
    lines.iter().map(|line| one(line.as_ref(), &mut names)).collect()
}

fn one(line: &str, names: &mut BTreeMap<String, Amount>) -> Result<Amount, String> {
    let (name, sum) = match line.split_once('=') {
        Some((name, sum)) => (Some(name.trim()), sum),
        None => (None, line),
    };
    let mut reader = Reader { rest: sum, names, depth: 0 };
    let amount = reader.sum()?;
    reader.skip();
    if !reader.rest.is_empty() {
        return Err(format!("did not understand `{}`", reader.rest));
    }
    if !amount.value.is_finite() {
        return Err("that divides by zero or is too large".to_owned());
    }
    if let Some(name) = name {
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return Err(format!("`{name}` is no name: letters, digits and _"));
        }
        names.insert(name.to_owned(), amount);
    }
    Ok(amount)
}

struct Reader<'a> {
    rest: &'a str,
    names: &'a BTreeMap<String, Amount>,
    depth: usize,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, wanted: &[char]) -> Option<char> {
        self.skip();
        let first = self.rest.chars().next().filter(|c| wanted.contains(c))?;
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }

    fn sum(&mut self) -> Result<Amount, String> {
        let mut left = self.product()?;
        while let Some(sign) = self.eat(&['+', '-']) {
            let right = self.product()?;
            if !left.same_dimension(right) {
                return Err(format!("{} and {} do not add up", show(left), show(right)));
            }
            left.value += if sign == '+' { right.value } else { -right.value };
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Amount, String> {
        let mut left = self.atom()?;
        while let Some(sign) = self.eat(&['*', '×', '/', '÷']) {
            let right = self.atom()?;
            let way = if matches!(sign, '*' | '×') { 1 } else { -1 };
            left.value = if way == 1 { left.value * right.value } else { left.value / right.value };
            let power = |a: i8, b: i8| a.checked_add(way * b).filter(|p| p.abs() <= 9).ok_or("that has too many units");
            (left.bytes, left.seconds) = (power(left.bytes, right.bytes)?, power(left.seconds, right.seconds)?);
        }
        Ok(left)
    }

    fn atom(&mut self) -> Result<Amount, String> {
        if self.eat(&['(']).is_some() {
            self.depth += 1;
            if self.depth > DEPTH_MAX {
                return Err("too many parentheses".to_owned());
            }
            let inner = self.sum()?;
            self.depth -= 1;
            return self.eat(&[')']).map(|_| inner).ok_or_else(|| "a `)` is missing".to_owned());
        }
        self.skip();
        let end = self.rest.find(|c: char| "+-*×/÷()".contains(c)).unwrap_or(self.rest.len());
        // The sign of an exponent belongs to its number: `1e-3`.
        let end = match self.rest[..end].char_indices().next_back() {
            Some((_, 'e' | 'E')) if self.rest.starts_with(|c: char| c.is_ascii_digit()) && self.rest[end..].starts_with(['-', '+']) => {
                self.rest[end + 1..].find(|c: char| "+-*×/÷()".contains(c)).map_or(self.rest.len(), |more| end + 1 + more)
            }
            _ => end,
        };
        let word = self.rest[..end].trim();
        self.rest = &self.rest[end..];
        if word.is_empty() {
            return Err("a number is missing".to_owned());
        }
        self.names.get(word).copied().map_or_else(|| literal(word), Ok)
    }
}

/// A number with a unit, or a unit alone: `day` is one day, `KB` one kilobyte.
fn literal(word: &str) -> Result<Amount, String> {
    let text = if word.starts_with(|c: char| c.is_ascii_digit() || c == '.') { word.to_owned() } else { format!("1{word}") };
    let quantity = units::parse(&text).map_err(|_| format!("`{word}` is neither a number with a unit (20M, 10KB, 5y) nor a name from above"))?;
    Ok(match quantity {
        Quantity::Number(n) => Amount::new(n, 0, 0),
        Quantity::Duration(span) => Amount::new(span.as_secs(), 0, 1),
        Quantity::Bytes(n) => Amount::new(n, 1, 0),
        Quantity::Bits(n) => Amount::new(n / 8.0, 1, 0),
        Quantity::Rate { amount, per } => Amount::new(amount / per.as_secs(), 0, -1),
    })
}

/// The amount as an engineer says it: `1.16 K/s`, `1.83 PB`, `5 years`.
pub fn show(amount: Amount) -> String {
    let Amount { value, bytes, seconds } = amount;
    match (bytes, seconds) {
        (0, 0) => scaled(value, "").trim_end().to_owned(),
        (1, 0) => scaled(value, "B"),
        (0, 1) => time(value),
        (0, -1) => rate(value, ""),
        (1, -1) => rate(value, "B"),
        _ => format!("{} · B^{bytes} s^{seconds}", scaled(value, "").trim_end()),
    }
}

fn rate(value: f64, unit: &str) -> String {
    // Below one a second people think in days.
    if value != 0.0 && value.abs() < 0.1 {
        format!("{}/day", scaled(value * 86_400.0, unit).trim_end())
    } else {
        format!("{}/s", scaled(value, unit).trim_end())
    }
}

fn scaled(value: f64, unit: &str) -> String {
    let steps = [(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K")];
    let (by, prefix) = steps.into_iter().find(|(by, _)| value.abs() >= *by).unwrap_or((1.0, ""));
    format!("{} {prefix}{unit}", figures(value / by))
}

fn time(seconds: f64) -> String {
    let steps = [(365.0 * 86_400.0, "years"), (86_400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let (by, unit) = steps.into_iter().find(|(by, _)| seconds.abs() >= *by).unwrap_or((1.0, "s"));
    format!("{} {unit}", figures(seconds / by))
}

/// Three significant figures, without trailing zeros.
fn figures(value: f64) -> String {
    let decimals = match value.abs() {
        v if v >= 100.0 => 0,
        v if v >= 10.0 => 1,
        v if v >= 0.1 || v == 0.0 => 2,
        _ => return format!("{value:.2e}"),
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], last: &str) {
        let shown = sheet(lines).pop().unwrap().map_or_else(|error| format!("! {error}"), show);
        assert_eq!(shown, last, "{lines:?}");
    }

    #[test]
    fn units_are_carried_through() {
        check(&["100M/day"], "1.16 K/s");
        check(&["100M/day * 10 KB"], "11.6 MB/s");
        check(&["100M/day * 10 KB * 5y"], "1.82 PB");
        check(&["20M * 10 / day"], "2.31 K/s");
        check(&["5y"], "5 years");
        check(&["1 MB / 100 ms"], "10 MB/s");
        check(&["(1 + 2) * 3"], "9");
        check(&["1e-3 * 2e6"], "2 K");
        check(&["3 / day"], "3/day");
        check(&["64 GB / 50 B"], "1.28 G");
        check(&["80% * 10"], "8");
        check(&["8Mb / s"], "1 MB/s");
    }

    #[test]
    fn a_line_may_be_named() {
        check(&["writes = 100M/day", "year = writes * 1y", "year * 1KB"], "36.5 TB");
    }

    #[test]
    fn a_slip_is_explained() {
        check(&["10 KB + 5 s"], "! 10 KB and 5 s do not add up");
        check(&["10 * "], "! a number is missing");
        check(&["(3"], "! a `)` is missing");
        check(&["1/0"], "! that divides by zero or is too large");
        check(&["users * 2"], "! `users` is neither a number with a unit (20M, 10KB, 5y) nor a name from above");
    }

    proptest::proptest! {
        #[test]
        fn nothing_typed_panics(line in ".{0,40}") {
            let _ = sheet(&[line]);
        }

        #[test]
        fn nothing_like_a_sum_panics(line in "[0-9a-zA-Z+*/()=. -]{0,60}") {
            let _ = sheet(&[line]);
        }
    }
}
