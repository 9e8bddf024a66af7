//! The static check of content: every fault of every file at once, without running a design.

mod context;
mod deck;
mod experiment;
mod flaw;
mod page;
mod plan;
mod problem;
mod rubric;
mod shape;

pub use context::Context;

use super::fault::Fault;
use super::model::{Deck, FileKind, Page, Problem, Rubric, RunFile, Vocabulary};
use super::yaml::{self, Source, Tree};
use serde::de::DeserializeOwned;
use sims::kernel::design::Design;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a check found.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Report {
    pub files: usize,
    pub faults: Vec<Fault>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// The value of a content file.
#[derive(Clone, Debug)]
pub enum Content {
    Problem(Box<Problem>),
    Deck(Deck),
    Rubric(Rubric),
    Run(RunFile),
    Page(Page),
    Vocabulary(Vocabulary),
}

/// A content file as far as its shape allows; what its values mean is checked when all files are read.
pub struct Parsed {
    pub source: Source,
    pub content: Option<Content>,
    pub faults: Vec<Fault>,
    pub(super) tree: Option<Tree>,
    /// Parts were refused and cut out.
    pub(super) partial: bool,
}

impl Parsed {
    /// Reads the shape of a file; its kind is what the file says it is.
    pub fn read(source: Source) -> Parsed {
        let tree = match Tree::parse(&source) {
            Ok(tree) => tree,
            Err(fault) => return Parsed { source, content: None, faults: vec![fault], tree: None, partial: true },
        };
        let kind = tree.get("kind").map_or(Ok(FileKind::Problem), |kind| match kind.text() {
            Some("problem") => Ok(FileKind::Problem),
            Some("deck") => Ok(FileKind::Deck),
            Some("rubric") => Ok(FileKind::Rubric),
            Some("run") => Ok(FileKind::Run),
            Some("page") => Ok(FileKind::Page),
            Some("vocabulary") => Ok(FileKind::Vocabulary),
            _ => Err(source.fault_at(kind.at, kind.width(), "this is no kind of file").expecting("problem, deck, page, rubric, run or vocabulary")),
        });
        match kind {
            Ok(FileKind::Problem) => Parsed::of(source, tree, |problem| Content::Problem(Box::new(problem))),
            Ok(FileKind::Deck) => Parsed::of(source, tree, Content::Deck),
            Ok(FileKind::Page) => Parsed::of(source, tree, Content::Page),
            Ok(FileKind::Rubric) => Parsed::of(source, tree, Content::Rubric),
            Ok(FileKind::Vocabulary) => Parsed::of(source, tree, Content::Vocabulary),
            Ok(FileKind::Run) => {
                let id = stem(&source.path).to_string();
                Parsed::of(source, tree, |run| Content::Run(RunFile { id, ..run }))
            }
            Err(fault) => Parsed { source, content: None, faults: vec![fault], tree: Some(tree), partial: true },
        }
    }

    fn of<T: DeserializeOwned>(source: Source, tree: Tree, wrap: impl FnOnce(T) -> Content) -> Parsed {
        let read = yaml::read::<T>(&source, tree);
        Parsed { content: read.value.map(wrap), faults: read.faults, tree: Some(read.tree), partial: read.partial, source }
    }

    /// The id that the file goes by, and the kind it is of.
    pub fn id(&self) -> Option<(FileKind, &str)> {
        Some(match self.content.as_ref()? {
            Content::Problem(problem) => (FileKind::Problem, &problem.id),
            Content::Deck(deck) => (FileKind::Deck, &deck.id),
            Content::Page(page) => (FileKind::Page, &page.id),
            Content::Rubric(rubric) => (FileKind::Rubric, &rubric.id),
            Content::Run(run) => (FileKind::Run, &run.id),
            Content::Vocabulary(words) => (FileKind::Vocabulary, &words.id),
        })
    }
}

/// A file's name without folders and ending.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).unwrap_or(name)
}

/// Checks what the values of files mean; faults are added to their files.
pub fn meanings(files: &mut [Parsed], context: &Context<'_>) {
    for file in files.iter_mut() {
        let (Some(content), Some(tree)) = (&file.content, &file.tree) else { continue };
        let mut checker = shape::Checker::new(&file.source, tree, file.partial);
        checker.header(content);
        match content {
            Content::Problem(problem) => problem::check(&mut checker, problem, context),
            Content::Deck(deck) => deck::check(&mut checker, deck, context),
            Content::Page(page) => page::check(&mut checker, page, context),
            Content::Rubric(rubric) => rubric::check(&mut checker, rubric),
            Content::Run(run) => plan::check_file(&mut checker, run, context),
            Content::Vocabulary(words) => rubric::check_words(&mut checker, words),
        }
        let found = checker.faults;
        file.faults.extend(found);
    }
    twice(files);
    cards_twice(files, context);
}

/// Two files of one layer with one id: the later one is at fault, and names the other.
fn twice(files: &mut [Parsed]) {
    let mut first: BTreeMap<(FileKind, String), String> = BTreeMap::new();
    for file in files.iter_mut() {
        let Some((kind, id)) = file.id().map(|(kind, id)| (kind, id.to_string())) else { continue };
        if let Some(other) = first.get(&(kind, id.clone())) {
            let at = file.tree.as_ref().map_or(0, |tree| tree.walk("id").at);
            let message = format!("the id `{id}` is taken by {other}");
            file.faults.push(file.source.fault_at(at, id.chars().count(), message).expecting("an id of its own, and the file named after it"));
        } else {
            first.insert((kind, id), file.source.path.clone());
        }
    }
}

/// Memory is kept by a card's id alone, so that a card may move to another deck: an id belongs to one deck.
fn cards_twice(files: &mut [Parsed], context: &Context<'_>) {
    let mut owner = context.cards.clone();
    for file in files.iter_mut() {
        let (Some(Content::Deck(deck)), Some(tree)) = (&file.content, &file.tree) else { continue };
        let parts = [("cards", deck.cards.iter().map(|c| &c.id).collect::<Vec<_>>()), ("flaws", deck.flaws.iter().map(|f| &f.id).collect())];
        for (list, ids) in parts {
            for (i, id) in ids.into_iter().enumerate() {
                let first = owner.entry(id.clone()).or_insert_with(|| deck.id.clone());
                if *first != deck.id {
                    let node = tree.walk(&format!("{list}/{i}/id"));
                    let message = format!("the id `{id}` is taken by the deck `{first}`");
                    file.faults.push(file.source.fault_at(node.at, node.width(), message).expecting("an id that no other deck has"));
                }
            }
        }
    }
}

/// Puts the faults of files together, in order of path and place.
pub fn report(files: Vec<Parsed>, mut faults: Vec<Fault>) -> Report {
    let count = files.len() + faults.len();
    faults.extend(files.into_iter().flat_map(|file| file.faults));
    faults.sort_by(|a, b| (&a.path, a.place).cmp(&(&b.path, b.place)));
    Report { files: count, faults }
}

/// Everything that is built in.
pub fn builtin(designs: &[&'static Design]) -> Report {
    let mut files: Vec<Parsed> = super::embedded::files().map(|(path, text)| Parsed::read(Source::new(path, text))).collect();
    let context = Context::of(designs, &files);
    meanings(&mut files, &context);
    report(files, super::plans::faults())
}

/// Files, and all YAML files under folders. They are judged beside what is built in.
pub fn paths(paths: &[PathBuf], designs: &[&'static Design]) -> Report {
    let mut faults = Vec::new();
    let mut found = Vec::new();
    for path in paths {
        yaml_files(path, 0, &mut found, &mut faults);
    }
    found.sort();
    found.dedup();
    let mut files = Vec::new();
    for path in found {
        match Source::open(&path) {
            Ok(source) => files.push(Parsed::read(source)),
            Err(fault) => faults.push(fault),
        }
    }
    let context = Context::beside_builtin(designs, &files);
    meanings(&mut files, &context);
    report(files, faults)
}

/// As `builtin`, with the designs of this program.
pub fn check_builtin() -> Report {
    builtin(sims::designs::ALL)
}

/// As `paths`, with the designs of this program.
pub fn check_paths(files: &[PathBuf]) -> Report {
    paths(files, sims::designs::ALL)
}

/// The user's own packs under a folder, as `check` without a path judges them beside what is built in.
pub fn check_user(dir: &Path) -> Report {
    let packs: Vec<PathBuf> = super::PACKS.iter().map(|pack| dir.join(pack)).filter(|pack| pack.is_dir()).collect();
    check_paths(&packs)
}

/// One run file from anywhere.
///
/// # Errors
/// Its faults.
pub fn run_file(path: &Path) -> Result<RunFile, Report> {
    let whole = |fault: Fault| Report { files: 1, faults: vec![fault] };
    let mut files = [Parsed::read(Source::open(path).map_err(whole)?)];
    meanings(&mut files, &Context::beside_builtin(sims::designs::ALL, &[]));
    let [file] = files;
    match file.content {
        Some(Content::Run(run)) if file.faults.is_empty() => Ok(run),
        Some(Content::Run(_)) | None => Err(Report { files: 1, faults: file.faults }),
        Some(_) => Err(whole(Fault::whole(&file.source.path, "this is no run file").expecting("a file with `kind: run`"))),
    }
}

/// Folders within folders; a link that leads round in circles ends here.
const DEPTH_MAX: usize = 6;

pub(super) fn yaml_files(path: &Path, depth: usize, found: &mut Vec<PathBuf>, faults: &mut Vec<Fault>) {
    if !path.is_dir() {
        found.push(path.to_path_buf());
        return;
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(why) => return faults.push(Fault::whole(&path.display().to_string(), format!("cannot be read: {why}"))),
    };
    let mut inside: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    inside.sort();
    for path in inside {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if !hidden && ((path.is_dir() && depth < DEPTH_MAX) || (yaml && !path.is_dir())) {
            yaml_files(&path, depth + 1, found, faults);
        }
    }
}
