//! The ledger beside the service: whose lease is alive, who was promised what, who acts, and what the storage took.

use super::config::{Locks, Service};
use super::wire::{Lock, Owner};
use crate::kernel::invariant::{InvariantSpec, Lamps, always, finally, sometimes};
use crate::kernel::node::Watch;
use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use std::collections::{BTreeMap, VecDeque};

pub const ONE_LEASE: usize = 0;
pub const TOKENS_RISE: usize = 1;
pub const NOT_CUT_SHORT: usize = 2;
pub const STORAGE_ORDERED: usize = 3;
pub const NO_LOST_UPDATE: usize = 4;
pub const OWN_RELEASE: usize = 5;
pub const ONE_ACTS: usize = 6;
pub const COMES_FREE: usize = 7;
pub const LATE_REFUSED: usize = 8;

#[rustfmt::skip]
pub const LAMPS: &[InvariantSpec] = &[
    always("one-lease-alive", "by the service's own clock no two leases on one lock are alive at once"),
    always("tokens-rise", "each holder of a lock gets a higher number than all holders before"),
    always("lease-not-cut-short", "a lease does not end before its time has passed since the last acknowledged renewal was asked for"),
    always("storage-never-goes-back", "the storage accepts no write with a number below one that it accepted before"),
    always("no-lost-update", "no accepted write was made from an older value than the one it replaces"),
    always("only-its-holder-frees", "a lock is freed by its holder, or by its time, and by nobody else"),
    always("one-acts-at-a-time", "nobody sends to the storage while another client's own count says that it holds the lock"),
    finally("lock-comes-free", "once a leader is stable, a lease that nobody renews is over within its time and a tick"),
    sometimes("late-write-refused", "the storage refuses somebody whose number is too low"),
];

/// What the service did to one lock.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Granted { owner: Owner, token: u64, until: Time },
    Renewed { owner: Owner, until: Time },
    Freed { by: Owner, of: Owner },
    Ended { owner: Owner },
}

#[derive(Clone, Copy, Debug)]
pub enum Fact {
    /// With its place in the log where there is one: every member tells of it, the first counts.
    Service {
        index: Option<u64>,
        lock: Lock,
        change: Change,
    },
    /// A client has a majority of Redlock's stores.
    Majority {
        lock: Lock,
        owner: Owner,
        token: u64,
        until: Time,
        renewed: bool,
    },
    /// A grant or renewal reached its client: it was asked for that long before this end.
    Promised {
        lock: Lock,
        owner: Owner,
        until: Time,
    },
    /// By its own count the client holds the lock until then.
    Believes {
        lock: Lock,
        owner: Owner,
        until: Time,
    },
    /// It reads or writes.
    Acts {
        lock: Lock,
        owner: Owner,
    },
    Stops {
        lock: Lock,
        owner: Owner,
    },
    /// A write was accepted: made from version `based_on`, put over version `over`.
    Wrote {
        lock: Lock,
        owner: Owner,
        token: u64,
        based_on: u64,
        over: u64,
    },
    Refused,
    /// Raft's own facts are judged where Raft is taught.
    OfRaft,
}

#[derive(Clone, Debug, Default)]
pub struct Watching {
    /// Entries of the log heard of.
    heard: u64,
    alive: BTreeMap<(Lock, Owner), Standing>,
    promised: BTreeMap<(Lock, Owner), Time>,
    beliefs: BTreeMap<(Lock, Owner), Standing>,
    /// The last and the highest number granted, by lock.
    tokens: BTreeMap<Lock, u64>,
    /// The highest number of an accepted write, by lock.
    written: BTreeMap<Lock, u64>,
    /// What is over, for the pane.
    past: VecDeque<Stretch>,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    since: Time,
    until: Time,
}

/// A time in which somebody held a lock, by the service's books or by their own.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub lock: Lock,
    pub owner: Owner,
    pub believed: bool,
    pub from: Time,
    pub to: Time,
}

/// Stretches kept for the pane.
const PAST_MAX: usize = 512;

impl Watching {
    /// Everything known of who held what, the present ones up to `now`.
    pub fn stretches(&self, now: Time) -> impl Iterator<Item = Stretch> + '_ {
        let open = |map: &'_ BTreeMap<(Lock, Owner), Standing>, believed: bool| {
            map.iter().map(move |((lock, owner), s)| Stretch { lock: *lock, owner: *owner, believed, from: s.since, to: s.until.min(now) }).collect::<Vec<_>>()
        };
        self.past.iter().copied().chain(open(&self.alive, false)).chain(open(&self.beliefs, true))
    }

    /// Who holds it by the service's books.
    pub fn holders(&self, lock: Lock, now: Time) -> Vec<Owner> {
        self.alive.iter().filter(|((l, _), s)| *l == lock && now < s.until).map(|((_, owner), _)| *owner).collect()
    }

    pub fn believers(&self, lock: Lock, now: Time) -> Vec<Owner> {
        self.beliefs.iter().filter(|((l, _), s)| *l == lock && now < s.until).map(|((_, owner), _)| *owner).collect()
    }

    pub fn last_token(&self, lock: Lock) -> u64 {
        self.tokens.get(&lock).copied().unwrap_or(0)
    }

    fn remember(&mut self, (lock, owner): (Lock, Owner), standing: Standing, believed: bool, now: Time) {
        if self.past.len() == PAST_MAX {
            self.past.pop_front();
        }
        self.past.push_back(Stretch { lock, owner, believed, from: standing.since, to: standing.until.min(now) });
    }

    /// Puts what ran out of its own accord among the past.
    fn sweep(&mut self, now: Time) {
        for believed in [false, true] {
            let map = if believed { &mut self.beliefs } else { &mut self.alive };
            let over: Vec<_> = map.extract_if(.., |_, standing| standing.until <= now).collect();
            for (key, standing) in over {
                self.remember(key, standing, believed, now);
            }
        }
    }

    fn close(&mut self, key: (Lock, Owner), believed: bool, now: Time) {
        let map = if believed { &mut self.beliefs } else { &mut self.alive };
        if let Some(standing) = map.remove(&key) {
            self.remember(key, standing, believed, now);
        }
    }

    fn granted(&mut self, now: Time, lock: Lock, owner: Owner, (token, until): (u64, Time), lamps: &mut Lamps) {
        let other = self.alive.iter().find(|((l, who), standing)| *l == lock && *who != owner && now < standing.until).map(|((_, who), _)| *who);
        lamps.judge(ONE_LEASE, now, other.is_none(), || {
            format!("lock {lock} is granted to {owner} while the lease of {} is alive", other.map_or_else(String::new, |o| o.to_string()))
        });
        let last = self.last_token(lock);
        lamps.judge(TOKENS_RISE, now, token > last, || format!("{owner} gets token {token} of lock {lock}; {last} was given before"));
        self.tokens.insert(lock, last.max(token));
        self.alive.insert((lock, owner), Standing { since: now, until });
    }

    fn changed(&mut self, now: Time, lock: Lock, change: Change, lamps: &mut Lamps) {
        match change {
            Change::Granted { owner, token, until } => self.granted(now, lock, owner, (token, until), lamps),
            Change::Renewed { owner, until } => {
                if let Some(standing) = self.alive.get_mut(&(lock, owner)) {
                    standing.until = standing.until.max(until);
                }
            }
            Change::Freed { by, of } => {
                lamps.judge(OWN_RELEASE, now, by == of, || format!("{by} freed lock {lock}, which {of} held"));
                self.promised.remove(&(lock, of));
                self.close((lock, of), false, now);
            }
            Change::Ended { owner } => {
                if let Some(until) = self.promised.remove(&(lock, owner)) {
                    lamps.judge(NOT_CUT_SHORT, now, now >= until, || format!("the lease of {owner} on lock {lock} ended, but was promised until {until}"));
                }
                self.close((lock, owner), false, now);
            }
        }
    }

    fn acts(&mut self, now: Time, lock: Lock, owner: Owner, lamps: &mut Lamps) {
        let other = self.beliefs.iter().find(|((l, who), standing)| *l == lock && *who != owner && now < standing.until).map(|((_, who), _)| *who);
        lamps.judge(ONE_ACTS, now, other.is_none(), || {
            format!("{owner} acts on lock {lock} while {} holds it by its own count", other.map_or_else(String::new, |o| o.to_string()))
        });
    }

    fn wrote(&mut self, now: Time, fact: Fact, lamps: &mut Lamps) {
        let Fact::Wrote { lock, owner, token, based_on, over } = fact else { return };
        let highest = self.written.get(&lock).copied().unwrap_or(0);
        lamps.judge(STORAGE_ORDERED, now, token >= highest, || format!("the storage accepted token {token} of {owner} after {highest}"));
        lamps.judge(NO_LOST_UPDATE, now, based_on == over, || {
            format!("{owner} wrote over version {over} of lock {lock}'s value what it had made from version {based_on}")
        });
        self.written.insert(lock, highest.max(token));
    }
}

impl Watch<Locks> for Watching {
    type Fact = Fact;

    fn see(&mut self, now: Time, fact: Fact, system: &Locks, lamps: &mut Lamps) {
        self.sweep(now);
        match fact {
            Fact::Service { index, lock, change } => {
                if index.is_none_or(|index| index > self.heard) {
                    self.heard = index.unwrap_or(self.heard);
                    self.changed(now, lock, change, lamps);
                }
            }
            Fact::Majority { lock, owner, until, renewed: true, .. } => self.changed(now, lock, Change::Renewed { owner, until }, lamps),
            Fact::Majority { lock, owner, token, until, .. } => self.granted(now, lock, owner, (token, until), lamps),
            Fact::Promised { lock, owner, until } => {
                let promised = self.promised.entry((lock, owner)).or_default();
                *promised = (*promised).max(until);
            }
            Fact::Believes { lock, owner, until } => {
                let belief = self.beliefs.entry((lock, owner)).or_insert(Standing { since: now, until });
                belief.until = until;
            }
            Fact::Acts { lock, owner } => self.acts(now, lock, owner, lamps),
            Fact::Stops { lock, owner } => {
                self.close((lock, owner), true, now);
                // Nobody else keeps books of Redlock's leases: they end when their holder says so. Elsewhere a promise stands
                // until the service frees the lock or ends the lease, whatever its holder does meanwhile.
                if system.service == Service::Redlock {
                    self.promised.remove(&(lock, owner));
                    self.close((lock, owner), false, now);
                }
            }
            Fact::Wrote { .. } => self.wrote(now, fact, lamps),
            Fact::Refused => lamps.reach(LATE_REFUSED),
            Fact::OfRaft => {}
        }
    }

    fn weight(&self) -> usize {
        self.alive.bytes() + self.promised.bytes() + self.beliefs.bytes() + self.tokens.bytes() + self.written.bytes() + self.past.bytes()
    }
}
