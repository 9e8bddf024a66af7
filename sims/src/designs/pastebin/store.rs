//! The blob store: bodies by name, one request after another, durable.

use super::messages::{Msg, Timer};
use super::metrics::{BLOB_BYTES_READ, BLOB_QUEUE, BLOB_READS, BODIES, FREED, SHARED, STORED, SUBMITTED, WRITTEN};
use super::role::Ctx;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::blobs::{Blobs, Body, Put};

/// References that one question of the audit looks at.
const PAGE: usize = 500;
/// With more than this before it a request is turned away. It must be less than the patience of those who ask: else they ask again for what
/// is about to be served, and the store does everything twice just when it can do least.
const BACKLOG: Span = Span::millis(400);

#[derive(Clone, Debug, Default)]
pub struct Store {
    blobs: Blobs,
    free_at: Time,
    waiting: u32,
}

impl Store {
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Bodies are on disk; requests that waited are not.
    pub fn crash(&mut self) {
        self.free_at = Time::ZERO;
        self.waiting = 0;
    }

    /// Reads and writes at once, in the order in which requests come; the answer leaves when the work is done.
    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        let full = self.free_at.since(cx.now()) > BACKLOG;
        let (answer, bytes) = match msg {
            Msg::Put { job, .. } | Msg::Get { job, .. } if full => return cx.send(from, Msg::Busy { job }),
            Msg::Put { job, name, holder, body } => (Msg::PutDone { job }, self.put(name, holder, body, cx)),
            Msg::Get { job, name } => {
                let body = self.blobs.get(name);
                let bytes = body.map_or(0, |body| body.bytes);
                cx.count(BLOB_READS, 1);
                cx.count(BLOB_BYTES_READ, bytes);
                (Msg::Got { job, body }, bytes)
            }
            Msg::Release { step, list } => {
                list.iter().for_each(|(name, holder)| self.release(*name, *holder, cx));
                (Msg::Released { step }, 0)
            }
            Msg::Old { step, from } => {
                let before = cx.now() - cx.system().grace;
                let (list, next) = self.blobs.older(from, before, PAGE);
                (Msg::OldAre { step, list, next }, 0)
            }
            _ => return,
        };
        let now = cx.now();
        self.free_at = self.free_at.max(now) + cx.system().moving(bytes);
        self.waiting += 1;
        cx.gauge(BLOB_QUEUE, f64::from(self.waiting));
        cx.after(self.free_at.since(now), Timer::Done { to: from, answer: Box::new(answer) });
    }

    /// Bytes that had to be written.
    fn put(&mut self, name: u64, holder: u64, body: Body, cx: &mut Ctx<'_>) -> u64 {
        let put = if cx.system().holders { self.blobs.put(name, body, holder, cx.now()) } else { self.blobs.put_counted(name, body) };
        let written = if put == Put::Stored { body.bytes } else { 0 };
        if put != Put::Again {
            cx.count(SUBMITTED, body.bytes);
            cx.count(WRITTEN, written);
            cx.count(SHARED, u64::from(put == Put::Shared));
        }
        self.tell(cx);
        written
    }

    fn release(&mut self, name: u64, holder: u64, cx: &mut Ctx<'_>) {
        let freed = if cx.system().holders { self.blobs.release(name, holder) } else { self.blobs.release_counted(name) };
        if let Some(body) = freed {
            cx.count(FREED, body.bytes);
            cx.fact(Fact::Freed { name });
            self.tell(cx);
        }
    }

    fn tell(&self, cx: &mut Ctx<'_>) {
        cx.gauge(STORED, self.blobs.bytes() as f64);
        cx.gauge(BODIES, self.blobs.len() as f64);
    }

    pub fn ring(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Timer::Done { to, answer } = timer {
            self.waiting = self.waiting.saturating_sub(1);
            cx.send(to, *answer);
        }
    }

    pub fn weight(&self) -> usize {
        self.blobs.weight()
    }

    pub fn look(&self) -> Look {
        let state = if self.waiting > 0 { State::Busy } else { State::Idle };
        let label = format!("{} bodies, {}", self.blobs.len(), super::view::told(self.blobs.bytes()));
        Look { label, state, fill: Some((f64::from(self.waiting) / 50.0).min(1.0)) }
    }
}
