//! The users: what they do, what they ask to be predicted, and what came of it, some time later.

use super::REASON_LATE;
use super::REASON_NO_MODEL;
use super::history::{BEFORE, Row};
use super::message::{Feature, Msg, Timer};
use super::metrics::{ANSWERED, PREDICT, REQUESTS};
use super::role::Ctx;
use super::truth::Truth;
use crate::kernel::action::Action;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

/// Events travel to the platform in lots.
const LOT: Span = Span::millis(100);
/// Who has no answer by then goes on without: the promise is 100 ms.
pub const PATIENCE: Span = Span::millis(100);

#[derive(Clone)]
pub struct Users {
    pub truth: Truth,
    router: NodeId,
    store: NodeId,
    stream: Stream,
    ids: u64,
    open: BTreeMap<u64, Time>,
    /// Events owed: a rate need not be whole in each lot.
    owed: f64,
}

/// A moment in the data: the run begins when they are [`BEFORE`] old.
pub fn moment(now: Time) -> u64 {
    now.0 + BEFORE.0
}

impl Users {
    pub fn new(truth: Truth, router: NodeId, store: NodeId, rng: Rng) -> Users {
        Users { truth, router, store, stream: Stream::new(Arrivals::Poisson, rng), ids: 0, open: BTreeMap::new(), owed: 0.0 }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.open.clear();
        cx.background(LOT, Timer::Feed);
        self.expect(cx);
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Feed if !cx.draining() => {
                self.live(cx);
                cx.background(LOT, Timer::Feed);
            }
            Timer::Arrive { really } => {
                if *really && !cx.draining() {
                    self.ask(cx);
                }
                self.expect(cx);
            }
            Timer::GiveUp { id } if self.open.remove(id).is_some() => cx.fail(REASON_LATE),
            Timer::Outcome { id, row } => self.outcome(*id, *row, cx),
            Timer::Late { record } => cx.send(self.store, Msg::Feed { records: vec![*record] }),
            _ => {}
        }
    }

    /// A lot of events; some of them arrive later than they happened.
    fn live(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        self.truth.shift(system.drift_per_min * LOT.as_secs() / 60.0);
        self.owed += system.feed_rate * LOT.as_secs() * cx.load();
        let event = moment(cx.now());
        let mut records = Vec::new();
        while self.owed >= 1.0 {
            self.owed -= 1.0;
            let (who, values) = self.truth.event(system.persistence);
            let record = Feature { who, event, values };
            let (late, part) = (self.truth.chance(system.late_share), self.truth.part());
            if late {
                // It waits on a phone and not on the way, where it would hold up all that is sent after it.
                cx.after(system.late_by.times(part), Timer::Late { record });
            } else {
                records.push(record);
            }
        }
        if !records.is_empty() {
            cx.send(self.store, Msg::Feed { records });
        }
    }

    fn expect(&mut self, cx: &mut Ctx<'_>) {
        if cx.draining() {
            return;
        }
        cx.expect(self.stream.gap(cx.system().request_rate * cx.load(), cx.now()), |really| Timer::Arrive { really });
    }

    fn ask(&mut self, cx: &mut Ctx<'_>) {
        self.ids += 1;
        let id = self.ids;
        let (who, label) = self.truth.request();
        let row = Row { who, at: moment(cx.now()), label, logged: None };
        cx.count(REQUESTS, 1);
        self.open.insert(id, cx.now());
        cx.send(self.router, Msg::Predict { id, who, from: cx.me() });
        cx.after(PATIENCE, Timer::GiveUp { id });
        cx.after(cx.system().label_delay, Timer::Outcome { id, row });
    }

    /// What came of it is known now; an order that comes back leaves a complaint.
    fn outcome(&mut self, id: u64, row: Row, cx: &mut Ctx<'_>) {
        cx.send(self.store, Msg::Outcome { id, row });
        if row.label {
            let values = self.truth.complain(row.who);
            cx.send(self.store, Msg::Feed { records: vec![Feature { who: row.who, event: moment(cx.now()), values }] });
        }
    }

    pub fn hear(&mut self, msg: &Msg, cx: &mut Ctx<'_>) {
        let Msg::Answer { id, given } = msg else { return };
        let Some(since) = self.open.remove(id) else { return };
        if *given {
            cx.count(ANSWERED, 1);
            cx.record_since(PREDICT, since);
        } else {
            cx.fail(REASON_NO_MODEL);
        }
    }

    /// `drift`: the world changes, or the pipeline does.
    pub fn drift(&mut self, action: &Action) {
        let by = action.num("by").unwrap_or(1.0);
        match action.text("kind") {
            Some("concept") => self.truth.turn(by),
            Some("unit") => self.truth.unit(by),
            _ => self.truth.shift(by),
        }
    }

    pub fn weight(&self) -> usize {
        self.truth.weight() + self.open.bytes()
    }

    pub fn look(&self) -> Look {
        Look { label: format!("{} people", self.truth.people()), state: State::Busy, fill: None }
    }
}
