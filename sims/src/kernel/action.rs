//! Actions: what can be done to a running design, by hand or by a script.

use super::knob::unknown;
use super::time::{Span, Time};
use super::units;
use super::value::{Kind, Value};

/// An action that a design, or the kernel, understands.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    pub name: &'static str,
    pub says: &'static str,
    pub args: &'static [ArgSpec],
}

#[derive(Clone, Copy, Debug)]
pub struct ArgSpec {
    pub name: &'static str,
    pub says: &'static str,
    pub kind: Kind,
    pub default: ArgDefault,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgDefault {
    /// Must be given.
    Required,
    /// May be left out, and then has no value.
    Absent,
    /// As a user would write it.
    Text(&'static str),
}

/// Arguments as they were written: names and texts.
pub type RawArgs = Vec<(String, String)>;

/// Something to do, with its arguments read and checked. `set` carries knobs as arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    pub name: String,
    pub args: Vec<(String, Value)>,
}

/// An action at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub at: Time,
    pub action: Action,
}

impl Action {
    pub fn arg(&self, name: &str) -> Option<&Value> {
        self.args.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        match self.arg(name)? {
            Value::Integer(n) => Some(*n),
            _ => None,
        }
    }

    pub fn num(&self, name: &str) -> Option<f64> {
        self.arg(name)?.number()
    }

    pub fn span(&self, name: &str) -> Option<Span> {
        match self.arg(name)? {
            Value::Duration(span) => Some(*span),
            _ => None,
        }
    }

    pub fn shift(&self, name: &str) -> Option<i64> {
        match self.arg(name)? {
            Value::Shift(ns) => Some(*ns),
            _ => None,
        }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        match self.arg(name)? {
            Value::Text(text) => Some(text),
            Value::Choice(word) => Some(word),
            _ => None,
        }
    }

    pub fn on(&self, name: &str) -> bool {
        matches!(self.arg(name), Some(Value::Switch(true)))
    }

    /// As a person would write it after the time: `burst n=100 client=7`.
    pub fn told(&self) -> String {
        let mut text = self.name.clone();
        for (name, value) in &self.args {
            text.push_str(&format!(" {name}={value}"));
        }
        text
    }
}

/// Reads one action: its name and its arguments as texts. `set` is read against the knobs.
///
/// # Errors
/// An unknown action or argument with the nearest ones, a missing argument, a value out of range with what is allowed.
pub fn read(specs: &[&ActionSpec], knobs: &[super::knob::Knob], name: &str, args: &[(String, String)]) -> Result<Action, String> {
    if name == "set" {
        return read_set(knobs, args);
    }
    let spec = specs.iter().find(|s| s.name == name).ok_or_else(|| unknown("action", name, specs.iter().map(|s| s.name).chain(["set"])))?;
    for (given, _) in args {
        if !spec.args.iter().any(|a| a.name == given) {
            let known: Vec<&str> = spec.args.iter().map(|a| a.name).collect();
            return Err(if known.is_empty() {
                format!("action `{name}` takes no argument `{given}`; it takes none")
            } else {
                format!("action `{name}`: {}", unknown("argument", given, known.into_iter()))
            });
        }
    }
    let mut read = Vec::new();
    for arg in spec.args {
        let text = args.iter().find(|(n, _)| n == arg.name).map(|(_, t)| t.as_str());
        let text = match (text, arg.default) {
            (Some(text), _) | (None, ArgDefault::Text(text)) => text,
            (None, ArgDefault::Absent) => continue,
            (None, ArgDefault::Required) => return Err(format!("action `{name}` needs `{}`: {}", arg.name, arg.kind)),
        };
        let value = arg.kind.read(text).map_err(|why| format!("action `{name}`: `{}` {why}", arg.name))?;
        read.push((arg.name.to_string(), value));
    }
    Ok(Action { name: name.to_string(), args: read })
}

fn read_set(knobs: &[super::knob::Knob], args: &[(String, String)]) -> Result<Action, String> {
    if args.is_empty() {
        return Err("action `set` needs at least one knob".into());
    }
    let mut read = Vec::new();
    for (name, text) in args {
        let knob = knobs.iter().find(|k| k.name == name).ok_or_else(|| unknown("knob", name, knobs.iter().map(|k| k.name)))?;
        if !knob.live {
            return Err(format!("knob `{name}` holds from the start of a run and cannot be turned while it runs"));
        }
        let value = knob.kind.read(text).map_err(|why| format!("knob `{name}` {why}"))?;
        read.push((name.clone(), value));
    }
    Ok(Action { name: "set".into(), args: read })
}

/// Splits `10s=burst:n=100,client=7` into its time, its action's name and its arguments, unread.
///
/// # Errors
/// A sentence with the form that is expected.
pub fn split_step(text: &str) -> Result<(Time, String, RawArgs), String> {
    let form = || format!("`{text}` is no step: write TIME=ACTION or TIME=ACTION:ARG=VALUE,ARG=VALUE (10s=burst:n=100)");
    let (at, rest) = text.split_once('=').ok_or_else(form)?;
    let at = units::duration(at).map_err(|_| form())?;
    let (name, args) = rest.split_once(':').unwrap_or((rest, ""));
    let mut split = Vec::new();
    for arg in args.split(',').filter(|a| !a.trim().is_empty()) {
        let (key, value) = arg.split_once('=').ok_or_else(form)?;
        split.push((key.trim().to_string(), value.trim().to_string()));
    }
    let name = name.trim();
    if name.is_empty() {
        return Err(form());
    }
    Ok((Time(at.0), name.to_string(), split))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: ActionSpec = ActionSpec {
        name: "burst",
        says: "",
        args: &[
            ArgSpec { name: "n", says: "", kind: Kind::Integer { min: 1, max: 1000 }, default: ArgDefault::Required },
            ArgSpec { name: "client", says: "", kind: Kind::Integer { min: 1, max: 9 }, default: ArgDefault::Text("1") },
        ],
    };

    fn check(text: &str, expected: Result<&str, &str>) {
        let got = split_step(text).and_then(|(_, name, args)| read(&[&BURST], &[], &name, &args));
        match (got, expected) {
            (Ok(action), Ok(told)) => assert_eq!(action.told(), told),
            (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
            (got, want) => panic!("{text}: {got:?}, expected {want:?}"),
        }
    }

    #[test]
    fn steps_are_read_and_refused_with_what_is_allowed() {
        check("10s=burst:n=100,client=7", Ok("burst n=100 client=7"));
        check("10s=burst:n=100", Ok("burst n=100 client=1"));
        check("10s=burst", Err("needs `n`: 1 to 1000"));
        check("10s=burts:n=1", Err("did you mean `burst`"));
        check("10s=burst:m=1", Err("argument"));
        check("10s=burst:n=0", Err("is 0, but must be 1 to 1000"));
        check("burst", Err("TIME=ACTION"));
        check("10=burst:n=1", Err("TIME=ACTION"));
        check("10s=set", Err("at least one knob"));
    }
}
