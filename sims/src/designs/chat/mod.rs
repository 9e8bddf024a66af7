//! Real-time chat: a message whose sender was told that it is sent reaches every device of everybody it is for, once and in order.

mod bench;
mod connect;
mod delivery;
mod finally;
mod gateway;
mod metrics;
mod people;
mod phones;
mod push;
mod registry;
mod role;
mod safeguards;
mod server;
mod shelf;
mod system;
mod talk;
mod view;
mod watch;
mod wire;

#[cfg(test)]
mod tests;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::time::{MINUTE, SECOND, Span};
use crate::kernel::value::{Kind, SHARE, per_second, time, whole};
use crate::kernel::view::PaneSpec;
use crate::kernel::world;
use crate::parts::backoff::Jitter;

const SHOWN_ONCE: usize = 0;
const CONVERSATION_ORDER: usize = 1;
const ACKED_IS_KEPT: usize = 2;
const BADGE_TRUE: usize = 3;
const TICKS_TRUE: usize = 4;
const EVERY_DEVICE: usize = 5;
const PRESENCE_CONVERGES: usize = 6;
const REDELIVERED_LAMP: usize = 7;
const CAUGHT_UP: usize = 8;
const RESTORED_LAMP: usize = 9;

pub static DESIGN: Design = Design {
    id: "chat",
    title: "Real-time chat",
    teaches: "A message that is kept only for those who are offline never reaches the second device of somebody who is online: keep first, then push.",
    leaves_out: "What messages say, and so search in it; files, of which a message would carry a reference; replicas of a server's disk; who may join a \
                 conversation. The push service is a delay and a chance, and what everybody has is counted as archived and let go.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: &[faults::MACHINES, faults::LINKS, faults::CLOCKS, faults::LOAD, faults::SLOW_DISKS],
    metrics: metrics::METRICS,
    reasons: &[],
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "sessions", title: "Devices by gateway" },
        PaneSpec { id: "partitions", title: "Kept messages by age" },
        PaneSpec { id: "conversation", title: "A conversation by screen" },
        PaneSpec { id: "presence", title: "Who is there, as others see it" },
    ],
    charts: &[&["sent", "shown"], &["direct", "ack"], &["connects", "presence_pushed"], &["inbox"], &["waiting"], &["online"]],
    refuses: system::refuses,
    start: world::start::<system::Chat>,
    benches: bench::BENCHES,
};

const MS: Span = Span::millis(1);

const KNOBS: &[Knob] = &[
    Knob::at_start("users", whole(2, 100_000), "600", "people with an account"),
    Knob::at_start("devices", whole(1, 3), "2", "devices of each user: a phone, a laptop, a tablet"),
    Knob::at_start("friends", whole(0, 10), "4", "conversations of two that a user has, on average"),
    Knob::at_start("groups", whole(0, 500), "20", "group conversations"),
    Knob::at_start("group_size", whole(2, 100), "12", "members of a group"),
    Knob::at_start("gateways", whole(1, 16), "4", "servers that hold connections"),
    Knob::at_start("servers", whole(1, 16), "3", "servers that order and keep conversations, each its own"),
    Knob::at_start("pools", whole(1, 8), "3", "networks that the devices are in; each has one clock"),
    Knob::live("online", SHARE, "0.6", "share of the devices that are online, in the long run"),
    Knob::live("rate", per_second(1_000.0), "60/s", "messages written, answers left out"),
    Knob::live("group_share", SHARE, "0.15", "share of the messages that go to a group"),
    Knob::live("reply_share", Kind::Number { min: 0.0, max: 0.5 }, "0.2", "chance that a message is answered by somebody who sees it at once"),
    Knob::live("think", time(MS, MINUTE), "2s", "time to an answer, on average"),
    Knob::live("churn", per_second(200.0), "20/s", "devices whose user may open or close the app"),
    Knob::live("flaps", per_second(200.0), "3/s", "connections that break and come back"),
    Knob::live("flap_gap", time(MS, MINUTE), "2s", "how long a broken connection stays away, on average"),
    Knob::live("keep", Kind::Choice(&["first", "offline-only"]), "first", "a message is kept before anybody has it, or only for users who are offline"),
    Knob::live(
        "commit",
        Kind::Choice(&["after", "before"]),
        "after",
        "where nothing else is kept: the log's offset moves on when a device has confirmed, or when the message is handed over",
    ),
    Knob::live("ack", Kind::Choice(&["durable", "received"]), "durable", "the sender is told *sent* when the message is on disk, or when it has arrived"),
    Knob::live("dedupe", Kind::Switch, "on", "a server knows a message that is sent again by its sender's number"),
    Knob::at_start(
        "order",
        Kind::Choice(&["sequence", "client-time"]),
        "sequence",
        "screens show messages by their server's numbers, or by the writers' clocks",
    ),
    Knob::live("receipts", Kind::Switch, "on", "senders are told *delivered* and *read*"),
    Knob::live(
        "tick",
        Kind::Choice(&["device", "gateway"]),
        "device",
        "a message counts as delivered when a device has confirmed it, or when a gateway has it",
    ),
    Knob::live("badges", Kind::Choice(&["counted", "reset"]), "counted", "after a read, what is unread is counted from the last one read, or set to nothing"),
    Knob::live("goodbye", Kind::Choice(&["counted", "any"]), "counted", "the end of a connection ends that connection, or whatever session the device has"),
    Knob::live(
        "gather",
        time(Span::ZERO, Span::millis(200)),
        "0ms",
        "how long servers wait for more before a sync, and gateways before they pass confirmations on",
    ),
    Knob::live("resend", time(Span::millis(200), MINUTE), "2s", "a device without a tick sends again after this"),
    Knob::live("redeliver", time(Span::millis(200), MINUTE), "2s", "a server without a confirmation looks for the device again after this"),
    Knob::live("read_delay", time(MS, MINUTE), "1500ms", "from a message on the screen to its being read"),
    Knob::live("heartbeat", time(Span::millis(500), MINUTE), "5s", "how often a device says that it is there; after three silences it is not"),
    Knob::live("debounce", time(Span::ZERO, MINUTE), "5s", "how long somebody must be gone before others are told"),
    Knob::live(
        "reconnect",
        time(Span::millis(10), Span::secs(30)),
        "1s",
        "longest wait before the first attempt to connect again; each further one is twice as long",
    ),
    Knob::live("jitter", Kind::Choice(Jitter::NAMES), "full", "how these waits are spread below their longest"),
    Knob::live("accept", Kind::Rate { min: 10.0, max: 10_000.0, per: SECOND }, "500/s", "handshakes that a gateway can do"),
    Knob::live("tap_share", SHARE, "0.3", "share of the phones whose user opens the app when it rings"),
    Knob::at_start("bucket", time(SECOND, Span::secs(3600)), "10s", "span of time of one partition of the messages"),
    Knob::live("disk", time(Span::ZERO, Span::secs(1)), "2ms", "how long a sync takes; a fifth more by chance"),
    Knob::live("trip", time(Span::ZERO, Span::secs(1)), "500us", "one way between two machines; a fifth more by chance"),
    Knob::live("last_mile", time(Span::ZERO, Span::secs(1)), "20ms", "one way between a device and its gateway; a tenth more by chance"),
];

const N: ArgSpec = ArgSpec { name: "n", says: "how many", kind: whole(1, 5_000), default: ArgDefault::Text("20") };
const POOL: ArgSpec = ArgSpec { name: "node", says: "in which network; in all, if left out", kind: Kind::Node, default: ArgDefault::Absent };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "deploy",
        says: "end every connection of a gateway, or of all, at once",
        args: &[ArgSpec { name: "node", says: "which gateway; all, if left out", kind: Kind::Node, default: ArgDefault::Absent }],
    },
    ActionSpec { name: "write", says: "many people write at one instant", args: &[N, POOL] },
    ActionSpec { name: "tunnel", says: "many connections break at one instant, and come back", args: &[N, POOL] },
];

const INVARIANTS: &[InvariantSpec] = &[
    always("shown-once", "no screen shows a message twice"),
    always("conversation-order", "every screen shows a conversation in one order, the same for all, and nothing above what it has shown already"),
    always("acked-is-kept", "a server that comes back after a crash has every message whose sender was told that it is sent"),
    always("badges-are-true", "what is unread is the messages of others after the last one read"),
    always("ticks-are-true", "a sender who is told *delivered* or *read* is told so when every other member has it on a device, or has read it"),
    finally("every-device-has-it", "every message whose sender was told that it is sent stands on every device of every member, or waits for it"),
    finally("presence-converges", "everybody who is connected sees of each contact whether they are"),
    sometimes("redelivered", "a message that nobody confirmed is pushed again"),
    sometimes("caught-up", "a device comes back and finds what it has missed"),
    sometimes("restored", "the registry learns of a session from a heartbeat"),
];
