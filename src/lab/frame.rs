//! A frame: what the screen is told about a run, whole and at once, so that it never waits.

use super::headless::Outcome;
use super::pace::Pace;
use super::parting::Parting;
use super::seek::Progress;
use super::timeline::Mark;
use sims::kernel::design::Design;
use sims::kernel::faults::Inflicted;
use sims::kernel::invariant::{InvariantSpec, Verdict};
use sims::kernel::knob::Knobs;
use sims::kernel::log::Entry;
use sims::kernel::run::{Occasion, Run};
use sims::kernel::time::{Span, Time};
use sims::kernel::trail::{Chain, Linked};
use sims::kernel::view::{Ask, View, What};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A view that the screen wants in every frame, at its size, over a window that moves with the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub what: What,
    pub cols: u16,
    pub rows: u16,
    pub window: Window,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// From the start to now.
    All,
    /// The latest so much.
    Last(Span),
    /// A window that stands still.
    Between(Time, Time),
}

impl Wanted {
    pub fn at(&self, now: Time) -> Ask {
        let (from, to) = match self.window {
            Window::All => (Time::ZERO, now),
            Window::Last(span) => (now - span, now),
            Window::Between(from, to) => (from, to),
        };
        Ask { what: self.what.clone(), cols: self.cols, rows: self.rows, from, to }
    }
}

/// Names of the nodes that the chains speak of: some may have left since.
pub fn names(run: &dyn Run) -> BTreeMap<u32, String> {
    let numbers = |what: &Linked| match what {
        Linked::Event(Occasion::Message { from, to, .. }) => vec![*from, *to],
        Linked::Event(Occasion::Timer { node } | Occasion::Sync { node }) => vec![*node],
        _ => Vec::new(),
    };
    let chains = run.chains();
    let all = chains.iter().flat_map(|chain| &chain.links).flat_map(|link| numbers(&link.what));
    all.map(|node| (node, run.node_name(node))).collect()
}

#[derive(Clone, Debug)]
pub struct Frame {
    /// Grows with each frame.
    pub serial: u64,
    pub design: &'static Design,
    pub seed: u64,
    pub now: Time,
    pub events: u64,
    pub digest: u64,
    pub length: Span,
    pub pace: Pace,
    pub playing: bool,
    /// The machine cannot keep up with the pace.
    pub behind: bool,
    /// The run was drained: *finally* is judged and nothing moves any more.
    pub ended: bool,
    pub views: Vec<(What, View)>,
    pub verdicts: Vec<(&'static InvariantSpec, Verdict)>,
    pub metrics: Vec<(String, f64)>,
    pub log: Vec<Entry>,
    pub knobs: Knobs,
    pub faults: Vec<Inflicted>,
    /// What led to each break of a law.
    pub chains: Arc<Vec<Chain>>,
    /// Names of the nodes in them, by number.
    pub names: BTreeMap<u32, String>,
    pub nodes: Vec<String>,
    /// Kinds of messages seen lately.
    pub messages: Vec<&'static str>,
    /// Actions taken by hand so far.
    pub taken: usize,
    pub checkpoints: usize,
    /// What the copies along the way take, by the runs' own estimate.
    pub kept_bytes: usize,
    /// How far the run was ever played.
    pub reached: Time,
    /// What is known to happen, in order of time; after winding back also what lies ahead.
    pub marks: Vec<Mark>,
    /// On the way to another moment.
    pub seeking: Option<Progress>,
    /// Why it was paused, until it moves again.
    pub halted: Option<String>,
    /// Every run, if several are compared; the rest of the frame is about the chosen one.
    pub compared: Vec<Compared>,
    pub chosen: usize,
    /// Why the latest command was refused, until the next one.
    pub refused: Option<String>,
    /// The design panicked, with its words: nothing moves any more.
    pub panicked: Option<String>,
}

/// One of several runs that are compared.
#[derive(Clone, Debug)]
pub struct Compared {
    /// What it does otherwise.
    pub name: String,
    pub now: Time,
    pub ended: bool,
    pub events: u64,
    pub digest: u64,
    pub metrics: Vec<(String, f64)>,
    pub verdicts: Vec<(&'static InvariantSpec, Verdict)>,
    pub series: Vec<(What, View)>,
    /// Where it first differs from the first run, once that is found.
    pub parting: Option<Parting>,
}

impl Frame {
    pub fn view(&self, what: &What) -> Option<&View> {
        self.views.iter().find(|(w, _)| w == what).map(|(_, view)| view)
    }

    /// What the run has come to so far, as objectives are judged on it.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            design: self.design,
            seed: self.seed,
            knobs: self.knobs.clone(),
            length: self.length,
            events: self.events,
            digest: self.digest,
            metrics: self.metrics.clone(),
            verdicts: self.verdicts.clone(),
            log: Vec::new(),
            wall: std::time::Duration::ZERO,
        }
    }

    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|(n, _)| n == name).map(|(_, value)| *value)
    }
}
