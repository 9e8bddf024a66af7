//! One type for all nodes: who gets which message.

use super::app::App;
use super::cache::CacheNode;
use super::client::Client;
use super::messages::{Msg, Timer};
use super::meta::Meta;
use super::store::Store;
use super::sweeper::Sweeper;
use super::system::Pastebin;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, Node, NodeId};

pub type Ctx<'a> = Cx<'a, Pastebin>;

#[derive(Clone, Debug)]
pub enum Role {
    Client(Box<Client>),
    App(Box<App>),
    Meta(Box<Meta>),
    Cache(CacheNode),
    Store(Box<Store>),
    Sweeper(Sweeper),
}

impl Node<Pastebin> for Role {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Client(client) => client.start(cx),
            Role::Sweeper(sweeper) => sweeper.start(cx),
            Role::App(_) | Role::Meta(_) | Role::Cache(_) | Role::Store(_) => {}
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            Role::Client(client) => client.hear(msg, cx),
            Role::App(app) => app.hear(from, msg, cx),
            Role::Meta(meta) => meta.hear(from, msg, cx),
            Role::Cache(cache) => cache.hear(from, &msg, cx),
            Role::Store(store) => store.hear(from, msg, cx),
            Role::Sweeper(sweeper) => sweeper.hear(msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            Role::Client(client) => client.ring(&timer, cx),
            Role::App(app) => app.ring(&timer, cx),
            Role::Store(store) => store.ring(timer, cx),
            Role::Sweeper(sweeper) => sweeper.ring(&timer, cx),
            Role::Meta(_) | Role::Cache(_) => {}
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Client(client) => client.crash(),
            Role::App(app) => app.crash(),
            Role::Cache(cache) => cache.clear(),
            Role::Store(store) => store.crash(),
            Role::Sweeper(sweeper) => sweeper.crash(),
            // Rows are on disk before an answer leaves.
            Role::Meta(_) => {}
        }
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
            Role::Client(client) => size_of::<Client>() + client.weight(),
            Role::App(app) => size_of::<App>() + app.weight(),
            Role::Meta(meta) => size_of::<Meta>() + meta.weight(),
            Role::Cache(cache) => cache.weight(),
            Role::Store(store) => size_of::<Store>() + store.weight(),
            Role::Sweeper(sweeper) => sweeper.weight(),
        }
    }

    fn look(&self, _: &Pastebin) -> Look {
        match self {
            Role::Client(client) => client.look(),
            Role::App(app) => app.look(),
            Role::Meta(meta) => meta.look(),
            Role::Cache(cache) => cache.look(),
            Role::Store(store) => store.look(),
            Role::Sweeper(sweeper) => sweeper.look(),
        }
    }
}
