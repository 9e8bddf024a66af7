//! Pastebin: bodies kept once under their content's name, rows that name them, and what happens between the two.

mod act;
mod app;
mod bench;
mod cache;
mod client;
mod messages;
mod meta;
mod metrics;
mod role;
mod safeguards;
mod store;
mod sweeper;
mod system;
#[cfg(test)]
mod tests;
mod view;
mod watch;

use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::knob::{Knob, Knobs};
use crate::kernel::time::Span;
use crate::kernel::value::{Kind, SHARE, per_second};
use crate::kernel::world;
use system::Pastebin;

pub static DESIGN: Design = Design {
    id: "pastebin",
    title: "Pastebin",
    teaches: "Two stores cannot be written in one step: with the body first a crash leaves an orphan, which an audit finds; with the name first it leaves a paste without a body, which a reader finds.",
    leaves_out: "Replicas and shards of both stores; uploads in parts and compression; editing and versions; search; spam and abuse; accounts.",
    knobs: KNOBS,
    actions: act::ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::LOAD],
    metrics: metrics::METRICS,
    reasons: metrics::reasons::NAMES,
    invariants: watch::LAMPS,
    safeguards: safeguards::SAFEGUARDS,
    panes: view::PANES,
    charts: &[&["created", "reads", "gone"], &["stored_bytes"], &["rows", "bodies"], &["read", "create"], &["cache_hits", "blob_reads"], &["blob_queue"]],
    refuses,
    start: |spec| world::start::<Pastebin>(spec),
    benches: bench::BENCHES,
};

const DAY: Span = Span::secs(86_400);

#[rustfmt::skip]
const KNOBS: &[Knob] = &[
    Knob::live("create_rate", per_second(300.0), "12/s", "pastes handed in: a million a day are 11.6 a second"),
    Knob::live("read_rate", per_second(1_000.0), "60/s", "reads: five for each paste"),
    Knob::live("skew", Kind::Number { min: 0.0, max: 1.5 }, "0.9", "Zipf exponent of the pastes' popularity; 0 is even"),
    Knob::live("front_share", SHARE, "0.1", "share of the readers who come by the front page, where the latest public pastes stand"),
    Knob::live("body", Kind::Size { min: 100, max: 1_000_000 }, "10KB", "mean size of a body; the logarithm of the size is normal"),
    Knob::live("limit", Kind::Size { min: 1_000, max: 100_000_000 }, "10MB", "larger bodies are refused"),
    Knob::live("duplicate_share", SHARE, "0.3", "share of the bodies handed in that were handed in lately"),
    Knob::live("burn_share", SHARE, "0.1", "share of the pastes that burn after reading"),
    Knob::live("burn_readers", Kind::Integer { min: 1, max: 20 }, "2", "readers who open a paste that burns in the same moment"),
    Knob::live("private_share", SHARE, "0.2", "share of the pastes that only their owner may read"),
    Knob::live("unlisted_share", SHARE, "0.4", "share of the pastes that stand on no front page"),
    Knob::live("delete_share", SHARE, "0.05", "share of the pastes that their owner deletes"),
    Knob::live("short_share", SHARE, "0.7", "share of the pastes with the short lifetime; the others have the long one"),
    Knob::live("short", Kind::Duration { min: Span::ZERO, max: DAY }, "20s", "the short lifetime; 0 is for ever"),
    Knob::live("long", Kind::Duration { min: Span::ZERO, max: DAY }, "2min", "the long lifetime; 0 is for ever"),
    Knob::live("check_expiry", Kind::Switch, "on", "safeguard: a read looks at the expiry, and clears away what it finds dead"),
    Knob::at_start("sweeper", Kind::Switch, "on", "safeguard: takes out dead pastes, and bodies that nobody names"),
    Knob::live("sweep_period", Kind::Duration { min: Span::secs(1), max: Span::secs(3600) }, "5s", "time between sweeps"),
    Knob::at_start("grace", Kind::Duration { min: Span::secs(3), max: Span::secs(15) }, "5s", "so long after its death a paste's body is kept, and so long a new body may wait for its name"),
    Knob::at_start("fence", Kind::Switch, "on", "safeguard: a row that comes later than its body is kept without one is refused"),
    Knob::live("take", Kind::Choice(&["atomic", "read-then-delete"]), "atomic", "safeguard: who opens a paste that burns takes it in the same step; or it is read, and then deleted"),
    Knob::live("write_order", Kind::Choice(&["body-first", "name-first"]), "body-first", "safeguard: which of the two stores is written first"),
    Knob::at_start("references", Kind::Choice(&["holders", "counted"]), "holders", "safeguard: the blob store knows who refers to a body, or only how many do"),
    Knob::at_start("dedup", Kind::Switch, "on", "bodies of one content are kept once"),
    Knob::at_start("digest", Kind::Choice(&["sha-256", "16-bit"]), "sha-256", "safeguard: what names a body: its SHA-256 (of which 64 bits are kept here), or the first 16 bits of that"),
    Knob::live("cache", Kind::Size { min: 0, max: 100_000_000 }, "2MB", "bytes the cache holds; 0 is no cache"),
    Knob::at_start("cached", Kind::Choice(&["bodies", "pastes"]), "bodies", "safeguard: the cache has bodies by their names, and each read asks for the row; or whole pastes by their ids"),
    Knob::live("blob_time", Kind::Duration { min: Span::ZERO, max: Span::millis(100) }, "5ms", "the blob store's time for one request, beside 10 ms for each MB"),
    Knob::at_start("servers", Kind::Integer { min: 1, max: 8 }, "3", "application servers"),
];

fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (private, unlisted) = (knobs.num("private_share"), knobs.num("unlisted_share"));
    if private + unlisted > 1.0 {
        return Err(format!("`private_share` and `unlisted_share` are {private} and {unlisted}, but together must be at most 1"));
    }
    if knobs.choice("references") == "counted" && !knobs.on("dedup") {
        return Err(
            "`references` are `counted` and `dedup` is off, but a count says nothing where each body has one holder; allowed with `dedup` off: `holders`"
                .into(),
        );
    }
    Ok(())
}
