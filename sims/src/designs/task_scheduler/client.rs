//! The clients: everybody who submits tasks, in one node; each submission is sent until it is accepted.

use super::messages::{Msg, Timer};
use super::metrics::SUBMITTED;
use super::role::Ctx;
use super::system::Scheduling;
use super::task::{Kind, Spec};
use crate::kernel::action::Action;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::backoff::{Backoff, Jitter, Policy};
use std::collections::BTreeMap;
use std::mem::size_of;

/// Waits between submissions of what was not accepted.
const AGAIN: Policy = Policy { base: Span::millis(500), factor: 2.0, cap: Span::secs(4), retries: u32::MAX, jitter: Jitter::Equal };
/// What a task waits for that is only scheduled after those it depends on, in the hope that they are through by then.
const HOPED: Span = Span::secs(1);

#[derive(Clone)]
pub struct Clients {
    store: NodeId,
    stream: Stream,
    /// Ids given out.
    ids: u64,
    submissions: u64,
    open: BTreeMap<u64, (Vec<Spec>, Backoff)>,
}

impl Clients {
    pub fn new(store: NodeId, rng: Rng) -> Clients {
        Clients { store, stream: Stream::new(Arrivals::Poisson, rng), ids: 0, submissions: 0, open: BTreeMap::new() }
    }

    /// What is not accepted is on the clients' own disks: after a crash it goes out again.
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        for number in self.open.keys().copied().collect::<Vec<_>>() {
            self.send(number, cx);
        }
        self.expect(cx);
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Arrive { send } => {
                if send && !cx.draining() {
                    self.arrive(cx);
                }
                self.expect(cx);
            }
            Timer::Resubmit { number } => self.send(number, cx),
            _ => {}
        }
    }

    pub fn hear(&mut self, msg: &Msg) {
        if let Msg::Accepted { number } = msg {
            self.open.remove(number);
        }
    }

    fn expect(&mut self, cx: &mut Ctx<'_>) {
        if cx.draining() {
            return;
        }
        cx.expect(self.stream.gap(cx.system().base_rate * cx.load(), cx.now()), |send| Timer::Arrive { send });
    }

    fn arrive(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let (chain, poison) = (cx.rng().unit(), cx.rng().unit());
        let delay = cx.rng().span(system.delay);
        let kind = if poison < system.poison_share { Kind::Poison } else { Kind::Plain };
        if chain < system.chain_share {
            self.chain(delay, kind, cx);
        } else {
            let due = cx.clock().0 + delay.0;
            let task = self.task(due, kind, Vec::new(), cx);
            self.submit(vec![task], cx);
        }
    }

    /// Two tasks, and a third that needs both.
    fn chain(&mut self, delay: Span, kind: Kind, cx: &mut Ctx<'_>) {
        let due = cx.clock().0.saturating_add(delay.0);
        let first = self.task(due, kind, Vec::new(), cx);
        let second = self.task(due, Kind::Plain, Vec::new(), cx);
        let due = if cx.system().by_time { due.saturating_add(HOPED.0) } else { due };
        let last = self.task(due, Kind::Plain, vec![first.id, second.id], cx);
        self.submit(vec![first, second, last], cx);
    }

    fn task(&mut self, due: u64, kind: Kind, after: Vec<u64>, cx: &mut Ctx<'_>) -> Spec {
        self.ids += 1;
        let unit = cx.rng().exponential();
        let system = cx.system();
        let length = if system.lengths_vary { system.length.times(unit) } else { system.length };
        Spec { id: self.ids, due, length: length.0, kind, after }
    }

    fn submit(&mut self, tasks: Vec<Spec>, cx: &mut Ctx<'_>) {
        cx.count(SUBMITTED, tasks.len() as u64);
        self.submissions += 1;
        self.open.insert(self.submissions, (tasks, Backoff::new(AGAIN)));
        self.send(self.submissions, cx);
    }

    /// Sends a submission that is still open, and looks after it later.
    fn send(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let settled = self.open.keys().next().copied().unwrap_or(0);
        let Some((tasks, backoff)) = self.open.get_mut(&number) else { return };
        let wait = backoff.next(cx.rng()).unwrap_or(AGAIN.cap);
        cx.send(self.store, Msg::Submit { number, settled, tasks: tasks.clone() });
        cx.after(wait, Timer::Resubmit { number });
    }

    /// `burst`, `chain`, `poison`: by hand or by script.
    pub fn act(&mut self, action: &Action, cx: &mut Ctx<'_>) {
        let n = action.int("n").unwrap_or(1).max(1).unsigned_abs();
        let delay = action.span("delay").unwrap_or_default();
        let kind = match (action.name.as_str(), action.text("kind")) {
            ("poison", Some("permanent")) => Kind::Hopeless,
            ("poison", Some("kills")) => Kind::Killer,
            ("poison", _) => Kind::Poison,
            _ => Kind::Plain,
        };
        if action.name == "chain" {
            let kind = if action.on("fails") { Kind::Hopeless } else { Kind::Plain };
            (0..n).for_each(|_| self.chain(delay, kind, cx));
            return;
        }
        let due = cx.clock().0.saturating_add(delay.0);
        let tasks = (0..n).map(|_| self.task(due, kind, Vec::new(), cx)).collect();
        self.submit(tasks, cx);
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.open.bytes() + deep(self.open.values(), |(tasks, _)| tasks.len() * size_of::<Spec>())
    }

    pub fn look(&self, system: &Scheduling) -> Look {
        let state = if self.open.len() > 10 { State::Warn } else { State::Busy };
        let label = if self.open.is_empty() { format!("{:.0}/s", system.base_rate) } else { format!("{} open", self.open.len()) };
        Look { label, state, fill: None }
    }
}
