//! The kinds of node as one type.

use super::client::Clients;
use super::messages::{Msg, Timer};
use super::queue::Queue;
use super::scheduler::Scheduler;
use super::store::Store;
use super::system::Scheduling;
use super::target::Target;
use super::worker::Worker;
use crate::kernel::cx::Cx;
use crate::kernel::node::{Look, Node, NodeId};
use std::mem::size_of;

pub type Ctx<'a> = Cx<'a, Scheduling>;

#[derive(Clone)]
pub enum Role {
    Clients(Box<Clients>),
    Store(Box<Store>),
    Scheduler(Box<Scheduler>),
    Queue(Queue),
    Worker(Worker),
    Target(Target),
}

impl Node<Scheduling> for Role {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        match self {
            Role::Clients(clients) => clients.start(cx),
            Role::Store(store) => store.start(cx),
            Role::Scheduler(scheduler) => scheduler.start(cx),
            Role::Queue(queue) => queue.start(cx),
            Role::Worker(worker) => worker.start(cx),
            Role::Target(_) => {}
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Ctx<'_>) {
        match self {
            Role::Clients(clients) => clients.hear(&msg),
            Role::Store(store) => store.hear(from, msg, cx),
            Role::Scheduler(scheduler) => scheduler.hear(msg, cx),
            Role::Queue(queue) => queue.hear(from, &msg, cx),
            Role::Worker(worker) => worker.hear(msg, cx),
            Role::Target(target) => target.hear(from, &msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match self {
            Role::Clients(clients) => clients.wake(timer, cx),
            Role::Store(store) => store.wake(timer, cx),
            Role::Scheduler(scheduler) => scheduler.wake(timer, cx),
            Role::Queue(queue) => queue.wake(cx),
            Role::Worker(worker) => worker.wake(timer, cx),
            Role::Target(_) => {}
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Scheduler(scheduler) => scheduler.crash(),
            Role::Queue(queue) => queue.crash(),
            Role::Worker(worker) => worker.crash(),
            Role::Store(store) => store.crash(),
            Role::Clients(_) | Role::Target(_) => {}
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Clients(clients) => size_of::<Clients>() + clients.weight(),
            Role::Store(store) => size_of::<Store>() + store.weight(),
            Role::Scheduler(scheduler) => size_of::<Scheduler>() + scheduler.weight(),
            Role::Queue(queue) => queue.weight(),
            Role::Worker(_) => 0,
            Role::Target(target) => target.weight(),
        }
    }

    fn look(&self, system: &Scheduling) -> Look {
        match self {
            Role::Clients(clients) => clients.look(system),
            Role::Store(store) => store.look(),
            Role::Scheduler(scheduler) => scheduler.look(system),
            Role::Queue(queue) => queue.look(),
            Role::Worker(worker) => worker.look(),
            Role::Target(target) => target.look(),
        }
    }
}
