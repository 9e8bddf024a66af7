//! What is measured, and by which names.

use crate::kernel::metric::{Basis, Id, MetricSpec, Unit};

pub const POSTS: Id = Id(0);
pub const READS: Id = Id(1);
pub const DELIVERIES: Id = Id(2);
pub const SKIPPED: Id = Id(3);
pub const LIST_READS: Id = Id(4);
pub const LIST_HITS: Id = Id(5);
pub const REBUILDS: Id = Id(6);
pub const REFILLS: Id = Id(7);
pub const REDELIVERIES: Id = Id(8);
pub const DROPPED_TWICE: Id = Id(9);
pub const FENCED: Id = Id(10);
pub const HIDDEN: Id = Id(11);
pub const WRITE_WORK: Id = Id(12);
pub const READ_WORK: Id = Id(13);
pub const QUEUE_DEPTH: Id = Id(14);
pub const BYTES_PER_TIMELINE: Id = Id(15);
pub const READ: Id = Id(16);
pub const DELIVERY_LAG: Id = Id(17);
pub const AGE: Id = Id(18);

/// Why a read can fail: its place is `Design::reasons`.
pub const TIMED_OUT: usize = 0;

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(POSTS, "posts", "posts stored"),
    MetricSpec::counter(READS, "reads", "pages read"),
    MetricSpec::counter(DELIVERIES, "deliveries", "writes of a post into a follower's timeline, repeated ones too"),
    MetricSpec::counter(SKIPPED, "skipped", "followers passed over because they are inactive"),
    MetricSpec::counter(LIST_READS, "list_reads", "authors' lists read from the post stores"),
    MetricSpec::counter(LIST_HITS, "list_hits", "authors' lists found in the API tier's cache"),
    MetricSpec::counter(REBUILDS, "rebuilds", "timelines built from the authors' lists for a reader who had none"),
    MetricSpec::counter(REFILLS, "refills", "timelines filled up after deletes or unfollows left them short"),
    MetricSpec::counter(REDELIVERIES, "redeliveries", "jobs handed out again because their lease ran out"),
    MetricSpec::counter(DROPPED_TWICE, "dropped_twice", "deliveries of a post that was there already"),
    MetricSpec::counter(FENCED, "fenced", "deliveries refused because they came after an unfollow or a rebuild"),
    MetricSpec::counter(HIDDEN, "hidden", "deleted posts taken out of a page at read"),
    MetricSpec::counter(WRITE_WORK, "write_work_us", "time that workers and shards spend on deliveries").basis(Basis::Modelled),
    MetricSpec::counter(READ_WORK, "read_work_us", "time that shards and stores spend on reading timelines and lists").basis(Basis::Modelled),
    MetricSpec::gauge(QUEUE_DEPTH, "queue_depth", "fan-out jobs that wait"),
    MetricSpec::gauge(BYTES_PER_TIMELINE, "timeline_bytes", "memory of one timeline, the mean of the shard that reported last"),
    MetricSpec::histogram(READ, "read", Unit::Millis, "time from asking for a page to having it"),
    MetricSpec::histogram(DELIVERY_LAG, "delivery_lag", Unit::Millis, "time from a post to its place in one follower's timeline"),
    MetricSpec::histogram(AGE, "shown_age", Unit::Millis, "age of a post when a page shows it"),
    MetricSpec::derived(Id(19), "amplification", "deliveries per post", |m| m.share("deliveries", "posts")),
    MetricSpec::derived(Id(20), "lists_per_read", "lists read from the stores per page", |m| m.share("list_reads", "reads")),
    MetricSpec::derived(Id(21), "work_us", "deliveries and reads together", |m| Some(m.get("write_work_us")? + m.get("read_work_us")?)).basis(Basis::Modelled),
    MetricSpec::derived(Id(22), "reads_per_post", "pages read per post", |m| m.share("reads", "posts")),
];
