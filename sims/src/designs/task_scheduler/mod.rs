//! Task scheduler: what must run later, or over and over, runs once its time has come, whoever dies meanwhile.

mod bench;
mod client;
mod finally;
mod messages;
mod metrics;
mod queue;
mod role;
mod safeguards;
mod scheduler;
mod store;
mod system;
mod target;
mod task;
mod view;
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
use crate::parts::backoff::Jitter;
use crate::parts::cron::Reading;

const NEVER_EARLY: usize = 0;
const QUEUED_ONCE: usize = 1;
const NO_STALE_RUN: usize = 2;
const EFFECT_ONCE: usize = 3;
const DEPENDENCIES_FIRST: usize = 4;
const ONCE_A_DAY: usize = 5;
const NONE_LOST: usize = 6;
const DEAD_LETTERED: usize = 7;
const REDELIVERED: usize = 8;
const TAKEN_OVER: usize = 9;

/// Places in the list of reasons.
const REASON_RETRIES: usize = 0;
const REASON_HOPELESS: usize = 1;
const REASON_UNDELIVERABLE: usize = 2;
const REASON_MISFIRE: usize = 3;
const REASON_DEPENDENCY: usize = 4;
const REASONS: &[&str] = &["retries_used_up", "permanent_error", "delivered_too_often", "misfire", "dependency_failed"];

pub static DESIGN: Design = Design {
    id: "task-scheduler",
    title: "Distributed task scheduler",
    teaches: "When the leader dies, nothing is released until its lease has run out: the gap is the lease, and what fell into it comes all at once.",
    leaves_out: "Several queues by priority, limits per tenant, payloads and results, replicas of store and queue, and workers that pull from another region.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: faults::NETWORK,
    metrics: metrics::METRICS,
    reasons: REASONS,
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "soon", title: "Open tasks, the earliest first" },
        PaneSpec { id: "states", title: "Tasks by state, ended ones for five minutes" },
        PaneSpec { id: "leases", title: "Who leads" },
        PaneSpec { id: "wheel", title: "The wheel's slots" },
        PaneSpec { id: "cron", title: "Cron, by the clock on the wall" },
    ],
    charts: &[&["queued", "completed"], &["queued_late"], &["ready", "hidden"], &["retries", "redelivered"]],
    refuses: system::refuses,
    start: world::start::<system::Scheduling>,
    benches: bench::BENCHES,
};

const KNOBS: &[Knob] = &[
    Knob::at_start(
        "coordination",
        Kind::Choice(&["leader", "shards", "none"]),
        "leader",
        "one scheduler leads, each shard is led by one, or everybody does everything",
    ),
    Knob::at_start("schedulers", whole(1, 9), "3", "scheduler processes"),
    Knob::at_start("shards", whole(1, 32), "6", "shards of the tasks, where each has a lease of its own"),
    Knob::at_start("workers", whole(1, 64), "8", "worker processes, one task at a time each"),
    Knob::at_start("index", Kind::Choice(&["wheel", "heap"]), "wheel", "how a scheduler finds what is due: a hierarchical timing wheel or a binary heap"),
    Knob::at_start("tick", time(Span::millis(1), SECOND), "10ms", "resolution of the index"),
    Knob::live("round", Kind::Choice(&["up", "down"]), "up", "a time between two ticks is served with the later, or with the earlier one"),
    Knob::at_start("parked", whole(0, 200_000), "0", "further tasks of later hours that stand in the index"),
    Knob::live("lease", time(Span::millis(500), Span::secs(30)), "3s", "how long a scheduler leads without renewing"),
    Knob::live("poll", time(Span::millis(20), Span::secs(10)), "200ms", "how often a scheduler asks the store for new tasks"),
    Knob::live(
        "claim",
        Kind::Choice(&["conditional", "fenced", "lock", "blind"]),
        "conditional",
        "what the store checks before a release: the task's state, the lease's token, a lock per task without looking again, or nothing",
    ),
    Knob::live("visibility", time(Span::millis(500), Span::secs(300)), "10s", "how long a message is hidden from other workers"),
    Knob::live("heartbeat", Kind::Switch, "on", "a worker asks for more time while it is at a task"),
    Knob::live("length", time(Span::ZERO, Span::secs(120)), "100ms", "work of a task before its effect, on average"),
    Knob::live("lengths", Kind::Choice(&["fixed", "exponential"]), "exponential", "whether all tasks are equally long"),
    Knob::live("retries", whole(0, 10), "3", "tries after the first"),
    Knob::live("backoff", time(Span::millis(10), MINUTE), "1s", "longest wait before the first retry; each further one is twice as long"),
    Knob::live("backoff_cap", time(Span::millis(10), Span::secs(600)), "60s", "no wait is longer"),
    Knob::live("jitter", Kind::Choice(Jitter::NAMES), "full", "how waits are spread below their longest"),
    Knob::live("max_receives", whole(1, 20), "5", "deliveries of one message before it is set aside"),
    Knob::live(
        "on_error",
        Kind::Choice(&["replace", "both", "nack"]),
        "replace",
        "a failed try is scheduled anew, or that and handed back, or only handed back",
    ),
    Knob::live("look_again", Kind::Switch, "on", "a worker asks the store whether what it was handed is still to be run"),
    Knob::live("ack", Kind::Choice(&["after", "before"]), "after", "the message is deleted when the outcome is written down, or on receipt"),
    Knob::live("idempotency", Kind::Switch, "on", "the target is told the task's key, and has each effect once"),
    Knob::live(
        "order",
        Kind::Choice(&["after-completion", "by-time"]),
        "after-completion",
        "a task that needs others waits for them, or is scheduled a second later",
    ),
    Knob::live("misfire", Kind::Choice(&["run-all", "run-once", "skip"]), "run-all", "cron times that were missed: catch up on all, on the latest, or on none"),
    Knob::live("misfire_after", time(Span::ZERO, Span::secs(600)), "5s", "how late a cron time may be before it counts as missed"),
    Knob::at_start(
        "cron",
        Kind::Choice(&["none", "*/5 * * * * *", "* * * * *", "*/15 * * * *", "0 * * * *", "30 2 * * *"]),
        "*/5 * * * * *",
        "pattern of all cron jobs; six fields begin with seconds",
    ),
    Knob::at_start("cron_jobs", whole(0, 500), "4", "cron jobs"),
    Knob::at_start("cron_by", Kind::Choice(Reading::NAMES), "zone", "by the zone's rules, by comparing with the wall clock, or by a fixed offset from UTC"),
    Knob::at_start("cron_spread", time(Span::ZERO, HOUR), "0s", "jobs are moved by up to this, each by its own hash"),
    Knob::at_start("day", Kind::Choice(&["ordinary", "spring", "autumn"]), "ordinary", "15 June, 29 March or 25 October 2026 in Central Europe"),
    Knob::at_start("starts_at", time(Span::ZERO, Span::secs(24 * 3600)), "12h", "how long after local midnight the run begins"),
    Knob::live("base_rate", Kind::Rate { min: 0.0, max: 300.0, per: SECOND }, "20/s", "submissions"),
    Knob::live("delay", time(Span::ZERO, HOUR), "3s", "how far ahead tasks are due, on average"),
    Knob::live("chain_share", SHARE, "0.1", "share of submissions that are two tasks and a third that needs both"),
    Knob::live("fail_share", SHARE, "0.02", "share of calls that the target answers with an error"),
    Knob::live("poison_share", SHARE, "0.002", "share of submissions whose task always fails"),
    Knob::live("target_rate", Kind::Rate { min: 0.0, max: 10_000.0, per: SECOND }, "0/s", "calls the target takes before it answers 503; 0 for no limit"),
    Knob::live("call", time(Span::ZERO, Span::secs(10)), "5ms", "time the target takes for an answer"),
    Knob::live("trip", time(Span::ZERO, Span::secs(1)), "500us", "one way between two machines; a fifth more by chance"),
];

const N: ArgSpec = ArgSpec { name: "n", says: "how many", kind: whole(1, 2_000), default: ArgDefault::Text("1") };
const DELAY: ArgSpec = ArgSpec { name: "delay", says: "due so much later, all at one instant", kind: time(Span::ZERO, HOUR), default: ArgDefault::Text("0s") };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec { name: "burst", says: "submit many tasks at once", args: &[N, DELAY] },
    ActionSpec {
        name: "poison",
        says: "submit tasks that cannot succeed",
        args: &[
            ArgSpec {
                name: "kind",
                says: "fails every time, fails for good, or takes its worker down",
                kind: Kind::Choice(&["error", "permanent", "kills"]),
                default: ArgDefault::Text("error"),
            },
            N,
            DELAY,
        ],
    },
    ActionSpec {
        name: "chain",
        says: "submit two tasks and a third that needs both",
        args: &[N, DELAY, ArgSpec { name: "fails", says: "the first of them fails for good", kind: Kind::Switch, default: ArgDefault::Text("off") }],
    },
    ActionSpec {
        name: "outage",
        says: "the target answers nothing but 503",
        args: &[ArgSpec { name: "for", says: "how long", kind: time(Span::millis(1), MINUTE), default: ArgDefault::Text("10s") }],
    },
];

const INVARIANTS: &[InvariantSpec] = &[
    always("never-early", "nothing is released before its time by the clock of the scheduler that releases it"),
    always("queued-once", "a try goes into the ready queue once, and none after its task has ended"),
    always("no-stale-run", "no run is begun of a task that has ended or of a try that was replaced, as far as the store knew when it was asked"),
    always("effect-once", "a task has its effect at most once, however often it is run"),
    always("dependencies-first", "no task begins before all it depends on have COMPLETED"),
    always("once-a-day", "a job with one time of day is due once on every date"),
    finally("none-lost", "each task has ended COMPLETED, FAILED or SKIPPED, or is in somebody's hands: its time lies ahead, or a message of it is on its way"),
    sometimes("dead-lettered", "a task has used its last try and is set aside"),
    sometimes("redelivered", "a message comes back after its visibility time-out"),
    sometimes("taken-over", "a shard goes to another scheduler"),
];
