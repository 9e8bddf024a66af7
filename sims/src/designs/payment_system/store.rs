//! The store: one database. Queries wait for its processor, transactions for the locks of their rows and for their log on disk.

use super::locks::{Locks, Row};
use super::message::{Msg, Query, Ticket, Timer};
use super::metrics::*;
use super::payment::State;
use super::system::{Events, HotRows, Payments, RECONCILER, RELAY};
use super::tables::{Effects, Tables, shard};
use super::watch::Fact;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view;
use crate::kernel::weight::{Flat, deep};
use std::collections::BTreeMap;

type Ctx<'a> = Cx<'a, Payments>;

/// How often what was booked in batches goes into the balances.
const ROLL_UP: Span = Span::millis(100);
/// How often what is long closed is put away.
const ARCHIVE: Span = Span::secs(60);
/// Events handed to the relay at once, and when one is handed out again.
const EVENTS_MOST: usize = 100;
const EVENT_PATIENCE: Span = Span::secs(5);

#[derive(Clone)]
struct Job {
    from: NodeId,
    ticket: Ticket,
    query: Query,
    rows: Vec<Row>,
    /// Its number in the outbox, taken when it began.
    number: u64,
    asked: Time,
}

#[derive(Clone)]
pub struct Store {
    pub tables: Tables,
    /// Volatile: what a crash forgets.
    locks: Locks,
    jobs: BTreeMap<u64, Job>,
    next: u64,
    busy: Time,
    card_numbers: bool,
    nudged: bool,
}

impl Store {
    pub fn new(system: &Payments) -> Store {
        Store { tables: Tables::new(system), locks: Locks::default(), jobs: BTreeMap::new(), next: 0, busy: Time::ZERO, card_numbers: false, nudged: false }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(ROLL_UP, Timer::RollUps);
        cx.background(ARCHIVE, Timer::Archive);
    }

    /// What was not on disk is gone, and with it every lock.
    pub fn crash(&mut self) {
        self.locks.clear();
        self.jobs.clear();
        self.busy = Time::ZERO;
        self.nudged = false;
    }

    pub fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Ask { ticket, query } => {
                if let Query::Begin { order, .. } = &query {
                    super::vault::sees(&order.card, &mut self.card_numbers, cx);
                }
                self.queue(from, ticket, query, cx);
            }
            Msg::Fetch { above } => {
                self.nudged = false;
                let rows = if cx.system().relay_cursor {
                    self.tables.outbox.above(above, EVENTS_MOST)
                } else {
                    self.tables.outbox.due(cx.now(), EVENT_PATIENCE, EVENTS_MOST)
                };
                let left = self.tables.outbox.len();
                cx.send(from, Msg::Events { rows, left });
            }
            Msg::Confirmed { number } => {
                self.tables.outbox.confirmed(number);
            }
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Run { job } => self.run(job, cx),
            Timer::Commit { job } => self.commit(job, cx),
            Timer::Archive => {
                cx.background(ARCHIVE, Timer::Archive);
                self.tables.archive(cx.now());
            }
            Timer::RollUps => {
                cx.background(ROLL_UP, Timer::RollUps);
                for merchant in self.tables.to_roll_up() {
                    let me = cx.me();
                    self.queue(me, Ticket { flow: 0, ask: 0 }, Query::RollUp { merchant }, cx);
                }
            }
            _ => {}
        }
    }

    fn queue(&mut self, from: NodeId, ticket: Ticket, query: Query, cx: &mut Ctx<'_>) {
        let now = cx.now();
        self.busy = self.busy.max(now) + cx.system().store_op;
        self.next += 1;
        self.jobs.insert(self.next, Job { from, ticket, query, rows: Vec::new(), number: 0, asked: now });
        cx.after(self.busy.since(now), Timer::Run { job: self.next });
    }

    /// The processor comes to a query: reads are answered, transactions begin.
    fn run(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let Some(job) = self.jobs.get_mut(&id) else { return };
        if matches!(job.query, Query::Look { .. } | Query::Room { .. } | Query::Open) {
            let Some(job) = self.jobs.remove(&id) else { return };
            let outcome = self.tables.read(&job.query, cx.now(), &system);
            cx.send(job.from, Msg::Reply { ticket: job.ticket, outcome });
            return;
        }
        if matches!(job.query, Query::Move { .. } | Query::Settle { .. }) {
            job.number = self.tables.outbox.number();
        }
        job.rows = rows(&job.query, &self.tables, &system);
        let ready = self.locks.ask(id, &job.rows);
        if ready {
            self.begin_commit(id, cx);
        }
    }

    fn begin_commit(&mut self, id: u64, cx: &mut Ctx<'_>) {
        if let Some(job) = self.jobs.get(&id) {
            cx.record_since(LOCK_WAIT, job.asked);
            cx.after(cx.system().commit, Timer::Commit { job: id });
        }
    }

    fn commit(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let Some(job) = self.jobs.remove(&id) else { return };
        let system = cx.shared();
        let mut effects = Effects::default();
        let outcome = self.tables.apply(&job.query, job.number, cx.now(), &system, &mut effects);
        cx.count(COMMITS, 1);
        self.tell(effects, cx);
        if cx.draining() && matches!(job.query, Query::Begin { .. } | Query::Reserve { .. }) {
            // The reconciler may have come to rest already.
            cx.send(RECONCILER, Msg::Nudge);
        }
        if job.from != cx.me() {
            cx.send(job.from, Msg::Reply { ticket: job.ticket, outcome });
        }
        for next in self.locks.release(id, &job.rows) {
            let ready = self.jobs.get(&next).is_some_and(|job| self.locks.holds(next, &job.rows));
            if ready {
                self.begin_commit(next, cx);
            }
        }
        if system.events == Events::Outbox && !self.nudged && !self.tables.outbox.is_empty() {
            self.nudged = true;
            cx.send(RELAY, Msg::Nudge);
        }
    }

    fn tell(&self, effects: Effects, cx: &mut Ctx<'_>) {
        for fact in effects.facts {
            if let Fact::Summed { imbalance } = &fact {
                cx.gauge(IMBALANCE, imbalance.map_or(0.0, |(_, sum)| sum as f64));
            }
            cx.fact(fact);
        }
        cx.count(KEY_ANSWERS, effects.answered_by_key);
        cx.count(TAKEN_OVER, effects.taken_over);
        cx.count(REFUND_REFUSED, effects.refund_refused);
        cx.count(ORPHANS, effects.orphans);
        cx.count(DISPUTES, effects.disputes);
        if let Some(merchant) = effects.captured {
            cx.count(BOOKED, 1);
            if merchant == 0 {
                cx.count(HOT_BOOKED, 1);
            }
        }
        cx.gauge(OPEN, self.tables.open_count() as f64);
        cx.gauge(KEYS_KEPT, self.tables.keys.len() as f64);
    }

    /// The longest queue at a row, its holder included.
    pub fn longest_queue(&self) -> usize {
        self.locks.longest()
    }

    /// Whether anything waits for the processor, a row or the disk.
    pub fn is_busy(&self) -> bool {
        !self.jobs.is_empty()
    }

    pub fn weight(&self) -> usize {
        std::mem::size_of::<Store>() + self.tables.weight() + self.locks.weight() + self.jobs.bytes() + deep(self.jobs.values(), |job| job.rows.bytes())
    }

    pub fn look(&self) -> Look {
        let (open, queue) = (self.tables.open_count(), self.locks.longest());
        let label = match (self.card_numbers, queue) {
            (true, _) => format!("{open} open, PCI"),
            (false, 0..=2) => format!("{open} open"),
            (false, queue) => format!("queue {queue}"),
        };
        let state = if self.card_numbers || self.tables.ledger.imbalance().is_some() {
            view::State::Warn
        } else if self.jobs.is_empty() {
            view::State::Idle
        } else {
            view::State::Busy
        };
        Look { label, state, fill: Some((queue as f64 / 50.0).min(1.0)) }
    }
}

/// The rows that a transaction changes, which nobody else may change until it has committed.
fn rows(query: &Query, tables: &Tables, system: &Payments) -> Vec<Row> {
    let balance = |payment: u64| -> Option<Row> {
        let row = tables.payments.get(&payment)?;
        (system.hot_rows != HotRows::Batched).then_some(Row::Balance { merchant: row.merchant, shard: shard(payment, system) })
    };
    let refunded = |refund: &u64| tables.refunds.get(refund).and_then(|row| row.payment);
    let mut rows = Vec::new();
    match query {
        Query::Begin { order, key } => {
            rows.extend(system.unique_order.then_some(Row::Order(order.id)));
            rows.extend(key.filter(|_| system.claim == super::system::Claim::Unique).map(Row::Key));
        }
        Query::Move { payment, to, .. } => {
            rows.push(Row::Payment(*payment));
            rows.extend(balance(*payment).filter(|_| *to == State::Captured));
        }
        Query::OtherSide { payment } | Query::Dispute { payment, .. } => {
            rows.push(Row::Payment(*payment));
            rows.extend(balance(*payment));
        }
        Query::Reserve { payment, .. } => rows.push(Row::Payment(*payment)),
        Query::Settle { refund, .. } => {
            if let Some(payment) = refunded(refund) {
                rows.push(Row::Payment(payment));
                rows.extend(balance(payment));
            }
        }
        Query::RollUp { merchant } => rows.push(Row::Balance { merchant: *merchant, shard: 0 }),
        Query::Orphan { .. } | Query::Compare { .. } | Query::Look { .. } | Query::Room { .. } | Query::Open => {}
    }
    rows
}
