//! An application server with the cache's client in it: it brings the load, keeps the plan, and carries each request through.

use super::messages::{Msg, Plan};
use super::monitor::SERVER_LEASE;
use super::ops::{Op, Stage};
use super::system::{Caching, Timer};
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Gap, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::hash::FixedMap;
use crate::parts::single_flight::SingleFlight;
use crate::parts::version_vector::VersionVector;
use std::collections::BTreeMap;

const HELLO: Span = Span::millis(200);
/// A request that takes longer than this has failed.
pub(super) const DEADLINE: Span = Span::secs(2);

/// A key, a version vector of two writers, and its place in a hash table.
const CONTEXT: usize = 96;

#[derive(Clone)]
pub struct App {
    pub(super) plan: Plan,
    /// Until when the plan may be relied on.
    lease_until: Time,
    /// Counts lapses of that lease: a request that began before one may have used a ring that was given up meanwhile.
    generation: u32,
    /// The latest plan that no request in flight is older than.
    acked: u64,
    pub(super) ops: BTreeMap<u64, Op>,
    next: u64,
    pub(super) flights: SingleFlight<u64, u64>,
    /// Write-behind: what this server has seen of each key, the context of its next write.
    pub(super) contexts: FixedMap<u64, VersionVector>,
    pub(super) writes_made: u64,
    /// Counts crashes: the actor of its writes is another after each, since it has forgotten what it wrote.
    pub(super) incarnation: u32,
    loads: Rng,
    stream: Stream,
    scan: Option<ScanOrder>,
    pub(super) origin: NodeId,
    monitor: NodeId,
}

/// Reading every key once, in order.
#[derive(Clone, Copy, Debug)]
pub struct ScanOrder {
    pub next: u64,
    pub per_second: f64,
}

impl App {
    pub fn new(plan: Plan, origin: NodeId, monitor: NodeId, mut loads: Rng) -> App {
        let arrivals = Rng::stream(loads.u64(), "arrivals");
        App {
            acked: plan.phase,
            plan,
            lease_until: Time::ZERO + SERVER_LEASE,
            generation: 0,
            ops: BTreeMap::new(),
            next: 0,
            flights: SingleFlight::default(),
            contexts: FixedMap::default(),
            writes_made: 0,
            incarnation: 0,
            loads,
            stream: Stream::new(Arrivals::Poisson, arrivals),
            scan: None,
            origin,
            monitor,
        }
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Caching>) {
        self.say_hello(cx);
        cx.background(HELLO, Timer::Hello);
        self.expect_arrival(cx);
        if self.scan.is_some() {
            cx.background(HELLO, Timer::Scan);
        }
    }

    /// Requests in flight are lost, and so is the right to use the plan.
    pub fn crash(&mut self) {
        self.ops.clear();
        self.flights.clear();
        self.contexts.clear();
        self.incarnation += 1;
        self.lease_until = Time::ZERO;
        self.generation += 1;
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Caching>) {
        match msg {
            Msg::State { plan, sent } => self.take_plan(plan, sent, cx),
            Msg::Voted { op, key, vote } => self.voted(from, op, key, vote, cx),
            Msg::Version { op, known } => self.version_known(op, known, cx),
            Msg::Row { op, known } => self.row_came(op, &known, cx),
            Msg::Committed { op, dot, context } => self.committed(op, dot, &context, cx),
            Msg::Stored { op } => self.stored(from, op, cx),
            Msg::Busy { op } => self.give_up(op, reasons::ORIGIN_BUSY, cx),
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Cx<'_, Caching>) {
        match timer {
            Timer::Arrive => self.arrive(cx),
            Timer::Scan => self.scan_on(cx),
            Timer::Hello => {
                self.say_hello(cx);
                cx.background(HELLO, Timer::Hello);
            }
            Timer::Patience(op) => self.patience_ends(op, cx),
            Timer::Again(op) => self.ask_replicas(op, cx),
            Timer::Deadline(op) => self.give_up(op, reasons::TIMEOUT, cx),
            _ => {}
        }
    }

    fn say_hello(&mut self, cx: &mut Cx<'_, Caching>) {
        let sent = cx.now();
        cx.send(self.monitor, Msg::Hello { acked: self.acked, sent });
    }

    /// The lease counts from when it was asked for: the monitor counts from later.
    fn take_plan(&mut self, plan: Plan, sent: Time, cx: &mut Cx<'_, Caching>) {
        if cx.now() >= self.lease_until {
            self.generation += 1;
        }
        self.lease_until = self.lease_until.max(sent + SERVER_LEASE);
        if plan.phase > self.plan.phase {
            self.plan = plan;
        }
        self.acknowledge(cx);
    }

    /// A phase is acknowledged once every request that began under an earlier one is over.
    fn acknowledge(&mut self, cx: &mut Cx<'_, Caching>) {
        let (phase, generation) = (self.plan.phase, self.generation);
        let older = self.ops.values().any(|op| op.phase < phase && op.generation == generation && op.stage == Stage::Replicas);
        if !older && self.acked < phase {
            self.acked = phase;
            self.say_hello(cx);
        }
    }

    /// Whether the cache may be used now.
    pub(super) fn may_use_cache(&self, now: Time) -> bool {
        now < self.lease_until
    }

    /// Whether what a request learned from replicas still counts.
    pub(super) fn counts(&self, op: &Op, now: Time) -> bool {
        op.generation == self.generation && self.may_use_cache(now)
    }

    fn expect_arrival(&mut self, cx: &mut Cx<'_, Caching>) {
        let system = cx.system();
        let rate = system.rate / system.servers.max(1) as f64 * cx.load();
        let wait = match self.stream.gap(rate, cx.now()) {
            Gap::Arrival(wait) | Gap::Nothing(wait) => wait,
        };
        let wait = wait.min(Span::secs(1));
        cx.background(wait, Timer::Arrive);
    }

    fn arrive(&mut self, cx: &mut Cx<'_, Caching>) {
        let system = cx.shared();
        // Draw first: a pause of the load must not shift what comes after it.
        let (rank, reads) = (self.loads.u64(), self.loads.chance(system.read_share));
        if system.rate > 0.0 && cx.load() > 0.0 {
            let key = system.zipf.rank(rank) as u64;
            if reads {
                self.begin_read(key, cx);
            } else {
                self.begin_write(key, cx);
            }
        }
        self.expect_arrival(cx);
    }

    pub fn scan(&mut self, order: ScanOrder, cx: &mut Cx<'_, Caching>) {
        let idle = self.scan.is_none();
        self.scan = Some(order);
        if idle {
            cx.background(Span::ZERO, Timer::Scan);
        }
    }

    fn scan_on(&mut self, cx: &mut Cx<'_, Caching>) {
        let Some(order) = self.scan else { return };
        if order.next >= cx.system().zipf.keys() as u64 || cx.draining() {
            self.scan = None;
            return;
        }
        self.scan = Some(ScanOrder { next: order.next + 1, ..order });
        cx.background(Span::from_secs_f64(1.0 / order.per_second.max(1.0)), Timer::Scan);
        self.begin_read(order.next, cx);
        cx.count(metrics::SCANNED, 1);
    }

    /// So many reads of one key at once.
    pub fn rush(&mut self, n: usize, key: u64, cx: &mut Cx<'_, Caching>) {
        for _ in 0..n {
            self.begin_read(key, cx);
        }
    }

    pub(super) fn new_op(&mut self, op: Op, cx: &mut Cx<'_, Caching>) -> u64 {
        self.next += 1;
        let id = u64::from(cx.me().0) << 40 | self.next;
        self.ops.insert(id, Op { phase: self.plan.phase, generation: self.generation, ..op });
        id
    }

    /// Forgets a request that is over and whose timers need not fire.
    pub(super) fn close(&mut self, id: u64, cx: &mut Cx<'_, Caching>) -> Option<Op> {
        let op = self.ops.remove(&id)?;
        for timer in [op.patience, op.deadline].into_iter().flatten() {
            cx.cancel(timer);
        }
        if self.acked < self.plan.phase {
            self.acknowledge(cx);
        }
        Some(op)
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.ops.bytes() + deep(self.ops.values(), |op| op.sets.iter().map(Flat::bytes).sum::<usize>() + op.votes.bytes()) + self.contexts.len() * CONTEXT
    }

    pub fn look(&self) -> Look {
        let state = if self.ops.is_empty() { State::Idle } else { State::Busy };
        Look { label: format!("{} in flight", self.ops.len()), state, fill: None }
    }
}
