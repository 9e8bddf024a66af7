//! What keeps the invariants up, each with the trial in which its absence shows.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// Three nodes that all hold every key, half of what the servers say to the third lost: it is often behind.
const ONE_BEHIND: &[&str] = &["0s=lose:from=app,to=c3,share=0.5"];
const THREE: &[(&str, &str)] = &[("nodes", "3"), ("keys", "200"), ("read_share", "0.8"), ("base_rate", "400/s")];

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "invalidation",
        safe: &["message", "version"],
        off: "time",
        harms: Harm::Breaks("never-stale"),
        trial: Trial { set: &[("keys", "200"), ("read_share", "0.8")], script: &[], length: Span::secs(5) },
    },
    Safeguard {
        knob: "reads",
        safe: &["2", "3"],
        off: "1",
        harms: Harm::Breaks("never-stale"),
        trial: Trial { set: THREE, script: ONE_BEHIND, length: Span::secs(8) },
    },
    Safeguard {
        knob: "writes",
        safe: &["2", "3"],
        off: "1",
        harms: Harm::Breaks("never-stale"),
        // What the first server says reaches two of the three late.
        trial: Trial { set: THREE, script: &["0s=slow:from=app1,to=c2,by=15ms", "0s=slow:from=app1,to=c3,by=15ms"], length: Span::secs(8) },
    },
    Safeguard {
        knob: "tombstones",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("never-stale"),
        trial: Trial { set: THREE, script: ONE_BEHIND, length: Span::secs(8) },
    },
    Safeguard {
        knob: "synced_votes",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("never-stale"),
        trial: Trial {
            set: &[("nodes", "3"), ("keys", "200"), ("read_share", "0.8"), ("base_rate", "400/s"), ("write", "through")],
            script: &["0s=lose:from=app,to=c3,share=0.7", "3s=crash:node=c1", "3100ms=restart:node=c1", "5s=crash:node=c2", "5100ms=restart:node=c2"],
            length: Span::secs(8),
        },
    },
    Safeguard {
        knob: "handover",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("never-stale"),
        trial: Trial {
            set: &[("nodes", "3"), ("keys", "400"), ("read_share", "0.8"), ("base_rate", "400/s"), ("write", "through")],
            script: &["0s=lose:from=app,to=c3,share=0.7", "3s=join", "5s=join"],
            length: Span::secs(10),
        },
    },
    Safeguard {
        knob: "sloppy",
        safe: &["off"],
        off: "on",
        harms: Harm::Breaks("never-stale"),
        trial: Trial {
            set: &[("nodes", "8"), ("keys", "200"), ("read_share", "0.8"), ("base_rate", "400/s")],
            script: &["1s=cut:from=app1,to=c1", "1s=cut:from=app1,to=c2", "1s=cut:from=app1,to=c3"],
            length: Span::secs(6),
        },
    },
    Safeguard {
        knob: "write",
        safe: &["aside", "through"],
        off: "behind",
        harms: Harm::Breaks("acked-writes-reach-origin"),
        trial: Trial { set: &[("read_share", "0.5"), ("flush_every", "5s")], script: &["4s=crash:node=c1"], length: Span::secs(6) },
    },
    Safeguard {
        knob: "placement",
        safe: &["ring"],
        off: "next-points",
        harms: Harm::Breaks("replicas-distinct"),
        trial: Trial { set: &[("nodes", "4"), ("virtual_nodes", "50")], script: &[], length: Span::secs(3) },
    },
    Safeguard {
        knob: "policy",
        safe: &["s3-fifo", "lru", "lfu", "ttl"],
        off: "naive-lru",
        harms: Harm::Breaks("bytes-bounded"),
        trial: Trial { set: &[("write", "through"), ("read_share", "0.5")], script: &[], length: Span::secs(3) },
    },
    Safeguard {
        knob: "coalesce",
        safe: &["lease", "single-flight"],
        off: "none",
        harms: Harm::Worsens { metric: "hot_origin_reads", factor: 5.0 },
        trial: Trial { set: &[("base_rate", "0/s"), ("origin_time", "50ms")], script: &["1s=expire-hot", "1s=rush:n=400"], length: Span::secs(3) },
    },
];
