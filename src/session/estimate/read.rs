//! From pieces to a number: sums, products, powers, units, names and a unit that is asked for.

use std::collections::BTreeMap;

use super::lex::{Tok, Token};
use super::{Amount, Slip, say, unit};
use sims::kernel::knob::nearest;

/// Parentheses deeper than this are a slip, not an estimate.
const DEPTH_MAX: usize = 64;
/// A power of a unit beyond this is one as well.
const POWER_MAX: i8 = 9;

/// A number on its way, with what it counts: `posts / user` is one up, one down.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    pub amount: Amount,
    pub counts: BTreeMap<String, i8>,
}

impl Term {
    fn number(value: f64) -> Self {
        Self { amount: Amount::new(value, 0, 0), counts: BTreeMap::new() }
    }

    fn of(unit: unit::Unit) -> Self {
        Self { amount: Amount::new(unit.factor, unit.bytes, unit.seconds), counts: BTreeMap::new() }
    }

    /// The one thing that is counted, if it is one.
    pub fn counted(&self) -> Option<&str> {
        let mut up = self.counts.iter().filter(|(_, power)| **power > 0);
        match (up.next(), up.next()) {
            (Some((name, 1)), None) => Some(name),
            _ => None,
        }
    }
}

/// A line that was read: its term, and how it is shown if a unit was asked for.
pub(super) struct Read {
    pub term: Term,
    pub shown: Option<String>,
}

/// Reads a whole line: an optional name, a sum, an optional unit to show it in.
pub(super) fn line(text: &str, tokens: &[Token], names: &BTreeMap<String, Term>) -> Result<(Option<String>, Read), Slip> {
    let end = text.trim_end().chars().count();
    let mut signs = tokens.iter().enumerate().filter(|(_, token)| token.tok == Tok::Sign('='));
    let equals = signs.next().map(|(at, _)| at);
    if let Some((_, second)) = signs.next() {
        return Err(Slip::new(second.at, "one `=` a line, after the name"));
    }
    let (name, sum) = match (equals, tokens) {
        (None, _) => (None, tokens),
        (Some(1), [Token { tok: Tok::Word(name), at }, ..]) => (Some(free_name(name, *at)?), &tokens[2..]),
        (Some(0), _) => return Err(Slip::new(tokens[0].at, "a name is missing before `=`: writes = 100M/day")),
        (Some(_), [first, ..]) if !matches!(first.tok, Tok::Word(_)) => return Err(Slip::new(first.at, "a name begins with a letter")),
        (Some(at), _) => return Err(Slip::new(tokens[at].at, "a name before `=` is one word: writes = 100M/day")),
    };
    let mut reader = Reader { tokens: sum, at: 0, end, names, depth: 0 };
    let term = reader.sum()?;
    let shown = reader.target(text, &term)?;
    if let Some(token) = reader.peek() {
        return Err(Slip::new(token.at, format!("did not understand `{}`: is a sign missing before it?", cut(text, token.at))));
    }
    Ok((name, Read { term, shown }))
}

fn cut(text: &str, at: (usize, usize)) -> String {
    text.chars().skip(at.0).take(at.1 - at.0).collect()
}

const WORDS: [&str; 10] = ["in", "to", "as", "per", "of", "x", "sqrt", "log2", "ln", "ceil"];

fn free_name(name: &str, at: (usize, usize)) -> Result<String, Slip> {
    if unit::unit(name).is_some() || unit::factor(name).is_some() || WORDS.contains(&name) || name == "floor" {
        return Err(Slip::new(at, format!("`{name}` is a word of the sheet already: take another name")));
    }
    Ok(name.to_owned())
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Where the line ends: the place of what is missing.
    end: usize,
    names: &'a BTreeMap<String, Term>,
    depth: usize,
}

/// What may follow a sign.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Sum,
    Division,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    fn sign(&mut self, wanted: &[char]) -> Option<char> {
        match self.peek()?.tok {
            Tok::Sign(c) if wanted.contains(&c) => {
                self.at += 1;
                Some(c)
            }
            _ => None,
        }
    }

    fn word(&self) -> Option<&'a str> {
        match &self.peek()?.tok {
            Tok::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Where the reader stands, for a slip.
    fn here(&self) -> (usize, usize) {
        self.peek().map_or((self.end, self.end + 1), |token| token.at)
    }

    fn span(&self, from: usize) -> (usize, usize) {
        let to = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(self.end, |token| token.at.1);
        (from, to)
    }

    fn sum(&mut self) -> Result<Term, Slip> {
        let from = self.here().0;
        let mut left = self.product()?;
        while let Some(sign) = self.sign(&['+', '-']) {
            let right = self.product()?;
            if !left.amount.same_dimension(right.amount) {
                let (a, b) = (say::show(left.amount), say::show(right.amount));
                return Err(Slip::new(self.span(from), format!("{a} and {b} do not add up: {} and {}", say::kind(left.amount), say::kind(right.amount))));
            }
            let value = if sign == '+' { left.amount.value + right.amount.value } else { left.amount.value - right.amount.value };
            left.amount.value = finite(value, self.span(from))?;
            if left.counts.is_empty() {
                left.counts = right.counts;
            } else if !right.counts.is_empty() && left.counts != right.counts {
                left.counts.clear();
            }
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Term, Slip> {
        let from = self.here().0;
        let left = self.power(After::Sum)?;
        self.further(left, from)
    }

    /// What a product goes on with.
    fn further(&mut self, mut left: Term, from: usize) -> Result<Term, Slip> {
        while let Some(way) = self.times() {
            let right = self.power(if way < 0 { After::Division } else { After::Sum })?;
            left = joined(left, &right, way, self.span(from))?;
        }
        Ok(left)
    }

    /// The sign of a product, or a word for it: 1 to multiply, -1 to divide.
    fn times(&mut self) -> Option<i8> {
        if let Some(sign) = self.sign(&['*', '/']) {
            return Some(if sign == '*' { 1 } else { -1 });
        }
        let way = match self.word()? {
            "per" => -1,
            "of" => 1,
            "x" if !self.names.contains_key("x") => 1,
            _ => return None,
        };
        self.at += 1;
        Some(way)
    }

    fn power(&mut self, after: After) -> Result<Term, Slip> {
        let from = self.here().0;
        let base = self.atom(after)?;
        if self.sign(&['^']).is_none() {
            return Ok(base);
        }
        let exponent = self.exponent()?.amount;
        let at = self.span(from);
        if (exponent.bytes, exponent.seconds) != (0, 0) {
            return Err(Slip::new(at, "a power is a plain number"));
        }
        let value = finite(sims::kernel::math::pow(base.amount.value, exponent.value), at)?;
        if (base.amount.bytes, base.amount.seconds) == (0, 0) {
            // `2^41 ms`: the unit belongs to the power, not to its exponent.
            return self.measured(value, at);
        }
        let whole = exponent.value as i8;
        if f64::from(whole) != exponent.value {
            return Err(Slip::new(at, "a unit is only taken to a whole power"));
        }
        let raised = |power: i8| power.checked_mul(whole).filter(|p| p.abs() <= POWER_MAX).ok_or_else(|| Slip::new(at, "that has too many units"));
        Ok(Term { amount: Amount::new(value, raised(base.amount.bytes)?, raised(base.amount.seconds)?), counts: BTreeMap::new() })
    }

    fn exponent(&mut self) -> Result<Term, Slip> {
        let minus = self.sign(&['-']).is_some();
        let mut term = match self.peek().map(|token| &token.tok) {
            Some(Tok::Number(n)) => {
                self.at += 1;
                Term::number(*n)
            }
            _ => self.atom(After::Sum)?,
        };
        term.amount.value *= if minus { -1.0 } else { 1.0 };
        Ok(term)
    }

    fn atom(&mut self, after: After) -> Result<Term, Slip> {
        let Some(token) = self.peek() else { return Err(Slip::new(self.here(), "a number is missing")) };
        self.at += 1;
        match &token.tok {
            Tok::Sign('(') => self.inner(token.at),
            Tok::Sign('-') => self.deeper(token.at, |reader| reader.power(after)).map(|mut term| {
                term.amount.value = -term.amount.value;
                term
            }),
            Tok::Sign('+') => self.deeper(token.at, |reader| reader.power(after)),
            Tok::Number(n) => self.measured(*n, token.at),
            Tok::Word(word) => self.named(word, token.at, after),
            Tok::Sign('%') => Err(Slip::new(token.at, "`%` follows a number: 80%")),
            Tok::Sign(c) => Err(Slip::new(token.at, format!("a number is missing before `{c}`"))),
        }
    }

    /// Guards the stack against what nobody writes by hand.
    fn deeper(&mut self, at: (usize, usize), read: impl FnOnce(&mut Self) -> Result<Term, Slip>) -> Result<Term, Slip> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Slip::new(at, "too many parentheses"));
        }
        let term = read(self);
        self.depth -= 1;
        term
    }

    fn inner(&mut self, at: (usize, usize)) -> Result<Term, Slip> {
        let term = self.deeper(at, Self::sum)?;
        if self.sign(&[')']).is_none() {
            return Err(Slip::new(self.here(), "a `)` is missing"));
        }
        Ok(term)
    }

    /// A number with what follows it: `80%`, `20M users`, `10 KB`.
    fn measured(&mut self, number: f64, at: (usize, usize)) -> Result<Term, Slip> {
        let mut term = Term::number(number);
        while self.sign(&['%']).is_some() {
            term.amount.value /= 100.0;
        }
        let mut scaled = false;
        while let Some((word, token)) = self.word().zip(self.peek()) {
            if WORDS[..6].contains(&word) {
                break;
            }
            if self.names.contains_key(word) && unit::unit(word).is_none() {
                return Err(Slip::new(token.at, format!("`{word}` is a name of yours: write a `*` before it, or another word")));
            }
            self.at += 1;
            match (unit::factor(word), unit::unit(word)) {
                (Some(by), _) if !scaled => {
                    term.amount.value *= by;
                    scaled = true;
                }
                (_, Some(unit)) => {
                    self.labelled(word, token)?;
                    let counts = unit::counted_by(word).map(|counts| (counts.to_owned(), 1)).into_iter().collect();
                    term = Term { amount: Amount::new(term.amount.value * unit.factor, unit.bytes, unit.seconds), counts };
                    break;
                }
                _ => {
                    let label = unit::label(word).map_err(|says| Slip::new(token.at, says))?;
                    term.counts.insert(label, 1);
                    break;
                }
            }
        }
        term.amount.value = finite(term.amount.value, self.span(at.0))?;
        Ok(term)
    }

    /// A word after a unit says what it is of, `64 GB memory`, and changes nothing; only `1B users` cannot be bytes.
    fn labelled(&mut self, unit: &str, token: &Token) -> Result<(), Slip> {
        let Some(word) = self.word() else { return Ok(()) };
        if WORDS[..6].contains(&word) || self.names.contains_key(word) || unit::unit(word).is_some() || unit::factor(word).is_some() {
            return Ok(());
        }
        if unit == "B" {
            return Err(Slip::new(token.at, "`B` is bytes; for a billion write G"));
        }
        self.at += 1;
        Ok(())
    }

    /// A name from above, a function, a unit alone, or what is divided among: `/ user`.
    fn named(&mut self, word: &str, at: (usize, usize), after: After) -> Result<Term, Slip> {
        if let Some(term) = self.names.get(word) {
            return Ok(term.clone());
        }
        if matches!(self.peek().map(|token| &token.tok), Some(Tok::Sign('('))) && matches!(word, "sqrt" | "log2" | "ln" | "ceil" | "floor") {
            return self.function(word, at);
        }
        if let Some(unit) = unit::unit(word) {
            let mut term = Term::of(unit);
            if let Some(counts) = unit::counted_by(word) {
                term.counts.insert(counts.to_owned(), 1);
            }
            return Ok(term);
        }
        if let Some(by) = unit::factor(word) {
            return Ok(Term::number(by));
        }
        if after == After::Division {
            let label = unit::label(word).map_err(|says| Slip::new(at, says))?;
            return Ok(Term { counts: [(label, 1)].into(), ..Term::number(1.0) });
        }
        let known: Vec<&str> = self.names.keys().map(String::as_str).collect();
        let near = nearest(word, &known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        Err(Slip::new(at, format!("`{word}` is neither a number with a unit (20M, 10KB, 5y) nor a name from above{near}")))
    }

    fn function(&mut self, word: &str, at: (usize, usize)) -> Result<Term, Slip> {
        self.at += 1;
        let inner = self.inner(at)?;
        let value = inner.amount.value;
        let done = match word {
            "ceil" => return Ok(Term { amount: Amount { value: value.ceil(), ..inner.amount }, ..inner }),
            "floor" => return Ok(Term { amount: Amount { value: value.floor(), ..inner.amount }, ..inner }),
            _ if (inner.amount.bytes, inner.amount.seconds) != (0, 0) => {
                return Err(Slip::new(self.span(at.0), format!("{word} takes a plain number, not {}", say::show(inner.amount))));
            }
            "sqrt" => value.sqrt(),
            "log2" => sims::kernel::math::log2(value),
            _ => sims::kernel::math::ln(value),
        };
        Ok(Term::number(finite(done, self.span(at.0))?))
    }

    /// `… in Gb/s`: the sum stays what it is, and is shown in that unit.
    fn target(&mut self, text: &str, term: &Term) -> Result<Option<String>, Slip> {
        if !self.word().is_some_and(|word| matches!(word, "in" | "to" | "as")) {
            return Ok(None);
        }
        self.at += 1;
        let from = self.here().0;
        let percent = self.sign(&['%']).is_some();
        let bare = matches!(self.peek().map(|token| &token.tok), Some(Tok::Sign('/')));
        let unit = match (percent, bare) {
            (true, _) => Term::number(0.01),
            (false, true) => self.further(Term::number(1.0), from)?,
            (false, false) => self.product()?,
        };
        let at = self.span(from);
        if !unit.amount.same_dimension(term.amount) {
            let says = format!("{} is {}, and `{}` is {}", say::show(term.amount), say::kind(term.amount), cut(text, at), say::kind(unit.amount));
            return Err(Slip::new(at, says));
        }
        let value = finite(term.amount.value / unit.amount.value, at)?;
        let (value, unit) = (say::plain(value), cut(text, at));
        // `1/s` and `/s` are the same unit, and the number stands for its one.
        let unit = unit.strip_prefix('1').filter(|rest| rest.trim_start().starts_with('/')).unwrap_or(&unit).trim();
        Ok(Some(if unit.starts_with(['/', '%']) { format!("{value}{unit}") } else { format!("{value} {unit}") }))
    }
}

fn joined(left: Term, right: &Term, way: i8, at: (usize, usize)) -> Result<Term, Slip> {
    let value = if way > 0 { left.amount.value * right.amount.value } else { left.amount.value / right.amount.value };
    let power = |a: i8, b: i8| a.checked_add(way * b).filter(|p| p.abs() <= POWER_MAX).ok_or_else(|| Slip::new(at, "that has too many units"));
    let amount = Amount::new(finite(value, at)?, power(left.amount.bytes, right.amount.bytes)?, power(left.amount.seconds, right.amount.seconds)?);
    let mut counts = left.counts;
    for (name, by) in &right.counts {
        let sum = counts.remove(name).unwrap_or(0).saturating_add(way.saturating_mul(*by));
        if sum != 0 {
            counts.insert(name.clone(), sum);
        }
    }
    Ok(Term { amount, counts })
}

fn finite(value: f64, at: (usize, usize)) -> Result<f64, Slip> {
    if value.is_finite() { Ok(value) } else { Err(Slip::new(at, "that divides by zero or is too large")) }
}
