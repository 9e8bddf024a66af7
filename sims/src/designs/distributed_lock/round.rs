//! One round of a client's question to the lock's servers, and how the votes stand.

use super::wire::{Answer, Request};

/// A round in progress: whom it asked, and who said what.
#[derive(Clone, Debug)]
pub struct Round {
    pub request: Request,
    /// Bits of those who said yes, and of those who said no.
    yes: u64,
    no: u64,
    /// The largest number that came with a yes.
    pub largest: u64,
    redirected: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    Won,
    /// Too many have refused.
    Lost,
}

impl Round {
    pub fn new(request: Request) -> Round {
        Round { request, yes: 0, no: 0, largest: 0, redirected: false }
    }

    /// Whether the question may follow a hint: once, or two servers that name each other keep it going for ever.
    pub fn redirect(&mut self) -> bool {
        !std::mem::replace(&mut self.redirected, true)
    }

    /// Server number `at` has answered. A second answer of the same one changes nothing.
    pub fn vote(&mut self, at: usize, answer: Answer, needed: u32, of: u32) -> Standing {
        let bit = 1u64 << (at % 64);
        match answer {
            Answer::Granted { token } => {
                self.yes |= bit;
                self.largest = self.largest.max(token);
            }
            Answer::Renewed | Answer::Freed => self.yes |= bit,
            Answer::Busy | Answer::NotYours | Answer::NotLeader { .. } => self.no |= bit,
        }
        let refused = self.no.count_ones();
        if self.yes.count_ones() >= needed {
            Standing::Won
        } else if needed == 1 && refused > 0 || refused > of.saturating_sub(needed) {
            Standing::Lost
        } else {
            Standing::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::designs::distributed_lock::wire::{Ask, Owner};
    use crate::kernel::time::{Span, Time};
    use proptest::prelude::*;

    fn round() -> Round {
        let owner = Owner { client: 1, job: 1 };
        Round::new(Request { ask: Ask::Take, lock: 1, owner, round: 1, ttl: Span::secs(30), sent: Time::ZERO, sent_clock: 0 })
    }

    proptest! {
        /// Of five stores: won with the third distinct yes, lost with the third distinct no, whatever comes twice.
        #[test]
        fn a_majority_of_five_decides(votes in proptest::collection::vec((0usize..5, any::<bool>()), 0..20)) {
            let mut round = round();
            let mut said: std::collections::BTreeMap<usize, std::collections::BTreeSet<bool>> = Default::default();
            for (at, yes) in votes {
                let answer = if yes { Answer::Granted { token: 1 } } else { Answer::Busy };
                said.entry(at).or_default().insert(yes);
                let count = |what| said.values().filter(|set| set.contains(&what)).count();
                let expected = if count(true) >= 3 { Standing::Won } else if count(false) >= 3 { Standing::Lost } else { Standing::Open };
                prop_assert_eq!(round.vote(at, answer, 3, 5), expected);
            }
        }
    }

    #[test]
    fn one_server_decides_alone() {
        assert_eq!(round().vote(4, Answer::Busy, 1, 5), Standing::Lost);
        assert_eq!(round().vote(4, Answer::Granted { token: 7 }, 1, 5), Standing::Won);
    }
}
