//! One cache node: what it holds, what it only knows of, how it votes, and how it catches up.

use super::handover::Pulling;
use super::messages::{Item, Msg, Pass, Put, Vote};
use super::metrics;
use super::origin::first_version;
use super::system::{Caching, Coalesce, Invalidation, Timer, WriteMode};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::cache::{AnyCache, Entry};
use crate::parts::lease::Leases;
use crate::parts::version_vector::Siblings;
use std::collections::BTreeMap;

/// How long a lease stands: longer than the origin usually takes, short enough that a dead holder is soon replaced.
pub const LEASE: Span = Span::secs(2);
/// Leases looked through for old ones once so many are out.
const LEASES_SWEEP: usize = 4_096;

/// What the dots of one entry take, with what an allocation of a few bytes takes besides.
pub(super) const VERSIONS: usize = 64;
/// An entry's key, its links in the policy's lists, and its versions.
const ENTRY: usize = 64 + VERSIONS;

#[derive(Clone)]
pub struct CacheNode {
    store: AnyCache<Held>,
    /// What it knows of keys whose bytes it does not have: evicted, expired or invalidated.
    stubs: BTreeMap<u64, Siblings>,
    leases: Leases,
    /// Bytes of what is in the store, counted apart from the store's own count.
    held_bytes: u64,
    /// It has lost its memory at least once.
    reborn: bool,
    /// It lost its memory and has not caught up.
    pub(super) blank: bool,
    pub(super) pulling: Option<Pulling>,
    /// The ring change for which it was last emptied.
    pub(super) cleared: u64,
    /// Write-behind: what this node still owes the origin.
    dirty: BTreeMap<u64, Siblings>,
    flushing: bool,
    /// Writes kept for a replica that could not be reached.
    hints: BTreeMap<(NodeId, u64), Siblings>,
    returning: bool,
    origin: NodeId,
    pub asked: u64,
    pub answered: u64,
}

#[derive(Clone, Debug)]
pub struct Held {
    pub known: Siblings,
    /// When the origin, or the writer, had it.
    pub born: Time,
    pub expires: Time,
}

impl CacheNode {
    pub fn new(system: &Caching, origin: NodeId) -> CacheNode {
        CacheNode {
            store: AnyCache::new(system.policy, system.capacity),
            stubs: BTreeMap::new(),
            leases: Leases::default(),
            held_bytes: 0,
            reborn: false,
            blank: false,
            pulling: None,
            cleared: 0,
            dirty: BTreeMap::new(),
            flushing: false,
            hints: BTreeMap::new(),
            returning: false,
            origin,
            asked: 0,
            answered: 0,
        }
    }

    /// A node that knows nothing yet: it joins, or comes back.
    pub fn blank(system: &Caching, origin: NodeId) -> CacheNode {
        CacheNode { blank: true, ..CacheNode::new(system, origin) }
    }

    /// Puts a key in before the run begins, as long as there is room.
    pub fn preload(&mut self, key: u64, system: &Caching, age: f64) {
        if self.store.used() + u64::from(Caching::bytes(key)) <= system.capacity {
            let expires = Time::ZERO + system.ttl.times(1.0 - age);
            let held = Held { known: first_version(), born: Time::ZERO, expires };
            self.held_bytes += u64::from(Caching::bytes(key));
            self.store.put(key, Entry { value: held, bytes: Caching::bytes(key), expires }, Time::ZERO, &mut Vec::new());
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Caching>) {
        match msg {
            Msg::Read { op, key } => {
                let vote = self.vote(key, cx);
                cx.send(from, Msg::Voted { op, key, vote });
            }
            Msg::Release { key, token } => drop(self.leases.redeem(key, token, cx.now())),
            Msg::Put(put) => self.put(from, put, cx),
            Msg::Fill { key, known, born, pass } => self.fill(key, &known, born, pass, cx),
            Msg::Ping { round } => cx.send(from, Msg::Pong { round, blank: self.blank }),
            Msg::Flushed { keys } => {
                for (key, known) in keys {
                    if self.dirty.get(&key).is_some_and(|owed| known.covers(owed)) {
                        self.dirty.remove(&key);
                    }
                }
            }
            Msg::Stored { op } => self.hint_returned(from, op),
            other => self.hear_of_membership(from, other, cx),
        }
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Cx<'_, Caching>) {
        match timer {
            Timer::FlushDirty => self.flush_dirty(cx),
            Timer::ReturnHints => self.return_hints(cx),
            Timer::PullAgain => self.pull_again(cx),
            _ => {}
        }
    }

    pub fn crash(&mut self) {
        let capacity = self.store.capacity();
        let policy = self.policy();
        *self = CacheNode {
            store: AnyCache::new(policy, capacity),
            stubs: BTreeMap::new(),
            leases: Leases::default(),
            held_bytes: 0,
            reborn: true,
            blank: true,
            pulling: None,
            dirty: BTreeMap::new(),
            flushing: false,
            hints: BTreeMap::new(),
            returning: false,
            ..self.clone()
        };
    }

    fn policy(&self) -> crate::parts::cache::Policy {
        use crate::parts::cache::Policy;
        match &self.store {
            AnyCache::Lru(_) => Policy::Lru,
            AnyCache::Lfu(_) => Policy::Lfu,
            AnyCache::Ttl(_) => Policy::Ttl,
            AnyCache::S3Fifo(_) => Policy::S3Fifo,
            AnyCache::NaiveLru(_) => Policy::NaiveLru,
        }
    }

    /// Another policy or size: what is held moves over as far as there is room.
    pub fn on_knobs(&mut self, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        if self.policy() == system.policy && self.store.capacity() == system.capacity {
            return;
        }
        let old = std::mem::replace(&mut self.store, AnyCache::new(system.policy, system.capacity));
        self.held_bytes = 0;
        for (key, entry) in old.entries() {
            self.keep(key, entry.value, cx);
        }
    }

    /// What this node says of a key.
    fn vote(&mut self, key: u64, cx: &mut Cx<'_, Caching>) -> Vote {
        let system = cx.shared();
        let now = cx.now();
        self.asked += 1;
        if self.reborn {
            cx.count(metrics::REBORN_ASKED, 1);
        }
        let blank = self.blank && system.synced_votes;
        let valid = self.store.peek(key).map(|held| held.valid(now, &system));
        if valid == Some(true)
            && let Some(held) = self.store.get(key, now)
        {
            self.answered += 1;
            if self.reborn {
                cx.count(metrics::REBORN_ANSWERED, 1);
            }
            return Vote { known: held.known.clone(), value: true, born: held.born, lease: None, blank };
        }
        if valid == Some(false) {
            cx.count(metrics::EXPIRED, 1);
            self.drop_value(key, cx);
        }
        let lease = (system.coalesce == Coalesce::Lease).then(|| self.leases.ask(key, now, LEASE));
        if self.leases.outstanding() > LEASES_SWEEP {
            self.leases.sweep(now);
        }
        Vote { known: self.stubs.get(&key).cloned().unwrap_or_default(), value: false, born: now, lease, blank }
    }

    fn put(&mut self, from: NodeId, put: Put, cx: &mut Cx<'_, Caching>) {
        let Put { op, key, known, value, born, owes_origin, stands_in_for } = put;
        self.leases.void(key);
        if let Some(owner) = stands_in_for {
            self.hints.insert((owner, key), known.clone());
            self.wake_for_hints(cx);
        }
        self.learn(key, &known, value, born, cx);
        if owes_origin {
            self.dirty.entry(key).or_default().merge(&known);
            if !self.flushing {
                self.flushing = true;
                let every = cx.system().flush_every;
                cx.after(every, Timer::FlushDirty);
            }
        }
        cx.send(from, Msg::Stored { op });
    }

    fn fill(&mut self, key: u64, known: &Siblings, born: Time, pass: Pass, cx: &mut Cx<'_, Caching>) {
        let guarded = cx.system().coalesce == Coalesce::Lease;
        let good = match pass {
            Pass::Repair => true,
            Pass::Open => !guarded,
            Pass::Lease(token) => !guarded || self.leases.redeem(key, token, cx.now()),
        };
        if good {
            self.learn(key, known, true, born, cx);
        } else {
            cx.count(metrics::FILLS_REFUSED, 1);
        }
    }

    /// Takes in what somebody knows of a key, with the bytes or without.
    pub(super) fn learn(&mut self, key: u64, news: &Siblings, value: bool, born: Time, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        let now = cx.now();
        let held = self.store.peek(key).filter(|held| held.valid(now, &system)).cloned();
        let had = held.is_some();
        let mut known = held.as_ref().map(|h| h.known.clone()).or_else(|| self.stubs.get(&key).cloned()).unwrap_or_default();
        let before = known.clone();
        known.merge(news);
        if had && known == before {
            return;
        }
        let complete = known.live.iter().all(|dot| (had && before.live.contains(dot)) || (value && news.live.contains(dot)));
        // The oldest part of the value sets its age.
        let born = held.filter(|h| h.known.live.iter().any(|dot| known.live.contains(dot))).map_or(born, |h| h.born.min(born));
        let ttl = system.ttl.times(1.0 + system.jitter * (2.0 * cx.rng().unit() - 1.0));
        let fresh = Held { known: known.clone(), born, expires: born + ttl };
        if complete && fresh.valid(now, &system) {
            self.stubs.remove(&key);
            self.keep(key, fresh, cx);
        } else {
            self.take_out(key);
            self.remember(key, known, cx);
        }
    }

    /// Puts a value into the store; what it displaces is remembered without its bytes.
    fn keep(&mut self, key: u64, held: Held, cx: &mut Cx<'_, Caching>) {
        let bytes = Caching::bytes(key);
        let (known, expires, before) = (held.known.clone(), held.expires, self.holds(key));
        let mut out = Vec::new();
        self.store.put(key, Entry { value: held, bytes, expires }, cx.now(), &mut out);
        let after = self.holds(key);
        for (gone, held) in out.into_iter().filter(|(gone, _)| *gone != key) {
            cx.count(metrics::EVICTED, 1);
            self.held_bytes -= u64::from(Caching::bytes(gone));
            self.remember(gone, held.known, cx);
        }
        match (before, after) {
            (false, true) => self.held_bytes += u64::from(bytes),
            (true, false) => self.held_bytes -= u64::from(bytes),
            _ => {}
        }
        if !after {
            self.remember(key, known, cx);
        }
        cx.fact(Fact::Kept { node: cx.me(), counted: self.store.used(), held: self.held_bytes, capacity: self.store.capacity() });
    }

    fn take_out(&mut self, key: u64) -> Option<Held> {
        let held = self.store.remove(key)?;
        self.held_bytes -= u64::from(Caching::bytes(key));
        Some(held)
    }

    fn drop_value(&mut self, key: u64, cx: &mut Cx<'_, Caching>) {
        if let Some(held) = self.take_out(key) {
            self.remember(key, held.known, cx);
        }
    }

    /// Keeps the version of what is gone, unless tombstones are off.
    fn remember(&mut self, key: u64, known: Siblings, cx: &mut Cx<'_, Caching>) {
        if cx.system().tombstones {
            self.stubs.insert(key, known);
        }
    }

    pub fn flush(&mut self, cx: &mut Cx<'_, Caching>) {
        for (key, _) in self.store.entries() {
            self.drop_value(key, cx);
        }
    }

    pub fn expire(&mut self, key: u64, cx: &mut Cx<'_, Caching>) {
        self.drop_value(key, cx);
    }

    /// Forgets everything: a node that was off the ring may have missed any write.
    pub(super) fn clear(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        let flushing = self.flushing;
        self.crash();
        (self.dirty, self.flushing) = (dirty, flushing);
    }

    /// Drops what the ring gives to others.
    pub(super) fn keep_only(&mut self, owned: impl Fn(u64) -> bool) {
        let stray: Vec<u64> = self.store.entries().into_iter().map(|(key, _)| key).filter(|key| !owned(*key)).collect();
        for key in stray {
            self.take_out(key);
        }
        self.stubs.retain(|key, _| owned(*key));
    }

    /// Everything known of the keys that pass, with values where `values` says so.
    pub(super) fn items(&self, system: &Caching, now: Time, wanted: impl Fn(u64) -> bool) -> Vec<Item> {
        let mut items: Vec<Item> = self
            .store
            .entries()
            .into_iter()
            .filter(|(key, _)| wanted(*key))
            .map(|(key, entry)| Item { key, value: system.warm_up && entry.value.valid(now, system), born: entry.value.born, known: entry.value.known })
            .collect();
        items.extend(self.stubs.iter().filter(|(key, _)| wanted(**key)).map(|(key, known)| Item { key: *key, known: known.clone(), value: false, born: now }));
        items
    }

    fn flush_dirty(&mut self, cx: &mut Cx<'_, Caching>) {
        if self.dirty.is_empty() {
            self.flushing = false;
            return;
        }
        let batch: Vec<(u64, Siblings)> = self.dirty.iter().map(|(key, known)| (*key, known.clone())).collect();
        cx.send(self.origin, Msg::Flush { batch });
        let every = cx.system().flush_every;
        cx.after(every, Timer::FlushDirty);
    }

    fn wake_for_hints(&mut self, cx: &mut Cx<'_, Caching>) {
        if !self.returning {
            self.returning = true;
            cx.background(Span::secs(1), Timer::ReturnHints);
        }
    }

    /// Hinted hand-off: offers what it keeps for others until they take it.
    fn return_hints(&mut self, cx: &mut Cx<'_, Caching>) {
        self.returning = false;
        for ((owner, key), known) in &self.hints {
            let put = Put { op: *key, key: *key, known: known.clone(), value: false, born: cx.now(), owes_origin: false, stands_in_for: None };
            cx.send(*owner, Msg::Put(put));
        }
        if !self.hints.is_empty() {
            self.wake_for_hints(cx);
        }
    }

    fn hint_returned(&mut self, owner: NodeId, key: u64) {
        self.hints.remove(&(owner, key));
    }

    pub fn holds(&self, key: u64) -> bool {
        self.store.peek(key).is_some()
    }

    pub fn used(&self) -> u64 {
        self.held_bytes
    }

    pub fn entries(&self) -> usize {
        self.store.len()
    }

    pub fn stubs(&self) -> usize {
        self.stubs.len()
    }

    pub fn owes(&self) -> usize {
        self.dirty.len()
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.store.len() * (std::mem::size_of::<Held>() + ENTRY)
            + self.stubs.bytes()
            + self.dirty.bytes()
            + self.hints.bytes()
            + (self.stubs.len() + self.dirty.len() + self.hints.len()) * VERSIONS
    }

    pub fn look(&self, system: &Caching) -> Look {
        let share = if self.asked == 0 { 0.0 } else { self.answered as f64 / self.asked as f64 };
        let label = match (self.blank, system.write_mode, system.invalidation) {
            (true, ..) => "catching up".to_string(),
            (false, WriteMode::Behind, _) => format!("hit {:.0} % owes {}", share * 100.0, self.dirty.len()),
            (false, _, Invalidation::Message | Invalidation::Version | Invalidation::Time) => format!("hit {:.0} %", share * 100.0),
        };
        let state = if self.blank {
            State::Warn
        } else if self.asked > 0 {
            State::Busy
        } else {
            State::Idle
        };
        Look { label, state, fill: Some(self.held_bytes as f64 / self.store.capacity().max(1) as f64) }
    }
}

impl Held {
    /// Within its own time, and within what the knob allows now.
    fn valid(&self, now: Time, system: &Caching) -> bool {
        self.expires > now && self.born + system.ttl_longest() > now
    }
}
