//! Retry with back-off: waits that grow to a cap, jitter that spreads them, a budget that bounds them all together.
//!
//! The kinds of jitter are those of Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015); the budget is
//! the ratio of retries to calls of Beyer et al., "Site Reliability Engineering" (2016), chapter 21, as a bucket of tokens.

use crate::kernel::rng::Rng;
use crate::kernel::time::Span;

/// How a wait is spread below its ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// The ceiling itself: those who failed together come back together.
    None,
    /// Anywhere from nothing to the ceiling.
    Full,
    /// Half the ceiling, and anywhere within the other half.
    Equal,
    /// From the base to three times the last wait: grows by chance, without counting retries.
    Decorrelated,
}

impl Jitter {
    /// For a knob's choice.
    pub const NAMES: &'static [&'static str] = &["none", "full", "equal", "decorrelated"];

    /// The jitter of that name; full, if there is none.
    pub fn named(name: &str) -> Jitter {
        match name {
            "none" => Jitter::None,
            "equal" => Jitter::Equal,
            "decorrelated" => Jitter::Decorrelated,
            _ => Jitter::Full,
        }
    }
}

/// When to try again, and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Ceiling of the wait before the first retry.
    pub base: Span,
    /// What each further ceiling is in terms of the one before: 2 doubles, 1 stays.
    pub factor: f64,
    /// No wait is longer.
    pub cap: Span,
    /// Tries after the first.
    pub retries: u32,
    pub jitter: Jitter,
}

impl Policy {
    /// Doubling waits with full jitter.
    pub const fn doubling(base: Span, cap: Span, retries: u32) -> Policy {
        Policy { base, factor: 2.0, cap, retries, jitter: Jitter::Full }
    }

    /// Whether retry number `retry`, counted from 1, is one too many.
    pub fn spent(&self, retry: u32) -> bool {
        retry > self.retries
    }

    /// The longest wait before retry number `retry`, counted from 1: base × factor^(retry − 1), or the cap.
    pub fn ceiling(&self, retry: u32) -> Span {
        let mut ceiling = self.base.min(self.cap);
        for _ in 1..retry {
            let next = ceiling.times(self.factor.max(0.0)).min(self.cap);
            if next == ceiling {
                break;
            }
            ceiling = next;
        }
        ceiling
    }

    /// The wait before retry number `retry`, counted from 1, after a last wait of `last` (zero before the first); none if
    /// the retries are used up. For those who keep both numbers in a record of their own; [`Backoff`] keeps them itself.
    pub fn wait(&self, retry: u32, last: Span, rng: &mut Rng) -> Option<Span> {
        if self.spent(retry) {
            return None;
        }
        // Drawn whatever the jitter: turning that knob shifts no other chance.
        let unit = rng.unit();
        let ceiling = self.ceiling(retry);
        Some(match self.jitter {
            Jitter::None => ceiling,
            Jitter::Full => ceiling.times(unit),
            Jitter::Equal => Span(ceiling.0 - ceiling.0 / 2) + Span(ceiling.0 / 2).times(unit),
            Jitter::Decorrelated => {
                let most = (last.max(self.base) * 3).0;
                (self.base + Span(most - self.base.0.min(most)).times(unit)).min(self.cap)
            }
        })
    }
}

/// One caller's way through a policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    policy: Policy,
    retries: u32,
    last: Span,
}

impl Backoff {
    pub fn new(policy: Policy) -> Backoff {
        Backoff { policy, retries: 0, last: Span::ZERO }
    }

    /// The wait before the next retry; none if they are used up.
    pub fn next(&mut self, rng: &mut Rng) -> Option<Span> {
        let wait = self.policy.wait(self.retries + 1, self.last, rng)?;
        self.retries += 1;
        self.last = wait;
        Some(wait)
    }

    /// Retries begun so far.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// It worked: the next failure is a first one.
    pub fn reset(&mut self) {
        *self = Backoff::new(self.policy);
    }
}

/// Thousandths of a retry: sums of shares stay exact.
const RETRY: u64 = 1_000;

/// Bounds the retries of all calls together: whatever fails, there are never more than `reserve` and a `share` of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    share: u64,
    most: u64,
    tokens: u64,
}

impl Budget {
    /// A share of 0.1 lets a tenth of the calls be retries; the reserve serves those who call rarely, and is all that can be saved up.
    pub fn new(share: f64, reserve: u32) -> Budget {
        let most = u64::from(reserve) * RETRY;
        Budget { share: (share.max(0.0) * RETRY as f64 + 0.5) as u64, most, tokens: most }
    }

    /// A first try was made: it pays in its share.
    pub fn call(&mut self) {
        self.tokens = self.tokens.saturating_add(self.share).min(self.most.max(RETRY));
    }

    /// Asks for one retry.
    pub fn take(&mut self) -> bool {
        let granted = self.tokens >= RETRY;
        if granted {
            self.tokens -= RETRY;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::Rng;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    const KINDS: [Jitter; 4] = [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated];

    fn ceilings(policy: Policy, n: u32) -> Vec<u64> {
        (1..=n).map(|retry| policy.ceiling(retry).0 / 1_000_000_000).collect()
    }

    #[test]
    fn doubling_doubles_to_its_cap() {
        let policy = Policy::doubling(Span::secs(1), Span::secs(10), 9);
        assert_eq!(ceilings(policy, 6), [1, 2, 4, 8, 10, 10]);
        assert_eq!(ceilings(Policy { factor: 1.0, ..policy }, 3), [1, 1, 1]);
        assert_eq!(ceilings(Policy { factor: 3.0, cap: Span::MAX, ..policy }, 4), [1, 3, 9, 27]);
        // A million retries end at the cap, and at once.
        assert_eq!(policy.ceiling(1_000_000), Span::secs(10));
        assert_eq!(Policy { cap: Span::MAX, ..policy }.ceiling(1_000_000), Span::MAX);
    }

    #[test]
    fn retries_are_counted_and_begin_anew() {
        let mut backoff = Backoff::new(Policy { jitter: Jitter::None, ..Policy::doubling(Span::secs(60), Span::MAX, 3) });
        let mut rng = Rng::stream(1, "retry");
        let waits = |b: &mut Backoff, rng: &mut Rng| std::iter::from_fn(|| b.next(rng)).map(|w| w.0 / 60_000_000_000).collect::<Vec<_>>();
        assert_eq!(waits(&mut backoff, &mut rng), [1, 2, 4]);
        assert_eq!((backoff.retries(), backoff.next(&mut rng)), (3, None));
        backoff.reset();
        assert_eq!(waits(&mut backoff, &mut rng), [1, 2, 4]);
    }

    /// Brooker's experiment: clients contend for one row by optimistic writes, one wins at a time, the losers back off.
    fn calls_until_all_have_written(clients: usize, jitter: Jitter) -> u64 {
        let policy = Policy { jitter, ..Policy::doubling(Span::millis(5), Span::secs(2), 10_000) };
        let (trip, mut rng) = (Span::millis(10), Rng::stream(7, "contention"));
        let mut waiting: Vec<(u64, Backoff)> = vec![(0, Backoff::new(policy)); clients];
        let mut calls = 0;
        while let Some(first) = waiting.iter().map(|(at, _)| *at).min() {
            // Whoever reads before the winner has written reads what is about to be old.
            let at_once = waiting.iter().filter(|(at, _)| *at < first + trip.0).count() as u64;
            calls += at_once;
            let winner = waiting.iter().position(|(at, _)| *at == first).unwrap_or_default();
            waiting.swap_remove(winner);
            for (at, backoff) in waiting.iter_mut().filter(|(at, _)| *at < first + trip.0) {
                *at += trip.0 + backoff.next(&mut rng).unwrap_or_default().0;
            }
        }
        calls
    }

    #[test]
    fn jitter_halves_the_work_of_a_crowd() {
        let [none, full, equal, decorrelated] = KINDS.map(|jitter| calls_until_all_have_written(100, jitter));
        // Without jitter the crowd stays one: client k of n writes in round k, so n (n + 1) / 2 calls.
        assert_eq!(none, 100 * 101 / 2);
        assert!([full, equal, decorrelated].iter().all(|calls| calls * 2 < none), "{full} {equal} {decorrelated} of {none}");
    }

    proptest! {
        /// Against the definitions, each written down naively.
        #[test]
        fn waits_stay_within_their_kind(base in 1u64..10_000, factor in 0u64..5, cap in 1u64..1_000_000, retries in 0u32..12, kind in 0usize..4, seed in 0u64..50) {
            let policy = Policy { base: Span(base), factor: factor as f64, cap: Span(cap), retries, jitter: KINDS[kind] };
            let (mut rng, mut reference) = (Rng::stream(seed, "a"), Rng::stream(seed, "a"));
            let (mut backoff, mut last, mut seen) = (Backoff::new(policy), 0u64, 0u32);
            while let Some(Span(wait)) = backoff.next(&mut rng) {
                reference.unit();
                prop_assert_eq!(&rng, &reference, "one draw a wait");
                let ceiling = (u128::from(base.min(cap)) * u128::from(factor).pow(seen)).min(u128::from(cap)) as u64;
                match policy.jitter {
                    Jitter::None => prop_assert_eq!(wait, ceiling),
                    Jitter::Full => prop_assert!(wait <= ceiling),
                    Jitter::Equal => prop_assert!(wait >= ceiling / 2 && wait <= ceiling),
                    Jitter::Decorrelated => prop_assert!(wait >= base.min(cap) && wait <= (3 * last.max(base)).min(cap)),
                }
                last = wait;
                seen += 1;
            }
            prop_assert_eq!(seen, retries);
        }

        #[test]
        fn a_budget_never_overspends(share in 0u32..1500, reserve in 0u32..20, asks in proptest::collection::vec(any::<bool>(), 0..400)) {
            let mut budget = Budget::new(f64::from(share) / 1000.0, reserve);
            let (mut calls, mut granted) = (0u64, 0u64);
            for retry in asks {
                if retry { granted += u64::from(budget.take()); } else { budget.call(); calls += 1; }
                prop_assert!(granted * 1000 <= u64::from(reserve) * 1000 + calls * u64::from(share));
            }
        }

        /// A trickle of failures below the share is always retried.
        #[test]
        fn a_budget_serves_what_it_was_made_for(every in 2u64..20) {
            let mut budget = Budget::new(1.0 / every as f64 + 0.001, 10);
            for call in 0..2_000 {
                budget.call();
                if call % every == 0 { prop_assert!(budget.take()); }
            }
        }
    }
}
