//! What is measured, by its place in the design's list.

use crate::kernel::metric::{Basis, Id, MetricSpec, Unit};

pub const SUBMITTED: Id = Id(0);
pub const QUEUED: Id = Id(1);
pub const QUEUED_TWICE: Id = Id(2);
pub const RUNS: Id = Id(3);
pub const DOUBLE_RUNS: Id = Id(4);
pub const EFFECTS: Id = Id(5);
pub const COMPLETED: Id = Id(6);
pub const DEAD_LETTERS: Id = Id(7);
pub const SKIPPED: Id = Id(8);
pub const MISFIRED: Id = Id(9);
pub const RETRIES: Id = Id(10);
pub const REDELIVERED: Id = Id(11);
pub const LATE: Id = Id(12);
pub const QUEUED_LATE: Id = Id(13);
pub const GAP: Id = Id(14);
pub const TAKEOVERS: Id = Id(15);
pub const REFUSED: Id = Id(16);
pub const TARGET_CALLS: Id = Id(17);
pub const RETRY_PEAK: Id = Id(18);
pub const CRON_RUNS: Id = Id(19);
pub const READY: Id = Id(20);
pub const HIDDEN: Id = Id(21);
pub const PENDING: Id = Id(22);
pub const INDEX_STEPS: Id = Id(23);
pub const INDEX_TIMERS: Id = Id(24);
pub const EARLY: Id = Id(25);
pub const CATCH_UP: Id = Id(26);

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(SUBMITTED, "submitted", "tasks that came to be: submitted by clients, or due by a cron job"),
    MetricSpec::counter(QUEUED, "queued", "tries put into the ready queue"),
    MetricSpec::counter(QUEUED_TWICE, "queued_twice", "tries put into the ready queue that were there before, or whose task had ended"),
    MetricSpec::counter(RUNS, "runs", "runs begun by workers"),
    MetricSpec::counter(DOUBLE_RUNS, "double_runs", "runs of a try that was run before"),
    MetricSpec::counter(EFFECTS, "effects", "effects at the target: mails sent, cards charged"),
    MetricSpec::counter(COMPLETED, "completed", "tasks that ended COMPLETED"),
    MetricSpec::counter(DEAD_LETTERS, "dead_letters", "tasks that ended FAILED and were set aside"),
    MetricSpec::counter(SKIPPED, "skipped", "tasks that ended SKIPPED, for a misfire or a failed dependency"),
    MetricSpec::counter(MISFIRED, "misfired", "cron times that had passed unserved for longer than the misfire threshold"),
    MetricSpec::counter(RETRIES, "retries", "tries scheduled after a failure"),
    MetricSpec::counter(REDELIVERED, "redelivered", "messages that became visible again because their visibility time-out was over"),
    MetricSpec::histogram(LATE, "late", Unit::Millis, "from a task's time to its first run"),
    MetricSpec::histogram(QUEUED_LATE, "queued_late", Unit::Millis, "from a try's time to its place in the ready queue: the scheduler's own share"),
    MetricSpec::histogram(GAP, "gap", Unit::Millis, "how long a shard had nobody to lead it, from the last lease's last renewal to the next grant"),
    MetricSpec::counter(TAKEOVERS, "takeovers", "shards that went to another scheduler"),
    MetricSpec::counter(REFUSED, "refused", "claims the store refused: made before by another, or with an old token"),
    MetricSpec::counter(TARGET_CALLS, "target_calls", "calls that reached the target"),
    MetricSpec::gauge(RETRY_PEAK, "retry_peak", "the most retries that reached the target within 100 ms"),
    MetricSpec::counter(CRON_RUNS, "cron_runs", "cron times that were put into the ready queue"),
    MetricSpec::gauge(READY, "ready", "messages visible in the ready queue"),
    MetricSpec::gauge(HIDDEN, "hidden", "messages handed out, hidden from other workers"),
    MetricSpec::gauge(PENDING, "pending", "timers in the index of the scheduler that spoke last"),
    MetricSpec::counter(INDEX_STEPS, "index_steps", "timers that the index touched or compared for the tasks it handled"),
    MetricSpec::counter(INDEX_TIMERS, "index_timers", "timers put into the index, those parked for later left out"),
    MetricSpec::histogram(EARLY, "early", Unit::Millis, "how much before its time, by true time, a try was released; only those that were"),
    MetricSpec::gauge(CATCH_UP, "catch_up", "the most tries that one scheduler released at one moment"),
    MetricSpec::derived(Id(27), "steps_per_timer", "timers touched or compared per timer put in, over its whole life", |m| {
        m.share("index_steps", "index_timers")
    }),
    MetricSpec::derived(Id(28), "runs_per_task", "runs begun per task completed", |m| m.share("runs", "completed")),
    MetricSpec::derived(Id(29), "effects_per_task", "effects per task completed", |m| m.share("effects", "completed")),
    MetricSpec::derived(Id(30), "dead_share", "share of the tasks that end as dead letters", |m| m.share("dead_letters", "submitted")).basis(Basis::Modelled),
];
