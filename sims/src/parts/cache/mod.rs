//! Caches bounded in bytes: one interface, five policies, and one famous mistake.
//!
//! Every policy is told the time and never serves what has expired. `put` replaces, and says what it threw out.

mod lfu;
mod lru;
mod naive_lru;
mod s3_fifo;
mod slab;
mod soonest;

pub use lfu::Lfu;
pub use lru::Lru;
pub use naive_lru::NaiveLru;
pub use s3_fifo::S3Fifo;
pub use soonest::SoonestToExpire;

use crate::kernel::time::Time;

/// What is put.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry<V> {
    pub value: V,
    pub bytes: u32,
    /// From this instant on it is not served.
    pub expires: Time,
}

/// What every policy does.
pub trait Cache<V>: Clone {
    /// Room for so many bytes.
    fn with_capacity(bytes: u64) -> Self;
    /// The value, counted as a use; none if it is missing or has expired (then it goes).
    fn get(&mut self, key: u64, now: Time) -> Option<&V>;
    /// Puts or replaces; what had to go is appended to `out`. An entry larger than the capacity is refused: then its own key is in `out`.
    fn put(&mut self, key: u64, entry: Entry<V>, now: Time, out: &mut Vec<(u64, V)>);
    fn remove(&mut self, key: u64) -> Option<V>;
    /// The value, without counting a use and whether or not it has expired.
    fn peek(&self, key: u64) -> Option<&V>;
    /// Bytes as the policy counts them.
    fn used(&self) -> u64;
    fn capacity(&self) -> u64;
    fn len(&self) -> usize;
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Every key with its value, bytes and expiry, in no order that means anything.
    fn entries(&self) -> Vec<(u64, Entry<V>)>;
}

/// Which policy: the names are the knob's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Lru,
    Lfu,
    Ttl,
    S3Fifo,
    NaiveLru,
}

impl Policy {
    pub const NAMES: &'static [&'static str] = &["s3-fifo", "lru", "lfu", "ttl", "naive-lru"];

    pub fn named(name: &str) -> Policy {
        match name {
            "lru" => Policy::Lru,
            "lfu" => Policy::Lfu,
            "ttl" => Policy::Ttl,
            "naive-lru" => Policy::NaiveLru,
            _ => Policy::S3Fifo,
        }
    }
}

/// A cache whose policy is chosen by a knob: the one place that branches on it.
#[derive(Clone, Debug)]
pub enum AnyCache<V> {
    Lru(Lru<V>),
    Lfu(Lfu<V>),
    Ttl(SoonestToExpire<V>),
    S3Fifo(S3Fifo<V>),
    NaiveLru(NaiveLru<V>),
}

macro_rules! each {
    ($self:expr, $cache:ident => $do:expr) => {
        match $self {
            AnyCache::Lru($cache) => $do,
            AnyCache::Lfu($cache) => $do,
            AnyCache::Ttl($cache) => $do,
            AnyCache::S3Fifo($cache) => $do,
            AnyCache::NaiveLru($cache) => $do,
        }
    };
}

impl<V: Clone> AnyCache<V> {
    pub fn new(policy: Policy, bytes: u64) -> AnyCache<V> {
        match policy {
            Policy::Lru => AnyCache::Lru(Lru::with_capacity(bytes)),
            Policy::Lfu => AnyCache::Lfu(Lfu::with_capacity(bytes)),
            Policy::Ttl => AnyCache::Ttl(SoonestToExpire::with_capacity(bytes)),
            Policy::S3Fifo => AnyCache::S3Fifo(S3Fifo::with_capacity(bytes)),
            Policy::NaiveLru => AnyCache::NaiveLru(NaiveLru::with_capacity(bytes)),
        }
    }

    pub fn get(&mut self, key: u64, now: Time) -> Option<&V> {
        each!(self, cache => cache.get(key, now))
    }

    pub fn put(&mut self, key: u64, entry: Entry<V>, now: Time, out: &mut Vec<(u64, V)>) {
        each!(self, cache => cache.put(key, entry, now, out));
    }

    pub fn remove(&mut self, key: u64) -> Option<V> {
        each!(self, cache => cache.remove(key))
    }

    pub fn peek(&self, key: u64) -> Option<&V> {
        each!(self, cache => cache.peek(key))
    }

    pub fn used(&self) -> u64 {
        each!(self, cache => cache.used())
    }

    pub fn capacity(&self) -> u64 {
        each!(self, cache => cache.capacity())
    }

    pub fn len(&self) -> usize {
        each!(self, cache => cache.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn entries(&self) -> Vec<(u64, Entry<V>)> {
        each!(self, cache => cache.entries())
    }
}

#[cfg(test)]
mod tests;
