//! What the knobs mean, the nodes a run begins with, and what can be done to them.

use super::client::Clients;
use super::message::{Msg, Timer};
use super::rule::Rule;
use super::server::Server;
use super::store::Store;
use super::watch::Ledger;
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::knob::Knobs;
use crate::kernel::load::Arrivals;
use crate::kernel::network::Delay;
use crate::kernel::node::{Look, Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::parts::limiter::{LIMIT_MAX, Quota, WINDOW_MAX_NS};

/// The configuration of one run, made anew whenever a knob is turned.
pub struct RateLimiter {
    pub quota: Quota,
    pub rule: Rule,
    pub algorithm: &'static str,
    pub servers: usize,
    pub users: u64,
    pub base_rate: f64,
    pub arrivals: Arrivals,
    pub store_trip: Delay,
}

/// From a client to a server: a stretch of data-centre network that no knob turns.
const CLIENT_TRIP: Delay = Delay::fixed(Span::micros(500));

/// The limit as a quota: `100/min` is 100 in each 60 s, exactly. Nothing if it is too fine or too large to count.
pub fn quota(knobs: &Knobs) -> Option<Quota> {
    let rate = knobs.rate("limit");
    let limit = rate.count as u64;
    (limit as f64 == rate.count).then(|| Quota::new(limit, rate.per.0, knobs.int("burst") as u64)).flatten()
}

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    match quota(knobs) {
        Some(_) => Ok(()),
        None => Err(format!(
            "knob `limit` is {}, but must be a whole number up to {LIMIT_MAX} per period of at most {}",
            knobs.rate("limit").count,
            Span::nanos(WINDOW_MAX_NS)
        )),
    }
}

impl System for RateLimiter {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Ledger;

    fn configure(knobs: &Knobs) -> RateLimiter {
        // `refuses` has let these knobs through, so there is a quota.
        let quota = quota(knobs).unwrap_or(Quota { limit: 1, window_ns: 1, burst: 1 });
        let algorithm = knobs.choice("algorithm");
        RateLimiter {
            quota,
            rule: Rule::new(algorithm, &quota),
            algorithm,
            servers: knobs.count("servers"),
            users: knobs.int("users") as u64,
            base_rate: knobs.rate("base_rate").per_second(),
            arrivals: match knobs.choice("arrivals") {
                "steady" => Arrivals::Steady,
                "bursty" => Arrivals::Bursty { on: Span::secs(1), off: Span::secs(4) },
                _ => Arrivals::Poisson,
            },
            store_trip: Delay::with_jitter(knobs.span("store_round_trip").times(0.5), knobs.span("jitter").times(0.5)),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let store = stage.add_one("store", Role::Store(Store::default()));
        let servers: Vec<NodeId> = (0..self.servers).map(|_| stage.add("s", Role::Server(Server::new(store)))).collect();
        let stream = stage.rng("arrivals");
        stage.add_one("clients", Role::Clients(Clients::new(servers, self.arrivals.clone(), stream)));
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        if from == "clients" || to == "clients" { CLIENT_TRIP } else { self.store_trip }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        let clients = stage.find("clients")?;
        let (n, user) = (action.int("n").unwrap_or(1), action.int("client").unwrap_or(1));
        stage.with(clients, |node, cx| {
            if let Role::Clients(clients) = node {
                clients.burst(n as u64, user as u32, cx);
            }
        });
        Ok(())
    }
}

/// A node, by what it does.
#[derive(Clone)]
pub enum Role {
    Clients(Clients),
    Server(Server),
    Store(Store),
}

impl Node<RateLimiter> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        if let Role::Clients(clients) = self {
            clients.expect(cx);
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, RateLimiter>) {
        match self {
            Role::Clients(clients) => clients.on_msg(msg, cx),
            Role::Server(server) => server.on_msg(from, msg, cx),
            Role::Store(store) => store.on_msg(from, msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, RateLimiter>) {
        if let (Role::Clients(clients), Timer::Arrive { send }) = (self, timer) {
            clients.arrive(send, cx);
        }
    }

    fn on_knobs(&mut self, cx: &mut Cx<'_, RateLimiter>) {
        if let Role::Clients(clients) = self {
            clients.turn(cx);
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
