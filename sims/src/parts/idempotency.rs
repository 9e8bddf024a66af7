//! Idempotency keys: the first request with a key claims it, every other one gets what the first one's work came to.
//!
//! A claim is an insert that only one can win. It holds a hash of the request, so that a key used for something else is refused, and a
//! lease, so that a winner who died keeps nobody waiting for ever. Stored answers are kept for a time (24 h with most
//! providers of card payments), after which the key is as good as new.

use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, BTreeSet};

/// How long providers usually keep a key.
pub const DAY: Span = Span::secs(24 * 3600);

/// What a request with a key is told. `A` is the stored answer, `W` names the work that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin<A, W> {
    /// Nobody had the key: do the work, then finish with this claim.
    Fresh {
        claim: u64,
    },
    /// Somebody began and its lease ran out: go on from where that work stands.
    TakenOver {
        claim: u64,
        work: Option<W>,
    },
    /// Somebody is at it until then, unless it renews.
    InProgress {
        until: Time,
    },
    Done(A),
    /// The key was used for another request.
    Mismatch,
}

#[derive(Clone, Debug)]
struct Row<A, W> {
    fingerprint: u64,
    claim: u64,
    until: Time,
    work: Option<W>,
    answer: Option<A>,
    expires: Time,
}

/// The keys of one store.
#[derive(Clone, Debug)]
pub struct Keys<A, W> {
    rows: BTreeMap<u64, Row<A, W>>,
    by_expiry: BTreeSet<(Time, u64)>,
    claims: u64,
    lease: Span,
    ttl: Span,
}

impl<A: Clone, W: Copy> Keys<A, W> {
    pub fn new(lease: Span, ttl: Span) -> Keys<A, W> {
        Keys { rows: BTreeMap::new(), by_expiry: BTreeSet::new(), claims: 0, lease, ttl }
    }

    /// Other times for what begins from now on.
    pub fn set(&mut self, lease: Span, ttl: Span) {
        (self.lease, self.ttl) = (lease, ttl);
    }

    /// Looks and claims in one step.
    pub fn begin(&mut self, key: u64, fingerprint: u64, now: Time) -> Begin<A, W> {
        self.sweep(now);
        self.claims += 1;
        let (claim, until) = (self.claims, now + self.lease);
        let Some(row) = self.rows.get_mut(&key) else {
            self.insert(key, fingerprint, None, now);
            return Begin::Fresh { claim };
        };
        if row.fingerprint != fingerprint {
            return Begin::Mismatch;
        }
        if let Some(answer) = &row.answer {
            return Begin::Done(answer.clone());
        }
        if now < row.until {
            return Begin::InProgress { until: row.until };
        }
        (row.claim, row.until) = (claim, until);
        Begin::TakenOver { claim, work: row.work }
    }

    /// Half of the erroneous variant: looks without claiming. Anybody may come between this and [`Keys::insert_after_look`].
    pub fn look(&self, key: u64, fingerprint: u64, now: Time) -> Option<Begin<A, W>> {
        let row = self.rows.get(&key).filter(|row| now < row.expires)?;
        Some(match &row.answer {
            _ if row.fingerprint != fingerprint => Begin::Mismatch,
            Some(answer) => Begin::Done(answer.clone()),
            None => Begin::InProgress { until: row.until },
        })
    }

    /// The other half: writes whatever is there, as an insert that ignores conflicts does.
    pub fn insert_after_look(&mut self, key: u64, fingerprint: u64, now: Time) -> u64 {
        self.claims += 1;
        self.insert(key, fingerprint, None, now);
        self.claims
    }

    /// As [`Keys::insert_after_look`], with the answer at once: the key is written only when all is done.
    pub fn insert_done(&mut self, key: u64, fingerprint: u64, answer: A, now: Time) {
        self.claims += 1;
        self.insert(key, fingerprint, Some(answer), now);
    }

    fn insert(&mut self, key: u64, fingerprint: u64, answer: Option<A>, now: Time) {
        let expires = now + self.ttl;
        let row = Row { fingerprint, claim: self.claims, until: now + self.lease, work: None, answer, expires };
        if let Some(old) = self.rows.insert(key, row) {
            self.by_expiry.remove(&(old.expires, key));
        }
        self.by_expiry.insert((expires, key));
    }

    /// Writes down what was begun under a claim, for whoever takes over. False if the claim is no longer the latest.
    pub fn note(&mut self, key: u64, claim: u64, work: W) -> bool {
        self.claimed(key, claim).map(|row| row.work = Some(work)).is_some()
    }

    /// Stores the answer. False if the claim was taken over, answered, or forgotten: then nothing is changed.
    pub fn finish(&mut self, key: u64, claim: u64, answer: A) -> bool {
        self.claimed(key, claim).map(|row| row.answer = Some(answer)).is_some()
    }

    /// Stores the answer for that work, whoever holds the claim: for a transaction that has itself made sure that the work was done once.
    pub fn settle(&mut self, key: u64, work: W, answer: A) -> bool
    where
        W: PartialEq,
    {
        let row = self.rows.get_mut(&key).filter(|row| row.work == Some(work) && row.answer.is_none());
        row.map(|row| row.answer = Some(answer)).is_some()
    }

    /// Nothing was done under this claim: the key is free again.
    pub fn release(&mut self, key: u64, claim: u64) -> bool {
        let Some(expires) = self.claimed(key, claim).map(|row| row.expires) else { return false };
        self.rows.remove(&key);
        self.by_expiry.remove(&(expires, key));
        true
    }

    fn claimed(&mut self, key: u64, claim: u64) -> Option<&mut Row<A, W>> {
        self.rows.get_mut(&key).filter(|row| row.claim == claim && row.answer.is_none())
    }

    /// Forgets what has run out. A key in progress is forgotten too: its work should have ended long before.
    pub fn sweep(&mut self, now: Time) {
        while let Some((expires, key)) = self.by_expiry.first().copied() {
            if now < expires {
                break;
            }
            self.by_expiry.pop_first();
            self.rows.remove(&key);
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.rows.bytes() + self.by_expiry.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Store = Keys<&'static str, u64>;

    fn store() -> Store {
        Keys::new(Span::secs(5), DAY)
    }

    #[test]
    fn the_first_claims_the_second_waits_and_the_third_gets_the_answer() {
        let mut keys = store();
        let Begin::Fresh { claim } = keys.begin(7, 1, Time::ZERO) else { panic!("the first is fresh") };
        assert_eq!(keys.begin(7, 1, Time::from_secs(1)), Begin::InProgress { until: Time::from_secs(5) });
        assert!(keys.finish(7, claim, "paid"));
        assert_eq!(keys.begin(7, 1, Time::from_secs(2)), Begin::Done("paid"));
        assert_eq!(keys.begin(7, 2, Time::from_secs(2)), Begin::Mismatch);
    }

    #[test]
    fn a_dead_winner_is_taken_over_with_what_it_had_begun() {
        let mut keys = store();
        let Begin::Fresh { claim } = keys.begin(7, 1, Time::ZERO) else { panic!("the first is fresh") };
        assert!(keys.note(7, claim, 42));
        let Begin::TakenOver { claim: second, work } = keys.begin(7, 1, Time::from_secs(5)) else { panic!("the lease is over") };
        assert_eq!(work, Some(42));
        assert!(!keys.finish(7, claim, "late"), "the first has lost its claim");
        assert!(keys.finish(7, second, "paid"));
    }

    #[test]
    fn an_answer_is_kept_for_a_day_and_no_longer() {
        let mut keys = store();
        let Begin::Fresh { claim } = keys.begin(7, 1, Time::ZERO) else { panic!("the first is fresh") };
        keys.finish(7, claim, "paid");
        assert_eq!(keys.begin(7, 1, Time(DAY.0 - 1)), Begin::Done("paid"));
        assert!(matches!(keys.begin(7, 1, Time(DAY.0)), Begin::Fresh { .. }), "a day later it is a new request");
    }

    #[test]
    fn two_who_look_before_they_insert_both_go_on() {
        let mut keys = store();
        assert_eq!((keys.look(7, 1, Time::ZERO), keys.look(7, 1, Time::ZERO)), (None, None));
        keys.insert_after_look(7, 1, Time::ZERO);
        keys.insert_after_look(7, 1, Time::ZERO);
        assert_eq!(keys.len(), 1, "one row, two who work");
    }

    proptest! {
        /// Against a list of all that happened: at any moment at most one claim of a key can finish, an answer once given is given
        /// to everybody until its time is over, and another request's key is refused.
        #[test]
        fn one_claim_one_answer(ops in proptest::collection::vec((0u8..5, 0u64..3, 0u64..2, 0u64..4), 0..150)) {
            let (lease, ttl) = (5, 30);
            let mut keys: Keys<u64, u64> = Keys::new(Span(lease), Span(ttl));
            // Key: (fingerprint, born, latest claim, its start, answer).
            let mut naive: BTreeMap<u64, (u64, u64, u64, u64, Option<u64>)> = BTreeMap::new();
            let (mut now, mut issued) = (0u64, Vec::new());
            for (what, key, fingerprint, number) in ops {
                now += number;
                naive.retain(|_, row| now < row.1 + ttl);
                if what < 3 {
                    let got = keys.begin(key, fingerprint, Time(now));
                    match naive.get_mut(&key) {
                        None => {
                            let Begin::Fresh { claim } = got else { return Err(TestCaseError::fail(format!("{got:?}"))) };
                            naive.insert(key, (fingerprint, now, claim, now, None));
                            issued.push((key, claim));
                        }
                        Some(row) if row.0 != fingerprint => prop_assert_eq!(got, Begin::Mismatch),
                        Some(row) => match row.4 {
                            Some(answer) => prop_assert_eq!(got, Begin::Done(answer)),
                            None if now < row.3 + lease => prop_assert_eq!(got, Begin::InProgress { until: Time(row.3 + lease) }),
                            None => {
                                let Begin::TakenOver { claim, .. } = got else { return Err(TestCaseError::fail(format!("{got:?}"))) };
                                (row.2, row.3) = (claim, now);
                                issued.push((key, claim));
                            }
                        },
                    }
                } else if let Some((key, claim)) = issued.get(number as usize * 7 % issued.len().max(1)).copied() {
                    let row = naive.get_mut(&key).filter(|row| row.2 == claim && row.4.is_none());
                    keys.sweep(Time(now));
                    if what == 3 {
                        let good = row.map(|row| row.4 = Some(now)).is_some();
                        prop_assert_eq!(keys.finish(key, claim, now), good);
                    } else {
                        let good = row.is_some();
                        if good { naive.remove(&key); }
                        prop_assert_eq!(keys.release(key, claim), good);
                    }
                }
            }
            keys.sweep(Time(now));
            prop_assert_eq!(keys.len(), naive.len());
        }
    }
}
