//! The knob `algorithm` as something that decides: one type for all, dispatched once per decision.

use crate::parts::limiter::{Decision, FixedWindow, Gcra, LeakyBucket, Limiter, Log, Quota, SlidingCounter, SlidingLog, TokenBucket};
use std::sync::Arc;

pub const ALGORITHMS: &[&str] = &["fixed-window", "sliding-log", "sliding-counter", "token-bucket", "leaky-bucket", "gcra"];

/// One quota under one algorithm.
#[derive(Clone)]
pub enum Rule {
    /// Those whose state is one word.
    Word(Arc<dyn Limiter<State = u64> + Send + Sync>),
    Log(SlidingLog),
}

/// What is stored for one key.
#[derive(Clone, Debug)]
pub enum Kept {
    Word(u64),
    Log(Log),
}

impl Rule {
    pub fn new(algorithm: &str, quota: &Quota) -> Rule {
        match algorithm {
            "fixed-window" => Rule::Word(Arc::new(FixedWindow::new(quota))),
            "sliding-counter" => Rule::Word(Arc::new(SlidingCounter::new(quota))),
            "token-bucket" => Rule::Word(Arc::new(TokenBucket::new(quota))),
            "leaky-bucket" => Rule::Word(Arc::new(LeakyBucket::new(quota))),
            "gcra" => Rule::Word(Arc::new(Gcra::new(quota))),
            _ => Rule::Log(SlidingLog::new(quota)),
        }
    }
}

/// A state of another algorithm, left over from before a knob was turned, counts as none.
fn word(kept: &mut Kept, fresh: u64) -> &mut u64 {
    if !matches!(kept, Kept::Word(_)) {
        *kept = Kept::Word(fresh);
    }
    match kept {
        Kept::Word(word) => word,
        Kept::Log(_) => unreachable!("made a word just above"),
    }
}

fn log(kept: &mut Kept) -> &mut Log {
    if !matches!(kept, Kept::Log(_)) {
        *kept = Kept::Log(Log::default());
    }
    match kept {
        Kept::Log(log) => log,
        Kept::Word(_) => unreachable!("made a log just above"),
    }
}

impl Limiter for Rule {
    type State = Kept;

    fn fresh(&self) -> Kept {
        match self {
            Rule::Word(rule) => Kept::Word(rule.fresh()),
            Rule::Log(rule) => Kept::Log(rule.fresh()),
        }
    }

    fn decide(&self, kept: &mut Kept, now: u64) -> Decision {
        match self {
            Rule::Word(rule) => rule.decide(word(kept, rule.fresh()), now),
            Rule::Log(rule) => rule.decide(log(kept), now),
        }
    }

    fn charge(&self, kept: &mut Kept, now: u64, n: u64) {
        match self {
            Rule::Word(rule) => rule.charge(word(kept, rule.fresh()), now, n),
            Rule::Log(rule) => rule.charge(log(kept), now, n),
        }
    }

    fn remaining(&self, kept: &Kept, now: u64) -> u64 {
        match (self, kept) {
            (Rule::Word(rule), Kept::Word(state)) => rule.remaining(state, now),
            (Rule::Log(rule), Kept::Log(state)) => rule.remaining(state, now),
            _ => self.remaining(&self.fresh(), now),
        }
    }

    fn idle(&self, kept: &Kept, now: u64) -> bool {
        match (self, kept) {
            (Rule::Word(rule), Kept::Word(state)) => rule.idle(state, now),
            (Rule::Log(rule), Kept::Log(state)) => rule.idle(state, now),
            _ => true,
        }
    }

    fn bytes(&self, kept: &Kept) -> usize {
        match (self, kept) {
            (Rule::Word(rule), Kept::Word(state)) => rule.bytes(state),
            (Rule::Log(rule), Kept::Log(state)) => rule.bytes(state),
            _ => 0,
        }
    }
}
