//! From a tree to a value of the model, with every fault of shape at once.
//!
//! serde stops at the first error. So a part that was refused is cut out of the tree and the rest is read again, until nothing is
//! refused any more; fields that the type does not have are reported on the way and passed over.

use super::super::fault::Fault;
use super::source::Source;
use super::tree::{Key, Node, Tree};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use sims::kernel::knob::nearest;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A file with more is not read to its end.
const FAULTS_MAX: usize = 50;

/// What came of reading a file.
pub struct Read<T> {
    /// None if what was refused leaves no whole value.
    pub value: Option<T>,
    pub faults: Vec<Fault>,
    /// Parts were cut out: sums and references of the value mean little.
    pub partial: bool,
    /// What the value was read from, without the parts that were cut out.
    pub tree: Tree,
}

/// Reads a value from a tree.
pub fn read<T: DeserializeOwned>(source: &Source, mut tree: Tree) -> Read<T> {
    let mut faults: Vec<Fault> = Vec::new();
    let unknown = RefCell::new(BTreeMap::new());
    let mut broken = BTreeSet::new();
    let mut value = None;
    while faults.len() < FAULTS_MAX {
        let wrong = match T::deserialize(Part { source, tree: &tree, unknown: &unknown, broken: &broken }) {
            Ok(whole) => {
                value = Some(whole);
                break;
            }
            Err(wrong) => wrong.within(&tree, &broken),
        };
        if !wrong.follows {
            faults.push(source.fault_at(wrong.at, wrong.width, wrong.message));
        }
        // What lost a part may now miss a field: that is no fault of its own.
        let Some(parent) = tree.cut(wrong.node.unwrap_or_default()) else { break };
        broken.insert(parent);
    }
    let partial = !faults.is_empty();
    faults.extend(unknown.into_inner().into_values());
    Read { value, faults, partial, tree }
}

/// One error on its way up. The innermost part that it passes gives it its place.
#[derive(Debug)]
struct Wrong {
    message: String,
    node: Option<usize>,
    at: usize,
    width: usize,
    missing: bool,
    /// Only because of a fault that was reported before.
    follows: bool,
}

impl Wrong {
    fn within(mut self, tree: &Tree, broken: &BTreeSet<usize>) -> Wrong {
        if self.node.is_none() {
            self.node = Some(tree.id);
            self.at = tree.at;
            self.width = tree.width();
            self.follows = self.missing && broken.contains(&tree.id);
        }
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Wrong {
        Wrong { message: message.to_string(), node: None, at: 0, width: 1, missing: false, follows: false }
    }

    fn missing_field(field: &'static str) -> Wrong {
        Wrong { missing: true, ..Wrong::custom(format!("the field `{field}` is missing")) }
    }
}

/// A part of the tree as serde reads it.
#[derive(Clone, Copy)]
struct Part<'t> {
    source: &'t Source,
    tree: &'t Tree,
    unknown: &'t RefCell<BTreeMap<usize, Fault>>,
    broken: &'t BTreeSet<usize>,
}

impl<'t> Part<'t> {
    fn of(self, tree: &'t Tree) -> Part<'t> {
        Part { tree, ..self }
    }

    fn scalar(self, expected: &str) -> Result<&'t str, Wrong> {
        match &self.tree.node {
            Node::Text(text) => Ok(text),
            Node::Empty => Err(de::Error::custom(format!("{expected} was expected, but nothing is here"))),
            Node::List(_) | Node::Map(_) => Err(de::Error::custom(format!("{expected} was expected, but here is {}", self.tree.shape()))),
        }
    }

    fn number<N: std::str::FromStr>(self, expected: &str) -> Result<N, Wrong> {
        let text = self.scalar(expected)?;
        text.replace('_', "").parse().map_err(|_| de::Error::custom(format!("{expected} was expected, but here is `{text}`")))
    }

    fn pairs(self) -> Result<&'t [(Key, Tree)], Wrong> {
        match &self.tree.node {
            Node::Map(pairs) => Ok(pairs),
            _ => Err(de::Error::custom(format!("a map was expected, but here is {}", self.tree.shape()))),
        }
    }

    /// Notes a key that its type does not have.
    fn refuse(self, key: &Key, value: &Tree, fields: &[&str]) {
        let mut fault = self.source.fault_at(key.at, key.text.chars().count(), format!("there is no field `{}` here", key.text));
        let expected = if ends_a_flow_value(&self.source.text, key, value) {
            "a comma ends an unquoted value inside { }: put the value in quotes, or write it in block style".to_string()
        } else {
            match nearest(&key.text, fields) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", fields.join(", ")),
            }
        };
        fault.expected = Some(expected);
        self.unknown.borrow_mut().insert(key.at, fault);
    }
}

/// Whether an unknown key is the rest of a text that was cut at its comma: `{say: Wait, what, at: 5m}`.
fn ends_a_flow_value(text: &str, key: &Key, value: &Tree) -> bool {
    let before = text.get(..key.at).unwrap_or_default().trim_end();
    let after = text.get(key.at + key.text.len()..).unwrap_or_default().trim_start();
    before.ends_with(',') && ((matches!(value.node, Node::Empty) && after.starts_with([',', '}'])) || key.text.contains(' '))
}

macro_rules! numbers {
    ($($name:ident $visit:ident $kind:ty, $expected:literal;)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.$visit(self.number::<$kind>($expected)?)
        })*
    };
}

impl<'de> de::Deserializer<'de> for Part<'_> {
    type Error = Wrong;

    numbers! {
        deserialize_u8 visit_u8 u8, "a whole number";
        deserialize_u16 visit_u16 u16, "a whole number";
        deserialize_u32 visit_u32 u32, "a whole number";
        deserialize_u64 visit_u64 u64, "a whole number";
        deserialize_i8 visit_i8 i8, "a whole number";
        deserialize_i16 visit_i16 i16, "a whole number";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_f32 visit_f32 f32, "a number";
        deserialize_f64 visit_f64 f64, "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.tree.node {
            Node::Empty => visitor.visit_unit(),
            Node::Text(text) => visitor.visit_str(text),
            Node::List(_) => self.deserialize_seq(visitor),
            Node::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.scalar("true or false")? {
            "true" | "on" => visitor.visit_bool(true),
            "false" | "off" => visitor.visit_bool(false),
            text => Err(de::Error::custom(format!("true or false was expected, but here is `{text}`"))),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_str(self.scalar("a text")?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if matches!(self.tree.node, Node::Empty) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.tree.node {
            Node::List(items) => visitor.visit_seq(Items { part: self, left: items.iter() }),
            _ => Err(de::Error::custom(format!("a list was expected, but here is {}", self.tree.shape()))),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(Fields { part: self, left: self.pairs()?.iter(), fields: None, value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(Fields { part: self, left: self.pairs()?.iter(), fields: Some(fields), value: None })
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        let text = self.scalar("a word")?;
        if !variants.contains(&text) {
            return Err(de::Error::custom(format!("one of {} was expected, but here is `{text}`", variants.join(", "))));
        }
        let word: StrDeserializer<'_, Wrong> = text.into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { bytes byte_buf i128 u128 }
}

struct Items<'t> {
    part: Part<'t>,
    left: std::slice::Iter<'t, Tree>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Wrong;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        let Some(item) = self.left.next() else { return Ok(None) };
        seed.deserialize(self.part.of(item)).map(Some).map_err(|wrong| wrong.within(item, self.part.broken))
    }
}

struct Fields<'t> {
    part: Part<'t>,
    left: std::slice::Iter<'t, (Key, Tree)>,
    /// None for a map with free keys.
    fields: Option<&'static [&'static str]>,
    value: Option<&'t Tree>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Wrong;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        for (key, value) in self.left.by_ref() {
            if let Some(fields) = self.fields
                && !fields.contains(&key.text.as_str())
            {
                self.part.refuse(key, value, fields);
                continue;
            }
            self.value = Some(value);
            let word: StrDeserializer<'_, Wrong> = key.text.as_str().into_deserializer();
            return seed.deserialize(word).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Wrong> {
        let Some(value) = self.value.take() else { return Err(de::Error::custom("a value was expected")) };
        seed.deserialize(self.part.of(value)).map_err(|wrong| wrong.within(value, self.part.broken))
    }
}
