//! The feed's configuration: what its knobs mean, who is who, what things cost.

use super::msg::{Msg, Timer};
use super::node::FeedNode;
use super::watch::FeedWatch;
use super::{act, build, verdict, view};
use crate::kernel::action::Action;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Node, NodeId, System};
use crate::kernel::rng::splitmix;
use crate::kernel::stage::Stage;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::graph::FollowGraph;
use crate::parts::timeline::PostId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Fan-out on write: a post is copied into each follower's timeline.
    Push,
    /// Fan-out on read: a reader's timeline is merged from the authors' own lists.
    Pull,
    /// Push for authors below the threshold, pull for the others.
    Hybrid,
}

/// What the knobs mean.
#[derive(Clone, Debug, PartialEq)]
pub struct NewsFeed {
    pub plan: Plan,
    pub users: u32,
    pub followees: f64,
    pub skew: f64,
    pub active: f64,
    pub skip_inactive: bool,
    pub post_rate: f64,
    pub post_skew: f64,
    pub read_rate: f64,
    pub return_rate: f64,
    pub churn_rate: f64,
    pub delete_rate: f64,
    pub apis: usize,
    pub workers: usize,
    pub shards: usize,
    pub stores: usize,
    pub page: usize,
    pub ranked: bool,
    pub chunk: usize,
    pub write_cost: Span,
    pub list_cost: Span,
    pub list_cache: Span,
    pub lease: Span,
    pub dedupe: bool,
    pub ack_after_delivery: bool,
    pub tombstones: bool,
    pub fence: bool,
    pub backfill: bool,
    pub retention: Span,
}

impl NewsFeed {
    /// Posts below this are too old to be shown, and are forgotten.
    pub fn horizon(&self, now: Time) -> PostId {
        PostId::since(now - self.retention)
    }
}

/// What decides which posts lie in which timeline. When it changes, timelines built under the old one are worthless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub strategy: Strategy,
    pub threshold: usize,
    pub keep: usize,
    pub trim: bool,
}

impl Plan {
    /// Whether an author's posts are fetched at read instead of being copied. Decided by the followers at the start of the run, so
    /// that every node agrees without asking.
    pub fn pulls(&self, graph: &FollowGraph, author: u32) -> bool {
        match self.strategy {
            Strategy::Push => false,
            Strategy::Pull => true,
            Strategy::Hybrid => graph.followers(author).len() >= self.threshold,
        }
    }

    /// Entries a timeline holds at most.
    pub fn bound(&self) -> usize {
        if self.trim { self.keep } else { usize::MAX }
    }

    /// Entries that may be missing after deletes before the timeline is filled up again: not every delete is worth a rebuild.
    pub fn slack(&self) -> usize {
        self.keep / 8
    }
}

/// What one step of local work takes. Write and list costs are knobs; these are constants of the model.
pub mod cost {
    use crate::kernel::time::Span;

    pub const GRAPH: Span = Span::micros(50);
    pub const GRAPH_PER_EDGE: Span = Span::nanos(20);
    pub const SHOW: Span = Span::micros(40);
    pub const INSERT: Span = Span::micros(2);
    pub const FETCH: Span = Span::micros(20);
    pub const FETCH_PER_POST: Span = Span::micros(2);
    /// Write a post or a tombstone so that a crash does not lose it.
    pub const SYNC: Span = Span::millis(1);
}

/// Nobody waits longer for a page.
pub const TIMEOUT: Span = Span::secs(5);

/// Who is who: the same in every node, fixed when the world is built.
#[derive(Clone, Debug)]
pub struct Map {
    pub graph: FollowGraph,
    pub client: NodeId,
    pub apis: Vec<NodeId>,
    pub social: NodeId,
    pub queue: NodeId,
    pub stores: Vec<NodeId>,
    pub shards: Vec<NodeId>,
}

impl Map {
    /// Where a user's timeline lies.
    pub fn shard_of(&self, user: u32) -> NodeId {
        self.shards[(splitmix(u64::from(user)) % self.shards.len() as u64) as usize]
    }

    /// Where an author's posts lie.
    pub fn store_of(&self, author: u32) -> NodeId {
        self.stores[(splitmix(u64::from(author) ^ 0x5707_e500) % self.stores.len() as u64) as usize]
    }

    /// Authors grouped by the store that has their posts.
    pub fn by_store(&self, authors: impl Iterator<Item = u32>) -> Vec<(NodeId, Vec<u32>)> {
        let mut groups: Vec<(NodeId, Vec<u32>)> = self.stores.iter().map(|store| (*store, Vec::new())).collect();
        for author in authors {
            let store = self.store_of(author);
            if let Some((_, group)) = groups.iter_mut().find(|(id, _)| *id == store) {
                group.push(author);
            }
        }
        groups.retain(|(_, group)| !group.is_empty());
        groups
    }
}

/// A machine that does one thing after another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Desk {
    free_at: Time,
}

impl Desk {
    /// Queues work of that length; how long until it is done.
    pub fn serve(&mut self, now: Time, work: Span) -> Span {
        self.free_at = self.free_at.max(now) + work;
        self.free_at.since(now)
    }
}

impl System for NewsFeed {
    type Node = FeedNode;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = FeedWatch;

    fn configure(knobs: &Knobs) -> NewsFeed {
        let strategy = match knobs.choice("strategy") {
            "push" => Strategy::Push,
            "pull" => Strategy::Pull,
            _ => Strategy::Hybrid,
        };
        NewsFeed {
            plan: Plan { strategy, threshold: knobs.count("threshold"), keep: knobs.count("keep"), trim: knobs.on("trim") },
            users: knobs.count("users") as u32,
            followees: knobs.num("followees"),
            skew: knobs.num("skew"),
            active: knobs.num("active"),
            skip_inactive: knobs.on("skip_inactive"),
            post_rate: knobs.rate("post_rate").per_second(),
            post_skew: knobs.num("post_skew"),
            read_rate: knobs.rate("read_rate").per_second(),
            return_rate: knobs.rate("return_rate").per_second(),
            churn_rate: knobs.rate("churn_rate").per_second(),
            delete_rate: knobs.rate("delete_rate").per_second(),
            apis: knobs.count("apis"),
            workers: knobs.count("workers"),
            shards: knobs.count("shards"),
            stores: knobs.count("stores"),
            page: knobs.count("page"),
            ranked: knobs.choice("order") == "ranked",
            chunk: knobs.count("chunk"),
            write_cost: knobs.span("write_cost"),
            list_cost: knobs.span("list_cost"),
            list_cache: knobs.span("list_cache"),
            lease: knobs.span("lease"),
            dedupe: knobs.on("dedupe"),
            ack_after_delivery: knobs.choice("ack") == "after-delivery",
            tombstones: knobs.on("tombstones"),
            fence: knobs.on("fence"),
            backfill: knobs.on("backfill"),
            retention: knobs.span("retention"),
        }
    }

    fn build(&self, stage: &mut Stage<'_, NewsFeed>) {
        build::build(self, stage);
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        if from == "client" || to == "client" {
            Delay::with_jitter(Span::millis(2), Span::millis(1))
        } else {
            Delay::with_jitter(Span::micros(250), Span::micros(50))
        }
    }

    fn act(stage: &mut Stage<'_, NewsFeed>, action: &Action) -> Result<(), String> {
        act::act(stage, action)
    }

    fn knobs_changed(stage: &mut Stage<'_, NewsFeed>) {
        build::staff(stage);
        for id in stage.all_up() {
            stage.with(id, Node::on_knobs);
        }
    }

    fn finally(world: &World<NewsFeed>, lamps: &mut Lamps) {
        verdict::finally(world, lamps);
    }

    fn pane(world: &World<NewsFeed>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}
