//! What protects which law, with the trial that shows it.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// No load but the script's.
const QUIET: (&str, &str) = ("base_rate", "0/s");
/// Usage large enough for bills of some cents: 4 GB for two seconds, ten times a second.
const DEAR: [(&str, &str); 7] =
    [("tenants", "1"), ("functions", "1"), ("memory", "4096"), ("worker_memory", "32"), ("duration", "2s"), ("base_rate", "10/s"), ("lengths", "fixed")];

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "limits",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("within-limit"),
        trial: Trial { set: &[("limit", "10"), ("duration", "1s")], script: &["5s=noise:rate=100/s,for=10s"], length: Span::secs(20) },
    },
    Safeguard {
        knob: "give_up",
        safe: &["after-lease"],
        off: "when-silent",
        harms: Harm::Breaks("within-limit"),
        // The worker is cut off and alive: it goes on with five calls whose slots are given to others.
        trial: Trial {
            set: &[QUIET, ("limit", "10"), ("workers", "2"), ("placement", "spread"), ("duration", "9s"), ("lengths", "fixed"), ("lease", "8s")],
            script: &["1s=burst:n=10", "3s=cut:from=w1,to=router", "6s=burst:n=10"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "timeout_by",
        safe: &["worker"],
        off: "router",
        harms: Harm::Breaks("one-at-a-time"),
        trial: Trial {
            set: &[QUIET, ("duration", "5s"), ("lengths", "fixed"), ("timeout", "1s")],
            script: &["1s=burst:n=1", "4s=burst:n=1"],
            length: Span::secs(12),
        },
    },
    Safeguard {
        knob: "dedup",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("billed-once"),
        // The meter books and its word for it is lost, so the journals come again.
        trial: Trial { set: &[], script: &["3s=cut:from=meter,to=w,both=off", "7s=heal"], length: Span::secs(12) },
    },
    Safeguard {
        knob: "usage",
        safe: &["journal"],
        off: "memory",
        harms: Harm::Breaks("all-billed"),
        trial: Trial { set: &[("base_rate", "200/s")], script: &["5500ms=crash:node=w1", "8s=restart:node=w1"], length: Span::secs(12) },
    },
    Safeguard {
        knob: "warm_by",
        safe: &["version"],
        off: "function",
        harms: Harm::Breaks("stays-back"),
        // The burst needs new sandboxes, which are of the new version.
        trial: Trial {
            set: &[("tenants", "1"), ("functions", "1"), ("base_rate", "50/s"), ("limit", "100"), ("canary", "1"), ("keep_alive", "3s")],
            script: &["8s=publish:function=1,code=bad", "8500ms=burst:n=50"],
            length: Span::secs(25),
        },
    },
    Safeguard {
        knob: "bill_by",
        safe: &["configured"],
        off: "touched",
        harms: Harm::Breaks("bill-exact"),
        trial: Trial { set: &DEAR, script: &[], length: Span::secs(50) },
    },
    Safeguard {
        knob: "rounding",
        safe: &["once"],
        off: "each-nearest",
        harms: Harm::Breaks("bill-exact"),
        trial: Trial { set: &DEAR, script: &[], length: Span::secs(50) },
    },
    Safeguard {
        knob: "reuse",
        safe: &["on"],
        off: "off",
        harms: Harm::Worsens { metric: "cold_share", factor: 5.0 },
        trial: Trial { set: &[("tenants", "2"), ("functions", "2"), ("base_rate", "30/s")], script: &[], length: Span::secs(40) },
    },
    Safeguard {
        knob: "scale_down",
        safe: &["stabilised"],
        off: "naive",
        harms: Harm::Worsens { metric: "flaps", factor: 3.0 },
        trial: Trial {
            set: &[("scaling", "target"), ("shape", "bursts"), ("season", "8s"), ("burst", "4s"), ("tenants", "2"), ("functions", "1")],
            script: &[],
            length: Span::secs(60),
        },
    },
    Safeguard {
        knob: "capacity",
        safe: &["ceiling"],
        off: "floor",
        harms: Harm::Worsens { metric: "cold_share", factor: 3.0 },
        trial: Trial {
            set: &[
                ("scaling", "target"),
                ("tenants", "1"),
                ("functions", "1"),
                ("shape", "steady"),
                ("base_rate", "3.7/s"),
                ("duration", "100ms"),
                ("lengths", "fixed"),
            ],
            script: &[],
            length: Span::secs(120),
        },
    },
];
