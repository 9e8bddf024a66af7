//! What keeps the invariants up, each with the trial in which its absence shows.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// No load but what the script begins; every job takes what it says.
const QUIET: (&str, &str) = ("base_rate", "0");
const FIXED: (&str, &str) = ("work_varies", "off");

/// A holder sleeps through its lease, the next one works and writes, then it wakes and writes too.
const SLEEPER: &[&str] = &["1s=job:client=client1,work=5s", "2s=pause:node=client1,for=60s", "3s=job:client=client2,work=1s"];

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "service",
        safe: &["raft"],
        off: "redlock",
        harms: Harm::Breaks("one-lease-alive"),
        // Three of the stores' clocks are set forward while somebody works: their rows are over, and make a majority.
        trial: Trial {
            set: &[QUIET, ("lease_clock", "wall")],
            script: &[
                "1s=job:client=client1,work=20s",
                "5s=step-clock:node=s1,by=1min",
                "5s=step-clock:node=s2,by=1min",
                "5s=step-clock:node=s3,by=1min",
                "6s=job:client=client2,work=1s",
            ],
            length: Span::secs(40),
        },
    },
    Safeguard {
        knob: "fencing",
        safe: &["all"],
        off: "off",
        harms: Harm::Breaks("storage-never-goes-back"),
        trial: Trial { set: &[QUIET, FIXED, ("self_check", "off")], script: SLEEPER, length: Span::secs(90) },
    },
    Safeguard {
        knob: "self_check",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("one-acts-at-a-time"),
        // The holder is cut off from the lock service, not from the storage, and works on beyond its lease.
        trial: Trial {
            set: &[QUIET, FIXED],
            script: &["1s=job:client=client1,work=40s", "2s=cut:from=client1,to=s", "3s=job:client=client2,work=20s"],
            length: Span::secs(60),
        },
    },
    Safeguard {
        knob: "owner_check",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("only-its-holder-frees"),
        trial: Trial {
            set: &[QUIET, FIXED],
            script: &["1s=job:client=client1,work=5s", "2s=pause:node=client1,for=40s", "3s=job:client=client2,work=30s"],
            length: Span::secs(80),
        },
    },
    Safeguard {
        knob: "expiry",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("lock-comes-free"),
        trial: Trial { set: &[QUIET, FIXED], script: &["1s=job:client=client1,work=5s", "2s=crash:node=client1"], length: Span::secs(20) },
    },
    Safeguard {
        knob: "lease_clock",
        safe: &["monotonic"],
        off: "wall",
        harms: Harm::Breaks("lease-not-cut-short"),
        // Every server's clock, since any may lead.
        trial: Trial {
            set: &[QUIET, FIXED],
            script: &["1s=job:client=client1,work=40s", "5s=step-clock:node=s,by=1min", "10s=crash:node=client1"],
            length: Span::secs(40),
        },
    },
    Safeguard {
        knob: "replica",
        safe: &["sync"],
        off: "async",
        harms: Harm::Breaks("one-lease-alive"),
        trial: Trial {
            set: &[QUIET, FIXED, ("service", "one-store"), ("replica_lag", "500ms")],
            script: &["5s=job:client=client1,work=20s", "5.1s=crash:node=s1", "5.1s=promote", "6s=job:client=client2,work=1s"],
            length: Span::secs(20),
        },
    },
    Safeguard {
        knob: "persist",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("one-lease-alive"),
        trial: Trial {
            set: &[QUIET, FIXED, ("service", "one-store"), ("replica", "none")],
            script: &["1s=job:client=client1,work=20s", "5s=crash:node=s1", "6s=restart:node=s1", "7s=job:client=client2,work=1s"],
            length: Span::secs(20),
        },
    },
];
