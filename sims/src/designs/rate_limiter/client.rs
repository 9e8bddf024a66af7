//! The clients: everybody who calls the API, and the load balancer in front of it, in one node.

use super::message::{Msg, Outcome, Request, Timer};
use super::system::RateLimiter;
use super::{ADMITTED, ASKED, CLIENT1_ADMITTED, CLIENT1_REJECTED, MOST_IN_WINDOW, REJECTED};
use crate::kernel::cx::Cx;
use crate::kernel::load::Stream;
use crate::kernel::node::{Look, NodeId};
use crate::kernel::rng::Rng;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::State;
use crate::kernel::weight::{Flat, deep};
use crate::parts::hash::mix;
use crate::parts::zipf::Zipf;
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone)]
pub struct Clients {
    servers: Vec<NodeId>,
    /// The load balancer's turn.
    turn: usize,
    next: u64,
    stream: Stream,
    popularity: Zipf,
    flood_until: Time,
    /// A flood's connections: the server of each, and the request it waits for.
    connections: Vec<(usize, u64)>,
    /// Counts changes of the attack, so that an old one's timer does nothing.
    straddles: u32,
    users: BTreeMap<u32, User>,
    most: usize,
}

/// What one user has seen.
#[derive(Clone, Debug, Default)]
pub struct User {
    pub asked: u64,
    pub passed: u64,
    pub refused: u64,
    pub failed: u64,
    /// Instants of answers 200 within the last window, and as many again before it for the pane.
    pub recent: VecDeque<Time>,
}

/// How far from an edge the attacker's volleys are.
const STRADDLE: Span = Span::secs(1);
const EDGES_APART: Span = Span::secs(1);
/// An attack is no larger than this, whatever the limit.
const VOLLEY_MAX: u64 = 2_000;

impl Clients {
    pub fn new(servers: Vec<NodeId>, system: &RateLimiter, rng: Rng) -> Clients {
        Clients {
            servers,
            turn: 0,
            next: 0,
            stream: Stream::new(system.arrivals.clone(), rng),
            popularity: system.popularity(),
            flood_until: Time::ZERO,
            connections: Vec::new(),
            straddles: 0,
            users: BTreeMap::new(),
            most: 0,
        }
    }

    pub fn users(&self) -> &BTreeMap<u32, User> {
        &self.users
    }

    pub fn start(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        self.expect(cx);
        self.expect_volley(cx);
    }

    pub fn turn(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        self.stream.set(cx.system().arrivals.clone());
        self.expect_volley(cx);
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, RateLimiter>) {
        match timer {
            Timer::Arrive { send } => {
                if send && !cx.draining() {
                    self.arrive(cx);
                }
                self.expect(cx);
            }
            Timer::Straddle { turn } if turn == self.straddles => self.volley(cx),
            _ => {}
        }
    }

    /// Sets the timer of the next arrival: of a page, which is one or more requests at once.
    fn expect(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        if cx.draining() {
            return;
        }
        let rate = cx.system().base_rate / cx.system().page as f64 * cx.load();
        cx.expect(self.stream.gap(rate, cx.now()), |send| Timer::Arrive { send });
    }

    fn arrive(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        let user = 1 + self.popularity.rank(cx.rng().u64()) as u32;
        for _ in 0..cx.system().page {
            self.call(user, 1, None, cx);
        }
    }

    /// The attacker knows the clock: one volley just before an edge of the window, one just after. Then it lets an edge pass,
    /// for what it took after one edge is what it cannot take before the next.
    fn expect_volley(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        self.straddles += 1;
        if !cx.system().straddle || cx.draining() {
            return;
        }
        // Edges of a very short window are a stream, not an attack: take every so many.
        let window = cx.system().promised(1).quota.window_ns;
        let window = window * EDGES_APART.0.div_ceil(window);
        let lead = STRADDLE.0.min(window / 8);
        let into = cx.now().0 % (2 * window);
        let next = [window - lead, window + lead].into_iter().find(|at| *at > into).unwrap_or(3 * window - lead);
        cx.background(Span(next - into), Timer::Straddle { turn: self.straddles });
    }

    fn volley(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        let n = cx.system().promised(1).quota.limit.min(VOLLEY_MAX);
        if !cx.draining() {
            self.burst(1, n, 1, cx);
        }
        self.expect_volley(cx);
    }

    pub fn burst(&mut self, user: u32, n: u64, connections: u64, cx: &mut Cx<'_, RateLimiter>) {
        for i in 0..n {
            self.call(user, 1 + (i % connections) as u16, None, cx);
        }
    }

    /// A closed load: so many connections to each server, each sending again as soon as it is answered.
    pub fn flood(&mut self, user: u32, per_server: u64, span: Span, cx: &mut Cx<'_, RateLimiter>) {
        self.flood_until = cx.now() + span;
        self.connections = (0..self.servers.len()).flat_map(|server| (0..per_server).map(move |_| (server, 0))).collect();
        for connection in 0..self.connections.len() as u32 {
            self.call(user, 1, Some(connection), cx);
        }
    }

    fn call(&mut self, user: u32, port: u16, again: Option<u32>, cx: &mut Cx<'_, RateLimiter>) {
        let ip = 1 + user.saturating_sub(1) / cx.system().users_per_ip;
        self.next += 1;
        self.users.entry(user).or_default().asked += 1;
        cx.count(ASKED, 1);
        let to = match again {
            Some(connection) => {
                let (server, waits_for) = &mut self.connections[connection as usize];
                *waits_for = self.next;
                *server
            }
            None if cx.system().by_user => mix(u64::from(user)) as usize % self.servers.len(),
            None => {
                self.turn = (self.turn + 1) % self.servers.len();
                self.turn
            }
        };
        cx.send(self.servers[to], Msg::Request(Request { id: self.next, user, ip, port, again }));
    }

    pub fn on_msg(&mut self, msg: &Msg, cx: &mut Cx<'_, RateLimiter>) {
        let Msg::Answer { request, outcome } = *msg else { return };
        let window = Span(cx.system().promised(u64::from(request.user)).quota.window_ns);
        let user = self.users.entry(request.user).or_default();
        match outcome {
            Outcome::Passed => {
                user.passed += 1;
                cx.count(ADMITTED, 1);
                self.most = self.most.max(user.note(cx.now(), window));
                cx.gauge(MOST_IN_WINDOW, self.most as f64);
            }
            Outcome::Refused => {
                user.refused += 1;
                cx.count(REJECTED, 1);
            }
            Outcome::Failed => user.failed += 1,
        }
        if request.user == 1 && outcome != Outcome::Failed {
            cx.count(if outcome == Outcome::Passed { CLIENT1_ADMITTED } else { CLIENT1_REJECTED }, 1);
        }
        if let Some(connection) = request.again {
            self.send_again(connection, &request, cx);
        }
    }

    /// A second copy of an answer is not waited for, nor one of an earlier flood.
    fn send_again(&mut self, connection: u32, answered: &Request, cx: &mut Cx<'_, RateLimiter>) {
        let waits = self.connections.get(connection as usize).is_some_and(|(_, id)| *id == answered.id);
        if waits && cx.now() < self.flood_until && !cx.draining() {
            self.call(answered.user, answered.port, Some(connection), cx);
        }
    }

    /// Bytes held beyond its own size, near enough.
    pub fn weight(&self) -> usize {
        self.users.bytes() + deep(self.users.values(), |user| user.recent.bytes()) + self.connections.bytes()
    }

    pub fn look(&self, system: &RateLimiter) -> Look {
        Look { label: format!("{} users", system.users), state: State::Busy, fill: None }
    }
}

impl User {
    /// Notes a pass; says how many there were in (now - window, now].
    fn note(&mut self, now: Time, window: Span) -> usize {
        self.recent.push_back(now);
        while self.recent.front().is_some_and(|at| *at + window + window <= now) {
            self.recent.pop_front();
        }
        self.recent.len() - self.recent.partition_point(|at| *at + window <= now)
    }
}
