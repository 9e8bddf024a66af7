//! The catalogue: content files, built in and the user's own, as checked values; a bad file is reported, never fatal.

pub mod check;
mod embedded;
pub mod expect;
mod fault;
mod head;
pub mod model;
pub mod own;
pub mod plans;
mod render;
pub mod schema;
mod yaml;

pub use fault::{Fault, Place};
pub use head::{Head, Missing};
pub use model::*;
pub use render::Paint;

use check::{Content, Context, Parsed};
use sims::kernel::knob::unknown;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use yaml::Source;

/// The folders of packs under the user's own folder.
pub const PACKS: &[&str] = &["problems", "rubrics", "runs"];

const DECKS: &str = "problems/decks/";
const PAGES: &str = "problems/pages/";

/// All content: built in, with the user's laid over. Built-in cards are parsed when they are asked for.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    heads: Vec<Head>,
    cards: BTreeMap<String, Arc<CardFile>>,
    rules: OnceLock<Rest>,
    decks: OnceLock<Rest>,
    pages: OnceLock<Rest>,
    yours: Rest,
    faults: Vec<Fault>,
}

/// One problem's card: its file, and what came of it once it was asked for.
#[derive(Debug)]
struct CardFile {
    path: &'static str,
    text: &'static str,
    read: OnceLock<Result<Arc<Problem>, Vec<Fault>>>,
}

/// Everything that is no problem.
#[derive(Clone, Debug, Default)]
struct Rest {
    rubrics: Vec<Arc<Rubric>>,
    decks: Vec<Arc<Deck>>,
    pages: Vec<Arc<Page>>,
    runs: Vec<Arc<RunFile>>,
    mechanisms: Pairs<String>,
}

impl Catalog {
    /// Built-in content, with the packs of `user_dir` (`$GREENROOM_HOME`) laid over it.
    pub fn load(user_dir: Option<&Path>) -> Catalog {
        let mut catalog = Catalog { heads: embedded::heads().collect(), ..Catalog::default() };
        for (path, text) in embedded::files() {
            let known = catalog.heads.iter().find(|head| path.strip_prefix("problems/").and_then(|p| p.strip_suffix(".yaml")) == Some(head.id.as_str()));
            if let Some(head) = known {
                catalog.cards.insert(head.id.clone(), Arc::new(CardFile { path, text, read: OnceLock::new() }));
            }
        }
        if let Some(dir) = user_dir {
            catalog.lay_over(dir);
        }
        catalog
    }

    /// One folder's files and nothing built in, for tests whose screens must not change with the content.
    #[cfg(test)]
    pub fn only(dir: &Path) -> Catalog {
        let mut catalog = Catalog::default();
        catalog.lay_over(dir);
        catalog
    }

    /// The user's own files. One with a fault is reported and left out: what it would have replaced stays.
    fn lay_over(&mut self, dir: &Path) {
        let mut files = Vec::new();
        let mut paths = Vec::new();
        for pack in PACKS.iter().map(|pack| dir.join(pack)).filter(|pack| pack.is_dir()) {
            check::yaml_files(&pack, 0, &mut paths, &mut self.faults);
        }
        for path in paths {
            match Source::open(&path) {
                Ok(source) => files.push(Parsed::read(source)),
                Err(fault) => self.faults.push(fault),
            }
        }
        if files.is_empty() {
            return;
        }
        let context = Context::beside_builtin(sims::designs::ALL, &files);
        check::meanings(&mut files, &context);
        for file in files {
            match file.content {
                Some(content) if file.faults.is_empty() => self.take(content),
                _ => self.faults.extend(file.faults),
            }
        }
    }

    fn take(&mut self, content: Content) {
        match content {
            Content::Problem(problem) => {
                let head = Head { yours: true, ..Head::of(&problem) };
                match self.heads.iter_mut().find(|h| h.id == head.id) {
                    Some(old) => *old = head,
                    None => self.heads.push(head),
                }
                self.cards.insert(problem.id.clone(), Arc::new(CardFile { path: "", text: "", read: OnceLock::from(Ok(Arc::new(*problem))) }));
            }
            other => self.yours.take(other),
        }
    }

    /// What the list shows, problem by problem, without parsing a card.
    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    pub fn head(&self, id: &str) -> Option<&Head> {
        self.heads.iter().find(|h| h.id == id)
    }

    /// The whole card.
    ///
    /// # Errors
    /// An unknown id with the nearest one, or the faults of its file.
    pub fn problem(&self, id: &str) -> Result<Arc<Problem>, Missing> {
        let card = self.cards.get(id).ok_or_else(|| Missing::Unknown(unknown("problem", id, self.heads.iter().map(|h| h.id.as_str()))))?;
        card.read.get_or_init(|| card.parse()).clone().map_err(Missing::Bad)
    }

    /// A problem, or a variant of one, by `PROBLEM` or `PROBLEM/VARIANT`.
    ///
    /// # Errors
    /// As `problem`, and an unknown variant with the nearest one.
    pub fn find(&self, address: &str) -> Result<(Arc<Problem>, Option<Variant>), Missing> {
        let (id, variant) = address.split_once('/').map_or((address, None), |(id, variant)| (id, Some(variant)));
        let problem = self.problem(id)?;
        let Some(variant) = variant else { return Ok((problem, None)) };
        match problem.variant(variant).cloned() {
            Some(found) => Ok((problem, Some(found))),
            None if problem.variants.is_empty() => Err(Missing::Unknown(format!("no variant `{variant}`; `{id}` has none"))),
            None => Err(Missing::Unknown(unknown("variant", variant, problem.variants.iter().map(|v| v.id.as_str())))),
        }
    }

    /// The rubric of a level.
    pub fn rubric(&self, level: &str) -> Option<Arc<Rubric>> {
        self.rubrics().iter().find(|r| r.id == level).cloned()
    }

    pub fn rubrics(&self) -> &[Arc<Rubric>] {
        &self.rules().rubrics
    }

    /// Flashcards and flaws, deck by deck.
    pub fn decks(&self) -> &[Arc<Deck>] {
        &self.decks.get_or_init(|| self.read(|path| path.starts_with(DECKS))).decks
    }

    /// A card of any deck by its id, which no two decks share.
    pub fn card(&self, id: &str) -> Option<(Arc<Deck>, &Card)> {
        self.decks().iter().find_map(|deck| deck.cards.iter().find(|card| card.id == id).map(|card| (deck.clone(), card)))
    }

    /// Concept pages.
    pub fn pages(&self) -> &[Arc<Page>] {
        &self.pages.get_or_init(|| self.read(|path| path.starts_with(PAGES))).pages
    }

    pub fn page(&self, id: &str) -> Option<Arc<Page>> {
        self.pages().iter().find(|page| page.id == id).cloned()
    }

    /// The pages that explain one of these mechanisms.
    pub fn pages_about(&self, mechanisms: &[String]) -> Vec<Arc<Page>> {
        self.pages().iter().filter(|page| page.mechanisms.iter().any(|word| mechanisms.contains(word))).cloned().collect()
    }

    /// Run files: challenges and the user's own.
    pub fn runs(&self) -> &[Arc<RunFile>] {
        &self.rules().runs
    }

    /// Run files of one design.
    pub fn runs_of(&self, design: &str) -> Vec<Arc<RunFile>> {
        self.runs().iter().filter(|r| r.design == design).cloned().collect()
    }

    /// A run file by its id: the file's stem.
    pub fn run(&self, id: &str) -> Option<Arc<RunFile>> {
        self.runs().iter().find(|r| r.id == id).cloned()
    }

    /// The shared words for mechanisms with their meanings.
    pub fn mechanisms(&self) -> &Pairs<String> {
        &self.rules().mechanisms
    }

    /// Everything wrong with the user's files. What is built in is proved by a test and by `greenroom check`.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Rubrics, words and run files.
    fn rules(&self) -> &Rest {
        self.rules.get_or_init(|| self.read(|path| path.starts_with("rubrics/") || path.starts_with("problems/runs/")))
    }

    /// Built-in files of some folders with the user's laid over: each folder is read when it is first asked for.
    fn read(&self, wanted: impl Fn(&str) -> bool) -> Rest {
        let mut rest = Rest::default();
        for (path, text) in embedded::files().filter(|(path, _)| wanted(path)) {
            if let Some(content) = Parsed::read(Source::new(path, text)).content {
                rest.take(content);
            }
        }
        rest.lay(&self.yours);
        rest
    }
}

impl CardFile {
    fn parse(&self) -> Result<Arc<Problem>, Vec<Fault>> {
        let parsed = Parsed::read(Source::new(self.path, self.text));
        match parsed.content {
            Some(Content::Problem(problem)) => Ok(Arc::new(*problem)),
            _ => Err(parsed.faults),
        }
    }
}

impl Rest {
    fn take(&mut self, content: Content) {
        match content {
            Content::Problem(_) => {}
            Content::Deck(deck) => put(&mut self.decks, Arc::new(deck), |d| &d.id),
            Content::Page(page) => put(&mut self.pages, Arc::new(page), |p| &p.id),
            Content::Rubric(rubric) => put(&mut self.rubrics, Arc::new(rubric), |r| &r.id),
            Content::Run(run) => put(&mut self.runs, Arc::new(run), |r| &r.id),
            Content::Vocabulary(words) => self.mechanisms = self.mechanisms.with(&words.mechanisms),
        }
    }

    fn lay(&mut self, over: &Rest) {
        over.decks.iter().for_each(|deck| put(&mut self.decks, deck.clone(), |d| &d.id));
        over.pages.iter().for_each(|page| put(&mut self.pages, page.clone(), |p| &p.id));
        over.rubrics.iter().for_each(|rubric| put(&mut self.rubrics, rubric.clone(), |r| &r.id));
        over.runs.iter().for_each(|run| put(&mut self.runs, run.clone(), |r| &r.id));
        self.mechanisms = self.mechanisms.with(&over.mechanisms);
    }
}

/// Puts a value in place of the one with its id, or at the end.
fn put<T>(list: &mut Vec<Arc<T>>, value: Arc<T>, id: fn(&T) -> &String) {
    match list.iter_mut().find(|old| id(old) == id(&value)) {
        Some(old) => *old = value,
        None => list.push(value),
    }
}
