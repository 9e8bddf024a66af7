//! What the knobs mean, and the nodes a run begins with.

use super::client::Clients;
use super::messages::{Msg, Timer};
use super::queue::Queue;
use super::role::Role;
use super::scheduler::Scheduler;
use super::store::Store;
use super::target::Target;
use super::watch::Ledger;
use super::worker::Worker;
use super::{finally, view};
use crate::kernel::action::Action;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::backoff::{Jitter, Policy};
use crate::parts::cron::{CENTRAL_EUROPE, Reading, Schedule, instant};
use crate::parts::hash::mix;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordination {
    /// One scheduler has the lease of everything.
    Leader,
    /// Each shard has its own lease.
    Shards,
    /// Everybody does everything.
    Nobody,
}

/// What the store checks before it writes a scheduler's decision down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The task is still as it was: scheduled, and this try.
    Conditional,
    /// Nobody with a newer lease has been seen.
    Fenced,
    /// A lock per task, held while it is put into the queue; the state is not looked at again.
    Lock,
    Blind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The store schedules the next try and the message is deleted.
    Replace,
    /// The store schedules the next try, and the message is handed back as well.
    Both,
    /// The message is handed back; nothing waits.
    Nack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfire {
    RunAll,
    RunOnce,
    Skip,
}

pub struct Scheduling {
    pub coordination: Coordination,
    pub shards: u32,
    pub schedulers: usize,
    pub workers: usize,
    pub wheel: bool,
    pub tick: u64,
    pub round_up: bool,
    pub parked: u64,
    pub lease: Span,
    pub poll: Span,
    pub claim: Claim,
    pub visibility: Span,
    pub heartbeat: bool,
    pub length: Span,
    pub lengths_vary: bool,
    pub retry: Policy,
    pub max_receives: u32,
    pub on_error: OnError,
    pub look_again: bool,
    pub idempotency: bool,
    pub ack_first: bool,
    pub by_time: bool,
    pub misfire: Misfire,
    pub misfire_after: Span,
    pub cron: Option<Schedule>,
    pub cron_jobs: u32,
    pub cron_spread: Span,
    /// The second of the wall clock, since 1970, at which the run begins.
    pub epoch: i64,
    pub base_rate: f64,
    pub delay: Span,
    pub chain_share: f64,
    pub fail_share: f64,
    pub poison_share: f64,
    pub target_rate: f64,
    pub call: Span,
    trip: Delay,
}

/// Dates of 2026: an ordinary one, and those on which Central Europe's clocks change.
fn date(day: &str) -> (i8, i8) {
    match day {
        "spring" => (3, 29),
        "autumn" => (10, 25),
        _ => (6, 15),
    }
}

fn epoch(knobs: &Knobs) -> Result<i64, String> {
    let (month, day) = date(knobs.choice("day"));
    Ok(instant(CENTRAL_EUROPE, 2026, month, day, 0)? + (knobs.span("starts_at").0 / 1_000_000_000) as i64)
}

fn cron(knobs: &Knobs) -> Result<Option<Schedule>, String> {
    match knobs.choice("cron") {
        "none" => Ok(None),
        pattern => Schedule::parse(pattern, CENTRAL_EUROPE, Reading::named(knobs.choice("cron_by")), epoch(knobs)?).map(Some),
    }
}

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (backoff, cap) = (knobs.span("backoff"), knobs.span("backoff_cap"));
    if backoff > cap {
        return Err(format!("knob `backoff` is {backoff}, but must be at most `backoff_cap`, which is {cap}"));
    }
    let (lease, trip) = (knobs.span("lease"), knobs.span("trip"));
    if lease < trip * LEASE_TRIPS {
        return Err(format!("knob `lease` is {lease}, but must be at least {LEASE_TRIPS} trips of {trip}: renewals would come too late"));
    }
    let tick = knobs.span("tick");
    if lease < tick * 3 {
        return Err(format!("knob `lease` is {lease}, but must be at least three ticks of {tick}"));
    }
    if knobs.choice("claim") == "fenced" && knobs.choice("coordination") == "none" {
        return Err("knob `claim` is fenced, but without leases there are no tokens: `coordination` must be leader or shards".into());
    }
    cron(knobs).map(|_| ())
}

/// A lease is worth renewing only if question and answer fit into it several times.
const LEASE_TRIPS: u64 = 8;

impl Scheduling {
    pub fn shard(&self, id: u64) -> u32 {
        (mix(id) % u64::from(self.shards.max(1))) as u32
    }

    /// How long the target keeps a task's key: longer than the task can come back, by its retries and by its deliveries.
    pub fn keys_kept(&self) -> Span {
        let tries = u64::from(self.retry.retries) + 1;
        (self.retry.cap + self.visibility * u64::from(self.max_receives)) * tries + Span::secs(600)
    }

    /// When a job's second comes, in nanoseconds of the run; never before the start.
    pub fn second(&self, job: u32, second: i64) -> u64 {
        let start = u64::try_from(second - self.epoch).unwrap_or(0).saturating_mul(1_000_000_000);
        start.saturating_add(self.cron_offset(job))
    }

    /// Jobs of one pattern are spread by their own hash, so that they do not all come on the full minute.
    fn cron_offset(&self, job: u32) -> u64 {
        if self.cron_spread == Span::ZERO { 0 } else { mix(u64::from(job) + 1) % self.cron_spread.0 }
    }

    /// The last tick that has begun by then.
    pub fn tick_of(&self, clock: u64) -> u64 {
        clock / self.tick
    }

    /// The tick with which a time is served: rounded up it is never early, rounded down by up to a tick.
    pub fn tick_for(&self, due: u64) -> u64 {
        if self.round_up { due.div_ceil(self.tick) } else { due / self.tick }
    }

    /// How long a worker waits for an answer of the target.
    pub fn call_timeout(&self) -> Span {
        Span::secs(1) + self.call * 3 + self.trip.base * 4
    }
}

impl System for Scheduling {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Ledger;

    fn configure(knobs: &Knobs) -> Scheduling {
        let coordination = match knobs.choice("coordination") {
            "shards" => Coordination::Shards,
            "none" => Coordination::Nobody,
            _ => Coordination::Leader,
        };
        let trip = knobs.span("trip");
        Scheduling {
            coordination,
            shards: if coordination == Coordination::Shards { knobs.count("shards") as u32 } else { 1 },
            schedulers: knobs.count("schedulers"),
            workers: knobs.count("workers"),
            wheel: knobs.choice("index") == "wheel",
            tick: knobs.span("tick").0.max(1),
            round_up: knobs.choice("round") == "up",
            parked: knobs.count("parked") as u64,
            lease: knobs.span("lease"),
            poll: knobs.span("poll"),
            claim: match knobs.choice("claim") {
                "fenced" => Claim::Fenced,
                "lock" => Claim::Lock,
                "blind" => Claim::Blind,
                _ => Claim::Conditional,
            },
            visibility: knobs.span("visibility"),
            heartbeat: knobs.on("heartbeat"),
            length: knobs.span("length"),
            lengths_vary: knobs.choice("lengths") == "exponential",
            retry: Policy {
                jitter: Jitter::named(knobs.choice("jitter")),
                ..Policy::doubling(knobs.span("backoff"), knobs.span("backoff_cap"), knobs.count("retries") as u32)
            },
            max_receives: knobs.count("max_receives") as u32,
            on_error: match knobs.choice("on_error") {
                "both" => OnError::Both,
                "nack" => OnError::Nack,
                _ => OnError::Replace,
            },
            look_again: knobs.on("look_again"),
            idempotency: knobs.on("idempotency"),
            ack_first: knobs.choice("ack") == "before",
            by_time: knobs.choice("order") == "by-time",
            misfire: match knobs.choice("misfire") {
                "run-once" => Misfire::RunOnce,
                "skip" => Misfire::Skip,
                _ => Misfire::RunAll,
            },
            misfire_after: knobs.span("misfire_after"),
            // `refuses` has let these knobs through.
            cron: cron(knobs).unwrap_or_default(),
            cron_jobs: knobs.count("cron_jobs") as u32,
            cron_spread: knobs.span("cron_spread"),
            epoch: epoch(knobs).unwrap_or_default(),
            base_rate: knobs.rate("base_rate").per_second(),
            delay: knobs.span("delay"),
            chain_share: knobs.num("chain_share"),
            fail_share: knobs.num("fail_share"),
            poison_share: knobs.num("poison_share"),
            target_rate: knobs.rate("target_rate").per_second(),
            call: knobs.span("call"),
            trip: Delay::with_jitter(trip, trip.times(0.2)),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let store = NodeId(0);
        let queue = NodeId(1);
        let target = NodeId(2);
        stage.add_one("store", Role::Store(Box::new(Store::new(queue, self))));
        stage.add_one("queue", Role::Queue(Queue::new(store)));
        stage.add_one("target", Role::Target(Target::default()));
        for rank in 0..self.schedulers as u64 {
            stage.add("s", Role::Scheduler(Box::new(Scheduler::new(store, rank))));
        }
        for _ in 0..self.workers {
            stage.add("w", Role::Worker(Worker::new(store, queue, target)));
        }
        let clients = Clients::new(store, stage.rng("arrivals"));
        stage.add_one("clients", Role::Clients(Box::new(clients)));
    }

    fn delay(&self, _from: &'static str, _to: &'static str) -> Delay {
        self.trip
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        if action.name == "outage" {
            let target = stage.find("target")?;
            let span = action.span("for").unwrap_or_default();
            stage.with(target, |node, cx| {
                if let Role::Target(target) = node {
                    target.go_away(cx.now() + span);
                }
            });
            return Ok(());
        }
        let clients = stage.find("clients")?;
        stage.with(clients, |node, cx| {
            if let Role::Clients(clients) = node {
                clients.act(action, cx);
            }
        });
        Ok(())
    }

    fn knobs_changed(stage: &mut Stage<'_, Self>) {
        for id in stage.all_up() {
            stage.with(id, Node::on_knobs);
        }
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        finally::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}
