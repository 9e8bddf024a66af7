//! The outbox of a store of the feed: jobs written down with the change that causes them, and repeated until the queue has confirmed each.
//!
//! Without it, a crash between "the post is stored" and "its fan-out is queued" would lose the fan-out for ever.

use super::msg::{Job, Msg, Timer};
use super::node::Ctx;
use crate::kernel::node::NodeId;
use crate::kernel::time::Span;
use crate::parts::outbox::Outbox as Rows;

/// Unconfirmed for so long, a job is sent again.
const PATIENCE: Span = Span::millis(250);

#[derive(Clone, Debug)]
pub struct Outbox {
    queue: NodeId,
    rows: Rows<Job>,
    armed: bool,
}

impl Outbox {
    pub fn new(queue: NodeId) -> Outbox {
        Outbox { queue, rows: Rows::default(), armed: false }
    }

    /// Sends a job once `wait` has passed: when the write that it goes with is on disk.
    pub fn put(&mut self, job: Job, wait: Span, cx: &mut Ctx<'_>) {
        let number = self.rows.put_sent(job, cx.now() + wait);
        cx.send_after(wait, self.queue, Msg::Enqueue { number, job });
        self.arm(cx);
    }

    pub fn confirmed(&mut self, number: u64) {
        self.rows.confirmed(number);
    }

    pub fn flush(&mut self, cx: &mut Ctx<'_>) {
        self.armed = false;
        for (number, job) in self.rows.due(cx.now(), PATIENCE, usize::MAX) {
            cx.send(self.queue, Msg::Enqueue { number, job });
        }
        self.arm(cx);
    }

    /// The outbox is durable; its timer is not.
    pub fn crash(&mut self) {
        self.armed = false;
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if !self.armed && !self.rows.is_empty() {
            self.armed = true;
            cx.after(PATIENCE, Timer::Flush);
        }
    }
}
