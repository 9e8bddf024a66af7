//! Puts the feed together: graph, nodes, and as many workers as the knob says.

use super::api::Api;
use super::client::{Client, STREAMS};
use super::node::FeedNode;
use super::queue::FanoutQueue;
use super::shard::Shard;
use super::social::{Social, draw_active};
use super::store::Store;
use super::system::{Map, NewsFeed, Strategy};
use super::worker::Worker;
use crate::kernel::node::NodeId;
use crate::kernel::stage::Stage;
use crate::parts::graph::FollowGraph;
use std::sync::Arc;

pub fn build(system: &NewsFeed, stage: &mut Stage<'_, NewsFeed>) {
    let mut chance = stage.rng("graph");
    let graph = FollowGraph::draw(system.users, system.followees, system.skew, || chance.unit());
    let mut chance = stage.rng("active");
    let active = draw_active(system, || chance.unit());
    // Nodes are numbered in the order they are added, so the map can be drawn before any of them is.
    let mut next = 0;
    let mut take = |n: usize| -> Vec<NodeId> {
        let ids = (next..next + n as u32).map(NodeId).collect();
        next += n as u32;
        ids
    };
    let (client, apis, social, queue) = (take(1)[0], take(system.apis), take(1)[0], take(1)[0]);
    let map = Arc::new(Map { graph, client, apis, social, queue, stores: take(system.stores), shards: take(system.shards) });

    let rngs = STREAMS.iter().map(|stream| stage.rng(stream)).collect();
    stage.add_one("client", FeedNode::Client(Box::new(Client::new(Arc::clone(&map), &active, system.post_skew, rngs))));
    for _ in &map.apis {
        stage.add("api", FeedNode::Api(Api::new(Arc::clone(&map))));
    }
    stage.add_one("graph", FeedNode::Social(Box::new(Social::new(Arc::clone(&map), active.clone()))));
    stage.add_one("queue", FeedNode::Queue(FanoutQueue::default()));
    for _ in &map.stores {
        stage.add("store", FeedNode::Store(Store::new(Arc::clone(&map))));
    }
    for shard in &map.shards {
        let has = |user: &u32| map.shard_of(*user) == *shard && (!system.skip_inactive || active[*user as usize]);
        let users = (0..system.users).filter(|user| system.plan.strategy != Strategy::Pull && has(user));
        stage.add("shard", FeedNode::Shard(Box::new(Shard::new(Arc::clone(&map), system.plan, users))));
    }
    for _ in 0..system.workers {
        stage.add("w", FeedNode::Worker(Worker::new(Arc::clone(&map))));
    }
}

/// Hires or lets go workers until there are as many as the knob says. A job that one was at comes back when its lease runs out.
pub fn staff(stage: &mut Stage<'_, NewsFeed>) {
    let wanted = stage.system().workers;
    let workers = stage.role("w");
    let Some(FeedNode::Worker(pattern)) = workers.first().map(|id| stage.node(*id).clone()) else { return };
    for id in workers.iter().skip(wanted) {
        stage.remove(*id);
    }
    for _ in workers.len()..wanted {
        stage.add("w", FeedNode::Worker(pattern.fresh()));
    }
}
