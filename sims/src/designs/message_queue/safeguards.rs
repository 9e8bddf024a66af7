//! What keeps the invariants up, each with the trial in which its absence shows.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "acks",
        safe: &["all"],
        off: "1",
        harms: Harm::Breaks("acked-not-lost"),
        // Followers are 300 ms behind their leader when it dies.
        trial: Trial { set: &[], script: &["1s=slow:from=b1,to=b2,by=300ms", "1s=slow:from=b1,to=b3,by=300ms", "4s=crash:node=b1"], length: Span::secs(8) },
    },
    Safeguard {
        knob: "min_insync",
        safe: &["2", "3"],
        off: "1",
        harms: Harm::Breaks("acked-not-lost"),
        // A leader alone, and then without power between two syncs.
        trial: Trial {
            set: &[("flush", "periodic")],
            script: &["2s=cut:from=b1,to=b2", "2s=cut:from=b1,to=b3", "6700ms=crash:node=b1", "6800ms=restart:node=b1"],
            length: Span::secs(10),
        },
    },
    Safeguard {
        knob: "unclean_election",
        safe: &["off"],
        off: "on",
        harms: Harm::Breaks("acked-not-lost"),
        trial: Trial {
            set: &[],
            script: &["1s=cut:from=b3,to=b1", "1s=cut:from=b3,to=b2", "5s=crash:node=b1,for_good=on", "5s=crash:node=b2,for_good=on"],
            length: Span::secs(12),
        },
    },
    Safeguard {
        knob: "unclean_restart",
        safe: &["leaves"],
        off: "stays",
        harms: Harm::Breaks("acked-not-lost"),
        // Back before anybody misses it, without what it had not synced.
        trial: Trial { set: &[("flush", "periodic")], script: &["5700ms=crash:node=b1", "5800ms=restart:node=b1"], length: Span::secs(9) },
    },
    Safeguard {
        knob: "flush",
        safe: &["ack"],
        off: "periodic",
        harms: Harm::Breaks("acked-not-lost"),
        // The power of the whole room.
        trial: Trial { set: &[], script: &["5700ms=crash:node=b", "6s=restart:node=b"], length: Span::secs(9) },
    },
    Safeguard {
        knob: "truncate",
        safe: &["epoch"],
        off: "watermark",
        harms: Harm::Breaks("acked-not-lost"),
        // The third replica has cut back to its watermark and not got the rest again when the second leader dies too.
        trial: Trial { set: &[], script: &["5s=crash:node=b1", "6900ms=cut:from=b2,to=b3,both=off", "7350ms=crash:node=b2"], length: Span::secs(12) },
    },
    Safeguard {
        knob: "visible",
        safe: &["watermark"],
        off: "log-end",
        harms: Harm::Breaks("not-past-watermark"),
        trial: Trial { set: &[], script: &[], length: Span::secs(4) },
    },
    Safeguard {
        knob: "idempotence",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("order-in-partition"),
        trial: Trial { set: &[("request_timeout", "200ms")], script: &["1s=lose:from=producer,to=b,share=0.2"], length: Span::secs(8) },
    },
    Safeguard {
        knob: "fence_commits",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("one-owner"),
        trial: Trial { set: &[], script: &["3300ms=pause:node=c1,for=6s"], length: Span::secs(12) },
    },
    Safeguard {
        knob: "commit",
        safe: &["after"],
        off: "before",
        harms: Harm::Breaks("nothing-passed-over"),
        trial: Trial { set: &[("processing_time", "10ms")], script: &["5300ms=crash:node=c", "6s=restart:node=c"], length: Span::secs(9) },
    },
];
