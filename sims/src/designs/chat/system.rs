//! What the knobs mean, and the nodes a run begins with.

use super::gateway::Gateway;
use super::people::{People, part};
use super::phones::Phones;
use super::push::Push;
use super::registry::Registry;
use super::role::Role;
use super::server::Server;
use super::watch::Ledger;
use super::wire::{Msg, Timer};
use super::{finally, metrics, view};
use crate::kernel::action::Action;
use crate::kernel::disk::Disk;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::rng::Rng;
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::backoff::{Jitter, Policy};
use std::sync::Arc;

pub struct Chat {
    pub users: u32,
    pub devices: u32,
    pub friends: u32,
    pub groups: u32,
    pub group_size: u32,
    pub pools: u32,
    pub gateways: u32,
    pub servers: u32,
    pub online: f64,
    pub rate: f64,
    pub group_share: f64,
    pub reply_share: f64,
    pub think: Span,
    pub churn: f64,
    pub flaps: f64,
    pub flap_gap: Span,
    /// Everything is kept before anybody has it; else only what an offline user misses.
    pub keep_first: bool,
    /// What was handed to a gateway counts as delivered.
    pub commit_before: bool,
    /// The tick *sent* before the message is durable.
    pub ack_early: bool,
    pub dedupe: bool,
    pub by_client_time: bool,
    pub receipts: bool,
    /// The tick *delivered* when a gateway has it.
    pub tick_early: bool,
    /// Unread counts are set to nothing by a read, instead of counted anew.
    pub blunt_badges: bool,
    /// A goodbye ends whatever session the device has.
    pub blunt_goodbyes: bool,
    pub gather: Span,
    pub resend: Span,
    pub redeliver: Span,
    pub read_delay: Span,
    pub heartbeat: Span,
    pub debounce: Span,
    pub reconnect: Policy,
    pub accept: Span,
    pub backlog: Span,
    pub tap_share: f64,
    pub bucket: Span,
    last_mile: Delay,
    trip: Delay,
    disk: Delay,
}

/// Slices of the devices, each with its own turn at the heartbeat: a gateway that dies is noticed over one interval, not at one instant.
pub const SLICES: u32 = 10;
/// Who is silent for so many heartbeats is gone.
pub const SILENCES: u64 = 3;

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (size, users) = (knobs.count("group_size"), knobs.count("users"));
    if size > users {
        return Err(format!("knob `group_size` is {size}, but must be at most `users`, which is {users}"));
    }
    if knobs.choice("commit") == "before" && knobs.choice("keep") == "first" {
        return Err("knob `commit` is before, but where `keep` is first there is no offset to commit: set `keep` to offline-only".into());
    }
    let pools = knobs.count("pools");
    if pools > users {
        return Err(format!("knob `pools` is {pools}, but must be at most `users`, which is {users}"));
    }
    if knobs.count("friends") == 0 && knobs.count("groups") == 0 {
        return Err("knobs `friends` and `groups` are both 0, but somebody must talk with somebody: one of them must be 1 or more".into());
    }
    let (trip, heartbeat) = (knobs.span("last_mile") + knobs.span("trip"), knobs.span("heartbeat"));
    if heartbeat < trip * 2 {
        return Err(format!("knob `heartbeat` is {heartbeat}, but must be at least one round trip, {}, or every answer comes too late", trip * 2));
    }
    Ok(())
}

impl Chat {
    pub fn registry(&self) -> NodeId {
        NodeId(0)
    }

    pub fn push(&self) -> NodeId {
        NodeId(1)
    }

    pub fn server(&self, rank: u32) -> NodeId {
        NodeId(2 + rank)
    }

    pub fn gateway(&self, rank: u32) -> NodeId {
        NodeId(2 + self.servers + rank)
    }

    pub fn pool(&self, rank: u32) -> NodeId {
        NodeId(2 + self.servers + self.gateways + rank)
    }

    /// The rank of a gateway.
    pub fn gateway_rank(&self, id: NodeId) -> usize {
        id.0.saturating_sub(2 + self.servers) as usize
    }

    pub fn pool_rank_of(&self, device: u32) -> u32 {
        part(device / self.devices, self.pools, self.users)
    }

    /// The server that orders a conversation.
    pub fn server_rank_of(&self, conv: u32, people: &People) -> u32 {
        part(conv, self.servers, people.conversations())
    }

    /// From a device to a machine behind its gateway.
    pub fn way(&self) -> Span {
        self.last_mile.base + self.trip.base
    }

    /// Sessions of devices silent for this long have ended.
    pub fn silence(&self) -> Span {
        self.heartbeat * SILENCES
    }
}

impl System for Chat {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Ledger;

    fn configure(knobs: &Knobs) -> Chat {
        let int = |name| knobs.count(name) as u32;
        let (last_mile, trip, disk) = (knobs.span("last_mile"), knobs.span("trip"), knobs.span("disk"));
        let accept = knobs.rate("accept").per_second();
        Chat {
            users: int("users"),
            devices: int("devices"),
            friends: int("friends"),
            groups: int("groups"),
            group_size: int("group_size"),
            pools: int("pools"),
            gateways: int("gateways"),
            servers: int("servers"),
            online: knobs.num("online"),
            rate: knobs.rate("rate").per_second(),
            group_share: knobs.num("group_share"),
            reply_share: knobs.num("reply_share"),
            think: knobs.span("think"),
            churn: knobs.rate("churn").per_second(),
            flaps: knobs.rate("flaps").per_second(),
            flap_gap: knobs.span("flap_gap"),
            keep_first: knobs.choice("keep") == "first",
            commit_before: knobs.choice("commit") == "before",
            ack_early: knobs.choice("ack") == "received",
            dedupe: knobs.on("dedupe"),
            by_client_time: knobs.choice("order") == "client-time",
            receipts: knobs.on("receipts"),
            tick_early: knobs.choice("tick") == "gateway",
            blunt_badges: knobs.choice("badges") == "reset",
            blunt_goodbyes: knobs.choice("goodbye") == "any",
            gather: knobs.span("gather"),
            resend: knobs.span("resend"),
            redeliver: knobs.span("redeliver"),
            read_delay: knobs.span("read_delay"),
            heartbeat: knobs.span("heartbeat"),
            debounce: knobs.span("debounce"),
            reconnect: Policy { jitter: Jitter::named(knobs.choice("jitter")), ..Policy::doubling(knobs.span("reconnect"), Span::secs(30), u32::MAX) },
            accept: Span::from_secs_f64(1.0 / accept.max(1.0)),
            backlog: Span::secs(1),
            tap_share: knobs.num("tap_share"),
            bucket: knobs.span("bucket"),
            last_mile: Delay::with_jitter(last_mile, last_mile.times(0.1)),
            trip: Delay::with_jitter(trip, trip.times(0.2)),
            disk: Delay::with_jitter(disk, disk.times(0.2)),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let mut rng = stage.rng("people");
        let people = Arc::new(People::new(self.users, self.devices, self.friends, self.groups, self.group_size, &mut rng));
        let connected = self.connected(&mut stage.rng("connected"));
        stage.add_one("registry", Role::Registry(Box::new(Registry::new(Arc::clone(&people), &connected, self))));
        stage.add_one("push", Role::Push(Push::default()));
        for rank in 0..self.servers {
            stage.add("s", Role::Server(Box::new(Server::new(rank, Arc::clone(&people), self))));
        }
        for rank in 0..self.gateways {
            stage.add("g", Role::Gateway(Box::new(Gateway::new(rank, Arc::clone(&people), &connected, self))));
        }
        for rank in 0..self.pools {
            let phones = Phones::new(rank, Arc::clone(&people), &connected, self, &stage.rng(&format!("phones {rank}")));
            stage.add("p", Role::Phones(Box::new(phones)));
        }
        stage.watch().meet(people, self.by_client_time);
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        if from == "p" || to == "p" { self.last_mile } else { self.trip }
    }

    fn disk(&self, role: &'static str) -> Disk {
        if role == "s" { Disk { sync: self.disk, torn: false, metric: Some(metrics::SYNC) } } else { Disk::default() }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        let role = if action.name == "deploy" { "g" } else { "p" };
        let nodes = match action.text("node") {
            Some(name) => stage.select(name)?,
            None => stage.role(role),
        };
        let shares = nodes.len().max(1) as u64;
        for (turn, id) in nodes.into_iter().enumerate() {
            if !stage.is_up(id) {
                continue;
            }
            stage.with(id, |node, cx| match node {
                Role::Gateway(gateway) if action.name == "deploy" => gateway.close_all(cx),
                Role::Phones(phones) => phones.act(action, turn as u64, shares, cx),
                _ => {}
            });
        }
        Ok(())
    }

    fn on_drain(stage: &mut Stage<'_, Self>) {
        for id in stage.role("p") {
            if stage.is_up(id) {
                stage.with(id, |node, cx| {
                    if let Role::Phones(phones) = node {
                        phones.everybody_back(cx);
                    }
                });
            }
        }
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        finally::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

impl Chat {
    /// Where each device is connected when the run begins, if it is.
    fn connected(&self, rng: &mut Rng) -> Vec<Option<u32>> {
        (0..self.users * self.devices)
            .map(|_| {
                let (there, at) = (rng.unit() < self.online, rng.below(u64::from(self.gateways)) as u32);
                there.then_some(at)
            })
            .collect()
    }
}
