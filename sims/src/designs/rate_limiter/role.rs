//! The three kinds of node as one type.

use super::client::Clients;
use super::message::{Msg, Timer};
use super::server::Server;
use super::store::Store;
use super::system::RateLimiter;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, Node, NodeId};

#[derive(Clone)]
pub enum Role {
    Clients(Box<Clients>),
    Server(Server),
    Store(Store),
}

impl Node<RateLimiter> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        match self {
            Role::Clients(clients) => clients.start(cx),
            Role::Server(server) => server.start(cx),
            Role::Store(store) => store.start(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, RateLimiter>) {
        match self {
            Role::Clients(clients) => clients.on_msg(&msg, cx),
            Role::Server(server) => server.on_msg(from, msg, cx),
            Role::Store(store) => store.on_msg(from, msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, RateLimiter>) {
        match self {
            Role::Clients(clients) => clients.on_timer(timer, cx),
            Role::Server(server) => server.on_timer(timer, cx),
            Role::Store(store) => store.sweep(cx),
        }
    }

    fn on_crash(&mut self) {
        if let Role::Server(server) = self {
            server.crash();
        }
    }

    fn on_restart(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        if let Role::Store(store) = self {
            store.restart(cx);
        }
        self.on_start(cx);
    }

    fn on_knobs(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        if let Role::Clients(clients) = self {
            clients.turn(cx);
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Clients(clients) => std::mem::size_of::<Clients>() + clients.weight(),
            Role::Server(server) => server.weight(),
            Role::Store(store) => store.weight(),
        }
    }

    fn look(&self, system: &RateLimiter) -> Look {
        match self {
            Role::Clients(clients) => clients.look(system),
            Role::Server(server) => server.look(),
            Role::Store(store) => store.look(),
        }
    }
}
