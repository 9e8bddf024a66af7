//! The offline store: the log of all features, the rows that models learn from, and the way into the online copy.

use super::history::{Offline, Row};
use super::message::{Feature, Msg, Served, Timer};
use super::metrics::*;
use super::role::Ctx;
use super::system::Platform;
use super::truth::SPENDING;
use super::users::moment;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;
use std::sync::Arc;

const SWEEP: Span = Span::secs(1);
const SOON: Span = Span::millis(100);
/// Answers without an outcome are kept so long.
const UNLABELLED: u64 = 60_000_000_000;

#[derive(Clone)]
pub struct Store {
    pub offline: Offline,
    online: NodeId,
    monitor: NodeId,
    /// What has changed since it was last applied online: person, and the place in the log.
    changed: BTreeMap<u32, u64>,
    /// Records so far: places in the log.
    logged: u64,
    /// The newest event that was handed over: all that is sent next, where the cursor is a time.
    newest: u64,
    /// Answers that wait for what came of them.
    answers: BTreeMap<u64, Served>,
}

impl Store {
    pub fn new(offline: Offline, online: NodeId, monitor: NodeId) -> Store {
        let newest = super::history::BEFORE.0;
        Store { offline, online, monitor, changed: BTreeMap::new(), logged: 0, newest, answers: BTreeMap::new() }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.background(SWEEP, Timer::Tick);
        self.later(cx);
    }

    /// What is not online yet is work: the world is not quiet before it is.
    fn later(&self, cx: &mut Ctx<'_>) {
        let every = cx.system().materialise;
        if self.changed.is_empty() || !cx.draining() {
            cx.background(every, Timer::Materialise)
        } else {
            cx.after(every, Timer::Materialise)
        };
    }

    /// The load has stopped: what is not online yet goes there soon.
    pub fn drain(&self, cx: &mut Ctx<'_>) {
        cx.after(SOON, Timer::Materialise);
    }

    pub fn wake(&mut self, timer: &Timer, cx: &mut Ctx<'_>) {
        if let Timer::Materialise = timer {
            self.materialise(cx);
            self.later(cx);
            return;
        }
        let now = moment(cx.now());
        self.offline.forget(now);
        while let Some((id, served)) = self.answers.first_key_value() {
            if served.read + UNLABELLED > now {
                break;
            }
            let id = *id;
            self.answers.remove(&id);
        }
        cx.background(SWEEP, Timer::Tick);
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Feed { records } => {
                for record in records {
                    self.logged += 1;
                    self.offline.learn(record.who, record.event, moment(cx.now()), record.values);
                    self.changed.insert(record.who, self.logged);
                }
                // Nothing waits for the clock any more.
                if cx.draining() {
                    self.materialise(cx);
                }
            }
            Msg::Refill => {
                let all: Vec<u32> = (0..self.offline.people() as u32).collect();
                self.hand_over(&all, cx);
            }
            Msg::Applied { upto } => {
                self.changed.retain(|_, place| *place > upto);
            }
            Msg::Logged { served } => served.iter().for_each(|one| self.served(*one, cx)),
            Msg::Outcome { id, row } => self.outcome(id, row, cx),
            Msg::Build { run } => {
                let set = self.build(cx);
                cx.send(from, Msg::Rows { run, set: Arc::new(set) });
            }
            _ => {}
        }
    }

    /// Everything that changed since the last time that was confirmed; or all whose newest event is later than the newest that was handed
    /// over, which is not the same where events arrive late.
    fn materialise(&mut self, cx: &mut Ctx<'_>) {
        if cx.system().cursor_is_time {
            let due: Vec<u32> = self.changed.keys().copied().filter(|who| self.newest_of(*who) > self.newest).collect();
            self.newest = due.iter().map(|who| self.newest_of(*who)).max().unwrap_or(0).max(self.newest);
            self.changed.clear();
            self.hand_over(&due, cx);
        } else {
            let due: Vec<u32> = self.changed.keys().copied().collect();
            self.hand_over(&due, cx);
        }
    }

    fn newest_of(&self, who: u32) -> u64 {
        self.offline.person(who).and_then(|person| person.latest()).map_or(0, |record| record.event)
    }

    fn hand_over(&self, people: &[u32], cx: &mut Ctx<'_>) {
        let feature = |who: &u32| {
            let record = self.offline.person(*who)?.latest()?;
            Some(Feature { who: *who, event: record.event, values: record.value })
        };
        let records: Vec<Feature> = people.iter().filter_map(feature).collect();
        if !records.is_empty() {
            cx.send(self.online, Msg::Apply { upto: self.logged, records });
        }
    }

    /// What was served, beside what stood here at that moment.
    fn served(&mut self, one: Served, cx: &mut Ctx<'_>) {
        if let Some(record) = self.offline.person(one.who).and_then(|person| person.as_of(one.read)) {
            let off = one.x[SPENDING] - record.value[SPENDING];
            cx.count(SKEW_SUM, (off * off * 1e6).min(1e12) as u64);
            cx.count(SKEW_ROWS, 1);
            if off.abs() > 1e-12 {
                cx.record(LAG, one.read - record.known);
            }
        }
        self.answers.insert(one.id, one);
    }

    fn outcome(&mut self, id: u64, mut row: Row, cx: &mut Ctx<'_>) {
        if let Some(served) = self.answers.remove(&id) {
            row.logged = Some((served.x, served.score));
            cx.send(self.monitor, Msg::Labelled { version: served.version, score: served.score, label: row.label });
        }
        self.offline.record(row);
    }

    fn build(&self, cx: &mut Ctx<'_>) -> super::model::Set {
        let system = cx.shared();
        let (mut rows, mut future) = (0, 0);
        let set = self.offline.join(system.join, system.rows, |who, at, known| {
            rows += 1;
            future += u64::from(known > at);
            cx.fact(Fact::Joined { who, at, known });
        });
        cx.count(ROWS, rows);
        cx.count(FUTURE, future);
        set
    }

    pub fn weight(&self) -> usize {
        self.offline.weight() + self.changed.bytes() + self.answers.bytes()
    }

    pub fn look(&self, _system: &Platform) -> Look {
        let behind = self.changed.len();
        let state = if behind > self.offline.people() / 2 { State::Warn } else { State::Busy };
        Look { label: format!("{} rows, {behind} not online", self.offline.rows()), state, fill: None }
    }
}
