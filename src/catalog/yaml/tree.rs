//! A YAML document as a tree that knows where each part stands; scalars keep the text they were written with.

use super::super::fault::Fault;
use super::source::Source;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};
use std::fmt;

/// Enough for a card ten times the usual size; an alias bomb comes nowhere.
const EVENTS_MAX: usize = 400_000;
const REPLAYED_MAX: usize = 50_000;
const DEPTH_MAX: usize = 40;

#[derive(Clone, Debug)]
pub struct Tree {
    /// Its number in the document: aliases give one place several numbers.
    pub id: usize,
    /// Byte of its first character.
    pub at: usize,
    /// Bytes that it takes, if it is a scalar.
    pub len: usize,
    pub node: Node,
}

#[derive(Clone, Debug)]
pub enum Node {
    /// Nothing was written, or `null`.
    Empty,
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(Key, Tree)>),
}

#[derive(Clone, Debug)]
pub struct Key {
    pub at: usize,
    pub text: String,
}

impl Tree {
    /// Parses a document within the limits.
    ///
    /// # Errors
    /// The one fault of syntax, or of a limit.
    pub fn parse(source: &Source) -> Result<Tree, Fault> {
        let options = serde_yaml::options! {
            budget: serde_yaml::budget! {
                max_events: EVENTS_MAX,
                max_nodes: EVENTS_MAX,
                max_depth: DEPTH_MAX,
                max_documents: 1,
            },
            alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: REPLAYED_MAX },
            with_snippet: false,
            non_finite_float_policy: serde_yaml::NonFiniteFloatPolicy::PassThrough,
        };
        let raw: Raw = serde_yaml::from_str_with_options(&source.text, options).map_err(|why| syntax(source, &why))?;
        Ok(raw.planted(&source.text, &mut 0))
    }

    pub fn get(&self, key: &str) -> Option<&Tree> {
        match &self.node {
            Node::Map(pairs) => pairs.iter().find(|(k, _)| k.text == key).map(|(_, tree)| tree),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The part at a path of keys and places, `phases/2/minutes`; as far down as it exists.
    pub fn walk(&self, path: &str) -> &Tree {
        self.step(path).map_or(self, |(next, rest)| next.walk(rest))
    }

    /// As `walk`, but the byte and text of the last key on the way, if there is one.
    pub fn key(&self, path: &str) -> Option<&Key> {
        let (parent, last) = path.rsplit_once('/').map_or((self, path), |(parent, last)| (self.walk(parent), last));
        match &parent.node {
            Node::Map(pairs) => pairs.iter().find(|(k, _)| k.text == last).map(|(k, _)| k),
            _ => None,
        }
    }

    fn step<'p>(&self, path: &'p str) -> Option<(&Tree, &'p str)> {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        match &self.node {
            Node::Map(_) => Some((self.get(first)?, rest)),
            Node::List(items) => Some((items.get(first.parse::<usize>().ok()?)?, rest)),
            _ => None,
        }
    }

    /// Takes a part out of its list or map, by its number; gives the number of what it was taken from.
    pub fn cut(&mut self, id: usize) -> Option<usize> {
        match &mut self.node {
            Node::List(items) => match items.iter().position(|item| item.id == id) {
                Some(found) => {
                    items.remove(found);
                    Some(self.id)
                }
                None => items.iter_mut().find_map(|item| item.cut(id)),
            },
            Node::Map(pairs) => match pairs.iter().position(|(_, value)| value.id == id) {
                Some(found) => {
                    pairs.remove(found);
                    Some(self.id)
                }
                None => pairs.iter_mut().find_map(|(_, value)| value.cut(id)),
            },
            Node::Empty | Node::Text(_) => None,
        }
    }

    /// What it is, in words.
    pub fn shape(&self) -> &'static str {
        match &self.node {
            Node::Empty => "nothing",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Map(_) => "a map",
        }
    }

    /// Characters that it takes on its first line.
    pub fn width(&self) -> usize {
        match &self.node {
            Node::Text(text) => text.lines().next().unwrap_or_default().chars().count().max(1).min(self.len.max(1)),
            _ => 1,
        }
    }
}

/// The YAML crate's message without the place, which the fault shows itself.
fn syntax(source: &Source, why: &serde_yaml::Error) -> Fault {
    let why = why.without_snippet();
    let message = serde_yaml::Error::to_string(why);
    let message = message.lines().next().unwrap_or_default();
    let message = match message.find(" at line ") {
        Some(end) => &message[..end],
        None => message,
    };
    let message = told(message.strip_prefix("error: ").unwrap_or(message));
    match why.location() {
        Some(location) if location.line() > 0 => {
            let place = super::super::fault::Place { line: location.line() as u32, column: (location.column() as u32).max(1) };
            source.fault(place, 1, message)
        }
        _ => Fault::whole(&source.path, message),
    }
}

/// The crate speaks of its own limits and options; a writer of cards knows neither.
fn told(message: &str) -> String {
    if message.contains("Depth {") || message.contains("nesting") {
        return format!("lists and maps are nested deeper than {DEPTH_MAX}");
    }
    if message.contains("alias") && message.contains("limit") {
        return format!("aliases repeat more than {REPLAYED_MAX} parts");
    }
    if message.starts_with("budget breached") {
        return format!("the file has more than {EVENTS_MAX} parts");
    }
    if let Some(key) = message.strip_prefix("duplicate mapping key: ") {
        return format!("the field `{}` stands twice", key.split(',').next().unwrap_or(key));
    }
    message.to_string()
}

/// What the YAML crate gives: scalars already guessed at, with places.
struct Raw(Spanned<RawNode>);

enum RawNode {
    Empty,
    /// A number or a switch by YAML's guess: its literal text is taken from the source.
    Guessed,
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl Raw {
    fn planted(self, text: &str, next: &mut usize) -> Tree {
        let id = *next;
        *next += 1;
        let Spanned { value, defined, .. } = self.0;
        let (at, len) = bytes(&defined);
        let node = match value {
            RawNode::Empty => Node::Empty,
            RawNode::Guessed => Node::Text(text.get(at..at + len).unwrap_or_default().trim().to_string()),
            RawNode::Text(text) => Node::Text(text),
            RawNode::List(items) => Node::List(items.into_iter().map(|item| item.planted(text, next)).collect()),
            RawNode::Map(pairs) => Node::Map(
                pairs
                    .into_iter()
                    .map(|(key, value)| {
                        let (at, _) = bytes(&key.referenced);
                        (Key { at, text: key.value }, value.planted(text, next))
                    })
                    .collect(),
            ),
        };
        Tree { id, at, len, node }
    }
}

fn bytes(location: &Location) -> (usize, usize) {
    let span = location.span();
    (span.byte_offset().unwrap_or(0) as usize, span.byte_len().unwrap_or(0) as usize)
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Raw, D::Error> {
        Spanned::deserialize(from).map(Raw)
    }
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RawNode, D::Error> {
        from.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<RawNode, E> {
        Ok(RawNode::Empty)
    }

    fn visit_none<E>(self) -> Result<RawNode, E> {
        Ok(RawNode::Empty)
    }

    fn visit_bool<E>(self, _: bool) -> Result<RawNode, E> {
        Ok(RawNode::Guessed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<RawNode, E> {
        Ok(RawNode::Guessed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<RawNode, E> {
        Ok(RawNode::Guessed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<RawNode, E> {
        Ok(RawNode::Guessed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<RawNode, E> {
        Ok(RawNode::Guessed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<RawNode, E> {
        Ok(RawNode::Guessed)
    }

    fn visit_str<E>(self, text: &str) -> Result<RawNode, E> {
        Ok(RawNode::Text(text.to_string()))
    }

    fn visit_string<E>(self, text: String) -> Result<RawNode, E> {
        Ok(RawNode::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawNode, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(RawNode::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawNode, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(RawNode::Map(pairs))
    }
}
