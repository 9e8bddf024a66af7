//! What the knobs mean, and the nodes a run begins with.

use super::flow::Flow;
use super::history::{Offline, Past};
use super::machine::Machine;
use super::message::{Feature, Msg, Timer};
use super::model::Version;
use super::monitor::Watcher;
use super::online::Online;
use super::pool::Pool;
use super::registry::Registry;
use super::role::Role;
use super::router::Router;
use super::sched::Sched;
use super::store::Store;
use super::teams::Teams;
use super::truth::Truth;
use super::users::Users;
use super::watch::Ledger;
use super::{finally, view};
use crate::kernel::action::Action;
use crate::kernel::invariant::Lamps;
use crate::kernel::knob::Knobs;
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::view::{Ask, View};
use crate::kernel::world::World;
use crate::parts::asof::Reading;
use crate::parts::gang::Policy;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// A team of large gangs, one of middling ones, one of single GPUs.
    Mixed,
    Large,
    Small,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retrain {
    Never,
    Schedule,
    OnPsi,
    OnKs,
    OnLabels,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Off,
    /// By held-out rows, joined as the training set was.
    Joined,
    /// And by the features that serving logged for those rows.
    Logged,
}

pub struct Platform {
    pub machines: usize,
    pub gpus: u32,
    pub policy: Policy,
    pub gang: bool,
    quota: f64,
    pub quota_at_submit: bool,
    pub job_rate: f64,
    pub mix: Mix,
    pub job_length: Span,
    pub estimate: f64,
    pub checkpoint: Span,
    pub train_gpus: u32,
    pub train_time: Span,
    pub retrain: Retrain,
    pub retrain_every: Span,
    pub rows: usize,
    pub join: Reading,
    pub gate: Gate,
    pub min_auc: f64,
    pub in_place: bool,
    pub load_time: Span,
    pub on_trial: bool,
    pub share: f64,
    pub arm_rows: usize,
    pub people: usize,
    pub feed_rate: f64,
    pub persistence: f64,
    pub late_share: f64,
    pub late_by: Span,
    pub materialise: Span,
    pub cursor_is_time: bool,
    pub label_delay: Span,
    pub drift_per_min: f64,
    pub request_rate: f64,
    pub feature_timeout: Span,
    pub replicas: usize,
    pub work: Span,
    pub window: usize,
    pub psi_limit: f64,
    pub ks_chance: f64,
    trip: Delay,
}

pub fn refuses(knobs: &Knobs) -> Result<(), String> {
    let (train, total) = (knobs.int("train_gpus"), knobs.int("machines") * knobs.int("gpus"));
    if train > total {
        return Err(format!("knob `train_gpus` is {train}, but must be at most all GPUs there are: {total}"));
    }
    Ok(())
}

/// The past needs some life in it, whatever the rates of the present.
const PAST_EVENTS: f64 = 50.0;
const PAST_REQUESTS: f64 = 20.0;

/// How soon after the load's end.
const SOON: Span = Span::millis(100);

const USERS: NodeId = NodeId(0);
const ROUTER: NodeId = NodeId(1);
const POOLS: [NodeId; 2] = [NodeId(2), NodeId(3)];
const ONLINE: NodeId = NodeId(4);
const STORE: NodeId = NodeId(5);
const MONITOR: NodeId = NodeId(6);
const REGISTRY: NodeId = NodeId(7);
const FLOW: NodeId = NodeId(8);
const SCHED: NodeId = NodeId(9);
const MACHINES: u32 = 11;

impl Platform {
    pub fn total(&self) -> u32 {
        self.machines as u32 * self.gpus
    }

    /// What a team may hold, in whole GPUs.
    pub fn ceiling(&self) -> u32 {
        (f64::from(self.total()) * self.quota + 1e-9) as u32
    }

    /// A large gang: three eighths of the cluster.
    pub fn large(&self) -> u32 {
        (self.total() * 3 / 8).max(1)
    }

    pub fn middling(&self) -> u32 {
        (self.total() / 8).max(1)
    }

    /// The first version, made of the past as any later one will be made.
    fn first(&self, offline: &Offline, stage: &Stage<'_, Self>) -> Version {
        let set = offline.join(Reading::PointInTime, self.rows, |_, _, _| {});
        let model = set.train(&mut stage.rng("first version"));
        let marks = set.judge(&model);
        Version::of(1, &set, model, set.profile(), marks)
    }
}

impl System for Platform {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Ledger;

    fn configure(knobs: &Knobs) -> Platform {
        let trip = knobs.span("trip");
        Platform {
            machines: knobs.count("machines"),
            gpus: knobs.count("gpus") as u32,
            policy: Policy::named(knobs.choice("policy")),
            gang: knobs.on("gang"),
            quota: knobs.num("quota"),
            quota_at_submit: knobs.choice("quota_check") == "at-submit",
            job_rate: knobs.rate("job_rate").per_second(),
            mix: match knobs.choice("mix") {
                "large" => Mix::Large,
                "small" => Mix::Small,
                _ => Mix::Mixed,
            },
            job_length: knobs.span("job_length"),
            estimate: knobs.num("estimate"),
            checkpoint: knobs.span("checkpoint"),
            train_gpus: knobs.count("train_gpus") as u32,
            train_time: knobs.span("train_time"),
            retrain: match knobs.choice("retrain") {
                "schedule" => Retrain::Schedule,
                "psi" => Retrain::OnPsi,
                "ks" => Retrain::OnKs,
                "labels" => Retrain::OnLabels,
                _ => Retrain::Never,
            },
            retrain_every: knobs.span("retrain_every"),
            rows: knobs.count("rows"),
            join: Reading::named(knobs.choice("join")),
            gate: match knobs.choice("gate") {
                "off" => Gate::Off,
                "joined" => Gate::Joined,
                _ => Gate::Logged,
            },
            min_auc: knobs.num("min_auc"),
            in_place: knobs.choice("deploy") == "in-place",
            load_time: knobs.span("load_time"),
            on_trial: knobs.choice("promote") == "experiment",
            share: knobs.num("share"),
            arm_rows: knobs.count("arm_rows"),
            people: knobs.count("people"),
            feed_rate: knobs.rate("feed_rate").per_second(),
            persistence: knobs.num("persistence"),
            late_share: knobs.num("late_share"),
            late_by: knobs.span("late_by"),
            materialise: knobs.span("materialise"),
            cursor_is_time: knobs.choice("cursor") == "event-time",
            label_delay: knobs.span("label_delay"),
            drift_per_min: knobs.num("drift_per_min"),
            request_rate: knobs.rate("request_rate").per_second(),
            feature_timeout: knobs.span("feature_timeout"),
            replicas: knobs.count("replicas"),
            work: knobs.span("work"),
            window: knobs.count("window"),
            psi_limit: knobs.num("psi_limit"),
            ks_chance: knobs.num("ks_chance"),
            trip: Delay::with_jitter(trip, trip.times(0.2)),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Self>) {
        let mut truth = Truth::new(self.people, stage.rng("truth"));
        let past = Past {
            events: self.feed_rate.max(PAST_EVENTS),
            requests: self.request_rate.max(PAST_REQUESTS),
            persistence: self.persistence,
            late_share: self.late_share,
            late_by: self.late_by,
            label_delay: self.label_delay,
        };
        let offline = Offline::lived(&mut truth, &past);
        let first = Arc::new(self.first(&offline, stage));
        let latest = |who: u32| offline.person(who).and_then(|p| p.latest()).map(|r| (who, Feature { who, event: r.event, values: r.value }));
        let copy = (0..offline.people() as u32).filter_map(latest).collect();

        stage.add_one("users", Role::Users(Box::new(Users::new(truth, ROUTER, STORE, stage.rng("requests")))));
        stage.add_one("router", Role::Router(Router::new(POOLS)));
        for colour in super::COLOURS {
            stage.add_one(colour, Role::Pool(Box::new(Pool::new(ONLINE, STORE, MONITOR, REGISTRY, Arc::clone(&first)))));
        }
        stage.add_one("online", Role::Online(Online::new(STORE, copy)));
        stage.add_one("store", Role::Store(Box::new(Store::new(offline, ONLINE, MONITOR))));
        stage.add_one("monitor", Role::Monitor(Box::new(Watcher::new(REGISTRY, FLOW, Arc::clone(&first)))));
        stage.add_one("registry", Role::Registry(Box::new(Registry::new(&first, POOLS, ROUTER, MONITOR, FLOW))));
        stage.add_one("flow", Role::Flow(Box::new(Flow::new(SCHED, STORE, REGISTRY))));
        let machines = (0..self.machines as u32).map(|n| NodeId(MACHINES + n)).collect();
        stage.add_one("sched", Role::Sched(Box::new(Sched::new(machines, self.gpus))));
        stage.add_one("teams", Role::Teams(Box::new(Teams::new(SCHED, stage.rng("jobs")))));
        for _ in 0..self.machines {
            stage.add("m", Role::Machine(Machine::new(SCHED)));
        }
    }

    fn delay(&self, _from: &'static str, _to: &'static str) -> Delay {
        self.trip
    }

    fn act(stage: &mut Stage<'_, Self>, action: &Action) -> Result<(), String> {
        let now = stage.now();
        match action.name.as_str() {
            "drift" => {
                stage.with(MONITOR, |node, _| {
                    if let Role::Monitor(node) = node {
                        node.note(now);
                    }
                });
                stage.with(USERS, |node, _| {
                    if let Role::Users(node) = node {
                        node.drift(action);
                    }
                });
                Ok(())
            }
            "flood" => {
                stage.with(NodeId(MACHINES - 1), |node, cx| {
                    if let Role::Teams(node) = node {
                        node.flood(action, cx);
                    }
                });
                Ok(())
            }
            "rollback" => stage.with(REGISTRY, |node, cx| if let Role::Registry(node) = node { node.roll_back(cx) } else { Ok(()) }),
            name => {
                let broken = name == "bad-model";
                let begun = stage.with(FLOW, |node, cx| if let Role::Flow(node) = node { node.begin("by hand", broken, cx) } else { false });
                if begun { Ok(()) } else { Err("too many runs are open: wait until one has ended".into()) }
            }
        }
    }

    /// Housekeeping does not keep the world awake: whoever may still have something to do looks once more.
    fn on_drain(stage: &mut Stage<'_, Self>) {
        let now = stage.now();
        stage.watch().drained = Some(now);
        for id in [STORE, FLOW, SCHED] {
            if stage.is_up(id) {
                stage.with(id, |node, cx| match node {
                    Role::Store(node) => node.drain(cx),
                    _ => {
                        cx.after(SOON, Timer::Tick);
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
