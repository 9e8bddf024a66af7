//! What keeps the laws up, each with the trial in which its absence shows.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// Nothing but what the script asks for.
const QUIET: (&str, &str) = ("rate", "0/s");
const NO_READS: (&str, &str) = ("reads", "0/s");

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "protocol",
        safe: &["2pc"],
        off: "saga",
        harms: Harm::Breaks("reads-whole"),
        trial: Trial { set: &[("hot_share", "1"), ("reads", "50/s")], script: &[], length: Span::secs(10) },
    },
    Safeguard {
        knob: "protocol",
        safe: &["2pc"],
        off: "3pc",
        harms: Harm::Breaks("atomic"),
        // The first bank has heard that all said yes; then it and the coordinator are alone.
        trial: Trial {
            set: &[QUIET, NO_READS, ("legs", "3")],
            script: &["1s=crash-at:node=coord,step=precommit-half", "1s=transfer", "1050ms=partition:groups=coord bank1 | bank2 bank3"],
            length: Span::secs(30),
        },
    },
    Safeguard {
        knob: "log_decision",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("decision-stands"),
        trial: Trial { set: &[QUIET, NO_READS], script: &["1s=crash-at:node=coord,step=half-told,for=1s", "1s=transfer"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "await_acks",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("atomic"),
        // The bank has promised, and is told to commit when its disk takes nothing more.
        trial: Trial {
            set: &[QUIET, NO_READS, ("banks", "2")],
            script: &["1s=transfer", "1009ms=fill-disk:node=bank1", "2s=fill-disk:node=bank1,full=off"],
            length: Span::secs(10),
        },
    },
    Safeguard {
        knob: "abort_on_error",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("settled"),
        trial: Trial { set: &[QUIET, NO_READS], script: &["1s=transfer:refused=on"], length: Span::secs(5) },
    },
    Safeguard {
        knob: "force_votes",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("conserved"),
        trial: Trial {
            set: &[QUIET, NO_READS, ("banks", "2")],
            script: &["1s=crash-at:node=bank1,step=voted,for=500ms", "1s=transfer"],
            length: Span::secs(10),
        },
    },
    Safeguard {
        knob: "relock",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("reads-whole"),
        // The bank has promised, and misses the commit because it restarts. Until it has asked, its account must not be looked at.
        trial: Trial {
            set: &[QUIET, NO_READS, ("banks", "2"), ("vote_timeout", "5s"), ("decision_timeout", "10s"), ("retry", "5s")],
            script: &[
                "0s=slow:from=bank1,to=coord,by=1s",
                "1s=transfer",
                "1900ms=crash:node=bank1",
                "2050ms=restart:node=bank1",
                "2300ms=read",
                "2600ms=read",
                "8s=read",
            ],
            length: Span::secs(10),
        },
    },
    Safeguard {
        knob: "read_locks",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("reads-whole"),
        trial: Trial { set: &[("hot_share", "1"), ("reads", "100/s")], script: &[], length: Span::secs(10) },
    },
    Safeguard {
        knob: "idempotent",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("conserved"),
        trial: Trial { set: &[("protocol", "saga"), ("refusals", "0.5"), NO_READS], script: &["0s=lose:from=bank,to=coord,share=0.3"], length: Span::secs(5) },
    },
];
