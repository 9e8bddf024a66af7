//! What is measured in the payment system.

use crate::kernel::metric::{Id, MetricSpec, Unit};

pub const ORDERS: Id = Id(0);
pub const PAID: Id = Id(1);
pub const DECLINED: Id = Id(2);
pub const TOLD_PENDING: Id = Id(3);
pub const RETRIES: Id = Id(4);
pub const BUSY: Id = Id(5);
pub const PAY: Id = Id(6);
pub const CAPTURES: Id = Id(7);
pub const DOUBLE_CAPTURES: Id = Id(8);
pub const DECLINES: Id = Id(9);
pub const NETWORK_ASKS: Id = Id(10);
pub const AMBIGUOUS: Id = Id(11);
pub const OPEN: Id = Id(12);
pub const SETTLED: Id = Id(13);
pub const ORPHANS: Id = Id(14);
pub const ROUNDS: Id = Id(15);
pub const BOOKED: Id = Id(16);
pub const HOT_BOOKED: Id = Id(17);
pub const COMMITS: Id = Id(18);
pub const LOCK_WAIT: Id = Id(19);
pub const IMBALANCE: Id = Id(20);
pub const KEY_ANSWERS: Id = Id(21);
pub const TAKEN_OVER: Id = Id(22);
pub const KEYS_KEPT: Id = Id(23);
pub const REFUNDS_ASKED: Id = Id(24);
pub const REFUND_REFUSED: Id = Id(25);
pub const GIVEN_BACK: Id = Id(26);
pub const OVER_REFUNDS: Id = Id(27);
pub const DISPUTES: Id = Id(28);
pub const HOOKS: Id = Id(29);
pub const HOOK_RETRIES: Id = Id(30);
pub const HOOK_DELAY: Id = Id(31);
pub const HEARD: Id = Id(32);
pub const HOOK_REPEATS: Id = Id(33);
pub const SHIPPED: Id = Id(34);
pub const SCOPE_NODES: Id = Id(35);
pub const TOKENS: Id = Id(36);
pub const KILLED: Id = Id(37);

/// Place in the list of reasons.
pub const GAVE_UP: usize = 0;

pub const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(ORDERS, "orders", "orders placed by buyers"),
    MetricSpec::counter(PAID, "paid", "orders whose buyer was told that they are paid"),
    MetricSpec::counter(DECLINED, "declined", "orders whose buyer was told that nothing was taken"),
    MetricSpec::counter(TOLD_PENDING, "told_pending", "requests answered with 202: not known yet"),
    MetricSpec::counter(RETRIES, "retries", "tries of buyers after the first"),
    MetricSpec::counter(BUSY, "busy", "requests answered with 409: another with this key is at work"),
    MetricSpec::histogram(PAY, "pay", Unit::Millis, "time from placing an order to an answer that ends it"),
    MetricSpec::counter(CAPTURES, "captures", "captures at the card networks: money really taken"),
    MetricSpec::counter(DOUBLE_CAPTURES, "double_captures", "captures of an order that had been captured before"),
    MetricSpec::counter(DECLINES, "declines", "authorisations that a network declined"),
    MetricSpec::counter(NETWORK_ASKS, "network_asks", "calls of servers to card networks, repeats included"),
    MetricSpec::counter(AMBIGUOUS, "ambiguous", "calls to card networks that were not answered in time"),
    MetricSpec::gauge(OPEN, "open", "payments in the store that are pending or authorised"),
    MetricSpec::counter(SETTLED, "settled", "payments whose state reconciliation settled"),
    MetricSpec::counter(ORPHANS, "orphans", "captures at networks that no payment of ours accounts for"),
    MetricSpec::counter(ROUNDS, "rounds", "rounds of reconciliation"),
    MetricSpec::counter(BOOKED, "booked", "captures stored and booked"),
    MetricSpec::counter(HOT_BOOKED, "hot_booked", "captures of merchant 1 stored and booked"),
    MetricSpec::counter(COMMITS, "commits", "transactions committed in the store"),
    MetricSpec::histogram(LOCK_WAIT, "lock_wait", Unit::Millis, "time of a transaction from its arrival until it holds its rows"),
    MetricSpec::gauge(IMBALANCE, "imbalance", "what the balances of the first unbalanced currency sum to, in minor units"),
    MetricSpec::counter(KEY_ANSWERS, "key_answers", "requests answered from what their key had stored"),
    MetricSpec::counter(TAKEN_OVER, "taken_over", "payments that a later request went on with because the first one's lease had run out"),
    MetricSpec::gauge(KEYS_KEPT, "keys_kept", "idempotency keys in the store"),
    MetricSpec::counter(REFUNDS_ASKED, "refunds_asked", "refunds that merchants asked for"),
    MetricSpec::counter(REFUND_REFUSED, "refunds_refused", "refunds refused because they would exceed what was captured"),
    MetricSpec::counter(GIVEN_BACK, "given_back", "refunds that networks carried out"),
    MetricSpec::counter(OVER_REFUNDS, "over_refunds", "refunds that took a payment below nothing"),
    MetricSpec::counter(DISPUTES, "disputes", "chargebacks booked"),
    MetricSpec::counter(HOOKS, "hooks", "webhooks sent to merchants, repeats included"),
    MetricSpec::counter(HOOK_RETRIES, "hook_retries", "webhooks that were not answered in time"),
    MetricSpec::histogram(HOOK_DELAY, "hook_delay", Unit::Millis, "time from the relay's reading of an event to its merchant's 2xx"),
    MetricSpec::counter(HEARD, "heard", "payments whose merchant was told that they are paid, each once"),
    MetricSpec::counter(HOOK_REPEATS, "hook_repeats", "webhooks that reached a merchant again"),
    MetricSpec::counter(SHIPPED, "shipped", "shipments of merchants"),
    MetricSpec::counter(
        SCOPE_NODES,
        "scope_nodes",
        "machines of ours that have had a card number in hand: in scope of the card industry's rules, as is what connects to them",
    ),
    MetricSpec::counter(TOKENS, "tokens", "cards turned into tokens"),
    MetricSpec::counter(KILLED, "killed", "servers killed at a step"),
    MetricSpec::derived(Id(38), "double_share", "captures of orders captured before, per order", |m| m.share("double_captures", "orders")),
    MetricSpec::derived(Id(39), "ambiguous_share", "calls to card networks that were not answered in time, per call", |m| m.share("ambiguous", "network_asks")),
    MetricSpec::derived(Id(40), "untold", "captures booked and not yet heard of by their merchant", |m| Some(m.get("booked")? - m.get("heard")?)),
];
