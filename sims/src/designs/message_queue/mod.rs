//! A partitioned message queue as Kafka is one: replicated logs, leaders and in-sync sets, idempotent producers, consumer groups.

mod bench;
mod broker;
mod consumer;
mod controller;
mod coordinator;
mod finally;
mod following;
mod idempotence;
mod lane;
mod producer;
mod record;
mod replica;
mod safeguards;
mod seen;
mod sink;
mod system;
mod view;
mod watch;
mod wire;

#[cfg(test)]
mod tests;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::metric::{MetricSpec, Unit};
use crate::kernel::time::{MINUTE, SECOND, Span};
use crate::kernel::value::{Kind, time, whole};
use crate::kernel::view::PaneSpec;
use crate::kernel::world;
use crate::parts::group::Assignor;

const KNOBS: &[Knob] = &[
    Knob::live("base_rate", Kind::Rate { min: 0.0, max: 1000.0, per: SECOND }, "240/s", "messages that producers send, all together; 0 for none"),
    Knob::live("acks", Kind::Choice(&["all", "1", "0"]), "all", "who must have a message before it is acknowledged: every in-sync replica, the leader, nobody"),
    Knob::live("min_insync", whole(1, 5), "2", "in-sync replicas without which a leader refuses messages that all must have"),
    Knob::live("unclean_election", Kind::Switch, "off", "a replica that is not in sync may lead if no other can"),
    Knob::live(
        "unclean_restart",
        Kind::Choice(&["leaves", "stays"]),
        "leaves",
        "whether a broker back from a crash leaves the in-sync sets until it has caught up",
    ),
    Knob::live("flush", Kind::Choice(&["ack", "periodic"]), "ack", "when a log is synced to the disk: before its records count as held, or now and then"),
    Knob::live("flush_every", time(Span::millis(10), MINUTE), "1s", "time between two syncs where they are periodic"),
    Knob::live("sync_time", time(Span::ZERO, SECOND), "1ms", "how long one sync of a broker's disk takes"),
    Knob::live(
        "truncate",
        Kind::Choice(&["epoch", "watermark"]),
        "epoch",
        "where a follower cuts its log for a new leader: where epochs part, or at its own watermark (before KIP-101)",
    ),
    Knob::live("visible", Kind::Choice(&["watermark", "log-end"]), "watermark", "up to where consumers may read"),
    Knob::live("idempotence", Kind::Switch, "on", "batches carry sequence numbers, and a repeated one is not written twice; counts with acks=all only"),
    Knob::live("in_flight", whole(1, 16), "5", "batches of one producer to one partition that may be without an answer"),
    Knob::live("request_timeout", time(Span::millis(20), MINUTE), "1s", "how long a producer waits for an answer before it tries again"),
    Knob::live("delivery_timeout", time(Span::millis(100), Span::secs(120)), "20s", "how long a producer tries before it gives a message up"),
    Knob::live("lag_most", time(Span::millis(100), MINUTE), "1s", "how long a follower may be behind before it leaves the in-sync set"),
    Knob::live("broker_timeout", time(Span::millis(500), MINUTE), "2s", "how long a broker may be silent before it is taken for dead"),
    Knob::live("retention", time(SECOND, Span::secs(3600)), "60s", "how long messages are kept at least"),
    Knob::live("retention_bytes", Kind::Size { min: 4 << 10, max: 64 << 20 }, "16MiB", "how much of each partition is kept at most, in whole segments"),
    Knob::live("processing_time", time(Span::ZERO, Span::secs(10)), "5ms", "mean time a consumer works on one message"),
    Knob::live("commit", Kind::Choice(&["after", "before"]), "after", "when a consumer commits: after it has processed, or before"),
    Knob::live("commit_every", whole(1, 1000), "20", "messages between two commits"),
    Knob::live("rebalance", Kind::Choice(&["cooperative", "eager"]), "cooperative", "who stops when a group changes: owners of what moves, or everybody"),
    Knob::live("assignor", Kind::Choice(Assignor::NAMES), "sticky", "how partitions are divided among consumers"),
    Knob::live("session_timeout", time(Span::millis(600), MINUTE), "3s", "how long a consumer may be silent before it is out of the group"),
    Knob::live("fence_commits", Kind::Switch, "on", "a commit counts only under the group's present generation"),
    Knob::live("attempts", whole(0, 100), "3", "attempts at a message before it becomes a dead letter; 0 tries for ever"),
    Knob::live("round_trip", time(Span::ZERO, SECOND), "1ms", "from any node to any other and back"),
    Knob::live("key_skew", Kind::Number { min: 0.0, max: 3.0 }, "0.3", "exponent of Zipf's law for the keys: 0 and all are alike"),
    Knob::at_start("keys", whole(1, 10_000), "1000", "keys; each belongs to one partition"),
    Knob::at_start("partitions", whole(1, 48), "6", "partitions of the topic"),
    Knob::at_start("brokers", whole(1, 9), "3", "brokers"),
    Knob::at_start("replication", whole(1, 5), "3", "copies of each partition"),
    Knob::at_start("segment", Kind::Size { min: 1 << 10, max: 1 << 20 }, "16KiB", "size at which a segment of a log is closed"),
    Knob::at_start("producers", whole(1, 8), "2", "producers"),
    Knob::at_start("consumers", whole(0, 32), "3", "consumers in the group at the start"),
];

const KEY: ArgSpec = ArgSpec { name: "key", says: "which key; without it, as they come", kind: whole(0, 9_999), default: ArgDefault::Absent };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "publish",
        says: "the first producer sends many messages at once",
        args: &[ArgSpec { name: "n", says: "how many", kind: whole(1, 5_000), default: ArgDefault::Text("100") }, KEY],
    },
    ActionSpec {
        name: "poison",
        says: "the first producer sends messages that no consumer can process",
        args: &[ArgSpec { name: "n", says: "how many", kind: whole(1, 100), default: ArgDefault::Text("1") }, KEY],
    },
];

/// Places in the list of reasons.
const DELIVERY_TIMEOUT: usize = 0;
const BUFFER_FULL: usize = 1;

mod metrics {
    use crate::kernel::metric::Id;
    pub const SENT: Id = Id(0);
    pub const ACKED: Id = Id(1);
    pub const SENT_BLIND: Id = Id(2);
    pub const RETRIES: Id = Id(3);
    pub const REPEATS_STOPPED: Id = Id(4);
    pub const ACK: Id = Id(5);
    pub const PROCESSED: Id = Id(6);
    pub const PROCESSED_AGAIN: Id = Id(7);
    pub const OVERTAKEN: Id = Id(8);
    pub const PROCESSED_FIRST: Id = Id(9);
    pub const END_TO_END: Id = Id(10);
    pub const DELAY: Id = Id(11);
    pub const LAG: Id = Id(12);
    pub const LAG_NOW: Id = Id(13);
    pub const LAG_WORST: Id = Id(14);
    pub const FAILOVERS: Id = Id(15);
    pub const UNCLEAN: Id = Id(16);
    pub const HANDED_OVER: Id = Id(17);
    pub const ISR_SHRINKS: Id = Id(18);
    pub const ISR_EXPANDS: Id = Id(19);
    pub const OFFLINE: Id = Id(20);
    pub const UNDER_REPLICATED: Id = Id(21);
    pub const FSYNC: Id = Id(22);
    pub const REBALANCES: Id = Id(23);
    pub const REBALANCE: Id = Id(24);
    pub const STOPPED: Id = Id(25);
    pub const MOVED: Id = Id(26);
    pub const IDLE_CONSUMERS: Id = Id(27);
    pub const LARGEST_SHARE: Id = Id(28);
    pub const COMMITS_REFUSED: Id = Id(29);
    pub const ATTEMPTS_FAILED: Id = Id(30);
    pub const DEAD_LETTERED: Id = Id(31);
    pub const EXPIRED_UNREAD: Id = Id(32);
    pub const MISSING: Id = Id(33);
    pub const AGAIN_SHARE: Id = Id(34);
}

const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(metrics::SENT, "sent", "messages that applications gave to producers"),
    MetricSpec::counter(metrics::ACKED, "acked", "messages whose producer was told that they are safe"),
    MetricSpec::counter(metrics::SENT_BLIND, "sent_blind", "messages sent with acks=0, which nobody acknowledges"),
    MetricSpec::counter(metrics::RETRIES, "retries", "batches tried again"),
    MetricSpec::counter(metrics::REPEATS_STOPPED, "repeats_stopped", "repeated batches that a broker recognised and did not write again"),
    MetricSpec::histogram(metrics::ACK, "ack", Unit::Millis, "time from a message's creation to its acknowledgement"),
    MetricSpec::counter(metrics::PROCESSED, "processed", "different messages that were processed"),
    MetricSpec::counter(metrics::PROCESSED_AGAIN, "processed_again", "times that a message was processed once more"),
    MetricSpec::counter(metrics::OVERTAKEN, "overtaken", "messages processed after a later one of the same producer and partition"),
    MetricSpec::counter(metrics::PROCESSED_FIRST, "processed_first", "different messages of partition 0 that were processed"),
    MetricSpec::histogram(metrics::END_TO_END, "end_to_end", Unit::Millis, "time from a message's creation until it has been processed"),
    MetricSpec::histogram(metrics::DELAY, "delay", Unit::Millis, "time a message lies in its log until it has been processed"),
    MetricSpec::histogram(metrics::LAG, "lag", Unit::One, "messages in the logs that are not processed yet, looked at ten times a second"),
    MetricSpec::gauge(metrics::LAG_NOW, "lag_now", "messages in the logs that are not processed yet"),
    MetricSpec::gauge(metrics::LAG_WORST, "lag_worst", "the same of the partition that has most"),
    MetricSpec::counter(metrics::FAILOVERS, "failovers", "times a partition got another leader because the old one was gone"),
    MetricSpec::counter(metrics::UNCLEAN, "unclean_elections", "times a replica that was not in sync became the leader"),
    MetricSpec::counter(metrics::HANDED_OVER, "leaders_ended", "times a broker stopped leading a partition while it was running"),
    MetricSpec::counter(metrics::ISR_SHRINKS, "isr_shrinks", "times a replica left an in-sync set"),
    MetricSpec::counter(metrics::ISR_EXPANDS, "isr_expands", "times a replica came back into an in-sync set"),
    MetricSpec::gauge(metrics::OFFLINE, "offline_partitions", "partitions without a leader, dead letters included"),
    MetricSpec::gauge(metrics::UNDER_REPLICATED, "under_replicated", "partitions whose in-sync set lacks a replica"),
    MetricSpec::histogram(metrics::FSYNC, "fsync", Unit::Millis, "time of one sync of a broker's disk"),
    MetricSpec::counter(metrics::REBALANCES, "rebalances", "generations of the group"),
    MetricSpec::histogram(metrics::REBALANCE, "rebalance", Unit::Millis, "time from the first member that joins a generation to its assignment"),
    MetricSpec::histogram(metrics::STOPPED, "stopped", Unit::Millis, "time that a partition had no consumer at work, each time that happened"),
    MetricSpec::counter(metrics::MOVED, "moved", "partitions that went from one consumer to another"),
    MetricSpec::gauge(metrics::IDLE_CONSUMERS, "idle_consumers", "consumers that own no partition"),
    MetricSpec::gauge(metrics::LARGEST_SHARE, "largest_share", "partitions of the consumer that owns most"),
    MetricSpec::counter(metrics::COMMITS_REFUSED, "commits_refused", "commits of consumers of an older generation"),
    MetricSpec::counter(metrics::ATTEMPTS_FAILED, "attempts_failed", "vain attempts at a message"),
    MetricSpec::counter(metrics::DEAD_LETTERED, "dead_lettered", "messages set aside as dead letters"),
    MetricSpec::counter(metrics::EXPIRED_UNREAD, "expired_unread", "messages that retention deleted before they were read"),
    MetricSpec::derived(metrics::MISSING, "missing", "acknowledged messages that were not processed: lag, or lost", |m| {
        Some(m.get("acked")? - m.get("processed")?)
    }),
    MetricSpec::derived(metrics::AGAIN_SHARE, "again_share", "repeats among the messages that were processed", |m| m.share("processed_again", "processed")),
];

/// Their places are those in `watch`.
const INVARIANTS: &[InvariantSpec] = &[
    always("order-in-partition", "within a partition a producer's messages stand in the order in which it sent them"),
    always("written-once", "no message stands twice in a partition"),
    always("not-past-watermark", "consumers are given nothing that the in-sync set has not agreed on"),
    always("acked-not-lost", "a message that was acknowledged is in the log of every later leader, until retention drops it"),
    always("agreed-stays", "what was once below a high watermark stays as it is, until retention drops it"),
    always("one-owner", "in a generation a partition has one owner, and only its owner's commits count"),
    always("committed-first-once", "a message that was committed before it was processed is not processed twice"),
    finally("nothing-passed-over", "every message that is still held, up to where the group is, was processed or has a dead letter"),
    finally("copies-agree", "up to their watermarks all copies of a partition hold the same"),
    sometimes("taken-over", "another replica takes over a partition whose leader is gone"),
];

pub static DESIGN: Design = Design {
    id: "message-queue",
    title: "Partitioned message queue",
    teaches: "An acknowledgement is worth what stands behind it: with the leader's alone a crash loses acknowledged messages, with the in-sync set's it does not.",
    leaves_out: "One topic and one group; the controller and the group's coordinator are single nodes whose decisions are durable (in truth each a replicated log); \
                 the coordinator assigns, not a member; in-flight batches count per partition, not per connection; no transactions, compression, quotas or tiered storage; \
                 consumers' writes to the sink are for measuring.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::LOAD, faults::SLOW_DISKS, faults::FULL_DISKS, faults::MEMBERS],
    metrics: METRICS,
    reasons: &["delivery_timeout", "buffer_full"],
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "partitions", title: "Partitions" },
        PaneSpec { id: "consumers", title: "Consumers" },
        PaneSpec { id: "lag", title: "Lag by partition" },
        PaneSpec { id: "heat", title: "Heat of keys" },
    ],
    charts: &[&["sent", "acked", "processed"], &["lag_now", "lag_worst"], &["ack", "end_to_end"], &["under_replicated", "offline_partitions"]],
    refuses: system::refuses,
    start: world::start::<system::Queue>,
    benches: bench::BENCHES,
};
