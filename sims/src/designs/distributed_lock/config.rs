//! What the knobs mean, and the nodes a run begins with.

use super::client::Client;
use super::machine::Machine;
use super::role::Role;
use super::storage::Storage;
use super::store::Store;
use super::watch::{Fact, Watching};
use super::wire::{Msg, Timer};
use super::{verdict, view};
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::disk::Disk;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::backoff::{Jitter, Policy};
use crate::parts::raft::{self, Config, Host};

/// Who keeps the locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// A replicated state machine: a majority orders every grant.
    Raft,
    /// One store with set-if-absent and a time to live, and perhaps a replica.
    One,
    /// Independent stores, a majority of which must grant.
    Redlock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replica {
    None,
    /// The primary answers before its replica knows.
    Async,
    /// It answers when the replica has it too.
    Sync,
}

/// Whose numbers the storage looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fencing {
    Off,
    Writes,
    /// Reads too: a holder shows its number before it works.
    All,
}

/// The configuration of one run, made anew whenever a knob is turned.
pub struct Locks {
    pub service: Service,
    pub servers: usize,
    pub replica: Replica,
    pub lag: Span,
    /// `Span(u64::MAX)` where nothing ends by itself.
    pub ttl: Span,
    pub renew_every: Option<Span>,
    pub retry: Policy,
    pub patience: Span,
    pub work: Span,
    pub work_varies: bool,
    pub base_rate: f64,
    pub clients: usize,
    pub locks: u32,
    pub fencing: Fencing,
    pub owner_check: bool,
    pub self_check: bool,
    /// Leases are counted by clocks that can be set, not by monotonic ones.
    pub wall: bool,
    pub persist: bool,
    /// Redlock's number for a holder: the largest counter of the stores that granted, not its random value.
    pub counters: bool,
    pub request_timeout: Span,
    trip: Delay,
    fsync: Span,
    raft: Config,
}

/// Redlock takes this much off a lease for clocks that run unlike: a hundredth and two milliseconds.
fn drift_allowance(ttl: Span) -> Span {
    Span(ttl.0 / 100) + Span::millis(2)
}

impl Locks {
    /// How many servers must say yes.
    pub fn needed(&self) -> u32 {
        if self.service == Service::Redlock { raft::majority(self.servers) as u32 } else { 1 }
    }

    /// How long a client may believe a lease that it asked for with this time to live.
    pub fn believed(&self, ttl: Span) -> Span {
        match self.service {
            Service::Redlock if ttl.0 < u64::MAX => Span(ttl.0.saturating_sub(drift_allowance(ttl).0)),
            _ => ttl,
        }
    }

    /// The clock by which leases are counted here, as a signed number.
    pub fn clock_ns(&self, cx: &Cx<'_, Locks>) -> i64 {
        if self.wall { cx.clock_ns() } else { i64::try_from(cx.now().0).unwrap_or(i64::MAX) }
    }

    /// The same as an instant: moved far enough up that no step back leads below zero.
    pub fn clock(&self, cx: &Cx<'_, Locks>) -> Time {
        Time((self.clock_ns(cx).saturating_add(EPOCH_NS)).max(0).unsigned_abs())
    }

    /// True time of such an instant, if the clock was never set.
    pub fn true_time(&self, at: Time) -> Time {
        Time(at.0.saturating_sub(EPOCH_NS.unsigned_abs()))
    }
}

/// Some 36 years.
const EPOCH_NS: i64 = 1 << 60;

/// Refuses what makes no sense together.
pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (ttl, renew_every, timeout) = (knobs.span("ttl"), knobs.span("renew_every"), knobs.span("request_timeout"));
    if knobs.on("expiry") && knobs.on("renewal") && renew_every >= ttl {
        return Err(format!("knob `renew_every` is {renew_every}, but must be below `ttl`, which is {ttl}, or `renewal` off"));
    }
    if knobs.on("expiry") && timeout >= ttl {
        return Err(format!("knob `request_timeout` is {timeout}, but must be below `ttl`, which is {ttl}: an answer would come when the lease is over"));
    }
    let (servers, redlock) = (knobs.int("servers"), knobs.choice("service") == "redlock");
    if redlock && servers < 3 {
        return Err(format!("knob `servers` is {servers}, but must be at least 3 for redlock: a majority of fewer is all of them"));
    }
    Ok(())
}

impl System for Locks {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Watching;

    fn configure(knobs: &Knobs) -> Locks {
        let retry = knobs.span("retry");
        Locks {
            service: match knobs.choice("service") {
                "one-store" => Service::One,
                "redlock" => Service::Redlock,
                _ => Service::Raft,
            },
            servers: knobs.count("servers"),
            replica: match knobs.choice("replica") {
                "none" => Replica::None,
                "async" => Replica::Async,
                _ => Replica::Sync,
            },
            lag: knobs.span("replica_lag"),
            ttl: if knobs.on("expiry") { knobs.span("ttl") } else { Span(u64::MAX) },
            renew_every: (knobs.on("renewal") && knobs.on("expiry")).then(|| knobs.span("renew_every")),
            retry: Policy { base: retry, factor: 1.0, cap: retry, retries: u32::MAX, jitter: Jitter::named(knobs.choice("jitter")) },
            patience: knobs.span("patience"),
            work: knobs.span("work"),
            work_varies: knobs.on("work_varies"),
            base_rate: knobs.rate("base_rate").per_second(),
            clients: knobs.count("clients"),
            locks: knobs.count("locks") as u32,
            fencing: match knobs.choice("fencing") {
                "off" => Fencing::Off,
                "writes" => Fencing::Writes,
                _ => Fencing::All,
            },
            owner_check: knobs.on("owner_check"),
            self_check: knobs.on("self_check"),
            wall: knobs.choice("lease_clock") == "wall",
            persist: knobs.on("persist"),
            counters: knobs.choice("redlock_token") == "counters",
            request_timeout: knobs.span("request_timeout"),
            trip: Delay::with_jitter(knobs.span("round_trip").times(0.5), knobs.span("round_trip").times(0.05)),
            fsync: knobs.span("fsync"),
            raft: Config { watched: false, snapshot_after: 256, snapshot_keep: 16, ..Config::default() },
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let servers = match self.service {
            Service::Raft => {
                let ids: Vec<NodeId> = (0..self.servers).map(|_| stage.add("s", Role::Server(Box::default()))).collect();
                for id in &ids {
                    stage.with(*id, |node, _| {
                        if let Role::Server(server) = node {
                            server.found(&ids);
                        }
                    });
                }
                ids
            }
            Service::Redlock => (0..self.servers).map(|_| stage.add("s", Role::Store(Store::alone()))).collect(),
            Service::One if self.replica == Replica::None => vec![stage.add("s", Role::Store(Store::alone()))],
            Service::One => {
                let primary = stage.add("s", Role::Store(Store::alone()));
                let replica = stage.add("s", Role::Store(Store::replica_of(primary)));
                stage.with(primary, |node, _| {
                    if let Role::Store(store) = node {
                        store.pair(replica);
                    }
                });
                vec![primary, replica]
            }
        };
        let storage = stage.add_one("storage", Role::Storage(Storage::default()));
        for number in 1..=self.clients as u32 {
            let rng = stage.rng(&format!("arrivals {number}"));
            stage.add("client", Role::Client(Box::new(Client::new(number, servers.clone(), storage, rng))));
        }
    }

    fn delay(&self, _: &'static str, _: &'static str) -> Delay {
        self.trip
    }

    fn disk(&self, _: &'static str) -> Disk {
        Disk { sync: Delay::fixed(self.fsync), torn: false, metric: None }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "promote" => promote(stage),
            _ => job(stage, action),
        }
    }

    fn on_drain(stage: &mut Stage<'_, Self>) {
        for id in stage.role("s").into_iter().filter(|id| stage.is_up(*id)).collect::<Vec<_>>() {
            stage.with(id, |node, cx| {
                if let Role::Server(server) = node {
                    server.settle(cx);
                }
            });
        }
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        verdict::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

impl Host for Locks {
    type Machine = Machine;

    fn raft(&self) -> &Config {
        &self.raft
    }

    fn message(message: raft::Message<Machine>) -> Msg {
        Msg::Raft(Box::new(message))
    }

    fn timer(timer: raft::Timer) -> Timer {
        Timer::Raft(timer)
    }

    fn fact(_: raft::Fact) -> Fact {
        // The five safety properties are judged in the problem about consensus.
        Fact::OfRaft
    }
}

/// The replica of the one store takes over, as a sentinel would have it.
fn promote(stage: &mut Stage<'_, Locks>) -> Result<(), String> {
    let replica = stage.role("s").into_iter().find(|id| matches!(stage.node(*id), Role::Store(store) if !store.is_primary()));
    let Some(id) = replica else {
        return Err("there is no replica to promote: one store with a replica has one; a Raft group elects by itself, and Redlock's stores are equals".into());
    };
    if !stage.is_up(id) {
        return Err(format!("{} is not up", stage.name(id)));
    }
    stage.log(format!("{} takes over as primary", stage.name(id)));
    stage.with(id, |node, cx| {
        if let Role::Store(store) = node {
            store.promote(cx);
        }
    });
    Ok(())
}

/// A client begins a job now.
fn job(stage: &mut Stage<'_, Locks>, action: &Action) -> Result<(), String> {
    let name = action.text("client").unwrap_or("client1").to_string();
    let (id, locks) = (stage.find(&name)?, stage.system().locks);
    let lock = action.int("lock").unwrap_or(1).clamp(1, i64::from(locks)) as u32;
    if !stage.is_up(id) {
        return Err(format!("{name} is not up"));
    }
    stage.with(id, |node, cx| match node {
        Role::Client(client) => client.begin(lock, action.span("work"), cx),
        _ => Err(format!("{name} is no client")),
    })
}
