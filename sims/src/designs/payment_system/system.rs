//! What the knobs mean, and the nodes a run begins with.

use super::apis::Api;
use super::buyers::Buyers;
use super::merchants::Merchants;
use super::message::{Msg, Point, Timer};
use super::network::CardNetwork;
use super::reconciler::Reconciler;
use super::relay::Relay;
use super::role::Role;
use super::store::Store;
use super::vault::{Risk, Vault};
use super::watch::Truth;
use super::{finally, panes};
use crate::kernel::action::Action;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::backoff::{Jitter, Policy};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Insert first; the unique index decides who goes on.
    Unique,
    /// Look, then insert.
    CheckThenInsert,
    /// Look, work, insert when all is done.
    StoreAtEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnTimeout {
    AskAgain,
    LeavePending,
    NewReference,
    CallItFailed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    Outbox,
    AfterCommit,
    BeforeCommit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HotRows {
    Lock,
    Sharded,
    Batched,
}

/// The configuration of one run, made anew whenever a knob is turned.
pub struct Payments {
    pub keys: bool,
    pub claim: Claim,
    pub key_ttl: Span,
    pub key_lease: Span,
    pub unique_order: bool,
    pub on_timeout: OnTimeout,
    pub network_policy: Policy,
    pub network_timeout: Span,
    pub store_timeout: Span,
    pub buyer_timeout: Span,
    pub buyer_policy: Policy,
    pub risk_timeout: Span,
    pub risk_lets_pass: bool,
    pub risk_share: f64,
    pub events: Events,
    pub relay_cursor: bool,
    pub relay_period: Span,
    pub hook_timeout: Span,
    pub hook_policy: Policy,
    pub merchant_dedup: bool,
    pub double_entry: bool,
    pub state_guard: bool,
    pub refund_locked: bool,
    pub reconcile: bool,
    pub cutoff: Span,
    pub round: Span,
    pub vault: bool,
    pub hot_rows: HotRows,
    pub shards: usize,
    pub commit: Span,
    pub store_op: Span,
    pub rate: f64,
    pub merchants: usize,
    pub hot_share: f64,
    pub fx_share: f64,
    pub refund_share: f64,
    pub void_share: f64,
    pub dispute_share: f64,
    pub decline_share: f64,
    pub silent_share: f64,
    network_delay: Delay,
    pub apis: usize,
    pub networks: usize,
}

/// Who is where. The order in which `build` adds nodes.
pub const BUYERS: NodeId = NodeId(0);
pub const VAULT: NodeId = NodeId(1);
pub const RISK: NodeId = NodeId(2);
pub const STORE: NodeId = NodeId(3);
pub const RELAY: NodeId = NodeId(4);
pub const MERCHANTS: NodeId = NodeId(5);
pub const RECONCILER: NodeId = NodeId(6);
const FIRST_NETWORK: u32 = 7;

pub fn network(net: u8) -> NodeId {
    NodeId(FIRST_NETWORK + u32::from(net))
}

/// Within the data centre, and over the internet.
const INSIDE: Delay = Delay { base: Span::micros(500), jitter: Span::micros(100) };
const OUTSIDE: Delay = Delay { base: Span::millis(15), jitter: Span::millis(5) };

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (base, cap) = (knobs.span("retry_base"), knobs.span("retry_cap"));
    if cap < base {
        return Err(format!("knob `retry_cap` is {cap}, but must be at least `retry_base`, {base}"));
    }
    let (ttl, lease) = (knobs.span("key_ttl"), knobs.span("key_lease"));
    if ttl < lease {
        return Err(format!("knob `key_ttl` is {ttl}, but must be at least `key_lease`, {lease}: a key must outlive the work under it"));
    }
    let (cutoff, wait) = (knobs.span("cutoff"), knobs.span("network_timeout"));
    if cutoff < wait {
        return Err(format!("knob `cutoff` is {cutoff}, but must be at least `network_timeout`, {wait}: else what is merely slow is called lost"));
    }
    let shares = ["decline_share", "silent_share"].iter().map(|name| knobs.num(name)).sum::<f64>();
    if shares > 1.0 {
        return Err(format!("knobs `decline_share` and `silent_share` make {shares}, but must make at most 1 together"));
    }
    Ok(())
}

impl System for Payments {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Truth;

    fn configure(knobs: &Knobs) -> Payments {
        let jitter = Jitter::named(knobs.choice("jitter"));
        let (base, cap) = (knobs.span("retry_base"), knobs.span("retry_cap"));
        let policy = |retries| Policy { base, factor: 2.0, cap, retries, jitter };
        Payments {
            keys: knobs.on("keys"),
            claim: match knobs.choice("claim") {
                "check-then-insert" => Claim::CheckThenInsert,
                "store-at-end" => Claim::StoreAtEnd,
                _ => Claim::Unique,
            },
            key_ttl: knobs.span("key_ttl"),
            key_lease: knobs.span("key_lease"),
            unique_order: knobs.on("unique_order"),
            on_timeout: match knobs.choice("on_timeout") {
                "leave-pending" => OnTimeout::LeavePending,
                "new-reference" => OnTimeout::NewReference,
                "call-it-failed" => OnTimeout::CallItFailed,
                _ => OnTimeout::AskAgain,
            },
            network_policy: policy(knobs.count("network_retries") as u32),
            network_timeout: knobs.span("network_timeout"),
            store_timeout: knobs.span("store_timeout"),
            buyer_timeout: knobs.span("buyer_timeout"),
            buyer_policy: policy(knobs.count("buyer_retries") as u32),
            risk_timeout: knobs.span("risk_timeout"),
            risk_lets_pass: knobs.choice("risk_silent") == "allow",
            risk_share: knobs.num("risk_share"),
            events: match knobs.choice("events") {
                "after-commit" => Events::AfterCommit,
                "before-commit" => Events::BeforeCommit,
                _ => Events::Outbox,
            },
            relay_cursor: knobs.choice("relay_reads") == "above-last",
            relay_period: knobs.span("relay_period"),
            hook_timeout: knobs.span("hook_timeout"),
            hook_policy: policy(knobs.count("hook_retries") as u32),
            merchant_dedup: knobs.on("merchant_dedup"),
            double_entry: knobs.choice("books") == "double-entry",
            state_guard: knobs.on("state_guard"),
            refund_locked: knobs.choice("refund_check") == "locked",
            reconcile: knobs.on("reconcile"),
            cutoff: knobs.span("cutoff"),
            round: knobs.span("reconcile_period"),
            vault: knobs.on("vault"),
            hot_rows: match knobs.choice("hot_rows") {
                "row-lock" => HotRows::Lock,
                "batched" => HotRows::Batched,
                _ => HotRows::Sharded,
            },
            shards: knobs.count("shards").max(1),
            commit: knobs.span("commit"),
            store_op: knobs.span("store_op"),
            rate: knobs.rate("rate").per_second(),
            merchants: knobs.count("merchants").max(1),
            hot_share: knobs.num("hot_share"),
            fx_share: knobs.num("fx_share"),
            refund_share: knobs.num("refund_share"),
            void_share: knobs.num("void_share"),
            dispute_share: knobs.num("dispute_share"),
            decline_share: knobs.num("decline_share"),
            silent_share: knobs.num("silent_share"),
            network_delay: Delay { base: knobs.span("network_delay"), jitter: knobs.span("network_jitter") },
            apis: knobs.count("apis").max(1),
            networks: knobs.count("networks").max(1),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let buyers_rng = stage.rng("arrivals");
        stage.add_one("buyers", Role::Buyers(Box::new(Buyers::new(self.networks, self.apis, buyers_rng))));
        stage.add_one("vault", Role::Vault(Vault::default()));
        stage.add_one("risk", Role::Risk(Risk));
        stage.add_one("store", Role::Store(Box::new(Store::new(self))));
        stage.add_one("relay", Role::Relay(Relay::default()));
        stage.add_one("merchants", Role::Merchants(Merchants::default()));
        stage.add_one("reconciler", Role::Reconciler(Reconciler::default()));
        for net in 0..self.networks {
            stage.add("net", Role::Network(CardNetwork::new(net as u8)));
        }
        for at in 0..self.apis {
            stage.add("api", Role::Api(Api::new(at as u64)));
        }
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        match (from, to) {
            // Half the network's own time lies on either way.
            ("net", _) => self.network_delay,
            (_, "net") => Delay { base: Span::millis(5), jitter: Span::millis(1) },
            ("buyers" | "merchants", _) | (_, "buyers" | "merchants") => OUTSIDE,
            _ => INSIDE,
        }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        if action.name == "crash-at" {
            let id = stage.find(action.text("node").unwrap_or("api1"))?;
            let point = Point::named(action.text("point").unwrap_or_default());
            return stage.with(id, |node, cx| match node {
                Role::Api(api) => {
                    api.arm(point);
                    Ok(())
                }
                _ => Err(format!("`{}` is no API server, and only those can be killed at a step", cx.name(id))),
            });
        }
        if action.name == "chargeback" {
            return chargeback(stage);
        }
        stage.with(BUYERS, |node, cx| match node {
            Role::Buyers(buyers) => buyers.act(action, cx),
            _ => Ok(()),
        })
    }

    fn on_drain(stage: &mut Stage<'_, Self>) {
        for id in [RELAY, RECONCILER] {
            if stage.is_up(id) {
                stage.with(id, |node, cx| match node {
                    Role::Relay(relay) => relay.poll(cx),
                    Role::Reconciler(reconciler) => reconciler.drain(cx),
                    _ => {}
                });
            }
        }
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        finally::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        panes::pane(world, pane, ask)
    }
}

/// A cardholder's bank takes the latest clean capture back.
fn chargeback(stage: &mut Stage<'_, Payments>) -> Result<(), String> {
    for id in stage.role("net") {
        let done = stage.with(id, |node, cx| if let Role::Network(net) = node { net.charge_back_latest(cx) } else { false });
        if done {
            return Ok(());
        }
    }
    Err("nothing has been captured that could be charged back".into())
}
