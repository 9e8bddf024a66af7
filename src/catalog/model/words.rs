//! Small values of content files that are written as text: scalars, lengths of time, shares, ranges, ordered pairs.

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};
use sims::kernel::time::Span;
use sims::kernel::units::{self, Quantity};
use sims::kernel::value::Kind;
use std::fmt;
use std::marker::PhantomData;

/// The literal text of a scalar: `100/min`, `off` and `100` all arrive as they were written; the knob's own kind reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Scalar(pub String);

impl Scalar {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Scalar {
        Scalar(text.to_string())
    }
}

/// A length of time as it is written: `18m`, `120s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Span);

impl Length {
    pub const fn secs(secs: u64) -> Length {
        Length(Span::secs(secs))
    }

    pub fn span(self) -> Span {
        self.0
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Length, D::Error> {
        let text = String::deserialize(from)?;
        units::duration(&text).map(Length).map_err(de::Error::custom)
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&exact(self.0))
    }
}

/// A length of time as it is written, to the nanosecond: a saved run must be the same run.
pub fn exact(span: Span) -> String {
    let short = span.to_string().replace(' ', "");
    if units::duration(&short) == Ok(span) { short } else { format!("{}ns", span.0) }
}

/// A plain number that may carry a factor or a size: `2300`, `2.3K`, `10KB`, `2%`, `1/1000`.
pub fn number<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let text = String::deserialize(from)?;
    read_number(&text).map_err(de::Error::custom)
}

fn read_number(text: &str) -> Result<f64, String> {
    if let Some((above, below)) = text.split_once('/')
        && let (Ok(above), Ok(below)) = (above.trim().parse::<f64>(), below.trim().parse::<f64>())
    {
        let share = above / below;
        return if share.is_finite() { Ok(share) } else { Err(format!("`{text}` is no number")) };
    }
    match units::parse(text)? {
        Quantity::Number(n) | Quantity::Bytes(n) => Ok(n),
        Quantity::Bits(n) => Ok(n / 8.0),
        Quantity::Duration(_) | Quantity::Rate { .. } => Err(format!("`{text}` carries a unit, but must be a plain number")),
    }
}

/// The values of a sizing knob that meet the objectives: `3..5`, `4`, or words divided by bars: `token-bucket | gcra`.
#[derive(Clone, Debug, PartialEq)]
pub enum Good {
    /// From and to, both included, in the candidate's own unit (before `scale`).
    Range(f64, f64),
    Words(Vec<String>),
}

impl Good {
    fn read(text: &str) -> Result<Good, String> {
        if let Some((low, high)) = text.split_once("..") {
            let (low, high) = (read_number(low.trim())?, read_number(high.trim())?);
            return if low <= high { Ok(Good::Range(low, high)) } else { Err(format!("`{text}` is empty: write the lower end first")) };
        }
        if let Ok(n) = read_number(text) {
            return Ok(Good::Range(n, n));
        }
        let words: Vec<String> = text.split('|').map(|w| w.trim().to_string()).collect();
        if words.iter().any(String::is_empty) { Err(format!("`{text}` is no range: write 3..5, 4, or words divided by |")) } else { Ok(Good::Words(words)) }
    }

    /// Whether an answer, as the candidate typed it, is one of these.
    pub fn holds(&self, answer: &str) -> bool {
        match self {
            Good::Range(low, high) => read_number(answer.trim()).is_ok_and(|n| (*low..=*high).contains(&n)),
            Good::Words(words) => words.iter().any(|w| w == answer.trim()),
        }
    }
}

impl fmt::Display for Good {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Good::Range(low, high) if low == high => write!(f, "{low}"),
            Good::Range(low, high) => write!(f, "{low}..{high}"),
            Good::Words(words) => f.write_str(&words.join(" | ")),
        }
    }
}

impl<'de> Deserialize<'de> for Good {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Good, D::Error> {
        Good::read(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl Serialize for Good {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// The text that puts a candidate's answer into a knob: the number times `scale`, with `unit` where the knob's kind needs one.
///
/// # Errors
/// What was expected of the answer.
pub fn sized(answer: &str, scale: f64, unit: &str, kind: &Kind) -> Result<String, String> {
    let answer = answer.trim();
    if matches!(kind, Kind::Choice(_) | Kind::Switch | Kind::Node | Kind::Groups) {
        return Ok(answer.to_string());
    }
    // An answer that already carries the knob's own unit (`30s`, `64MB`) is taken as it stands.
    let Ok(n) = read_number(answer) else {
        return if scale == 1.0 { Ok(answer.to_string()) } else { Err(format!("`{answer}` is no number")) };
    };
    let n = n * scale;
    Ok(match kind {
        Kind::Duration { .. } | Kind::Shift { .. } => format!("{n}{}", if units::duration(&format!("1{unit}")).is_ok() { unit } else { "ms" }),
        Kind::Size { .. } if matches!(units::parse(&format!("1{unit}")), Ok(Quantity::Bytes(_))) => format!("{n}{unit}"),
        Kind::Rate { .. } => match unit.split_once('/') {
            Some((_, per)) => format!("{n}/{per}"),
            None => n.to_string(),
        },
        Kind::Integer { .. } => (n + 0.5).floor().to_string(),
        _ => n.to_string(),
    })
}

/// One text, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer(pub Vec<String>);

impl Answer {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, String> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Answer, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Answer;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Answer, E> {
                Ok(Answer(vec![text.to_string()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Answer, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = list.next_element()? {
                    texts.push(text);
                }
                Ok(Answer(texts))
            }
        }
        from.deserialize_any(Reader)
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if let [one] = self.0.as_slice() {
            return to.serialize_str(one);
        }
        let mut list = to.serialize_seq(Some(self.0.len()))?;
        for text in &self.0 {
            list.serialize_element(text)?;
        }
        list.end()
    }
}

/// A map in the order it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs<V>(pub Vec<(String, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Pairs<V> {
        Pairs(Vec::new())
    }
}

impl<V> Pairs<V> {
    pub fn get(&self, key: &str) -> Option<&V> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(k, _)| k.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<V: Clone> Pairs<V> {
    /// These with `over` laid on them key by key.
    #[must_use]
    pub fn with(&self, over: &Pairs<V>) -> Pairs<V> {
        let mut all = self.clone();
        for (key, value) in over.iter() {
            match all.0.iter_mut().find(|(k, _)| k == key) {
                Some((_, old)) => *old = value.clone(),
                None => all.0.push((key.to_string(), value.clone())),
            }
        }
        all
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Pairs<V>, D::Error> {
        struct Reader<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Reader<V> {
            type Value = Pairs<V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Reader(PhantomData))
    }
}

impl<V: Serialize> Serialize for Pairs<V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_values_are_ranges_or_words() {
        for (text, shown) in [("3..5", "3..5"), ("4", "4"), ("1K..2K", "1000..2000"), ("a | b", "a | b"), ("token-bucket", "token-bucket")] {
            assert_eq!(Good::read(text).map(|g| g.to_string()), Ok(shown.to_string()));
        }
        assert!(Good::read("5..3").is_err() && Good::read("a | ").is_err());
        let range = Good::Range(3.0, 5.0);
        assert!(range.holds("3") && range.holds(" 5 ") && !range.holds("6") && !range.holds("x"));
        assert!(Good::Words(vec!["gcra".into()]).holds("gcra"));
    }

    #[test]
    fn an_answer_goes_into_its_knob_with_the_unit_that_knob_reads() {
        let duration = Kind::Duration { min: Span::ZERO, max: Span::secs(600) };
        let rate = Kind::Rate { min: 0.0, max: 1e6, per: Span::secs(60) };
        let size = Kind::Size { min: 0, max: 1 << 40 };
        let integer = Kind::Integer { min: 1, max: 1000 };
        for (answer, scale, unit, kind, text) in [
            ("30", 1.0, "s", duration, "30s"),
            ("30s", 1.0, "s", duration, "30s"),
            ("5", 1.0, "", duration, "5ms"),
            ("3000", 0.001, "servers", integer, "3"),
            ("100", 1.0, "requests/min", rate, "100/min"),
            ("4", 1.0, "GB", size, "4GB"),
            ("gcra", 1.0, "", Kind::Choice(&["gcra"]), "gcra"),
        ] {
            assert_eq!(sized(answer, scale, unit, &kind), Ok(text.to_string()));
            assert!(kind.read(text).is_ok(), "{text}");
        }
        assert!(sized("many", 0.5, "", &integer).is_err());
    }

    #[test]
    fn shares_and_fractions_are_numbers() {
        for (text, value) in [("10%", 0.1), ("1/1000", 0.001), ("2.3K", 2300.0), ("10KB", 1e4)] {
            assert_eq!(read_number(text), Ok(value));
        }
        for text in ["1/0", "5s", "x", "100/min"] {
            assert!(read_number(text).is_err(), "{text}");
        }
    }
}
