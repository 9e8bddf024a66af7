//! The estimation sheet: `100M/day * 10 KB * 5y` worked out with its units, line by line.

mod lex;
mod read;
mod say;
mod unit;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

pub use say::show;

/// A number with its dimension: bytes and seconds, each to a power.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amount {
    pub value: f64,
    pub bytes: i8,
    pub seconds: i8,
}

impl Amount {
    pub const fn new(value: f64, bytes: i8, seconds: i8) -> Self {
        Self { value, bytes, seconds }
    }

    pub fn same_dimension(self, other: Self) -> bool {
        (self.bytes, self.seconds) == (other.bytes, other.seconds)
    }
}

/// A line that works out.
#[derive(Clone, Debug, PartialEq)]
pub struct Worked {
    /// What the line calls its result.
    pub name: Option<String>,
    pub amount: Amount,
    /// The result as it is said: with what is counted, and in the unit that was asked for.
    pub shown: String,
    /// What is counted, in the singular: `request`.
    pub counts: Option<String>,
    /// The question of the card that the line answers by its tag, from 0.
    pub answers: Option<usize>,
}

/// Why a line does not work out, and where: places are counted in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    pub from: usize,
    pub to: usize,
    pub says: String,
}

impl Slip {
    fn new(at: (usize, usize), says: impl Into<String>) -> Self {
        Self { from: at.0, to: at.1, says: says.into() }
    }
}

impl fmt::Display for Slip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

/// Works out a sheet line by line. A line may name its result, `writes = 100M/day`, for the lines under it; ask for a unit,
/// `… in Gb/s`; and say at its end which question of the card it answers, `#2`.
pub fn sheet<S: AsRef<str>>(lines: &[S]) -> Vec<Result<Worked, Slip>> {
    let mut names = BTreeMap::new();
    lines.iter().map(|line| one(line.as_ref(), &mut names)).collect()
}

/// What a card's answer stands for: its number in its unit, `2300` and `requests/s`. A unit of words, `of the keys`, counts things.
pub fn amount_of(value: f64, unit: &str) -> Worked {
    let unit = unit.trim();
    let read = if unit.is_empty() { None } else { sheet(&[format!("{value:e} {unit}")]).pop().and_then(Result::ok) };
    read.unwrap_or_else(|| {
        let amount = Amount::new(value, 0, 0);
        Worked { name: None, amount, shown: format!("{} {unit}", show(amount)).trim_end().to_owned(), counts: None, answers: None }
    })
}

/// The line without its tag, and the question the tag names, from 0. What else follows a `#` is a remark.
pub fn split_tag(line: &str) -> (&str, Option<usize>) {
    let Some((sum, tag)) = line.split_once('#') else { return (line, None) };
    let digits: String = tag.chars().take_while(char::is_ascii_digit).collect();
    (sum, digits.parse::<usize>().ok().and_then(|n| n.checked_sub(1)))
}

fn one(line: &str, names: &mut BTreeMap<String, read::Term>) -> Result<Worked, Slip> {
    let (sum, answers) = split_tag(line);
    let tokens = lex::tokens(sum)?;
    let (name, read) = read::line(sum, &tokens, names)?;
    let amount = read.term.amount;
    let shown = read.shown.unwrap_or_else(|| say::counted(&read.term));
    let counts = read.term.counted().map(str::to_owned);
    if let Some(name) = &name {
        names.insert(name.clone(), read.term);
    }
    Ok(Worked { name, amount, shown, counts, answers })
}
