//! A scheduler: holds leases on shards, keeps their tasks in an index by time, and tells the store what is due.

use super::messages::{Decision, Entry, Msg, Timer};
use super::metrics::{CATCH_UP, INDEX_STEPS, INDEX_TIMERS, PENDING};
use super::role::Ctx;
use super::system::{Claim, Coordination, Misfire, Scheduling};
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::queue::Ticket;
use crate::kernel::time::Span;
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::due::Due;
use crate::parts::hash::mix;
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Scheduler {
    store: NodeId,
    rank: u64,
    /// By number: what it leads.
    shards: BTreeMap<u32, Shard>,
    /// By its own clock, counted from when it asked: after this nothing is led.
    until: i64,
    /// Beats sent, and the latest that was answered: by number, since a clock may go back.
    beats: u64,
    answered: u64,
    claims: BTreeMap<u64, (u32, u64, Decision)>,
    numbers: u64,
    /// Tries whose lock has been asked for.
    locking: BTreeMap<u64, (u32, u64, u32)>,
    /// The lock to be given back when a claim has been answered.
    unlock: BTreeMap<u64, u64>,
    armed: Option<Ticket>,
    last_clock: u64,
    most: usize,
}

/// One shard's timers.
#[derive(Clone)]
pub struct Shard {
    token: u64,
    index: Due<Timed>,
    /// The newest version read.
    cursor: u64,
    /// Whether the first page has come, with the cron jobs.
    begun: bool,
    /// Last second decided, per job of this shard.
    jobs: BTreeMap<u32, i64>,
}

/// What stands in the index.
#[derive(Clone, Copy, Debug)]
enum Timed {
    Try {
        id: u64,
        attempt: u32,
        due: u64,
    },
    Cron {
        job: u32,
    },
    /// A task of another day that only takes room.
    Parked,
}

const RECLAIM: Span = Span::secs(1);
/// Schedulers start one after the other, so that the first leads.
const RANK_APART: Span = Span::millis(50);
/// Tries of one claim, and seconds of one cron decision.
const BATCH: usize = 256;
/// Parked tasks are due from an hour ahead on, within a day.
const PARKED_FROM: u64 = 3_600 * 1_000_000_000;
const PARKED_WITHIN: u64 = 24 * PARKED_FROM;

impl Scheduler {
    /// `rank` counts from 0: the first asks first.
    pub fn new(store: NodeId, rank: u64) -> Scheduler {
        Scheduler {
            store,
            rank,
            shards: BTreeMap::new(),
            until: 0,
            beats: 0,
            answered: 0,
            claims: BTreeMap::new(),
            numbers: 0,
            locking: BTreeMap::new(),
            unlock: BTreeMap::new(),
            armed: None,
            last_clock: 0,
            most: 0,
        }
    }

    /// Nothing here outlives the process: the store has it all.
    pub fn crash(&mut self) {
        *self = Scheduler { numbers: self.numbers, beats: self.beats, answered: self.answered, ..Scheduler::new(self.store, self.rank) };
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        if cx.system().coordination == Coordination::Nobody {
            self.lead(0, 0, cx);
        } else {
            cx.background(RANK_APART * self.rank, Timer::Beat);
        }
        cx.background(cx.system().poll, Timer::Look);
        cx.background(RECLAIM, Timer::Reclaim);
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Beat => self.beat(cx),
            Timer::Look => {
                for (shard, after) in self.shards.iter().map(|(shard, led)| (*shard, led.cursor)).collect::<Vec<_>>() {
                    cx.send(self.store, Msg::Load { shard, after });
                }
                cx.background(cx.system().poll, Timer::Look);
                self.serve(cx);
            }
            Timer::Due => {
                self.armed = None;
                self.serve(cx);
            }
            Timer::Reclaim => {
                for (number, (shard, token, decision)) in &self.claims {
                    cx.send(self.store, Msg::Claim { number: *number, shard: *shard, token: *token, decision: decision.clone() });
                }
                for id in self.locking.keys() {
                    cx.send(self.store, Msg::Lock { id: *id });
                }
                cx.background(RECLAIM, Timer::Reclaim);
            }
            _ => {}
        }
    }

    pub fn hear(&mut self, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Held { number, asked, shards } => self.held(number, asked, &shards, cx),
            Msg::Page { shard, after, entries, jobs } => self.read(shard, after, &entries, &jobs, cx),
            Msg::Claimed { number } => {
                self.claims.remove(&number);
                if let Some(id) = self.unlock.remove(&number) {
                    cx.send(self.store, Msg::Unlock { id });
                }
            }
            Msg::Locked { id } => {
                if let Some((shard, token, attempt)) = self.locking.remove(&id) {
                    let number = self.claim(shard, token, Decision::Release(vec![(id, attempt)]), cx);
                    self.unlock.insert(number, id);
                } else {
                    cx.send(self.store, Msg::Unlock { id });
                }
            }
            _ => {}
        }
    }

    fn beat(&mut self, cx: &mut Ctx<'_>) {
        let asked = cx.clock_ns();
        self.beats += 1;
        cx.send(self.store, Msg::Beat { number: self.beats, asked });
        cx.background(Span(cx.system().lease.0 / 3), Timer::Beat);
    }

    /// The store says what is led here, for the length of a lease from when it was asked: that is before the store's own count begins.
    fn held(&mut self, number: u64, asked: i64, shards: &[(u32, u64)], cx: &mut Ctx<'_>) {
        if number < self.answered {
            return;
        }
        self.answered = number;
        self.until = asked.saturating_add(cx.system().lease.0 as i64);
        self.shards.retain(|shard, led| shards.contains(&(*shard, led.token)));
        self.claims.retain(|_, (shard, token, _)| shards.contains(&(*shard, *token)));
        for (shard, token) in shards {
            if !self.shards.contains_key(shard) {
                self.lead(*shard, *token, cx);
            }
        }
        self.serve(cx);
    }

    /// Begins to lead a shard: an empty index, and everything to be read.
    fn lead(&mut self, shard: u32, token: u64, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let clock = cx.clock().0;
        let mut index = empty(&system, clock);
        for n in (0..system.parked).filter(|n| system.shard(*n) == shard) {
            let due = clock + PARKED_FROM + mix(n) % PARKED_WITHIN;
            index.insert(system.tick_for(due), Timed::Parked);
        }
        self.shards.insert(shard, Shard { token, index, cursor: 0, begun: false, jobs: BTreeMap::new() });
        cx.send(self.store, Msg::Load { shard, after: 0 });
    }

    /// A page of what is scheduled: into the index, and on to the next page if this one was full.
    fn read(&mut self, shard: u32, after: u64, entries: &[Entry], jobs: &[(u32, i64)], cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let Some(led) = self.shards.get_mut(&shard).filter(|led| led.cursor == after) else { return };
        let steps = led.index.steps();
        if after == 0 && !led.begun {
            led.begun = true;
            for (job, last) in jobs {
                led.jobs.insert(*job, *last);
                led.expect(*job, &system);
            }
        }
        for Entry { id, attempt, due, version } in entries.iter().copied() {
            led.index.insert(system.tick_for(due), Timed::Try { id, attempt, due });
            led.cursor = led.cursor.max(version);
        }
        cx.count(INDEX_TIMERS, entries.len() as u64);
        cx.count(INDEX_STEPS, led.index.steps() - steps);
        if !entries.is_empty() {
            cx.send(self.store, Msg::Load { shard, after: led.cursor });
        }
        self.serve(cx);
    }

    /// Releases what is due by its own clock, if it still believes that it leads.
    fn serve(&mut self, cx: &mut Ctx<'_>) {
        let system = cx.shared();
        let clock = cx.clock();
        if clock.0 < self.last_clock {
            self.rebuild(&system, clock.0);
        }
        self.last_clock = clock.0;
        if system.coordination != Coordination::Nobody && cx.clock_ns() >= self.until {
            return;
        }
        let mut released = 0;
        for shard in self.shards.keys().copied().collect::<Vec<_>>() {
            let Some(led) = self.shards.get_mut(&shard) else { continue };
            let token = led.token;
            let steps = led.index.steps();
            let (tries, jobs) = led.due(system.tick_of(clock.0));
            cx.count(INDEX_STEPS, led.index.steps() - steps);
            for (_, _, due) in &tries {
                cx.fact(Fact::Released { due: *due, clock: clock.0 });
            }
            released += tries.len();
            let mut decisions = Vec::new();
            for job in jobs {
                decisions.extend(led.decide(job, clock.0, &system).map(|seconds| Decision::Cron { job, seconds }));
            }
            for decision in decisions {
                if let Decision::Cron { job, seconds } = &decision {
                    let run = seconds.iter().filter(|(_, run)| *run);
                    run.for_each(|(second, _)| cx.fact(Fact::Released { due: system.second(*job, *second), clock: clock.0 }));
                    released += seconds.len();
                }
                self.claim(shard, token, decision, cx);
            }
            self.release(shard, token, &tries, cx);
        }
        if released > self.most {
            self.most = released;
            cx.gauge(CATCH_UP, released as f64);
        }
        cx.gauge(PENDING, self.shards.values().map(|led| led.index.len()).sum::<usize>() as f64);
        self.arm(clock.0, &system, cx);
    }

    fn release(&mut self, shard: u32, token: u64, tries: &[(u64, u32, u64)], cx: &mut Ctx<'_>) {
        if cx.system().claim == Claim::Lock {
            for (id, attempt, _) in tries {
                self.locking.insert(*id, (shard, token, *attempt));
                cx.send(self.store, Msg::Lock { id: *id });
            }
            return;
        }
        for some in tries.chunks(BATCH) {
            self.claim(shard, token, Decision::Release(some.iter().map(|(id, attempt, _)| (*id, *attempt)).collect()), cx);
        }
    }

    /// Tells the store, and keeps telling it until it has answered.
    fn claim(&mut self, shard: u32, token: u64, decision: Decision, cx: &mut Ctx<'_>) -> u64 {
        self.numbers += 1;
        self.claims.insert(self.numbers, (shard, token, decision.clone()));
        cx.send(self.store, Msg::Claim { number: self.numbers, shard, token, decision });
        self.numbers
    }

    /// The clock went back: a wheel only turns forward, so everything is put into a new one.
    fn rebuild(&mut self, system: &Scheduling, clock: u64) {
        for led in self.shards.values_mut() {
            let mut fresh = empty(system, clock);
            led.index.advance(u64::MAX, |tick, timed| {
                fresh.insert(tick, timed);
            });
            led.index = fresh;
        }
    }

    /// Sleeps until the next thing is due.
    fn arm(&mut self, clock: u64, system: &Scheduling, cx: &mut Ctx<'_>) {
        if let Some(ticket) = self.armed.take() {
            cx.cancel(ticket);
        }
        if let Some(tick) = self.shards.values().filter_map(|led| led.index.next()).min() {
            let wait = tick.saturating_mul(system.tick).saturating_sub(clock).max(1);
            self.armed = Some(cx.background(Span(wait), Timer::Due));
        }
    }

    pub fn shards(&self) -> &BTreeMap<u32, Shard> {
        &self.shards
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.shards.bytes() + deep(self.shards.values(), |led| led.index.weight() + led.jobs.bytes()) + self.claims.bytes() + self.locking.bytes()
    }

    pub fn look(&self, system: &Scheduling) -> Look {
        if self.shards.is_empty() {
            return Look { label: "standby".into(), state: State::Idle, fill: None };
        }
        let timers: usize = self.shards.values().map(|led| led.index.len()).sum();
        let label = match system.coordination {
            Coordination::Shards => format!("{} of {}, {timers}", self.shards.len(), system.shards),
            Coordination::Leader => format!("leads {timers}"),
            Coordination::Nobody => format!("has {timers}"),
        };
        Look { label, state: State::Leader, fill: None }
    }
}

fn empty(system: &Scheduling, clock: u64) -> Due<Timed> {
    if system.wheel { Due::wheel(system.tick_of(clock)) } else { Due::heap() }
}

impl Shard {
    /// What is due by a tick: tries, and cron jobs.
    fn due(&mut self, tick: u64) -> (Vec<(u64, u32, u64)>, Vec<u32>) {
        let (mut tries, mut jobs) = (Vec::new(), Vec::new());
        self.index.advance(tick, |_, timed| match timed {
            Timed::Try { id, attempt, due } => tries.push((id, attempt, due)),
            Timed::Cron { job } => jobs.push(job),
            Timed::Parked => {}
        });
        (tries, jobs)
    }

    /// Puts a job's next second into the index.
    fn expect(&mut self, job: u32, system: &Scheduling) {
        let next = self.jobs.get(&job).zip(system.cron.as_ref()).and_then(|(last, cron)| cron.next(*last));
        if let Some(second) = next {
            self.index.insert(system.tick_for(system.second(job, second)), Timed::Cron { job });
        }
    }

    /// A job's seconds that have come since the last one decided: which to run, by the misfire policy.
    fn decide(&mut self, job: u32, clock: u64, system: &Scheduling) -> Option<Vec<(i64, bool)>> {
        let cron = system.cron.as_ref()?;
        let last = self.jobs.get_mut(&job)?;
        // An index that rounds down calls up to a tick early.
        let served = if system.round_up { clock } else { clock.saturating_add(system.tick) };
        let mut seconds = Vec::new();
        while let Some(second) = cron.next(*last).filter(|second| system.second(job, *second) <= served) {
            *last = second;
            seconds.push((second, true));
            if seconds.len() == BATCH {
                break;
            }
        }
        let newest = seconds.len().saturating_sub(1);
        let misfired = |second| clock.saturating_sub(system.second(job, second)) > system.misfire_after.0;
        for (at, (second, run)) in seconds.iter_mut().enumerate() {
            *run = match system.misfire {
                Misfire::RunAll => true,
                Misfire::RunOnce => !misfired(*second) || at == newest,
                Misfire::Skip => !misfired(*second),
            };
        }
        self.expect(job, system);
        (!seconds.is_empty()).then_some(seconds)
    }

    /// The wheel itself, for the picture; none if it is a heap.
    pub fn taken(&self) -> Option<[u64; crate::parts::wheel::LEVELS]> {
        self.index.taken()
    }
}
