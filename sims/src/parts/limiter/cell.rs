//! Where a limiter's state is held and whose clock it reads: a plain cell or an atomic, one key or many.

use super::{Decision, Limiter};
use crate::parts::keyed::{Keyed, Word};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A place for one key's state that can be judged through a shared reference.
pub trait Held<S> {
    fn hold(state: S) -> Self;
    fn decide<L: Limiter<State = S>>(&self, limiter: &L, now: u64) -> Decision;
}

impl Held<u64> for Cell<u64> {
    fn hold(state: u64) -> Self {
        Cell::new(state)
    }

    #[inline]
    fn decide<L: Limiter<State = u64>>(&self, limiter: &L, now: u64) -> Decision {
        let mut state = self.get();
        let decision = limiter.decide(&mut state, now);
        self.set(state);
        decision
    }
}

impl Held<u64> for AtomicU64 {
    fn hold(state: u64) -> Self {
        AtomicU64::new(state)
    }

    /// One word decides all, so nothing else needs ordering: relaxed is enough. A refusal writes nothing.
    #[inline]
    fn decide<L: Limiter<State = u64>>(&self, limiter: &L, now: u64) -> Decision {
        let mut held = self.load(Ordering::Relaxed);
        loop {
            let mut state = held;
            let decision = limiter.decide(&mut state, now);
            if state == held {
                return decision;
            }
            match self.compare_exchange_weak(held, state, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return decision,
                Err(newer) => held = newer,
            }
        }
    }
}

impl<S> Held<S> for RefCell<S> {
    fn hold(state: S) -> Self {
        RefCell::new(state)
    }

    #[inline]
    fn decide<L: Limiter<State = S>>(&self, limiter: &L, now: u64) -> Decision {
        limiter.decide(&mut self.borrow_mut(), now)
    }
}

/// For states of more than a word.
impl<S> Held<S> for Mutex<S> {
    fn hold(state: S) -> Self {
        Mutex::new(state)
    }

    #[inline]
    fn decide<L: Limiter<State = S>>(&self, limiter: &L, now: u64) -> Decision {
        // A step cannot panic half-way, so a poisoned lock holds a good state.
        limiter.decide(&mut self.lock().unwrap_or_else(PoisonError::into_inner), now)
    }
}

/// Nanoseconds of somebody's clock.
pub trait Clock {
    fn now(&self) -> u64;
}

/// A clock set by hand, shared by reference.
#[derive(Debug, Default)]
pub struct Manual(AtomicU64);

impl Manual {
    pub fn at(now: u64) -> Manual {
        Manual(AtomicU64::new(now))
    }

    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }

    pub fn advance(&self, ns: u64) {
        self.0.fetch_add(ns, Ordering::Relaxed);
    }
}

impl Clock for Manual {
    #[inline]
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl<C: Clock> Clock for &C {
    #[inline]
    fn now(&self) -> u64 {
        (**self).now()
    }
}

/// One key's limiter with its cell and its clock.
#[derive(Debug)]
pub struct Limit<L, H, C> {
    limiter: L,
    held: H,
    clock: C,
}

impl<L: Limiter, H: Held<L::State>, C: Clock> Limit<L, H, C> {
    pub fn new(limiter: L, clock: C) -> Self {
        let held = H::hold(limiter.fresh());
        Limit { limiter, held, clock }
    }

    #[inline]
    pub fn check(&self) -> Decision {
        self.held.decide(&self.limiter, self.clock.now())
    }
}

/// Many keys under one quota, each with a state of its own, in a table of fixed size.
pub struct LimitByKey<L, K, H, C> {
    limiter: L,
    table: Keyed<K, H>,
    clock: C,
}

impl<L: Limiter, K: Word, H: Held<L::State>, C: Clock> LimitByKey<L, K, H, C> {
    /// Room for `keys` keys.
    pub fn new(limiter: L, clock: C, keys: usize) -> Self {
        let table = Keyed::with_room(keys, || H::hold(limiter.fresh()));
        LimitByKey { limiter, table, clock }
    }

    /// Judges one request of `key`; nothing if the table is full and the key is new.
    #[inline]
    pub fn check(&self, key: u64) -> Option<Decision> {
        Some(self.table.slot(key)?.decide(&self.limiter, self.clock.now()))
    }
}
