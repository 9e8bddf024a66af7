//! One job of a client: how far it is, and how long it may believe that the lock is its own.

use super::round::Round;
use super::wire::{Lock, Owner};
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};

#[derive(Clone, Debug)]
pub struct Job {
    pub owner: Owner,
    pub lock: Lock,
    pub begun: Time,
    pub work: Span,
    pub phase: Phase,
    /// What is under way with the lock's servers.
    pub round: Option<Round>,
    /// Retries so far, and the last wait.
    pub waited: (u32, Span),
    pub frees: u32,
    pub token: u64,
    /// By this client's own clock: when the lease is over, counted from when it was asked for.
    pub over: i64,
    /// The same by true time, for measuring.
    pub over_true: Time,
    pub over_timer: Option<Ticket>,
    pub based_on: u64,
    /// The request to the storage that is waited for, and how often it was sent.
    pub storage: (u64, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Wanting,
    Reading,
    Working,
    Writing,
    Freeing,
}

impl Phase {
    /// Whether the client believes that the lock is its own.
    pub fn holds(self) -> bool {
        matches!(self, Phase::Reading | Phase::Working | Phase::Writing)
    }
}
