//! The kinds of node as one type.

use super::billing::Meter;
use super::client::Clients;
use super::control::Control;
use super::messages::{Msg, Timer};
use super::router::Router;
use super::system::Serverless;
use super::worker::Worker;
use crate::kernel::cx::Cx;
use crate::kernel::disk::File;
use crate::kernel::node::{Look, Node, NodeId};
use std::mem::size_of;

pub type Ctx<'a> = Cx<'a, Serverless>;

#[derive(Clone)]
pub enum Role {
    Clients(Box<Clients>),
    Router(Box<Router>),
    Control(Box<Control>),
    Meter(Box<Meter>),
    Worker(Box<Worker>),
}

impl Node<Serverless> for Role {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Clients(clients) => clients.start(cx),
            Role::Router(router) => router.start(cx),
            Role::Control(control) => control.start(cx),
            Role::Meter(meter) => meter.start(cx),
            Role::Worker(worker) => worker.start(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            Role::Clients(clients) => clients.hear(&msg, cx),
            Role::Router(router) => router.hear(from, msg, cx),
            Role::Control(control) => control.hear(msg, cx),
            Role::Meter(meter) => meter.hear(from, &msg, cx),
            Role::Worker(worker) => worker.hear(&msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            Role::Clients(clients) => clients.wake(timer, cx),
            Role::Router(router) => router.wake(timer, cx),
            Role::Control(control) => control.wake(cx),
            Role::Meter(meter) => meter.wake(cx),
            Role::Worker(worker) => worker.wake(timer, cx),
        }
    }

    fn on_knobs(&mut self, cx: &mut Ctx<'_>) {
        if let Role::Clients(clients) = self {
            clients.turn(cx.system());
        }
    }

    fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        if let Role::Worker(worker) = self {
            each(&mut worker.journal);
        }
    }

    /// Registry and meter are replicated stores, which other problems are about: they come back with what they had.
    fn on_crash(&mut self) {
        match self {
            Role::Router(router) => router.crash(),
            Role::Worker(worker) => worker.crash(),
            Role::Clients(_) | Role::Control(_) | Role::Meter(_) => {}
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Clients(clients) => size_of::<Clients>() + clients.weight(),
            Role::Router(router) => size_of::<Router>() + router.weight(),
            Role::Control(control) => size_of::<Control>() + control.weight(),
            Role::Meter(meter) => size_of::<Meter>() + meter.weight(),
            Role::Worker(worker) => size_of::<Worker>() + worker.weight(),
        }
    }

    fn look(&self, system: &Serverless) -> Look {
        match self {
            Role::Clients(clients) => clients.look(system),
            Role::Router(router) => router.look(),
            Role::Control(control) => control.look(),
            Role::Meter(meter) => meter.look(),
            Role::Worker(worker) => worker.look(system),
        }
    }
}
