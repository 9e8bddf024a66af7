//! The four kinds of node as one type.

use super::client::Client;
use super::config::Locks;
use super::server::Server;
use super::storage::Storage;
use super::store::Store;
use super::wire::{Msg, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::disk::File;
use crate::kernel::node::{Look, Node, NodeId};

#[derive(Clone)]
pub enum Role {
    Client(Box<Client>),
    /// A member of the Raft group.
    Server(Box<Server>),
    /// A store: the only one, its replica, or one of Redlock's.
    Store(Store),
    Storage(Storage),
}

impl Node<Locks> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, Locks>) {
        match self {
            Role::Client(client) => client.start(cx),
            Role::Server(server) => server.start(cx),
            Role::Store(store) => store.start(cx),
            Role::Storage(_) => {}
        }
    }

    fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        if let Role::Server(server) = self {
            server.files(each);
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Locks>) {
        match self {
            Role::Client(client) => client.on_msg(from, &msg, cx),
            Role::Server(server) => server.on_msg(from, msg, cx),
            Role::Store(store) => store.on_msg(from, msg, cx),
            Role::Storage(storage) => storage.on_msg(from, &msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Locks>) {
        match self {
            Role::Client(client) => client.on_timer(timer, cx),
            Role::Server(server) => server.on_timer(timer, cx),
            Role::Store(store) => store.on_timer(timer, cx),
            Role::Storage(_) => {}
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Client(client) => client.crash(),
            Role::Server(server) => server.crash(),
            Role::Store(store) => store.crash(),
            Role::Storage(_) => {}
        }
    }

    fn on_restart(&mut self, cx: &mut Cx<'_, Locks>) {
        match self {
            Role::Server(server) => server.restart(cx),
            Role::Store(store) => store.restart(cx),
            _ => self.on_start(cx),
        }
    }

    fn on_knobs(&mut self, cx: &mut Cx<'_, Locks>) {
        if let Role::Server(server) = self {
            server.knobs(cx);
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Client(_) => std::mem::size_of::<Client>(),
            Role::Server(server) => std::mem::size_of::<Server>() + server.weight(),
            Role::Store(store) => store.weight(),
            Role::Storage(storage) => storage.weight(),
        }
    }

    fn look(&self, system: &Locks) -> Look {
        match self {
            Role::Client(client) => client.look(),
            Role::Server(server) => server.look(),
            Role::Store(store) => store.look(system),
            Role::Storage(storage) => storage.look(system),
        }
    }
}
