//! An outbox: jobs written down with the change that causes them, and repeated until the queue has confirmed each.
//!
//! Without it, a crash between "the post is stored" and "its fan-out is queued" would lose the fan-out for ever.

use super::msg::{Job, Msg, Timer};
use super::node::Ctx;
use crate::kernel::node::NodeId;
use crate::kernel::time::{Span, Time};
use std::collections::BTreeMap;

/// Unconfirmed for so long, a job is sent again.
const PATIENCE: Span = Span::millis(250);

#[derive(Clone, Debug)]
pub struct Outbox {
    queue: NodeId,
    next: u64,
    waiting: BTreeMap<u64, (Job, Time)>,
    armed: bool,
}

impl Outbox {
    pub fn new(queue: NodeId) -> Outbox {
        Outbox { queue, next: 0, waiting: BTreeMap::new(), armed: false }
    }

    /// Sends a job once `wait` has passed: when the write that it goes with is on disk.
    pub fn put(&mut self, job: Job, wait: Span, cx: &mut Ctx<'_>) {
        self.next += 1;
        self.waiting.insert(self.next, (job, cx.now() + wait));
        cx.send_after(wait, self.queue, Msg::Enqueue { number: self.next, job });
        self.arm(cx);
    }

    pub fn confirmed(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    pub fn flush(&mut self, cx: &mut Ctx<'_>) {
        self.armed = false;
        let now = cx.now();
        for (number, (job, sent)) in &mut self.waiting {
            if now.since(*sent) >= PATIENCE {
                *sent = now;
                cx.send(self.queue, Msg::Enqueue { number: *number, job: *job });
            }
        }
        self.arm(cx);
    }

    /// The outbox is durable; its timer is not.
    pub fn crash(&mut self) {
        self.armed = false;
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if !self.armed && !self.waiting.is_empty() {
            self.armed = true;
            cx.after(PATIENCE, Timer::Flush);
        }
    }
}
