//! A configuration service: a revisioned store on Raft, watches that resume from a revision, leases, compaction, client caches.

mod app;
mod bench;
mod finally;
mod machine;
mod message;
mod node;
mod safeguards;
mod server;
mod streams;
mod system;
mod tenure;
mod view;
mod watch;
mod watcher;
mod watching;

#[cfg(test)]
mod tests;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::metric::{MetricSpec, Unit};
use crate::kernel::time::Span;
use crate::kernel::value::{Kind, time, whole};
use crate::kernel::world;
use crate::parts::raft;

/// A server looks after leases, history and streams so often.
const STABLE_TICK: Span = Span::millis(100);
/// A leader proposes a compaction so often.
const COMPACT_EVERY: Span = Span::secs(1);
/// A server that has heard of no leader for so long serves no watches, if told so.
const NO_LEADER: Span = Span::secs(3);
/// A server forgets the stream of a host that has not pinged for so long.
const PEER_SILENT: Span = Span::secs(5);
/// A host pings its servers so often, gives one up after such a silence, and a stream after such a gap in its numbers.
const BEAT: Span = Span::millis(250);
const SILENCE: Span = Span::millis(1_500);
const GAP: Span = Span::secs(1);

const KNOBS: &[Knob] = &[
    Knob::live("base_rate", Kind::Rate { min: 0.0, max: 1000.0, per: Span::secs(1) }, "100/s", "reads and updates of all applications together"),
    Knob::live("write_share", Kind::Number { min: 0.0, max: 1.0 }, "0.1", "share of the requests that are updates"),
    Knob::live("read_mode", Kind::Choice(&["linearizable", "leader", "follower", "cache"]), "linearizable", "who answers a read, and how sure it must be"),
    Knob::live("writes", Kind::Choice(&["compare", "blind", "split"]), "compare", "an update compares what it read, or does not, or is made in two steps"),
    Knob::live("skew", Kind::Number { min: 0.0, max: 1.5 }, "0.6", "Zipf exponent of the services' popularity; 0 is even"),
    Knob::at_start("services", whole(1, 1_000), "100", "services, with ten keys each"),
    Knob::at_start("watchers", whole(0, 20_000), "2000", "processes that follow one service each"),
    Knob::at_start("hosts", whole(1, 50), "4", "hosts that the watchers run on; one stream each to a server"),
    Knob::at_start("apps", whole(1, 16), "2", "applications that read and update; each caches everything"),
    Knob::at_start("servers", whole(1, 7), "3", "servers, all members of one Raft group"),
    Knob::at_start("notify", Kind::Choice(&["watch", "poll"]), "watch", "how watchers learn of a change"),
    Knob::live("poll_every", time(Span::millis(1_000), Span::secs(60)), "10s", "how often a polling watcher reads"),
    Knob::live("reconnect", Kind::Choice(&["jitter", "backoff", "in-step"]), "jitter", "how a watcher that lost its server waits before it tries another"),
    Knob::live("spread", time(Span::millis(1), Span::secs(30)), "5s", "jitter: the first wait is anywhere within this"),
    Knob::live("resume", Kind::Choice(&["revision", "now"]), "revision", "where a watch goes on after a break: from the last revision seen, or from now"),
    Knob::live("gap", Kind::Choice(&["told", "skip"]), "told", "a watcher whose next change is compacted is told so, or goes on with the rest"),
    Knob::live("progress", Kind::Switch, "on", "who has nothing to hear is told now and then how far it is"),
    Knob::live("require_leader", Kind::Switch, "on", "a server that hears no leader sends its watchers away"),
    Knob::live("keep", time(Span::millis(500), Span::secs(3600)), "20s", "how long history is kept: the compaction window"),
    Knob::live("room", whole(1, 256), "16", "messages that a watcher may have in hand"),
    Knob::at_start("slow_share", Kind::Number { min: 0.0, max: 1.0 }, "0.01", "share of the watchers that take their time"),
    Knob::live("slow_time", time(Span::ZERO, Span::secs(5)), "100ms", "time that such a watcher takes over one revision"),
    Knob::at_start("holders", whole(0, 500), "20", "instances that are registered under a lease"),
    Knob::live("ttl", time(Span::secs(1), Span::secs(30)), "5s", "how long a lease lives without a renewal"),
    Knob::live("takeover", Kind::Choice(&["full-ttl", "granted-time", "forget"]), "full-ttl", "when a new leader ends the leases it finds"),
    Knob::live("renewals", Kind::Choice(&["confirmed", "local"]), "confirmed", "a leader makes sure that it still leads before it renews, or does not"),
    Knob::live("lease_clock", Kind::Choice(&["monotonic", "wall"]), "monotonic", "the clock by which a leader counts leases"),
    Knob::live("connect_cost", time(Span::ZERO, Span::millis(5)), "1ms", "processor time to set up one watch: handshake, authentication, registration"),
    Knob::live("push_cost", time(Span::ZERO, Span::millis(1)), "10us", "processor time to send one change to one watcher"),
    Knob::live("read_cost", time(Span::micros(1), Span::millis(5)), "50us", "processor time of one read; a write takes twice that"),
    Knob::live("shed", time(Span::millis(10), Span::secs(60)), "1s", "a server with more work waiting than this refuses"),
    Knob::live("patience", time(Span::millis(200), Span::secs(10)), "2s", "how long a client waits for an answer"),
    Knob::live("fsync", time(Span::ZERO, Span::millis(50)), "1ms", "how long a sync of the log to disk takes"),
    Knob::live("election", time(Span::millis(200), Span::secs(5)), "1s", "shortest election time-out; the longest is twice that, heartbeats are a tenth"),
    Knob::at_start("check_quorum", Kind::Switch, "on", "a leader that hears no majority steps down"),
    Knob::at_start("snapshot_after", whole(100, 100_000), "1000", "log entries after which a snapshot replaces them"),
];

const NODE: ArgSpec = ArgSpec { name: "node", says: "which server", kind: Kind::Node, default: ArgDefault::Text("all") };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec { name: "compact", says: "forget all history now, as an operator would", args: &[] },
    ActionSpec { name: "disconnect", says: "a server, or every one, ends the streams of its watchers", args: &[NODE] },
    ActionSpec { name: "crash-leader", says: "crash whoever leads now", args: &[] },
    ActionSpec { name: "isolate-leader", says: "cut whoever leads now off from the other servers, but not from its clients", args: &[] },
    ActionSpec {
        name: "update",
        says: "so many updates of one service at the same moment",
        args: &[
            ArgSpec { name: "n", says: "updates", kind: whole(1, 200), default: ArgDefault::Text("1") },
            ArgSpec { name: "service", says: "which, 1 the most popular", kind: whole(1, 1_000), default: ArgDefault::Text("1") },
        ],
    },
];

/// Why a request fails; the order is that of `REASONS`.
mod reasons {
    pub const TIMEOUT: usize = 0;
    pub const BUSY: usize = 1;
    pub const CONFLICT: usize = 2;
}

const REASONS: &[&str] = &["timeout", "busy", "conflict"];

mod metrics {
    use crate::kernel::metric::Id;
    pub const READS: Id = Id(0);
    pub const STALE: Id = Id(1);
    pub const UPDATES: Id = Id(2);
    pub const UPDATED: Id = Id(3);
    pub const CONFLICTS: Id = Id(4);
    pub const READ: Id = Id(5);
    pub const UPDATE: Id = Id(6);
    pub const STALENESS: Id = Id(7);
    pub const NOTICE: Id = Id(8);
    pub const EVENTS: Id = Id(9);
    pub const FETCHES: Id = Id(10);
    pub const RESYNCS: Id = Id(11);
    pub const DROPPED: Id = Id(12);
    pub const CONNECTS: Id = Id(13);
    pub const RECONNECT: Id = Id(14);
    pub const REFUSED: Id = Id(15);
    pub const QUEUE: Id = Id(16);
    pub const WORK: Id = Id(17);
    pub const LIVE: Id = Id(18);
    pub const REVISION: Id = Id(19);
    pub const HISTORY: Id = Id(20);
    pub const COMPACTIONS: Id = Id(21);
    pub const ELECTIONS: Id = Id(22);
    pub const LEASES: Id = Id(23);
    pub const RENEWALS: Id = Id(24);
    pub const LEASES_LOST: Id = Id(25);
    pub const LEASES_ENDED: Id = Id(26);
    pub const LEASE_TAIL: Id = Id(27);
    pub const STALE_SHARE: Id = Id(28);
    pub const FAILED_SHARE: Id = Id(29);
}

const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(metrics::READS, "reads", "reads that applications made"),
    MetricSpec::counter(metrics::STALE, "stale_reads", "reads that missed a change somebody knew of before they began"),
    MetricSpec::counter(metrics::UPDATES, "updates", "updates that applications began"),
    MetricSpec::counter(metrics::UPDATED, "updated", "updates that were acknowledged"),
    MetricSpec::counter(metrics::CONFLICTS, "conflicts", "transactions whose compare did not hold"),
    MetricSpec::histogram(metrics::READ, "read", Unit::Millis, "time from a read's arrival to its answer"),
    MetricSpec::histogram(metrics::UPDATE, "update", Unit::Millis, "time from an update's arrival to its acknowledgement"),
    MetricSpec::histogram(metrics::STALENESS, "staleness", Unit::Millis, "of stale reads: how long ago the first change they missed was applied"),
    MetricSpec::histogram(metrics::NOTICE, "notice", Unit::Millis, "time from an update's arrival until a watcher has it"),
    MetricSpec::counter(metrics::EVENTS, "events_sent", "changes that servers handed to watchers"),
    MetricSpec::counter(metrics::FETCHES, "fetches", "reads that watchers made: polls, and everything anew after a gap"),
    MetricSpec::counter(metrics::RESYNCS, "resyncs", "watchers that were told their changes are compacted"),
    MetricSpec::counter(metrics::DROPPED, "dropped", "watches that were lost with their stream"),
    MetricSpec::counter(metrics::CONNECTS, "connects", "watches that were asked for"),
    MetricSpec::histogram(metrics::RECONNECT, "reconnect", Unit::Secs, "time from the loss of a watch until the next one stands"),
    MetricSpec::counter(metrics::REFUSED, "refused", "requests that a server refused because too much was waiting"),
    MetricSpec::histogram(metrics::QUEUE, "queue", Unit::Millis, "time that a request waits for the server's processor"),
    MetricSpec::counter(metrics::WORK, "work_us", "processor time that all servers spent"),
    MetricSpec::gauge(metrics::LIVE, "host_live", "watchers that are told of changes, at the host that was asked last"),
    MetricSpec::gauge(metrics::REVISION, "revision", "the store's revision at the leader"),
    MetricSpec::gauge(metrics::HISTORY, "history", "changes that the leader's store keeps"),
    MetricSpec::counter(metrics::COMPACTIONS, "compactions", "compactions that the leader applied"),
    MetricSpec::counter(metrics::ELECTIONS, "elections", "times that a leader took office"),
    MetricSpec::gauge(metrics::LEASES, "leases", "leases that the leader's store holds"),
    MetricSpec::counter(metrics::RENEWALS, "renewals", "leases granted and renewals acknowledged"),
    MetricSpec::counter(metrics::LEASES_LOST, "leases_lost", "holders that were told their lease is gone"),
    MetricSpec::counter(metrics::LEASES_ENDED, "leases_ended", "leases that were ended for want of a renewal"),
    MetricSpec::histogram(metrics::LEASE_TAIL, "lease_tail", Unit::Secs, "time from a lease's last acknowledged renewal to its end"),
    MetricSpec::derived(metrics::STALE_SHARE, "stale_share", "stale reads among the reads", |m| m.share("stale_reads", "reads")),
    MetricSpec::derived(metrics::FAILED_SHARE, "failed_share", "reads and updates that failed", |m| {
        let asked = m.get("reads")? + m.get("updates")?;
        Some(m.get("failed")? / asked).filter(|share| share.is_finite())
    }),
];

mod lamps {
    /// The five of Raft come first.
    pub const RAFT: usize = 0;
    pub const COMPLETE: usize = 5;
    pub const ATOMIC: usize = 6;
    pub const LINEAR: usize = 7;
    pub const EARLY: usize = 8;
    pub const LATE: usize = 9;
    pub const CONVERGE: usize = 10;
    pub const LEASES_END: usize = 11;
    pub const HISTORY: usize = 12;
    pub const RESYNCED: usize = 13;
}

const INVARIANTS: &[InvariantSpec] = &[
    raft::LAMPS[0],
    raft::LAMPS[1],
    raft::LAMPS[2],
    raft::LAMPS[3],
    raft::LAMPS[4],
    always("watch-complete", "a watcher sees each revision of its keys once and in order, or is told that history is compacted"),
    always("transactions-atomic", "an update replaces exactly the revision it had read, and item and manifest change together or not at all"),
    always("reads-linearizable", "a read sees every change that anybody knew of before it began"),
    always("lease-not-early", "a lease lives for its whole time from when its last acknowledged renewal was sent"),
    always("lease-not-late", "while a leader is stable, a lease ends within its time and a tick of the last renewal or of the leader's start"),
    finally("watchers-converge", "every watcher watches and holds what the store holds"),
    finally("leases-end", "leases that nobody renews are gone"),
    finally("history-linearizable", "some order of all reads and updates, true to real time, explains what each of them was answered"),
    sometimes("compacted-and-resynced", "a watcher is told that history is compacted, and reads everything anew"),
];

pub static DESIGN: Design = Design {
    id: "configuration-service",
    title: "Configuration service (etcd-like)",
    teaches: "What breaks the service is not the watching but the coming back: without jitter the watchers of a lost server all return in one moment.",
    leaves_out: "Keys are numbers and values a few words; users, roles and encryption; auto-scaling of learners; the backend's pages and defragmentation. One processor per server \
                 does what clients ask, Raft runs beside it; monotonic clocks do not drift.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: faults::WITH_DISKS,
    metrics: METRICS,
    reasons: REASONS,
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: view::PANES,
    charts: &[&["reads", "updated"], &["notice", "read"], &["connects", "events_sent"], &["queue"]],
    refuses: system::refuses,
    start: world::start::<system::Config>,
    benches: bench::BENCHES,
};
