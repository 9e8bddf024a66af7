//! The lock service as a replicated state machine: who holds what, decided by the order of a log and by no clock.

use super::wire::{Lock, Owner};
use crate::kernel::time::{Span, Time};
use crate::kernel::weight::Flat;
use crate::parts::lease::Table;
use crate::parts::raft::StateMachine;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Take {
        lock: Lock,
        owner: Owner,
        ttl: Span,
    },
    Renew {
        lock: Lock,
        owner: Owner,
        ttl: Span,
    },
    /// `check`: only if the owner is the holder.
    Free {
        lock: Lock,
        owner: Owner,
        check: bool,
    },
    /// The leader's clock says that the lease of this stamp is over.
    End {
        lock: Lock,
        stamp: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `fresh`: not a repeated request of who holds it already.
    Granted {
        token: u64,
        stamp: u64,
        fresh: bool,
    },
    Busy,
    Renewed {
        stamp: u64,
    },
    NotYours,
    Freed {
        of: Owner,
    },
    Ended {
        of: Owner,
    },
    /// An end that a renewal or a release overtook.
    Overtaken,
}

/// The time a lease was asked for, and the number of its latest grant or renewal.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub stamp: u64,
    pub ttl: Span,
}

/// Every lease stays until its end stands in the log: replicas have no common clock to judge it by.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    table: Table<Lock, Owner>,
    terms: BTreeMap<Lock, Terms>,
    stamps: u64,
}

/// What the table's clock shows: nothing ever ends by it.
const NO_CLOCK: Time = Time::ZERO;
const NO_END: Span = Span(u64::MAX);

impl Machine {
    pub fn holder(&self, lock: Lock) -> Option<Owner> {
        self.table.kept(&lock).map(|lease| lease.owner)
    }

    pub fn token(&self, lock: Lock) -> Option<u64> {
        self.table.kept(&lock).map(|lease| lease.token)
    }

    /// Leases with their terms.
    pub fn iter(&self) -> impl Iterator<Item = (Lock, Terms)> + '_ {
        self.terms.iter().map(|(lock, terms)| (*lock, *terms))
    }

    pub fn terms(&self, lock: Lock) -> Option<Terms> {
        self.terms.get(&lock).copied()
    }

    fn stamp(&mut self, lock: Lock, ttl: Span) -> u64 {
        self.stamps += 1;
        self.terms.insert(lock, Terms { stamp: self.stamps, ttl });
        self.stamps
    }

    fn drop_lock(&mut self, lock: Lock) -> Option<Owner> {
        self.terms.remove(&lock);
        self.table.remove(&lock).map(|lease| lease.owner)
    }
}

impl StateMachine for Machine {
    type Command = Command;
    type Answer = Outcome;

    fn apply(&mut self, command: &Command) -> Outcome {
        match *command {
            Command::Take { lock, owner, ttl } => {
                let before = self.table.issued();
                match self.table.take(lock, owner, NO_CLOCK, NO_END) {
                    Ok(token) => Outcome::Granted { token, stamp: self.stamp(lock, ttl), fresh: self.table.issued() > before },
                    Err(_) => Outcome::Busy,
                }
            }
            Command::Renew { lock, owner, ttl } => {
                if self.holder(lock) == Some(owner) {
                    Outcome::Renewed { stamp: self.stamp(lock, ttl) }
                } else {
                    Outcome::NotYours
                }
            }
            Command::Free { lock, owner, check } => match self.holder(lock) {
                Some(of) if of == owner || !check => {
                    self.drop_lock(lock);
                    Outcome::Freed { of }
                }
                _ => Outcome::NotYours,
            },
            Command::End { lock, stamp } => {
                let due = self.terms.get(&lock).is_some_and(|terms| terms.stamp == stamp);
                due.then(|| self.drop_lock(lock)).flatten().map_or(Outcome::Overtaken, |of| Outcome::Ended { of })
            }
        }
    }

    fn mark(command: &Command) -> u64 {
        let (kind, lock, number) = match command {
            Command::Take { lock, owner, .. } => (1u64, lock, owner.mark()),
            Command::Renew { lock, owner, .. } => (2, lock, owner.mark()),
            Command::Free { lock, owner, .. } => (3, lock, owner.mark()),
            Command::End { lock, stamp } => (4, lock, *stamp),
        };
        number ^ u64::from(*lock).rotate_left(24) ^ kind.rotate_left(56)
    }

    fn bytes(&self) -> usize {
        self.table.len() * std::mem::size_of::<(Lock, Owner, u64, Time)>() + self.terms.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TTL: Span = Span::secs(30);

    fn owner(client: u32) -> Owner {
        Owner { client, job: 1 }
    }

    /// A leader proposes the end of a lease while its renewal is in the log already: the end comes second and does nothing.
    #[test]
    fn an_end_that_a_renewal_overtook_does_nothing() {
        let mut machine = Machine::default();
        let Outcome::Granted { token: 1, stamp, fresh: true } = machine.apply(&Command::Take { lock: 1, owner: owner(1), ttl: TTL }) else { panic!() };
        assert!(matches!(machine.apply(&Command::Renew { lock: 1, owner: owner(1), ttl: TTL }), Outcome::Renewed { .. }));
        assert_eq!(machine.apply(&Command::End { lock: 1, stamp }), Outcome::Overtaken);
        assert_eq!(machine.holder(1), Some(owner(1)));
        let stamp = machine.terms(1).unwrap().stamp;
        assert_eq!(machine.apply(&Command::End { lock: 1, stamp }), Outcome::Ended { of: owner(1) });
    }

    proptest! {
        /// Against the plain sequence of holders: one at a time, tokens rise with each new one, nobody else frees it.
        #[test]
        fn one_holder_at_a_time(ops in proptest::collection::vec((0u8..4, 1u32..3, 1u32..4), 0..120)) {
            let mut machine = Machine::default();
            let mut naive: BTreeMap<Lock, (Owner, u64)> = BTreeMap::new();
            let mut last = 0;
            for (what, lock, client) in ops {
                let (owner, held) = (owner(client), naive.get(&lock).copied());
                match what {
                    0 => match machine.apply(&Command::Take { lock, owner, ttl: TTL }) {
                        Outcome::Granted { token, fresh, .. } => {
                            prop_assert!(held.is_none_or(|(who, _)| who == owner));
                            prop_assert_eq!(fresh, held.is_none());
                            if fresh { prop_assert!(token > last); last = token; }
                            prop_assert!(held.is_none_or(|(_, t)| t == token));
                            naive.insert(lock, (owner, token));
                        }
                        other => prop_assert!(other == Outcome::Busy && held.is_some_and(|(who, _)| who != owner)),
                    },
                    1 => {
                        let renewed = matches!(machine.apply(&Command::Renew { lock, owner, ttl: TTL }), Outcome::Renewed { .. });
                        prop_assert_eq!(renewed, held.is_some_and(|(who, _)| who == owner));
                    }
                    2 => {
                        let freed = machine.apply(&Command::Free { lock, owner, check: true }) == Outcome::Freed { of: owner };
                        prop_assert_eq!(freed, held.is_some_and(|(who, _)| who == owner));
                        if freed { naive.remove(&lock); }
                    }
                    _ => {
                        let stamp = machine.terms(lock).map_or(0, |terms| terms.stamp);
                        let ended = matches!(machine.apply(&Command::End { lock, stamp }), Outcome::Ended { .. });
                        prop_assert_eq!(ended, naive.remove(&lock).is_some());
                    }
                }
                prop_assert_eq!(machine.holder(lock), naive.get(&lock).map(|(who, _)| *who));
            }
        }
    }
}
