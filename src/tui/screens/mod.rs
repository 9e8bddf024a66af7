//! Every screen: one file or folder each, and a place here by which it is opened.

pub mod bench;
pub mod card;
pub mod cards;
pub mod experiments;
pub mod flaws;
#[cfg(test)]
mod harness;
pub mod history;
pub mod hub;
pub mod interview;
pub mod lab;
pub mod ladder;
pub mod list;
pub mod numbers;
pub mod pages;
pub mod plan;
pub mod proof;
pub mod scoring;
pub mod sweep;
pub mod welcome;

use super::screen::{Ctx, Screen};
use crate::catalog::RunFile;
use crate::drill::cards::draft::Draft;
use crate::drill::numbers::Kind;
use crate::session::Mode;
use sims::kernel::design::Spec;
use std::path::PathBuf;

/// Where a user can go. Adding a screen: its `mod` line above, a place here, a line in `build`.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// The problems.
    List,
    /// The first start.
    Welcome,
    /// One problem's card.
    Card { problem: String },
    /// A new interview; without a mode, the configuration's.
    Interview { problem: String, variant: Option<String>, mode: Option<Mode> },
    /// An interview that was left: go on with it.
    Resume { attempt: String },
    /// Points for an attempt.
    Scoring { attempt: String },
    /// Attempts of one problem, or of all.
    History { problem: Option<String> },
    /// A problem's design, or a design by its own id, running.
    Lab { problem: String, run: Option<PathBuf>, seed: Option<u64>, set: Vec<(String, String)> },
    /// Whole specs, side by side if there are several: an experiment's runs.
    Runs { problem: String, title: String, runs: Runs },
    /// A problem's experiments.
    Experiments { problem: String },
    /// One of them, ready to be guessed.
    Experiment { problem: String, experiment: String },
    /// Every kind of drill.
    Drills,
    /// What to do today.
    Today,
    /// Code with one defect.
    Flaws,
    /// The latency ladder of this machine.
    Ladder,
    /// Plans and the checklist.
    Plan,
    /// Concept pages: all, from one on.
    Pages { page: Option<String> },
    /// Concept pages about a problem's mechanisms.
    PagesAbout { mechanisms: Vec<String> },
    /// Estimation drills, of one kind or of all.
    Numbers { kind: Option<Kind> },
    /// The flashcards' decks.
    Cards,
    /// A round of cards: of one deck, or of all; a cram leaves the schedule alone.
    Review { deck: Option<String>, cram: bool },
    /// Every card, to be searched.
    CardBrowser,
    /// What the reviews came to.
    CardStats,
    /// Cards offered from what was missed.
    Keep { drafts: Vec<Draft> },
    /// A run over a range of one of its knobs.
    Sweep { run: Box<RunFile> },
    /// A design's parts, timed.
    Bench { design: String },
}

/// Runs by their names, at most four.
#[derive(Clone, Debug)]
pub struct Runs(pub Vec<(String, Spec)>);

impl PartialEq for Runs {
    fn eq(&self, other: &Runs) -> bool {
        let alike = |a: &Spec, b: &Spec| {
            let knobs = |spec: &Spec| spec.knobs.iter().map(|(knob, value)| (knob.name, value.clone())).collect::<Vec<_>>();
            (a.design.id, a.seed, a.length, a.warm_up) == (b.design.id, b.seed, b.length, b.warm_up) && a.script == b.script && knobs(a) == knobs(b)
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|((a, one), (b, two))| a == b && alike(one, two))
    }
}

impl Place {
    /// The lab of a problem as it comes.
    pub fn lab(problem: &str) -> Place {
        Place::Lab { problem: problem.into(), run: None, seed: None, set: Vec::new() }
    }
}

/// Makes the screen of a place.
///
/// # Errors
/// A sentence: no such problem, the store does not answer.
pub fn build(place: Place, ctx: &Ctx<'_>) -> Result<Box<dyn Screen>, String> {
    match place {
        Place::List => Ok(Box::new(list::List::default())),
        Place::Welcome => Ok(Box::new(welcome::Welcome::default())),
        Place::Card { problem } => Ok(Box::new(card::Card::new(&problem, ctx)?)),
        Place::Interview { problem, variant, mode } => interview::begin(&problem, variant.as_deref(), mode, ctx),
        Place::Resume { attempt } => interview::take_up(&attempt, ctx),
        Place::Scoring { attempt } => scoring::open(&attempt, ctx),
        Place::History { problem } => Ok(Box::new(history::History::new(problem))),
        Place::Lab { problem, run, seed, set } => Ok(Box::new(lab::LabScreen::of_place(&problem, run.as_deref(), seed, &set, ctx)?)),
        Place::Runs { problem, title, runs } => Ok(Box::new(lab::LabScreen::of_runs(&problem, &title, runs.0, ctx)?)),
        Place::Experiments { problem } => Ok(Box::new(experiments::Experiments::open(&problem, ctx)?)),
        Place::Drills => Ok(Box::new(hub::Hub::open(hub::Side::Kinds))),
        Place::Today => Ok(Box::new(hub::Hub::open(hub::Side::Today))),
        Place::Flaws => Ok(Box::new(flaws::Flaws::open(ctx)?)),
        Place::Ladder => Ok(Box::new(ladder::Ladder::open(ctx))),
        Place::Plan => Ok(Box::new(plan::PlanScreen::default())),
        Place::Pages { page } => Ok(Box::new(pages::Pages::open(page.as_deref(), &[], ctx)?)),
        Place::PagesAbout { mechanisms } => Ok(Box::new(pages::Pages::open(None, &mechanisms, ctx)?)),
        Place::Numbers { kind } => Ok(Box::new(numbers::Numbers::open(kind, ctx))),
        Place::Cards => Ok(Box::new(cards::Decks::new())),
        Place::Review { deck, cram } => Ok(Box::new(cards::review::Review::open(deck, cram, ctx)?)),
        Place::Keep { drafts } => Ok(Box::new(cards::keep::Keep::open(drafts, ctx)?)),
        Place::CardBrowser => Ok(Box::new(cards::browse::Browse::open(ctx)?)),
        Place::CardStats => Ok(Box::new(cards::stats::CardStats::open(ctx)?)),
        Place::Experiment { problem, experiment } => Ok(Box::new(experiments::Experiments::open_one(&problem, &experiment, ctx)?)),
        Place::Sweep { run } => Ok(Box::new(sweep::Sweep::open(&run)?)),
        Place::Bench { design } => Ok(Box::new(bench::Bench::open(&design, ctx)?)),
    }
}
