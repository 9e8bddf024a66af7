//! The ready queue: tries whose time has come, handed to whoever asks, hidden until their visibility time-out.

use super::messages::{Msg, Timer, Work};
use super::metrics::{HIDDEN, READY, REDELIVERED};
use super::role::Ctx;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::visibility::Ready;
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone)]
pub struct Queue {
    store: NodeId,
    messages: Ready<Work>,
    /// Workers that asked and had nothing, with the number of their question and when they asked. Volatile: they ask again.
    waiting: VecDeque<(NodeId, u64, Time)>,
    /// Delivered too often: until the store has written it down.
    dead: BTreeMap<u64, Work>,
    armed: Option<Ticket>,
}

/// A worker asks again after this, so that an older question is nobody's.
pub const POLL: Span = Span::secs(2);
const BURY: Span = Span::millis(500);

impl Queue {
    pub fn new(store: NodeId) -> Queue {
        Queue { store, messages: Ready::default(), waiting: VecDeque::new(), dead: BTreeMap::new(), armed: None }
    }

    /// Messages and who has them are on disk.
    pub fn crash(&mut self) {
        self.waiting.clear();
        self.armed = None;
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.arm(cx);
    }

    pub fn hear(&mut self, from: NodeId, msg: &Msg, cx: &mut Ctx<'_>) {
        let now = cx.now();
        match *msg {
            Msg::Enqueue { work, settled } => {
                self.messages.put(work.serial, work);
                self.messages.settle(settled);
                cx.send(from, Msg::Enqueued { serial: work.serial });
            }
            Msg::Receive { poll } => {
                self.waiting.retain(|(worker, _, _)| *worker != from);
                self.waiting.push_back((from, poll, now));
            }
            Msg::Extend { receipt } => {
                self.messages.extend(receipt, now, cx.system().visibility);
            }
            Msg::Delete { receipt } => {
                self.messages.delete(receipt);
            }
            Msg::Nack { receipt } => {
                let dead = self.messages.back(receipt, cx.system().max_receives);
                self.bury(dead, cx);
            }
            Msg::Buried { serial } => {
                self.dead.remove(&serial);
            }
            _ => return,
        }
        self.hand_out(cx);
    }

    /// Something hidden may be visible again, something dead not yet written down.
    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        self.armed = None;
        let (returned, dead) = self.messages.expire(cx.now(), cx.system().max_receives);
        if returned > 0 {
            cx.count(REDELIVERED, returned as u64);
            cx.fact(Fact::Redelivered);
        }
        for work in self.dead.values() {
            cx.send(self.store, Msg::Dead(*work));
        }
        self.bury(dead, cx);
        self.hand_out(cx);
    }

    fn bury(&mut self, dead: impl IntoIterator<Item = Work>, cx: &mut Ctx<'_>) {
        for work in dead {
            self.dead.insert(work.serial, work);
            cx.send(self.store, Msg::Dead(work));
        }
    }

    fn hand_out(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        while self.messages.ready() > 0 {
            let Some((worker, _, asked)) = self.waiting.pop_front() else { break };
            if now.since(asked) >= POLL {
                continue;
            }
            let Some(handed) = self.messages.take(now, cx.system().visibility) else { break };
            cx.send(worker, Msg::Handed { receipt: handed.receipt, work: handed.payload, received: handed.received });
        }
        cx.gauge(READY, self.messages.ready() as f64);
        cx.gauge(HIDDEN, self.messages.hidden() as f64);
        self.arm(cx);
    }

    fn arm(&mut self, cx: &mut Ctx<'_>) {
        if let Some(ticket) = self.armed.take() {
            cx.cancel(ticket);
        }
        let next = self.messages.next_end().map(|end| Span(end.since(cx.now()).0.max(1)));
        let bury = (!self.dead.is_empty()).then_some(BURY);
        if let Some(wait) = next.into_iter().chain(bury).min() {
            self.armed = Some(cx.background(wait, Timer::Visible));
        }
    }

    /// Every task in it.
    pub fn tasks(&self) -> impl Iterator<Item = u64> {
        self.messages.iter().chain(self.dead.values()).map(|work| work.id)
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.messages.weight() + self.waiting.bytes() + self.dead.bytes()
    }

    pub fn look(&self) -> Look {
        let (ready, hidden) = (self.messages.ready(), self.messages.hidden());
        let state = match ready {
            0 if hidden == 0 => State::Idle,
            0..=50 => State::Busy,
            _ => State::Warn,
        };
        Look { label: format!("{ready} ready"), state, fill: Some((ready as f64 / 100.0).min(1.0)) }
    }
}
