//! What protects the pastebin's laws, each with a trial that breaks one without it.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "take",
        safe: &["atomic"],
        off: "read-then-delete",
        harms: Harm::Breaks("burnt-once"),
        trial: Trial { set: &[("burn_share", "0.5"), ("burn_readers", "3")], script: &[], length: Span::secs(10) },
    },
    Safeguard {
        knob: "write_order",
        safe: &["body-first"],
        off: "name-first",
        harms: Harm::Breaks("all-there"),
        trial: Trial {
            set: &[("short", "5min"), ("long", "10min"), ("burn_share", "0"), ("delete_share", "0"), ("duplicate_share", "0")],
            script: &["3s=crash-between:node=app1", "6s=crash-between:node=app2", "9s=crash-between:node=app3", "12s=crash-between:node=app1"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "references",
        safe: &["holders"],
        off: "counted",
        harms: Harm::Breaks("body-there"),
        // A release that comes twice is two holders fewer.
        trial: Trial {
            set: &[("duplicate_share", "0.6"), ("short", "4s"), ("long", "5min"), ("short_share", "0.5"), ("sweep_period", "2s"), ("grace", "3s")],
            script: &["0s=duplicate:from=sweeper,to=blobs,share=0.5"],
            length: Span::secs(40),
        },
    },
    Safeguard {
        knob: "fence",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("all-there"),
        // Answers to app1 take 0.7 s. It sleeps for 20 s between a body's being put and its naming it; meanwhile the audit has been by.
        trial: Trial {
            set: &[
                ("create_rate", "120/s"),
                ("duplicate_share", "0"),
                ("short", "5min"),
                ("long", "10min"),
                ("delete_share", "0"),
                ("burn_share", "0"),
                ("sweep_period", "2s"),
            ],
            script: &["5s=slow:from=blobs,to=app1,by=700ms", "10s=pause:node=app1,for=20s"],
            length: Span::secs(40),
        },
    },
    Safeguard {
        knob: "cached",
        safe: &["bodies"],
        off: "pastes",
        harms: Harm::Breaks("deleted-is-gone"),
        trial: Trial { set: &[("delete_share", "0.5"), ("short", "5min"), ("read_rate", "200/s")], script: &[], length: Span::secs(30) },
    },
    Safeguard {
        knob: "check_expiry",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("expired-is-gone"),
        trial: Trial { set: &[("short", "5s")], script: &[], length: Span::secs(30) },
    },
    Safeguard {
        knob: "sweeper",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("no-orphans"),
        trial: Trial { set: &[("short", "5s"), ("long", "10s")], script: &[], length: Span::secs(30) },
    },
    Safeguard {
        knob: "digest",
        safe: &["sha-256"],
        off: "16-bit",
        harms: Harm::Breaks("right-body"),
        // 3,600 bodies under 65,536 names: some hundred pairs.
        trial: Trial {
            set: &[
                ("create_rate", "60/s"),
                ("read_rate", "200/s"),
                ("blob_time", "1ms"),
                ("skew", "0"),
                ("duplicate_share", "0"),
                ("burn_share", "0"),
                ("short", "5min"),
            ],
            script: &[],
            length: Span::secs(60),
        },
    },
];
