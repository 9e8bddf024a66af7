//! One type for all nodes: who gets which message.

use super::app::App;
use super::cache::CacheNode;
use super::clicks::Counter;
use super::client::Client;
use super::messages::{Msg, Timer};
use super::ranges::Ranges;
use super::shard::Shard;
use super::system::Shortener;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, Node, NodeId};

pub type Ctx<'a> = Cx<'a, Shortener>;

#[derive(Clone, Debug)]
pub enum Role {
    Client(Box<Client>),
    App(Box<App>),
    Ranges(Ranges),
    Cache(CacheNode),
    Shard(Shard),
    Counter(Counter),
}

impl Node<Shortener> for Role {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Client(client) => client.start(cx),
            Role::App(app) => app.start(cx),
            Role::Shard(shard) => shard.start(cx),
            Role::Ranges(_) | Role::Cache(_) | Role::Counter(_) => {}
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            Role::Client(client) => client.hear(&msg, cx),
            Role::App(app) => app.hear(from, &msg, cx),
            Role::Ranges(ranges) => ranges.hear(from, &msg, cx),
            Role::Cache(cache) => cache.hear(from, &msg, cx),
            Role::Shard(shard) => shard.hear(from, &msg, cx),
            Role::Counter(counter) => counter.hear(from, &msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            Role::Client(client) => client.ring(&timer, cx),
            Role::App(app) => app.ring(&timer, cx),
            Role::Shard(shard) => shard.ring(timer, cx),
            Role::Ranges(_) | Role::Cache(_) | Role::Counter(_) => {}
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Client(client) => client.crash(),
            Role::App(app) => app.crash(),
            Role::Cache(cache) => cache.clear(),
            Role::Shard(shard) => shard.crash(),
            // Both write down what they give or take before they answer.
            Role::Ranges(_) | Role::Counter(_) => {}
        }
    }

    fn on_restart(&mut self, cx: &mut Ctx<'_>) {
        if let Role::App(app) = self {
            app.tell_losses(cx);
        }
        self.on_start(cx);
    }

    fn on_knobs(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Client(client) => client.turned(cx),
            Role::Cache(cache) => cache.resize(cx.system().cache),
            _ => {}
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Client(client) => client.weight(),
            Role::App(app) => app.weight(),
            Role::Cache(cache) => cache.weight(),
            Role::Shard(shard) => shard.weight(),
            Role::Counter(counter) => counter.weight(),
            Role::Ranges(_) => 0,
        }
    }

    fn look(&self, system: &Shortener) -> Look {
        match self {
            Role::Client(client) => client.look(),
            Role::App(app) => app.look(system),
            Role::Ranges(ranges) => ranges.look(),
            Role::Cache(cache) => cache.look(),
            Role::Shard(shard) => shard.look(),
            Role::Counter(counter) => counter.look(),
        }
    }
}
