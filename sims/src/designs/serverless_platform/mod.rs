//! Serverless platform: somebody else's code runs when it is called, in a sandbox that is found, made or kept, and is billed by the millisecond.

mod bench;
mod billing;
mod channel;
mod client;
mod control;
mod finally;
mod messages;
mod metrics;
mod pool;
mod role;
mod router;
mod safeguards;
mod stats;
mod system;
mod view;
mod waiting;
mod watch;
mod worker;

#[cfg(test)]
mod tests;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::time::{HOUR, MINUTE, SECOND, Span};
use crate::kernel::value::{Kind, SHARE, time, whole};
use crate::kernel::view::PaneSpec;
use crate::kernel::world;
use crate::parts::meter::Rounding;

const ONE_AT_A_TIME: usize = 0;
const WITHIN_LIMIT: usize = 1;
const BILLED_ONCE: usize = 2;
const BILL_EXACT: usize = 3;
const STAYS_BACK: usize = 4;
const ALL_ANSWERED: usize = 5;
const ALL_BILLED: usize = 6;
const SLOTS_RETURNED: usize = 7;
const RECLAIMED_LAMP: usize = 8;
const RESTORED_LAMP: usize = 9;
const THROTTLED_LAMP: usize = 10;
const FENCED_LAMP: usize = 11;
const ROLLED_BACK: usize = 12;

/// Places in the list of reasons.
const REASON_THROTTLED: usize = 0;
const REASON_NO_ROOM: usize = 1;
const REASON_FUNCTION: usize = 2;
const REASON_TIMEOUT: usize = 3;
const REASON_WORKER: usize = 4;
const REASON_UNANSWERED: usize = 5;
const REASONS: &[&str] = &["throttled", "no_room", "function_error", "timed_out", "worker_lost", "unanswered"];

pub static DESIGN: Design = Design {
    id: "serverless-platform",
    title: "Serverless platform",
    teaches: "A sandbox that is kept after its call saves the next caller a start and costs the platform idle memory: keep-alive buys one with the other.",
    leaves_out: "Regions and the copying of code to workers, events with retries and dead letters, processors as a resource of their own, the isolation inside a machine, storage and network of functions; the registry's and the meter's own replication; pauses and clocks that go wrong, against which a lease does not help.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: &[&["crash", "restart"], faults::LINKS, faults::LOAD, faults::SLOW_DISKS],
    metrics: metrics::METRICS,
    reasons: REASONS,
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "sandboxes", title: "Sandboxes by worker" },
        PaneSpec { id: "tenants", title: "Tenants: slots and bills" },
        PaneSpec { id: "functions", title: "Functions: versions and targets" },
        PaneSpec { id: "states", title: "What sandboxes do" },
    ],
    charts: &[
        &["invocations", "completed"],
        &["cold_starts", "restored", "warm_starts"],
        &["running", "sandboxes", "idle"],
        &["latency", "neighbour"],
        &["targets", "queued"],
    ],
    refuses: system::refuses,
    start: |spec| world::start::<system::Serverless>(spec),
    benches: bench::BENCHES,
};

const KNOBS: &[Knob] = &[
    Knob::live("keep_alive", time(Span::ZERO, HOUR), "20s", "how long a sandbox waits for its next call"),
    Knob::live("reuse", Kind::Switch, "on", "a sandbox that has run goes back to those that can be found; off, it is forgotten and only holds memory"),
    Knob::live(
        "scaling",
        Kind::Choice(&["on-demand", "target"]),
        "on-demand",
        "sandboxes only as calls ask for them, or as many as an autoscaler's target says",
    ),
    Knob::live("scale_down", Kind::Choice(&["stabilised", "naive"]), "stabilised", "targets go down by the most wanted lately and with a cooldown, or at once"),
    Knob::live("stabilise", time(Span::ZERO, Span::secs(600)), "15s", "a target never goes below what was wanted within this span"),
    Knob::live("headroom", Kind::Number { min: 0.0, max: 2.0 }, "0.2", "what a target has on top of rate times duration, as a share"),
    Knob::live("capacity", Kind::Choice(&["ceiling", "floor"]), "ceiling", "half a sandbox is one, or none"),
    Knob::live("prewarm", Kind::Choice(&["off", "forecast"]), "off", "sandboxes are started ahead by what earlier seasons needed at this place"),
    Knob::live("snapshots", Kind::Switch, "off", "sandboxes of a version that has run before are restored from its snapshot"),
    Knob::live("cold", time(Span::millis(10), Span::secs(10)), "800ms", "a start from nothing, typically; a quarter more or less by chance"),
    Knob::live("restore", time(Span::millis(1), Span::secs(2)), "120ms", "a start from a snapshot, likewise"),
    Knob::live("limits", Kind::Switch, "on", "a tenant has at most `limit` calls under way"),
    Knob::live("limit", whole(1, 2_000), "30", "calls under way at once for each tenant"),
    Knob::live("queue", whole(0, 1_000), "50", "calls of each tenant that may wait for a slot or a place, for up to 5 s"),
    Knob::live("order", Kind::Choice(&["fair", "fifo"]), "fair", "who waits is served tenant by tenant in turn, or by who came first"),
    Knob::live(
        "hand_over",
        Kind::Choice(&["same-function", "in-order"]),
        "same-function",
        "a sandbox that falls free serves a waiting call of its own function first, or whoever is next",
    ),
    Knob::live("placement", Kind::Choice(&["pack", "spread"]), "pack", "a new sandbox goes to the fullest worker with room, or to the emptiest"),
    Knob::at_start("workers", whole(1, 32), "4", "workers"),
    Knob::at_start("worker_memory", whole(1, 64), "8", "a worker's memory for sandboxes, in GB"),
    Knob::at_start("memory", whole(128, 10_240), "512", "each function's memory, in MB"),
    Knob::at_start("tenants", whole(1, 20), "5", "tenants"),
    Knob::at_start("functions", whole(1, 20), "4", "functions of each tenant"),
    Knob::at_start("skew", Kind::Number { min: 0.0, max: 2.0 }, "1.0", "how unevenly calls fall on functions: the exponent of Zipf's law"),
    Knob::live("base_rate", Kind::Rate { min: 0.0, max: 1_500.0, per: SECOND }, "60/s", "calls of all tenants together"),
    Knob::live(
        "shape",
        Kind::Choice(&["poisson", "steady", "bursts", "day"]),
        "poisson",
        "how they come: by chance, evenly, in bursts once a season, or in a wave",
    ),
    Knob::live("season", time(Span::secs(2), Span::secs(600)), "60s", "from one burst to the next, or a day in small; also what the forecast repeats"),
    Knob::live("burst", time(Span::millis(100), Span::secs(300)), "10s", "how long a burst lasts"),
    Knob::live("duration", time(Span::millis(1), Span::secs(20)), "200ms", "how long a call runs, on average"),
    Knob::live("lengths", Kind::Choice(&["exponential", "fixed"]), "exponential", "whether durations vary by chance"),
    Knob::live("timeout", time(Span::millis(100), Span::secs(30)), "15s", "a call is stopped after this"),
    Knob::live(
        "timeout_by",
        Kind::Choice(&["worker", "router"]),
        "worker",
        "the worker kills what runs too long, or the router takes it for done and the sandbox for free",
    ),
    Knob::at_start("lease", time(Span::millis(400), Span::secs(30)), "3s", "a worker that has not heard of the router for so long kills what it runs"),
    Knob::live(
        "give_up",
        Kind::Choice(&["after-lease", "when-silent"]),
        "after-lease",
        "a silent worker's slots are free when its lease is over, or after two missed beats",
    ),
    Knob::live("canary", SHARE, "0.2", "share of calls that a new version gets on its ten seconds of trial"),
    Knob::live("auto_rollback", Kind::Switch, "on", "a version on trial goes back when more than a fifth of its calls fail"),
    Knob::live("warm_by", Kind::Choice(&["version", "function"]), "version", "a call takes an idle sandbox of its version, or any of its function"),
    Knob::at_start(
        "usage",
        Kind::Choice(&["journal", "memory"]),
        "journal",
        "what a call used is on the worker's disk before its end is told, or waits in memory",
    ),
    Knob::live("dedup", Kind::Switch, "on", "the meter knows a record that comes again by its number"),
    Knob::live("rounding", Kind::Choice(Rounding::NAMES), "once", "a bill is rounded to cents once, or each call is, to the nearest or up"),
    Knob::live("granularity", whole(1, 1_000), "1", "durations are charged in begun steps of so many milliseconds"),
    Knob::live(
        "bill_by",
        Kind::Choice(&["configured", "touched"]),
        "configured",
        "memory on the bill: what was asked for and held, or what the code touched of it",
    ),
    Knob::live("period", time(SECOND, HOUR), "20s", "from one bill to the next; a month in small"),
    Knob::at_start("trip", time(Span::micros(10), Span::millis(50)), "500us", "one way between two machines; a fifth more by chance"),
];

const FUNCTION: ArgSpec = ArgSpec { name: "function", says: "which function, counted from 1", kind: whole(1, 400), default: ArgDefault::Text("1") };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "burst",
        says: "many calls of one tenant's first function at once",
        args: &[
            ArgSpec { name: "n", says: "how many", kind: whole(1, 1_000), default: ArgDefault::Text("20") },
            ArgSpec { name: "tenant", says: "whose, counted from 1", kind: whole(1, 20), default: ArgDefault::Text("1") },
        ],
    },
    ActionSpec {
        name: "noise",
        says: "the first tenant calls its first function as fast as this, for a while",
        args: &[
            ArgSpec { name: "rate", says: "calls a second", kind: Kind::Rate { min: 0.0, max: 1_500.0, per: SECOND }, default: ArgDefault::Text("200/s") },
            ArgSpec { name: "for", says: "how long", kind: time(Span::millis(100), MINUTE), default: ArgDefault::Text("10s") },
        ],
    },
    ActionSpec {
        name: "publish",
        says: "a new version of a function goes on trial",
        args: &[
            FUNCTION,
            ArgSpec { name: "code", says: "bad code fails six calls in ten", kind: Kind::Choice(&["good", "bad"]), default: ArgDefault::Text("bad") },
        ],
    },
    ActionSpec { name: "roll-back", says: "take the version on trial back by hand", args: &[FUNCTION] },
];

const INVARIANTS: &[InvariantSpec] = &[
    always("one-at-a-time", "a sandbox runs one call at a time"),
    always("within-limit", "a tenant never has more calls running than the limit under which one of them was let in"),
    always("billed-once", "no call is billed twice"),
    always("bill-exact", "a bill is the price of the whole usage of its calls in MB x ms and requests, added exactly and rounded to cents once"),
    always("stays-back", "once a roll-back is confirmed, no call is given to that version"),
    finally("all-answered", "every call was answered, or its caller has given up"),
    finally("all-billed", "each call whose end was told is on a bill or in an account, unless its record lies on a machine that is down"),
    finally("slots-returned", "a tenant holds a slot only for a call that runs"),
    sometimes("reclaimed", "an idle sandbox is stopped"),
    sometimes("restored", "a call gets a sandbox from a snapshot"),
    sometimes("throttled", "a call is refused because its tenant is at its limit"),
    sometimes("fenced", "a worker kills what it runs because its lease is over"),
    sometimes("rolled-back", "a version is taken back, and the router has confirmed it"),
];
