//! A line in pieces: numbers, words and signs, each with its place.

use super::Slip;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tok {
    Number(f64),
    Word(String),
    Sign(char),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub tok: Tok,
    /// From and to, in characters.
    pub at: (usize, usize),
}

pub(super) fn tokens(line: &str) -> Result<Vec<Token>, Slip> {
    let chars: Vec<char> = line.chars().collect();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(c) = chars.get(at).copied() {
        let from = at;
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let tok = if c.is_ascii_digit() || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) {
            at = number_end(&chars, at);
            let digits: String = chars[from..at].iter().filter(|c| !matches!(c, '_' | ',')).collect();
            let number = digits.parse::<f64>().ok().filter(|n| n.is_finite());
            Tok::Number(number.ok_or_else(|| Slip::new((from, at), format!("`{digits}` is no number")))?)
        } else if c.is_alphabetic() {
            while chars.get(at).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                at += 1;
            }
            Tok::Word(chars[from..at].iter().collect())
        } else {
            at += 1;
            Tok::Sign(match c {
                '×' | '·' => '*',
                '÷' => '/',
                '−' | '–' => '-',
                '+' | '-' | '*' | '/' | '(' | ')' | '^' | '%' | '=' => c,
                _ => return Err(Slip::new((from, at), format!("`{c}` means nothing here"))),
            })
        };
        found.push(Token { tok, at: (from, at) });
    }
    Ok(found)
}

/// Past the last character of a number: `1_000`, `1,000`, `2.5`, `1e-3`.
fn number_end(chars: &[char], from: usize) -> usize {
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut at = from;
    loop {
        match chars.get(at) {
            Some('0'..='9' | '.' | '_') => at += 1,
            // A comma parts thousands and nothing else.
            Some(',') if (1..=3).all(|n| digit(at + n)) && !digit(at + 4) => at += 4,
            Some('e' | 'E') if digit(at + 1) => at += 2,
            Some('e' | 'E') if matches!(chars.get(at + 1), Some('-' | '+')) && digit(at + 2) => at += 3,
            _ => return at,
        }
    }
}
