//! The pastebin's configuration: what its knobs mean, who is who, what things cost.

use super::act;
use super::app::App;
use super::cache::CacheNode;
use super::client::Client;
use super::messages::{Draft, Msg, Timer};
use super::meta::Meta;
use super::role::Role;
use super::store::Store;
use super::sweeper::Sweeper;
use super::view;
use super::watch::Shadow;
use crate::kernel::action::Action;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::sha256::sha256_prefix;
use std::sync::Arc;

/// What the knobs mean.
#[derive(Clone, Debug)]
pub struct Pastebin {
    pub servers: usize,
    pub create_rate: f64,
    pub read_rate: f64,
    pub skew: f64,
    pub front_share: f64,
    pub body: u64,
    pub limit: u64,
    pub duplicate_share: f64,
    pub burn_share: f64,
    pub burn_readers: u64,
    pub private_share: f64,
    pub unlisted_share: f64,
    pub delete_share: f64,
    pub short_share: f64,
    pub short: Span,
    pub long: Span,
    pub check_expiry: bool,
    pub sweeper: bool,
    pub sweep_period: Span,
    pub grace: Span,
    pub fence: bool,
    pub atomic_take: bool,
    pub body_first: bool,
    pub holders: bool,
    pub dedup: bool,
    pub short_names: bool,
    pub cache: u64,
    pub whole_pastes: bool,
    pub blob_time: Span,
}

/// Nobody waits longer for an answer, and no server works longer on one request.
pub const PATIENCE: Span = Span::secs(2);
/// A server waits so long for another node before it asks again, or goes on without.
pub const CACHE_PATIENCE: Span = Span::millis(20);
pub const STORE_PATIENCE: Span = Span::millis(500);
/// What a machine moves from disk to network in a second.
const BANDWIDTH: u64 = 100_000_000;
/// The key-value store's time for one request.
pub const META_TIME: Span = Span::millis(1);

/// Who is who: the same in every node, fixed when the world is built.
#[derive(Clone, Debug)]
pub struct Map {
    pub apps: Vec<NodeId>,
    pub meta: NodeId,
    pub blobs: NodeId,
    pub cache: NodeId,
}

impl Pastebin {
    /// The name under which a body is kept: of its content, or of its own where nothing is shared. A body is described here by
    /// its content's number and its length; that description is what is hashed.
    pub fn name(&self, draft: &Draft, id: u64) -> u64 {
        let own = if self.dedup { 0 } else { id };
        let text: Vec<u8> = [draft.body.content, draft.body.bytes, own].iter().flat_map(|word| word.to_be_bytes()).collect();
        let name = sha256_prefix(&text);
        if self.short_names { name >> 48 } else { name }
    }

    /// The blob store's time for a body.
    pub fn moving(&self, bytes: u64) -> Span {
        self.blob_time + Span(bytes.saturating_mul(1_000_000_000 / BANDWIDTH))
    }
}

impl System for Pastebin {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Shadow;

    fn configure(knobs: &Knobs) -> Pastebin {
        Pastebin {
            servers: knobs.count("servers"),
            create_rate: knobs.rate("create_rate").per_second(),
            read_rate: knobs.rate("read_rate").per_second(),
            skew: knobs.num("skew"),
            front_share: knobs.num("front_share"),
            body: knobs.size("body"),
            limit: knobs.size("limit"),
            duplicate_share: knobs.num("duplicate_share"),
            burn_share: knobs.num("burn_share"),
            burn_readers: knobs.count("burn_readers") as u64,
            private_share: knobs.num("private_share"),
            unlisted_share: knobs.num("unlisted_share"),
            delete_share: knobs.num("delete_share"),
            short_share: knobs.num("short_share"),
            short: knobs.span("short"),
            long: knobs.span("long"),
            check_expiry: knobs.on("check_expiry"),
            sweeper: knobs.on("sweeper"),
            sweep_period: knobs.span("sweep_period"),
            grace: knobs.span("grace"),
            fence: knobs.on("fence"),
            atomic_take: knobs.choice("take") == "atomic",
            body_first: knobs.choice("write_order") == "body-first",
            holders: knobs.choice("references") == "holders",
            dedup: knobs.on("dedup"),
            short_names: knobs.choice("digest") == "16-bit",
            cache: knobs.size("cache"),
            whole_pastes: knobs.choice("cached") == "pastes",
            blob_time: knobs.span("blob_time"),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Pastebin>) {
        let after = 1 + self.servers as u32;
        let map = Arc::new(Map { apps: (1..after).map(NodeId).collect(), meta: NodeId(after), cache: NodeId(after + 1), blobs: NodeId(after + 2) });
        let loads = [stage.rng("makes"), stage.rng("reads")];
        stage.add_one("client", Role::Client(Box::new(Client::new(Arc::clone(&map), self, loads))));
        for n in 0..self.servers {
            stage.add("app", Role::App(Box::new(App::new(Arc::clone(&map), n))));
        }
        stage.add_one("meta", Role::Meta(Box::default()));
        stage.add_one("cache", Role::Cache(CacheNode::new(self.cache)));
        stage.add_one("blobs", Role::Store(Box::default()));
        stage.add_one("sweeper", Role::Sweeper(Sweeper::new(map)));
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        if from == "client" || to == "client" {
            Delay::with_jitter(Span::millis(10), Span::millis(2))
        } else {
            Delay::with_jitter(Span::micros(250), Span::micros(50))
        }
    }

    fn act(stage: &mut Stage<'_, Pastebin>, action: &Action) -> Result<(), String> {
        act::act(stage, action)
    }

    fn on_drain(stage: &mut Stage<'_, Pastebin>) {
        for id in stage.role("sweeper") {
            stage.with(id, |node, cx| {
                if let Role::Sweeper(sweeper) = node {
                    sweeper.plan_last(cx);
                }
            });
        }
    }

    fn finally(world: &World<Pastebin>, lamps: &mut Lamps) {
        super::watch::judge_at_last(world, lamps);
    }

    fn pane(world: &World<Pastebin>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

/// Nodes of the run, by role.
pub fn meta(world: &World<Pastebin>) -> Option<&Meta> {
    world.ids().find_map(|id| if let Role::Meta(meta) = world.node(id) { Some(&**meta) } else { None })
}

pub fn store(world: &World<Pastebin>) -> Option<&Store> {
    world.ids().find_map(|id| if let Role::Store(store) = world.node(id) { Some(&**store) } else { None })
}

pub fn sweeper(world: &World<Pastebin>) -> Option<&Sweeper> {
    world.ids().find_map(|id| if let Role::Sweeper(sweeper) = world.node(id) { Some(sweeper) } else { None })
}
