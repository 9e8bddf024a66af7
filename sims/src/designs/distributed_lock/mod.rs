//! A lock for many machines, kept by one store, by Redlock, or by a replicated log; and a storage that can tell late holders.

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::knob::Knob;
use crate::kernel::metric::{MetricSpec, Unit};
use crate::kernel::time::Span;
use crate::kernel::value::{Kind, time, whole};
use crate::kernel::world;
use crate::parts::backoff::Jitter;

mod bench;
mod client;
mod config;
mod job;
mod machine;
mod role;
mod round;
mod safeguards;
mod server;
mod storage;
mod store;
#[cfg(test)]
mod tests;
mod verdict;
mod view;
mod watch;
mod wire;
mod work;

pub use config::Locks;

/// How often a server looks for leases that are over.
const TICK: Span = Span::millis(100);
/// What an end may be late beyond a tick, on its way through the log.
const SLACK: Span = Span::secs(2);

pub static DESIGN: Design = Design {
    id: "distributed-lock",
    title: "Distributed lock service",
    teaches: "A lease cannot stop a holder who sleeps through its end; a number that rises with each holder lets the storage refuse the late write.",
    leaves_out: "Queues of waiters and fairness, locks for many readers, sessions over many locks; monotonic clocks run true; a store's row is on disk at once.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: faults::WITH_DISKS,
    metrics: METRICS,
    reasons: &["patience", "lease-lost", "fenced", "storage-away"],
    invariants: watch::LAMPS,
    safeguards: safeguards::SAFEGUARDS,
    panes: view::PANES,
    charts: &[&["granted", "busy"], &["acquire", "job"], &["writes", "refused", "lost_updates"], &["asks", "renewals"]],
    refuses: config::refuses,
    start: world::start::<Locks>,
    benches: bench::BENCHES,
};

/// Places in the list of reasons.
mod reasons {
    pub const PATIENCE: usize = 0;
    pub const LEASE_LOST: usize = 1;
    pub const FENCED: usize = 2;
    pub const STORAGE_AWAY: usize = 3;
}

#[rustfmt::skip]
const KNOBS: &[Knob] = &[
    Knob::at_start("service", Kind::Choice(&["raft", "one-store", "redlock"]), "raft", "who keeps the locks"),
    Knob::at_start("servers", whole(1, 7), "5", "members of the Raft group, or stores of Redlock; one store is s1, its replica s2"),
    Knob::at_start("replica", Kind::Choice(&["none", "async", "sync"]), "sync", "one store: whether s2 has a copy, and whether an answer waits for it"),
    Knob::live("replica_lag", time(Span::ZERO, Span::secs(10)), "100ms", "one store: how far an asynchronous copy is behind"),
    Knob::live("ttl", time(Span::millis(500), Span::secs(600)), "30s", "how long a lease lasts unless renewed"),
    Knob::live("expiry", Kind::Switch, "on", "off: a lock has no time to live and stays until it is freed"),
    Knob::live("renewal", Kind::Switch, "on", "whether a holder renews its lease while it works"),
    Knob::live("renew_every", time(Span::millis(50), Span::secs(600)), "10s", "how often it does: a third of the lease leaves two more tries"),
    Knob::live("retry", time(Span::millis(20), Span::secs(10)), "100ms", "how long a client that was refused waits at most before it asks again"),
    Knob::live("jitter", Kind::Choice(Jitter::NAMES), "equal", "how that wait is spread by chance"),
    Knob::live("patience", time(Span::secs(1), Span::secs(600)), "60s", "after so long without the lock a client gives its job up"),
    Knob::live("request_timeout", time(Span::millis(10), Span::secs(10)), "300ms", "how long a client waits for an answer before it asks again, or another"),
    Knob::live("base_rate", Kind::Rate { min: 0.0, max: 200.0, per: Span::secs(1) }, "0.4/s", "jobs that come in, all clients together; 0 for none"),
    Knob::live("work", time(Span::ZERO, Span::secs(120)), "2s", "how long a holder works between reading and writing"),
    Knob::live("work_varies", Kind::Switch, "on", "on: exponential with that mean; off: always that long"),
    Knob::at_start("clients", whole(1, 32), "4", "who wants the locks, one job at a time each"),
    Knob::at_start("locks", whole(1, 32), "1", "locks, each with a value in the storage"),
    Knob::live("fencing", Kind::Choice(&["off", "writes", "all"]), "all", "whose numbers the storage looks at: nobody's, writers', or readers' and writers'"),
    Knob::live("owner_check", Kind::Switch, "on", "a release frees the lock only if it is the releaser's"),
    Knob::live("self_check", Kind::Switch, "on", "a client looks at its own lease before it writes, and stops when it is over"),
    Knob::at_start("lease_clock", Kind::Choice(&["monotonic", "wall"]), "monotonic", "the clock that counts leases, in clients and servers: one that is never set, or the time of day"),
    Knob::live("persist", Kind::Switch, "on", "a store's rows survive its crash"),
    Knob::live("redlock_token", Kind::Choice(&["value", "counters"]), "value", "Redlock: the number shown to the storage is the lock's random value, or the largest counter of the stores that granted"),
    Knob::live("round_trip", time(Span::ZERO, Span::secs(1)), "2ms", "between any two machines and back"),
    Knob::live("fsync", time(Span::ZERO, Span::secs(1)), "1ms", "Raft: to make an entry durable"),
];

#[rustfmt::skip]
const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "job",
        says: "a client that is free begins a job: take the lock, read, work, write, free it",
        args: &[
            ArgSpec { name: "client", says: "which client", kind: Kind::Node, default: ArgDefault::Text("client1") },
            ArgSpec { name: "lock", says: "which lock", kind: whole(1, 32), default: ArgDefault::Text("1") },
            ArgSpec { name: "work", says: "how long it works; without it, as the knob says", kind: time(Span::ZERO, Span::secs(600)), default: ArgDefault::Absent },
        ],
    },
    ActionSpec { name: "promote", says: "one store: the replica takes over as primary, with what it has", args: &[] },
];

pub(crate) mod metrics {
    //! Places in the list of metrics.
    use crate::kernel::metric::Id;

    pub const JOBS: Id = Id(0);
    pub const SKIPPED: Id = Id(1);
    pub const TRIES: Id = Id(2);
    pub const BUSY: Id = Id(3);
    pub const GRANTED: Id = Id(4);
    pub const GRANTED_1: Id = Id(5);
    pub const GRANTED_2: Id = Id(6);
    pub const ACQUIRE: Id = Id(7);
    pub const RENEWALS: Id = Id(8);
    pub const RENEWALS_REFUSED: Id = Id(9);
    pub const DONE: Id = Id(10);
    pub const JOB: Id = Id(11);
    pub const LATE_WRITES: Id = Id(12);
    pub const WRITES: Id = Id(13);
    pub const REFUSED: Id = Id(14);
    pub const LOST_UPDATES: Id = Id(15);
    pub const ASKS: Id = Id(16);
    pub const LEADERS: Id = Id(17);
}

#[rustfmt::skip]
const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(metrics::JOBS, "jobs", "jobs begun"),
    MetricSpec::counter(metrics::SKIPPED, "skipped", "jobs that came while their client was busy with another"),
    MetricSpec::counter(metrics::TRIES, "tries", "times a client asked for a lock"),
    MetricSpec::counter(metrics::BUSY, "busy", "times a server answered that somebody else has it"),
    MetricSpec::counter(metrics::GRANTED, "granted", "times a client got a lock"),
    MetricSpec::counter(metrics::GRANTED_1, "client1_granted", "times client1 got a lock"),
    MetricSpec::counter(metrics::GRANTED_2, "client2_granted", "times client2 got a lock"),
    MetricSpec::histogram(metrics::ACQUIRE, "acquire", Unit::Millis, "time from a job's begin until its client has the lock"),
    MetricSpec::counter(metrics::RENEWALS, "renewals", "renewals acknowledged"),
    MetricSpec::counter(metrics::RENEWALS_REFUSED, "renewals_refused", "renewals refused: the lease was no longer its asker's"),
    MetricSpec::counter(metrics::DONE, "done", "jobs whose write was accepted"),
    MetricSpec::histogram(metrics::JOB, "job", Unit::Millis, "time from a job's begin until its write was accepted"),
    MetricSpec::counter(metrics::LATE_WRITES, "late_writes", "writes accepted after their writer's lease was over by its own count"),
    MetricSpec::counter(metrics::WRITES, "writes", "writes that the storage accepted"),
    MetricSpec::counter(metrics::REFUSED, "refused", "reads and writes that the storage refused for their number"),
    MetricSpec::counter(metrics::LOST_UPDATES, "lost_updates", "accepted writes that were made from an older value than the one they replaced"),
    MetricSpec::counter(metrics::ASKS, "asks", "requests that reached the lock's servers"),
    MetricSpec::counter(metrics::LEADERS, "leaders", "times a leader of the Raft group took office"),
];
