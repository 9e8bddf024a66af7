//! Transfers between banks that share no database: two- and three-phase commit, and sagas led and unled.

mod bank;
mod bench;
mod book;
mod client;
mod coord;
mod metrics;
mod safeguards;
mod saga;
mod saga_step;
mod stand_in;
mod step;
mod system;
#[cfg(test)]
mod tests;
mod view;
mod watch;
mod wire;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::knob::Knob;
use crate::kernel::time::Span;
use crate::kernel::value::Kind;
use crate::kernel::world;

/// Places in the list of reasons.
mod reasons {
    pub const REFUSED: usize = 0;
    pub const GAVE_UP: usize = 1;
    pub const NO_ANSWER: usize = 2;
}

#[rustfmt::skip]
const KNOBS: &[Knob] = &[
    Knob::at_start("protocol", Kind::Choice(system::PROTOCOLS), "2pc", "how the banks of a transfer agree"),
    Knob::at_start("banks", Kind::Integer { min: 2, max: 8 }, "3", "banks, each with a database of its own"),
    Knob::at_start("legs", Kind::Integer { min: 2, max: 5 }, "2", "banks that one transfer touches: one pays, the others receive"),
    Knob::live("rate", Kind::Rate { min: 0.0, max: 400.0, per: Span::secs(1) }, "40/s", "transfers that clients ask for"),
    Knob::live("reads", Kind::Rate { min: 0.0, max: 200.0, per: Span::secs(1) }, "10/s", "reads of both accounts of one of the latest transfers"),
    Knob::at_start("accounts", Kind::Integer { min: 2, max: 1000 }, "100", "accounts of each bank"),
    Knob::at_start("hot_accounts", Kind::Integer { min: 1, max: 100 }, "1", "accounts of each bank that the hot transfers share"),
    Knob::live("hot_share", Kind::Number { min: 0.0, max: 1.0 }, "0.1", "share of the transfers that go between hot accounts"),
    Knob::live("refusals", Kind::Number { min: 0.0, max: 0.5 }, "0.02", "share of the transfers that the last bank refuses for reasons of its own"),
    Knob::at_start("opening", Kind::Integer { min: 0, max: 100_000_000 }, "1000000", "what every account holds at first, in minor units"),
    Knob::live("latency", Kind::Duration { min: Span::micros(50), max: Span::millis(200) }, "2ms", "time a message takes from one machine to another"),
    Knob::live("fsync", Kind::Duration { min: Span::ZERO, max: Span::millis(200) }, "2ms", "time a sync of a disk takes; who asks meanwhile shares the next"),
    Knob::live("deadlock", Kind::Choice(&["wait-die", "timeout"]), "wait-die", "who may wait for a lock: only the older, or everyone until the limit"),
    Knob::live("lock_wait", Kind::Duration { min: Span::millis(1), max: Span::secs(10) }, "500ms", "how long a request waits for a lock at most"),
    Knob::live("vote_timeout", Kind::Duration { min: Span::millis(5), max: Span::secs(30) }, "1s", "how long the coordinator waits for votes, and a saga for a step, before it turns back"),
    Knob::live("decision_timeout", Kind::Duration { min: Span::millis(10), max: Span::secs(60) }, "2s", "how long a bank that voted waits before it asks (2PC) or stands in (3PC)"),
    Knob::live("retry", Kind::Duration { min: Span::millis(2), max: Span::secs(5) }, "50ms", "wait before something is sent again; grows with each time where attempts are limited"),
    Knob::live("attempts", Kind::Integer { min: 1, max: 50 }, "10", "attempts at a transfer whose locks are taken"),
    Knob::live("log_decision", Kind::Switch, "on", "the coordinator's decision is durable before anyone hears it"),
    Knob::live("await_acks", Kind::Switch, "on", "a commit is told until every bank has said that it has it"),
    Knob::live("abort_on_error", Kind::Switch, "on", "when one bank says no, the others are told to abort; off, the error just leaves the function"),
    Knob::live("force_votes", Kind::Switch, "on", "a yes is durable before it is sent"),
    Knob::live("relock", Kind::Switch, "on", "a bank that restarts locks again what it is in doubt about"),
    Knob::live("read_locks", Kind::Switch, "on", "a read keeps its locks until it has both accounts; off, it lets go of each at once"),
    Knob::live("idempotent", Kind::Switch, "on", "a compensation that comes twice is done once"),
];

const NODE: ArgSpec = ArgSpec { name: "node", says: "the coordinator or a bank", kind: Kind::Node, default: ArgDefault::Required };
const UP_TO_A_MINUTE: Kind = Kind::Duration { min: Span::millis(1), max: Span::secs(60) };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "transfer",
        says: "ask for transfers now",
        args: &[
            ArgSpec { name: "n", says: "how many", kind: Kind::Integer { min: 1, max: 200 }, default: ArgDefault::Text("1") },
            ArgSpec { name: "hot", says: "between hot accounts", kind: Kind::Switch, default: ArgDefault::Text("off") },
            ArgSpec { name: "refused", says: "the last bank will refuse", kind: Kind::Switch, default: ArgDefault::Text("off") },
        ],
    },
    ActionSpec { name: "read", says: "read both accounts of the latest transfer", args: &[] },
    ActionSpec {
        name: "crash-at",
        says: "crash a machine when it next comes to a step of its protocol",
        args: &[
            NODE,
            ArgSpec { name: "step", says: "the step, just done", kind: Kind::Choice(step::STEPS), default: ArgDefault::Required },
            ArgSpec {
                name: "nth",
                says: "at which time it comes there, 1 the next",
                kind: Kind::Integer { min: 1, max: 10_000 },
                default: ArgDefault::Text("1"),
            },
            ArgSpec { name: "for", says: "how long it stays down", kind: UP_TO_A_MINUTE, default: ArgDefault::Absent },
        ],
    },
    ActionSpec {
        name: "refuse-undo",
        says: "a bank refuses compensations for a while",
        args: &[
            ArgSpec { name: "node", says: "which bank", kind: Kind::Node, default: ArgDefault::Text("bank") },
            ArgSpec { name: "for", says: "how long", kind: UP_TO_A_MINUTE, default: ArgDefault::Text("5s") },
        ],
    },
];

pub static DESIGN: Design = Design {
    id: "distributed-transactions",
    title: "Distributed transactions",
    teaches: "Between its yes and the decision a bank may do nothing but wait with its locks: two-phase commit pays for atomicity with the coordinator's downtime.",
    leaves_out: "A replicated coordinator (its log survives, its machine is waited for); media loss; more than one account per bank and transfer; \
                 read-only votes; memory of finished transactions beyond the last 8,192 of each bank.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::LOAD, faults::SLOW_DISKS, faults::FULL_DISKS],
    metrics: metrics::METRICS,
    reasons: &["refused", "gave_up", "no_answer"],
    invariants: watch::LAMPS,
    safeguards: safeguards::SAFEGUARDS,
    panes: view::PANES,
    charts: &[&["asked", "done"], &["transfer"], &["lock_held", "in_doubt"], &["aborts", "died", "undos"]],
    refuses: system::refuses,
    start: world::start::<system::Banking>,
    benches: bench::BENCHES,
};
