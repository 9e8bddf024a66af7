//! The nodes: clients that ask one thing at a time and ask again, and the server that counts.

use super::watch::Fact;
use super::{Counter, metrics, reasons};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Stream};
use crate::kernel::node::{Look, Message, Node, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::Time;
use crate::kernel::view::State;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub enum Msg {
    /// Please count; the request's number makes it known again.
    Add {
        request: u64,
    },
    Done {
        request: u64,
    },
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Add { .. } => "add",
            Msg::Done { .. } => "done",
        }
    }

    fn mark(&self) -> u64 {
        match self {
            Msg::Add { request } => request * 2,
            Msg::Done { request } => request * 2 + 1,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Timer {
    /// The load's next request.
    Arrive,
    /// No load now: look again.
    Look,
    /// The answer to this request is late.
    Late { request: u64 },
}

#[derive(Clone, Debug)]
pub enum Role {
    Client(Client),
    Server(Server),
}

#[derive(Clone, Debug)]
pub struct Client {
    server: NodeId,
    stream: Stream,
    /// The number of the last request, on disk: after a crash it must not come again.
    last: u64,
    /// The request without an answer yet: when it was sent first.
    open: Option<Time>,
    answered: u64,
    repeats: u64,
}

impl Client {
    pub fn new(server: NodeId, rng: Rng) -> Client {
        Client { server, stream: Stream::new(Arrivals::Poisson, rng), last: 0, open: None, answered: 0, repeats: 0 }
    }

    pub fn answered(&self) -> u64 {
        self.answered
    }

    pub fn row(&self, name: &str) -> Vec<String> {
        vec![name.to_string(), self.last.to_string(), self.answered.to_string(), self.repeats.to_string()]
    }

    fn wait_for_next(&mut self, cx: &mut Cx<'_, Counter>) {
        let rate = cx.system().rate * cx.load() / cx.system().clients as f64;
        cx.expect(self.stream.gap(rate, cx.now()), |arrives| if arrives { Timer::Arrive } else { Timer::Look });
    }

    fn ask(&mut self, cx: &mut Cx<'_, Counter>) {
        if self.open.is_some() {
            return cx.fail(reasons::BUSY);
        }
        self.last += 1;
        self.open = Some(cx.now());
        cx.count(metrics::ASKED, 1);
        self.send(cx);
    }

    fn send(&mut self, cx: &mut Cx<'_, Counter>) {
        cx.send(self.server, Msg::Add { request: self.last });
        let timeout = cx.system().timeout;
        cx.after(timeout, Timer::Late { request: self.last });
    }

    fn on_timer(&mut self, timer: &Timer, cx: &mut Cx<'_, Counter>) {
        match timer {
            Timer::Arrive => {
                if !cx.draining() {
                    self.ask(cx);
                }
                self.wait_for_next(cx);
            }
            Timer::Look => self.wait_for_next(cx),
            Timer::Late { request } if *request == self.last && self.open.is_some() => {
                self.repeats += 1;
                cx.count(metrics::REPEATS, 1);
                cx.fact(Fact::Repeated);
                self.send(cx);
            }
            Timer::Late { .. } => {}
        }
    }

    fn on_done(&mut self, request: u64, cx: &mut Cx<'_, Counter>) {
        // An answer to something answered before is late, not wrong.
        if request != self.last {
            return;
        }
        if let Some(sent) = self.open.take() {
            self.answered += 1;
            cx.record_since(metrics::ANSWER, sent);
            cx.fact(Fact::Answered { client: cx.me(), request });
        }
    }
}

/// The count, and the last request of each client.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    value: u64,
    last: BTreeMap<NodeId, u64>,
}

impl Memory {
    /// Counts a request; with `numbered`, only if its number is new. Says whether it counted.
    pub fn count(&mut self, client: NodeId, request: u64, numbered: bool) -> bool {
        let last = self.last.entry(client).or_default();
        if numbered && request <= *last {
            return false;
        }
        *last = request.max(*last);
        self.value += 1;
        true
    }

    pub fn value(&self) -> u64 {
        self.value
    }
}

#[derive(Clone, Debug)]
pub struct Server {
    memory: Memory,
    durable: bool,
}

impl Server {
    pub fn new(durable: bool) -> Server {
        Server { memory: Memory::default(), durable }
    }

    pub fn value(&self) -> u64 {
        self.memory.value()
    }

    fn on_add(&mut self, from: NodeId, request: u64, cx: &mut Cx<'_, Counter>) {
        if self.memory.count(from, request, cx.system().numbered) {
            cx.count(metrics::COUNTED, 1);
            cx.fact(Fact::Counted { client: from, request, value: self.memory.value() });
        }
        cx.send(from, Msg::Done { request });
    }
}

impl Role {
    /// Asks by hand.
    pub fn ask(&mut self, cx: &mut Cx<'_, Counter>) {
        if let Role::Client(client) = self {
            client.ask(cx);
        }
    }
}

impl Node<Counter> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, Counter>) {
        if let Role::Client(client) = self {
            client.wait_for_next(cx);
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Counter>) {
        match (self, msg) {
            (Role::Server(server), Msg::Add { request }) => server.on_add(from, request, cx),
            (Role::Client(client), Msg::Done { request }) => client.on_done(request, cx),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Counter>) {
        if let Role::Client(client) = self {
            client.on_timer(&timer, cx);
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Client(client) => client.open = None,
            Role::Server(server) if !server.durable => server.memory = Memory::default(),
            Role::Server(_) => {}
        }
    }

    fn on_knobs(&mut self, cx: &mut Cx<'_, Counter>) {
        if let Role::Server(server) = self {
            server.durable = cx.system().durable;
        }
    }

    fn look(&self, _: &Counter) -> Look {
        match self {
            Role::Client(client) => {
                let state = if client.open.is_some() { State::Busy } else { State::Idle };
                Look { label: format!("{} answered", client.answered), state, fill: None }
            }
            Role::Server(server) => Look { label: format!("count {}", server.value()), state: State::Busy, fill: None },
        }
    }
}
