//! The kinds of node as one type.

use super::flow::Flow;
use super::machine::Machine;
use super::message::{Msg, Timer};
use super::monitor::Watcher;
use super::online::Online;
use super::pool::Pool;
use super::registry::Registry;
use super::router::Router;
use super::sched::Sched;
use super::store::Store;
use super::system::Platform;
use super::teams::Teams;
use super::users::Users;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, Node, NodeId};
use std::mem::size_of;

pub type Ctx<'a> = Cx<'a, Platform>;

#[derive(Clone)]
pub enum Role {
    Teams(Box<Teams>),
    Sched(Box<Sched>),
    Machine(Machine),
    Users(Box<Users>),
    Store(Box<Store>),
    Online(Online),
    Router(Router),
    Pool(Box<Pool>),
    Registry(Box<Registry>),
    Flow(Box<Flow>),
    Monitor(Box<Watcher>),
}

impl Node<Platform> for Role {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Teams(node) => node.start(cx),
            Role::Sched(node) => node.start(cx),
            Role::Machine(node) => node.start(cx),
            Role::Users(node) => node.start(cx),
            Role::Store(node) => node.start(cx),
            Role::Online(node) => node.start(cx),
            Role::Router(_) => {}
            Role::Pool(node) => node.start(cx),
            Role::Registry(node) => node.start(cx),
            Role::Flow(node) => node.start(cx),
            Role::Monitor(node) => node.start(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            Role::Teams(node) => node.hear(&msg),
            Role::Sched(node) => node.hear(from, msg, cx),
            Role::Machine(node) => node.hear(msg, cx),
            Role::Users(node) => node.hear(&msg, cx),
            Role::Store(node) => node.hear(from, msg, cx),
            Role::Online(node) => node.hear(from, msg, cx),
            Role::Router(node) => node.hear(msg, cx),
            Role::Pool(node) => node.hear(msg, cx),
            Role::Registry(node) => node.hear(from, msg, cx),
            Role::Flow(node) => node.hear(msg, cx),
            Role::Monitor(node) => node.hear(msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            Role::Teams(node) => node.wake(&timer, cx),
            Role::Sched(node) => node.wake(cx),
            Role::Machine(node) => node.wake(&timer, cx),
            Role::Users(node) => node.wake(&timer, cx),
            Role::Store(node) => node.wake(&timer, cx),
            Role::Online(node) => node.start(cx),
            Role::Router(_) => {}
            Role::Pool(node) => node.wake(timer, cx),
            Role::Registry(node) => node.wake(cx),
            Role::Flow(node) => node.wake(cx),
            Role::Monitor(node) => node.wake(cx),
        }
    }

    fn on_crash(&mut self) {
        match self {
            // What these know is in a database of their own: jobs, versions, runs, the offline log.
            Role::Teams(_) | Role::Sched(_) | Role::Users(_) | Role::Store(_) | Role::Registry(_) | Role::Flow(_) | Role::Router(_) => {}
            Role::Machine(node) => node.crash(),
            Role::Online(node) => node.crash(),
            Role::Pool(node) => node.crash(),
            Role::Monitor(node) => node.crash(),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Teams(node) => size_of::<Teams>() + node.weight(),
            Role::Sched(node) => size_of::<Sched>() + node.weight(),
            Role::Machine(node) => node.weight(),
            Role::Users(node) => size_of::<Users>() + node.weight(),
            Role::Store(node) => size_of::<Store>() + node.weight(),
            Role::Online(node) => node.weight(),
            Role::Router(_) => 0,
            Role::Pool(node) => size_of::<Pool>() + node.weight(),
            Role::Registry(node) => size_of::<Registry>() + node.weight(),
            Role::Flow(node) => size_of::<Flow>() + node.weight(),
            Role::Monitor(node) => size_of::<Watcher>() + node.weight(),
        }
    }

    fn look(&self, system: &Platform) -> Look {
        match self {
            Role::Teams(node) => node.look(),
            Role::Sched(node) => node.look(),
            Role::Machine(node) => node.look(system),
            Role::Users(node) => node.look(),
            Role::Store(node) => node.look(system),
            Role::Online(node) => node.look(),
            Role::Router(node) => node.look(),
            Role::Pool(node) => node.look(),
            Role::Registry(node) => node.look(),
            Role::Flow(node) => node.look(),
            Role::Monitor(node) => node.look(system),
        }
    }
}
