//! A worker: sandboxes come up, run one call at a time, and are stopped; what a call used is in the journal before anybody hears of its end.

use super::channel::{Inbox, Outbox};
use super::messages::{Call, Command, Msg, Outcome, Report, Session, Start, Timer, Told, Used, Version};
use super::metrics::{BAD_CALLS, BUSY, FENCED, START_UP};
use super::role::Ctx;
use super::system::Serverless;
use super::watch::Fact;
use crate::kernel::disk::LogFile;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::Flat;
use crate::parts::hash::mix;
use crate::parts::meter::charged_ms;
use std::collections::{BTreeMap, VecDeque};

/// Records that go to the meter at once.
const BATCH: u64 = 4096;
/// What a bad version does: so many of its calls fail.
const BAD_SHARE: f64 = 0.6;

#[derive(Clone)]
pub struct Worker {
    router: NodeId,
    meter: NodeId,
    /// Its place among the workers.
    rank: u16,
    /// Counts restarts and fences; kept on disk with the journal.
    life: u32,
    /// The router's life it last heard of.
    peer: u32,
    sandboxes: BTreeMap<u32, Place>,
    /// In no order: there are never more than sandboxes.
    running: Vec<Running>,
    reports: Outbox<Report>,
    commands: Inbox,
    /// Until then it may run calls.
    lease: Time,
    watching_lease: bool,
    pub journal: LogFile<Used>,
    /// Ends that wait for the journal: their record's index and what to tell.
    told_later: VecDeque<(u64, Report)>,
}

#[derive(Clone, Copy)]
struct Place {
    function: u32,
    version: Version,
    /// Up, or still starting.
    up: bool,
}

#[derive(Clone, Copy)]
struct Running {
    sandbox: u32,
    call: Call,
    /// When it began; none while its sandbox starts.
    began: Option<Time>,
}

impl Worker {
    pub fn new(router: NodeId, meter: NodeId, rank: u16) -> Worker {
        Worker {
            router,
            meter,
            rank,
            life: 0,
            peer: 0,
            sandboxes: BTreeMap::new(),
            running: Vec::new(),
            reports: Outbox::default(),
            commands: Inbox::default(),
            lease: Time::ZERO,
            watching_lease: false,
            journal: LogFile::default(),
            told_later: VecDeque::new(),
        }
    }

    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.running.iter().map(|running| &running.call)
    }

    pub fn crash(&mut self) {
        self.clear();
        self.peer = 0;
    }

    fn clear(&mut self) {
        self.sandboxes.clear();
        self.running.clear();
        self.reports = Outbox::default();
        self.commands = Inbox::default();
        self.told_later.clear();
        self.lease = Time::ZERO;
        self.watching_lease = false;
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.life += 1;
        if !cx.system().usage_durable {
            // Records were only in memory: their numbers must not be given again.
            self.journal.reset(u64::from(self.life) << 32);
        }
        cx.fact(Fact::Alive { worker: self.rank, anew: true });
        self.tick(cx);
        cx.after(Span::secs(1), Timer::Second);
    }

    fn session(&self) -> Session {
        Session { router: self.peer, worker: self.life }
    }

    fn tick(&mut self, cx: &mut Ctx<'_>) {
        cx.fact(Fact::Alive { worker: self.rank, anew: false });
        let session = self.session();
        cx.send(self.router, Msg::Beat { session, acked: self.commands.upto(), at: cx.now().0 });
        for (number, report) in self.reports.overdue(cx.now(), cx.system().resend) {
            cx.send(self.router, Msg::Report { session, number, acked: self.commands.upto(), report });
        }
        if cx.draining() && self.reports.is_empty() && self.running.is_empty() {
            cx.background(cx.system().beat(), Timer::Tick);
        } else {
            cx.after(cx.system().beat(), Timer::Tick);
        }
    }

    fn report(&mut self, report: Report, cx: &mut Ctx<'_>) {
        let number = self.reports.push(report.clone(), cx.now());
        cx.send(self.router, Msg::Report { session: self.session(), number, acked: self.commands.upto(), report });
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Tick => self.tick(cx),
            Timer::Second => self.meter(cx),
            Timer::Lease => self.look_at_lease(cx),
            Timer::Started { life, sandbox, call } if life == self.life => self.up(sandbox, call, cx),
            Timer::End { life, call } if life == self.life => self.end(call, cx),
            Timer::Synced { life, upto } if life == self.life => self.synced(upto, cx),
            _ => {}
        }
    }

    pub fn hear(&mut self, msg: &Msg, cx: &mut Ctx<'_>) {
        match *msg {
            Msg::Command { session, number, acked, command } if session == self.session() => {
                self.reports.acked(acked, cx.now());
                if self.commands.accepts(number) {
                    self.obey(command, cx);
                }
            }
            Msg::Beaten { session, acked, at } if session == self.session() => {
                self.reports.acked(acked, cx.now());
                // It counts from the asking: the router cannot have meant less.
                self.lease_until(Time(at) + cx.system().lease, cx);
            }
            Msg::Reborn { router } if router > self.peer => self.introduce(router, cx),
            Msg::GivenUp { session } if session == self.session() => {
                self.fence(cx);
            }
            Msg::Metered { upto } => self.journal.compact(upto),
            _ => {}
        }
    }

    /// Begins a session with this life of the router: says what is here, and again what it may not have heard.
    fn introduce(&mut self, router: u32, cx: &mut Ctx<'_>) {
        if self.running.is_empty() {
            // With calls under way the old right must do until the router has confirmed the new one: it may be counting already.
            self.lease_until(cx.now() + cx.system().lease, cx);
        }
        let unheard: Vec<Report> = self.reports.iter().filter(|report| matches!(report, Report::Done { .. })).cloned().collect();
        self.peer = router;
        self.reports = Outbox::default();
        self.commands = Inbox::default();
        let running: BTreeMap<u32, Call> = self.running.iter().map(|running| (running.sandbox, running.call)).collect();
        let told = |(at, place): (&u32, &Place)| Told { sandbox: *at, function: place.function, version: place.version, call: running.get(at).copied() };
        // What still starts without a call would come up unasked: the new router asks for its own.
        let starting = |at: &u32, place: &Place| !place.up && !running.contains_key(at);
        self.sandboxes.retain(|at, place| !starting(at, place));
        let here = self.sandboxes.iter().map(told).collect();
        self.report(Report::Here(here), cx);
        unheard.into_iter().for_each(|report| self.report(report, cx));
    }

    fn lease_until(&mut self, end: Time, cx: &mut Ctx<'_>) {
        self.lease = self.lease.max(end);
        if !std::mem::replace(&mut self.watching_lease, true) {
            cx.background(self.lease.since(cx.now()), Timer::Lease);
        }
    }

    fn look_at_lease(&mut self, cx: &mut Ctx<'_>) {
        self.watching_lease = false;
        if cx.now() < self.lease {
            self.watching_lease = true;
            cx.background(self.lease.since(cx.now()), Timer::Lease);
        } else if self.peer != 0 {
            self.fence(cx);
        }
    }

    /// Its right to run calls is over: everything is killed, and it begins a new life.
    fn fence(&mut self, cx: &mut Ctx<'_>) {
        cx.count(FENCED, u64::from(!self.running.is_empty()));
        cx.log(format!("{} has not heard of the router: it kills its {} sandboxes", cx.name(cx.me()), self.sandboxes.len()));
        for call in self.running.iter().map(|running| running.call.id).collect::<Vec<_>>() {
            cx.fact(Fact::Killed { worker: self.rank, call });
        }
        cx.fact(Fact::Fenced);
        let peer = self.peer;
        self.clear();
        self.life += 1;
        self.introduce(peer, cx);
    }

    fn obey(&mut self, command: Command, cx: &mut Ctx<'_>) {
        match command {
            Command::Run { sandbox, start, call } => {
                self.running.push(Running { sandbox, call, began: None });
                if start == Start::Warm {
                    self.begin(call.id, cx);
                } else {
                    self.come_up(sandbox, start, call.function, call.version, call.id, cx);
                }
            }
            Command::Warm { sandbox, start, function, version } => self.come_up(sandbox, start, function, version, 0, cx),
            Command::Stop { sandbox } => {
                self.sandboxes.remove(&sandbox);
            }
        }
    }

    fn come_up(&mut self, sandbox: u32, start: Start, function: u32, version: Version, call: u64, cx: &mut Ctx<'_>) {
        let unit = cx.rng().unit();
        let system = cx.system();
        let typical = if start == Start::Restore { system.restore } else { system.cold };
        let takes = typical.times(0.75 + 0.5 * unit);
        self.sandboxes.insert(sandbox, Place { function, version, up: false });
        cx.record(START_UP, takes.0);
        cx.after(takes, Timer::Started { life: self.life, sandbox, call });
    }

    fn up(&mut self, sandbox: u32, call: u64, cx: &mut Ctx<'_>) {
        let Some(place) = self.sandboxes.get_mut(&sandbox) else { return };
        place.up = true;
        if call == 0 {
            self.report(Report::Ready { sandbox }, cx);
        } else {
            self.begin(call, cx);
        }
    }

    /// The handler's code starts.
    fn begin(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let Some(running) = self.running.iter_mut().find(|running| running.call.id == id) else { return };
        running.began = Some(cx.now());
        let Running { sandbox, call, .. } = *running;
        cx.fact(Fact::Began { worker: self.rank, sandbox, call: id, tenant: call.tenant, limit: call.limit });
        let system = cx.system();
        let takes = if system.timeout_by_worker { call.length.0.min(system.timeout.0) } else { call.length.0 };
        cx.after(Span(takes), Timer::End { life: self.life, call: id });
    }

    /// The call has ended, or its time is over. What it used is written down; its end is told when that is durable.
    fn end(&mut self, id: u64, cx: &mut Ctx<'_>) {
        let Some(place) = self.running.iter().position(|running| running.call.id == id) else { return };
        let Running { sandbox, call, began } = self.running.swap_remove(place);
        let ran = cx.now().since(began.unwrap_or(cx.now()));
        let unit = cx.rng().unit();
        let &Serverless { timeout_by_worker, timeout, granularity_ms, memory_mb, usage_durable, .. } = cx.system();
        let outcome = if timeout_by_worker && call.length > timeout {
            Outcome::TimedOut
        } else if call.version.bad && unit < BAD_SHARE {
            cx.count(BAD_CALLS, 1);
            Outcome::Error
        } else {
            Outcome::Done
        };
        let ms = charged_ms(ran, granularity_ms);
        // Between 30 % and 90 % of what was asked for, the same for each call of that id.
        let touched_mb = (u64::from(memory_mb) * (30 + mix(id) % 61) / 100) as u32;
        cx.count(BUSY, u64::from(memory_mb) * ran.0 / 1_000_000);
        cx.fact(Fact::Ended { worker: self.rank, sandbox, call: id, ran });
        let used = Used { call: id, tenant: call.tenant, mb: memory_mb, touched_mb, ms };
        let report = Report::Done { sandbox, call: id, outcome, ran };
        // No design fault fills this disk.
        let Ok(index) = self.journal.append(used) else { return };
        if !usage_durable {
            cx.fact(Fact::Told { worker: self.rank, call: id });
            return self.report(report, cx);
        }
        self.told_later.push_back((index, report));
        cx.sync(Timer::Synced { life: self.life, upto: index });
    }

    fn synced(&mut self, upto: u64, cx: &mut Ctx<'_>) {
        while self.told_later.front().is_some_and(|(index, _)| *index <= upto) {
            let Some((_, report)) = self.told_later.pop_front() else { return };
            if let Report::Done { call, .. } = report {
                cx.fact(Fact::Told { worker: self.rank, call });
            }
            self.report(report, cx);
        }
    }

    /// What was used goes to the meter until it says that it has it.
    fn meter(&mut self, cx: &mut Ctx<'_>) {
        let from = self.journal.first();
        let to = if cx.system().usage_durable { self.journal.synced() } else { self.journal.next() };
        let used: Vec<Used> = self.journal.range(from..to.min(from + BATCH)).map(|(_, used)| *used).collect();
        if used.is_empty() && cx.draining() && self.running.is_empty() {
            cx.background(Span::secs(1), Timer::Second);
            return;
        }
        if !used.is_empty() {
            cx.send(self.meter, Msg::Usage { from, used });
        }
        cx.after(Span::secs(1), Timer::Second);
    }

    pub fn weight(&self) -> usize {
        self.sandboxes.bytes() + self.running.bytes() + self.reports.weight() + self.journal.weight() + self.told_later.bytes()
    }

    pub fn look(&self, system: &Serverless) -> Look {
        let (up, running) = (self.sandboxes.len(), self.running.len());
        let fill = up as f64 * f64::from(system.memory_mb) / f64::from(system.worker_mb).max(1.0);
        let state = if running > 0 { State::Busy } else { State::Idle };
        Look { label: format!("{running} of {up} busy"), state, fill: Some(fill.min(1.0)) }
    }
}
