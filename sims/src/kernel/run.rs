//! A run: a design being simulated, as everything outside `sims` sees it.

use super::action::Action;
use super::design::Spec;
use super::faults::Inflicted;
use super::halt::Halts;
use super::invariant::{InvariantSpec, Verdict};
use super::log::Entry;
use super::time::Time;
use super::trail::Chain;
use super::view::{Ask, View};
use std::sync::Arc;

/// Why `advance` came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The time asked for was reached.
    Reached,
    /// Something happened that the caller asked to stop at.
    Halted,
    /// Nothing more will ever happen.
    Quiet,
}

/// One event, as far as two runs can be told apart by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Happened {
    pub at: Time,
    /// What the event says of itself for the digest.
    pub mark: u64,
    pub what: Occasion,
}

/// What kind of event it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    Message {
        label: &'static str,
        from: u32,
        to: u32,
    },
    Timer {
        node: u32,
    },
    /// The disk of a node: a sync begins or ends.
    Sync {
        node: u32,
    },
    /// A step of the script.
    Step,
    Other,
}

/// Object-safe: static dispatch per event, dynamic only per call here.
pub trait Run: Send {
    /// What determines this run; actions taken by hand are not in its script.
    fn spec(&self) -> &Spec;
    fn now(&self) -> Time;
    /// Events handled so far.
    fn events(&self) -> u64;
    /// Handles one event; false if none is left.
    fn step(&mut self) -> bool;
    /// Handles every event at or before `until`, script included, and moves the clock there.
    fn advance(&mut self, until: Time) -> Stop;
    /// As `advance`, but stops right after an event in which one of `halts` happens.
    fn advance_halting(&mut self, until: Time, halts: &mut Halts) -> Stop;
    /// Handles one event and says what it was; none if none is left.
    fn step_told(&mut self) -> Option<Happened>;
    /// An event in words: `check from client3 to s1`.
    fn tell(&self, what: Occasion) -> String;
    /// When the next thing happens, script included.
    fn next_at(&mut self) -> Option<Time>;
    /// Does something now: after every event at or before this instant.
    ///
    /// # Errors
    /// A sentence: no such node, a knob that conflicts.
    fn act(&mut self, action: &Action) -> Result<(), String>;
    /// Freezes the metrics, heals faults, restarts nodes, stops the load, runs until quiet or 60 s, judges *finally*. Once.
    fn drain(&mut self);
    fn fork(&self) -> Box<dyn Run>;
    /// Folds time, sequence, node, kind and a number of each event: equal digests, equal runs.
    fn digest(&self) -> u64;
    fn view(&self, ask: &Ask) -> View;
    fn verdicts(&self) -> Vec<(&'static InvariantSpec, Verdict)>;
    /// Every metric that has a value, by name, in the order declared.
    fn metrics(&self) -> Vec<(String, f64)>;
    fn metric(&self, name: &str) -> Option<f64>;
    /// The latest log entries, oldest first.
    fn log(&self, most: usize) -> Vec<Entry>;
    /// Names of the nodes, for menus.
    fn nodes(&self) -> Vec<String>;
    /// Faults in force, each with what undoes it.
    fn faults(&self) -> Vec<Inflicted>;
    /// From now on remembers which event caused which, and the messages of late: for a run that is looked at.
    fn follow(&mut self) {}
    /// What led to each break of a law, of those that broke while it was followed.
    fn chains(&self) -> Arc<Vec<Chain>> {
        Arc::default()
    }
    /// Name of a node by its number, as chains and messages give it.
    fn node_name(&self, _node: u32) -> String {
        String::new()
    }
    /// Bytes that a copy of this run takes, near enough: what checkpoints are counted by.
    fn weight(&self) -> usize;
    /// Kinds of messages seen lately, for menus.
    fn messages(&self) -> Vec<&'static str> {
        Vec::new()
    }
    /// The knobs as they stand now.
    fn knobs(&self) -> super::knob::Knobs;
}
