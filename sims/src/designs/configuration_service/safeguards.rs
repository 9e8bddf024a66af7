//! What keeps the invariants up, each with the trial in which its absence shows.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// Few services, so that each changes often.
const BUSY: &[(&str, &str)] = &[("services", "10"), ("watchers", "100"), ("base_rate", "200/s"), ("write_share", "0.3")];
const CUT_OFF: &[&str] = &["3s=cut:from=w1,to=s", "9s=heal"];
const LEASES: &[(&str, &str)] = &[("watchers", "100"), ("ttl", "4s"), ("base_rate", "20/s")];

const fn breaks(knob: &'static str, safe: &'static [&'static str], off: &'static str, lamp: &'static str, trial: Trial) -> Safeguard {
    Safeguard { knob, safe, off, harms: Harm::Breaks(lamp), trial }
}

const fn trial(set: &'static [(&'static str, &'static str)], script: &'static [&'static str], seconds: u64) -> Trial {
    Trial { set, script, length: Span::secs(seconds) }
}

pub const SAFEGUARDS: &[Safeguard] = &[
    breaks("resume", &["revision"], "now", "watch-complete", trial(BUSY, CUT_OFF, 20)),
    breaks("gap", &["told"], "skip", "watch-complete", trial(&[("services", "10"), ("watchers", "100"), ("write_share", "0.3"), ("keep", "1s")], CUT_OFF, 20)),
    breaks("writes", &["compare"], "blind", "transactions-atomic", trial(BUSY, &["2s=update:n=40,service=1"], 6)),
    breaks("writes", &["compare"], "split", "transactions-atomic", trial(BUSY, &[], 6)),
    breaks("read_mode", &["linearizable"], "follower", "reads-linearizable", trial(BUSY, &["1s=slow:from=s,to=s3,by=30ms"], 10)),
    breaks("takeover", &["full-ttl"], "granted-time", "lease-not-early", trial(LEASES, &["9s=crash-leader"], 20)),
    breaks("takeover", &["full-ttl"], "forget", "leases-end", trial(LEASES, &["9s=crash-leader", "9s=crash:node=app1"], 20)),
    // A leader that is cut off and does not notice promises more time than the next one knows of.
    breaks(
        "renewals",
        &["confirmed"],
        "local",
        "lease-not-early",
        trial(&[("watchers", "100"), ("ttl", "4s"), ("base_rate", "0/s"), ("check_quorum", "off")], &["6s=isolate-leader", "16s=heal"], 30),
    ),
    breaks("lease_clock", &["monotonic"], "wall", "lease-not-early", trial(LEASES, &["5s=step-clock:node=s,by=10s"], 12)),
    Safeguard {
        knob: "reconnect",
        safe: &["jitter"],
        off: "in-step",
        harms: Harm::Worsens { metric: "failed", factor: 5.0 },
        trial: trial(&[("watchers", "10000"), ("hosts", "10"), ("base_rate", "100/s"), ("shed", "10s")], &["5s=disconnect"], 30),
    },
    Safeguard {
        knob: "require_leader",
        safe: &["on"],
        off: "off",
        harms: Harm::Worsens { metric: "notice_max_ms", factor: 2.0 },
        trial: trial(&[("watchers", "1000"), ("spread", "1s")], &["5s=partition:groups=s3 | s1 s2", "25s=heal"], 30),
    },
    Safeguard {
        knob: "progress",
        safe: &["on"],
        off: "off",
        harms: Harm::Worsens { metric: "resyncs", factor: 5.0 },
        trial: trial(&[("watchers", "1000"), ("skew", "1.5"), ("keep", "3s"), ("slow_share", "0"), ("spread", "1s")], &["20s=disconnect"], 30),
    },
];
