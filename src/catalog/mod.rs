//! The catalogue: content files, built in and the user's own, as checked values; a bad file is reported, never fatal.

pub mod expect;
mod fault;
pub mod model;
mod yaml;

pub use fault::{Fault, Place};
pub use model::*;

use std::path::Path;
use std::sync::Arc;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// What the list shows of a problem without reading its card.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Head {
    pub id: String,
    pub title: String,
    pub group: String,
    pub level: String,
    pub difficulty: String,
    pub minutes: u32,
    pub mechanisms: Vec<String>,
    /// Ids.
    pub variants: Vec<String>,
    pub design: Option<String>,
    /// Ids.
    pub experiments: Vec<String>,
    /// From the user's own folder, not built in.
    pub yours: bool,
}

/// Why a problem cannot be given.
#[derive(Clone, Debug, PartialEq)]
pub enum Missing {
    /// No such id; the nearest ones are named.
    Unknown(String),
    /// Its file has faults.
    Bad(Vec<Fault>),
}

/// All content: built in, with the user's laid over.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    heads: Vec<Head>,
    problems: Vec<Arc<Problem>>,
    rubrics: Vec<Arc<Rubric>>,
    decks: Vec<Arc<Deck>>,
    runs: Vec<Arc<RunFile>>,
    faults: Vec<Fault>,
}

impl Catalog {
    /// Built-in content, with the packs of `user_dir` (`$GREENROOM_HOME`) laid over it.
    pub fn load(_user_dir: Option<&Path>) -> Catalog {
        let mut all = Catalog::default();
        for (path, text) in BUILT_IN {
            all.add(path, text);
        }
        all
    }

    fn add(&mut self, path: &str, text: &str) {
        let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".yaml")).unwrap_or(path);
        let fault = |why: serde_yaml::Error| Fault::whole(path, why.to_string());
        if path.starts_with("problems/decks/") {
            match serde_yaml::from_str(text) {
                Ok(deck) => self.decks.push(Arc::new(deck)),
                Err(why) => self.faults.push(fault(why)),
            }
        } else if path.starts_with("problems/runs/") {
            match serde_yaml::from_str::<RunFile>(text) {
                Ok(run) => self.runs.push(Arc::new(RunFile { id: stem.to_string(), ..run })),
                Err(why) => self.faults.push(fault(why)),
            }
        } else if path == "rubrics/mechanisms.yaml" {
        } else if path.starts_with("rubrics/") {
            match serde_yaml::from_str(text) {
                Ok(rubric) => self.rubrics.push(Arc::new(rubric)),
                Err(why) => self.faults.push(fault(why)),
            }
        } else {
            match serde_yaml::from_str::<Problem>(text) {
                Ok(problem) => {
                    self.heads.push(Head::of(&problem));
                    self.problems.push(Arc::new(problem));
                }
                Err(why) => self.faults.push(fault(why)),
            }
        }
    }

    pub fn heads(&self) -> &[Head] {
        &self.heads
    }

    pub fn head(&self, id: &str) -> Option<&Head> {
        self.heads.iter().find(|h| h.id == id)
    }

    /// The whole card.
    ///
    /// # Errors
    /// An unknown id with the nearest ones, or the faults of its file.
    pub fn problem(&self, id: &str) -> Result<Arc<Problem>, Missing> {
        let found = self.problems.iter().find(|p| p.id == id).cloned();
        found.ok_or_else(|| Missing::Unknown(sims::kernel::knob::unknown("problem", id, self.heads.iter().map(|h| h.id.as_str()))))
    }

    /// The rubric of a level.
    pub fn rubric(&self, level: &str) -> Option<Arc<Rubric>> {
        self.rubrics.iter().find(|r| r.id == level).cloned()
    }

    pub fn rubrics(&self) -> &[Arc<Rubric>] {
        &self.rubrics
    }

    pub fn decks(&self) -> &[Arc<Deck>] {
        &self.decks
    }

    /// Run files: challenges and the user's own.
    pub fn runs(&self) -> &[Arc<RunFile>] {
        &self.runs
    }

    /// Run files of one design.
    pub fn runs_of(&self, design: &str) -> Vec<Arc<RunFile>> {
        self.runs.iter().filter(|r| r.design == design).cloned().collect()
    }

    /// Everything wrong with the files that were read.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

impl Head {
    fn of(problem: &Problem) -> Head {
        Head {
            id: problem.id.clone(),
            title: problem.title.clone(),
            group: problem.group.clone(),
            level: problem.level.clone(),
            difficulty: problem.difficulty.clone(),
            minutes: problem.minutes,
            mechanisms: problem.mechanisms.clone(),
            variants: problem.variants.iter().map(|v| v.id.clone()).collect(),
            design: problem.design.clone(),
            experiments: problem.experiments.iter().map(|e| e.id.clone()).collect(),
            yours: false,
        }
    }
}
