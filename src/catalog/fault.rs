//! A fault of a content file: where it is, what is wrong, what was expected.

use serde::Serialize;
use std::fmt;

/// A place in a file: line and column count from 1, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// As it was given, or `built-in:problems/…`.
    pub path: String,
    /// None for a fault of the file as a whole.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The line itself.
    pub source_line: Option<String>,
    /// How many characters of the line are meant, at least one.
    #[serde(skip)]
    pub width: u32,
    pub message: String,
    /// What was expected, or what would mend it.
    pub expected: Option<String>,
}

impl Fault {
    /// A fault of a file as a whole.
    pub fn whole(path: &str, message: impl Into<String>) -> Fault {
        Fault { path: path.into(), place: None, source_line: None, width: 1, message: message.into(), expected: None }
    }

    #[must_use]
    pub fn expecting(mut self, expected: impl Into<String>) -> Fault {
        self.expected = Some(expected.into());
        self
    }
}

/// One line: `problems/x.yaml:3:5: message`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(place) = self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, "; {expected}")?;
        }
        Ok(())
    }
}
