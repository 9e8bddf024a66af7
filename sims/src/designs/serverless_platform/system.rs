//! What the knobs mean, and the nodes a run begins with.

use super::billing::Meter;
use super::client::Clients;
use super::control::Control;
use super::messages::{Msg, Timer};
use super::role::Role;
use super::router::Router;
use super::watch::Auditor;
use super::worker::Worker;
use super::{finally, view};
use crate::kernel::action::Action;
use crate::kernel::disk::Disk;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::load::Arrivals;
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::autoscale::Policy;
use crate::parts::meter::Rounding;

pub struct Serverless {
    pub tenants: u32,
    /// Functions of each tenant.
    pub per_tenant: u32,
    pub workers: usize,
    pub worker_mb: u32,
    pub memory_mb: u32,
    pub keep_alive: Span,
    pub reuse: bool,
    pub limit: u32,
    pub limits: bool,
    pub queue: usize,
    pub fair: bool,
    /// A sandbox that falls free serves a waiting call of its own function first.
    pub same_function: bool,
    pub spread: bool,
    pub cold: Span,
    pub restore: Span,
    pub snapshots: bool,
    pub duration: Span,
    pub lengths_vary: bool,
    pub timeout: Span,
    pub timeout_by_worker: bool,
    pub scale_to_target: bool,
    pub policy: Policy,
    pub prewarm: bool,
    season: Span,
    pub lease: Span,
    after_lease: bool,
    pub warm_by_version: bool,
    pub canary: f64,
    pub auto_rollback: bool,
    pub rounding: Rounding,
    pub granularity_ms: u64,
    pub bill_touched: bool,
    pub dedup: bool,
    pub usage_durable: bool,
    pub period: Span,
    pub base_rate: f64,
    pub shape: Arrivals,
    pub skew: f64,
    /// What has had no acknowledgement is sent again after this.
    pub resend: Span,
    trip: Delay,
    sync: Delay,
}

/// A lease is worth renewing only if question and answer fit into it several times.
const LEASE_TRIPS: u64 = 12;

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (memory, whole) = (knobs.int("memory"), knobs.int("worker_memory") * 1024);
    if memory > whole {
        return Err(format!("knob `memory` is {memory} MB, but must be at most `worker_memory`, which is {whole} MB"));
    }
    let (lease, trip) = (knobs.span("lease"), knobs.span("trip"));
    if lease < trip * LEASE_TRIPS {
        return Err(format!("knob `lease` is {lease}, but must be at least {LEASE_TRIPS} trips of {trip}: renewals would come too late"));
    }
    let (burst, season) = (knobs.span("burst"), knobs.span("season"));
    if knobs.choice("shape") == "bursts" && burst >= season {
        return Err(format!("knob `burst` is {burst}, but must be shorter than `season`, which is {season}: else there is no pause"));
    }
    let (restore, cold) = (knobs.span("restore"), knobs.span("cold"));
    if restore > cold {
        return Err(format!("knob `restore` is {restore}, but must be at most `cold`, which is {cold}: else nobody would take snapshots"));
    }
    Ok(())
}

impl Serverless {
    pub fn functions(&self) -> u32 {
        self.tenants * self.per_tenant
    }

    /// From one sign of life to the next.
    pub fn beat(&self) -> Span {
        Span(self.lease.0 / 4)
    }

    /// After so much silence a worker is given up: when its right to run is over, or as soon as it looks dead.
    pub fn silence(&self) -> Span {
        if self.after_lease { self.lease } else { self.beat() * 2 }
    }

    pub fn season_seconds(&self) -> usize {
        (self.season.as_secs() as usize).max(1)
    }
}

fn shape(knobs: &Knobs) -> Arrivals {
    let (season, burst) = (knobs.span("season"), knobs.span("burst"));
    match knobs.choice("shape") {
        "steady" => Arrivals::Steady,
        "bursts" => Arrivals::Bursty { on: burst, off: Span(season.0.saturating_sub(burst.0)) },
        "day" => Arrivals::Diurnal { period: season, swing: 0.9 },
        _ => Arrivals::Poisson,
    }
}

impl System for Serverless {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Auditor;

    fn configure(knobs: &Knobs) -> Serverless {
        let trip = knobs.span("trip");
        let stabilised = knobs.choice("scale_down") == "stabilised";
        let unless_naive = |span: Span| if stabilised { span } else { Span::ZERO };
        Serverless {
            tenants: knobs.count("tenants") as u32,
            per_tenant: knobs.count("functions") as u32,
            workers: knobs.count("workers"),
            worker_mb: knobs.count("worker_memory") as u32 * 1024,
            memory_mb: knobs.count("memory") as u32,
            keep_alive: knobs.span("keep_alive"),
            reuse: knobs.on("reuse"),
            limit: knobs.count("limit") as u32,
            limits: knobs.on("limits"),
            queue: knobs.count("queue"),
            fair: knobs.choice("order") == "fair",
            same_function: knobs.choice("hand_over") == "same-function",
            spread: knobs.choice("placement") == "spread",
            cold: knobs.span("cold"),
            restore: knobs.span("restore"),
            snapshots: knobs.on("snapshots"),
            duration: knobs.span("duration"),
            lengths_vary: knobs.choice("lengths") == "exponential",
            timeout: knobs.span("timeout"),
            timeout_by_worker: knobs.choice("timeout_by") == "worker",
            scale_to_target: knobs.choice("scaling") == "target",
            policy: Policy {
                headroom: knobs.num("headroom"),
                band: 0.7,
                stabilise: unless_naive(knobs.span("stabilise")),
                cooldown: unless_naive(Span::secs(5)),
                round_up: knobs.choice("capacity") == "ceiling",
            },
            prewarm: knobs.choice("prewarm") == "forecast",
            season: knobs.span("season"),
            lease: knobs.span("lease"),
            after_lease: knobs.choice("give_up") == "after-lease",
            warm_by_version: knobs.choice("warm_by") == "version",
            canary: knobs.num("canary"),
            auto_rollback: knobs.on("auto_rollback"),
            rounding: Rounding::named(knobs.choice("rounding")),
            granularity_ms: knobs.count("granularity") as u64,
            bill_touched: knobs.choice("bill_by") == "touched",
            dedup: knobs.on("dedup"),
            usage_durable: knobs.choice("usage") == "journal",
            period: knobs.span("period"),
            base_rate: knobs.rate("base_rate").per_second(),
            shape: shape(knobs),
            skew: knobs.num("skew"),
            resend: Span::millis(500) + trip * 4,
            trip: Delay::with_jitter(trip, trip.times(0.2)),
            sync: Delay::with_jitter(Span::micros(200), Span::micros(50)),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let [clients, router, control, meter] = [0, 1, 2, 3].map(NodeId);
        let workers: Vec<NodeId> = (0..self.workers as u32).map(|n| NodeId(4 + n)).collect();
        let node = Clients::new(router, self, stage.rng("arrivals"), stage.rng("noise"));
        stage.add_one("clients", Role::Clients(Box::new(node)));
        stage.add_one("router", Role::Router(Box::new(Router::new(clients, control, &workers, self))));
        stage.add_one("control", Role::Control(Box::new(Control::new(router, self))));
        stage.add_one("meter", Role::Meter(Box::new(Meter::new(self))));
        for rank in 0..self.workers {
            stage.add("w", Role::Worker(Box::new(Worker::new(router, meter, rank as u16))));
        }
    }

    fn delay(&self, _from: &'static str, _to: &'static str) -> Delay {
        self.trip
    }

    fn disk(&self, _role: &'static str) -> Disk {
        Disk { sync: self.sync, torn: true, metric: None }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        if matches!(action.name.as_str(), "publish" | "roll-back") {
            let function = action.int("function").unwrap_or(1).unsigned_abs() as u32;
            let functions = stage.system().functions();
            if function == 0 || function > functions {
                return Err(format!("there is no function {function}; there are 1 to {functions}"));
            }
            let control = stage.find("control")?;
            if !stage.is_up(control) {
                return Err("the control plane is down: nothing can be published or taken back".into());
            }
            return stage.with(control, |node, cx| match node {
                Role::Control(control) if action.name == "publish" => {
                    control.publish(function - 1, action.text("code") == Some("bad"), cx);
                    Ok(())
                }
                Role::Control(control) => control.roll_back(function - 1, cx),
                _ => Ok(()),
            });
        }
        let clients = stage.find("clients")?;
        stage.with(clients, |node, cx| if let Role::Clients(clients) = node { clients.act(action, cx) } else { Ok(()) })
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        finally::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}
