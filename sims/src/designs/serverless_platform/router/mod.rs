//! The router: lets calls in by their tenant's limit, finds or makes a sandbox for each, and knows which workers may still run something.

mod upkeep;
mod workers;

use super::channel::{Inbox, Once, Outbox};
use super::messages::{Alias, Call, Command, Msg, Outcome, Session, Start, Timer, Version};
use super::metrics::{COLD, COMPLETED, IDLE, RECLAIMED, RESTORED, STARTED, WAITED, WARM};
use super::pool::{Pool, State as Box_};
use super::role::Ctx;
use super::stats::Stats;
use super::system::Serverless;
use super::waiting::Waiting;
use super::watch::Fact;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};

/// Housekeeping: what waited too long, what is too old, who has fallen silent.
const TICK: Span = Span::millis(200);
/// Whoever waits longer for a place is refused.
pub const QUEUE_PATIENCE: Span = Span::secs(5);
/// Beyond a worker's lease before it is given up: what rounding may add.
const MARGIN: Span = Span::millis(1);

/// One worker as the router knows it.
#[derive(Clone)]
struct Peer {
    node: NodeId,
    /// The life of it that is in session; none if none is.
    life: Option<u32>,
    /// The last of its lives that was ever in session or given up.
    last: u32,
    heard: Time,
    commands: Outbox<Command>,
    reports: Inbox,
}

#[derive(Clone)]
pub struct Router {
    clients: NodeId,
    control: NodeId,
    /// Counts its own lives.
    life: u32,
    /// Until then workers of its earlier life may run what it does not know.
    recovers_until: Time,
    recovering: bool,
    peers: Vec<Peer>,
    /// Calls that have come: kept like a connection's numbers, across its own crash too.
    come: Once,
    pub pool: Pool,
    pub waiting: Waiting,
    /// Calls let in and not ended, by tenant.
    slots: Vec<u32>,
    under_way: u32,
    /// Which version serves: a copy on its own disk, so that calls go on without the control plane.
    aliases: Vec<(u64, Alias)>,
    /// The version of each function of which a snapshot has been taken.
    snapshots: Vec<Option<Version>>,
    targets: Vec<u32>,
    targets_number: u64,
    stats: Stats,
    /// Idle time that is not yet a whole megabyte-millisecond.
    idle_rest: u128,
    second: u64,
}

impl Router {
    pub fn new(clients: NodeId, control: NodeId, workers: &[NodeId], system: &Serverless) -> Router {
        let functions = system.functions() as usize;
        let peer = |node: &NodeId| Peer { node: *node, life: None, last: 0, heard: Time::ZERO, commands: Outbox::default(), reports: Inbox::default() };
        Router {
            clients,
            control,
            life: 0,
            recovers_until: Time::ZERO,
            recovering: false,
            peers: workers.iter().map(peer).collect(),
            come: Once::default(),
            pool: Pool::new(functions, workers.len()),
            waiting: Waiting::new(system.tenants as usize),
            slots: vec![0; system.tenants as usize],
            under_way: 0,
            aliases: vec![(0, Alias { stable: Version { number: 1, bad: false }, trial: None }); functions],
            snapshots: vec![None; functions],
            targets: vec![0; functions],
            targets_number: 0,
            stats: Stats::new(functions),
            idle_rest: 0,
            second: 0,
        }
    }

    /// Aliases and its life's number are on disk; what runs where is not.
    pub fn crash(&mut self) {
        let (functions, workers) = (self.targets.len(), self.peers.len());
        self.pool = Pool::new(functions, workers);
        self.waiting = Waiting::new(self.slots.len());
        self.slots.fill(0);
        self.under_way = 0;
        self.targets.fill(0);
        self.stats = Stats::new(functions);
        for peer in &mut self.peers {
            (peer.life, peer.last, peer.commands, peer.reports) = (None, 0, Outbox::default(), Inbox::default());
        }
    }

    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        self.life += 1;
        let reborn = self.life > 1;
        self.recovers_until = if reborn { cx.now() + cx.system().lease + MARGIN } else { cx.now() };
        self.recovering = reborn;
        cx.after(TICK, Timer::Tick);
        cx.after(Span::secs(1), Timer::Second);
    }

    pub fn slots(&self) -> &[u32] {
        &self.slots
    }

    pub fn targets(&self) -> &[u32] {
        &self.targets
    }

    pub fn alias(&self, function: u32) -> Alias {
        self.aliases[function as usize].1
    }

    pub fn hear(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match msg {
            Msg::Invoke(call) if self.come.first(call.id) => self.invoke(call, cx),
            Msg::Report { session, number, acked, report } => self.report(from, session, number, acked, &report, cx),
            Msg::Beat { session, acked, at } => self.beat(from, session, acked, at, cx),
            Msg::Provide { number, targets } if number > self.targets_number => {
                self.targets_number = number;
                self.targets = targets;
                self.provide(cx);
            }
            Msg::Serve { serial, function, alias } => {
                if serial > self.aliases[function as usize].0 {
                    self.aliases[function as usize] = (serial, alias);
                    self.retire(function, cx);
                }
                cx.send(self.control, Msg::Serves { serial, function });
            }
            _ => {}
        }
    }

    pub fn wake(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer {
            Timer::Tick => self.tick(cx),
            Timer::Second => {
                self.second += 1;
                let seen = self.stats.take(&self.waiting);
                cx.send(self.control, Msg::Stats { second: self.second, seen });
                cx.background(Span::secs(1), Timer::Second);
            }
            _ => {}
        }
    }

    fn invoke(&mut self, call: Call, cx: &mut Ctx<'_>) {
        // Copies of what is needed: on the way of each call a handle to the whole would cost more than what it is for.
        let &Serverless { limits, limit, queue, .. } = cx.system();
        self.stats.arrived(call.function);
        let tenant = usize::from(call.tenant);
        let within = !limits || self.slots[tenant] < limit;
        // Nobody passes those of his own tenant who wait.
        if within && !self.recovering && self.waiting.is_empty_of(tenant) && self.assign(call, cx.now(), cx) {
            return;
        }
        if self.waiting.of(tenant) < queue {
            self.waiting.push(call, cx.now());
        } else {
            self.refuse(call.id, if within { Outcome::NoRoom } else { Outcome::Throttled }, cx);
        }
    }

    fn refuse(&mut self, call: u64, outcome: Outcome, cx: &mut Ctx<'_>) {
        if outcome == Outcome::Throttled {
            cx.fact(Fact::Throttled);
        }
        cx.send(self.clients, Msg::Reply { call, outcome });
    }

    /// Finds a sandbox for a call, or makes one; false if there is no room.
    fn assign(&mut self, mut call: Call, since: Time, cx: &mut Ctx<'_>) -> bool {
        let &Serverless { limit, canary, warm_by_version, snapshots, memory_mb, .. } = cx.system();
        // The limit under which it is let in, which may have been turned since it came.
        call.limit = limit;
        let alias = self.aliases[call.function as usize].1;
        let version = match alias.trial {
            Some(trial) if cx.rng().unit() < canary => trial,
            _ => alias.stable,
        };
        let wanted = warm_by_version.then_some(version);
        let (sandbox, start) = if let Some(idle) = self.pool.idle(call.function, wanted) {
            // What runs is what is in the sandbox.
            call.version = self.pool.get(idle).map_or(version, |found| found.version);
            (idle, Start::Warm)
        } else {
            call.version = version;
            let Some(worker) = self.room(cx) else { return false };
            (self.create(worker, call.function, version, cx), self.start_of(call.function, version, snapshots))
        };
        self.count_start(start, cx);
        cx.record_since(WAITED, since);
        let idle = self.pool.occupy(sandbox, call.id, call.tenant, cx.now());
        self.idled(idle, memory_mb, cx);
        self.slots[usize::from(call.tenant)] += 1;
        self.under_way += 1;
        self.stats.began(call.function);
        cx.fact(Fact::Assigned { function: call.function, version: call.version, call: call.id });
        self.command(sandbox, Command::Run { sandbox, start, call }, cx);
        true
    }

    fn count_start(&self, start: Start, cx: &mut Ctx<'_>) {
        match start {
            Start::Warm => cx.count(WARM, 1),
            Start::Cold => cx.count(COLD, 1),
            Start::Restore => {
                cx.count(RESTORED, 1);
                cx.fact(Fact::Restored);
            }
        }
    }

    fn start_of(&self, function: u32, version: Version, snapshots: bool) -> Start {
        if snapshots && self.snapshots[function as usize] == Some(version) { Start::Restore } else { Start::Cold }
    }

    fn create(&mut self, worker: u32, function: u32, version: Version, cx: &mut Ctx<'_>) -> u32 {
        cx.count(STARTED, 1);
        let mb = cx.system().memory_mb;
        self.pool.create(worker, function, version, mb, cx.now())
    }

    /// A worker with room for one more; idle sandboxes give way, the longest idle first.
    fn room(&mut self, cx: &mut Ctx<'_>) -> Option<u32> {
        let system = cx.shared();
        loop {
            if let Some(worker) = self.pool.place(system.memory_mb, system.spread) {
                return Some(worker);
            }
            let (oldest, _) = self.pool.oldest()?;
            self.stop(oldest, cx);
        }
    }

    fn command(&mut self, sandbox: u32, command: Command, cx: &mut Ctx<'_>) {
        let Some(worker) = self.pool.get(sandbox).map(|s| s.worker) else { return };
        self.command_to(worker, command, cx);
    }

    fn command_to(&mut self, worker: u32, command: Command, cx: &mut Ctx<'_>) {
        let router = self.life;
        let peer = &mut self.peers[worker as usize];
        let Some(life) = peer.life else { return };
        let number = peer.commands.push(command, cx.now());
        let session = Session { router, worker: life };
        cx.send(peer.node, Msg::Command { session, number, acked: peer.reports.upto(), command });
    }

    /// Memory that stood idle so long, in megabyte-milliseconds.
    fn idled(&mut self, idle: Span, mb: u32, cx: &mut Ctx<'_>) {
        self.idle_rest += u128::from(idle.0) * u128::from(mb);
        let whole = self.idle_rest / 1_000_000;
        self.idle_rest -= whole * 1_000_000;
        cx.count(IDLE, whole as u64);
    }

    fn stop(&mut self, sandbox: u32, cx: &mut Ctx<'_>) {
        self.command(sandbox, Command::Stop { sandbox }, cx);
        let (was, idle) = self.pool.remove(sandbox, cx.now());
        self.idled(idle, was.mb, cx);
        cx.count(RECLAIMED, 1);
        cx.fact(Fact::Reclaimed);
    }

    /// A sandbox has no call any more: it waits for the next one, unless its version is not wanted.
    fn release(&mut self, sandbox: u32, cx: &mut Ctx<'_>) {
        let Some(found) = self.pool.get(sandbox).copied() else { return };
        let &Serverless { warm_by_version, reuse, .. } = cx.system();
        let Alias { stable, trial } = self.aliases[found.function as usize].1;
        if warm_by_version && found.version != stable && Some(found.version) != trial {
            self.pool.rest(sandbox, cx.now());
            self.stop(sandbox, cx);
        } else if reuse {
            self.pool.rest(sandbox, cx.now());
        } else {
            self.pool.forget(sandbox, cx.now());
        }
    }

    fn done(&mut self, worker: u32, sandbox: u32, call: u64, outcome: Outcome, ran: Span, cx: &mut Ctx<'_>) {
        let known = self.pool.get(sandbox).copied().filter(|found| found.worker == worker && found.state == Box_::Busy && found.call == call);
        cx.send(self.clients, Msg::Reply { call, outcome });
        let Some(found) = known else { return };
        if outcome == Outcome::Done {
            cx.count(COMPLETED, 1);
        }
        if self.snapshots[found.function as usize].is_none_or(|taken| taken < found.version) {
            self.snapshots[found.function as usize] = Some(found.version);
        }
        let trial = self.aliases[found.function as usize].1.trial == Some(found.version);
        self.stats.ended(found.function, ran, trial.then_some(found.version.number), outcome);
        self.return_slot(found.tenant);
        self.release(sandbox, cx);
        self.hand_over(found.tenant, found.function, cx);
        self.pump(cx);
    }

    /// A call that waits for this very function takes the sandbox that has just fallen free: given to another function it would be stopped
    /// and a start made instead, and starts take places too.
    fn hand_over(&mut self, tenant: u16, function: u32, cx: &mut Ctx<'_>) {
        let tenant = usize::from(tenant);
        if self.waiting.of(tenant) == 0 || self.recovering {
            return;
        }
        let &Serverless { same_function, limits, limit, .. } = cx.system();
        if !same_function || (limits && self.slots[tenant] >= limit) {
            return;
        }
        if let Some((call, since)) = self.waiting.take_of(tenant, function)
            && !self.assign(call, since, cx)
        {
            self.waiting.put_back(call, since);
        }
    }

    fn return_slot(&mut self, tenant: u16) {
        let slots = &mut self.slots[usize::from(tenant)];
        *slots = slots.saturating_sub(1);
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Lets those in who wait, as long as there is a slot and a place.
    fn pump(&mut self, cx: &mut Ctx<'_>) {
        if self.recovering || self.waiting.len() == 0 {
            return;
        }
        let system = cx.shared();
        while let Some(tenant) = self.waiting.next(system.fair, |tenant| !system.limits || self.slots[tenant] < system.limit) {
            let Some((call, since)) = self.waiting.front(tenant) else { return };
            if !self.assign(call, since, cx) {
                return;
            }
            self.waiting.pop(tenant);
        }
    }

    pub fn weight(&self) -> usize {
        let peers = self.peers.bytes() + deep(self.peers.iter(), |peer| peer.commands.weight());
        let lists = self.slots.bytes() + self.aliases.bytes() + self.snapshots.bytes() + self.targets.bytes();
        peers + lists + self.come.weight() + self.pool.weight() + self.waiting.weight() + self.stats.weight()
    }

    pub fn look(&self) -> Look {
        let state = if self.recovering || self.waiting.len() > 0 { State::Warn } else { State::Leader };
        let label = if self.recovering { "waits for workers".into() } else { format!("{} running, {} wait", self.under_way, self.waiting.len()) };
        Look { label, state, fill: None }
    }
}
