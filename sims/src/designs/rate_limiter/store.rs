//! A central store: a table of keys and, with each, what its algorithm remembers. It does one thing after another.

use super::message::{Entry, Msg, Timer};
use super::rule::Kept;
use super::scripts::Count;
use super::system::{Promised, RateLimiter};
use super::watch::{Fact, Verdict};
use super::{AUDITED, KEY_STATE_BYTES, STORE_BYTES, STORE_OPS, WRONG_ADMITTED, WRONG_REJECTED};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::limiter::{Decision, Limiter, Log, SlidingLog};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

#[derive(Clone, Default)]
pub struct Store {
    table: Table,
    /// The latest instant this store has decided by: its clock may be set back, its decisions never are.
    latest: u64,
    busy_until: Time,
    /// The exact log of every key, kept only to judge the judge.
    audit: BTreeMap<u64, Log>,
}

/// What is kept for each key under each promise, and the memory it takes. The promise is part of the key, as a rule's version
/// should be: a new limit begins with clean counts, and one that is rolled back finds its own.
#[derive(Clone, Default)]
pub struct Table {
    kept: BTreeMap<(u64, u64), Kept>,
    bytes: usize,
}

impl Table {
    /// Bytes it takes here, not in the store that it stands for.
    pub fn weight(&self) -> usize {
        self.kept.bytes() + deep(self.kept.values(), Kept::weight)
    }

    /// Key, promise, and what is kept.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64, &Kept)> {
        self.kept.iter().map(|((key, promise), kept)| (*key, *promise, kept))
    }

    pub fn get(&self, key: u64, promised: &Promised) -> Option<&Kept> {
        self.kept.get(&(key, promised.mark))
    }

    pub fn len(&self) -> usize {
        self.kept.len()
    }

    pub fn with<R>(&mut self, key: u64, promised: &Promised, f: impl FnOnce(&mut Kept) -> R) -> R {
        let kept = match self.kept.entry((key, promised.mark)) {
            Slot::Occupied(slot) => {
                self.bytes -= promised.rule.bytes(slot.get());
                slot.into_mut()
            }
            Slot::Vacant(slot) => slot.insert(promised.rule.fresh()),
        };
        let done = f(kept);
        self.bytes += promised.rule.bytes(kept);
        done
    }

    pub fn put(&mut self, key: u64, promised: &Promised, entry: Entry) {
        if entry.promise == promised.mark {
            self.with(key, promised, |kept| *kept = entry.kept);
        }
    }

    pub fn clear(&mut self) {
        *self = Table::default();
    }

    /// Forgets keys that would decide as if never seen: what an expiry does in a store that has one.
    fn sweep(&mut self, now: u64, system: &RateLimiter) {
        let bytes = &mut self.bytes;
        self.kept.retain(|(key, promise), kept| {
            let promised = system.promised(*key);
            let keep = *promise != promised.mark || !promised.rule.idle(kept, now);
            if !keep {
                *bytes -= promised.rule.bytes(kept);
            }
            keep
        });
    }
}

/// Keys of a very short window are swept no more often than this.
const SWEEP_MIN: Span = Span::secs(1);

impl Store {
    pub fn table(&self) -> &Table {
        &self.table
    }

    pub fn latest(&self) -> u64 {
        self.latest
    }

    pub fn start(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        let window = Span(cx.system().promised(1).quota.window_ns);
        cx.background(window.max(SWEEP_MIN), Timer::Sweep);
    }

    pub fn sweep(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        let system = cx.shared();
        let now = self.clock(cx);
        self.table.sweep(now, &system);
        self.tell(cx);
        self.start(cx);
    }

    /// The machine is back. What it held is there only if it was on disk.
    pub fn restart(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        self.busy_until = cx.now();
        if !cx.system().persist {
            self.table.clear();
            self.audit.clear();
        }
    }

    fn clock(&mut self, cx: &Cx<'_, RateLimiter>) -> u64 {
        self.latest = self.latest.max(cx.clock().0);
        self.latest
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, RateLimiter>) {
        let system = cx.shared();
        let now = self.clock(cx);
        cx.count(STORE_OPS, 1);
        let reply = match msg {
            Msg::Take { ticket, key, at } => {
                let (decision, remaining) = self.take(key, at.unwrap_or(now), &system);
                if system.audit {
                    self.audit(key, decision.allowed(), now, &system, cx);
                }
                let verdict = if decision.allowed() { Verdict::Granted } else { Verdict::Refused };
                cx.fact(Fact { key, at: now, verdict, remaining: Some(remaining) });
                let wait_ns = if let Decision::Allow { wait_ns } = decision { wait_ns } else { 0 };
                Some(Msg::Decided { ticket, allowed: decision.allowed(), wait_ns })
            }
            Msg::Read { ticket, key } => {
                let promised = system.promised(key);
                let kept = self.table.with(key, promised, |kept| kept.clone());
                Some(Msg::State { ticket, entry: Entry { promise: promised.mark, kept }, at: now })
            }
            Msg::Write { key, entry } => {
                self.table.put(key, system.promised(key), entry);
                None
            }
            Msg::Increment { ticket, key } => {
                let count = self.table.with(key, system.promised(key), |kept| counted(kept).add(now, 1));
                Some(Msg::Counted { ticket, count, at: now })
            }
            Msg::Expire { key } => {
                let promised = system.promised(key);
                self.table.with(key, promised, |kept| counted(kept).expire(now, promised.quota.window_ns));
                None
            }
            Msg::Report(spent) => Some(Msg::Merged(spent.into_iter().map(|(key, n)| (key, self.merge(key, n, now, &system))).collect())),
            _ => None,
        };
        self.tell(cx);
        self.busy_until = self.busy_until.max(cx.now()) + system.store_op;
        if let Some(reply) = reply {
            cx.send_after(self.busy_until.since(cx.now()), from, reply);
        }
    }

    fn take(&mut self, key: u64, at: u64, system: &RateLimiter) -> (Decision, i64) {
        let promised = system.promised(key);
        self.table.with(key, promised, |kept| {
            let decision = promised.rule.decide(kept, at);
            (decision, promised.rule.reported(kept, at))
        })
    }

    /// Spends what a server has let through by itself, and says how the key stands now.
    fn merge(&mut self, key: u64, n: u64, now: u64, system: &RateLimiter) -> Entry {
        let promised = system.promised(key);
        let kept = self.table.with(key, promised, |kept| {
            promised.rule.charge(kept, now, n);
            kept.clone()
        });
        Entry { promise: promised.mark, kept }
    }

    /// What an exact log would have said to the same requests, and whether that differs.
    fn audit(&mut self, key: u64, allowed: bool, now: u64, system: &RateLimiter, cx: &mut Cx<'_, RateLimiter>) {
        let exact = SlidingLog::new(&system.promised(key).quota).decide(self.audit.entry(key).or_default(), now).allowed();
        cx.count(AUDITED, 1);
        match (allowed, exact) {
            (true, false) => cx.count(WRONG_ADMITTED, 1),
            (false, true) => cx.count(WRONG_REJECTED, 1),
            _ => {}
        }
    }

    fn tell(&self, cx: &mut Cx<'_, RateLimiter>) {
        cx.gauge(STORE_BYTES, self.table.bytes as f64);
        if self.table.len() > 0 {
            cx.gauge(KEY_STATE_BYTES, self.table.bytes as f64 / self.table.len() as f64);
        }
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.table.weight() + self.audit.bytes() + deep(self.audit.values(), |log| log.len() * std::mem::size_of::<u64>())
    }

    pub fn look(&self) -> Look {
        let state = if self.table.len() > 0 { State::Busy } else { State::Idle };
        Look { label: format!("{} keys", self.table.len()), state, fill: None }
    }
}

/// What INCR finds at a key.
fn counted(kept: &mut Kept) -> &mut Count {
    if !matches!(kept, Kept::Count(_)) {
        *kept = Kept::Count(Count::default());
    }
    match kept {
        Kept::Count(count) => count,
        _ => unreachable!("made a count just above"),
    }
}
