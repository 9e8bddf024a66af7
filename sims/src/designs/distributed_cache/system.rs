//! What the knobs mean, who is there at the start, and what can be done to it.

use super::app::{App, ScanOrder};
use super::cache_node::CacheNode;
use super::messages::{Msg, Plan};
use super::monitor::Monitor;
use super::origin::Origin;
use super::watch::CacheWatch;
use super::{metrics, view};
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Look, Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::cache::Policy;
use crate::parts::hash::mix;
use crate::parts::ring::{Placement, Ring};
use crate::parts::zipf::Zipf;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// Write the origin, then tell the cache that what it holds is old.
    Aside,
    /// Write the origin and the cache before answering.
    Through,
    /// Write the cache, answer, bring it to the origin later.
    Behind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalidation {
    /// Each write tells the replicas.
    Message,
    /// Each read asks the origin's version index how new the value must be.
    Version,
    /// Nobody tells anybody: what is old goes when its time is up.
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coalesce {
    None,
    SingleFlight,
    Lease,
}

#[derive(Clone, Debug)]
pub struct Caching {
    pub servers: usize,
    pub nodes: usize,
    pub virtual_nodes: usize,
    pub replicas: usize,
    pub reads: usize,
    pub writes: usize,
    pub placement: Placement,
    pub policy: Policy,
    pub capacity: u64,
    pub zipf: Arc<Zipf>,
    pub rate: f64,
    pub read_share: f64,
    pub ttl: Span,
    pub jitter: f64,
    pub write_mode: WriteMode,
    pub invalidation: Invalidation,
    pub coalesce: Coalesce,
    pub tombstones: bool,
    pub handover: bool,
    pub synced_votes: bool,
    pub sloppy: bool,
    pub warm_up: bool,
    pub full_at_start: bool,
    pub origin_slots: usize,
    pub origin_time: Span,
    pub missed_pings: u32,
    pub flush_every: Span,
}

/// Cache nodes that a run may have, joined ones included.
pub const MEMBERS_MAX: usize = 120;

impl Caching {
    /// Where a key falls on the ring.
    pub fn place(key: u64) -> u64 {
        mix(key ^ 0x6b65_795f_706c_6163)
    }

    /// Bytes of a key's value: 256 to 1791, 1 KiB on average.
    pub fn bytes(key: u64) -> u32 {
        256 + (mix(key ^ 0x0062_7974_6573) % 1536) as u32
    }

    /// No entry lives longer.
    pub fn ttl_longest(&self) -> Span {
        self.ttl.times(1.0 + self.jitter)
    }

    pub fn set(&self, ring: &Ring, key: u64) -> Vec<u32> {
        let mut set = Vec::with_capacity(self.replicas);
        self.placement.replicas(ring, Caching::place(key), self.replicas, &mut set);
        set
    }

    pub fn owns(&self, ring: &Ring, key: u64, node: NodeId) -> bool {
        self.set(ring, key).contains(&node.0)
    }

    /// Answers that make a read, or a write, of a set of that size.
    pub fn read_quorum(&self, set: usize) -> usize {
        self.reads.min(set).max(1)
    }

    pub fn write_quorum(&self, set: usize) -> usize {
        self.writes.min(set).max(1)
    }
}

#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "a world holds few of them and moves none")]
pub enum Machine {
    App(App),
    Cache(CacheNode),
    Origin(Origin),
    Monitor(Monitor),
}

#[derive(Clone, Copy, Debug)]
pub enum Timer {
    Arrive,
    Scan,
    Hello,
    /// Some answers are late.
    Patience(u64),
    /// Come again for what another fetches.
    Again(u64),
    Deadline(u64),
    Served(u64),
    Tick,
    FlushDirty,
    PullAgain,
    ReturnHints,
}

impl System for Caching {
    type Node = Machine;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = CacheWatch;

    fn configure(knobs: &Knobs) -> Self {
        Caching {
            servers: knobs.count("servers"),
            nodes: knobs.count("nodes"),
            virtual_nodes: knobs.count("virtual_nodes"),
            replicas: knobs.count("replicas"),
            reads: knobs.count("reads"),
            writes: knobs.count("writes"),
            placement: match knobs.choice("placement") {
                "modulo" => Placement::Modulo,
                "next-points" => Placement::NextPoints,
                _ => Placement::Ring,
            },
            policy: Policy::named(knobs.choice("policy")),
            capacity: knobs.size("capacity"),
            zipf: Arc::new(Zipf::new(knobs.count("keys"), knobs.num("skew"))),
            rate: knobs.rate("base_rate").per_second(),
            read_share: knobs.num("read_share"),
            ttl: knobs.span("ttl"),
            jitter: knobs.num("jitter"),
            write_mode: match knobs.choice("write") {
                "through" => WriteMode::Through,
                "behind" => WriteMode::Behind,
                _ => WriteMode::Aside,
            },
            invalidation: match knobs.choice("invalidation") {
                "version" => Invalidation::Version,
                "time" => Invalidation::Time,
                _ => Invalidation::Message,
            },
            coalesce: match knobs.choice("coalesce") {
                "none" => Coalesce::None,
                "single-flight" => Coalesce::SingleFlight,
                _ => Coalesce::Lease,
            },
            tombstones: knobs.on("tombstones"),
            handover: knobs.on("handover"),
            synced_votes: knobs.on("synced_votes"),
            sloppy: knobs.on("sloppy"),
            warm_up: knobs.on("warm_up"),
            full_at_start: knobs.choice("start") == "full",
            origin_slots: knobs.count("origin_slots"),
            origin_time: knobs.span("origin_time"),
            missed_pings: knobs.int("missed_pings") as u32,
            flush_every: knobs.span("flush_every"),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let origin = stage.add_one("origin", Machine::Origin(Origin::default()));
        // The cache nodes' ids follow the servers' and the monitor's.
        let first = 2 + self.servers as u32;
        let members: Vec<u32> = (first..first + self.nodes as u32).collect();
        let salt = stage.rng("ring").u64();
        let plan = Plan { phase: 1, read: Arc::new(Ring::new(&members, self.virtual_nodes, salt)), also: None };
        let members: Vec<NodeId> = members.into_iter().map(NodeId).collect();
        let monitor = stage.add_one("monitor", Machine::Monitor(Monitor::new(plan.clone(), &members)));
        for number in 0..self.servers {
            let loads = crate::kernel::rng::Rng::numbered(stage.rng("load").u64(), "server", number as u64);
            stage.add("app", Machine::App(App::new(plan.clone(), origin, monitor, loads)));
        }
        let mut caches: Vec<CacheNode> = members.iter().map(|_| CacheNode::new(self, origin)).collect();
        if self.full_at_start {
            let mut chance = stage.rng("start");
            for key in 0..self.zipf.keys() as u64 {
                let age = if self.jitter > 0.0 { chance.unit() } else { 0.0 };
                for owner in self.set(&plan.read, key) {
                    caches[(owner - first) as usize].preload(key, self, age);
                }
            }
        }
        for cache in caches {
            stage.add("c", Machine::Cache(cache));
        }
        stage.gauge(metrics::IMBALANCE, plan.read.imbalance());
        stage.gauge(metrics::MEMBERS, self.nodes as f64);
        stage.gauge(metrics::REPLICAS_LEAST, fewest_replicas(self, &plan.read) as f64);
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        match (from, to) {
            // A rack away.
            ("app", "c") | ("c", "app") => Delay::with_jitter(Span::micros(120), Span::micros(30)),
            _ => Delay::with_jitter(Span::micros(250), Span::micros(50)),
        }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "join" => join(stage),
            "leave" => leave(stage, action.text("node").unwrap_or_default()),
            "flush" => {
                for id in chosen_caches(stage, action.text("node").unwrap_or("all"))? {
                    stage.with(id, |node, cx| {
                        if let Machine::Cache(cache) = node {
                            cache.flush(cx);
                        }
                    });
                }
                Ok(())
            }
            "expire-hot" => {
                for id in stage.role("c") {
                    stage.with(id, |node, cx| {
                        if let Machine::Cache(cache) = node {
                            cache.expire(0, cx);
                        }
                    });
                }
                Ok(())
            }
            "scan" => {
                let order = ScanOrder { next: 0, per_second: action.num("per_second").unwrap_or(1000.0) };
                let app = stage.role("app").first().copied().ok_or("there is no application server")?;
                stage.with(app, |node, cx| {
                    if let Machine::App(app) = node {
                        app.scan(order, cx);
                    }
                });
                Ok(())
            }
            "rush" => {
                let (n, key) = (action.int("n").unwrap_or(100), action.int("key").unwrap_or(0) as u64);
                let apps = stage.role("app");
                for (at, app) in apps.iter().enumerate() {
                    let share = (n as usize + apps.len() - 1 - at) / apps.len();
                    stage.with(*app, |node, cx| {
                        if let Machine::App(app) = node {
                            app.rush(share, key, cx);
                        }
                    });
                }
                Ok(())
            }
            other => Err(format!("`{other}` is not done here")),
        }
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        super::watch::judge_origin(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

/// Nodes that the smallest replica set among some keys stands on.
fn fewest_replicas(system: &Caching, ring: &Ring) -> usize {
    (0..2_000).map(|key| system.set(ring, key).len()).min().unwrap_or(0)
}

fn chosen_caches(stage: &Stage<'_, Caching>, name: &str) -> Result<Vec<NodeId>, String> {
    let caches = stage.role("c");
    if name == "all" {
        return Ok(caches);
    }
    let id = stage.find(name)?;
    if caches.contains(&id) { Ok(vec![id]) } else { Err(format!("`{name}` is no cache node: c1 to c{}", caches.len())) }
}

fn with_monitor(stage: &mut Stage<'_, Caching>, f: impl FnOnce(&mut Monitor, &mut Cx<'_, Caching>) -> Result<(), String>) -> Result<(), String> {
    let monitor = stage.find("monitor")?;
    stage.with(monitor, |node, cx| match node {
        Machine::Monitor(monitor) => f(monitor, cx),
        _ => Err("the monitor is gone".into()),
    })
}

fn join(stage: &mut Stage<'_, Caching>) -> Result<(), String> {
    if stage.role("c").len() >= MEMBERS_MAX {
        return Err(format!("there are {MEMBERS_MAX} cache nodes already"));
    }
    let origin = stage.find("origin")?;
    let system = stage.shared();
    let id = stage.add("c", Machine::Cache(CacheNode::blank(&system, origin)));
    with_monitor(stage, |monitor, _| {
        monitor.admit(id);
        Ok(())
    })
}

fn leave(stage: &mut Stage<'_, Caching>, name: &str) -> Result<(), String> {
    let ids = chosen_caches(stage, name)?;
    for id in ids {
        with_monitor(stage, |monitor, _| monitor.dismiss(id))?;
    }
    Ok(())
}

impl Node<Caching> for Machine {
    fn on_start(&mut self, cx: &mut Cx<'_, Caching>) {
        match self {
            Machine::App(app) => app.start(cx),
            Machine::Cache(_) | Machine::Origin(_) => {}
            Machine::Monitor(monitor) => monitor.start(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Caching>) {
        match self {
            Machine::App(app) => app.hear(from, msg, cx),
            Machine::Cache(cache) => cache.hear(from, msg, cx),
            Machine::Origin(origin) => origin.hear(from, msg, cx),
            Machine::Monitor(monitor) => monitor.hear(from, &msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Caching>) {
        match self {
            Machine::App(app) => app.wake(timer, cx),
            Machine::Cache(cache) => cache.wake(timer, cx),
            Machine::Origin(origin) => origin.wake(timer, cx),
            Machine::Monitor(monitor) => monitor.wake(timer, cx),
        }
    }

    fn on_crash(&mut self) {
        match self {
            Machine::App(app) => app.crash(),
            Machine::Cache(cache) => cache.crash(),
            Machine::Origin(origin) => origin.crash(),
            Machine::Monitor(_) => {}
        }
    }

    fn on_knobs(&mut self, cx: &mut Cx<'_, Caching>) {
        if let Machine::Cache(cache) = self {
            cache.on_knobs(cx);
        }
    }

    fn weight(&self) -> usize {
        match self {
            Machine::App(app) => app.weight(),
            Machine::Cache(cache) => cache.weight(),
            Machine::Origin(origin) => origin.weight(),
            // A few entries per node.
            Machine::Monitor(_) => 0,
        }
    }

    fn look(&self, system: &Caching) -> Look {
        match self {
            Machine::App(app) => app.look(),
            Machine::Cache(cache) => cache.look(system),
            Machine::Origin(origin) => origin.look(system),
            Machine::Monitor(monitor) => monitor.look(),
        }
    }
}
