//! The shortener's configuration: what its knobs mean, who is who, what things cost.

use super::act;
use super::app::App;
use super::cache::CacheNode;
use super::clicks::Counter;
use super::client::Client;
use super::messages::{Link, Msg, Timer};
use super::metrics::{CODE_SPACE, USED_AFTER_5Y};
use super::ranges::Ranges;
use super::role::Role;
use super::shard::Shard;
use super::view;
use super::watch::Shadow;
use crate::kernel::action::Action;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::codes::{Alphabet, BASE62, Code, HEX};
use crate::parts::feistel::Feistel;
use crate::parts::hash::mix;

/// Where the numbers behind the codes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generator {
    /// Counted up, from ranges that servers lease.
    Counter,
    /// The address's hash, cut to the length of a code; salted anew after a collision.
    Hash,
    Random,
}

/// How the store makes sure that a number is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insert {
    /// The store refuses what is taken, in one step.
    Unique,
    /// Asks first and puts then: two steps, and another server between them.
    CheckFirst,
    /// Puts without looking.
    Over,
}

/// What the knobs mean.
#[derive(Clone, Debug)]
pub struct Shortener {
    pub generator: Generator,
    pub leased: bool,
    pub insert: Insert,
    pub alphabet: &'static Alphabet,
    pub length: usize,
    /// Codes are filled up to their length; in the books the loop ends when nothing is left of the number, and zero has no symbol at all.
    pub padded: bool,
    pub permuted: Option<Feistel>,
    pub range: u64,
    pub servers: usize,
    pub shards: usize,
    pub cache: u64,
    pub links: usize,
    pub skew: f64,
    pub create_rate: f64,
    pub visit_rate: f64,
    pub resubmit: f64,
    pub ttl: Span,
    pub store_time: Span,
    pub remember_unknown: bool,
    pub check_expiry: bool,
    pub flush: Span,
    pub click_log: bool,
    pub count_once: bool,
}

/// The key of the permutation: any will do, as long as it stays.
const KEY: u64 = 0x5eed_0f1e;
const FIVE_YEARS: Span = Span::secs(5 * 365 * 86_400);
/// Nobody waits longer for an answer.
pub const PATIENCE: Span = Span::secs(2);
/// A server waits so long for another node before it goes on without.
pub const CACHE_PATIENCE: Span = Span::millis(20);
pub const STORE_PATIENCE: Span = Span::millis(500);
/// Links are kept in the store for so long after they expired, so that no clock finds one gone too early.
pub const GRACE: Span = Span::secs(5);

/// Who is who: the same in every node, fixed when the world is built.
#[derive(Clone, Debug)]
pub struct Map {
    pub apps: Vec<NodeId>,
    pub ranges: NodeId,
    pub cache: NodeId,
    pub shards: Vec<NodeId>,
    pub counter: NodeId,
}

impl Map {
    /// The store is sharded by code, so that a redirect asks one shard.
    pub fn shard_of(&self, number: u64) -> NodeId {
        self.shards[(mix(number) % self.shards.len() as u64) as usize]
    }
}

impl Shortener {
    pub fn code_space(&self) -> u64 {
        self.alphabet.codes(self.length as u32)
    }

    /// The number that users see for a counted one: a permuted one, if that is switched on.
    pub fn shown(&self, counted: u64) -> u64 {
        self.permuted.as_ref().map_or(counted, |network| network.permute(counted))
    }

    pub fn code(&self, number: u64) -> Code {
        if self.padded { self.alphabet.encode(number, self.length) } else { self.alphabet.encode_by_the_book(number) }
    }

    /// The number a code stands for; none if it is no code of ours.
    pub fn number(&self, code: &Code) -> Option<u64> {
        self.alphabet.decode(code.as_bytes())
    }

    /// The number a code was made from, as whoever made it knows: only zero can have become no symbol at all.
    pub fn meant(&self, code: &Code) -> Option<u64> {
        if code.is_empty() { Some(0) } else { self.number(code) }
    }

    fn tell(&self, stage: &mut Stage<'_, Shortener>) {
        let space = self.code_space() as f64;
        stage.gauge(CODE_SPACE, space);
        stage.gauge(USED_AFTER_5Y, (self.links as f64 + self.create_rate * FIVE_YEARS.as_secs()) / space);
    }

    /// An address's hash, salted by the attempt, cut to the space of codes.
    pub fn hashed(&self, address: u64, attempt: u32) -> u64 {
        mix(mix(address) ^ u64::from(attempt)) % self.code_space()
    }
}

impl System for Shortener {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Shadow;

    fn configure(knobs: &Knobs) -> Shortener {
        let alphabet = if knobs.choice("alphabet") == "hex" { &HEX } else { &BASE62 };
        let length = knobs.count("length");
        Shortener {
            generator: match knobs.choice("generator") {
                "hash" => Generator::Hash,
                "random" => Generator::Random,
                _ => Generator::Counter,
            },
            leased: knobs.choice("numbers") == "leased",
            insert: match knobs.choice("insert") {
                "check-then-insert" => Insert::CheckFirst,
                "over" => Insert::Over,
                _ => Insert::Unique,
            },
            alphabet,
            length,
            padded: knobs.choice("encoding") == "padded",
            permuted: knobs.on("permute").then(|| Feistel::new(alphabet.codes(length as u32), KEY)),
            range: knobs.count("range") as u64,
            servers: knobs.count("servers"),
            shards: knobs.count("shards"),
            cache: knobs.count("cache") as u64,
            links: knobs.count("links"),
            skew: knobs.num("skew"),
            create_rate: knobs.rate("create_rate").per_second(),
            visit_rate: knobs.rate("visit_rate").per_second(),
            resubmit: knobs.num("resubmit"),
            ttl: knobs.span("ttl"),
            store_time: knobs.span("store_time"),
            remember_unknown: knobs.on("remember_unknown"),
            check_expiry: knobs.on("check_expiry"),
            flush: knobs.span("flush"),
            click_log: knobs.on("click_log"),
            count_once: knobs.on("count_once"),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Shortener>) {
        let first = 1;
        let apps: Vec<NodeId> = (0..self.servers).map(|n| NodeId((first + n) as u32)).collect();
        let after = first + self.servers;
        let shards: Vec<NodeId> = (0..self.shards).map(|n| NodeId((after + 2 + n) as u32)).collect();
        let map = std::sync::Arc::new(Map {
            apps,
            ranges: NodeId(after as u32),
            cache: NodeId((after + 1) as u32),
            counter: NodeId((after + 2 + self.shards) as u32),
            shards,
        });
        // Links that were there before the run: they have the first numbers.
        let old: Vec<(u64, Link)> = (0..self.links as u64).map(|n| (self.first_number(n), Link { address: n, expires: self.old_expiry(n) })).collect();
        let loads = [stage.rng("makes"), stage.rng("visits")];
        stage.add_one("client", Role::Client(Box::new(Client::new(std::sync::Arc::clone(&map), self, &old, loads))));
        for n in 0..self.servers {
            stage.add("app", Role::App(Box::new(App::new(std::sync::Arc::clone(&map), n))));
        }
        stage.add_one("ranges", Role::Ranges(Ranges::after(self.links as u64)));
        stage.add_one("cache", Role::Cache(CacheNode::new(self.cache)));
        for id in &map.shards {
            let rows = old.iter().filter(|(number, _)| map.shard_of(*number) == *id);
            stage.add("shard", Role::Shard(Shard::new(rows.copied())));
        }
        stage.add_one("counter", Role::Counter(Counter::default()));
        stage.watch().begin(old.iter().copied());
        self.tell(stage);
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        if from == "client" || to == "client" {
            Delay::with_jitter(Span::millis(10), Span::millis(2))
        } else {
            Delay::with_jitter(Span::micros(250), Span::micros(50))
        }
    }

    fn act(stage: &mut Stage<'_, Shortener>, action: &Action) -> Result<(), String> {
        act::act(stage, action)
    }

    fn knobs_changed(stage: &mut Stage<'_, Shortener>) {
        stage.shared().tell(stage);
        for id in stage.all_up() {
            stage.with(id, Node::on_knobs);
        }
    }

    fn finally(world: &World<Shortener>, lamps: &mut Lamps) {
        super::watch::judge_at_last(world, lamps);
    }

    fn pane(world: &World<Shortener>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

impl Shortener {
    /// The number of the n-th link of old: as the generator would have made it.
    fn first_number(&self, n: u64) -> u64 {
        match self.generator {
            Generator::Counter => self.shown(n),
            // Old links came without a collision: whoever collided got another salt.
            Generator::Hash | Generator::Random => Feistel::new(self.code_space(), !KEY).permute(n),
        }
    }

    /// Links of old expire one after another, as if they had been made at the present rate.
    fn old_expiry(&self, n: u64) -> Time {
        if self.ttl == Span::ZERO {
            return Time::MAX;
        }
        let share = (n + 1) as f64 / self.links.max(1) as f64;
        Time::ZERO + Span::from_secs_f64(self.ttl.as_secs() * share.max(0.2))
    }
}
