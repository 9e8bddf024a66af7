//! A client: one request open at a time, sent again under its number until it is answered.

use super::kv::{Op, value_of};
use super::messages::{Msg, Timer};
use super::system::{Consensus, Reads};
use super::watch::Fact;
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::parts::raft::{Finder, NotLeader};
use std::collections::VecDeque;

/// Requests that may wait at a client for the open one.
const BACKLOG_MAX: usize = 64;

#[derive(Clone)]
pub struct Client {
    /// Its session's number; a new one after a crash, since it forgets which request was its last.
    pub number: u64,
    pub seq: u64,
    pub finder: Finder,
    pub open: Option<Open>,
    pub answered: u64,
    pub repeats: u64,
    /// The latest entry that an answer came from.
    seen: u64,
    /// When those that wait arrived, and whether they must be writes.
    backlog: VecDeque<(Time, bool)>,
    stream: Stream,
    rng: Rng,
}

#[derive(Clone, Copy)]
pub struct Open {
    pub op: Op,
    pub since: Time,
    pub tries: u32,
    /// Whom it was sent to last.
    pub to: NodeId,
}

impl Client {
    pub fn new(number: u64, members: Vec<NodeId>, load: Rng, rng: Rng) -> Client {
        Client {
            number,
            seq: 0,
            finder: Finder::new(members),
            open: None,
            answered: 0,
            repeats: 0,
            seen: 0,
            backlog: VecDeque::new(),
            stream: Stream::new(Arrivals::Poisson, load),
            rng,
        }
    }

    pub fn waiting(&self) -> usize {
        self.backlog.len()
    }

    pub fn wait_for_next(&mut self, cx: &mut Cx<'_, Consensus>) {
        let rate = cx.system().rate * cx.load() / cx.system().clients as f64;
        cx.expect(self.stream.gap(rate, cx.now()), |arrives| if arrives { Timer::Arrive } else { Timer::Look });
    }

    /// A request arrives; `write` for one that must be a write.
    pub fn arrive(&mut self, write: bool, cx: &mut Cx<'_, Consensus>) {
        if self.backlog.len() >= BACKLOG_MAX {
            return cx.fail(reasons::BUSY);
        }
        cx.count(metrics::ASKED, 1);
        self.backlog.push_back((cx.now(), write));
        self.next(cx);
    }

    fn next(&mut self, cx: &mut Cx<'_, Consensus>) {
        if self.open.is_some() {
            return;
        }
        let Some((since, write)) = self.backlog.pop_front() else { return };
        let system = cx.shared();
        // Draw before branching.
        let (reads, key) = (self.rng.chance(system.read_share), self.rng.below(system.keys) as u32);
        self.seq += 1;
        let op = if reads && !write { Op::Get { key } } else { Op::Put { key, value: value_of(self.number, self.seq) } };
        self.open = Some(Open { op, since, tries: 0, to: self.finder.target() });
        cx.fact(Fact::Asked { client: cx.me(), number: self.number, op });
        self.send(cx);
    }

    fn send(&mut self, cx: &mut Cx<'_, Consensus>) {
        let system = cx.shared();
        let any = self.finder.members()[self.rng.below(self.finder.members().len() as u64) as usize];
        let target = self.finder.target();
        let Some(open) = self.open.as_mut() else { return };
        open.tries += 1;
        open.to = if system.reads == Reads::Local && open.op.reads() { any } else { target };
        let (op, tries, to) = (open.op, open.tries, open.to);
        cx.send(to, Msg::Ask { client: self.number, seq: self.seq, op });
        cx.after(system.timeout, Timer::Late { seq: self.seq, tries });
    }

    pub fn on_done(&mut self, seq: u64, value: Option<u64>, index: u64, cx: &mut Cx<'_, Consensus>) {
        // An answer to something answered before is late, not wrong.
        if seq != self.seq {
            return;
        }
        let Some(open) = self.open.take() else { return };
        self.answered += 1;
        cx.count(metrics::ANSWERED, 1);
        if open.op.reads() {
            cx.record_since(metrics::READ, open.since);
            cx.count(metrics::WENT_BACK, u64::from(index < self.seen));
        } else {
            cx.count(metrics::WRITES, 1);
            cx.record_since(metrics::WRITE, open.since);
        }
        cx.fact(Fact::Answered { client: cx.me(), number: self.number, op: open.op, value });
        self.seen = self.seen.max(index);
        self.next(cx);
    }

    pub fn on_no(&mut self, seq: u64, hint: Option<NodeId>, cx: &mut Cx<'_, Consensus>) {
        let Some(open) = self.open.filter(|_| seq == self.seq) else { return };
        cx.count(metrics::REDIRECTS, 1);
        self.finder.redirect(NotLeader { hint });
        // With a hint at once; without one nobody leads yet, and asking faster elects nobody.
        let wait = if hint.is_some() { Span::ZERO } else { cx.system().timeout.times(0.1 + 0.1 * self.rng.unit()) };
        cx.after(wait.max(Span::millis(1)), Timer::Again { seq, tries: open.tries });
    }

    pub fn on_timer(&mut self, timer: &Timer, cx: &mut Cx<'_, Consensus>) {
        match *timer {
            Timer::Arrive => {
                if !cx.draining() {
                    self.arrive(false, cx);
                }
                self.wait_for_next(cx);
            }
            Timer::Look => self.wait_for_next(cx),
            Timer::Late { seq, tries } if self.waits_for(seq, tries) => {
                self.repeats += 1;
                cx.count(metrics::RETRIES, 1);
                self.finder.no_answer();
                self.send(cx);
            }
            Timer::Again { seq, tries } if self.waits_for(seq, tries) => self.send(cx),
            Timer::Late { .. } | Timer::Again { .. } | Timer::Raft(_) => {}
        }
    }

    fn waits_for(&self, seq: u64, tries: u32) -> bool {
        seq == self.seq && self.open.is_some_and(|open| open.tries == tries)
    }

    pub fn on_crash(&mut self) {
        self.open = None;
        self.backlog.clear();
        self.number += 1_000;
        self.seq = 0;
        self.seen = 0;
    }

    pub fn look(&self) -> Look {
        let state = match self.open {
            Some(open) if open.tries > 1 => State::Warn,
            Some(_) => State::Busy,
            None => State::Idle,
        };
        let label = match self.open {
            Some(open) => format!("{} {} · {} answered", if open.op.reads() { "reads" } else { "writes" }, open.op.key(), self.answered),
            None => format!("{} answered", self.answered),
        };
        Look { label, state, fill: None }
    }
}
