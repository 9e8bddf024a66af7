//! Leases on missing keys: a cache hands the first who misses a token; only its holder may fill, and a write takes it away.
//!
//! Nishtala et al., "Scaling Memcache at Facebook" (NSDI 2013), section 3.2.1. One token solves two troubles: a crowd at the
//! origin (only the holder fetches), and a late fill over a newer write (the write voided the token).

use super::Table;
use crate::kernel::time::{Span, Time};

/// What a miss is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    pub token: u64,
    /// Whether this is the one who fetches; the others come again shortly.
    pub first: bool,
}

/// Tokens outstanding at one cache node.
#[derive(Clone, Debug, Default)]
pub struct Leases {
    held: Table<u64, Fetcher>,
}

/// Whoever has the token fetches: nobody asks for a name.
#[derive(Clone, Copy, Debug)]
struct Fetcher;

/// Two askers are never the same one: each that comes second waits.
impl PartialEq for Fetcher {
    fn eq(&self, _: &Fetcher) -> bool {
        false
    }
}

impl Leases {
    /// A miss asks: the first gets a new token, the rest learn that it is out. A token that has run out is given anew,
    /// so that a holder who died keeps nobody waiting for longer than `length`.
    pub fn ask(&mut self, key: u64, now: Time, length: Span) -> Grant {
        match self.held.take(key, Fetcher, now, length) {
            Ok(token) => Grant { token, first: true },
            Err(lease) => Grant { token: lease.token, first: false },
        }
    }

    /// A fill comes with its token: whether it is still good. Good or not, it is spent.
    pub fn redeem(&mut self, key: u64, token: u64, now: Time) -> bool {
        match self.held.kept(&key) {
            Some(lease) if lease.token == token => {
                let good = now < lease.until;
                self.held.remove(&key);
                good
            }
            _ => false,
        }
    }

    /// A write, or an invalidation: whoever is fetching fetches something old.
    pub fn void(&mut self, key: u64) {
        self.held.remove(&key);
    }

    /// Forgets what has run out.
    pub fn sweep(&mut self, now: Time) {
        self.held.sweep(now);
    }

    pub fn outstanding(&self) -> usize {
        self.held.len()
    }

    pub fn clear(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Against the log of everything that happened: a fill is good only if its token was the latest of its key,
        /// no write came since, it was not used, and its time had not run out.
        #[test]
        fn only_an_untouched_token_fills(ops in proptest::collection::vec((0u8..3, 0u64..3, 0u64..6), 0..120)) {
            let mut leases = Leases::default();
            let mut naive: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
            let (mut now, mut last) = (0u64, 0u64);
            for (what, key, number) in ops {
                now += number;
                naive.retain(|_, (_, until)| now < *until);
                match what {
                    0 => {
                        let grant = leases.ask(key, Time(now), Span(10));
                        prop_assert_eq!(grant.first, !naive.contains_key(&key));
                        if grant.first { prop_assert!(grant.token > last); last = grant.token; }
                        let held = *naive.entry(key).or_insert((grant.token, now + 10));
                        prop_assert_eq!(grant.token, held.0);
                    }
                    1 => {
                        let token = last.saturating_sub(number % 2);
                        let good = naive.get(&key).is_some_and(|(t, _)| *t == token);
                        if good { naive.remove(&key); }
                        prop_assert_eq!(leases.redeem(key, token, Time(now)), good);
                    }
                    _ => { leases.void(key); naive.remove(&key); }
                }
            }
            leases.sweep(Time(now));
            prop_assert_eq!(leases.outstanding(), naive.len());
        }
    }
}
