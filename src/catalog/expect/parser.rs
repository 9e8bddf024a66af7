//! The grammar of expectations: from tokens to a tree, times still without a unit.

use super::lexer::{Lexed, Literal, Token, lex};
use super::unit::{Times, settle};
use super::{Aggregate, By, Function, Law, Leaf, Sum, TimeUnit, Wrong};
use crate::catalog::model::Is;
use sims::kernel::knob::unknown;

/// Parentheses and signs deeper than this are no expectation.
const DEPTH_MAX: usize = 50;

/// A whole line: a comparison or a verdict.
pub(super) fn law(text: &str) -> Result<Law, Wrong> {
    let mut parser = Parser::new(text)?;
    let law = parser.law()?;
    parser.end()?;
    Ok(law)
}

/// A whole text as one sum, with its times counted in `unit`, or in the unit of its own metrics.
pub(super) fn sum(text: &str, unit: Option<TimeUnit>) -> Result<Sum, Wrong> {
    let mut parser = Parser::new(text)?;
    let mut times = Times::default();
    let mut sum = parser.sum(&mut times)?;
    parser.end()?;
    let unit = settle(&times, unit)?;
    super::unit::apply(&mut sum, &times, unit);
    Ok(sum)
}

struct Parser {
    tokens: Vec<Lexed>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Parser, Wrong> {
        Ok(Parser { tokens: lex(text)?, next: 0, end: text.len(), depth: 0 })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|t| &t.token)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.next + ahead).map(|t| &t.token) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.next += usize::from(found);
        found
    }

    fn wrong(&self, expected: &str) -> Wrong {
        match self.tokens.get(self.next) {
            Some(token) => Wrong::new(token.at, token.text.len(), format!("{expected} was expected, but here is `{}`", token.text)),
            None => Wrong::new(self.end, 1, format!("{expected} was expected, but the line ends here")),
        }
    }

    fn end(&self) -> Result<(), Wrong> {
        if self.next == self.tokens.len() { Ok(()) } else { Err(self.wrong("the end of the line")) }
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), Wrong> {
        if self.take(sign) { Ok(()) } else { Err(self.wrong(&format!("`{sign}`"))) }
    }

    /// Takes a word that may stand for a run or an invariant.
    fn name(&mut self, expected: &str) -> Result<String, Wrong> {
        let name = self.word(0).filter(|w| !w.contains('.')).map(String::from).ok_or_else(|| self.wrong(expected))?;
        self.next += 1;
        Ok(name)
    }

    fn law(&mut self) -> Result<Law, Wrong> {
        if matches!(self.word(1), Some("holds" | "breaks" | "reaches")) { self.verdict() } else { self.comparison() }
    }

    fn verdict(&mut self) -> Result<Law, Wrong> {
        let run = self.name("the name of a run")?;
        let verb = self.name("holds, breaks or reaches")?;
        Ok(match verb.as_str() {
            "breaks" => Law::Breaks { run, invariant: self.name("the invariant that breaks")? },
            "reaches" => Law::Reaches { run, invariant: self.name("the invariant that is reached")? },
            _ => Law::Holds { run, invariant: if self.word(0).is_some() { Some(self.name("an invariant")?) } else { None } },
        })
    }

    fn comparison(&mut self) -> Result<Law, Wrong> {
        let mut times = Times::default();
        let mut left = self.sum(&mut times)?;
        let is = self.relation()?;
        let share = if is.is_none() { self.share_of()? } else { 0.0 };
        let mut right = self.sum(&mut times)?;
        let unit = settle(&times, None)?;
        super::unit::apply(&mut left, &times, unit);
        super::unit::apply(&mut right, &times, unit);
        Ok(match is {
            Some(is) => Law::Compare { left, is, right },
            None => Law::Within { left, share, right },
        })
    }

    /// The relation, or none for `within`.
    fn relation(&mut self) -> Result<Option<Is>, Wrong> {
        if self.word(0) == Some("within") {
            self.next += 1;
            return Ok(None);
        }
        for (sign, is) in [("<=", Is::AtMost), ("<", Is::Below), (">=", Is::AtLeast), (">", Is::Above), ("==", Is::Equal), ("!=", Is::Unequal)] {
            if self.take(sign) {
                return Ok(Some(is));
            }
        }
        Err(self.wrong("<=, <, >=, >, ==, != or within"))
    }

    /// `5 % of`, or `5% of`.
    fn share_of(&mut self) -> Result<f64, Wrong> {
        let Some(Token::Number(Literal::Plain(number))) = self.peek().cloned() else { return Err(self.wrong("a percentage")) };
        let with_sign = self.tokens.get(self.next).is_some_and(|t| t.text.ends_with('%'));
        self.next += 1;
        let share = if with_sign {
            number
        } else {
            self.expect("%")?;
            number / 100.0
        };
        if self.word(0) == Some("of") {
            self.next += 1;
            Ok(share)
        } else {
            Err(self.wrong("`of`"))
        }
    }

    fn sum(&mut self, times: &mut Times) -> Result<Sum, Wrong> {
        let mut left = self.product(times)?;
        loop {
            let by = if self.take("+") {
                By::Plus
            } else if self.take("-") {
                By::Minus
            } else {
                return Ok(left);
            };
            left = Sum::Binary { left: Box::new(left), by, right: Box::new(self.product(times)?) };
        }
    }

    fn product(&mut self, times: &mut Times) -> Result<Sum, Wrong> {
        let mut left = self.factor(times)?;
        loop {
            let by = if self.take("*") {
                By::Times
            } else if self.take("/") {
                By::Over
            } else {
                return Ok(left);
            };
            left = Sum::Binary { left: Box::new(left), by, right: Box::new(self.factor(times)?) };
        }
    }

    fn factor(&mut self, times: &mut Times) -> Result<Sum, Wrong> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.wrong("an end of the parentheses"));
        }
        let factor = self.factor_inside(times);
        self.depth -= 1;
        factor
    }

    fn factor_inside(&mut self, times: &mut Times) -> Result<Sum, Wrong> {
        if self.take("-") {
            return Ok(Sum::Negative(Box::new(self.factor(times)?)));
        }
        if self.take("(") {
            let inside = self.sum(times)?;
            self.expect(")")?;
            return Ok(inside);
        }
        match self.peek().cloned() {
            Some(Token::Number(Literal::Plain(n))) => {
                self.next += 1;
                Ok(Sum::Number(n))
            }
            Some(Token::Number(Literal::Time(ns))) => {
                let sum = times.literal(&self.tokens[self.next], ns);
                self.next += 1;
                Ok(sum)
            }
            Some(Token::Word(word)) => {
                if matches!(self.tokens.get(self.next + 1).map(|t| &t.token), Some(Token::Sign("("))) {
                    return self.call(&word, times);
                }
                let sum = self.named(&word, times)?;
                self.next += 1;
                Ok(sum)
            }
            _ => Err(self.wrong("a number, RUN.METRIC or a function")),
        }
    }

    /// `RUN.METRIC`, `RUN.set.KNOB`, or a given name.
    fn named(&self, word: &str, times: &mut Times) -> Result<Sum, Wrong> {
        let Some((run, rest)) = word.split_once('.') else { return Ok(Sum::Leaf(Leaf::Given(word.to_string()))) };
        if let Some(knob) = rest.strip_prefix("set.") {
            return Ok(Sum::Leaf(Leaf::Knob { run: run.into(), knob: knob.into(), unit: TimeUnit::default() }));
        }
        times.metric(&self.tokens[self.next], rest);
        Ok(Sum::Leaf(Leaf::Metric { run: run.into(), metric: rest.into() }))
    }

    fn call(&mut self, name: &str, times: &mut Times) -> Result<Sum, Wrong> {
        let wrong_name = self.wrong("");
        self.next += 2;
        if name == "share" {
            // A comparison of its own, with a unit of its own.
            let law = self.law()?;
            self.expect(")")?;
            return Ok(Sum::Leaf(Leaf::Share(Box::new(law))));
        }
        if let Some((_, by)) = Aggregate::ALL.iter().find(|(n, _)| *n == name) {
            let of = self.sum(times)?;
            self.expect(")")?;
            return Ok(Sum::Leaf(Leaf::Aggregate { by: *by, of: Box::new(of) }));
        }
        let Some((_, function)) = Function::ALL.iter().find(|(n, _)| *n == name) else {
            let known = Function::ALL.iter().map(|f| f.0).chain(Aggregate::ALL.iter().map(|a| a.0)).chain(["share"]);
            return Err(Wrong { message: unknown("function", name, known), ..wrong_name });
        };
        let mut of = vec![self.sum(times)?];
        while of.len() < function.arguments() {
            self.expect(",")?;
            of.push(self.sum(times)?);
        }
        self.expect(")")?;
        Ok(Sum::Call { function: *function, of })
    }
}
