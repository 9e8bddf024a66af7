//! The checker of one file: where a path of keys stands in it, and the checks that every kind of file shares.

use super::{Content, Context};
use crate::catalog::expect::Wrong;
use crate::catalog::fault::Fault;
use crate::catalog::model::Answer;
use crate::catalog::yaml::{Source, Tree};
use crate::graph;
use std::collections::BTreeSet;

pub struct Checker<'f> {
    source: &'f Source,
    tree: &'f Tree,
    /// Sums and references of a file that lost parts are not judged: they would only follow from what was said already.
    pub partial: bool,
    pub faults: Vec<Fault>,
}

impl<'f> Checker<'f> {
    pub fn new(source: &'f Source, tree: &'f Tree, partial: bool) -> Checker<'f> {
        Checker { source, tree, partial, faults: Vec::new() }
    }

    /// A fault at the value of a path of keys, `phases/2/minutes`.
    pub fn at(&mut self, path: &str, message: impl Into<String>) -> &mut Fault {
        let node = self.tree.walk(path);
        self.push(node.at, node.width(), message)
    }

    /// A fault at the key itself.
    pub fn at_key(&mut self, path: &str, message: impl Into<String>) -> &mut Fault {
        match self.tree.key(path) {
            Some(key) => self.push(key.at, key.text.chars().count(), message),
            None => self.at(path, message),
        }
    }

    /// A fault inside the text at a path.
    pub fn inside(&mut self, path: &str, text: &str, wrong: &Wrong) -> &mut Fault {
        let node = self.tree.walk(path);
        let from = self.source.text.get(node.at..).unwrap_or_default();
        // The line of the text that is meant stands in the source as it is, unless it was folded or escaped.
        let start = text.get(..wrong.at).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1);
        let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        match from.find(line).filter(|_| !line.is_empty()) {
            Some(found) => self.push(node.at + found + (wrong.at - start), wrong.width, &wrong.message),
            None => self.push(node.at, node.width(), &wrong.message),
        }
    }

    fn push(&mut self, at: usize, width: usize, message: impl Into<String>) -> &mut Fault {
        self.faults.push(self.source.fault_at(at, width, message));
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }

    /// Format and id: what every file begins with.
    pub fn header(&mut self, content: &Content) {
        let (format, id, titled) = match content {
            Content::Problem(p) => (p.format, Some(&p.id), Some(&p.title)),
            Content::Deck(d) => (d.format, Some(&d.id), Some(&d.title)),
            Content::Rubric(r) => (r.format, Some(&r.id), None),
            Content::Vocabulary(v) => (v.format, Some(&v.id), None),
            Content::Page(p) => (p.format, Some(&p.id), Some(&p.title)),
            Content::Run(r) => (r.format, None, Some(&r.title)),
        };
        if format != 1 {
            self.at("format", format!("the format is {format}, but this greenroom reads format 1"));
        }
        let stem = super::stem(&self.source.path).to_string();
        if let Some(id) = id
            && *id != stem
        {
            self.at("id", format!("the id is `{id}`, but the file is called `{stem}`")).expected = Some(format!("write `id: {stem}`, or rename the file"));
        }
        if let Some(title) = titled {
            self.says_something("title", title);
        }
    }

    pub fn says_something(&mut self, path: &str, text: &str) {
        if text.trim().is_empty() {
            self.at(path, "nothing is said here").expected = Some("a text was expected".into());
        }
    }

    /// Ids of a list: kebab-case, each once.
    pub fn ids<'i>(&mut self, list: &str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = BTreeSet::new();
        for (i, id) in ids.enumerate() {
            let path = format!("{list}/{i}/id");
            let kebab = id.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
            if !kebab {
                self.at(&path, format!("`{id}` is no id")).expected = Some("lower-case letters, digits and `-`".into());
            }
            if !seen.insert(id) {
                self.at(&path, format!("the id `{id}` stands twice in `{list}`"));
            }
        }
    }

    /// Links to problems, experiments and pages.
    pub fn see(&mut self, base: &str, see: &Answer, context: &Context<'_>) {
        for (i, text) in see.iter().enumerate() {
            if let Some(why) = context.see(text) {
                let key = super::plan::join(base, "see");
                // One link may stand by itself, without a list.
                let path = if self.tree.walk(&key).text().is_some() { key } else { format!("{key}/{i}") };
                self.at(&path, why);
            }
        }
    }

    pub fn diagram(&mut self, path: &str, text: &str) {
        if let Err(why) = graph::draw(text, graph::CARD_WIDTH, graph::Ink::Boxes) {
            self.at(path, format!("the text graph cannot be drawn: {why}"));
        }
    }

    /// The text graphs of a Markdown text.
    pub fn markdown(&mut self, path: &str, text: &str) {
        for (at, block) in graph::fenced(text) {
            if let Err(why) = graph::draw(block, graph::CARD_WIDTH, graph::Ink::Boxes) {
                let width = block.lines().next().unwrap_or_default().chars().count();
                self.inside(path, text, &Wrong { at, width, message: format!("the text graph cannot be drawn: {why}") });
            }
        }
    }
}
