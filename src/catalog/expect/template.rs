//! Explanations with places for a run's numbers: `{edge.admitted}`.

use super::{Scope, Sum, Wrong, parser};

/// A text in which some places wait for a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Place { written: String, at: usize, sum: Result<Sum, Wrong> },
}

impl Template {
    /// Reads a text. Braces that hold no name with a dot (code, mathematics) stay as they are.
    pub fn read(text: &str) -> Template {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut at = 0;
        while let Some(open) = text[at..].find('{').map(|n| n + at) {
            let inside = text[open + 1..].find('}').map(|n| &text[open + 1..open + 1 + n]);
            match inside.filter(|inside| names_a_run(inside)) {
                Some(inside) => {
                    plain.push_str(&text[at..open]);
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Place { written: inside.to_string(), at: open + 1, sum: parser::sum(inside, None) });
                    at = open + inside.len() + 2;
                }
                None => {
                    plain.push_str(&text[at..=open]);
                    at = open + 1;
                }
            }
        }
        plain.push_str(&text[at..]);
        parts.push(Part::Text(plain));
        Template { parts }
    }

    /// Every place that names what is not declared.
    pub fn check(&self, scope: &Scope<'_>) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for part in &self.parts {
            if let Part::Place { written, at, sum } = part {
                let found = match sum {
                    Ok(sum) => scope.check_sum(written, sum),
                    Err(why) => vec![why.clone()],
                };
                wrong.extend(found.into_iter().map(|w| Wrong { at: w.at + at, ..w }));
            }
        }
        wrong
    }

    /// The sums that wait for a value.
    pub fn sums(&self) -> impl Iterator<Item = &Sum> {
        self.parts.iter().filter_map(|part| match part {
            Part::Place { sum: Ok(sum), .. } => Some(sum),
            _ => None,
        })
    }

    /// The text with numbers put in; a place without a value shows `–`.
    pub fn fill(&self, value: &dyn Fn(&Sum) -> Option<f64>) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Place { sum, .. } => match sum.as_ref().ok().and_then(value) {
                    Some(number) => text.push_str(&significant(number)),
                    None => text.push('–'),
                },
            }
        }
        text
    }
}

/// `edge.admitted`, alone or in a sum; not `{user}`, `{1, 2}` or `{"a": 1}`.
fn names_a_run(inside: &str) -> bool {
    let calm = inside.chars().all(|c| c.is_ascii_alphanumeric() || " ._-+*/(),%".contains(c));
    let named = inside.split(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).any(|word| {
        word.split_once('.').is_some_and(|(run, rest)| run.starts_with(|c: char| c.is_ascii_lowercase()) && rest.starts_with(|c: char| c.is_ascii_lowercase()))
    });
    calm && named
}

/// Three significant figures, thousands divided by commas: `1,234,567` is `1,230,000`, `0.012345` is `0.0123`.
pub fn significant(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    // Counts are not rounded while they are short enough to read.
    if number == number.trunc() && number.abs() < 10_000.0 {
        return grouped(&format!("{number:.0}"));
    }
    let written = format!("{number:.2e}");
    let exponent: i32 = written.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0);
    let rounded: f64 = written.parse().unwrap_or(number);
    let decimals = usize::try_from(2 - exponent).unwrap_or(0).min(12);
    let text = format!("{rounded:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    grouped(text)
}

fn grouped(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, decimals) = text.split_once('.').map_or((text, None), |(w, d)| (w, Some(d)));
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(decimals) = decimals {
        out.push('.');
        out.push_str(decimals);
    }
    out
}
