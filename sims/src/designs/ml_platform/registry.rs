//! The registry: versions with their lineage, the gate they pass, and which pool has which of them.

use super::message::{Msg, Route, Timer};
use super::metrics::{DISCARDED, LIVE, PROMOTED, REFUSED};
use super::model::Version;
use super::role::Ctx;
use super::system::{Gate, Platform};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use std::collections::VecDeque;
use std::sync::Arc;

const TICK: Span = Span::millis(300);
/// A pool that says nothing for so long is down.
const SILENT: Span = Span::millis(1_500);
/// A version that is not loaded, or has no verdict, by then goes: the old one stays.
const WAY_MAX: Span = Span::secs(25);
/// Without load there will be no verdict.
const DRAINING_MAX: Span = Span::secs(2);
/// After a turn of the router no pool is given anything else for so long.
const SETTLES: Span = Span::millis(500);
/// Versions that are remembered.
const KEPT: usize = 24;
/// How much worse than the live one a candidate may look, for chance's sake.
const SLACK: f64 = 0.03;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Refused,
    Waiting,
    Loading,
    Trial,
    Live,
    Discarded,
    Retired,
}

impl Stage {
    pub fn word(self) -> &'static str {
        match self {
            Stage::Refused => "refused",
            Stage::Waiting => "passed",
            Stage::Loading => "loading",
            Stage::Trial => "trial",
            Stage::Live => "live",
            Stage::Discarded => "discarded",
            Stage::Retired => "retired",
        }
    }
}

#[derive(Clone)]
pub struct Record {
    pub version: Arc<Version>,
    pub stage: Stage,
}

#[derive(Clone)]
struct Place {
    node: NodeId,
    assigned: Arc<Version>,
    ready: Option<u32>,
    heard: Time,
}

/// A version on its way to the people.
#[derive(Clone, Copy)]
struct Way {
    version: u32,
    pool: usize,
    since: Time,
    /// It answers a part of the people.
    trial: bool,
}

#[derive(Clone)]
pub struct Registry {
    pub records: VecDeque<Record>,
    pools: [Place; 2],
    live: usize,
    way: Option<Way>,
    /// When the router was turned last: what it sent before is still on its way.
    turned: Time,
    router: NodeId,
    monitor: NodeId,
    flow: NodeId,
}

impl Registry {
    pub fn new(first: &Arc<Version>, pools: [NodeId; 2], router: NodeId, monitor: NodeId, flow: NodeId) -> Registry {
        let place = |node| Place { node, assigned: Arc::clone(first), ready: Some(first.id), heard: Time::ZERO };
        let records = VecDeque::from([Record { version: Arc::clone(first), stage: Stage::Live }]);
        Registry { records, pools: pools.map(place), live: 0, way: None, turned: Time::ZERO, router, monitor, flow }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        // The first version was gated before this run began.
        cx.fact(Fact::Gated { version: 1, passed: true });
        for pool in &mut self.pools {
            pool.heard = cx.now();
        }
        self.wake(cx);
    }

    /// Says again what should be: whoever missed it hears it now.
    pub fn wake(&mut self, cx: &mut Ctx<'_>) {
        self.look_after_pools(cx);
        let longest = if cx.draining() { DRAINING_MAX + cx.system().load_time } else { WAY_MAX };
        if let Some(way) = self.way.filter(|way| cx.now().since(way.since) > longest) {
            self.decide(way.version, false, cx);
        }
        self.begin_next(cx);
        let quiet = self.quiet(cx);
        for pool in self.pools.iter().filter(|_| quiet) {
            if pool.ready != Some(pool.assigned.id) {
                cx.send(pool.node, Msg::Assign { version: Arc::clone(&pool.assigned) });
            }
        }
        self.tell_route(cx);
        let trial = self.way.filter(|way| way.trial).map(|way| way.version);
        cx.send(self.monitor, Msg::Mind { live: Arc::clone(&self.pools[self.live].assigned), trial });
        cx.gauge(LIVE, f64::from(self.pools[self.live].assigned.id));
        if self.way.is_some() {
            cx.after(TICK, Timer::Tick)
        } else {
            cx.background(TICK, Timer::Tick)
        };
    }

    /// Nobody waits any more for an answer of a pool that the router has turned away from.
    fn quiet(&self, cx: &Ctx<'_>) -> bool {
        self.turned == Time::ZERO || cx.now().since(self.turned) > SETTLES
    }

    fn tell_route(&self, cx: &mut Ctx<'_>) {
        let share = cx.system().share;
        let trial = self.way.filter(|way| way.trial && way.pool != self.live).map(|way| (way.pool, share));
        cx.send(self.router, Msg::SetRoute { route: Route { live: self.live, trial } });
    }

    /// The live pool cannot answer, and the other one can or soon will: nothing new goes out before that is settled.
    fn stands_in(&self, now: Time) -> bool {
        let (live, other) = (&self.pools[self.live], &self.pools[1 - self.live]);
        !able(live, now) && now.since(other.heard) <= SILENT
    }

    /// Its trial has nothing to be compared with; or it loads into the live pool, which has fallen silent over it.
    fn is_stranded(&self, way: &Way, cx: &Ctx<'_>) -> bool {
        let now = cx.now();
        if way.pool == self.live {
            now.since(self.pools[self.live].heard) > SILENT && able(&self.pools[1 - self.live], now)
        } else {
            (way.trial || cx.system().on_trial) && self.stands_in(now)
        }
    }

    /// If the live pool is silent or empty and the other one answers, the other one is live.
    /// A version that must first stand its trial does not inherit the people: the last good one is loaded in its place.
    fn look_after_pools(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now();
        if let Some(way) = self.way.filter(|way| self.is_stranded(way, cx)) {
            cx.log(format!("{} is gone: v{} goes back without a verdict", super::COLOURS[self.live], way.version));
            self.decide(way.version, false, cx);
        }
        let (live, other) = (&self.pools[self.live], &self.pools[1 - self.live]);
        // A version loads into one of them: who serves when it is there is decided then.
        if self.way.is_none() && !able(live, now) && able(other, now) {
            let from = live.assigned.id;
            self.live = 1 - self.live;
            let to = self.pools[self.live].assigned.id;
            if to != from {
                self.mark(from, Stage::Retired);
                self.mark(to, Stage::Live);
            }
            cx.log(format!("{} answers instead of {}", super::COLOURS[self.live], super::COLOURS[1 - self.live]));
        }
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Candidate { version } => self.candidate(&version, cx),
            Msg::Status { version } => self.status(from, version, cx),
            Msg::Verdict { version, better } if self.way.is_some_and(|way| way.trial && way.version == version) => self.decide(version, better, cx),
            _ => {}
        }
    }

    /// A candidate is judged once; who asks again is told what became of it.
    fn candidate(&mut self, version: &Arc<Version>, cx: &mut Ctx<'_>) {
        let run = version.run;
        let Some(record) = self.records.iter().find(|record| record.version.id == version.id) else {
            let stage = if self.gate(version, cx) { Stage::Waiting } else { Stage::Refused };
            cx.count(REFUSED, u64::from(stage == Stage::Refused));
            self.records.push_back(Record { version: Arc::clone(version), stage });
            if self.records.len() > KEPT {
                self.records.pop_front();
            }
            cx.send(self.flow, Msg::Judged { run, passed: stage != Stage::Refused });
            return self.begin_next(cx);
        };
        match record.stage {
            Stage::Refused => cx.send(self.flow, Msg::Judged { run, passed: false }),
            Stage::Waiting | Stage::Loading | Stage::Trial => cx.send(self.flow, Msg::Judged { run, passed: true }),
            Stage::Live | Stage::Retired => cx.send(self.flow, Msg::Placed { run, kept: true }),
            Stage::Discarded => cx.send(self.flow, Msg::Placed { run, kept: false }),
        }
    }

    /// Whether a version may serve. Without a gate everything may, and nothing has passed.
    fn gate(&self, version: &Version, cx: &mut Ctx<'_>) -> bool {
        let system = cx.shared();
        let live = &self.pools[self.live].assigned;
        let passed = match system.gate {
            Gate::Off => return true,
            Gate::Joined => by_joined(version, live, &system),
            Gate::Logged => by_joined(version, live, &system) && by_logged(version, &system),
        };
        cx.fact(Fact::Gated { version: version.id, passed });
        if !passed {
            cx.log(format!("v{} is refused: area {:.3} joined, {:.3} logged", version.id, version.marks.joined, version.marks.logged.unwrap_or(0.0)));
        }
        passed
    }

    /// The newest version that has passed goes next; older ones that still wait are overtaken.
    fn begin_next(&mut self, cx: &mut Ctx<'_>) {
        if self.way.is_some() || !self.quiet(cx) || self.stands_in(cx.now()) {
            return;
        }
        let waiting: Vec<u32> = self.records.iter().filter(|record| record.stage == Stage::Waiting).map(|record| record.version.id).collect();
        let Some((next, overtaken)) = waiting.split_last() else { return };
        for old in overtaken {
            self.mark(*old, Stage::Discarded);
            self.placed(*old, false, cx);
        }
        let pool = if cx.system().in_place { self.live } else { 1 - self.live };
        let Some(version) = self.records.iter().find(|record| record.version.id == *next).map(|record| Arc::clone(&record.version)) else { return };
        self.mark(*next, Stage::Loading);
        cx.send(self.pools[pool].node, Msg::Assign { version: Arc::clone(&version) });
        self.pools[pool].assigned = version;
        self.pools[pool].ready = None;
        self.way = Some(Way { version: *next, pool, since: cx.now(), trial: false });
    }

    fn status(&mut self, from: NodeId, version: Option<u32>, cx: &mut Ctx<'_>) {
        let Some(at) = self.pools.iter().position(|place| place.node == from) else { return };
        self.pools[at].heard = cx.now();
        self.pools[at].ready = version;
        let Some(way) = self.way.filter(|way| way.pool == at && !way.trial && version == Some(way.version)) else { return };
        if cx.system().on_trial && way.pool != self.live {
            self.way = Some(Way { trial: true, since: cx.now(), ..way });
            self.mark(way.version, Stage::Trial);
            self.tell_route(cx);
        } else {
            self.decide(way.version, true, cx);
        }
    }

    /// The version on its way stays, or goes.
    fn decide(&mut self, version: u32, keep: bool, cx: &mut Ctx<'_>) {
        let Some(way) = self.way.take() else { return };
        if keep {
            let old = if way.pool == self.live { None } else { Some(self.pools[self.live].assigned.id) };
            let live: Vec<u32> = self.records.iter().filter(|r| r.stage == Stage::Live).map(|r| r.version.id).collect();
            live.into_iter().chain(old).for_each(|id| self.mark(id, Stage::Retired));
            self.live = way.pool;
            self.mark(version, Stage::Live);
            cx.count(PROMOTED, 1);
        } else {
            self.mark(version, Stage::Discarded);
            cx.count(DISCARDED, 1);
            // It stands by with what the other one has: what the people have, or had before.
            self.pools[way.pool].assigned = Arc::clone(&self.pools[1 - way.pool].assigned);
        }
        self.turned = cx.now();
        self.placed(version, keep, cx);
        self.tell_route(cx);
    }

    fn mark(&mut self, version: u32, stage: Stage) {
        if let Some(record) = self.records.iter_mut().find(|record| record.version.id == version) {
            record.stage = stage;
        }
    }

    fn placed(&self, version: u32, kept: bool, cx: &mut Ctx<'_>) {
        if let Some(record) = self.records.iter().find(|record| record.version.id == version) {
            cx.send(self.flow, Msg::Placed { run: record.version.run, kept });
        }
    }

    /// `rollback`: the other pool still has what served before.
    ///
    /// # Errors
    /// If it is not ready, or on its way to something else.
    pub fn roll_back(&mut self, cx: &mut Ctx<'_>) -> Result<(), String> {
        let other = &self.pools[1 - self.live];
        if self.way.is_some() {
            return Err("a version is on its way: wait for it, or for its trial".into());
        }
        if other.ready != Some(other.assigned.id) {
            return Err(format!("{} has no version ready", super::COLOURS[1 - self.live]));
        }
        let (from, to) = (self.pools[self.live].assigned.id, other.assigned.id);
        self.live = 1 - self.live;
        self.turned = cx.now();
        self.mark(from, Stage::Retired);
        self.mark(to, Stage::Live);
        self.tell_route(cx);
        Ok(())
    }

    /// Whether a run's version is in its hands: on its way within its time, or behind one that is.
    pub fn minds(&self, run: u32, now: Time, system: &Platform) -> bool {
        let Some(record) = self.records.iter().find(|record| record.version.run == run) else { return false };
        let on_the_way = self.way.is_some_and(|way| now.since(way.since) <= DRAINING_MAX + system.load_time + TICK + TICK);
        match record.stage {
            Stage::Loading | Stage::Trial => on_the_way && self.way.is_some_and(|way| way.version == record.version.id),
            Stage::Waiting => on_the_way || self.stands_in(now) || now.since(self.turned) <= SETTLES + TICK,
            _ => false,
        }
    }

    pub fn weight(&self) -> usize {
        self.records.bytes()
    }

    pub fn look(&self) -> Look {
        let label = match self.way {
            Some(Way { version, trial: true, .. }) => format!("v{version} on trial"),
            Some(Way { version, .. }) => format!("v{version} loads"),
            None => format!("v{} live", self.pools[self.live].assigned.id),
        };
        Look { label, state: State::Leader, fill: None }
    }
}

/// It has what it should have, and was heard of lately.
fn able(place: &Place, now: Time) -> bool {
    place.ready == Some(place.assigned.id) && now.since(place.heard) <= SILENT
}

/// Good enough on held-out rows, and not worse than the live one was.
fn by_joined(version: &Version, live: &Version, system: &Platform) -> bool {
    version.marks.joined >= system.min_auc && version.marks.joined >= live.marks.joined - 2.0 * SLACK
}

/// Good enough on what serving saw, and not worse than what served: on the same rows. Without such rows there is nothing against it.
fn by_logged(version: &Version, system: &Platform) -> bool {
    let (Some(logged), Some(served)) = (version.marks.logged, version.marks.served) else { return true };
    logged >= system.min_auc.min(served) && logged >= served - SLACK
}
