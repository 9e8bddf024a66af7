//! Words, numbers and signs of an expectation, each with its place.

use super::Wrong;
use sims::kernel::units::{self, Quantity};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Letters, digits, `_`, dots, and a `-` between two of them: `edge.admitted`, `never-above-limit`.
    Word(String),
    Number(Literal),
    Sign(&'static str),
}

/// A number as written; a length of time waits for the unit of its comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Literal {
    Plain(f64),
    /// Nanoseconds.
    Time(f64),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lexed {
    pub token: Token,
    /// Byte of its first character.
    pub at: usize,
    pub text: String,
}

/// Longest first: `<=` is not `<` and `=`.
const SIGNS: &[&str] = &["<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ",", "%"];

pub(super) fn lex(text: &str) -> Result<Vec<Lexed>, Wrong> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let len = if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
            number_length(rest)
        } else if first.is_ascii_alphabetic() || first == '_' {
            word_length(rest)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or_else(|| Wrong::new(at, first.len_utf8(), format!("`{first}` means nothing here")))?;
            tokens.push(Lexed { token: Token::Sign(sign), at, text: (*sign).to_string() });
            at += sign.len();
            continue;
        };
        let piece = &rest[..len];
        let token = if first.is_ascii_alphabetic() || first == '_' {
            Token::Word(piece.to_string())
        } else {
            Token::Number(literal(piece).map_err(|why| Wrong::new(at, len, why))?)
        };
        tokens.push(Lexed { token, at, text: piece.to_string() });
        at += len;
    }
    Ok(tokens)
}

/// A word ends before a `-` that is not followed by a letter or digit: `a - b` is a difference, `a-b` a name.
fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut end = 0;
    while end < bytes.len() {
        let joins = matches!(bytes[end], b'-' | b'.') && bytes.get(end + 1).is_some_and(|b| part(*b));
        if !part(bytes[end]) && !joins {
            break;
        }
        end += 1;
    }
    end
}

/// Digits, a point, an exponent, and the unit that follows without a space.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() && (bytes[end].is_ascii_digit() || matches!(bytes[end], b'.' | b'_')) {
        end += 1;
    }
    let digit_after = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if matches!(bytes.get(end), Some(b'e' | b'E')) && (digit_after(end + 1) || (matches!(bytes.get(end + 1), Some(b'-' | b'+')) && digit_after(end + 2))) {
        end += 2;
        while digit_after(end) {
            end += 1;
        }
    }
    let unit: usize = text[end..].chars().take_while(|c| c.is_alphabetic() || *c == '%').map(char::len_utf8).sum();
    end + unit
}

fn literal(text: &str) -> Result<Literal, String> {
    Ok(match units::parse(text)? {
        Quantity::Number(n) | Quantity::Bytes(n) | Quantity::Bits(n) => Literal::Plain(n),
        Quantity::Duration(span) => Literal::Time(span.0 as f64),
        Quantity::Rate { amount, per } => Literal::Plain(amount / per.as_secs()),
    })
}
