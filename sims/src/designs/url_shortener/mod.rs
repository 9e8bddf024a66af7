//! URL shortener: codes from a counter, a hash or chance, a sharded store behind a cache, clicks counted on the side.

mod act;
mod app;
mod bench;
mod cache;
mod clicks;
mod client;
mod messages;
mod metrics;
mod numbers;
mod outgoing;
mod ranges;
mod role;
mod shard;
mod system;
#[cfg(test)]
mod tests;
mod view;
mod watch;

use crate::kernel::design::{Design, Harm, Safeguard, Trial};
use crate::kernel::faults;
use crate::kernel::knob::{Knob, Knobs};
use crate::kernel::time::Span;
use crate::kernel::value::{Kind, per_second};
use crate::kernel::world;
use crate::parts::codes::{BASE62, HEX};
use system::Shortener;

pub static DESIGN: Design = Design {
    id: "url-shortener",
    title: "URL shortener",
    teaches: "Codes that are counted never collide and need a trip per range; codes that are drawn collide as birthdays do, and only a store that refuses what is taken makes them safe.",
    leaves_out: "Replicas of shards; accounts, quotas and spam; clicks by country and hour; domains of one's own; several regions; caches in browsers (a 301 would be remembered there).",
    knobs: KNOBS,
    actions: act::ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::LOAD],
    metrics: metrics::METRICS,
    reasons: metrics::reasons::NAMES,
    invariants: watch::LAMPS,
    safeguards: SAFEGUARDS,
    panes: view::PANES,
    charts: &[&["created", "redirects"], &["redirect", "create"], &["cache_hits", "store_reads"], &["store_queue"]],
    refuses,
    start: |spec| world::start::<Shortener>(spec),
    benches: bench::BENCHES,
};

const KNOBS: &[Knob] = &[
    Knob::at_start("generator", Kind::Choice(&["counter", "hash", "random"]), "counter", "where the number behind a code comes from"),
    Knob::at_start(
        "numbers",
        Kind::Choice(&["leased", "own"]),
        "leased",
        "safeguard: servers count in ranges they lease, or each by itself from where it thinks all stand",
    ),
    Knob::live(
        "insert",
        Kind::Choice(&["unique", "check-then-insert", "over"]),
        "unique",
        "safeguard: the store refuses a taken number in one step; or it is asked first; or nobody asks",
    ),
    Knob::at_start("alphabet", Kind::Choice(&["base62", "hex"]), "base62", "symbols of a code: 62 letters and digits, or 16"),
    Knob::at_start("length", Kind::Integer { min: 3, max: 10 }, "7", "symbols of a code"),
    Knob::at_start(
        "encoding",
        Kind::Choice(&["padded", "by-the-book"]),
        "padded",
        "safeguard: codes are filled up to their length; or digits are written while something is left of the number, which is none for zero",
    ),
    Knob::at_start("permute", Kind::Switch, "on", "counted numbers go through a Feistel network, so that a code says nothing about the next"),
    Knob::live("range", Kind::Integer { min: 1, max: 100_000 }, "1000", "numbers in a leased range"),
    Knob::at_start("servers", Kind::Integer { min: 1, max: 12 }, "3", "application servers"),
    Knob::at_start("shards", Kind::Integer { min: 1, max: 12 }, "3", "shards of the store, by code"),
    Knob::live("cache", Kind::Integer { min: 0, max: 100_000 }, "2000", "links the cache holds; 0 is no cache"),
    Knob::at_start("links", Kind::Integer { min: 10, max: 100_000 }, "20000", "links that exist at the start, and that visitors choose from"),
    Knob::live("skew", Kind::Number { min: 0.0, max: 1.5 }, "1", "Zipf exponent of the links' popularity; 0 is even"),
    Knob::live("create_rate", per_second(2_000.0), "50/s", "links made by everybody together"),
    Knob::live("visit_rate", per_second(2_000.0), "500/s", "links followed by everybody together"),
    Knob::live("resubmit", Kind::Number { min: 0.0, max: 1.0 }, "0.02", "share of the addresses handed in that were handed in lately"),
    Knob::live("ttl", Kind::Duration { min: Span::ZERO, max: Span::secs(86_400) }, "10min", "how long a link holds; 0 is for ever"),
    Knob::live("store_time", Kind::Duration { min: Span::ZERO, max: Span::millis(50) }, "1ms", "a shard's time for one request"),
    Knob::live("remember_unknown", Kind::Switch, "off", "safeguard while off: the cache also remembers which codes do not exist"),
    Knob::live("check_expiry", Kind::Switch, "on", "safeguard: cache and servers look at a link's expiry"),
    Knob::live("flush", Kind::Duration { min: Span::millis(10), max: Span::secs(60) }, "1s", "clicks are gathered for so long before they are sent"),
    Knob::live("click_log", Kind::Switch, "off", "each click is written to the server's disk before the visitor is sent on"),
    Knob::live("count_once", Kind::Switch, "on", "safeguard: the counter knows a batch that comes again"),
];

const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "insert",
        safe: &["unique"],
        off: "check-then-insert",
        harms: Harm::Breaks("one-address"),
        // 65,536 codes, and a store 100 ms away: between the question and the insert some eighty other links are on their way.
        trial: Trial {
            set: &[
                ("generator", "random"),
                ("alphabet", "hex"),
                ("length", "4"),
                ("links", "10"),
                ("create_rate", "400/s"),
                ("visit_rate", "50/s"),
                ("ttl", "0s"),
            ],
            script: &["0s=slow:from=all,to=all,by=100ms"],
            length: Span::secs(30),
        },
    },
    Safeguard {
        knob: "encoding",
        safe: &["padded"],
        off: "by-the-book",
        harms: Harm::Breaks("never-unknown"),
        // Number zero is the oldest link of all, and the most popular.
        trial: Trial { set: &[("permute", "off")], script: &[], length: Span::secs(10) },
    },
    Safeguard {
        knob: "numbers",
        safe: &["leased"],
        off: "own",
        harms: Harm::Breaks("one-address"),
        // Without the store's refusal only the ranges keep servers apart.
        trial: Trial { set: &[("insert", "over")], script: &[], length: Span::secs(10) },
    },
    Safeguard {
        knob: "remember_unknown",
        safe: &["off"],
        off: "on",
        harms: Harm::Breaks("never-unknown"),
        // A stranger asks for the codes that will be handed out next: without the permutation those above the latest.
        trial: Trial {
            set: &[("permute", "off"), ("range", "20"), ("visit_rate", "2000/s"), ("links", "10"), ("create_rate", "200/s")],
            script: &["5s=probe:n=200,side=above"],
            length: Span::secs(30),
        },
    },
    Safeguard {
        knob: "check_expiry",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("expired-is-gone"),
        trial: Trial { set: &[("ttl", "5s"), ("skew", "1.2")], script: &[], length: Span::secs(30) },
    },
    Safeguard {
        knob: "count_once",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("clicks-add-up"),
        trial: Trial { set: &[], script: &["2s=lose:from=counter,to=app1,share=0.5"], length: Span::secs(10) },
    },
];

/// So many of the codes may be in use at the start.
const FILLED_MOST: f64 = 0.5;

fn refuses(knobs: &Knobs) -> Result<(), String> {
    let alphabet = if knobs.choice("alphabet") == "hex" { &HEX } else { &BASE62 };
    let space = alphabet.codes(knobs.count("length") as u32);
    let most = (space as f64 * FILLED_MOST) as u64;
    if knobs.count("links") as u64 > most {
        return Err(format!("`links` must be at most {most}: there are only {space} codes of this `length` and `alphabet`, and half of them must be free"));
    }
    Ok(())
}
