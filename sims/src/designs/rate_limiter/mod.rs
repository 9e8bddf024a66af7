//! Rate limiter: how many calls may a user make, decided by many servers that must agree.

mod client;
mod message;
mod rule;
mod server;
mod store;
mod system;
mod watch;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::{Design, Harm, Safeguard, Trial};
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantKind, InvariantSpec};
use crate::kernel::knob::Knob;
use crate::kernel::metric::{Id, MetricSpec, Unit};
use crate::kernel::time::Span;
use crate::kernel::value::Kind;
use crate::kernel::world;

const ADMITTED: Id = Id(0);
const REJECTED: Id = Id(1);
const DECISION: Id = Id(2);
const STORE_BYTES: Id = Id(3);

const NEVER_ABOVE_LIMIT: usize = 0;

pub static DESIGN: Design = Design {
    id: "rate-limiter",
    title: "Distributed rate limiter",
    teaches: "A counter that starts anew at each edge of the clock lets twice the limit through around it; a log of the last window does not.",
    leaves_out: "The API's own work, and how rules reach the servers.",
    knobs: &[
        Knob::live("algorithm", Kind::Choice(rule::ALGORITHMS), "sliding-log", "how requests are counted"),
        Knob::live("limit", Kind::Rate { min: 0.1, max: 10_000.0, per: Span::secs(60) }, "100/min", "requests a user may make per period"),
        Knob::live("burst", Kind::Integer { min: 1, max: 10_000 }, "100", "depth of a bucket: what may come at once"),
        Knob::live("base_rate", Kind::Rate { min: 0.0, max: 5_000.0, per: Span::secs(1) }, "200/s", "requests of all users together; 0 for none"),
        Knob::live("arrivals", Kind::Choice(&["steady", "poisson", "bursty"]), "poisson", "how requests are spread in time"),
        Knob::at_start("users", Kind::Integer { min: 1, max: 100_000 }, "100", "users who call"),
        Knob::at_start("servers", Kind::Integer { min: 1, max: 32 }, "4", "API servers, each asking for every request"),
        Knob::live("store_round_trip", Kind::Duration { min: Span::ZERO, max: Span::secs(1) }, "1ms", "from a server to the store and back"),
        Knob::live("jitter", Kind::Duration { min: Span::ZERO, max: Span::secs(1) }, "200us", "mean of what chance adds to a round trip"),
    ],
    actions: &[ActionSpec {
        name: "burst",
        says: "a client sends many requests at once",
        args: &[
            ArgSpec { name: "n", says: "how many", kind: Kind::Integer { min: 1, max: 10_000 }, default: ArgDefault::Required },
            ArgSpec { name: "client", says: "which user", kind: Kind::Integer { min: 1, max: 100_000 }, default: ArgDefault::Text("1") },
        ],
    }],
    faults: faults::NETWORK,
    metrics: &[
        MetricSpec::counter(ADMITTED, "admitted", "requests let through"),
        MetricSpec::counter(REJECTED, "rejected", "requests refused with 429: over the limit"),
        MetricSpec::histogram(DECISION, "decision", Unit::Millis, "time a request waits for the limiter's decision"),
        MetricSpec::gauge(STORE_BYTES, "store_bytes", "what the store keeps for all keys, keys not counted"),
    ],
    reasons: &[],
    invariants: &[InvariantSpec {
        id: "never-above-limit",
        kind: InvariantKind::Always,
        says: "in any window up to any moment a user gets at most the limit; from a bucket, its burst more",
    }],
    safeguards: &[Safeguard {
        knob: "algorithm",
        safe: &["sliding-log", "token-bucket", "leaky-bucket", "gcra"],
        off: "fixed-window",
        harms: Harm::Breaks("never-above-limit"),
        trial: Trial { set: &[("base_rate", "0")], script: &["59s=burst:n=100", "61s=burst:n=100"], length: Span::secs(120) },
    }],
    panes: &[],
    charts: &[&["admitted", "rejected"], &["decision"], &["store_bytes"]],
    refuses: system::refuses,
    start: world::start::<system::RateLimiter>,
    benches: &[],
};

#[cfg(test)]
mod tests;
