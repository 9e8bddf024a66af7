//! The knob `algorithm` as something that decides: one type for all, dispatched once per decision.

use super::scripts::{Count, DecrExpire, IncrExpire, Members, RandomMember};
use crate::kernel::weight::Flat;
use crate::parts::limiter::{Decision, FixedWindow, Gcra, LeakyBucket, Limiter, Log, Quota, SlidingCounter, SlidingLog, TokenBucket};
use std::sync::Arc;

/// The last three are faulty on purpose.
pub const ALGORITHMS: &[&str] =
    &["fixed-window", "sliding-log", "sliding-counter", "token-bucket", "leaky-bucket", "gcra", "incr-expire", "decr-expire", "random-member"];

/// One quota under one algorithm.
pub type Rule = Arc<dyn Limiter<State = Kept> + Send + Sync>;

pub fn rule(algorithm: &str, quota: &Quota) -> Rule {
    match algorithm {
        "fixed-window" => Arc::new(On(FixedWindow::new(quota))),
        "sliding-counter" => Arc::new(On(SlidingCounter::new(quota))),
        "token-bucket" => Arc::new(On(TokenBucket::new(quota))),
        "leaky-bucket" => Arc::new(On(LeakyBucket::new(quota))),
        "gcra" => Arc::new(On(Gcra::new(quota))),
        "incr-expire" => Arc::new(On(IncrExpire::new(quota))),
        "decr-expire" => Arc::new(On(DecrExpire::new(quota))),
        "random-member" => Arc::new(On(RandomMember::new(quota))),
        _ => Arc::new(On(SlidingLog::new(quota))),
    }
}

/// Whether an algorithm promises `burst + rate * t`, not `limit` per window.
pub fn is_bucket(algorithm: &str) -> bool {
    matches!(algorithm, "token-bucket" | "leaky-bucket" | "gcra")
}

/// What is kept for one key.
#[derive(Clone, Debug)]
pub enum Kept {
    Word(u64),
    Log(Log),
    Count(Count),
    Members(Members),
}

impl Kept {
    /// Bytes held beyond its own size.
    pub fn weight(&self) -> usize {
        match self {
            Kept::Word(_) | Kept::Count(_) => 0,
            Kept::Log(log) => log.len() * std::mem::size_of::<u64>(),
            Kept::Members(members) => members.bytes(),
        }
    }
}

/// A state that [`Kept`] can hold.
trait Part: Sized {
    fn keep(self) -> Kept;
    fn of(kept: &Kept) -> Option<&Self>;
    fn of_mut(kept: &mut Kept) -> Option<&mut Self>;
}

macro_rules! part {
    ($state:ty, $variant:ident) => {
        impl Part for $state {
            fn keep(self) -> Kept {
                Kept::$variant(self)
            }
            fn of(kept: &Kept) -> Option<&Self> {
                if let Kept::$variant(state) = kept { Some(state) } else { None }
            }
            fn of_mut(kept: &mut Kept) -> Option<&mut Self> {
                if let Kept::$variant(state) = kept { Some(state) } else { None }
            }
        }
    };
}

part!(u64, Word);
part!(Log, Log);
part!(Count, Count);
part!(Members, Members);

/// An algorithm on what is kept. A state of another algorithm counts as none.
struct On<L>(L);

impl<L: Limiter> On<L>
where
    L::State: Part,
{
    fn on<R>(&self, kept: &mut Kept, f: impl FnOnce(&L, &mut L::State) -> R) -> R {
        if let Some(state) = L::State::of_mut(kept) {
            return f(&self.0, state);
        }
        let mut state = self.0.fresh();
        let done = f(&self.0, &mut state);
        *kept = state.keep();
        done
    }

    fn look<R>(&self, kept: &Kept, f: impl FnOnce(&L, &L::State) -> R) -> R {
        match L::State::of(kept) {
            Some(state) => f(&self.0, state),
            None => f(&self.0, &self.0.fresh()),
        }
    }
}

impl<L: Limiter> Limiter for On<L>
where
    L::State: Part,
{
    type State = Kept;

    fn fresh(&self) -> Kept {
        self.0.fresh().keep()
    }

    fn decide(&self, kept: &mut Kept, now: u64) -> Decision {
        self.on(kept, |rule, state| rule.decide(state, now))
    }

    fn charge(&self, kept: &mut Kept, now: u64, n: u64) {
        self.on(kept, |rule, state| rule.charge(state, now, n));
    }

    fn remaining(&self, kept: &Kept, now: u64) -> u64 {
        self.look(kept, |rule, state| rule.remaining(state, now))
    }

    fn reported(&self, kept: &Kept, now: u64) -> i64 {
        self.look(kept, |rule, state| rule.reported(state, now))
    }

    fn idle(&self, kept: &Kept, now: u64) -> bool {
        self.look(kept, |rule, state| rule.idle(state, now))
    }

    fn bytes(&self, kept: &Kept) -> usize {
        self.look(kept, L::bytes)
    }
}
