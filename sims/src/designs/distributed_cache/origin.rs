//! The origin: a database with few workers, a bounded queue, and the last word.

use super::cache_node::VERSIONS;
use super::messages::Msg;
use super::metrics;
use super::system::{Caching, Timer};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::version_vector::{Dot, Siblings, VersionVector};
use std::collections::{BTreeMap, VecDeque};

/// The origin's own actor in version vectors: it numbers the writes of a key, so a vector of its dots alone is a plain counter.
pub const ORIGIN: u32 = u32::MAX;
/// Requests that wait at most; the next is refused.
const QUEUE_MAX: usize = 2_000;
/// Over which reads are counted for the height of a wave.
const WAVE: Span = Span::millis(100);

#[derive(Clone, Default)]
pub struct Origin {
    /// Durable. A key that was never written has its first version.
    rows: BTreeMap<u64, Siblings>,
    queue: VecDeque<Job>,
    serving: BTreeMap<u64, Job>,
    next: u64,
    wave: (u64, u64),
}

#[derive(Clone)]
struct Job {
    from: NodeId,
    work: Msg,
    came: Time,
}

impl Origin {
    pub fn row(&self, key: u64) -> Siblings {
        self.rows.get(&key).cloned().unwrap_or_else(first_version)
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Caching>) {
        match msg {
            // The version index is in memory and takes no worker.
            Msg::AskVersion { op, key } => {
                cx.count(metrics::VERSION_CHECKS, 1);
                cx.send(from, Msg::Version { op, known: self.row(key) });
            }
            Msg::Query { op, .. } | Msg::Commit { op, .. } if self.queue.len() >= QUEUE_MAX => cx.send(from, Msg::Busy { op }),
            Msg::Query { key, .. } => {
                cx.count(metrics::ORIGIN_READS, 1);
                if key == 0 {
                    cx.count(metrics::HOT_ORIGIN_READS, 1);
                }
                self.count_wave(cx);
                self.take(Job { from, work: msg, came: cx.now() }, cx);
            }
            Msg::Commit { .. } | Msg::Flush { .. } => {
                cx.count(metrics::ORIGIN_WRITES, 1);
                self.take(Job { from, work: msg, came: cx.now() }, cx);
            }
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Cx<'_, Caching>) {
        let Timer::Served(number) = timer else { return };
        if let Some(job) = self.serving.remove(&number) {
            cx.record_since(metrics::ORIGIN_WAIT, job.came);
            self.finish(job, cx);
        }
        if let Some(job) = self.queue.pop_front() {
            self.serve(job, cx);
        }
    }

    /// What was asked is forgotten; what was committed is not.
    pub fn crash(&mut self) {
        self.queue.clear();
        self.serving.clear();
    }

    fn take(&mut self, job: Job, cx: &mut Cx<'_, Caching>) {
        if self.serving.len() < cx.system().origin_slots {
            self.serve(job, cx);
        } else {
            self.queue.push_back(job);
        }
        cx.gauge(metrics::ORIGIN_QUEUE, self.queue.len() as f64);
    }

    fn serve(&mut self, job: Job, cx: &mut Cx<'_, Caching>) {
        let mean = cx.system().origin_time;
        let takes = cx.rng().span(mean);
        self.next += 1;
        self.serving.insert(self.next, job);
        cx.after(takes, Timer::Served(self.next));
    }

    fn finish(&mut self, job: Job, cx: &mut Cx<'_, Caching>) {
        match job.work {
            Msg::Query { op, key } => cx.send(job.from, Msg::Row { op, known: self.row(key) }),
            Msg::Commit { op, key } => {
                let mut row = self.row(key);
                let context = row.seen.clone();
                let dot = Dot { actor: ORIGIN, count: context.count(ORIGIN) + 1 };
                row.take(dot, &context);
                self.rows.insert(key, row);
                cx.fact(Fact::Written { key, dot, context: context.clone() });
                cx.send(job.from, Msg::Committed { op, dot, context });
            }
            Msg::Flush { batch } => {
                for (key, known) in &batch {
                    let mut row = self.row(*key);
                    row.merge(known);
                    self.rows.insert(*key, row);
                }
                cx.send(job.from, Msg::Flushed { keys: batch });
            }
            _ => {}
        }
    }

    fn count_wave(&mut self, cx: &mut Cx<'_, Caching>) {
        let window = cx.now().0 / WAVE.0;
        if self.wave.0 != window {
            if self.wave.1 > 0 {
                cx.record(metrics::ORIGIN_WAVE, self.wave.1);
            }
            self.wave = (window, 0);
        }
        self.wave.1 += 1;
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.rows.bytes() + self.rows.len() * VERSIONS + self.queue.bytes() + self.serving.bytes()
    }

    pub fn look(&self, system: &Caching) -> Look {
        let busy = self.serving.len();
        let state = match busy {
            0 => State::Idle,
            n if n < system.origin_slots => State::Busy,
            _ => State::Warn,
        };
        Look {
            label: format!("busy {busy}/{} queue {}", system.origin_slots, self.queue.len()),
            state,
            fill: Some(busy as f64 / system.origin_slots.max(1) as f64),
        }
    }
}

/// What every key has before anybody writes it.
pub fn first_version() -> Siblings {
    Siblings::write(Dot { actor: ORIGIN, count: 1 }, &VersionVector::new())
}
