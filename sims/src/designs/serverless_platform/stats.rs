//! What the router counts for the control plane: one second of each function.

use super::messages::{Outcome, Seen};
use super::waiting::Waiting;
use crate::kernel::time::Span;
use crate::kernel::weight::Flat;

#[derive(Clone)]
pub struct Stats {
    seconds: Vec<Seen>,
    /// Calls under way.
    now: Vec<u32>,
}

impl Stats {
    pub fn new(functions: usize) -> Stats {
        Stats { seconds: vec![Seen::default(); functions], now: vec![0; functions] }
    }

    pub fn arrived(&mut self, function: u32) {
        self.seconds[function as usize].arrived += 1;
    }

    pub fn began(&mut self, function: u32) {
        let now = &mut self.now[function as usize];
        *now += 1;
        let seen = &mut self.seconds[function as usize];
        seen.peak = seen.peak.max(*now);
    }

    pub fn ended(&mut self, function: u32, ran: Span, trial: Option<u32>, outcome: Outcome) {
        self.lost(function);
        let seen = &mut self.seconds[function as usize];
        seen.done += 1;
        seen.busy = seen.busy + ran;
        if let Some(number) = trial {
            seen.trial = number;
            seen.tried += 1;
            seen.failed += u32::from(outcome == Outcome::Error);
        }
    }

    pub fn lost(&mut self, function: u32) {
        let now = &mut self.now[function as usize];
        *now = now.saturating_sub(1);
    }

    /// The second's numbers of every function in which something happened; the next second begins.
    pub fn take(&mut self, waiting: &Waiting) -> Vec<Seen> {
        waiting.each(|function| self.seconds[function as usize].waiting += 1);
        let mut taken = Vec::new();
        for (function, seen) in self.seconds.iter_mut().enumerate() {
            if seen.arrived > 0 || seen.done > 0 || seen.peak > 0 || seen.waiting > 0 {
                taken.push(Seen { function: function as u32, ..*seen });
            }
            *seen = Seen { peak: self.now[function], ..Seen::default() };
        }
        taken
    }

    pub fn weight(&self) -> usize {
        self.seconds.bytes() + self.now.bytes()
    }
}
