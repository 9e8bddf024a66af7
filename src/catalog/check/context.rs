//! What a file is judged against: designs, the words for mechanisms, the rubrics, the other problems, the pages.

use super::{Content, Parsed};
use crate::catalog::embedded;
use crate::catalog::model::See;
use crate::catalog::yaml::Source;
use sims::kernel::design::Design;
use sims::kernel::knob::{nearest, unknown};
use std::collections::{BTreeMap, BTreeSet};

pub struct Context<'a> {
    pub designs: &'a [&'static Design],
    pub mechanisms: BTreeSet<String>,
    /// Ids of rubrics: the levels.
    pub levels: BTreeSet<String>,
    /// Ids of problems with those of their experiments.
    pub problems: BTreeMap<String, BTreeSet<String>>,
    /// Ids of concept pages.
    pub pages: BTreeSet<String>,
    /// Ids of built-in flashcards and flaws with those of their decks, unless one of the files replaces the deck.
    pub cards: BTreeMap<String, String>,
}

impl<'a> Context<'a> {
    /// What these files give each other.
    pub fn of(designs: &'a [&'static Design], files: &[Parsed]) -> Context<'a> {
        let mut context = Context {
            designs,
            mechanisms: BTreeSet::new(),
            levels: BTreeSet::new(),
            problems: BTreeMap::new(),
            pages: BTreeSet::new(),
            cards: BTreeMap::new(),
        };
        context.learn(files);
        context
    }

    /// What is built in, and what these files add.
    pub fn beside_builtin(designs: &'a [&'static Design], files: &[Parsed]) -> Context<'a> {
        let rubrics: Vec<Parsed> =
            embedded::files().filter(|(path, _)| path.starts_with("rubrics/")).map(|(path, text)| Parsed::read(Source::new(path, text))).collect();
        let mut context = Context::of(designs, &rubrics);
        for head in embedded::heads() {
            context.problems.insert(head.id, head.experiments.into_iter().collect());
        }
        context.pages.extend(embedded::pages().map(String::from));
        for (deck, cards) in embedded::decks() {
            context.cards.extend(cards.iter().map(|card| ((*card).to_string(), deck.to_string())));
        }
        context.learn(files);
        context
    }

    /// What is wrong with a link, if anything: only what exists may be pointed to.
    pub fn see(&self, text: &str) -> Option<String> {
        // All there are would be too long a list to be of help.
        let problem = |id: &str| near("problem", id, &self.problems.keys().map(String::as_str).collect::<Vec<_>>());
        match See::parse(text) {
            See::Page(id) if self.pages.contains(&id) => None,
            See::Page(id) => Some(near("page", &id, &self.pages.iter().map(String::as_str).collect::<Vec<_>>())),
            See::Problem(id) if self.problems.contains_key(&id) => None,
            See::Problem(id) => Some(problem(&id)),
            See::Experiment { problem: id, experiment } => match self.problems.get(&id) {
                None => Some(problem(&id)),
                Some(known) if known.contains(&experiment) => None,
                Some(known) if known.is_empty() => Some(format!("`{id}` has no experiments")),
                Some(known) => Some(unknown("experiment", &experiment, known.iter().map(String::as_str))),
            },
        }
    }

    fn learn(&mut self, files: &[Parsed]) {
        for file in files {
            match &file.content {
                Some(Content::Vocabulary(words)) => self.mechanisms.extend(words.mechanisms.keys().map(String::from)),
                Some(Content::Rubric(rubric)) => {
                    self.levels.insert(rubric.id.clone());
                }
                Some(Content::Problem(problem)) => {
                    self.problems.insert(problem.id.clone(), problem.experiments.iter().map(|e| e.id.clone()).collect());
                }
                Some(Content::Page(page)) => {
                    self.pages.insert(page.id.clone());
                }
                Some(Content::Deck(deck)) => self.cards.retain(|_, owner| *owner != deck.id),
                Some(Content::Run(_)) | None => {}
            }
        }
    }
}

fn near(what: &str, id: &str, known: &[&str]) -> String {
    match nearest(id, known) {
        Some(near) => format!("no {what} `{id}`; did you mean `{near}`?"),
        None => format!("no {what} `{id}`"),
    }
}
