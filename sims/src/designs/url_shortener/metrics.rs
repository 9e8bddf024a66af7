//! What is measured, and by which names.

use crate::kernel::metric::{Basis, Id, MetricSpec, Unit};

pub const CREATED: Id = Id(0);
pub const REUSED: Id = Id(1);
pub const COLLISIONS: Id = Id(2);
pub const RANGES: Id = Id(3);
pub const WASTED: Id = Id(4);
pub const REDIRECTS: Id = Id(5);
pub const UNKNOWN: Id = Id(6);
pub const EXPIRED: Id = Id(7);
pub const HITS: Id = Id(8);
pub const MISSES: Id = Id(9);
pub const STORE_READS: Id = Id(10);
pub const COUNTED: Id = Id(11);
pub const CLICKS_LOST: Id = Id(12);
pub const REPEATED_BATCHES: Id = Id(13);
pub const PROBED: Id = Id(14);
pub const PROBE_HITS: Id = Id(15);
pub const SWEPT: Id = Id(16);
pub const STORE_QUEUE: Id = Id(17);
pub const CREATE: Id = Id(18);
pub const REDIRECT: Id = Id(19);
pub const ATTEMPTS: Id = Id(20);
pub const CODE_SPACE: Id = Id(24);
pub const REQUESTS: Id = Id(25);
pub const USED_AFTER_5Y: Id = Id(29);

/// Why a request can fail: places in `Design::reasons`.
pub mod reasons {
    pub const TIMEOUT: usize = 0;
    pub const NO_FREE_CODE: usize = 1;
    pub const ALIAS_TAKEN: usize = 2;
    pub const NAMES: &[&str] = &["timeout", "no_free_code", "alias_taken"];
}

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(CREATED, "created", "links created and acknowledged"),
    MetricSpec::counter(REUSED, "reused", "of them, those for which the store already had this address under this code"),
    MetricSpec::counter(COLLISIONS, "collisions", "codes that were drawn and found taken by another address"),
    MetricSpec::counter(RANGES, "ranges", "ranges of numbers leased by servers"),
    MetricSpec::counter(WASTED, "wasted", "numbers of leased ranges that a crash took along: no link will ever have them"),
    MetricSpec::counter(REDIRECTS, "redirects", "visitors sent on to the long address"),
    MetricSpec::counter(UNKNOWN, "unknown", "visitors told that there is no such code"),
    MetricSpec::counter(EXPIRED, "gone", "visitors told that the link has expired"),
    MetricSpec::counter(HITS, "cache_hits", "look-ups answered by the cache"),
    MetricSpec::counter(MISSES, "cache_misses", "look-ups that the cache could not answer"),
    MetricSpec::counter(STORE_READS, "store_reads", "rows read from the store for redirects"),
    MetricSpec::counter(COUNTED, "clicks_counted", "clicks in the counts, as the counter has them"),
    MetricSpec::counter(CLICKS_LOST, "clicks_lost", "clicks of batches that a crashed server had not sent"),
    MetricSpec::counter(REPEATED_BATCHES, "repeated_batches", "batches of clicks that arrived once more"),
    MetricSpec::counter(PROBED, "probed", "codes a stranger tried: neighbours of the one handed out last"),
    MetricSpec::counter(PROBE_HITS, "probe_hits", "of them, those that were somebody's link"),
    MetricSpec::counter(SWEPT, "swept", "expired rows taken out of the store"),
    MetricSpec::gauge(STORE_QUEUE, "store_queue", "requests that wait at the busiest shard of late"),
    MetricSpec::histogram(CREATE, "create", Unit::Millis, "time from asking for a short link to having it"),
    MetricSpec::histogram(REDIRECT, "redirect", Unit::Millis, "time from the visit to the redirect"),
    MetricSpec::histogram(ATTEMPTS, "attempts", Unit::One, "codes drawn for one link"),
    MetricSpec::derived(Id(21), "hit_share", "look-ups the cache answered", |m| {
        let (hits, misses) = (m.get("cache_hits")?, m.get("cache_misses")?);
        (hits + misses > 0.0).then(|| hits / (hits + misses))
    }),
    MetricSpec::derived(Id(22), "probe_hit_share", "of the codes a stranger guessed, those that exist", |m| m.share("probe_hits", "probed")),
    MetricSpec::derived(Id(23), "birthday_pairs", "pairs expected to collide when as many codes as links were created are drawn blindly: n² / 2N", |m| {
        let (n, codes) = (m.get("created")?, m.get("code_space")?);
        (codes > 0.0).then(|| n * n / (2.0 * codes))
    })
    .basis(Basis::Modelled),
    MetricSpec::gauge(CODE_SPACE, "code_space", "how many codes of this length and alphabet there are"),
    MetricSpec::counter(REQUESTS, "requests", "links asked for and links followed"),
    MetricSpec::derived(Id(26), "failed_share", "of all requests, those that failed", |m| m.share("failed", "requests")),
    MetricSpec::derived(Id(27), "wasted_share", "numbers that crashes took along, for each link created", |m| m.share("wasted", "created")),
    MetricSpec::derived(Id(28), "ranges_per_link", "trips to the counter, for each link created", |m| m.share("ranges", "created")),
    MetricSpec::gauge(
        USED_AFTER_5Y,
        "used_after_5y",
        "share of all codes in use after five years of creating links at the present rate; above 1 they do not suffice",
    )
    .basis(Basis::Modelled),
];
