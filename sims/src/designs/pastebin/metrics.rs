//! What is measured, and by which names.

use crate::kernel::metric::{Id, MetricSpec, Unit};

pub const CREATED: Id = Id(0);
pub const READS: Id = Id(1);
pub const NOT_FOUND: Id = Id(2);
pub const GONE: Id = Id(3);
pub const BURNT: Id = Id(4);
pub const DELETED: Id = Id(5);
pub const REQUESTS: Id = Id(6);
pub const SUBMITTED: Id = Id(7);
pub const WRITTEN: Id = Id(8);
pub const FREED: Id = Id(9);
pub const SHARED: Id = Id(10);
pub const SWEPT: Id = Id(11);
pub const CLEARED: Id = Id(12);
pub const ORPHANS: Id = Id(13);
pub const TOO_LATE: Id = Id(14);
pub const HITS: Id = Id(15);
pub const MISSES: Id = Id(16);
pub const BLOB_READS: Id = Id(17);
pub const STORED: Id = Id(18);
pub const BODIES: Id = Id(19);
pub const ROWS: Id = Id(20);
pub const BLOB_QUEUE: Id = Id(21);
pub const CREATE: Id = Id(22);
pub const READ: Id = Id(23);
pub const SWEEP: Id = Id(24);
pub const BLOB_BYTES_READ: Id = Id(25);

/// Why a request can fail: places in `Design::reasons`.
pub mod reasons {
    pub const TIMEOUT: usize = 0;
    pub const TOO_LARGE: usize = 1;
    pub const OVERLOADED: usize = 2;
    pub const BODY_MISSING: usize = 3;
    pub const TOO_LATE: usize = 4;
    pub const NAMES: &[&str] = &["timeout", "too_large", "overloaded", "body_missing", "too_late"];
}

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(CREATED, "created", "pastes created and acknowledged"),
    MetricSpec::counter(READS, "reads", "readers who got a body"),
    MetricSpec::counter(NOT_FOUND, "not_found", "readers told that there is no such paste, among them those it is not for"),
    MetricSpec::counter(GONE, "gone", "readers told that the paste has expired, was burnt or deleted"),
    MetricSpec::counter(BURNT, "burnt", "readers who got a paste that burns after reading"),
    MetricSpec::counter(DELETED, "deleted", "pastes deleted by their owners"),
    MetricSpec::counter(REQUESTS, "requests", "pastes handed in, reads and deletions asked for"),
    MetricSpec::counter(SUBMITTED, "submitted_bytes", "bytes of bodies handed in and kept"),
    MetricSpec::counter(WRITTEN, "written_bytes", "of them, bytes that had to be written since no such body was there"),
    MetricSpec::counter(FREED, "freed_bytes", "bytes of bodies that nobody needs any more"),
    MetricSpec::counter(SHARED, "shared", "bodies handed in that were there already"),
    MetricSpec::counter(SWEPT, "swept", "rows of dead pastes taken out by the sweeper"),
    MetricSpec::counter(CLEARED, "cleared", "rows of dead pastes taken out because somebody asked for them"),
    MetricSpec::counter(ORPHANS, "orphans", "references without a paste, found by the audit"),
    MetricSpec::counter(TOO_LATE, "too_late", "rows refused because their deadline had passed"),
    MetricSpec::counter(HITS, "cache_hits", "look-ups answered by the cache"),
    MetricSpec::counter(MISSES, "cache_misses", "look-ups that the cache could not answer"),
    MetricSpec::counter(BLOB_READS, "blob_reads", "bodies read from the blob store"),
    MetricSpec::gauge(STORED, "stored_bytes", "bytes of all bodies in the blob store"),
    MetricSpec::gauge(BODIES, "bodies", "bodies in the blob store"),
    MetricSpec::gauge(ROWS, "rows", "rows in the key-value store, those of dead pastes among them"),
    MetricSpec::gauge(BLOB_QUEUE, "blob_queue", "requests that wait at the blob store"),
    MetricSpec::histogram(CREATE, "create", Unit::Millis, "time from handing a paste in to having its address"),
    MetricSpec::histogram(READ, "read", Unit::Millis, "time from asking for a paste to having its body"),
    MetricSpec::histogram(SWEEP, "sweep", Unit::Millis, "length of one sweep"),
    MetricSpec::counter(BLOB_BYTES_READ, "blob_read_bytes", "bytes read from the blob store"),
    MetricSpec::derived(Id(26), "hit_share", "look-ups the cache answered", |m| {
        let (hits, misses) = (m.get("cache_hits")?, m.get("cache_misses")?);
        (hits + misses > 0.0).then(|| hits / (hits + misses))
    }),
    MetricSpec::derived(Id(27), "saved_share", "of the bytes handed in, those that were there already", |m| {
        m.share("written_bytes", "submitted_bytes").map(|share| 1.0 - share)
    }),
    MetricSpec::derived(Id(28), "failed_share", "of all requests, those that failed", |m| m.share("failed", "requests")),
    MetricSpec::derived(Id(29), "bytes_per_paste", "stored bytes for each row", |m| m.share("stored_bytes", "rows")),
];
