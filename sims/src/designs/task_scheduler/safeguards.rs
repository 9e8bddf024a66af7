//! What protects which law, with the trial that shows it.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// No load but the script's, no cron, no chance failures.
const QUIET: [(&str, &str); 4] = [("base_rate", "0/s"), ("cron", "none"), ("fail_share", "0"), ("lengths", "fixed")];

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "claim",
        safe: &["conditional"],
        off: "blind",
        harms: Harm::Breaks("queued-once"),
        trial: Trial {
            set: &[QUIET[0], QUIET[1], QUIET[2], ("coordination", "none"), ("schedulers", "2")],
            script: &["1s=burst:n=20,delay=2s"],
            length: Span::secs(10),
        },
    },
    Safeguard {
        knob: "look_again",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("no-stale-run"),
        // The worker's word that the message can go is lost, so it comes back.
        trial: Trial {
            set: &[QUIET[0], QUIET[1], QUIET[2], QUIET[3], ("visibility", "2s"), ("length", "500ms")],
            script: &["1s=burst:n=20", "1s=cut:from=w,to=queue,both=off", "4s=heal"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "idempotency",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("effect-once"),
        trial: Trial {
            set: &[QUIET[0], QUIET[1], QUIET[2], QUIET[3], ("visibility", "2s"), ("length", "6s"), ("heartbeat", "off")],
            script: &["1s=burst:n=4"],
            length: Span::secs(30),
        },
    },
    Safeguard {
        knob: "on_error",
        safe: &["replace"],
        off: "both",
        harms: Harm::Breaks("queued-once"),
        trial: Trial {
            set: &[QUIET[0], QUIET[1], QUIET[2], QUIET[3], ("look_again", "off"), ("length", "500ms")],
            script: &["1s=outage:for=2s", "1s=burst:n=10"],
            length: Span::secs(30),
        },
    },
    Safeguard {
        knob: "ack",
        safe: &["after"],
        off: "before",
        harms: Harm::Breaks("none-lost"),
        trial: Trial {
            set: &[QUIET[0], QUIET[1], QUIET[2], QUIET[3], ("length", "2s")],
            script: &["1s=burst:n=8", "2s=crash:node=w1", "4s=restart:node=w1"],
            length: Span::secs(30),
        },
    },
    Safeguard {
        knob: "order",
        safe: &["after-completion"],
        off: "by-time",
        harms: Harm::Breaks("dependencies-first"),
        trial: Trial { set: &[QUIET[0], QUIET[1], QUIET[2], QUIET[3], ("length", "3s")], script: &["1s=chain:n=2"], length: Span::secs(20) },
    },
    Safeguard {
        knob: "round",
        safe: &["up"],
        off: "down",
        harms: Harm::Breaks("never-early"),
        trial: Trial { set: &[("tick", "100ms"), ("cron", "none")], script: &[], length: Span::secs(10) },
    },
    Safeguard {
        knob: "cron_by",
        safe: &["zone"],
        off: "wall-clock",
        harms: Harm::Breaks("once-a-day"),
        trial: Trial {
            set: &[QUIET[0], QUIET[2], ("cron", "30 2 * * *"), ("cron_jobs", "1"), ("day", "autumn"), ("starts_at", "2h"), ("poll", "10s"), ("lease", "30s")],
            script: &[],
            length: Span::secs(2 * 3600),
        },
    },
    Safeguard {
        knob: "heartbeat",
        safe: &["on"],
        off: "off",
        harms: Harm::Worsens { metric: "double_runs", factor: 1.0 },
        trial: Trial {
            set: &[QUIET[0], QUIET[1], QUIET[2], QUIET[3], ("visibility", "2s"), ("length", "5s")],
            script: &["1s=burst:n=4"],
            length: Span::secs(30),
        },
    },
    Safeguard {
        knob: "jitter",
        safe: &["full", "equal", "decorrelated"],
        off: "none",
        harms: Harm::Worsens { metric: "retry_peak", factor: 2.0 },
        trial: Trial {
            set: &[QUIET[0], QUIET[1], QUIET[2], QUIET[3], ("workers", "64"), ("length", "5ms"), ("backoff", "4s"), ("tick", "1ms")],
            script: &["1s=outage:for=1s", "1s=burst:n=300"],
            length: Span::secs(40),
        },
    },
];
