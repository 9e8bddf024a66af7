//! What protects which law, with the trial that shows it.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

/// No jobs and no runs but the script's.
const QUIET: [(&str, &str); 2] = [("job_rate", "0/s"), ("retrain", "never")];

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "gang",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("gang-all-or-none"),
        trial: Trial { set: &[QUIET[0], QUIET[1], ("quota", "1")], script: &["1s=flood:team=vision,n=2,gpus=20,lasts=3s"], length: Span::secs(20) },
    },
    Safeguard {
        knob: "quota_check",
        safe: &["at-start"],
        off: "at-submit",
        harms: Harm::Breaks("quotas-hold"),
        trial: Trial { set: &[QUIET[0], QUIET[1]], script: &["1s=flood:team=search,n=6,gpus=8,lasts=3s"], length: Span::secs(20) },
    },
    Safeguard {
        knob: "join",
        safe: &["point-in-time"],
        off: "latest",
        harms: Harm::Breaks("no-future-in-rows"),
        trial: Trial { set: &[QUIET[0], QUIET[1]], script: &["2s=train"], length: Span::secs(15) },
    },
    Safeguard {
        knob: "gate",
        safe: &["logged", "joined"],
        off: "off",
        harms: Harm::Breaks("only-gated-serve"),
        trial: Trial { set: &[QUIET[0], QUIET[1], ("promote", "at-once")], script: &["2s=bad-model"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "cursor",
        safe: &["arrival"],
        off: "event-time",
        harms: Harm::Breaks("online-like-offline"),
        trial: Trial { set: &[QUIET[0], QUIET[1], ("late_share", "0.3"), ("late_by", "3s")], script: &[], length: Span::secs(20) },
    },
    Safeguard {
        knob: "deploy",
        safe: &["blue-green"],
        off: "in-place",
        harms: Harm::Worsens { metric: "failed.no_model", factor: 2.0 },
        trial: Trial { set: &[QUIET[0], QUIET[1], ("promote", "at-once")], script: &["2s=train"], length: Span::secs(30) },
    },
];
