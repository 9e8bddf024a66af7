//! Payment system: money moves once, whoever dies, repeats or stays silent on the way.

mod apis;
mod bench;
mod buyers;
mod finally;
mod flow;
mod locks;
mod merchants;
mod message;
mod metrics;
mod money;
mod network;
mod panes;
mod payment;
mod reconciler;
mod relay;
mod role;
mod safeguards;
mod store;
mod system;
mod tables;
mod vault;
mod watch;

#[cfg(test)]
mod tests;

use crate::kernel::action::{ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::design::Design;
use crate::kernel::faults;
use crate::kernel::invariant::{InvariantSpec, always, finally, sometimes};
use crate::kernel::knob::Knob;
use crate::kernel::time::{MINUTE, Span};
use crate::kernel::value::{Kind, SHARE, time, whole};
use crate::kernel::view::PaneSpec;
use crate::kernel::world;
use crate::parts::backoff::Jitter;

const LEDGER_SUMS_TO_ZERO: usize = 0;
const ONE_CAPTURE_PER_ORDER: usize = 1;
const REFUNDS_WITHIN_CAPTURES: usize = 2;
const ONLY_LEGAL_CHANGES: usize = 3;
const ANSWERS_ARE_TRUE: usize = 4;
const EVENTS_ARE_TRUE: usize = 5;
const SHIPPED_ONCE: usize = 6;
const CARD_NUMBERS_IN_VAULT: usize = 7;
const SETTLED_AFTER_CUT_OFF: usize = 8;
const EVERY_CAPTURE_IS_TOLD: usize = 9;
const AMBIGUITY_SETTLED: usize = 10;

pub static DESIGN: Design = Design {
    id: "payment-system",
    title: "Global payment system",
    teaches: "Without idempotency keys a retry is a second charge; with a key that is claimed by one insert it is a second look at the first.",
    leaves_out: "Strong customer authentication, payouts to banks, partial captures, several acquirers for one card, tax, and the hours and holidays of real clearing: a cut-off is seconds here and a day there.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: faults::NETWORK,
    metrics: metrics::METRICS,
    reasons: &["gave_up"],
    invariants: INVARIANTS,
    safeguards: safeguards::SAFEGUARDS,
    panes: &[
        PaneSpec { id: "flight", title: "In flight, and unclear" },
        PaneSpec { id: "payments", title: "Payments, open ones first" },
        PaneSpec { id: "books", title: "The books" },
        PaneSpec { id: "states", title: "Payments by state" },
    ],
    charts: &[&["orders", "captures"], &["pay"], &["open"], &["lock_wait"], &["ambiguous"]],
    refuses: system::refuses,
    start: world::start::<system::Payments>,
    benches: bench::BENCHES,
};

const MILLI: Span = Span::millis(1);

const KNOBS: &[Knob] = &[
    Knob::live("keys", Kind::Switch, "on", "buyers name their order by a key, the same in every try"),
    Knob::live(
        "claim",
        Kind::Choice(&["unique-insert", "check-then-insert", "store-at-end"]),
        "unique-insert",
        "how a key is claimed: by an insert that one wins; after a look; or not until all is done",
    ),
    Knob::live("key_ttl", time(Span::secs(1), Span::secs(7 * 86_400)), "24h", "how long a key and its answer are kept"),
    Knob::live("key_lease", time(Span::millis(10), MINUTE), "8s", "how long the first request with a key may work before another one takes over"),
    Knob::live("unique_order", Kind::Switch, "off", "besides, a unique constraint on the order's number, kept for ever"),
    Knob::live(
        "on_timeout",
        Kind::Choice(&["ask-again", "leave-pending", "new-reference", "call-it-failed"]),
        "ask-again",
        "when a network is silent: ask under the same name, leave it to reconciliation, try under a new name, or say that it failed",
    ),
    Knob::live("network_timeout", time(MILLI, Span::secs(10)), "1s", "how long a server waits for a card network"),
    Knob::live("network_retries", whole(0, 10), "2", "how often it asks again"),
    Knob::live("store_timeout", time(MILLI, Span::secs(10)), "500ms", "how long a server waits for the store"),
    Knob::live("buyer_timeout", time(Span::millis(50), MINUTE), "5s", "how long a buyer waits for an answer"),
    Knob::live("buyer_retries", whole(0, 10), "5", "how often a buyer tries again"),
    Knob::live("retry_base", time(MILLI, Span::secs(10)), "200ms", "ceiling of the wait before a first retry; doubled each time"),
    Knob::live("retry_cap", time(MILLI, MINUTE), "4s", "no wait before a retry is longer"),
    Knob::live("jitter", Kind::Choice(Jitter::NAMES), "full", "how waits are spread"),
    Knob::live("risk_timeout", time(MILLI, Span::secs(10)), "100ms", "how long a server waits for the risk engine"),
    Knob::live("risk_silent", Kind::Choice(&["allow", "refuse"]), "refuse", "what a silent risk engine means"),
    Knob::live("risk_share", SHARE, "0.01", "share of the orders that risk refuses"),
    Knob::live(
        "events",
        Kind::Choice(&["outbox", "after-commit", "before-commit"]),
        "outbox",
        "how merchants hear of a capture: from an outbox in the same transaction, or by a second write after or before it",
    ),
    Knob::live("relay_reads", Kind::Choice(&["unsent", "above-last"]), "unsent", "what the relay asks the outbox for"),
    Knob::live("relay_period", time(Span::millis(10), MINUTE), "1s", "how often the relay looks into the outbox without being nudged"),
    Knob::live("hook_timeout", time(Span::millis(10), MINUTE), "2s", "how long the relay waits for a merchant's 2xx"),
    Knob::live("hook_retries", whole(1, 20), "8", "how often a webhook's wait is doubled before it stays"),
    Knob::live("merchant_dedup", Kind::Switch, "on", "merchants look at an event's id before they ship"),
    Knob::live("books", Kind::Choice(&["double-entry", "two-writes"]), "double-entry", "a capture is one balanced entry, or a debit and later a credit"),
    Knob::live("state_guard", Kind::Switch, "on", "a state changes only along the arrows, whoever writes"),
    Knob::live("refund_check", Kind::Choice(&["locked", "read-then-write"]), "locked", "how a refund makes sure that enough is left"),
    Knob::live("reconcile", Kind::Switch, "on", "the networks' files are held against our rows"),
    Knob::live("reconcile_period", time(Span::millis(100), MINUTE), "2s", "how often; a day or an hour in real life"),
    Knob::live("cutoff", time(Span::millis(100), Span::secs(30)), "8s", "what is younger may still be under way and is not judged"),
    Knob::live("vault", Kind::Switch, "on", "card numbers go to a token vault, and tokens everywhere else"),
    Knob::live(
        "hot_rows",
        Kind::Choice(&["row-lock", "sharded", "batched"]),
        "sharded",
        "how a merchant's balance is kept: one row, many rows, or a journal rolled up",
    ),
    Knob::at_start("shards", whole(1, 64), "16", "rows of one merchant's balance when it is sharded"),
    Knob::live("commit", time(Span::micros(10), Span::millis(100)), "3ms", "time from taking a transaction's locks until its log is on disk"),
    Knob::live("store_op", time(Span::micros(1), Span::millis(5)), "50us", "time the store's processor needs for one query"),
    Knob::live("rate", Kind::Rate { min: 0.0, max: 800.0, per: Span::secs(1) }, "40/s", "orders of all buyers together; 0 for none"),
    Knob::at_start("merchants", whole(1, 1000), "30", "merchants, each paid out in one of three currencies"),
    Knob::live("hot_share", SHARE, "0.3", "share of the orders that are merchant 1's"),
    Knob::live("fx_share", SHARE, "0.1", "share of the cards in another currency than the merchant's"),
    Knob::live("refund_share", SHARE, "0.05", "share of the paid orders that are given back, in whole or in part"),
    Knob::live("void_share", SHARE, "0.02", "share of the orders cancelled between hold and capture"),
    Knob::live("dispute_share", SHARE, "0.005", "share of the captures that the cardholder's bank takes back"),
    Knob::live("decline_share", SHARE, "0.05", "share of the authorisations that a network declines"),
    Knob::live("silent_share", SHARE, "0.005", "share of a network's answers that never come, though the work is done"),
    Knob::live("network_delay", time(Span::ZERO, Span::secs(5)), "80ms", "least time until a network's answer is back"),
    Knob::live("network_jitter", time(Span::ZERO, Span::secs(1)), "30ms", "mean of what chance adds to it"),
    Knob::at_start("apis", whole(1, 16), "2", "API servers"),
    Knob::at_start("networks", whole(1, 4), "2", "card networks"),
];

const N: ArgSpec = ArgSpec { name: "n", says: "how many", kind: whole(1, 1000), default: ArgDefault::Text("1") };

const ACTIONS: &[ActionSpec] = &[
    ActionSpec {
        name: "pay",
        says: "orders are placed at once",
        args: &[N, ArgSpec { name: "merchant", says: "at which merchant", kind: whole(1, 1000), default: ArgDefault::Text("1") }],
    },
    ActionSpec {
        name: "double-click",
        says: "orders are placed whose request is sent several times at once",
        args: &[
            ArgSpec { name: "n", says: "copies of each request", kind: whole(2, 20), default: ArgDefault::Text("2") },
            ArgSpec { name: "orders", says: "so many orders", kind: whole(1, 200), default: ArgDefault::Text("1") },
        ],
    },
    ActionSpec { name: "repeat", says: "the latest order placed by hand is sent once more, under its key", args: &[] },
    ActionSpec {
        name: "refund",
        says: "refunds of the latest paid order are asked for at once",
        args: &[
            N,
            ArgSpec { name: "share", says: "each of that share of the amount", kind: Kind::Number { min: 0.01, max: 1.0 }, default: ArgDefault::Text("1") },
        ],
    },
    ActionSpec { name: "chargeback", says: "a cardholder's bank takes the latest clean capture back", args: &[] },
    ActionSpec {
        name: "crash-at",
        says: "an API server is killed right after the next request on it has come to a step; it starts again after 1 s",
        args: &[
            ArgSpec { name: "point", says: "after which step", kind: Kind::Choice(message::Point::NAMES), default: ArgDefault::Required },
            ArgSpec { name: "node", says: "which server", kind: Kind::Node, default: ArgDefault::Text("api1") },
        ],
    },
];

const INVARIANTS: &[InvariantSpec] = &[
    always("ledger-sums-to-zero", "the balances of each currency sum to nothing after every transaction"),
    always("one-capture-per-order", "an order, and so its key, is captured once at most by the networks"),
    always("refunds-within-captures", "what the networks give back of a payment is at most what they took for it"),
    always("only-legal-changes", "a payment's state changes only along the arrows of its diagram"),
    always("answers-are-true", "who was told `paid` is charged, and who was told `declined` is not"),
    always("events-are-true", "no merchant hears of a capture that is not stored"),
    always("shipped-once", "an event has its effect at the merchant once"),
    always("card-numbers-in-vault", "no server and no store of ours has a card number in hand, only the vault"),
    finally("settled-after-cut-off", "after reconciliation nothing older than the cut-off is open, and the networks' books and ours agree"),
    finally("every-capture-is-told", "every stored capture has reached its merchant as an event"),
    sometimes("ambiguity-settled", "reconciliation settles a payment whose outcome was not known"),
];
