//! What goes wrong on the command line, and the exit code it means.

use std::fmt;

#[derive(Debug, PartialEq)]
pub enum Trouble {
    /// Wrong use: an unknown id, knob, value, action, metric, a missing file.
    Use(String),
    /// The surroundings: no terminal, database, disk.
    Around(String),
    /// Whoever read our output has left: end quietly.
    PipeClosed,
}

impl Trouble {
    pub fn code(&self) -> u8 {
        match self {
            Trouble::Use(_) => 2,
            Trouble::Around(_) => 3,
            // As other tools end that were told so by SIGPIPE.
            Trouble::PipeClosed => 128 + 13,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Use(why) | Trouble::Around(why) => f.write_str(why),
            Trouble::PipeClosed => Ok(()),
        }
    }
}

/// Texts from the other rooms complain about what the user gave.
impl From<String> for Trouble {
    fn from(why: String) -> Trouble {
        Trouble::Use(why)
    }
}
