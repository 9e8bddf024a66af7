//! What protects which law, with the trial that shows it.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// Nobody comes, goes or loses a connection by chance.
const STILL: [(&str, &str); 2] = [("churn", "0/s"), ("flaps", "0/s")];

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "keep",
        safe: &["first"],
        off: "offline-only",
        harms: Harm::Breaks("every-device-has-it"),
        trial: Trial { set: &[], script: &[], length: Span::secs(20) },
    },
    Safeguard {
        knob: "commit",
        safe: &["after"],
        off: "before",
        harms: Harm::Breaks("every-device-has-it"),
        // One device each, so that nothing but the offset is wrong.
        trial: Trial {
            set: &[STILL[0], STILL[1], ("keep", "offline-only"), ("devices", "1"), ("online", "1")],
            script: &["5s=crash:node=g1", "7s=restart:node=g1"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "ack",
        safe: &["durable"],
        off: "received",
        harms: Harm::Breaks("acked-is-kept"),
        trial: Trial {
            set: &[STILL[0], STILL[1], ("disk", "50ms"), ("rate", "300/s")],
            script: &["5s=crash:node=s1", "6s=restart:node=s1"],
            length: Span::secs(12),
        },
    },
    Safeguard {
        knob: "dedupe",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("shown-once"),
        trial: Trial { set: &[STILL[0], STILL[1]], script: &["5s=lose:from=s,to=g,share=0.3", "8s=heal"], length: Span::secs(15) },
    },
    Safeguard {
        knob: "order",
        safe: &["sequence"],
        off: "client-time",
        harms: Harm::Breaks("conversation-order"),
        trial: Trial {
            set: &[STILL[0], STILL[1], ("think", "500ms"), ("reply_share", "0.5")],
            script: &["2s=step-clock:node=p1,by=-2s"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "tick",
        safe: &["device"],
        off: "gateway",
        harms: Harm::Breaks("ticks-are-true"),
        trial: Trial { set: &[STILL[0], STILL[1]], script: &["5s=cut:from=g1,to=p,both=off", "8s=heal"], length: Span::secs(15) },
    },
    Safeguard {
        knob: "badges",
        safe: &["counted"],
        off: "reset",
        harms: Harm::Breaks("badges-are-true"),
        trial: Trial { set: &[STILL[0], STILL[1], ("rate", "300/s"), ("users", "60"), ("read_delay", "200ms")], script: &[], length: Span::secs(20) },
    },
    Safeguard {
        knob: "jitter",
        safe: &["full", "equal", "decorrelated"],
        off: "none",
        harms: Harm::Worsens { metric: "connect_peak", factor: 3.0 },
        trial: Trial { set: &[STILL[0], STILL[1], ("users", "4000"), ("rate", "10/s"), ("reconnect", "4s")], script: &["5s=deploy"], length: Span::secs(20) },
    },
    Safeguard {
        knob: "goodbye",
        safe: &["counted"],
        off: "any",
        harms: Harm::Worsens { metric: "restored", factor: 2.0 },
        trial: Trial { set: &[STILL[0], ("flaps", "20/s"), ("flap_gap", "500ms")], script: &["5s=slow:from=g1,to=registry,by=2s"], length: Span::secs(30) },
    },
];
