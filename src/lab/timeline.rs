//! The timeline: what is known to happen on a film and when.

use sims::kernel::action::Action;
use sims::kernel::faults;
use sims::kernel::time::Time;

#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub at: Time,
    pub kind: MarkKind,
    /// `crash node=s1`, or the invariant's id.
    pub says: String,
    /// Where it comes from, if it is something done: so that a fork can leave it out.
    pub source: Option<Source>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    Knob,
    /// One of the design's own.
    Action,
    Fault,
    /// An invariant broke for the first time.
    Break,
}

/// The place of something done in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Script(usize),
    Hand(usize),
}

impl MarkKind {
    pub fn of(action: &Action) -> MarkKind {
        match action.name.as_str() {
            "set" => MarkKind::Knob,
            name if faults::SPECS.iter().any(|spec| spec.name == name) => MarkKind::Fault,
            _ => MarkKind::Action,
        }
    }
}

impl Mark {
    /// In a few words, with its time.
    pub fn told(&self) -> String {
        let says = self.says.strip_prefix("set ").unwrap_or(&self.says);
        match self.kind {
            MarkKind::Break => format!("{says} broke at {}", self.at),
            MarkKind::Knob | MarkKind::Action | MarkKind::Fault => format!("{says} at {}", self.at),
        }
    }
}
