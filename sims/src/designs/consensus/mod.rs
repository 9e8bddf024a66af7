//! Consensus: a key-value store whose copies agree by Raft, with clients that retry.

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::knob::{Knob, Knobs};
use crate::kernel::metric::{Id, MetricSpec, Unit};
use crate::kernel::time::Span;
use crate::kernel::value::{Kind, time};
use crate::kernel::view::PaneSpec;
use crate::kernel::world;

pub mod bench;
mod client;
mod kv;
mod messages;
mod safeguards;
mod server;
mod system;
#[cfg(test)]
mod tests;
mod view;
mod watch;

pub static DESIGN: Design = Design {
    id: "consensus",
    title: "Replicated log (Raft)",
    teaches: "An entry is safe once a majority has it on disk and its leader's own term commits it; everything else, chance in the time-outs included, \
              decides only how long you wait.",
    leaves_out: "Links carry any amount at once, so a snapshot costs delay but no bandwidth; sessions of clients are never thrown away; leases for reads, \
                 learners that stay and joint consensus are not built.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::LOAD, faults::SLOW_DISKS, faults::FULL_DISKS, faults::LOST_DISKS, faults::MEMBERS],
    metrics: METRICS,
    reasons: &["busy"],
    invariants: watch::INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "logs", title: "Logs side by side" },
        PaneSpec { id: "terms", title: "Who led when" },
        PaneSpec { id: "followers", title: "What the leader knows of the others" },
        PaneSpec { id: "sessions", title: "Clients and their sessions" },
    ],
    charts: &[&["answered", "retries"], &["write", "read"], &["elections", "elected"], &["term"]],
    refuses,
    start: world::start::<system::Consensus>,
    benches: bench::BENCHES,
};

#[rustfmt::skip]
const KNOBS: &[Knob] = &[
    Knob::at_start("nodes", Kind::Integer { min: 1, max: 7 }, "5", "servers that found the group and vote"),
    Knob::at_start("clients", Kind::Integer { min: 1, max: 16 }, "6", "clients, each with one request open at a time"),
    Knob::live("rate", Kind::Rate { min: 0.0, max: 300.0, per: Span::secs(1) }, "100/s", "requests of all clients together"),
    Knob::live("read_share", Kind::Number { min: 0.0, max: 1.0 }, "0.5", "share of the requests that only read"),
    Knob::live("keys", Kind::Integer { min: 1, max: 64 }, "8", "keys that are written and read"),
    Knob::live("election_min", time(Span::millis(10), Span::secs(10)), "150ms", "the shortest election time-out"),
    Knob::live("election_spread", time(Span::ZERO, Span::secs(2)), "150ms", "how much longer it may be, by chance"),
    Knob::live("heartbeat", time(Span::millis(5), Span::secs(2)), "50ms", "how often a leader shows that it lives"),
    Knob::live("delay", time(Span::micros(50), Span::millis(100)), "1ms", "one way between two servers, or client and server"),
    Knob::live("jitter", time(Span::ZERO, Span::millis(20)), "200us", "mean of what comes on top of the delay"),
    Knob::live("fsync", time(Span::ZERO, Span::millis(100)), "2ms", "how long a disk takes to make writes durable"),
    Knob::live("batch", Kind::Integer { min: 1, max: 256 }, "64", "entries in one message at most"),
    Knob::live("window", Kind::Integer { min: 1, max: 64 }, "8", "messages on their way to one follower at most"),
    Knob::live("snapshot_after", Kind::Integer { min: 0, max: 100_000 }, "1000", "entries applied between two snapshots; 0 for never"),
    Knob::live("timeout", time(Span::millis(20), Span::secs(5)), "300ms", "after so long without an answer a client asks the next server"),
    Knob::live("reads", Kind::Choice(&["log", "read-index", "leader", "local"]), "read-index", "how a read makes sure: an entry of its own, a round to a majority, the leader's word, or not at all"),
    Knob::live("pre_vote", Kind::Switch, "on", "ask whether one would be elected before raising the term"),
    Knob::live("check_quorum", Kind::Switch, "on", "a leader that hears no majority steps down"),
    Knob::live("own_term_commit", Kind::Switch, "on", "only entries of the leader's own term are committed by counting"),
    Knob::live("keep_vote", Kind::Switch, "on", "the vote is written to disk before it is given"),
    Knob::live("change_after_own_term", Kind::Switch, "on", "members change only once the leader has committed in its own term"),
    Knob::live("sync", Kind::Switch, "on", "nothing is promised before the disk has it"),
    Knob::live("sessions", Kind::Switch, "on", "a command that comes twice is applied once"),
    Knob::live("lost_disk", Kind::Choice(&["outside", "back"]), "outside", "a server that has lost its disk stays out until replaced, or comes back as if nothing happened"),
];

const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "time-out",
        says: "a server's election time-out passes now",
        args: &[ArgSpec { name: "node", says: "which server", kind: Kind::Node, default: ArgDefault::Required }],
    },
    ActionSpec {
        name: "hand-over",
        says: "the leader asks another server to take its place",
        args: &[ArgSpec { name: "node", says: "which server", kind: Kind::Node, default: ArgDefault::Required }],
    },
    ActionSpec {
        name: "write",
        says: "a client writes now",
        args: &[
            ArgSpec { name: "client", says: "which client", kind: Kind::Node, default: ArgDefault::Text("client1") },
            ArgSpec { name: "n", says: "how many writes, one after the other", kind: Kind::Integer { min: 1, max: 100 }, default: ArgDefault::Text("1") },
        ],
    },
];

/// Places in the list of reasons.
mod reasons {
    pub const BUSY: usize = 0;
}

/// Places in the list of metrics.
mod metrics {
    use super::Id;

    pub const ASKED: Id = Id(0);
    pub const ANSWERED: Id = Id(1);
    pub const WRITES: Id = Id(2);
    pub const WRITE: Id = Id(3);
    pub const READ: Id = Id(4);
    pub const RETRIES: Id = Id(5);
    pub const REDIRECTS: Id = Id(6);
    pub const ELECTIONS: Id = Id(7);
    pub const ELECTED: Id = Id(8);
    pub const FIRST_TRY: Id = Id(9);
    pub const WITHOUT_LEADER: Id = Id(10);
    pub const TERM: Id = Id(11);
    pub const COMMITTED: Id = Id(12);
    pub const SNAPSHOTS: Id = Id(13);
    pub const SYNC: Id = Id(14);
    pub const WENT_BACK: Id = Id(15);
    pub const FIRST_SHARE: Id = Id(16);
    pub const MEMBERS: Id = Id(17);
}

const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(metrics::ASKED, "asked", "requests, each counted once however often it is sent"),
    MetricSpec::counter(metrics::ANSWERED, "answered", "requests answered"),
    MetricSpec::counter(metrics::WRITES, "writes", "writes answered"),
    MetricSpec::histogram(metrics::WRITE, "write", Unit::Millis, "time from a write's arrival at its client to the answer"),
    MetricSpec::histogram(metrics::READ, "read", Unit::Millis, "time from a read's arrival at its client to the answer"),
    MetricSpec::counter(metrics::RETRIES, "retries", "requests sent again because no answer came in time"),
    MetricSpec::counter(metrics::REDIRECTS, "redirects", "requests sent on because the server asked did not lead"),
    MetricSpec::counter(metrics::ELECTIONS, "elections", "times a server stood for election"),
    MetricSpec::counter(metrics::ELECTED, "elected", "leaders elected"),
    MetricSpec::counter(metrics::FIRST_TRY, "first_try", "leaders elected in the first term after the last leader's"),
    MetricSpec::histogram(
        metrics::WITHOUT_LEADER,
        "without_leader",
        Unit::Millis,
        "time from the last word of the old leader to a new one, as the new one saw it",
    ),
    MetricSpec::gauge(metrics::TERM, "term", "the highest term that has a leader"),
    MetricSpec::counter(metrics::COMMITTED, "committed", "commands committed"),
    MetricSpec::counter(metrics::SNAPSHOTS, "snapshots", "machines replaced by a snapshot or read from disk"),
    MetricSpec::histogram(metrics::SYNC, "sync", Unit::Millis, "how long the disks' syncs took"),
    MetricSpec::counter(metrics::WENT_BACK, "went_back", "reads answered from an older store than the same client had seen"),
    MetricSpec::derived(metrics::FIRST_SHARE, "first_try_share", "elections of a leader that needed one term only", |m| m.share("first_try", "elected")),
    MetricSpec::gauge(metrics::MEMBERS, "members", "servers that vote, as the latest leader has it"),
];

/// Settings that cannot work, with what would.
fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (heartbeat, election) = (knobs.span("heartbeat"), knobs.span("election_min"));
    if heartbeat >= election {
        return Err(format!("heartbeat is {heartbeat}, but must be below election_min, {election}: else every follower gives its leader up"));
    }
    Ok(())
}
