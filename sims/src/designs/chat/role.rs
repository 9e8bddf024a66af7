//! The kinds of node as one type.

use super::gateway::Gateway;
use super::phones::Phones;
use super::push::Push;
use super::registry::Registry;
use super::server::Server;
use super::system::Chat;
use super::wire::{Msg, Timer};
use crate::kernel::cx::Cx;
use crate::kernel::disk::File;
use crate::kernel::node::{Look, Node, NodeId};
use std::mem::size_of;

pub type Ctx<'a> = Cx<'a, Chat>;

#[derive(Clone)]
pub enum Role {
    Registry(Box<Registry>),
    Push(Push),
    Server(Box<Server>),
    Gateway(Box<Gateway>),
    Phones(Box<Phones>),
}

impl Node<Chat> for Role {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Registry(registry) => registry.start(cx),
            Role::Server(server) => server.start(cx),
            Role::Gateway(gateway) => gateway.start(cx),
            Role::Phones(phones) => phones.start(cx),
            Role::Push(push) => push.start(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            Role::Registry(registry) => registry.hear(from, msg, cx),
            Role::Push(push) => push.hear(msg, cx),
            Role::Server(server) => server.hear(from, msg, cx),
            Role::Gateway(gateway) => gateway.hear(from, msg, cx),
            Role::Phones(phones) => phones.hear(from, msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            Role::Registry(registry) => registry.wake(&timer, cx),
            Role::Push(push) => push.wake(cx),
            Role::Server(server) => server.wake(&timer, cx),
            Role::Gateway(gateway) => gateway.wake(&timer, cx),
            Role::Phones(phones) => phones.wake(&timer, cx),
        }
    }

    fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        if let Role::Server(server) = self {
            server.files(each);
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Registry(registry) => registry.crash(),
            Role::Push(push) => push.crash(),
            Role::Server(server) => server.crash(),
            Role::Gateway(gateway) => gateway.crash(),
            Role::Phones(phones) => phones.crash(),
        }
    }

    fn on_restart(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Server(server) => server.restart(cx),
            Role::Phones(phones) => phones.restart(cx),
            Role::Registry(_) | Role::Push(_) | Role::Gateway(_) => self.on_start(cx),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Registry(registry) => size_of::<Registry>() + registry.weight(),
            Role::Push(push) => push.weight(),
            Role::Server(server) => size_of::<Server>() + server.weight(),
            Role::Gateway(gateway) => size_of::<Gateway>() + gateway.weight(),
            Role::Phones(phones) => size_of::<Phones>() + phones.weight(),
        }
    }

    fn look(&self, system: &Chat) -> Look {
        match self {
            Role::Registry(registry) => registry.look(system),
            Role::Push(push) => push.look(),
            Role::Server(server) => server.look(),
            Role::Gateway(gateway) => gateway.look(),
            Role::Phones(phones) => phones.look(),
        }
    }
}
