//! What is measured, by its place in the design's list.

use crate::kernel::metric::{Fold, Id, MetricSpec, Unit};

pub const POSTED: Id = Id(0);
pub const SENT: Id = Id(1);
pub const SHOWN: Id = Id(2);
pub const ACK: Id = Id(3);
pub const DIRECT: Id = Id(4);
pub const RETRIED: Id = Id(5);
pub const INBOX: Id = Id(6);
pub const RESENT: Id = Id(7);
pub const DEDUPED: Id = Id(8);
pub const REPEATS: Id = Id(9);
pub const GAPS: Id = Id(10);
pub const REDELIVERED: Id = Id(11);
pub const TWICE: Id = Id(12);
pub const MISPLACED: Id = Id(13);
pub const UPSIDE_DOWN: Id = Id(14);
pub const PUSHES: Id = Id(15);
pub const DELIVERED_TICK: Id = Id(16);
pub const READ_TICK: Id = Id(17);
pub const BADGES_WRONG: Id = Id(18);
pub const CONNECTS: Id = Id(19);
pub const CONNECT_PEAK: Id = Id(20);
pub const REFUSED: Id = Id(21);
pub const BACK: Id = Id(22);
pub const CLOSED: Id = Id(23);
pub const HEARTBEATS: Id = Id(24);
pub const PRESENCE_PUSHED: Id = Id(25);
pub const PRESENCE_REFRESHED: Id = Id(26);
pub const STATUS_CHANGES: Id = Id(27);
pub const RESTORED: Id = Id(28);
pub const EXPIRED: Id = Id(29);
pub const LOOKUPS: Id = Id(30);
pub const RUNG: Id = Id(31);
pub const RUNG_COLLAPSED: Id = Id(32);
pub const ONLINE: Id = Id(33);
pub const WAITING: Id = Id(34);
pub const KEPT: Id = Id(35);
pub const ARCHIVED: Id = Id(36);
pub const SESSIONS: Id = Id(37);
pub const SYNC: Id = Id(38);
pub const GROUP: Id = Id(39);
pub const SEEN_GONE: Id = Id(40);
pub const SKIPPED: Id = Id(41);
pub const FRAMES: Id = Id(42);
pub const ANSWERS: Id = Id(43);
pub const OPENED: Id = Id(44);

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(POSTED, "posted", "messages written by users"),
    MetricSpec::counter(SENT, "sent", "messages whose sender was told that they are sent"),
    MetricSpec::counter(SHOWN, "shown", "messages that appeared on a screen, the writer's own screens included"),
    MetricSpec::histogram(ACK, "ack", Unit::Millis, "from writing a message to its first tick, *sent*"),
    MetricSpec::histogram(DIRECT, "direct", Unit::Millis, "from writing to another user's screen, pushed at once"),
    MetricSpec::histogram(RETRIED, "retried", Unit::Millis, "from writing to another user's screen, pushed again after silence"),
    MetricSpec::histogram(INBOX, "inbox", Unit::Millis, "from writing to another user's screen, fetched when the device came back"),
    MetricSpec::counter(RESENT, "resent", "posts that a device sent again because no tick came"),
    MetricSpec::counter(DEDUPED, "deduped", "posts that a server knew already, by their sender's number"),
    MetricSpec::counter(REPEATS, "repeats", "messages that reached a device again and were dropped there"),
    MetricSpec::counter(GAPS, "gaps", "messages that reached a device before one that precedes them"),
    MetricSpec::counter(REDELIVERED, "redelivered", "screens pushed to again after silence"),
    MetricSpec::counter(TWICE, "twice", "messages shown a second time on one screen"),
    MetricSpec::counter(MISPLACED, "misplaced", "messages that a screen had to put above what it had shown already"),
    MetricSpec::counter(UPSIDE_DOWN, "upside_down", "answers that stand above what they answer"),
    MetricSpec::counter(PUSHES, "pushes", "messages times screens that servers handed to gateways"),
    MetricSpec::histogram(DELIVERED_TICK, "delivered_tick", Unit::Millis, "from writing to the tick *delivered* to all others"),
    MetricSpec::histogram(READ_TICK, "read_tick", Unit::Millis, "from writing to the tick *read* by all others"),
    MetricSpec::counter(BADGES_WRONG, "badges_wrong", "unread counts that were not the messages after the last one read"),
    MetricSpec::counter(CONNECTS, "connects", "attempts of devices to connect"),
    MetricSpec::levels(CONNECT_PEAK, "connect_peak", Fold::Most, "the most attempts to connect within 100 ms at one gateway"),
    MetricSpec::counter(REFUSED, "refused", "attempts that a gateway did not take because its queue was full"),
    MetricSpec::histogram(BACK, "back", Unit::Millis, "from losing a connection, or the last answer of a silent gateway, to having a connection again"),
    MetricSpec::counter(CLOSED, "closed", "connections ended by a gateway"),
    MetricSpec::counter(HEARTBEATS, "heartbeats", "heartbeats of devices that reached the registry"),
    MetricSpec::counter(PRESENCE_PUSHED, "presence_pushed", "changes of presence pushed, one for each device that is told"),
    MetricSpec::counter(PRESENCE_REFRESHED, "presence_refreshed", "contacts' statuses carried by answers to heartbeats"),
    MetricSpec::counter(STATUS_CHANGES, "status_changes", "times a user's presence changed, as others are told"),
    MetricSpec::counter(RESTORED, "restored", "sessions that the registry learned anew from a heartbeat"),
    MetricSpec::counter(EXPIRED, "expired", "sessions that ended because their device was silent"),
    MetricSpec::counter(LOOKUPS, "lookups", "conversations whose members were looked up in the registry"),
    MetricSpec::counter(RUNG, "rung", "notifications sent to the phones of users who were offline"),
    MetricSpec::counter(RUNG_COLLAPSED, "rung_collapsed", "notifications not sent because one for that conversation was not seen yet"),
    MetricSpec::levels(ONLINE, "online", Fold::Sum, "devices that are connected, as they believe"),
    MetricSpec::levels(WAITING, "waiting", Fold::Sum, "messages times screens that are durable and not confirmed yet"),
    MetricSpec::levels(KEPT, "kept", Fold::Sum, "messages that servers hold"),
    MetricSpec::counter(ARCHIVED, "archived", "messages that everybody has, let go with their partition"),
    MetricSpec::levels(SESSIONS, "sessions", Fold::Sum, "connections that gateways hold"),
    MetricSpec::histogram(SYNC, "disk", Unit::Millis, "how long a sync of a server's disk took"),
    MetricSpec::histogram(GROUP, "group", Unit::Millis, "from writing to another user's screen, in groups, pushed at once"),
    MetricSpec::histogram(SEEN_GONE, "seen_gone", Unit::Millis, "from a user's last connection ending to others being told"),
    MetricSpec::counter(SKIPPED, "skipped", "messages times screens that were passed over because their user was online elsewhere"),
    MetricSpec::counter(FRAMES, "frames", "packets in which servers handed messages to gateways"),
    MetricSpec::counter(ANSWERS, "answers_shown", "appearances on screens of messages that answer another"),
    MetricSpec::histogram(OPENED, "opened", Unit::One, "partitions opened to find what a conversation on a returning device had missed"),
    MetricSpec::derived(Id(45), "presence_per_message", "changes of presence pushed for each message sent", |m| m.share("presence_pushed", "sent")),
    MetricSpec::derived(Id(46), "inbox_share", "share of what other users' screens showed that had waited in an inbox", |m| {
        let inbox = m.get("inbox_count").unwrap_or(0.0);
        let all = inbox + m.get("direct_count").unwrap_or(0.0) + m.get("retried_count").unwrap_or(0.0);
        (all > 0.0).then(|| inbox / all)
    }),
    MetricSpec::derived(Id(47), "per_frame", "messages times screens in one packet to a gateway", |m| m.share("pushes", "frames")),
];
