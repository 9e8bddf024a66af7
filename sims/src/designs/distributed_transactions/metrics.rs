//! What is counted and timed.

use crate::kernel::metric::{Id, MetricSpec, Unit};

pub const ASKED: Id = Id(0);
pub const DONE: Id = Id(1);
pub const TRANSFER: Id = Id(2);
pub const LOCK_HELD: Id = Id(3);
pub const LOCK_WAIT: Id = Id(4);
pub const LOCK_TIMEOUTS: Id = Id(5);
pub const DIED: Id = Id(6);
pub const ABORTS: Id = Id(7);
pub const RETRIES: Id = Id(8);
pub const VOTES_MISSED: Id = Id(9);
pub const IN_DOUBT: Id = Id(10);
pub const INQUIRIES: Id = Id(11);
pub const TERMINATIONS: Id = Id(12);
pub const COMMITS_FAILED: Id = Id(13);
pub const DISK_REFUSED: Id = Id(14);
pub const UNDOS: Id = Id(15);
pub const UNDO_REFUSED: Id = Id(16);
pub const REPEATS: Id = Id(17);
pub const READS: Id = Id(18);
pub const HALF_READS: Id = Id(19);
pub const READS_GIVEN_UP: Id = Id(20);
pub const READ: Id = Id(21);
pub const MESSAGES: Id = Id(22);
pub const FSYNC: Id = Id(23);
pub const SURPLUS: Id = Id(24);
pub const OVERDRAWN: Id = Id(25);
pub const SPLITS: Id = Id(26);
const DONE_SHARE: Id = Id(27);
const HALF_SHARE: Id = Id(28);
const MESSAGES_EACH: Id = Id(29);
const FSYNCS_EACH: Id = Id(30);

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(ASKED, "asked", "transfers that clients asked for"),
    MetricSpec::counter(DONE, "done", "transfers whose client heard that they are done"),
    MetricSpec::histogram(TRANSFER, "transfer", Unit::Millis, "time from asking to hearing that it is done"),
    MetricSpec::histogram(LOCK_HELD, "lock_held", Unit::Millis, "time an account was locked for a transfer; what is still locked is not in it"),
    MetricSpec::histogram(LOCK_WAIT, "lock_wait", Unit::Millis, "time a request waited for its lock, granted or given up"),
    MetricSpec::counter(LOCK_TIMEOUTS, "lock_timeouts", "requests that waited for a lock as long as they may"),
    MetricSpec::counter(DIED, "died", "requests that met an older holder and gave way (wait-die)"),
    MetricSpec::counter(ABORTS, "aborts", "attempts that the coordinator aborted"),
    MetricSpec::counter(RETRIES, "retries", "attempts begun anew because locks were taken"),
    MetricSpec::counter(VOTES_MISSED, "votes_missed", "attempts aborted because a vote did not come in time"),
    MetricSpec::histogram(IN_DOUBT, "in_doubt", Unit::Millis, "time from a bank's yes until it knew the outcome"),
    MetricSpec::counter(INQUIRIES, "inquiries", "times a bank had heard nothing for too long and asked"),
    MetricSpec::counter(TERMINATIONS, "terminations", "times a bank stood in for the coordinator (3PC)"),
    MetricSpec::counter(COMMITS_FAILED, "commits_failed", "commits that a bank could not write down"),
    MetricSpec::counter(DISK_REFUSED, "disk_refused", "records that a full disk refused"),
    MetricSpec::counter(UNDOS, "undos", "compensations done"),
    MetricSpec::counter(UNDO_REFUSED, "undo_refused", "compensations that a bank refused"),
    MetricSpec::counter(REPEATS, "repeats", "steps and compensations sent again"),
    MetricSpec::counter(READS, "reads", "reads of both accounts of a transfer that ended in time"),
    MetricSpec::counter(HALF_READS, "half_reads", "reads that saw a transfer at one account and not at the other"),
    MetricSpec::counter(READS_GIVEN_UP, "reads_given_up", "reads that did not get both locks in time"),
    MetricSpec::histogram(READ, "read", Unit::Millis, "time such a read took"),
    MetricSpec::counter(MESSAGES, "messages", "messages sent by all machines"),
    MetricSpec::histogram(FSYNC, "fsync", Unit::Millis, "time one sync took; several records may share it"),
    MetricSpec::gauge(SURPLUS, "surplus_minor", "money too much (or, negative, missing) by what the logs say, in minor units"),
    MetricSpec::gauge(OVERDRAWN, "overdrawn", "changes that left an account below zero, so far"),
    MetricSpec::gauge(SPLITS, "splits", "transactions that one bank committed and another aborted, so far"),
    MetricSpec::derived(DONE_SHARE, "done_share", "transfers done among those asked for", |m| m.share("done", "asked")),
    MetricSpec::derived(HALF_SHARE, "half_read_share", "reads that saw half of a transfer", |m| m.share("half_reads", "reads")),
    MetricSpec::derived(MESSAGES_EACH, "messages_each", "messages per transfer asked for", |m| m.share("messages", "asked")),
    MetricSpec::derived(FSYNCS_EACH, "fsyncs_each", "syncs per transfer asked for, by all machines", |m| m.share("fsync_count", "asked")),
];
