//! What a file is judged against: designs, the words for mechanisms, the rubrics, the other problems.

use super::{Content, Parsed};
use crate::catalog::embedded;
use crate::catalog::yaml::Source;
use sims::kernel::design::Design;
use std::collections::{BTreeMap, BTreeSet};

pub struct Context<'a> {
    pub designs: &'a [&'static Design],
    pub mechanisms: BTreeSet<String>,
    /// Ids of rubrics: the levels.
    pub levels: BTreeSet<String>,
    /// Ids of problems with those of their experiments.
    pub problems: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Context<'a> {
    /// What these files give each other.
    pub fn of(designs: &'a [&'static Design], files: &[Parsed]) -> Context<'a> {
        let mut context = Context { designs, mechanisms: BTreeSet::new(), levels: BTreeSet::new(), problems: BTreeMap::new() };
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
        context.learn(files);
        context
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
                _ => {}
            }
        }
    }
}
