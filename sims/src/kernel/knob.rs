//! Knobs: the settings of a design, and a set of their values.

use super::time::Span;
use super::value::{Kind, Rate, Value};

/// One setting, declared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knob {
    pub name: &'static str,
    /// One line: what turning it does.
    pub says: &'static str,
    pub kind: Kind,
    /// As a user would write it.
    pub default: &'static str,
    /// Whether it can be turned while the design runs.
    pub live: bool,
}

impl Knob {
    /// A knob that can be turned while the design runs.
    pub const fn live(name: &'static str, kind: Kind, default: &'static str, says: &'static str) -> Knob {
        Knob { name, says, kind, default, live: true }
    }

    /// A knob that holds from the start of a run; turning it means a new run.
    pub const fn at_start(name: &'static str, kind: Kind, default: &'static str, says: &'static str) -> Knob {
        Knob { name, says, kind, default, live: false }
    }
}

/// A value for each knob of one design, in the order they are declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Knobs {
    declared: &'static [Knob],
    values: Vec<Value>,
}

impl Knobs {
    /// Every knob at its default.
    ///
    /// # Panics
    /// If a default is not of its knob's kind: a bug of the design, which the house tests find.
    pub fn defaults(declared: &'static [Knob]) -> Knobs {
        let values = declared
            .iter()
            .map(|knob| match knob.kind.read(knob.default) {
                Ok(value) => value,
                Err(why) => panic!("default of knob `{}` {why}", knob.name),
            })
            .collect();
        Knobs { declared, values }
    }

    pub fn declared(&self) -> &'static [Knob] {
        self.declared
    }

    /// Sets one knob from text.
    ///
    /// # Errors
    /// An unknown name with the nearest ones, or a value out of range with what is allowed.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let at = self.declared.iter().position(|knob| knob.name == name).ok_or_else(|| unknown("knob", name, self.declared.iter().map(|k| k.name)))?;
        self.values[at] = self.declared[at].kind.read(text).map_err(|why| format!("knob `{name}` {why}"))?;
        Ok(())
    }

    /// Sets one knob to a value read before.
    pub fn put(&mut self, name: &str, value: Value) {
        if let Some(at) = self.declared.iter().position(|knob| knob.name == name) {
            self.values[at] = value;
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static Knob, &Value)> {
        self.declared.iter().zip(&self.values)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(knob, _)| knob.name == name).map(|(_, value)| value)
    }

    fn value(&self, name: &str) -> &Value {
        self.get(name).unwrap_or_else(|| panic!("the design asks for a knob `{name}` that it does not declare"))
    }

    /// The readers below panic on a knob that is not declared, or of another kind: bugs of a design.
    pub fn on(&self, name: &str) -> bool {
        match self.value(name) {
            Value::Switch(on) => *on,
            other => panic!("knob `{name}` is no switch but {other:?}"),
        }
    }

    pub fn int(&self, name: &str) -> i64 {
        match self.value(name) {
            Value::Integer(n) => *n,
            other => panic!("knob `{name}` is no integer but {other:?}"),
        }
    }

    /// An integer knob whose least value is not negative, as a count.
    pub fn count(&self, name: &str) -> usize {
        usize::try_from(self.int(name)).unwrap_or(0)
    }

    pub fn num(&self, name: &str) -> f64 {
        match self.value(name) {
            Value::Number(x) => *x,
            Value::Integer(n) => *n as f64,
            other => panic!("knob `{name}` is no number but {other:?}"),
        }
    }

    pub fn choice(&self, name: &str) -> &'static str {
        match self.value(name) {
            Value::Choice(word) => word,
            other => panic!("knob `{name}` is no choice but {other:?}"),
        }
    }

    pub fn span(&self, name: &str) -> Span {
        match self.value(name) {
            Value::Duration(span) => *span,
            other => panic!("knob `{name}` is no duration but {other:?}"),
        }
    }

    /// Bytes.
    pub fn size(&self, name: &str) -> u64 {
        match self.value(name) {
            Value::Size(bytes) => *bytes,
            other => panic!("knob `{name}` is no size but {other:?}"),
        }
    }

    pub fn rate(&self, name: &str) -> Rate {
        match self.value(name) {
            Value::Rate(rate) => *rate,
            other => panic!("knob `{name}` is no rate but {other:?}"),
        }
    }

    /// A signed number of nanoseconds.
    pub fn shift(&self, name: &str) -> i64 {
        match self.value(name) {
            Value::Shift(ns) => *ns,
            other => panic!("knob `{name}` is no signed duration but {other:?}"),
        }
    }
}

/// `` no knob `limt`; did you mean `limit`? `` or, with nothing near, the whole list.
pub fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    match nearest(name, &known) {
        Some(near) => format!("no {what} `{name}`; did you mean `{near}`?"),
        None => format!("no {what} `{name}`; there are: {}", known.join(", ")),
    }
}

/// The known name with the fewest edits from `name`, if that is at most a third of its length, or two.
pub fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let scored = known.iter().map(|k| (edits(name, k), *k)).min()?;
    let length = name.chars().count();
    let allowed = if length < 4 { 1 } else { (length / 3).max(2) };
    (scored.0 <= allowed).then_some(scored.1)
}

/// Levenshtein's distance, one row at a time.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOBS: &[Knob] = &[Knob::live("limit", Kind::Integer { min: 1, max: 9 }, "3", ""), Knob::live("atomic", Kind::Switch, "on", "")];

    #[test]
    fn a_set_starts_at_defaults_and_says_what_is_wrong() {
        let mut knobs = Knobs::defaults(KNOBS);
        assert_eq!((knobs.int("limit"), knobs.on("atomic")), (3, true));
        knobs.set("limit", "7").unwrap();
        assert_eq!(knobs.count("limit"), 7);
        assert_eq!(knobs.set("limit", "10").unwrap_err(), "knob `limit` is 10, but must be 1 to 9");
        assert_eq!(knobs.set("limt", "1").unwrap_err(), "no knob `limt`; did you mean `limit`?");
        assert_eq!(knobs.set("zebra", "1").unwrap_err(), "no knob `zebra`; there are: limit, atomic");
    }
}
