//! Ids for a whole cluster without asking anybody: Snowflake, its rivals, and what their order does to an index.

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::{Design, Harm, Safeguard, Trial};
use crate::kernel::faults;
use crate::kernel::knob::Knob;
use crate::kernel::metric::{Basis, MetricSpec, Unit};
use crate::kernel::time::Span;
use crate::kernel::value::Kind;
use crate::kernel::world;

mod benches;
mod client;
mod config;
mod coordinator;
mod database;
mod generator;
mod maker;
mod nodes;
mod sequence;
#[cfg(test)]
mod tests;
mod view;
mod watch;
mod wire;

pub use config::Ids;

pub static DESIGN: Design = Design {
    id: "unique-id-generator",
    title: "Unique id generator",
    teaches: "Ids that begin with the time fill an index's pages one after the other; random ids fetch and dirty a page for almost every row.",
    leaves_out: "The cost of writing the last timestamp down before each restart; leap seconds; a coordinator that can itself fail over.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::CLOCKS, faults::LOAD, faults::MEMBERS],
    metrics: METRICS,
    reasons: &["clock-back", "expired", "no-number", "timeout"],
    invariants: watch::LAMPS,
    safeguards: SAFEGUARDS,
    panes: view::PANES,
    charts: &[&["issued", "requests"], &["issue", "held"], &["rows", "page_fetches", "pages_dirtied"], &["leaf_fill"]],
    refuses: config::refuses,
    start: world::start::<Ids>,
    benches: benches::BENCHES,
};

/// Places in the list of reasons.
mod reasons {
    pub const CLOCK_BACK: usize = 0;
    pub const EXPIRED: usize = 1;
    pub const NO_NUMBER: usize = 2;
    pub const TIMEOUT: usize = 3;
}

const MAX_NODES: i64 = 200;

#[rustfmt::skip]
const KNOBS: &[Knob] = &[
    Knob::at_start("scheme", Kind::Choice(&["snowflake", "uuid4", "uuid7", "ulid", "db-sequence", "ticket-server"]), "snowflake", "how ids are made"),
    Knob::at_start("nodes", Kind::Integer { min: 1, max: MAX_NODES }, "4", "generators"),
    Knob::live("rate", Kind::Rate { min: 0.0, max: 2000.0, per: Span::secs(1) }, "400/s", "requests of all clients together"),
    Knob::live("arrivals", Kind::Choice(&["poisson", "steady"]), "poisson", "how requests are spaced"),
    Knob::live("batch", Kind::Integer { min: 1, max: 10_000 }, "1", "ids per request; a row is stored under the first of them"),
    Knob::at_start("time_bits", Kind::Integer { min: 34, max: 45 }, "41", "bits of the time field"),
    Knob::at_start("node_bits", Kind::Integer { min: 4, max: 16 }, "10", "bits of the node number; the sequence has what is left of 63"),
    Knob::at_start("tick", Kind::Duration { min: Span::millis(1), max: Span::millis(100) }, "1ms", "what the time field counts"),
    Knob::at_start("epoch", Kind::Choice(&["unix", "twitter", "instagram", "discord", "2020"]), "twitter", "when the time field is 0"),
    Knob::at_start("site_epochs", Kind::Choice(&["shared", "own"]), "shared", "own: the second data centre counts from 2 s later, and numbers its nodes from 0 again"),
    Knob::live("clock_policy", Kind::Choice(&["fail", "wait", "logical"]), "wait", "what a generator does when its clock stands before its last id"),
    Knob::live("max_lead", Kind::Duration { min: Span::ZERO, max: Span::secs(3600) }, "10s", "how far a logical clock may run ahead of the real one"),
    Knob::at_start("numbers", Kind::Choice(&["lease", "ordinal", "hash"]), "lease", "how a generator comes by its node number"),
    Knob::at_start("lease", Kind::Duration { min: Span::secs(1), max: Span::secs(60) }, "10s", "how long a number is lent; renewed after a third"),
    Knob::live("redeploy", Kind::Duration { min: Span::ZERO, max: Span::secs(3600) }, "0s", "with hashed numbers: how often every machine is replaced (0: never)"),
    Knob::live("remember", Kind::Switch, "on", "whether a restarted generator knows the time of its last id"),
    Knob::live("parser", Kind::Choice(&["own-epoch", "fixed-epoch"]), "own-epoch", "fixed-epoch: readers take every id for one of Twitter's epoch"),
    Knob::at_start("skew", Kind::Duration { min: Span::ZERO, max: Span::secs(10) }, "20ms", "how far the generators' clocks lie apart at most"),
    Knob::at_start("sequences", Kind::Integer { min: 1, max: 8 }, "2", "database servers that count, each in steps of their number"),
    Knob::at_start("range", Kind::Integer { min: 1, max: 100_000 }, "1000", "ids a ticket server gives out at a time"),
    Knob::at_start("page_entries", Kind::Integer { min: 8, max: 512 }, "64", "entries of a page of the index"),
    Knob::live("buffer_pages", Kind::Integer { min: 8, max: 10_000 }, "64", "pages of the index that fit into memory"),
    Knob::live("split", Kind::Choice(&["plain", "right-most"]), "right-most", "how a full page is divided"),
    Knob::live("fill_factor", Kind::Number { min: 0.5, max: 1.0 }, "0.9", "what a right-most split leaves in the old page"),
    Knob::live("page_read", Kind::Duration { min: Span::ZERO, max: Span::millis(10) }, "100us", "to read or write one page of the index"),
];

#[rustfmt::skip]
const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "burst",
        says: "clients ask at once, beside their usual load",
        args: &[
            ArgSpec { name: "n", says: "requests", kind: Kind::Integer { min: 1, max: 2000 }, default: ArgDefault::Text("1") },
            ArgSpec { name: "ids", says: "ids of each request", kind: Kind::Integer { min: 1, max: 1_000_000 }, default: ArgDefault::Text("1") },
            ArgSpec { name: "node", says: "the generator asked; without it, any", kind: Kind::Node, default: ArgDefault::Absent },
        ],
    },
    ActionSpec {
        name: "twin",
        says: "start a second generator from one's disk image: same address, same ordinal, same files",
        args: &[ArgSpec { name: "node", says: "the generator copied", kind: Kind::Node, default: ArgDefault::Required }],
    },
];

pub(crate) mod metrics {
    //! Places in the list of metrics.
    use crate::kernel::metric::Id;

    pub const REQUESTS: Id = Id(0);
    pub const ISSUED: Id = Id(1);
    pub const ISSUE: Id = Id(2);
    pub const HELD: Id = Id(3);
    pub const LEAD: Id = Id(4);
    pub const ROWS: Id = Id(5);
    pub const DUPLICATE_KEYS: Id = Id(6);
    pub const INSERT: Id = Id(7);
    pub const PAGES: Id = Id(8);
    pub const FILL: Id = Id(9);
    pub const FETCHES: Id = Id(10);
    pub const WRITES: Id = Id(11);
    pub const DIRTIED: Id = Id(12);
    pub const FETCHES_PER_ROW: Id = Id(13);
    pub const DIRTIED_PER_ROW: Id = Id(14);
    pub const DEPLOYMENTS: Id = Id(15);
    pub const CLASHED: Id = Id(16);
    pub const CLASH_SHARE: Id = Id(17);
    pub const SHARED: Id = Id(18);
    pub const RUNS_OUT: Id = Id(19);
    pub const LIFE: Id = Id(20);
    pub const CAP: Id = Id(21);
}

fn per(count: Option<f64>, of: Option<f64>) -> Option<f64> {
    of.filter(|of| *of > 0.0).and_then(|of| count.map(|count| count / of))
}

#[rustfmt::skip]
const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(metrics::REQUESTS, "requests", "requests of clients"),
    MetricSpec::counter(metrics::ISSUED, "issued", "ids made"),
    MetricSpec::histogram(metrics::ISSUE, "issue", Unit::Millis, "time from a client's request to its ids"),
    MetricSpec::histogram(metrics::HELD, "held", Unit::Millis, "time a request waited at its generator for a tick, a clock or a number"),
    MetricSpec::histogram(metrics::LEAD, "lead", Unit::Millis, "how far an id's time is ahead of its maker's clock"),
    MetricSpec::counter(metrics::ROWS, "rows", "rows the database accepted"),
    MetricSpec::counter(metrics::DUPLICATE_KEYS, "duplicate_keys", "rows the unique index refused: their id was there already"),
    MetricSpec::histogram(metrics::INSERT, "insert", Unit::Millis, "time to enter a row into the index, with the wait for the rows before it").basis(Basis::Modelled),
    MetricSpec::gauge(metrics::PAGES, "index_pages", "pages of the index"),
    MetricSpec::gauge(metrics::FILL, "leaf_fill", "entries over room for entries, of all leaves"),
    MetricSpec::counter(metrics::FETCHES, "page_fetches", "pages of the index read from the disk"),
    MetricSpec::counter(metrics::WRITES, "page_writes", "changed pages written to make room"),
    MetricSpec::counter(metrics::DIRTIED, "pages_dirtied", "times a clean page was changed: each is a page to write"),
    MetricSpec::derived(metrics::FETCHES_PER_ROW, "fetches_per_row", "pages read for each row", |r| per(r.get("page_fetches"), r.get("rows"))),
    MetricSpec::derived(metrics::DIRTIED_PER_ROW, "dirtied_per_row", "pages made dirty for each row", |r| per(r.get("pages_dirtied"), r.get("rows"))),
    MetricSpec::counter(metrics::DEPLOYMENTS, "deployments", "times the whole fleet was replaced"),
    MetricSpec::counter(metrics::CLASHED, "deployments_with_clash", "those in which two nodes got one number"),
    MetricSpec::derived(metrics::CLASH_SHARE, "clash_share", "deployments with a clash over all", |r| per(r.get("deployments_with_clash"), r.get("deployments"))),
    MetricSpec::gauge(metrics::SHARED, "nodes_sharing_numbers", "nodes whose hashed number another has too"),
    MetricSpec::gauge(metrics::RUNS_OUT, "runs_out_year", "when the time field is full").basis(Basis::Modelled),
    MetricSpec::gauge(metrics::LIFE, "life_years", "how long the time field lasts from its epoch").basis(Basis::Modelled),
    MetricSpec::gauge(metrics::CAP, "node_cap_per_s", "ids one node can make in a second").basis(Basis::Modelled),
];

const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "numbers",
        safe: &["lease"],
        off: "hash",
        harms: Harm::Breaks("ids-unique"),
        trial: Trial { set: &[("nodes", "200"), ("rate", "2000/s"), ("batch", "64"), ("skew", "0s")], script: &[], length: Span::secs(10) },
    },
    Safeguard {
        knob: "remember",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("ids-unique"),
        trial: Trial {
            set: &[("nodes", "1"), ("rate", "1000/s"), ("skew", "0s")],
            script: &["5s=crash:node=g1", "5s=step-clock:node=g1,by=-3s", "5s=restart:node=g1"],
            length: Span::secs(9),
        },
    },
    Safeguard {
        knob: "scheme",
        safe: &["snowflake", "uuid7", "ulid"],
        off: "uuid4",
        harms: Harm::Breaks("sorted-within-clocks"),
        trial: Trial { set: &[], script: &[], length: Span::secs(3) },
    },
    Safeguard {
        knob: "parser",
        safe: &["own-epoch"],
        off: "fixed-epoch",
        harms: Harm::Breaks("parse-inverts"),
        trial: Trial { set: &[("epoch", "2020")], script: &[], length: Span::secs(2) },
    },
    Safeguard {
        knob: "site_epochs",
        safe: &["shared"],
        off: "own",
        harms: Harm::Breaks("sorted-within-clocks"),
        trial: Trial { set: &[], script: &[], length: Span::secs(3) },
    },
    Safeguard {
        knob: "split",
        safe: &["right-most"],
        off: "plain",
        harms: Harm::Worsens { metric: "index_pages", factor: 1.5 },
        trial: Trial { set: &[("nodes", "1")], script: &[], length: Span::secs(30) },
    },
];
