//! Rate limiter: how many calls may a user make, decided by many servers that must agree.

mod bench;
mod client;
mod finally;
mod message;
mod panes;
mod role;
mod rule;
mod scripts;
mod server;
mod store;
mod system;
mod watch;

#[cfg(test)]
mod tests;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::{Design, Harm, Safeguard, Trial};
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::metric::{Basis, Id, MetricSpec, Unit};
use crate::kernel::time::{MINUTE, SECOND, Span};
use crate::kernel::value::{Kind, time, whole};
use crate::kernel::view::PaneSpec;
use crate::kernel::world;

const ASKED: Id = Id(0);
const ADMITTED: Id = Id(1);
const REJECTED: Id = Id(2);
const UNJUDGED: Id = Id(3);
const CLIENT1_ADMITTED: Id = Id(4);
const CLIENT1_REJECTED: Id = Id(5);
const MOST_IN_WINDOW: Id = Id(6);
const DECISION: Id = Id(7);
const QUEUED: Id = Id(8);
const STORE_OPS: Id = Id(9);
const STORE_BYTES: Id = Id(10);
const KEY_STATE_BYTES: Id = Id(11);
const AUDITED: Id = Id(12);
const WRONG_ADMITTED: Id = Id(13);
const WRONG_REJECTED: Id = Id(14);

/// Place in the list of reasons.
const STORE_AWAY: usize = 0;

const NEVER_ABOVE_LIMIT: usize = 0;
const NEVER_ABOVE_BURST: usize = 1;
const NEVER_REFUSED_WITH_QUOTA: usize = 2;
const REMAINING_NOT_NEGATIVE: usize = 3;
const NOBODY_LOCKED_OUT: usize = 4;
const LIMIT_REACHED: usize = 5;

pub static DESIGN: Design = Design {
    id: "rate-limiter",
    title: "Distributed rate limiter",
    teaches: "A counter that starts anew at each edge of the clock lets twice the limit through around it; a log of the last window does not.",
    leaves_out: "The API's own work, how rules reach the servers, health checks of servers, and replicas of the store; a report lost on its way is not sent again.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: faults::NETWORK,
    metrics: METRICS,
    reasons: &["store_away"],
    invariants: INVARIANTS,
    safeguards: SAFEGUARDS,
    panes: &[PaneSpec { id: "users", title: "Busiest users" }, PaneSpec { id: "window", title: "Let through, last two windows" }],
    charts: &[&["admitted", "rejected"], &["decision"], &["store_bytes"], &["store_ops"]],
    refuses: system::refuses,
    start: world::start::<system::RateLimiter>,
    benches: bench::BENCHES,
};

const KNOBS: &[Knob] = &[
    Knob::live("algorithm", Kind::Choice(rule::ALGORITHMS), "sliding-log", "how requests are counted; the last three are known mistakes"),
    Knob::live("limit", Kind::Rate { min: 0.01, max: 10_000.0, per: MINUTE }, "100/min", "requests a user may make per period"),
    Knob::live("window", time(Span::ZERO, Span::secs(3600)), "0s", "how long a window is; 0 takes the limit's own period"),
    Knob::live("burst", whole(1, 10_000), "100", "depth of a bucket: what may come at once"),
    Knob::live(
        "placement",
        Kind::Choice(&["central-atomic", "central-racy", "local", "local-sync"]),
        "central-atomic",
        "where the counts are, and how they are changed",
    ),
    Knob::live("rule", Kind::Choice(&["user", "ip", "user-and-ip", "ip-port"]), "user", "whose requests are counted together"),
    Knob::live("on_outage", Kind::Choice(&["open", "closed", "local"]), "closed", "what a server does when the store is silent"),
    Knob::live("clock", Kind::Choice(&["store", "server"]), "store", "whose clock decides"),
    Knob::live("persist", Kind::Switch, "on", "the store's counts survive its restart"),
    Knob::live("local_share", Kind::Choice(&["divided", "whole"]), "divided", "a server by itself gives its share of the limit, or all of it"),
    Knob::live("sync_period", time(Span::millis(10), MINUTE), "1s", "how often servers report to the store with local-sync"),
    Knob::live("store_timeout", time(Span::micros(100), Span::secs(10)), "4ms", "how long a server waits for the store before its policy decides"),
    Knob::live("store_round_trip", time(Span::ZERO, SECOND), "1ms", "from a server to the store and back"),
    Knob::live("jitter", time(Span::ZERO, SECOND), "200us", "mean of what chance adds to a round trip"),
    Knob::live("store_op", time(Span::ZERO, Span::millis(10)), "20us", "time the store needs for one command"),
    Knob::live("routing", Kind::Choice(&["round-robin", "by-user"]), "round-robin", "how the load balancer picks a server"),
    Knob::live("base_rate", Kind::Rate { min: 0.0, max: 5_000.0, per: SECOND }, "200/s", "requests of all users together; 0 for none"),
    Knob::live(
        "arrivals",
        Kind::Choice(&["steady", "poisson", "bursty", "straddler"]),
        "poisson",
        "how requests come; a straddler besides sends the limit on both sides of every other edge, as user 1",
    ),
    Knob::live("page", whole(1, 100), "1", "requests that a page sends at once"),
    Knob::live("pro_times", whole(1, 1000), "10", "a paying user's limit, in limits of a free one"),
    Knob::live("ip_times", whole(1, 1000), "5", "an address's limit, in limits of one user"),
    Knob::live("audit", Kind::Switch, "off", "run an exact log beside every central decision and count where they differ"),
    Knob::at_start("pro_share", Kind::Number { min: 0.0, max: 1.0 }, "0.1", "share of the users who pay; the least busy ones"),
    Knob::at_start("users", whole(1, 100_000), "100", "users who call"),
    Knob::at_start("skew", Kind::Number { min: 0.0, max: 2.0 }, "0.8", "exponent of Zipf's law: 0 and all users call alike"),
    Knob::at_start("users_per_ip", whole(1, 10_000), "4", "users behind one address"),
    Knob::at_start("servers", whole(1, 32), "4", "API servers"),
    Knob::at_start("stores", whole(1, 32), "1", "stores that share the keys"),
];

const CLIENT: ArgSpec = ArgSpec { name: "client", says: "which user", kind: whole(1, 100_000), default: ArgDefault::Text("1") };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "burst",
        says: "a client sends many requests at once",
        args: &[
            ArgSpec { name: "n", says: "how many", kind: whole(1, 10_000), default: ArgDefault::Required },
            CLIENT,
            ArgSpec { name: "connections", says: "over so many connections", kind: whole(1, 10_000), default: ArgDefault::Text("1") },
        ],
    },
    ActionSpec {
        name: "flood",
        says: "a client keeps connections to every server and sends on each as soon as it is answered",
        args: &[
            CLIENT,
            ArgSpec { name: "per_server", says: "connections to each server", kind: whole(1, 4), default: ArgDefault::Text("1") },
            ArgSpec { name: "for", says: "how long", kind: time(Span::millis(1), MINUTE), default: ArgDefault::Text("10s") },
        ],
    },
];

const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(ASKED, "asked", "requests sent by clients"),
    MetricSpec::counter(ADMITTED, "admitted", "requests let through, judged or not"),
    MetricSpec::counter(REJECTED, "rejected", "requests refused with 429: over the limit"),
    MetricSpec::counter(UNJUDGED, "unjudged", "requests that the failure policy decided because the store was silent, unless it refused them all"),
    MetricSpec::counter(CLIENT1_ADMITTED, "client1_admitted", "requests of user 1 let through"),
    MetricSpec::counter(CLIENT1_REJECTED, "client1_rejected", "requests of user 1 refused with 429"),
    MetricSpec::gauge(MOST_IN_WINDOW, "most_in_window", "the most that any one user has had answered with 200 within a window"),
    MetricSpec::histogram(DECISION, "decision", Unit::Millis, "time a request waits for the limiter's decision"),
    MetricSpec::histogram(QUEUED, "queued", Unit::Millis, "time an admitted request waits in a leaky bucket"),
    MetricSpec::counter(STORE_OPS, "store_ops", "commands that reach the stores"),
    MetricSpec::gauge(STORE_BYTES, "store_bytes", "state that a store keeps for its keys, without the keys and the table's own overhead"),
    MetricSpec::gauge(KEY_STATE_BYTES, "key_state_bytes", "state per key, on average over a store's keys"),
    MetricSpec::counter(AUDITED, "audited", "decisions compared with an exact log's"),
    MetricSpec::counter(WRONG_ADMITTED, "wrong_admitted", "let through where the exact log refuses"),
    MetricSpec::counter(WRONG_REJECTED, "wrong_rejected", "refused where the exact log lets through"),
    MetricSpec::derived(Id(15), "wrong_share", "share of the decisions that differ from the exact log's", |m| {
        let audited = m.get("audited").filter(|n| *n > 0.0)?;
        Some((m.get("wrong_admitted")? + m.get("wrong_rejected")?) / audited)
    })
    .basis(Basis::Modelled),
    MetricSpec::derived(Id(16), "rejected_share", "share of the requests that are refused with 429", |m| m.share("rejected", "asked")),
    MetricSpec::derived(Id(17), "admitted_share", "share of the requests that are let through", |m| m.share("admitted", "asked")),
    MetricSpec::derived(Id(18), "failed_share", "share of the requests that fail because nobody could decide", |m| m.share("failed", "asked")),
];

const INVARIANTS: &[InvariantSpec] = &[
    always("never-above-limit", "in any window up to any moment of the deciding clock nobody gets more than the limit; of a bucket, its burst more"),
    always("never-above-burst", "in any stretch of time t nobody gets more than a burst and rate times t; without a bucket the limit is the burst"),
    always("never-refused-with-quota", "nobody is refused who had less than the limit, or the burst if that is less, in the last window"),
    always("remaining-not-negative", "no answer says that less than nothing remains"),
    finally("nobody-locked-out", "who stops calling has quota again some windows later"),
    sometimes("limit-reached", "somebody is refused for having used the limit up"),
];

const QUIET: (&str, &str) = ("base_rate", "0");

const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "algorithm",
        safe: &["sliding-log", "token-bucket", "leaky-bucket", "gcra"],
        off: "fixed-window",
        harms: Harm::Breaks("never-above-limit"),
        trial: Trial { set: &[QUIET], script: &["59s=burst:n=100", "61s=burst:n=100"], length: Span::secs(120) },
    },
    Safeguard {
        knob: "placement",
        safe: &["central-atomic"],
        off: "central-racy",
        harms: Harm::Breaks("never-above-limit"),
        trial: Trial { set: &[QUIET], script: &["1s=flood:per_server=2,for=2s"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "on_outage",
        safe: &["closed"],
        off: "open",
        harms: Harm::Breaks("never-above-limit"),
        trial: Trial { set: &[QUIET], script: &["1s=burst:n=10", "2s=crash:node=store", "3s=burst:n=200"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "persist",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("never-above-limit"),
        trial: Trial { set: &[QUIET], script: &["1s=burst:n=100", "2s=crash:node=store", "3s=restart:node=store", "4s=burst:n=100"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "rule",
        safe: &["user", "ip", "user-and-ip"],
        off: "ip-port",
        harms: Harm::Breaks("never-above-limit"),
        trial: Trial { set: &[QUIET], script: &["1s=burst:n=600,connections=600"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "clock",
        safe: &["store"],
        off: "server",
        harms: Harm::Breaks("never-above-limit"),
        trial: Trial { set: &[QUIET], script: &["1s=step-clock:node=s2,by=61s", "2s=burst:n=400"], length: Span::secs(10) },
    },
];
