//! What the knobs mean, who is there, and what can be done to it.

use super::bank::Bank;
use super::client::Client;
use super::coord::{Coord, Phase};
use super::metrics;
use super::step::{self, Step};
use super::view;
use super::watch::{self, Shadow};
use super::wire::{Msg, Timer};
use crate::kernel::action::Action;
use crate::kernel::cx::Cx;
use crate::kernel::disk::{Disk, File};
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{Look, Node, NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::{Span, Time};
use crate::kernel::view::{Ask, State, View};
use crate::kernel::world::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    TwoPhase,
    ThreePhase,
    /// Orchestrated.
    Saga,
    Choreography,
}

pub const PROTOCOLS: &[&str] = &["2pc", "3pc", "saga", "choreography"];

/// Everyone knows everyone by the order in which they are built.
pub const COORD: NodeId = NodeId(0);
pub const CLIENT: NodeId = NodeId(1);

pub fn bank_id(bank: u8) -> NodeId {
    NodeId(2 + u32::from(bank))
}

#[derive(Debug)]
pub struct Banking {
    pub protocol: Protocol,
    pub banks: usize,
    pub legs: usize,
    pub accounts: usize,
    pub hot_accounts: usize,
    pub opening: i64,
    pub rate: f64,
    pub reads: f64,
    pub hot_share: f64,
    pub refusals: f64,
    latency: Span,
    fsync: Span,
    pub wait_die: bool,
    pub lock_wait: Span,
    pub vote_timeout: Span,
    pub decision_timeout: Span,
    pub retry: Span,
    pub attempts: u32,
    pub log_decision: bool,
    pub await_acks: bool,
    pub abort_on_error: bool,
    pub force_votes: bool,
    pub relock: bool,
    pub read_locks: bool,
    pub idempotent: bool,
}

impl Banking {
    pub fn choreography(&self) -> bool {
        self.protocol == Protocol::Choreography
    }

    pub fn is_saga(&self) -> bool {
        matches!(self.protocol, Protocol::Saga | Protocol::Choreography)
    }
}

/// Refuses what makes no sense together.
pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (banks, legs) = (knobs.count("banks"), knobs.count("legs"));
    if legs > banks {
        return Err(format!("`legs` is {legs}, but each leg is at a bank of its own: at most {banks}, as many as `banks`"));
    }
    let (accounts, hot) = (knobs.count("accounts"), knobs.count("hot_accounts"));
    if hot > accounts {
        return Err(format!("`hot_accounts` is {hot}, but a bank has `accounts` of {accounts}"));
    }
    let (votes, decision) = (knobs.span("vote_timeout"), knobs.span("decision_timeout"));
    if decision <= votes {
        return Err(format!(
            "`decision_timeout` is {decision}, but must be above the `vote_timeout` of {votes}: else a slow vote is taken for a dead coordinator"
        ));
    }
    Ok(())
}

impl System for Banking {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Shadow;

    fn configure(knobs: &Knobs) -> Banking {
        Banking {
            protocol: match knobs.choice("protocol") {
                "2pc" => Protocol::TwoPhase,
                "3pc" => Protocol::ThreePhase,
                "saga" => Protocol::Saga,
                _ => Protocol::Choreography,
            },
            banks: knobs.count("banks"),
            legs: knobs.count("legs"),
            accounts: knobs.count("accounts"),
            hot_accounts: knobs.count("hot_accounts"),
            opening: knobs.int("opening"),
            rate: knobs.rate("rate").per_second(),
            reads: knobs.rate("reads").per_second(),
            hot_share: knobs.num("hot_share"),
            refusals: knobs.num("refusals"),
            latency: knobs.span("latency"),
            fsync: knobs.span("fsync"),
            wait_die: knobs.choice("deadlock") == "wait-die",
            lock_wait: knobs.span("lock_wait"),
            vote_timeout: knobs.span("vote_timeout"),
            decision_timeout: knobs.span("decision_timeout"),
            retry: knobs.span("retry"),
            attempts: knobs.count("attempts") as u32,
            log_decision: knobs.on("log_decision"),
            await_acks: knobs.on("await_acks"),
            abort_on_error: knobs.on("abort_on_error"),
            force_votes: knobs.on("force_votes"),
            relock: knobs.on("relock"),
            read_locks: knobs.on("read_locks"),
            idempotent: knobs.on("idempotent"),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Banking>) {
        stage.add_one("coord", Role::Coord(Coord::new()));
        let client = Client::new(stage.rng("transfers"), stage.rng("reads"), stage.rng("accounts"));
        stage.add_one("client", Role::Client(client));
        for bank in 0..self.banks {
            stage.add("bank", Role::Bank(Box::new(Bank::new(bank as u8))));
        }
    }

    fn delay(&self, _from: &'static str, _to: &'static str) -> Delay {
        Delay::with_jitter(self.latency, self.latency.times(0.1))
    }

    fn disk(&self, role: &'static str) -> Disk {
        let metric = (role != "client").then_some(metrics::FSYNC);
        Disk { sync: Delay::with_jitter(self.fsync, self.fsync.times(0.1)), torn: false, metric }
    }

    fn act(stage: &mut Stage<'_, Banking>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "transfer" => {
                let (hot, refused) = (action.on("hot"), action.on("refused"));
                for _ in 0..action.int("n").unwrap_or(1) {
                    with_client(stage, |client, cx| client.transfer(hot, refused, cx))?;
                }
                Ok(())
            }
            "read" => with_client(stage, |client, cx| client.read(0, cx)),
            "crash-at" => crash_at(stage, action),
            _ => {
                let until = stage.now() + action.span("for").unwrap_or(Span::secs(5));
                for id in stage.select(action.text("node").unwrap_or_default())? {
                    stage.with(id, |role, _| {
                        if let Role::Bank(bank) = role {
                            bank.refusing = until;
                        }
                    });
                }
                Ok(())
            }
        }
    }

    fn on_drain(stage: &mut Stage<'_, Banking>) {
        for id in stage.select("all").unwrap_or_default() {
            stage.with(id, |role, _| match role {
                Role::Coord(coord) => coord.fuse.disarm(),
                Role::Bank(bank) => {
                    bank.fuse.disarm();
                    bank.refusing = Time::ZERO;
                }
                Role::Client(_) => {}
            });
        }
    }

    fn finally(world: &World<Banking>, lamps: &mut Lamps) {
        watch::judge_at_last(world, lamps);
    }

    fn pane(world: &World<Banking>, pane: &str, ask: &Ask) -> View {
        view::pane(world, pane, ask)
    }
}

fn with_client(stage: &mut Stage<'_, Banking>, f: impl FnOnce(&mut Client, &mut Cx<'_, Banking>)) -> Result<(), String> {
    if !stage.is_up(CLIENT) {
        return Err("`client` is not running".into());
    }
    stage.with(CLIENT, |role, cx| {
        if let Role::Client(client) = role {
            f(client, cx);
        }
    });
    Ok(())
}

fn crash_at(stage: &mut Stage<'_, Banking>, action: &Action) -> Result<(), String> {
    let id = stage.find(action.text("node").unwrap_or_default())?;
    let Some(step) = action.text("step").and_then(Step::named) else { return Err("no such step".into()) };
    let (nth, back, name) = (action.int("nth").unwrap_or(1) as u32, action.span("for"), stage.name(id).to_string());
    stage.with(id, |role, _| match role {
        Role::Coord(coord) if step.is_at_coord() => {
            coord.fuse.arm(step, nth, back);
            Ok(())
        }
        Role::Bank(bank) if step.is_at_bank() => {
            bank.fuse.arm(step, nth, back);
            Ok(())
        }
        Role::Client(_) => Err("`client` takes no part in a protocol: name `coord` or a bank".into()),
        Role::Coord(_) => Err(format!("`{name}` never comes to `{}`; its steps are: {}", step.name(), step::list(true))),
        Role::Bank(_) => Err(format!("`{name}` never comes to `{}`; its steps are: {}", step.name(), step::list(false))),
    })
}

#[derive(Clone)]
pub enum Role {
    Coord(Coord),
    Client(Client),
    Bank(Box<Bank>),
}

impl Node<Banking> for Role {
    fn files(&mut self, each: &mut dyn FnMut(&mut dyn File)) {
        match self {
            Role::Coord(coord) => coord.files(each),
            Role::Bank(bank) => {
                each(&mut bank.log);
                each(&mut bank.saved);
            }
            Role::Client(_) => {}
        }
    }

    fn on_start(&mut self, cx: &mut Cx<'_, Banking>) {
        match self {
            Role::Coord(_) => {}
            Role::Client(client) => client.start(cx),
            Role::Bank(bank) => bank.start(cx),
        }
    }

    fn on_restart(&mut self, cx: &mut Cx<'_, Banking>) {
        match self {
            Role::Coord(coord) => coord.restart(cx),
            Role::Client(client) => client.start(cx),
            Role::Bank(bank) => bank.restart(cx),
        }
    }

    fn on_crash(&mut self) {
        match self {
            Role::Coord(coord) => coord.crash(),
            Role::Client(client) => client.crash(),
            Role::Bank(bank) => bank.crash(),
        }
    }

    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Banking>) {
        match self {
            Role::Coord(coord) => coord.on_msg(from, msg, cx),
            Role::Client(client) => client.on_msg(&msg, cx),
            Role::Bank(bank) => bank.on_msg(from, msg, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Cx<'_, Banking>) {
        match self {
            Role::Coord(coord) => coord.on_timer(timer, cx),
            Role::Client(client) => client.on_timer(&timer, cx),
            Role::Bank(bank) => bank.on_timer(&timer, cx),
        }
    }

    fn weight(&self) -> usize {
        match self {
            Role::Coord(coord) => coord.weight(),
            Role::Client(client) => client.weight(),
            Role::Bank(bank) => std::mem::size_of::<Bank>() + bank.weight(),
        }
    }

    fn look(&self, system: &Banking) -> Look {
        match self {
            Role::Client(client) => Look { label: format!("{} of {} done", client.done, client.asked), state: busy(client.waiting() > 0), fill: None },
            Role::Coord(coord) => look_of_coord(coord, system),
            Role::Bank(bank) => look_of_bank(bank, system),
        }
    }
}

fn busy(is: bool) -> State {
    if is { State::Busy } else { State::Idle }
}

fn look_of_coord(coord: &Coord, system: &Banking) -> Look {
    let label = match system.protocol {
        Protocol::Choreography => "nobody leads".to_string(),
        Protocol::Saga => {
            let back = coord.sagas.values().filter(|saga| saga.back).count();
            format!("{} forward, {back} back", coord.sagas.len() - back)
        }
        _ => {
            let open = coord.count(&[Phase::Voting, Phase::Logging, Phase::PreCommitting, Phase::Raised]);
            format!("{open} voting, {} telling", coord.count(&[Phase::Telling]))
        }
    };
    let label = coord.fuse.armed().map_or(label, |step| format!("crashes at {step}"));
    let state = if system.choreography() { State::Idle } else { State::Leader };
    Look { label, state, fill: None }
}

fn look_of_bank(bank: &Bank, system: &Banking) -> Look {
    let (locks, waiting, doubts) = (bank.locks.held(), bank.locks.waiting(), bank.asking.len());
    let mut label = format!("{locks} locked");
    for (n, what) in [(waiting, "wait"), (doubts, "in doubt"), (bank.book.owed.len(), "to pass on")] {
        if n > 0 {
            label.push_str(&format!(", {n} {what}"));
        }
    }
    let label = bank.fuse.armed().map_or(label, |step| format!("crashes at {step}"));
    let state = if bank.leads.is_empty() { if doubts > 0 { State::Warn } else { busy(locks > 0) } } else { State::Leader };
    Look { label, state, fill: Some((locks as f64 / system.accounts as f64).min(1.0)) }
}
