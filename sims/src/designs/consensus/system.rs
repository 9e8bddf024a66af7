//! The system: what the knobs mean, who is there, and what can be done to it.

use super::client::Client;
use super::kv::Kv;
use super::messages::{Machine, Msg, Timer};
use super::server::Server;
use super::watch::{self, Fact, Shadow};
use super::{metrics, view};
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::disk::{Disk, File};
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Look, Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::raft::{self, Change, Config, Host, Sessions};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    Log,
    Index,
    Leader,
    Local,
}

/// What the knobs mean.
#[derive(Debug)]
pub struct Consensus {
    raft: Config,
    nodes: usize,
    pub clients: usize,
    pub rate: f64,
    pub read_share: f64,
    pub keys: u64,
    pub timeout: Span,
    pub reads: Reads,
    delay: Delay,
    fsync: Span,
    sync: bool,
    sessions: bool,
    blindly: bool,
}

/// Servers at most, those that have joined included.
const SERVERS_MAX: usize = 9;

impl System for Consensus {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Shadow;

    fn configure(knobs: &Knobs) -> Consensus {
        Consensus {
            raft: config(knobs),
            nodes: knobs.count("nodes"),
            clients: knobs.count("clients"),
            rate: knobs.rate("rate").per_second(),
            read_share: knobs.num("read_share"),
            keys: knobs.count("keys") as u64,
            timeout: knobs.span("timeout"),
            reads: match knobs.choice("reads") {
                "log" => Reads::Log,
                "leader" => Reads::Leader,
                "local" => Reads::Local,
                _ => Reads::Index,
            },
            delay: Delay::with_jitter(knobs.span("delay"), knobs.span("jitter")),
            fsync: knobs.span("fsync"),
            sync: knobs.on("sync"),
            sessions: knobs.on("sessions"),
            blindly: knobs.choice("lost_disk") == "back",
        }
    }

    fn build(&self, stage: &mut Stage<'_, Consensus>) {
        let machine = Sessions::new(Kv::default(), self.sessions);
        let servers: Vec<NodeId> = (0..self.nodes).map(|_| stage.add("s", Role::Server(Box::new(Server::new(machine.clone()))))).collect();
        for id in &servers {
            stage.with(*id, |role, _| {
                if let Role::Server(server) = role {
                    server.member.begin(&servers);
                }
            });
        }
        for client in 0..self.clients {
            let (load, rng) = (stage.rng(&format!("load {client}")), stage.rng(&format!("keys {client}")));
            stage.add("client", Role::Client(Box::new(Client::new(client as u64 + 1, servers.clone(), load, rng))));
        }
    }

    fn delay(&self, _from: &'static str, _to: &'static str) -> Delay {
        self.delay
    }

    fn disk(&self, role: &'static str) -> Disk {
        // Without syncs a power cut takes the whole cache: what a torn one leaves would be luck.
        if role == "s" { Disk { sync: Delay::fixed(self.fsync), torn: self.sync, metric: Some(metrics::SYNC) } } else { Disk::default() }
    }

    fn alias(stage: &Stage<'_, Consensus>, name: &str) -> Option<NodeId> {
        if name == "leader" { leader(stage) } else { None }
    }

    fn act(stage: &mut Stage<'_, Consensus>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "time-out" => {
                let id = server(stage, action.text("node").unwrap_or_default())?;
                stage.with(id, |role, cx| {
                    if let Role::Server(server) = role {
                        server.member.time_out(cx);
                        server.after(cx);
                    }
                });
                Ok(())
            }
            "hand-over" => {
                let to = server(stage, action.text("node").unwrap_or_default())?;
                let from = leader(stage).ok_or("nobody leads now")?;
                stage.with(from, |role, cx| match role {
                    Role::Server(server) => {
                        let done = server.member.transfer(to, cx);
                        server.after(cx);
                        done
                    }
                    Role::Client(_) => Ok(()),
                })
            }
            "write" => write(stage, action),
            "join" => join(stage),
            _ => leave(stage, action),
        }
    }

    fn on_drain(stage: &mut Stage<'_, Consensus>) {
        for id in stage.role("s") {
            if stage.is_up(id) {
                stage.with(id, |role, cx| {
                    if let Role::Server(server) = role {
                        server.member.settle(cx);
                    }
                });
            }
        }
    }

    fn finally(world: &World<Consensus>, lamps: &mut Lamps) {
        watch::judge_at_last(world, lamps);
    }

    fn pane(world: &World<Consensus>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

fn config(knobs: &Knobs) -> Config {
    Config {
        election_min: knobs.span("election_min"),
        election_spread: knobs.span("election_spread"),
        heartbeat: knobs.span("heartbeat"),
        pre_vote: knobs.on("pre_vote"),
        check_quorum: knobs.on("check_quorum"),
        max_batch: knobs.count("batch"),
        max_in_flight: knobs.count("window"),
        snapshot_after: knobs.count("snapshot_after") as u64,
        snapshot_keep: knobs.count("snapshot_after") as u64 / 10,
        snapshot_chunk: 512,
        own_term_commit: knobs.on("own_term_commit"),
        keep_vote: knobs.on("keep_vote"),
        change_after_own_term: knobs.on("change_after_own_term"),
        watched: true,
    }
}

/// Whoever leads in the highest term, as far as anybody can tell.
fn leader(stage: &Stage<'_, Consensus>) -> Option<NodeId> {
    let led = |id: &NodeId| match stage.node(*id) {
        Role::Server(server) if stage.is_up(*id) && server.member.is_leader() => Some(server.member.term()),
        _ => None,
    };
    stage.role("s").into_iter().filter(|id| led(id).is_some()).max_by_key(|id| led(id))
}

fn server(stage: &Stage<'_, Consensus>, name: &str) -> Result<NodeId, String> {
    let id = stage.find(name)?;
    if !matches!(stage.node(id), Role::Server(_)) {
        return Err(format!("`{name}` is no server"));
    }
    if !stage.is_up(id) {
        return Err(format!("`{name}` is not up"));
    }
    Ok(id)
}

fn write(stage: &mut Stage<'_, Consensus>, action: &Action) -> Result<(), String> {
    let id = stage.find(action.text("client").unwrap_or_default())?;
    if !matches!(stage.node(id), Role::Client(_)) || !stage.is_up(id) {
        return Err(format!("`{}` is no client that is up", stage.name(id)));
    }
    for _ in 0..action.int("n").unwrap_or(1) {
        stage.with(id, |role, cx| {
            if let Role::Client(client) = role {
                client.arrive(true, cx);
            }
        });
    }
    Ok(())
}

/// A new server comes up empty; the leader brings it up to date and then lets it vote.
fn join(stage: &mut Stage<'_, Consensus>) -> Result<(), String> {
    let leader = leader(stage).ok_or("nobody leads now")?;
    if stage.role("s").len() >= SERVERS_MAX {
        return Err(format!("there are {SERVERS_MAX} servers already"));
    }
    let machine = Sessions::new(Kv::default(), stage.system().sessions);
    let id = stage.add("s", Role::Server(Box::new(Server::new(machine))));
    let done = change(stage, leader, Change::Add(id));
    if done.is_err() {
        stage.remove(id);
        return done;
    }
    let servers = stage.role("s");
    for client in stage.role("client") {
        let servers = servers.clone();
        stage.with(client, |role, _| {
            if let Role::Client(client) = role {
                client.finder.set_members(servers);
            }
        });
    }
    Ok(())
}

fn leave(stage: &mut Stage<'_, Consensus>, action: &Action) -> Result<(), String> {
    let id = stage.find(action.text("node").unwrap_or_default())?;
    let leader = leader(stage).ok_or("nobody leads now")?;
    change(stage, leader, Change::Remove(id))
}

fn change(stage: &mut Stage<'_, Consensus>, leader: NodeId, change: Change) -> Result<(), String> {
    stage.with(leader, |role, cx| match role {
        Role::Server(server) => server.change(change, cx),
        Role::Client(_) => Ok(()),
    })
}

impl Host for Consensus {
    type Machine = Machine;

    fn raft(&self) -> &Config {
        &self.raft
    }

    fn message(message: raft::Message<Machine>) -> Msg {
        Msg::Raft(message)
    }

    fn timer(timer: raft::Timer) -> Timer {
        Timer::Raft(timer)
    }

    fn fact(fact: raft::Fact) -> Fact {
        Fact::Raft(fact)
    }

    fn waits_for_disk(&self) -> bool {
        self.sync
    }

    fn rejoins_blindly(&self) -> bool {
        self.blindly
    }
}

#[derive(Clone)]
pub enum Role {
    Server(Box<Server>),
    Client(Box<Client>),
}

impl Node<Consensus> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, Consensus>) {
        match self {
            Role::Server(server) => {
                server.member.on_start(cx);
                server.after(cx);
            }
            Role::Client(client) => client.wait_for_next(cx),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Consensus>) {
        match (self, msg) {
            (Role::Server(server), Msg::Raft(message)) => {
                server.member.on_msg(from, message, cx);
                server.after(cx);
            }
            (Role::Server(server), Msg::Ask { client, seq, op }) => server.on_ask(from, client, seq, op, cx),
            (Role::Client(client), Msg::Done { seq, value, index }) => client.on_done(seq, value, index, cx),
            (Role::Client(client), Msg::No { seq, hint }) => client.on_no(seq, hint, cx),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Consensus>) {
        match (self, timer) {
            (Role::Server(server), Timer::Raft(timer)) => {
                server.member.on_timer(timer, cx);
                server.after(cx);
            }
            (Role::Client(client), timer) => client.on_timer(&timer, cx),
            (Role::Server(_), _) => {}
        }
    }

    fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        if let Role::Server(server) = self {
            server.member.files(each);
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Server(server) => server.on_crash(),
            Role::Client(client) => client.on_crash(),
        }
    }

    fn on_restart(&mut self, cx: &mut Cx<'_, Consensus>) {
        match self {
            Role::Server(server) => {
                server.member.on_restart(cx);
                server.after(cx);
            }
            Role::Client(client) => client.wait_for_next(cx),
        }
    }

    fn on_knobs(&mut self, cx: &mut Cx<'_, Consensus>) {
        if let Role::Server(server) = self {
            server.member.on_knobs(cx);
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Server(server) => size_of::<Server>() + server.member.weight(),
            Role::Client(client) => size_of::<Client>() + client.finder.members().len() * 4,
        }
    }

    fn look(&self, _: &Consensus) -> Look {
        match self {
            Role::Server(server) => server.look(),
            Role::Client(client) => client.look(),
        }
    }
}
