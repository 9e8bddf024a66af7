//! What keeps the invariants up, each with the trial in which its absence shows.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// Nothing happens but what the script does: no load, no chance, no time-outs of their own, 10 ms for every message.
macro_rules! by_hand {
    ($($more:expr),*) => {
        &[
            ("rate", "0/s"), ("jitter", "0ms"), ("delay", "10ms"), ("fsync", "0ms"), ("election_min", "10s"), ("heartbeat", "1s"),
            ("pre_vote", "off"), ("check_quorum", "off"), ("timeout", "5s"), $($more),*
        ]
    };
}

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "own_term_commit",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("leader-completeness"),
        // Figure 8 of the paper.
        trial: Trial { set: by_hand!(("batch", "1"), ("window", "1")), script: FIGURE_8, length: Span::secs(9) },
    },
    Safeguard {
        knob: "keep_vote",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("election-safety"),
        trial: Trial { set: by_hand!(("nodes", "3")), script: FORGOTTEN_VOTE, length: Span::secs(5) },
    },
    Safeguard {
        knob: "change_after_own_term",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("leader-completeness"),
        trial: Trial { set: by_hand!(("nodes", "4")), script: TWO_CHANGES, length: Span::secs(9) },
    },
    Safeguard {
        knob: "sync",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("answered-is-kept"),
        trial: Trial { set: &[("nodes", "3"), ("fsync", "5ms")], script: &["5500ms=crash:node=s", "6s=restart:node=s"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "sessions",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("applied-once"),
        trial: Trial { set: &[("nodes", "3")], script: &["2s=lose:from=s,to=client,share=0.3"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "reads",
        safe: &["log", "read-index"],
        off: "leader",
        harms: Harm::Breaks("linearizable"),
        // The old leader is cut off with two clients and does not know.
        trial: Trial {
            set: &[("nodes", "3"), ("check_quorum", "off"), ("keys", "2"), ("read_share", "0.95"), ("rate", "200/s")],
            script: &["1s=hand-over:node=s1", "2s=partition:groups=s1 client1 client2 | s2 s3 client3 client4 client5 client6"],
            length: Span::secs(6),
        },
    },
    Safeguard {
        knob: "lost_disk",
        safe: &["outside"],
        off: "back",
        harms: Harm::Breaks("leader-completeness"),
        // s3 lags; s2 promised what it no longer knows; together they are a majority.
        trial: Trial {
            set: &[("nodes", "3")],
            script: &[
                "1s=hand-over:node=s1",
                "2s=cut:from=s3,to=s1",
                "2s=cut:from=s3,to=s2",
                "4s=crash:node=s1",
                "4100ms=forget-disk:node=s2",
                "4100ms=heal:from=s3,to=s2",
                "8s=restart:node=s1",
            ],
            length: Span::secs(12),
        },
    },
    Safeguard {
        knob: "pre_vote",
        safe: &["on"],
        off: "off",
        harms: Harm::Worsens { metric: "elections", factor: 5.0 },
        // The last server can speak but hears nobody.
        trial: Trial { set: &[("nodes", "3")], script: &["2s=cut:from=s1,to=s3,both=off", "2s=cut:from=s2,to=s3,both=off"], length: Span::secs(12) },
    },
];

/// (a) s1 writes an entry that reaches s2 only; (b) s5 is elected without it and keeps an entry of its own to itself; (c) s1 is
/// elected again and brings the old entry to s3, a majority, but nothing of its new term; (d) s5 comes back and is elected.
const FIGURE_8: &[&str] = &[
    "1s=time-out:node=s1",
    "1500ms=partition:groups=s1 s2 client1 | s3 s4 s5",
    "1600ms=write:client=client1",
    "2100ms=time-out:node=s5",
    "2115ms=cut:from=s5,to=all",
    "2200ms=crash:node=s5",
    "2200ms=crash:node=s1",
    "2300ms=heal",
    "2300ms=restart:node=s1",
    "2400ms=time-out:node=s1",
    "2500ms=time-out:node=s1",
    "2555ms=cut:from=s1,to=s3",
    "2555ms=cut:from=s1,to=s4",
    "2600ms=crash:node=s1",
    "2700ms=heal",
    "2700ms=restart:node=s5",
    "3s=time-out:node=s5",
    "3100ms=time-out:node=s5",
    "5s=restart:node=s1",
];

/// s1 is elected by s2 and tells nobody; s2 forgets and gives its vote to s3, in the same term.
const FORGOTTEN_VOTE: &[&str] = &[
    "900ms=cut:from=s1,to=s3",
    "1s=time-out:node=s1",
    "1015ms=cut:from=s1,to=s2",
    "1100ms=crash:node=s2",
    "1200ms=restart:node=s2",
    "1300ms=time-out:node=s3",
    "3s=heal",
];

/// s1 adds s5 where only the two of them hear of it; s2 is elected by the old group and at once removes s1 from it; s1 is elected
/// by its own.
const TWO_CHANGES: &[&str] = &[
    "1s=time-out:node=s1",
    "3s=cut:from=s1,to=s2",
    "3s=cut:from=s1,to=s3",
    "3s=cut:from=s1,to=s4",
    "3100ms=join",
    "4s=time-out:node=s2",
    "4015ms=cut:from=s2,to=s4,both=off",
    "4025ms=leave:node=s1",
    "4300ms=crash:node=s1",
    "4400ms=restart:node=s1",
    "4500ms=crash:node=s2",
    "4500ms=heal",
    "4600ms=time-out:node=s1",
    "4700ms=time-out:node=s1",
    "6s=restart:node=s2",
];
