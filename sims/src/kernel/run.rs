//! A run: a design being simulated, as everything outside `sims` sees it.

use super::action::Action;
use super::design::Spec;
use super::invariant::{InvariantSpec, Verdict};
use super::log::Entry;
use super::time::Time;
use super::view::{Ask, View};

/// Why `advance` came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The time asked for was reached.
    Reached,
    /// A lamp broke and the caller asked to stop there.
    Broke,
    /// Nothing more will ever happen.
    Quiet,
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
    /// As `advance`, but stops right after an event that broke a lamp.
    fn advance_to_break(&mut self, until: Time) -> Stop;
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
    /// Faults in force, in words.
    fn faults(&self) -> Vec<String>;
    /// The knobs as they stand now.
    fn knobs(&self) -> super::knob::Knobs;
}
