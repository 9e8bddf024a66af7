//! ML platform: GPUs shared by teams, features joined as of their moment, versions that pass a gate before they serve, and monitors that watch.

mod bench;
mod finally;
mod flow;
mod history;
mod machine;
mod message;
mod metrics;
mod model;
mod monitor;
mod online;
mod pool;
mod registry;
mod role;
mod router;
mod safeguards;
mod sched;
mod store;
mod system;
mod teams;
mod truth;
mod users;
mod view;
mod watch;

#[cfg(test)]
mod tests;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::time::{MINUTE, Span};
use crate::kernel::value::{Kind, number, per_second, time, whole};
use crate::kernel::view::PaneSpec;
use crate::kernel::world;
use crate::parts::asof::Reading;
use crate::parts::gang::Policy;

const GANG_WHOLE: usize = 0;
const QUOTAS_HOLD: usize = 1;
const NO_FUTURE: usize = 2;
const GATED_ONLY: usize = 3;
const NO_DEADLOCK: usize = 4;
const ONLINE_LIKE_OFFLINE: usize = 5;
const RUNS_END: usize = 6;
const BACKFILLED: usize = 7;
const GATE_REFUSED: usize = 8;
const ALARM: usize = 9;

/// Places in the list of reasons.
const REASON_LATE: usize = 0;
const REASON_NO_MODEL: usize = 1;
const REASON_QUOTA: usize = 2;
const REASON_FULL: usize = 3;
const REASONS: &[&str] = &["late", "no_model", "over_quota", "queue_full"];

/// Three teams hand in jobs; the fourth is the platform's own workflow.
const TEAMS: [&str; 4] = ["vision", "search", "ads", "platform"];
const COLOURS: [&str; 2] = ["blue", "green"];
const FEATURES: usize = 3;
const FEATURE_NAMES: [&str; FEATURES] = ["spending", "visits", "complaints"];

pub static DESIGN: Design = Design {
    id: "ml-platform",
    title: "Machine-learning platform",
    teaches: "A join that takes the latest values makes the offline score better and the served one worse: the model learns from what only the future knew.",
    leaves_out: "Hyperparameter search, several models and feature views at once, the topology of GPUs and their network, preemption, and the price of storage.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: faults::NETWORK,
    metrics: metrics::METRICS,
    reasons: REASONS,
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "gpus", title: "GPUs, a machine a row" },
        PaneSpec { id: "queue", title: "Jobs: waiting, then running" },
        PaneSpec { id: "teams", title: "GPUs by team" },
        PaneSpec { id: "runs", title: "Workflow runs, step by step" },
        PaneSpec { id: "versions", title: "Model versions and lineage" },
        PaneSpec { id: "drift", title: "Drift: served against training" },
    ],
    charts: &[&["gpus_running", "gpus_held"], &["queue"], &["online_auc", "offline_auc"], &["psi", "ks"], &["predict"]],
    refuses: system::refuses,
    start: world::start::<system::Platform>,
    benches: bench::BENCHES,
};

const KNOBS: &[Knob] = &[
    Knob::at_start("machines", whole(1, 32), "8", "machines with GPUs"),
    Knob::at_start("gpus", whole(1, 16), "4", "GPUs of each machine"),
    Knob::live(
        "policy",
        Kind::Choice(Policy::NAMES),
        "fair-share",
        "who starts next: by arrival, whoever fits, by arrival with a reservation, or the team that holds least",
    ),
    Knob::live("gang", Kind::Switch, "on", "a job gets all its GPUs in one decision; off, each free GPU goes to the next job in turn"),
    Knob::live("quota", number(0.05, 1.0), "0.5", "part of all GPUs that one team may hold"),
    Knob::live("quota_check", Kind::Choice(&["at-start", "at-submit"]), "at-start", "when a team's quota is looked at"),
    Knob::live("job_rate", per_second(10.0), "0.8/s", "training jobs of the three teams"),
    Knob::live(
        "mix",
        Kind::Choice(&["mixed", "large", "small"]),
        "mixed",
        "sizes of jobs: a tenth large gangs, three tenths middling, the rest small; or all alike",
    ),
    Knob::live("job_length", time(Span::millis(100), MINUTE), "6s", "work of a job, on average; large ones take half as long again, small ones less"),
    Knob::live("estimate", number(1.0, 10.0), "1.5", "owners say that their job takes so many times as long as it does"),
    Knob::live("checkpoint", time(Span::ZERO, MINUTE), "2s", "how often a gang saves its state; 0 for never"),
    Knob::live("train_gpus", whole(1, 512), "8", "GPUs of the platform's own training job"),
    Knob::live("train_time", time(Span::millis(100), MINUTE), "4s", "how long it takes on them"),
    Knob::live("retrain", Kind::Choice(&["schedule", "psi", "ks", "labels", "never"]), "schedule", "what begins a run of the workflow: the clock, or an alarm"),
    Knob::live("retrain_every", time(Span::secs(2), Span::secs(600)), "20s", "how often, by the clock"),
    Knob::live("rows", whole(100, 20_000), "3000", "rows of a training set, the latest there are"),
    Knob::live("join", Kind::Choice(Reading::NAMES), "point-in-time", "which value a row gets: known at its moment, happened by its moment, or the latest"),
    Knob::live("gate", Kind::Choice(&["logged", "joined", "off"]), "logged", "a candidate is judged by held-out rows, and by what serving logged for them"),
    Knob::live("min_auc", number(0.5, 0.95), "0.65", "area under the curve that a candidate must reach"),
    Knob::live("deploy", Kind::Choice(&["blue-green", "in-place"]), "blue-green", "a version is loaded into the idle pool, or into the one that serves"),
    Knob::live("load_time", time(Span::ZERO, Span::secs(10)), "2s", "how long a pool loads a version"),
    Knob::live("promote", Kind::Choice(&["experiment", "at-once"]), "experiment", "a version first answers a share of the people, or everybody"),
    Knob::live("share", number(0.01, 0.5), "0.25", "share of the people who get a version on trial"),
    Knob::live("arm_rows", whole(20, 5_000), "150", "labelled answers of a version on trial before it is decided"),
    Knob::at_start("people", whole(50, 5_000), "1000", "people whose features are kept"),
    Knob::live("feed_rate", per_second(1_000.0), "200/s", "events that change somebody's features"),
    Knob::live("persistence", number(0.0, 0.99), "0.5", "how much of a habit is left at the person's next event"),
    Knob::live("late_share", number(0.0, 1.0), "0.05", "share of the events that arrive late"),
    Knob::live("late_by", time(Span::ZERO, Span::secs(10)), "2s", "how late they are at most"),
    Knob::live("materialise", time(Span::millis(50), Span::secs(20)), "500ms", "how often the online copy is brought up to date"),
    Knob::live("cursor", Kind::Choice(&["arrival", "event-time"]), "arrival", "what is brought over: what arrived since, or what happened since"),
    Knob::live("label_delay", time(Span::millis(500), Span::secs(20)), "3s", "how long after a prediction the truth is known"),
    Knob::live("drift_per_min", number(-5.0, 5.0), "0", "how far spending moves in a minute, in its deviations"),
    Knob::live("request_rate", per_second(300.0), "60/s", "predictions asked for"),
    Knob::live("feature_timeout", time(Span::ZERO, Span::millis(500)), "20ms", "a pool that has no features by then takes the usual ones; 0 waits on"),
    Knob::live("replicas", whole(1, 64), "4", "servers of each pool, one answer at a time each"),
    Knob::live("work", time(Span::ZERO, Span::millis(50)), "3ms", "time a server takes for an answer, on average"),
    Knob::live("window", whole(50, 5_000), "400", "latest answers that monitors look at"),
    Knob::live("psi_limit", number(0.01, 2.0), "0.25", "stability index at which it is an alarm"),
    Knob::live("ks_chance", number(0.000_000_001, 0.2), "0.0001", "an alarm if a distance like this had less than that chance without drift"),
    Knob::live("trip", time(Span::ZERO, Span::millis(20)), "500us", "one way between two machines; a fifth more by chance"),
];

const ACTIONS: &[ActionSpec] = &[
    ActionSpec { name: "train", says: "begin a run of the workflow", args: &[] },
    ActionSpec { name: "bad-model", says: "begin a run whose training code has a slip of a sign", args: &[] },
    ActionSpec {
        name: "drift",
        says: "the world changes, or the pipeline does",
        args: &[
            ArgSpec {
                name: "kind",
                says: "everybody spends more; the same habits lead to something else; the pipeline writes spending in another unit",
                kind: Kind::Choice(&["shift", "concept", "unit"]),
                default: ArgDefault::Text("shift"),
            },
            ArgSpec {
                name: "by",
                says: "deviations; how far the law turns (2 is its opposite); factor",
                kind: number(0.0, 100.0),
                default: ArgDefault::Text("1"),
            },
        ],
    },
    ActionSpec {
        name: "flood",
        says: "one team hands in many equal jobs at once",
        args: &[
            ArgSpec { name: "team", says: "which team", kind: Kind::Choice(&["vision", "search", "ads"]), default: ArgDefault::Text("vision") },
            ArgSpec { name: "n", says: "how many", kind: whole(1, 300), default: ArgDefault::Text("20") },
            ArgSpec { name: "gpus", says: "GPUs of each", kind: whole(1, 512), default: ArgDefault::Text("4") },
            ArgSpec { name: "lasts", says: "work of each", kind: time(Span::millis(100), MINUTE), default: ArgDefault::Text("6s") },
        ],
    },
    ActionSpec { name: "rollback", says: "let the other pool serve, with what it has", args: &[] },
];

const INVARIANTS: &[InvariantSpec] = &[
    always("gang-all-or-none", "after each decision a job holds all its GPUs or none"),
    always("quotas-hold", "no decision leaves a team with more GPUs than it may hold"),
    always("no-future-in-rows", "no row of a training set has a value that became known after the row's moment"),
    always("only-gated-serve", "no answer is given by a version that has passed no gate"),
    finally("no-deadlock", "jobs that would fit wait only while others run"),
    finally("online-like-offline", "the online copy has the newest features of everybody"),
    finally("runs-end", "each run of the workflow has ended, or its job is with the scheduler"),
    sometimes("backfilled", "a job starts ahead of one that waits for room"),
    sometimes("gate-refused", "a gate refuses a candidate"),
    sometimes("alarm", "a monitor sounds"),
];
