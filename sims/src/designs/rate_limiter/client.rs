//! The clients: everybody who calls the API, in one node.

use super::message::{Msg, Request, Timer};
use super::system::RateLimiter;
use super::{ADMITTED, REJECTED};
use crate::kernel::cx::Cx;
use crate::kernel::load::{Arrivals, Gap, Stream};
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::view::State;

#[derive(Clone)]
pub struct Clients {
    servers: Vec<NodeId>,
    /// The load balancer's turn.
    turn: usize,
    next: u64,
    stream: Stream,
}

impl Clients {
    pub fn new(servers: Vec<NodeId>, arrivals: Arrivals, rng: Rng) -> Clients {
        Clients { servers, turn: 0, next: 0, stream: Stream::new(arrivals, rng) }
    }

    /// Sets the timer of the next arrival.
    pub fn expect(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        if cx.draining() {
            return;
        }
        let rate = cx.system().base_rate * cx.load();
        match self.stream.gap(rate, cx.now()) {
            Gap::Arrival(gap) => cx.background(gap, Timer::Arrive { send: true }),
            Gap::Nothing(gap) => cx.background(gap, Timer::Arrive { send: false }),
        };
    }

    pub fn arrive(&mut self, send: bool, cx: &mut Cx<'_, RateLimiter>) {
        let users = cx.system().users;
        let user = 1 + cx.rng().below(users) as u32;
        if send && !cx.draining() {
            self.call(user, cx);
        }
        self.expect(cx);
    }

    pub fn burst(&mut self, n: u64, user: u32, cx: &mut Cx<'_, RateLimiter>) {
        for _ in 0..n {
            self.call(user, cx);
        }
    }

    fn call(&mut self, user: u32, cx: &mut Cx<'_, RateLimiter>) {
        self.next += 1;
        self.turn = (self.turn + 1) % self.servers.len();
        cx.send(self.servers[self.turn], Msg::Request(Request { id: self.next, user }));
    }

    pub fn on_msg(&mut self, msg: Msg, cx: &mut Cx<'_, RateLimiter>) {
        if let Msg::Answer { allowed, .. } = msg {
            cx.count(if allowed { ADMITTED } else { REJECTED }, 1);
        }
    }

    pub fn turn(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        let arrivals = cx.system().arrivals.clone();
        self.stream.set(arrivals);
    }

    pub fn look(&self, system: &RateLimiter) -> Look {
        Look { label: format!("{} users", system.users), state: State::Busy, fill: None }
    }
}
