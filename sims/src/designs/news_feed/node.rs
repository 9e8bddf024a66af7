//! One type for all roles of the feed, so that a world needs no boxes.

use super::api::Api;
use super::client::Client;
use super::msg::{Msg, Timer};
use super::queue::FanoutQueue;
use super::shard::Shard;
use super::social::Social;
use super::store::Store;
use super::system::NewsFeed;
use super::worker::Worker;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, Node, NodeId};

pub type Ctx<'a> = Cx<'a, NewsFeed>;

#[derive(Clone, Debug)]
pub enum FeedNode {
    Client(Box<Client>),
    Api(Api),
    Social(Box<Social>),
    Queue(FanoutQueue),
    Store(Store),
    Shard(Box<Shard>),
    Worker(Worker),
}

impl Node<NewsFeed> for FeedNode {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            FeedNode::Client(node) => node.start(cx),
            FeedNode::Api(node) => node.start(cx),
            FeedNode::Social(node) => node.start(cx),
            FeedNode::Queue(node) => node.start(cx),
            FeedNode::Store(node) => node.start(cx),
            FeedNode::Shard(node) => node.start(cx),
            FeedNode::Worker(node) => node.start(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            FeedNode::Client(node) => node.hear(msg, cx),
            FeedNode::Api(node) => node.hear(from, msg, cx),
            FeedNode::Social(node) => node.hear(from, &msg, cx),
            FeedNode::Queue(node) => node.hear(from, msg, cx),
            FeedNode::Store(node) => node.hear(from, msg, cx),
            FeedNode::Shard(node) => node.hear(from, msg, cx),
            FeedNode::Worker(node) => node.hear(msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            FeedNode::Client(node) => node.ring(timer, cx),
            FeedNode::Api(node) => node.sweep(cx),
            FeedNode::Social(node) => node.outbox.flush(cx),
            FeedNode::Queue(node) => node.poke(cx),
            FeedNode::Store(node) => node.outbox.flush(cx),
            FeedNode::Shard(node) => node.ring(timer, cx),
            FeedNode::Worker(node) => node.ring(timer, cx),
        }
    }

    fn on_crash(&mut self) {
        match self {
            FeedNode::Client(_) => {}
            FeedNode::Api(node) => node.crash(),
            FeedNode::Social(node) => node.crash(),
            FeedNode::Queue(node) => node.crash(),
            FeedNode::Store(node) => node.crash(),
            FeedNode::Shard(node) => node.crash(),
            FeedNode::Worker(node) => node.crash(),
        }
    }

    fn on_restart(&mut self, cx: &mut Ctx<'_>) {
        match self {
            FeedNode::Shard(node) => node.restart(cx),
            node => node.on_start(cx),
        }
    }

    fn on_knobs(&mut self, cx: &mut Ctx<'_>) {
        match self {
            FeedNode::Client(node) => node.retune(cx),
            FeedNode::Api(node) => node.crash(),
            FeedNode::Shard(node) => node.replan(cx),
            FeedNode::Social(_) | FeedNode::Queue(_) | FeedNode::Store(_) | FeedNode::Worker(_) => {}
        }
    }

    fn weight(&self) -> usize {
        match self {
            FeedNode::Client(node) => std::mem::size_of::<Client>() + node.weight(),
            FeedNode::Api(node) => node.weight(),
            FeedNode::Social(node) => std::mem::size_of::<Social>() + node.weight(),
            FeedNode::Queue(node) => node.weight(),
            FeedNode::Store(node) => node.weight(),
            FeedNode::Shard(node) => std::mem::size_of::<Shard>() + node.weight(),
            // One job at a time.
            FeedNode::Worker(_) => 0,
        }
    }

    fn look(&self, _system: &NewsFeed) -> Look {
        match self {
            FeedNode::Client(node) => node.look(),
            FeedNode::Api(node) => node.look(),
            FeedNode::Social(node) => node.look(),
            FeedNode::Queue(node) => node.look(),
            FeedNode::Store(node) => node.look(),
            FeedNode::Shard(node) => node.look(),
            FeedNode::Worker(node) => node.look(),
        }
    }
}
