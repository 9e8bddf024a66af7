//! What the knobs mean, and the nodes a run begins with.

use super::client::Clients;
use super::message::{Msg, Timer};
use super::role::Role;
use super::rule::{Rule, is_bucket, rule};
use super::server::Server;
use super::store::Store;
use super::watch::Ledger;
use super::{finally, panes};
use crate::kernel::action::Action;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::load::Arrivals;
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::hash::mix;
use crate::parts::limiter::{LIMIT_MAX, Quota, WINDOW_MAX_NS};
use crate::parts::zipf::Zipf;

/// Who a quota is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Free,
    Pro,
    Address,
}

/// A quota with its algorithm, and a number that stands for both: state kept under another promise is void.
#[derive(Clone)]
pub struct Promised {
    pub quota: Quota,
    /// What may come at once: the burst of a bucket, the limit of anything else.
    pub at_once: u64,
    pub rule: Rule,
    pub mark: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    Atomic,
    Racy,
    Local,
    Synced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    Open,
    Closed,
    Local,
}

/// The configuration of one run, made anew whenever a knob is turned.
pub struct RateLimiter {
    pub algorithm: &'static str,
    /// By class: the whole quota.
    whole: [Promised; 3],
    /// By class: what a server may give by itself.
    local: [Promised; 3],
    pub placement: Placement,
    pub outage: Outage,
    pub rules: &'static str,
    pub users: u64,
    pub first_pro: u64,
    pub users_per_ip: u32,
    pub servers: usize,
    pub stores: usize,
    pub by_user: bool,
    pub server_clock: bool,
    pub persist: bool,
    pub audit: bool,
    pub timeout: Span,
    pub store_op: Span,
    pub sync_period: Span,
    pub base_rate: f64,
    pub page: u64,
    pub straddle: bool,
    pub arrivals: Arrivals,
    skew: f64,
    store_trip: Delay,
}

/// From a client to a server: a stretch of data-centre network that no knob turns.
const CLIENT_TRIP: Delay = Delay::fixed(Span::micros(500));

/// The quota of an ordinary user: `limit` per its own period or, if `window` is set, as much of it as fits that window.
fn quota(knobs: &Knobs) -> Result<Quota, String> {
    let rate = knobs.rate("limit");
    let asked = format!("knob `limit` is {}", crate::kernel::value::Value::Rate(rate));
    // 0.5/s is one in two seconds.
    let scaled = [1u64, 2, 4, 5, 10, 100, 1000].into_iter().find(|by| rate.count * *by as f64 == libm::trunc(rate.count * *by as f64));
    let by = scaled.ok_or_else(|| format!("{asked}, but must be a whole number per period"))?;
    let (count, per) = ((rate.count * by as f64) as u64, rate.per.0.saturating_mul(by));
    let (limit, window) = match knobs.span("window").0 {
        0 => (count, per),
        window => ((u128::from(count) * u128::from(window) / u128::from(per.max(1))).min(u128::from(u64::MAX)) as u64, window),
    };
    let most = limit.saturating_mul(knobs.int("pro_times").max(knobs.int("ip_times")).unsigned_abs());
    if limit == 0 || most > LIMIT_MAX {
        return Err(format!("{asked}, {limit} in a window of {} and {most} for the largest tier, but must be 1 to {LIMIT_MAX}", Span(window)));
    }
    Quota::new(limit, window, knobs.int("burst").unsigned_abs())
        .ok_or_else(|| format!("{asked} in a window of {}, but a window must be at most {}", Span(window), Span(WINDOW_MAX_NS)))
}

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let burst = knobs.int("burst").unsigned_abs().saturating_mul(knobs.int("pro_times").max(knobs.int("ip_times")).unsigned_abs());
    if burst > LIMIT_MAX {
        return Err(format!("knob `burst` makes {burst} for the largest tier, but must make at most {LIMIT_MAX}"));
    }
    quota(knobs).map(|_| ())
}

fn promised(algorithm: &'static str, quota: Quota, times: u64, over: u64) -> Promised {
    let share = |n: u64| (n * times).div_ceil(over).clamp(1, LIMIT_MAX);
    let quota = Quota { limit: share(quota.limit), window_ns: quota.window_ns, burst: share(quota.burst) };
    let mark = [quota.limit, quota.window_ns, quota.burst].into_iter().fold(crate::parts::hash::text(algorithm), |mark, n| mix(mark ^ n));
    let at_once = if is_bucket(algorithm) { quota.burst } else { quota.limit };
    Promised { quota, at_once, rule: rule(algorithm, &quota), mark }
}

impl RateLimiter {
    pub fn class(&self, key: u64) -> Class {
        match key >> KIND_SHIFT {
            USER if key & KEY_MASK >= self.first_pro => Class::Pro,
            USER => Class::Free,
            _ => Class::Address,
        }
    }

    /// What a key is promised by all servers together.
    pub fn promised(&self, key: u64) -> &Promised {
        &self.whole[self.class(key) as usize]
    }

    /// What one server gives by itself.
    pub fn promised_locally(&self, key: u64) -> &Promised {
        &self.local[self.class(key) as usize]
    }

    /// Users by popularity: user 1 calls most.
    pub fn popularity(&self) -> Zipf {
        Zipf::new(self.users as usize, self.skew)
    }
}

/// A limiter's key: its kind in the upper bits. Never 0.
const KIND_SHIFT: u32 = 60;
const KEY_MASK: u64 = (1 << KIND_SHIFT) - 1;
pub const USER: u64 = 0;
pub const ADDRESS: u64 = 1;
pub const CONNECTION: u64 = 2;
const PORT_BITS: u32 = 16;

pub fn key(kind: u64, number: u64) -> u64 {
    kind << KIND_SHIFT | number
}

pub fn connection(ip: u32, port: u16) -> u64 {
    key(CONNECTION, u64::from(ip) << PORT_BITS | u64::from(port))
}

/// Whom a key stands for: a connection is its address, and has no quota of its own.
pub fn subject(limiter_key: u64) -> u64 {
    match limiter_key >> KIND_SHIFT {
        CONNECTION => key(ADDRESS, (limiter_key & KEY_MASK) >> PORT_BITS),
        _ => limiter_key,
    }
}

/// As a person would say it: `user 7`.
pub fn told(limiter_key: u64) -> String {
    let number = limiter_key & KEY_MASK;
    match limiter_key >> KIND_SHIFT {
        USER => format!("user {number}"),
        ADDRESS => format!("address {number}"),
        _ => format!("address {} port {}", number >> PORT_BITS, number & 0xffff),
    }
}

impl System for RateLimiter {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Ledger;

    fn configure(knobs: &Knobs) -> RateLimiter {
        // `refuses` has let these knobs through, so there is a quota.
        let quota = quota(knobs).unwrap_or(Quota { limit: 1, window_ns: 1_000_000_000, burst: 1 });
        let algorithm = knobs.choice("algorithm");
        let count = |name| knobs.int(name).max(1).unsigned_abs();
        let (servers, users) = (count("servers"), count("users"));
        let over = if knobs.choice("local_share") == "divided" { servers } else { 1 };
        let times = [1, count("pro_times"), count("ip_times")];
        let pro = (users as f64 * knobs.num("pro_share") + 0.5) as u64;
        RateLimiter {
            algorithm,
            whole: times.map(|times| promised(algorithm, quota, times, 1)),
            local: times.map(|times| promised(algorithm, quota, times, over)),
            placement: match knobs.choice("placement") {
                "central-racy" => Placement::Racy,
                "local" => Placement::Local,
                "local-sync" => Placement::Synced,
                _ => Placement::Atomic,
            },
            outage: match knobs.choice("on_outage") {
                "open" => Outage::Open,
                "local" => Outage::Local,
                _ => Outage::Closed,
            },
            rules: knobs.choice("rule"),
            users,
            first_pro: users - pro.min(users) + 1,
            users_per_ip: count("users_per_ip") as u32,
            servers: servers as usize,
            stores: count("stores") as usize,
            by_user: knobs.choice("routing") == "by-user",
            server_clock: knobs.choice("clock") == "server",
            persist: knobs.on("persist"),
            audit: knobs.on("audit"),
            timeout: knobs.span("store_timeout"),
            store_op: knobs.span("store_op"),
            sync_period: knobs.span("sync_period"),
            base_rate: knobs.rate("base_rate").per_second(),
            page: count("page"),
            straddle: knobs.choice("arrivals") == "straddler",
            arrivals: match knobs.choice("arrivals") {
                "steady" => Arrivals::Steady,
                "bursty" => Arrivals::Bursty { on: Span::secs(1), off: Span::secs(4) },
                _ => Arrivals::Poisson,
            },
            skew: knobs.num("skew"),
            store_trip: Delay::with_jitter(knobs.span("store_round_trip").times(0.5), knobs.span("jitter").times(0.5)),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let stores: Vec<NodeId> = match self.stores {
            1 => vec![stage.add_one("store", Role::Store(Store::default()))],
            n => (0..n).map(|_| stage.add("store", Role::Store(Store::default()))).collect(),
        };
        let servers: Vec<NodeId> = (0..self.servers).map(|_| stage.add("s", Role::Server(Server::new(stores.clone())))).collect();
        let clients = Clients::new(servers, self, stage.rng("arrivals"));
        stage.add_one("clients", Role::Clients(Box::new(clients)));
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        if from == "clients" || to == "clients" { CLIENT_TRIP } else { self.store_trip }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        let clients = stage.find("clients")?;
        let int = |name: &str| action.int(name).unwrap_or(1).max(1).unsigned_abs();
        let user = int("client") as u32;
        stage.with(clients, |node, cx| {
            let Role::Clients(clients) = node else { return };
            if action.name == "flood" {
                clients.flood(user, int("per_server"), action.span("for").unwrap_or_default(), cx);
            } else {
                clients.burst(user, int("n"), int("connections"), cx);
            }
        });
        Ok(())
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        finally::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        panes::pane(world, pane, ask)
    }
}
