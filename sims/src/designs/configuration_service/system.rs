//! What the knobs mean, who is there at the start, and what can be done to it.

use super::app::App;
use super::machine::Machine;
use super::message::{Msg, Timer};
use super::node::Role;
use super::server::Server;
use super::streams::Tag;
use super::watch::{ConfigWatch, Fact};
use super::watcher::Watcher;
use super::watching::Watching;
use super::{finally, view};
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
use crate::parts::raft;
use crate::parts::watches::Missing;
use crate::parts::zipf::Zipf;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadMode {
    Linearizable,
    Leader,
    Follower,
    Cache,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    /// One transaction that compares what was read.
    Compare,
    /// One transaction that compares nothing.
    Blind,
    /// Compares, but writes item and manifest one after the other.
    Split,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notify {
    Watch,
    Poll,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    Revision,
    Now,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    Full,
    Granted,
    Forget,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewals {
    Confirmed,
    Local,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseClock {
    Monotonic,
    Wall,
}

pub struct Config {
    pub rate: f64,
    pub write_share: f64,
    pub zipf: Zipf,
    pub read_mode: ReadMode,
    pub writes: Writes,
    pub services: u32,
    pub servers: usize,
    pub watchers: u32,
    pub hosts: u32,
    pub apps: u32,
    pub holders: u32,
    pub notify: Notify,
    pub poll_every: Span,
    /// How a watcher that lost its server waits before it tries another.
    pub retry: Policy,
    pub resume: Resume,
    pub missing: Missing,
    pub progress: bool,
    pub progress_every: Span,
    pub require_leader: bool,
    pub keep: Span,
    pub room: u32,
    pub slow_share: f64,
    pub slow_time: Span,
    pub ttl: Span,
    pub takeover: Takeover,
    pub renewals: Renewals,
    pub lease_clock: LeaseClock,
    pub connect_cost: Span,
    pub push_cost: Span,
    pub read_cost: Span,
    pub shed: Span,
    pub patience: Span,
    pub fsync: Span,
    /// Jobs that fill a server's bar in the diagram.
    pub queue_shown: f64,
    raft: raft::Config,
}

/// Those who march in step try again after this.
const IN_STEP: Span = Span::secs(1);
const BACKOFF_CAP: Span = Span::secs(16);

fn retry(knobs: &Knobs) -> Policy {
    let spread = knobs.span("spread");
    let forever = |base, cap, factor, jitter| Policy { base, factor, cap, retries: u32::MAX, jitter };
    match knobs.choice("reconnect") {
        "in-step" => forever(IN_STEP, IN_STEP, 1.0, Jitter::None),
        "backoff" => forever(IN_STEP, BACKOFF_CAP, 2.0, Jitter::None),
        // The first wait is anywhere within the spread, later ones within twice as much.
        _ => forever(spread, spread + spread, 2.0, Jitter::Full),
    }
}

impl System for Config {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = ConfigWatch;

    fn configure(knobs: &Knobs) -> Self {
        let election = knobs.span("election");
        let raft = raft::Config {
            election_min: election,
            election_spread: election,
            heartbeat: Span(election.0 / 10),
            check_quorum: knobs.on("check_quorum"),
            snapshot_after: knobs.int("snapshot_after") as u64,
            snapshot_keep: knobs.int("snapshot_after") as u64 / 10,
            ..raft::Config::default()
        };
        Config {
            rate: knobs.rate("base_rate").per_second(),
            write_share: knobs.num("write_share"),
            zipf: Zipf::new(knobs.count("services"), knobs.num("skew")),
            read_mode: match knobs.choice("read_mode") {
                "leader" => ReadMode::Leader,
                "follower" => ReadMode::Follower,
                "cache" => ReadMode::Cache,
                _ => ReadMode::Linearizable,
            },
            writes: match knobs.choice("writes") {
                "blind" => Writes::Blind,
                "split" => Writes::Split,
                _ => Writes::Compare,
            },
            services: knobs.int("services") as u32,
            servers: knobs.count("servers"),
            watchers: knobs.int("watchers") as u32,
            hosts: knobs.int("hosts") as u32,
            apps: knobs.int("apps") as u32,
            holders: knobs.int("holders") as u32,
            notify: if knobs.choice("notify") == "poll" { Notify::Poll } else { Notify::Watch },
            poll_every: knobs.span("poll_every"),
            retry: retry(knobs),
            resume: if knobs.choice("resume") == "now" { Resume::Now } else { Resume::Revision },
            missing: if knobs.choice("gap") == "skip" { Missing::Skipped } else { Missing::Told },
            progress: knobs.on("progress"),
            progress_every: Span::secs(1),
            require_leader: knobs.on("require_leader"),
            keep: knobs.span("keep"),
            room: knobs.int("room") as u32,
            slow_share: knobs.num("slow_share"),
            slow_time: knobs.span("slow_time"),
            ttl: knobs.span("ttl"),
            takeover: match knobs.choice("takeover") {
                "granted-time" => Takeover::Granted,
                "forget" => Takeover::Forget,
                _ => Takeover::Full,
            },
            renewals: if knobs.choice("renewals") == "local" { Renewals::Local } else { Renewals::Confirmed },
            lease_clock: if knobs.choice("lease_clock") == "wall" { LeaseClock::Wall } else { LeaseClock::Monotonic },
            connect_cost: knobs.span("connect_cost"),
            push_cost: knobs.span("push_cost"),
            read_cost: knobs.span("read_cost"),
            shed: knobs.span("shed"),
            patience: knobs.span("patience"),
            fsync: knobs.span("fsync"),
            queue_shown: 100.0,
            raft,
        }
    }

    /// Servers first, then hosts, then applications; every watch stands already.
    fn build(&self, stage: &mut Stage<'_, Self>) {
        let machine = Machine::with(self.services);
        let newest = machine.store.revision();
        let servers: Vec<NodeId> = (0..self.servers).map(|_| stage.add("s", Role::Server(Box::new(Server::new(machine.clone(), self))))).collect();
        for id in &servers {
            stage.with(*id, |role, _| {
                if let Role::Server(server) = role {
                    server.found(&servers);
                }
            });
        }
        let mut first = 0;
        for host in 0..self.hosts {
            let count = self.watchers / self.hosts + u32::from(host < self.watchers % self.hosts);
            let slow = (f64::from(count) * self.slow_share + 0.5) as u32;
            let all = (0..count).map(|place| Watcher::new(Some((first + place) % self.services), self.services, newest, place < slow)).collect();
            let id = stage.add("w", Role::Host(Box::new(Watching::new(servers.clone(), first, all))));
            self.begin_watches(stage, id, &servers, newest);
            first += count;
        }
        for number in 0..self.apps {
            let cache = vec![Watcher::new(None, self.services, newest, false)];
            let watching = Watching::new(servers.clone(), first, cache);
            let holders = (0..self.holders).filter(|holder| holder % self.apps == number).collect();
            let load = Rng::numbered(stage.rng("load").u64(), "app", u64::from(number));
            let id = stage.add("app", Role::App(Box::new(App::new(number, &servers, watching, holders, load))));
            self.begin_watches(stage, id, &servers, newest);
            first += 1;
        }
        stage.watch().begin(first, newest);
    }

    fn delay(&self, from: &'static str, to: &'static str) -> Delay {
        match (from, to) {
            // Servers stand in three zones of one region.
            ("s", "s") => Delay::with_jitter(Span::micros(400), Span::micros(100)),
            _ => Delay::with_jitter(Span::micros(250), Span::micros(50)),
        }
    }

    fn disk(&self, _: &'static str) -> Disk {
        Disk { sync: Delay::fixed(self.fsync), torn: false, metric: None }
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "compact" => {
                let leader = leader(stage)?;
                let done = stage.with(leader, |role, cx| if let Role::Server(server) = role { server.compact_all(cx) } else { false });
                if done { Ok(()) } else { Err("the leader is not in office yet".into()) }
            }
            "disconnect" => {
                for id in chosen_servers(stage, action.text("node").unwrap_or("all"))? {
                    stage.with(id, |role, cx| {
                        if let Role::Server(server) = role {
                            server.close_streams(cx);
                        }
                    });
                }
                Ok(())
            }
            "crash-leader" => {
                let leader = leader(stage)?;
                let name = stage.name(leader).to_string();
                crate::kernel::inflict::inflict(stage, &Action { name: "crash".into(), args: vec![("node".into(), crate::kernel::value::Value::Text(name))] })
                    .unwrap_or(Ok(()))
            }
            "isolate-leader" => {
                let leader = leader(stage)?;
                let name = stage.name(leader).to_string();
                let others: Vec<String> = stage.role("s").into_iter().filter(|id| *id != leader).map(|id| stage.name(id).to_string()).collect();
                if others.is_empty() {
                    return Err("it is the only server".into());
                }
                let groups = format!("{name} | {}", others.join(" "));
                let args = vec![("groups".into(), crate::kernel::value::Value::Text(groups))];
                crate::kernel::inflict::inflict(stage, &Action { name: "partition".into(), args }).unwrap_or(Ok(()))
            }
            "update" => {
                let (n, service) = (action.int("n").unwrap_or(1), action.int("service").unwrap_or(1) as u32);
                let services = stage.system().services;
                if service > services {
                    return Err(format!("service is {service}, but must be 1 to {services}"));
                }
                let apps = stage.role("app");
                for turn in 0..n as usize {
                    stage.with(apps[turn % apps.len()], |role, cx| {
                        if let Role::App(app) = role {
                            app.update(service - 1, cx);
                        }
                    });
                }
                Ok(())
            }
            other => Err(format!("`{other}` is not done here")),
        }
    }

    fn on_drain(stage: &mut Stage<'_, Self>) {
        for id in stage.all_up() {
            stage.with(id, |role, cx| match role {
                Role::Server(server) => server.drain(cx),
                Role::Host(watching) => watching.settle(0, cx),
                Role::App(app) => app.watching.settle(0, cx),
            });
        }
    }

    fn finally(world: &World<Self>, lamps: &mut Lamps) {
        finally::judge(world, lamps);
    }

    fn pane(world: &World<Self>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

impl Config {
    /// Spreads a node's watchers over the servers, round robin.
    fn begin_watches(&self, stage: &mut Stage<'_, Self>, host: NodeId, servers: &[NodeId], newest: u64) {
        if self.notify == Notify::Poll {
            return;
        }
        let watching = |role: &Role| match role {
            Role::Host(watching) => (watching.first, watching.all.iter().map(Watcher::keys).collect::<Vec<_>>()),
            Role::App(app) => (app.watching.first, app.watching.all.iter().map(Watcher::keys).collect()),
            Role::Server(_) => (0, Vec::new()),
        };
        let (first, keys) = watching(stage.node(host));
        for (place, keys) in keys.into_iter().enumerate() {
            let number = first + place as u32;
            let server = number as usize % servers.len();
            let tag = Tag { host, watcher: number };
            let room = self.room;
            let id = stage.with(servers[server], |role, _| match role {
                Role::Server(s) => s.streams.found(tag, 1, keys, newest, room),
                _ => 0,
            });
            stage.with(host, |role, _| match role {
                Role::Host(watching) => watching.found(place as u32, server, id),
                Role::App(app) => app.watching.found(place as u32, server, id),
                Role::Server(_) => {}
            });
        }
    }
}

fn leader(stage: &Stage<'_, Config>) -> Result<NodeId, String> {
    let leads = |id: &NodeId| matches!(stage.node(*id), Role::Server(server) if server.tenure.in_office) && stage.is_up(*id);
    let term = |id: &NodeId| if let Role::Server(server) = stage.node(*id) { server.member.term() } else { 0 };
    stage.role("s").into_iter().filter(leads).max_by_key(term).ok_or_else(|| "nobody leads now".into())
}

fn chosen_servers(stage: &Stage<'_, Config>, name: &str) -> Result<Vec<NodeId>, String> {
    let servers: Vec<NodeId> = stage.role("s").into_iter().filter(|id| stage.is_up(*id)).collect();
    if name == "all" {
        return Ok(servers);
    }
    let id = stage.find(name)?;
    if stage.role("s").contains(&id) {
        Ok(servers.into_iter().filter(|s| *s == id).collect())
    } else {
        Err(format!("`{name}` is no server: s1 to s{}", stage.role("s").len()))
    }
}

impl raft::Host for Config {
    type Machine = Machine;

    fn raft(&self) -> &raft::Config {
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
}

/// Knobs that make no sense together.
///
/// # Errors
/// Which, and what is allowed.
pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (ttl, election) = (knobs.span("ttl"), knobs.span("election"));
    if ttl < election + election {
        return Err(format!("ttl is {ttl}, but must be at least twice the election time-out of {election}: every change of leader would end leases"));
    }
    let (patience, fsync) = (knobs.span("patience"), knobs.span("fsync"));
    if patience <= fsync * 2 {
        return Err(format!("patience is {patience}, but must be more than two syncs of {fsync}: no write would be answered in time"));
    }
    if knobs.int("hosts") > knobs.int("watchers").max(1) {
        return Err(format!("hosts is {}, but must be at most the {} watchers", knobs.int("hosts"), knobs.int("watchers")));
    }
    Ok(())
}
