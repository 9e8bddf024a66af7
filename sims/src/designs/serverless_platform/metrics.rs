//! What is measured, by its place in the design's list.

use crate::kernel::metric::{Basis, Id, MetricSpec, Unit};
use crate::parts::meter::{PARTS, PUBLISHED};

pub const INVOCATIONS: Id = Id(0);
pub const COMPLETED: Id = Id(1);
pub const COLD: Id = Id(2);
pub const RESTORED: Id = Id(3);
pub const WARM: Id = Id(4);
pub const PREWARMED: Id = Id(5);
pub const STARTED: Id = Id(6);
pub const RECLAIMED: Id = Id(7);
pub const LATENCY: Id = Id(8);
pub const WAITED: Id = Id(9);
pub const START_UP: Id = Id(10);
pub const RUNNING: Id = Id(11);
pub const SANDBOXES: Id = Id(12);
pub const IDLE_NOW: Id = Id(13);
pub const QUEUED: Id = Id(14);
pub const CONCURRENCY: Id = Id(15);
pub const BUSY: Id = Id(16);
pub const IDLE: Id = Id(17);
pub const BILLED: Id = Id(18);
pub const REPEATED: Id = Id(19);
pub const CENTS: Id = Id(20);
pub const INVOICED: Id = Id(21);
pub const INVOICED_CALLS: Id = Id(22);
pub const RAISED: Id = Id(23);
pub const LOWERED: Id = Id(24);
pub const FLAPS: Id = Id(25);
pub const TARGETS: Id = Id(26);
pub const LOST: Id = Id(27);
pub const FENCED: Id = Id(28);
pub const ROLLBACKS: Id = Id(29);
pub const BAD_CALLS: Id = Id(30);
pub const NEIGHBOURS: Id = Id(31);
pub const NEIGHBOURS_SENT: Id = Id(32);
pub const NEIGHBOURS_FAILED: Id = Id(33);
pub const BOUGHT: Id = Id(39);

/// Cents of so many megabyte-milliseconds and calls, not rounded.
fn cents(mb_ms: f64, calls: f64) -> f64 {
    let parts = mb_ms * PUBLISHED.gb_second as f64 + calls * PUBLISHED.million_requests as f64 * (PARTS / 1_000_000) as f64;
    parts / PARTS as f64
}

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(INVOCATIONS, "invocations", "calls sent by clients"),
    MetricSpec::counter(COMPLETED, "completed", "calls that ended well, as the router hears it"),
    MetricSpec::counter(COLD, "cold_starts", "calls that waited for a sandbox to be made from nothing"),
    MetricSpec::counter(RESTORED, "restored", "calls that waited for a sandbox to be restored from a snapshot"),
    MetricSpec::counter(WARM, "warm_starts", "calls that found a sandbox ready"),
    MetricSpec::counter(PREWARMED, "prewarmed", "sandboxes started before a call asked for them"),
    MetricSpec::counter(STARTED, "sandboxes_started", "sandboxes started, for a call or ahead of it"),
    MetricSpec::counter(RECLAIMED, "reclaimed", "idle sandboxes stopped"),
    MetricSpec::histogram(LATENCY, "latency", Unit::Millis, "from a client's call to its answer; only calls that ended well"),
    MetricSpec::histogram(WAITED, "waited", Unit::Millis, "from the call's arrival at the router until it has a sandbox, ready or not"),
    MetricSpec::histogram(START_UP, "start_up", Unit::Millis, "how long a sandbox took to come up"),
    MetricSpec::gauge(RUNNING, "running", "calls let in and not ended"),
    MetricSpec::gauge(SANDBOXES, "sandboxes", "sandboxes in the router's book"),
    MetricSpec::gauge(IDLE_NOW, "idle", "of these, idle ones"),
    MetricSpec::gauge(QUEUED, "queued", "calls that wait for a slot or a place"),
    MetricSpec::histogram(CONCURRENCY, "concurrency", Unit::One, "calls let in and not ended, looked at five times a second"),
    MetricSpec::counter(BUSY, "busy_mb_ms", "memory times time in which calls ran"),
    MetricSpec::counter(IDLE, "idle_mb_ms", "memory times time in which sandboxes stood idle; counted when the wait ends"),
    MetricSpec::counter(BILLED, "billed_calls", "records of usage taken into accounts"),
    MetricSpec::counter(REPEATED, "usage_repeats", "records that came to the meter again"),
    MetricSpec::counter(CENTS, "bill_cents", "cents on all bills"),
    MetricSpec::counter(INVOICED, "invoiced_mb_ms", "memory times time on all bills"),
    MetricSpec::counter(INVOICED_CALLS, "invoiced_calls", "calls on all bills"),
    MetricSpec::counter(RAISED, "raised", "sandboxes added to targets by the autoscaler"),
    MetricSpec::counter(LOWERED, "lowered", "sandboxes taken from targets by the autoscaler"),
    MetricSpec::counter(FLAPS, "flaps", "targets raised again within 15 s of being lowered"),
    MetricSpec::gauge(TARGETS, "targets", "sandboxes that are to stand ready or busy, all functions together"),
    MetricSpec::counter(LOST, "workers_lost", "workers given up"),
    MetricSpec::counter(FENCED, "fenced_busy", "workers that killed running calls because their lease was over"),
    MetricSpec::counter(ROLLBACKS, "rollbacks", "versions taken back"),
    MetricSpec::counter(BAD_CALLS, "bad_calls", "calls that failed by a bad version"),
    MetricSpec::histogram(NEIGHBOURS, "neighbour", Unit::Millis, "latency of every tenant but the first, who makes the noise"),
    MetricSpec::counter(NEIGHBOURS_SENT, "neighbours_sent", "calls of every tenant but the first"),
    MetricSpec::counter(NEIGHBOURS_FAILED, "neighbours_failed", "of these, calls that failed"),
    MetricSpec::derived(Id(34), "cold_share", "share of the calls let in that waited for a sandbox, made or restored", |m| {
        let (cold, restored, warm) = (m.get("cold_starts")?, m.get("restored")?, m.get("warm_starts")?);
        (cold + restored + warm > 0.0).then(|| (cold + restored) / (cold + restored + warm))
    }),
    MetricSpec::derived(Id(35), "idle_share", "share of the sandboxes' memory times time that stood idle: paid by the platform, by no tenant", |m| {
        let (busy, idle) = (m.get("busy_mb_ms")?, m.get("idle_mb_ms")?);
        (busy + idle > 0.0).then(|| idle / (busy + idle))
    }),
    MetricSpec::derived(Id(36), "exact_cents", "what the billed usage costs, without any rounding", |m| {
        Some(cents(m.get("invoiced_mb_ms")?, m.get("invoiced_calls")?))
    })
    .basis(Basis::Modelled),
    MetricSpec::derived(Id(37), "neighbours_failed_share", "share of the calls of every tenant but the first that failed", |m| {
        m.share("neighbours_failed", "neighbours_sent")
    }),
    MetricSpec::derived(Id(38), "failed_share", "share of all calls that failed", |m| m.share("failed", "invocations")),
    MetricSpec::counter(BOUGHT, "bought_mb_ms", "memory times time of all workers, up or not"),
    MetricSpec::derived(Id(40), "machine_use_share", "share of the workers' memory times time in which a call ran: what somebody pays for", |m| {
        m.share("busy_mb_ms", "bought_mb_ms")
    }),
];
