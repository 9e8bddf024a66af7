//! A generator node: makes ids by its own clock and number, or fetches them from a sequence.

use super::config::{Ids, Numbering, START_MS, Scheme};
use super::coordinator::hashed;
use super::maker::{Batch, Maker, NoId};
use super::watch::Fact;
use super::wire::{Ask, Made, Msg, Timer};
use super::{metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::queue::Ticket;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::snowflake::Refused;
use crate::parts::tickets::Range;
use std::collections::{BTreeMap, VecDeque};

/// However long a clock is behind, it is looked at again after this: it may be set right meanwhile.
const LOOK_AGAIN: Span = Span::millis(50);
/// An answer that takes longer is asked for again.
const ASK_AGAIN: Span = Span::millis(500);

#[derive(Clone, Debug)]
pub struct Generator {
    /// g1, g2, …
    name: u32,
    ordinal: u64,
    site: usize,
    address: u64,
    coordinator: Option<NodeId>,
    sequences: Vec<NodeId>,
    maker: Maker,
    /// The number it may use, if it may use one now.
    number: Option<u64>,
    /// By its monotonic clock, which steps of the wall clock do not move.
    lease_until: Time,
    /// When it asked for the lease it holds.
    leased_at: Option<Time>,
    asked_for_lease: bool,
    renewal: Option<Ticket>,
    line: VecDeque<Ask>,
    wakes: bool,
    fetching: bool,
    /// On disk: the number it was given, and the last position it reached.
    durable: Durable,
}

#[derive(Clone, Debug, Default)]
struct Durable {
    number: Option<u64>,
    position: u128,
    /// The latest range of each sequence server: a doubled answer must not be used twice.
    ranges: BTreeMap<NodeId, u64>,
}

impl Generator {
    pub fn new(ordinal: u64, site: usize, address: u64, coordinator: Option<NodeId>, sequences: Vec<NodeId>) -> Generator {
        Generator {
            name: 0,
            ordinal,
            site,
            address,
            coordinator,
            sequences,
            maker: Maker::Uuid4,
            number: None,
            lease_until: Time::ZERO,
            leased_at: None,
            asked_for_lease: false,
            renewal: None,
            line: VecDeque::new(),
            wakes: false,
            fetching: false,
            durable: Durable::default(),
        }
    }

    /// A second machine made from this one's image: same ordinal, same address, same files.
    pub fn twin(&self) -> Generator {
        Generator { durable: self.durable.clone(), ..Generator::new(self.ordinal, self.site, self.address, self.coordinator, self.sequences.clone()) }
    }

    pub fn address(&self) -> u64 {
        self.address
    }

    pub fn site(&self) -> usize {
        self.site
    }

    pub fn number(&self) -> Option<u64> {
        self.number
    }

    pub fn waiting(&self) -> u64 {
        self.line.iter().map(|ask| ask.left).sum()
    }

    /// The last id's time in milliseconds, where ids carry a time.
    pub fn last_ms(&self) -> Option<u64> {
        self.maker.last_ms()
    }

    pub fn start(&mut self, cx: &mut Cx<'_, Ids>) {
        let system = cx.shared();
        self.name = cx.name(cx.me()).trim_start_matches('g').parse().unwrap_or(0);
        self.maker = Maker::new(&system, self.site);
        if system.remembers {
            self.maker.resume(self.durable.position);
        }
        if system.scheme != Scheme::Snowflake {
            return;
        }
        match system.numbering {
            Numbering::Lease => self.ask_for_lease(cx),
            Numbering::Ordinal => self.take_number((self.ordinal < system.layout.nodes()).then_some(self.ordinal), &system),
            Numbering::Hash => self.take_number(Some(hashed(self.address, system.layout.nodes())), &system),
        }
    }

    pub fn crash(&mut self) {
        (self.number, self.lease_until, self.asked_for_lease) = (None, Time::ZERO, false);
        self.renewal = None;
        (self.wakes, self.fetching) = (false, false);
        self.line.clear();
        self.maker = Maker::Uuid4;
    }

    pub fn knobs(&mut self, cx: &mut Cx<'_, Ids>) {
        let policy = cx.system().policy;
        if let Maker::Snowflake(snowflake) = &mut self.maker {
            snowflake.set_policy(policy);
        }
        self.serve(cx);
    }

    pub fn on_msg(&mut self, from: NodeId, msg: &Msg, cx: &mut Cx<'_, Ids>) {
        match *msg {
            Msg::Ask(ask) => self.on_ask(Ask { came: cx.now(), ..ask }, cx),
            Msg::Leased { number, after_ms, asked } => {
                let system = cx.shared();
                // An answer to an earlier question, doubled or overtaken on its way, says nothing any more.
                if self.leased_at.is_some_and(|at| asked <= at) {
                    return;
                }
                self.leased_at = Some(asked);
                // Counted from when it asked: the coordinator's own count began later, so this end comes first.
                self.lease_until = asked + system.lease;
                if self.number != Some(number) {
                    self.take_number(Some(number), &system);
                    self.maker.start_after(after_ms);
                }
                self.asked_for_lease = false;
                self.serve(cx);
            }
            Msg::NoNumber => {
                self.asked_for_lease = false;
                self.refuse_all(reasons::NO_NUMBER, cx);
            }
            Msg::Moved { address } => {
                self.address = address;
                let system = cx.shared();
                self.take_number(Some(hashed(address, system.layout.nodes())), &system);
            }
            Msg::Fetched { range, ask } => self.on_fetched(from, range, ask, cx),
            _ => {}
        }
    }

    pub fn on_timer(&mut self, timer: &Timer, cx: &mut Cx<'_, Ids>) {
        match timer {
            Timer::Wake => {
                self.wakes = false;
                self.serve(cx);
            }
            Timer::Renew => self.ask_for_lease(cx),
            Timer::Refetch => {
                self.fetching = false;
                self.serve(cx);
            }
            Timer::Arrive | Timer::Look | Timer::GiveUp | Timer::Redeploy => {}
        }
    }

    fn on_ask(&mut self, ask: Ask, cx: &mut Cx<'_, Ids>) {
        if cx.system().scheme == Scheme::DbSequence {
            // Nothing to keep: the sequence sends the question back with its answer.
            self.fetch(Some(ask), cx);
            return;
        }
        self.line.push_back(ask);
        if self.line.len() == 1 || !self.wakes {
            self.serve(cx);
        }
    }

    // --- numbers ---

    fn ask_for_lease(&mut self, cx: &mut Cx<'_, Ids>) {
        let Some(coordinator) = self.coordinator else { return };
        let last_ms = unix_ms(cx).max(self.last_ms().unwrap_or(0));
        cx.send(coordinator, Msg::LeaseAsk { holds: self.number.or(self.durable.number), last_ms, asked: cx.now() });
        self.asked_for_lease = true;
        if let Some(earlier) = self.renewal.take() {
            cx.cancel(earlier);
        }
        let third = Span(cx.system().lease.0 / 3);
        self.renewal = Some(cx.background(third, Timer::Renew));
    }

    fn take_number(&mut self, number: Option<u64>, system: &Ids) {
        self.number = number;
        self.durable.number = number;
        if let Some(number) = number {
            self.maker.take_number(number, system.layout_of(self.site), system.policy);
        }
    }

    /// Whether it may make ids with its number at this moment.
    fn may_use_number(&self, cx: &Cx<'_, Ids>) -> bool {
        let system = cx.system();
        system.scheme != Scheme::Snowflake || (self.number.is_some() && (system.numbering != Numbering::Lease || cx.now() < self.lease_until))
    }

    // --- making ids ---

    /// Serves those who wait, in the order they came, as far as clock and number allow.
    fn serve(&mut self, cx: &mut Cx<'_, Ids>) {
        while let Some(mut ask) = self.line.front().copied() {
            if !self.may_use_number(cx) {
                self.without_number(cx);
                break;
            }
            match self.make(ask.left, cx) {
                Ok(batch) => {
                    self.issue(&mut ask, &batch, cx);
                    if ask.left == 0 {
                        self.line.pop_front();
                    } else if let Some(front) = self.line.front_mut() {
                        *front = ask;
                    }
                }
                Err(Stuck::Until(ms)) => {
                    self.wake_at(ms, cx);
                    break;
                }
                Err(Stuck::Empty) => {
                    self.fetch_once(cx);
                    break;
                }
                Err(Stuck::Refused(reason)) => {
                    cx.send(ask.client, Msg::Refused { request: ask.request, reason });
                    self.line.pop_front();
                }
            }
        }
    }

    fn make(&mut self, most: u64, cx: &mut Cx<'_, Ids>) -> Result<Batch, Stuck> {
        let made = self.maker.make(unix_ms(cx), most, || random(cx)).map_err(|none| Stuck::of(none, cx))?;
        self.durable.position = self.maker.position();
        Ok(made)
    }

    fn issue(&mut self, ask: &mut Ask, batch: &Batch, cx: &mut Cx<'_, Ids>) {
        let made = Made { id: batch.first, at_ms: batch.at_ms, site: self.site };
        ask.first.get_or_insert(made);
        ask.left -= batch.count.min(ask.left);
        cx.count(metrics::ISSUED, batch.count);
        if batch.at_ms.is_some() {
            cx.record(metrics::LEAD, batch.lead_ms * 1_000_000);
        }
        let ahead_ns = cx.clock_ns() - cx.now().0 as i64 + batch.lead_ms as i64 * 1_000_000;
        cx.fact(Fact::Issued { generator: self.name, first: batch.first, count: batch.count, ahead_ns });
        if ask.left == 0 {
            cx.record_since(metrics::HELD, ask.came);
            cx.send(ask.client, Msg::Issued { request: ask.request, made: ask.first.unwrap_or(made) });
        }
    }

    fn wake_at(&mut self, ms: u64, cx: &mut Cx<'_, Ids>) {
        if self.wakes {
            return;
        }
        self.wakes = true;
        let due_ns = (ms.saturating_sub(START_MS) * 1_000_000) as i64 - cx.clock_ns();
        cx.after(Span(due_ns.max(1_000) as u64).min(LOOK_AGAIN), Timer::Wake);
    }

    fn refuse_all(&mut self, reason: usize, cx: &mut Cx<'_, Ids>) {
        for ask in std::mem::take(&mut self.line) {
            cx.send(ask.client, Msg::Refused { request: ask.request, reason });
        }
    }

    /// No number now: wait if one is being asked for, else refuse.
    fn without_number(&mut self, cx: &mut Cx<'_, Ids>) {
        let leases = cx.system().numbering == Numbering::Lease;
        if leases && self.asked_for_lease {
            return;
        }
        if leases && self.durable.number.is_some() {
            // The lease ran out, in a pause or behind a cut link: ask at once instead of at the next renewal.
            self.ask_for_lease(cx);
        } else {
            self.refuse_all(reasons::NO_NUMBER, cx);
        }
    }

    // --- ids from a database ---

    fn fetch(&mut self, ask: Option<Ask>, cx: &mut Cx<'_, Ids>) {
        let draw = cx.rng().below(self.sequences.len() as u64) as usize;
        if let Some(to) = self.sequences.get(draw).copied() {
            cx.send(to, Msg::Fetch { ask });
        }
    }

    fn fetch_once(&mut self, cx: &mut Cx<'_, Ids>) {
        if !self.fetching {
            self.fetching = true;
            self.fetch(None, cx);
            cx.after(ASK_AGAIN, Timer::Refetch);
        }
    }

    fn on_fetched(&mut self, from: NodeId, range: Range, ask: Option<Ask>, cx: &mut Cx<'_, Ids>) {
        let latest = self.durable.ranges.entry(from).or_default();
        if range.next <= *latest {
            return;
        }
        *latest = range.next;
        self.fetching = false;
        let Maker::Central(own) = &mut self.maker else { return };
        if let Some(mut ask) = ask {
            self.issue(&mut ask, &Batch { first: u128::from(range.next), count: range.left(), at_ms: None, lead_ms: 0 }, cx);
        } else if own.left() == 0 {
            *own = range;
            self.serve(cx);
        }
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.line.bytes()
    }

    pub fn look(&self) -> Look {
        let name = match (&self.maker, self.number) {
            (Maker::Snowflake(_), Some(number)) => format!("number {number}"),
            (Maker::Snowflake(_), None) => "no number".into(),
            (Maker::Central(range), _) => format!("{} ids left", range.left()),
            _ => "no number needed".into(),
        };
        let state = match (self.line.len(), &self.maker, self.number) {
            (0, Maker::Snowflake(_), None) => State::Warn,
            (0, ..) => State::Idle,
            _ => State::Busy,
        };
        Look { label: if self.line.is_empty() { name } else { format!("{name}, {} wait", self.line.len()) }, state, fill: None }
    }
}

/// Why no id can be made now.
enum Stuck {
    /// Look again when the clock shows this.
    Until(u64),
    /// The range is used up.
    Empty,
    /// It will not get better soon: the reason's place in the design's list.
    Refused(usize),
}

impl Stuck {
    fn of(none: NoId, cx: &mut Cx<'_, Ids>) -> Stuck {
        let NoId::Refused(refused) = none else { return Stuck::Empty };
        match refused {
            Refused::NotYet { until_ms } => {
                if until_ms <= unix_ms(cx) + cx.system().layout.tick_ms {
                    cx.fact(Fact::TickFull);
                }
                Stuck::Until(until_ms)
            }
            Refused::Behind { .. } => Stuck::Refused(reasons::CLOCK_BACK),
            Refused::BeforeEpoch | Refused::Expired => Stuck::Refused(reasons::EXPIRED),
        }
    }
}

/// This machine's clock in milliseconds since 1970.
fn unix_ms(cx: &Cx<'_, Ids>) -> u64 {
    START_MS.saturating_add_signed(cx.clock_ns().div_euclid(1_000_000))
}

fn random(cx: &mut Cx<'_, Ids>) -> u128 {
    let (high, low) = (cx.rng().u64(), cx.rng().u64());
    u128::from(high) << 64 | u128::from(low)
}
