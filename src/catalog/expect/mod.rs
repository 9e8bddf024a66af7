//! Expectations: the little language of experiments, from text to a checked tree. `lab` evaluates it.

mod ast;
mod formula;
mod lexer;
mod names;
mod parser;
mod template;
mod unit;

#[cfg(test)]
mod tests;

pub use ast::*;
pub use formula::{formula, threshold};
pub use names::Scope;
pub use template::{Template, significant};

/// What is wrong in a text, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Byte of its first character.
    pub at: usize,
    pub width: usize,
    pub message: String,
}

impl Wrong {
    fn new(at: usize, width: usize, message: String) -> Wrong {
        Wrong { at, width: width.max(1), message }
    }

    /// At the place where a name stands in a text, as a whole word.
    fn naming(text: &str, name: &str, message: String) -> Wrong {
        let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let at = text.match_indices(name).map(|(at, _)| at).find(|at| !text[..*at].ends_with(part) && !text[at + name.len()..].starts_with(part));
        Wrong::new(at.unwrap_or(0), name.len(), message)
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl Expectation {
    /// Reads one line of `expect`, or one choice's `when`.
    ///
    /// # Errors
    /// What was expected, and where.
    pub fn parse(text: &str) -> Result<Expectation, Wrong> {
        Ok(Expectation { text: text.trim().to_string(), law: parser::law(text)? })
    }
}

impl Sum {
    /// Reads a sum over runs' metrics that stands alone: the number of a prediction.
    ///
    /// # Errors
    /// What was expected, and where.
    pub fn parse(text: &str) -> Result<Sum, Wrong> {
        parser::sum(text, None)
    }
}
