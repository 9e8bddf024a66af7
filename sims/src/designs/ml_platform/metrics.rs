//! What is measured, by its place in the design's list.

use crate::kernel::math;
use crate::kernel::metric::{Basis, Id, MetricSpec, Unit};

pub const SUBMITTED: Id = Id(0);
pub const STARTED: Id = Id(1);
pub const COMPLETED: Id = Id(2);
pub const BACKFILLED: Id = Id(3);
pub const RESTARTS: Id = Id(4);
pub const WAIT: Id = Id(5);
pub const WAIT_LARGE: Id = Id(6);
pub const WAIT_SMALL: Id = Id(7);
pub const WAIT_OTHERS: Id = Id(8);
pub const GPUS_RUNNING: Id = Id(9);
pub const GPUS_HELD: Id = Id(10);
pub const QUEUE: Id = Id(11);
pub const TEAM_PEAK: Id = Id(12);
pub const BUSY_MS: Id = Id(13);
pub const HELD_MS: Id = Id(14);
pub const ALL_MS: Id = Id(15);
pub const LOST_MS: Id = Id(16);
pub const ROWS: Id = Id(17);
pub const FUTURE: Id = Id(18);
pub const SKEW_SUM: Id = Id(19);
pub const SKEW_ROWS: Id = Id(20);
pub const MISSING: Id = Id(21);
pub const OFFLINE_AUC: Id = Id(22);
pub const LOGGED_AUC: Id = Id(23);
pub const ONLINE_AUC: Id = Id(24);
pub const ONLINE_LOSS: Id = Id(25);
pub const LIVE: Id = Id(26);
pub const TRAINED: Id = Id(27);
pub const REFUSED: Id = Id(28);
pub const PROMOTED: Id = Id(29);
pub const DISCARDED: Id = Id(30);
pub const REQUESTS: Id = Id(31);
pub const ANSWERED: Id = Id(32);
pub const PREDICT: Id = Id(33);
pub const PSI: Id = Id(34);
pub const KS: Id = Id(35);
pub const PSI_ALARMS: Id = Id(36);
pub const KS_ALARMS: Id = Id(37);
pub const LABEL_ALARMS: Id = Id(38);
pub const PSI_DELAY: Id = Id(39);
pub const KS_DELAY: Id = Id(40);
pub const LABEL_DELAY: Id = Id(41);
pub const OPEN_RUNS: Id = Id(42);
pub const UNGATED: Id = Id(43);
pub const VERSIONS: Id = Id(44);
pub const LAG: Id = Id(45);
pub const TRIAL_ANSWERS: Id = Id(46);
pub const SERVER_BUSY_MS: Id = Id(51);
pub const SERVER_ALL_MS: Id = Id(52);

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(SUBMITTED, "submitted", "jobs that teams and workflows asked for"),
    MetricSpec::counter(STARTED, "started", "gangs that began to work, with all their GPUs"),
    MetricSpec::counter(COMPLETED, "completed", "jobs that ended"),
    MetricSpec::counter(BACKFILLED, "backfilled", "jobs that started ahead of one that waited for room"),
    MetricSpec::counter(RESTARTS, "restarts", "gangs that lost a machine, or could not start, and wait again"),
    MetricSpec::histogram(WAIT, "wait", Unit::Secs, "from asking to the moment all GPUs work, of jobs that started"),
    MetricSpec::histogram(WAIT_LARGE, "wait_large", Unit::Secs, "the same, jobs of more than an eighth of the cluster"),
    MetricSpec::histogram(WAIT_SMALL, "wait_small", Unit::Secs, "the same, jobs of one or two GPUs"),
    MetricSpec::histogram(WAIT_OTHERS, "wait_others", Unit::Secs, "the same, of jobs of all teams but one that has used `flood`"),
    MetricSpec::gauge(GPUS_RUNNING, "gpus_running", "GPUs at work"),
    MetricSpec::gauge(GPUS_HELD, "gpus_held", "GPUs given to jobs that cannot work yet, because they lack others"),
    MetricSpec::gauge(QUEUE, "queue", "jobs without all their GPUs"),
    MetricSpec::gauge(TEAM_PEAK, "team_peak_share", "the largest part of all GPUs that one team ever held"),
    MetricSpec::counter(BUSY_MS, "gpu_busy_ms", "GPU-milliseconds of work"),
    MetricSpec::counter(HELD_MS, "gpu_held_ms", "GPU-milliseconds held without work"),
    MetricSpec::counter(ALL_MS, "gpu_all_ms", "GPU-milliseconds there were"),
    MetricSpec::counter(LOST_MS, "gpu_lost_ms", "GPU-milliseconds of work thrown away, since the last checkpoint before a gang broke"),
    MetricSpec::counter(ROWS, "rows_joined", "rows of training sets"),
    MetricSpec::counter(FUTURE, "future_rows", "rows whose features became known after the row's moment"),
    MetricSpec::counter(SKEW_SUM, "skew_sum", "squared differences of spending, served against offline at the same moment, in millionths of its variance"),
    MetricSpec::counter(SKEW_ROWS, "skew_rows", "served rows that were compared with the offline store"),
    MetricSpec::counter(MISSING, "missing", "predictions made with the usual features, because the online copy had nothing, or not in time"),
    MetricSpec::gauge(OFFLINE_AUC, "offline_auc", "area under the curve of the latest candidate, on held-out joined rows"),
    MetricSpec::gauge(LOGGED_AUC, "logged_auc", "the same on the features that serving logged for those rows"),
    MetricSpec::gauge(ONLINE_AUC, "online_auc", "area under the curve of the live version's answers, by labels that have come"),
    MetricSpec::gauge(ONLINE_LOSS, "online_loss", "mean loss of the live version's latest labelled answers, in nats"),
    MetricSpec::gauge(LIVE, "live_version", "version that most people get"),
    MetricSpec::counter(TRAINED, "trained", "models trained"),
    MetricSpec::counter(REFUSED, "refused", "candidates that a gate refused"),
    MetricSpec::counter(PROMOTED, "promoted", "versions that went live"),
    MetricSpec::counter(DISCARDED, "discarded", "versions that passed the gate and lost their trial, could not end it, or were overtaken"),
    MetricSpec::counter(REQUESTS, "requests", "predictions asked for"),
    MetricSpec::counter(ANSWERED, "answered", "predictions given in time"),
    MetricSpec::histogram(PREDICT, "predict", Unit::Millis, "from asking to the answer, of those answered"),
    MetricSpec::gauge(PSI, "psi", "greatest stability index over the features served lately"),
    MetricSpec::gauge(KS, "ks", "greatest Kolmogorov-Smirnov distance over the features served lately"),
    MetricSpec::counter(PSI_ALARMS, "psi_alarms", "alarms by the stability index"),
    MetricSpec::counter(KS_ALARMS, "ks_alarms", "alarms by the Kolmogorov-Smirnov test"),
    MetricSpec::counter(LABEL_ALARMS, "label_alarms", "alarms because labelled answers cost more than the version itself expects"),
    MetricSpec::gauge(PSI_DELAY, "psi_delay_s", "from the drift to the first alarm by the stability index"),
    MetricSpec::gauge(KS_DELAY, "ks_delay_s", "from the drift to the first alarm by the Kolmogorov-Smirnov test"),
    MetricSpec::gauge(LABEL_DELAY, "label_delay_s", "from the drift to the first alarm by labels"),
    MetricSpec::gauge(OPEN_RUNS, "open_runs", "workflow runs that have not ended"),
    MetricSpec::counter(UNGATED, "ungated", "answers by a version that passed no gate"),
    MetricSpec::gauge(VERSIONS, "versions", "versions that were ever made"),
    MetricSpec::histogram(LAG, "feature_lag", Unit::Millis, "how long ago what was served became known offline, where something newer is known"),
    MetricSpec::counter(TRIAL_ANSWERS, "trial_answers", "answers by a version on trial"),
    MetricSpec::derived(Id(47), "use_share", "part of all GPU time that was work", |m| m.share("gpu_busy_ms", "gpu_all_ms")),
    MetricSpec::derived(Id(48), "held_share", "part of all GPU time that was held without work", |m| m.share("gpu_held_ms", "gpu_all_ms")),
    MetricSpec::derived(Id(49), "skew_rms", "typical difference of spending, served against offline, in its deviations", |m| {
        m.share("skew_sum", "skew_rows").map(|mean| math::sqrt(mean / 1e6))
    })
    .basis(Basis::Modelled),
    MetricSpec::derived(Id(50), "served_share", "part of the predictions that were given in time", |m| m.share("answered", "requests")),
    MetricSpec::counter(SERVER_BUSY_MS, "server_busy_ms", "server-milliseconds of work, of both pools"),
    MetricSpec::counter(SERVER_ALL_MS, "server_all_ms", "server-milliseconds there were, of both pools"),
    MetricSpec::derived(Id(53), "server_use_share", "part of all servers' time that was work, of both pools", |m| m.share("server_busy_ms", "server_all_ms")),
];
