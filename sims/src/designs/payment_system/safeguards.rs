//! The safeguards of the payment system, each with the trial that shows what it is for.

use crate::kernel::design::{Harm, Safeguard, Trial};
use crate::kernel::time::Span;

const QUIET: (&str, &str) = ("rate", "0");
/// No declines, no silence, no refunds: what happens is what the script does.
const CALM: [(&str, &str); 5] = [QUIET, ("decline_share", "0"), ("silent_share", "0"), ("risk_share", "0"), ("void_share", "0")];
/// The same, with commits long enough that requests sent together meet in them.
const SLOW: [(&str, &str); 6] = [CALM[0], CALM[1], CALM[2], CALM[3], CALM[4], ("commit", "20ms")];

pub const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "keys",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("one-capture-per-order"),
        trial: Trial { set: &CALM, script: &["1s=lose:from=api,to=buyers,share=1", "2s=pay:n=3", "4s=heal"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "claim",
        safe: &["unique-insert"],
        off: "store-at-end",
        harms: Harm::Breaks("one-capture-per-order"),
        trial: Trial { set: &CALM, script: &["1s=double-click:orders=3"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "key_ttl",
        safe: &["24h"],
        off: "10s",
        harms: Harm::Breaks("one-capture-per-order"),
        trial: Trial { set: &CALM, script: &["1s=pay", "15s=repeat"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "on_timeout",
        safe: &["ask-again", "leave-pending"],
        off: "new-reference",
        harms: Harm::Breaks("one-capture-per-order"),
        trial: Trial { set: &[("rate", "20/s"), ("silent_share", "0.1")], script: &[], length: Span::secs(20) },
    },
    Safeguard {
        knob: "books",
        safe: &["double-entry"],
        off: "two-writes",
        harms: Harm::Breaks("ledger-sums-to-zero"),
        trial: Trial { set: &CALM, script: &["1s=crash-at:point=one-sided", "2s=pay:n=4"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "state_guard",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("only-legal-changes"),
        trial: Trial { set: &[], script: &["3s=pause:node=api1,for=20s", "3s=pause:node=api2,for=20s"], length: Span::secs(40) },
    },
    Safeguard {
        knob: "refund_check",
        safe: &["locked"],
        off: "read-then-write",
        harms: Harm::Breaks("refunds-within-captures"),
        trial: Trial { set: &SLOW, script: &["1s=pay", "5s=refund:n=5,share=0.6"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "events",
        safe: &["outbox"],
        off: "after-commit",
        harms: Harm::Breaks("every-capture-is-told"),
        trial: Trial { set: &CALM, script: &["1s=crash-at:point=stored", "2s=pay:n=4"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "relay_reads",
        safe: &["unsent"],
        off: "above-last",
        harms: Harm::Breaks("every-capture-is-told"),
        trial: Trial { set: &[("hot_rows", "row-lock"), ("hot_share", "0.6"), ("commit", "6ms"), ("rate", "100/s")], script: &[], length: Span::secs(20) },
    },
    Safeguard {
        knob: "merchant_dedup",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("shipped-once"),
        trial: Trial { set: &CALM, script: &["1s=duplicate:from=relay,to=merchants,share=1", "2s=pay:n=3"], length: Span::secs(30) },
    },
    Safeguard {
        knob: "reconcile",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("settled-after-cut-off"),
        trial: Trial { set: &CALM, script: &["1s=lose:from=net,to=vault,share=1", "2s=pay:n=3", "25s=heal"], length: Span::secs(40) },
    },
    Safeguard {
        knob: "vault",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("card-numbers-in-vault"),
        trial: Trial { set: &CALM, script: &["1s=pay:n=3"], length: Span::secs(10) },
    },
];
