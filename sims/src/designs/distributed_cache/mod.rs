//! A distributed cache: a hash ring of byte-bounded nodes with quorums, in front of an origin that must not be crowded.

mod app;
mod bench;
mod cache_node;
mod handover;
mod messages;
mod monitor;
mod ops;
mod origin;
mod reading;
mod safeguards;
mod system;
mod view;
mod watch;
mod writing;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::{Design, no_conflicts};
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::metric::{MetricSpec, Unit};
use crate::kernel::time::Span;
use crate::kernel::value::Kind;
use crate::kernel::view::PaneSpec;
use crate::kernel::world;
use crate::parts::cache::Policy;

const KNOBS: &[Knob] = &[
    Knob::live("base_rate", Kind::Rate { min: 0.0, max: 2000.0, per: Span::secs(1) }, "800/s", "requests that arrive, all servers together"),
    Knob::live("read_share", Kind::Number { min: 0.0, max: 1.0 }, "0.95", "share of the requests that are reads"),
    Knob::live("skew", Kind::Number { min: 0.0, max: 1.5 }, "0.99", "Zipf exponent of the keys' popularity; 0 is even"),
    Knob::at_start("keys", Kind::Integer { min: 100, max: 50_000 }, "10000", "keys that exist, 1 KiB each on average"),
    Knob::at_start("servers", Kind::Integer { min: 1, max: 16 }, "4", "application servers, each with the cache's client"),
    Knob::at_start("nodes", Kind::Integer { min: 1, max: 100 }, "6", "cache nodes at the start"),
    Knob::at_start("virtual_nodes", Kind::Integer { min: 1, max: 1000 }, "150", "points of each node on the ring"),
    Knob::at_start("replicas", Kind::Integer { min: 1, max: 5 }, "3", "nodes that hold each key (N)"),
    Knob::live("reads", Kind::Integer { min: 1, max: 5 }, "2", "replicas that must answer a read (R)"),
    Knob::live("writes", Kind::Integer { min: 1, max: 5 }, "2", "replicas that must take a write (W)"),
    Knob::at_start("placement", Kind::Choice(&["ring", "next-points", "modulo"]), "ring", "how a key finds its nodes"),
    Knob::live("policy", Kind::Choice(Policy::NAMES), "s3-fifo", "what a full node throws out"),
    Knob::live("capacity", Kind::Size { min: 8 << 10, max: 16 << 20 }, "1MiB", "room of each node"),
    Knob::live("ttl", Kind::Duration { min: Span::millis(100), max: Span::secs(3600) }, "30s", "how long a value is served"),
    Knob::live("jitter", Kind::Number { min: 0.0, max: 0.5 }, "0.2", "share by which that time is spread, so that values filled together do not go together"),
    Knob::live("write", Kind::Choice(&["aside", "through", "behind"]), "aside", "how a write meets cache and origin"),
    Knob::live("invalidation", Kind::Choice(&["message", "version", "time"]), "message", "how a cached value is known to be old"),
    Knob::live("coalesce", Kind::Choice(&["lease", "single-flight", "none"]), "lease", "who goes to the origin when many miss the same key"),
    Knob::live("tombstones", Kind::Switch, "on", "a node that drops a value remembers its version"),
    Knob::live("handover", Kind::Switch, "on", "a ring change counts only once its new owners know what the old ones know"),
    Knob::live("synced_votes", Kind::Switch, "on", "a node that lost its memory does not vote until it has caught up"),
    Knob::live("sloppy", Kind::Switch, "off", "a write that cannot reach its replicas is taken by other nodes in their place"),
    Knob::live("warm_up", Kind::Switch, "on", "a node that catches up gets values, not only their versions"),
    Knob::at_start("start", Kind::Choice(&["full", "empty"]), "full", "what the nodes hold at the start"),
    Knob::live("origin_slots", Kind::Integer { min: 1, max: 256 }, "16", "queries that the origin works on at once"),
    Knob::live("origin_time", Kind::Duration { min: Span::micros(100), max: Span::secs(1) }, "5ms", "mean time of one query"),
    Knob::live("missed_pings", Kind::Integer { min: 1, max: 20 }, "4", "pings missed in a row, every 250 ms, after which a node is taken for dead"),
    Knob::live(
        "flush_every",
        Kind::Duration { min: Span::millis(50), max: Span::secs(30) },
        "1s",
        "how often a node brings its debts to the origin (write-behind)",
    ),
];

const KEY: ArgSpec =
    ArgSpec { name: "key", says: "which key, 0 the most popular", kind: Kind::Integer { min: 0, max: 49_999 }, default: ArgDefault::Text("0") };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec { name: "expire-hot", says: "let the most popular key expire everywhere", args: &[] },
    ActionSpec {
        name: "rush",
        says: "so many reads of one key at the same moment",
        args: &[ArgSpec { name: "n", says: "reads", kind: Kind::Integer { min: 1, max: 2000 }, default: ArgDefault::Text("200") }, KEY],
    },
    ActionSpec {
        name: "flush",
        says: "drop every value of a node, or of all",
        args: &[ArgSpec { name: "node", says: "which cache node", kind: Kind::Node, default: ArgDefault::Text("all") }],
    },
    ActionSpec {
        name: "scan",
        says: "one server reads every key once, in order",
        args: &[ArgSpec { name: "per_second", says: "keys a second", kind: Kind::Number { min: 1.0, max: 2000.0 }, default: ArgDefault::Text("1000") }],
    },
];

/// Why a request fails; the order is that of `REASONS`.
mod reasons {
    pub const TIMEOUT: usize = 0;
    pub const ORIGIN_BUSY: usize = 1;
    pub const NO_WRITE_QUORUM: usize = 2;
    pub const CUT_OFF: usize = 3;
}

const REASONS: &[&str] = &["timeout", "origin_busy", "no_write_quorum", "cut_off"];

mod metrics {
    use crate::kernel::metric::Id;
    pub const READS: Id = Id(0);
    pub const HITS: Id = Id(1);
    pub const MISSES: Id = Id(2);
    pub const WRITES: Id = Id(3);
    pub const WRITES_ACKED: Id = Id(4);
    pub const LOOKUP: Id = Id(5);
    pub const READ: Id = Id(6);
    pub const WRITE: Id = Id(7);
    pub const ORIGIN_READS: Id = Id(8);
    pub const ORIGIN_WRITES: Id = Id(9);
    pub const HOT_ORIGIN_READS: Id = Id(10);
    pub const ORIGIN_WAIT: Id = Id(11);
    pub const ORIGIN_QUEUE: Id = Id(12);
    pub const ORIGIN_WAVE: Id = Id(13);
    pub const COALESCED: Id = Id(14);
    pub const STALE_READS: Id = Id(15);
    pub const SIBLINGS: Id = Id(16);
    pub const NO_QUORUM: Id = Id(17);
    pub const FILLS_REFUSED: Id = Id(18);
    pub const EVICTED: Id = Id(19);
    pub const EXPIRED: Id = Id(20);
    pub const VERSION_CHECKS: Id = Id(21);
    pub const SCANNED: Id = Id(22);
    pub const KEYS_HANDED_OVER: Id = Id(23);
    pub const FAILOVERS: Id = Id(24);
    pub const RING_CHANGES: Id = Id(25);
    pub const MEMBERS: Id = Id(26);
    pub const IMBALANCE: Id = Id(27);
    pub const MOVED_SHARE: Id = Id(28);
    pub const REPLICAS_LEAST: Id = Id(29);
    pub const HIT_SHARE: Id = Id(30);
    pub const STALE_SHARE: Id = Id(31);
    pub const REBORN_ASKED: Id = Id(32);
    pub const REBORN_ANSWERED: Id = Id(33);
    pub const REBORN_HIT_SHARE: Id = Id(34);
}

const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(metrics::READS, "reads", "reads that came in"),
    MetricSpec::counter(metrics::HITS, "hits", "reads answered from the cache"),
    MetricSpec::counter(metrics::MISSES, "misses", "reads answered from the origin"),
    MetricSpec::counter(metrics::WRITES, "writes", "writes that came in"),
    MetricSpec::counter(metrics::WRITES_ACKED, "writes_acked", "writes that were acknowledged"),
    MetricSpec::histogram(metrics::LOOKUP, "lookup", Unit::Millis, "time until the cache has said hit or miss"),
    MetricSpec::histogram(metrics::READ, "read", Unit::Millis, "time from a read's arrival to its answer"),
    MetricSpec::histogram(metrics::WRITE, "write", Unit::Millis, "time from a write's arrival to its acknowledgement"),
    MetricSpec::counter(metrics::ORIGIN_READS, "origin_reads", "queries that reached the origin"),
    MetricSpec::counter(metrics::ORIGIN_WRITES, "origin_writes", "commits and flushed batches that reached the origin"),
    MetricSpec::counter(metrics::HOT_ORIGIN_READS, "hot_origin_reads", "queries for the most popular key that reached the origin"),
    MetricSpec::histogram(metrics::ORIGIN_WAIT, "origin_wait", Unit::Millis, "time at the origin, waiting and served"),
    MetricSpec::gauge(metrics::ORIGIN_QUEUE, "origin_queue", "requests waiting at the origin"),
    MetricSpec::histogram(metrics::ORIGIN_WAVE, "origin_wave", Unit::One, "queries within each 100 ms that had any"),
    MetricSpec::counter(metrics::COALESCED, "coalesced", "reads answered by another's fetch"),
    MetricSpec::counter(metrics::STALE_READS, "stale_reads", "answers older than a write acknowledged before the read began"),
    MetricSpec::counter(metrics::SIBLINGS, "siblings", "answers with concurrent writes side by side"),
    MetricSpec::counter(metrics::NO_QUORUM, "no_quorum", "reads that found too few replicas and went to the origin"),
    MetricSpec::counter(metrics::FILLS_REFUSED, "fills_refused", "fills that came without a valid lease"),
    MetricSpec::counter(metrics::EVICTED, "evicted", "values thrown out for lack of room"),
    MetricSpec::counter(metrics::EXPIRED, "expired", "values found expired"),
    MetricSpec::counter(metrics::VERSION_CHECKS, "version_checks", "look-ups in the origin's version index"),
    MetricSpec::counter(metrics::SCANNED, "scanned", "reads made by a scan"),
    MetricSpec::counter(metrics::KEYS_HANDED_OVER, "keys_handed_over", "keys sent from node to node"),
    MetricSpec::counter(metrics::FAILOVERS, "failovers", "times a node was taken for dead"),
    MetricSpec::counter(metrics::RING_CHANGES, "ring_changes", "ring changes completed"),
    MetricSpec::gauge(metrics::MEMBERS, "members", "nodes on the ring"),
    MetricSpec::gauge(metrics::IMBALANCE, "imbalance", "standard deviation of the nodes' shares of the ring over their mean"),
    MetricSpec::gauge(metrics::MOVED_SHARE, "moved_share", "share of the keys that the last ring change gave another owner"),
    MetricSpec::gauge(metrics::REPLICAS_LEAST, "replicas_least", "nodes that the smallest replica set stands on"),
    MetricSpec::derived(metrics::HIT_SHARE, "hit_share", "hits among the reads", |m| m.share("hits", "reads")),
    MetricSpec::derived(metrics::STALE_SHARE, "stale_share", "stale answers among the reads", |m| m.share("stale_reads", "reads")),
    MetricSpec::counter(metrics::REBORN_ASKED, "reborn_asked", "look-ups at nodes that had lost their memory"),
    MetricSpec::counter(metrics::REBORN_ANSWERED, "reborn_answered", "look-ups that such nodes could answer with the value"),
    MetricSpec::derived(metrics::REBORN_HIT_SHARE, "reborn_hit_share", "look-ups that nodes back from the dead could answer with the value", |m| {
        m.share("reborn_answered", "reborn_asked")
    }),
];

const INVARIANTS: &[InvariantSpec] = &[
    always("never-stale", "a read returns the last write acknowledged before it began, a newer one, or all concurrent ones"),
    always("replicas-distinct", "each key has as many replicas as asked, on distinct nodes"),
    always("moves-minimal", "a join moves keys to the newcomer only, a leave only the leaver's"),
    always("bytes-bounded", "a node's count of its bytes is right and within its capacity"),
    finally("acked-writes-reach-origin", "the origin has every acknowledged write, or one that followed it"),
    sometimes("fill-shared", "one fetch answers several readers"),
];

pub static DESIGN: Design = Design {
    id: "distributed-cache",
    title: "Distributed cache",
    teaches: "What crowds the origin is not the miss but that many miss at once: with leases one of them fetches, whatever the crowd.",
    leaves_out: "Values are their versions and sizes; clocks are monotonic and agree; one rack, no batching of requests; the monitor is one durable process; \
                 a stub (24 bytes) is kept for every key a node ever dropped.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::LOAD, faults::MEMBERS],
    metrics: METRICS,
    reasons: REASONS,
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "ring", title: "Ring" },
        PaneSpec { id: "nodes", title: "Nodes" },
        PaneSpec { id: "hits", title: "Hit ratio by node" },
        PaneSpec { id: "keys", title: "Who holds the popular keys" },
    ],
    charts: &[&["hits", "misses"], &["read", "lookup"], &["origin_reads", "coalesced"], &["origin_queue"]],
    refuses: no_conflicts,
    start: world::start::<system::Caching>,
    benches: bench::BENCHES,
};

#[cfg(test)]
mod tests;
