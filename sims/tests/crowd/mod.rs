//! A crowd: clients that ask servers, as many as wanted, of whom some join and leave while it runs.

use sims::kernel::action::Action;
use sims::kernel::cx::Cx;
use sims::kernel::design::{Design, Spec, no_conflicts};
use sims::kernel::faults;
use sims::kernel::invariant::Lamps;
use sims::kernel::knob::{Knob, Knobs};
use sims::kernel::metric::{Fold, Id, MetricSpec};
use sims::kernel::network::Delay;
use sims::kernel::node::{Look, Message, Node, NodeId, System, Watch};
use sims::kernel::run::Run;
use sims::kernel::stage::Stage;
use sims::kernel::time::{Span, Time};
use sims::kernel::value::Kind;
use sims::kernel::view::State;
use sims::kernel::world;

pub struct Crowd {
    clients: usize,
    servers: usize,
    pause: Span,
}

#[derive(Clone)]
pub enum Role {
    Client { servers: Vec<NodeId>, next: usize },
    Server { asked: u64 },
}

#[derive(Clone)]
pub enum Msg {
    Ask,
    Answer,
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Ask => "ask",
            Msg::Answer => "answer",
        }
    }
}

#[derive(Clone, Default)]
pub struct Nothing;

impl Watch<Crowd> for Nothing {
    type Fact = ();
    fn see(&mut self, _: Time, (): (), _: &Crowd, lamps: &mut Lamps) {
        lamps.count(ANSWERS, 1);
    }
}

impl System for Crowd {
    type Node = Role;
    type Msg = Msg;
    type Timer = ();
    type Watch = Nothing;
    fn configure(knobs: &Knobs) -> Crowd {
        Crowd { clients: knobs.count("clients"), servers: knobs.count("servers"), pause: knobs.span("pause") }
    }
    fn build(&self, stage: &mut Stage<'_, Crowd>) {
        // Servers last, so that each client's only receivers have high numbers.
        for _ in 0..self.clients {
            stage.add("client", Role::Client { servers: Vec::new(), next: 0 });
        }
        for _ in 0..self.servers {
            stage.add("server", Role::Server { asked: 0 });
        }
        tell(stage);
    }
    fn delay(&self, _: &'static str, to: &'static str) -> Delay {
        Delay::fixed(Span::millis(if to == "late" { 500 } else { 10 }))
    }
    fn act(stage: &mut Stage<'_, Crowd>, action: &Action) -> Result<(), String> {
        match action.name.as_str() {
            "leave" => {
                let id = stage.find(action.text("node").unwrap_or_default())?;
                stage.remove(id);
            }
            _ if action.text("node") == Some("late") => drop(stage.add("late", Role::Server { asked: 0 })),
            _ => drop(stage.add("server", Role::Server { asked: 0 })),
        }
        tell(stage);
        Ok(())
    }
}

/// Clients learn of the servers.
fn tell(stage: &mut Stage<'_, Crowd>) {
    let mut all = stage.role("server");
    all.extend(stage.role("late"));
    for id in stage.role("client") {
        stage.with(id, |node, _| {
            if let Role::Client { servers, .. } = node {
                servers.clone_from(&all);
            }
        });
    }
}

impl Node<Crowd> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, Crowd>) {
        if let Role::Client { .. } = self {
            let pause = cx.system().pause;
            let wait = cx.rng().below(pause.0.max(1));
            cx.background(Span(wait), ());
        }
    }
    fn on_msg(&mut self, from: NodeId, msg: Msg, cx: &mut Cx<'_, Crowd>) {
        match (self, msg) {
            (Role::Server { asked }, Msg::Ask) => {
                *asked += 1;
                cx.gauge(ASKED, *asked as f64);
                cx.gauge(BUSIEST, *asked as f64);
                cx.send(from, Msg::Answer);
            }
            (Role::Client { .. }, Msg::Answer) => cx.fact(()),
            _ => {}
        }
    }
    fn on_timer(&mut self, (): (), cx: &mut Cx<'_, Crowd>) {
        let Role::Client { servers, next } = self else { return };
        *next = (*next + 1) % servers.len().max(1);
        if let Some(server) = servers.get(*next) {
            cx.send(*server, Msg::Ask);
        }
        cx.background(cx.system().pause, ());
    }
    fn weight(&self) -> usize {
        if let Role::Client { servers, .. } = self { servers.capacity() * std::mem::size_of::<NodeId>() } else { 0 }
    }
    fn look(&self, _: &Crowd) -> Look {
        let label = if let Role::Server { asked } = self { format!("{asked} asked") } else { String::new() };
        Look { label, state: State::Busy, fill: Some(0.5) }
    }
}

const ASKED: Id = Id(0);
const BUSIEST: Id = Id(1);
const ANSWERS: Id = Id(2);

pub static DESIGN: Design = Design {
    id: "crowd",
    title: "",
    teaches: "",
    leaves_out: "",
    knobs: &[
        Knob::at_start("clients", Kind::Integer { min: 1, max: 20_000 }, "3", "clients"),
        Knob::at_start("servers", Kind::Integer { min: 1, max: 100 }, "3", "servers"),
        Knob::live("pause", Kind::Duration { min: Span(1_000), max: Span::secs(10) }, "100ms", "between two questions of a client"),
    ],
    actions: &[],
    faults: &[faults::MACHINES, faults::MEMBERS, &["cut", "heal", "partition", "slow"]],
    metrics: &[
        MetricSpec::levels(ASKED, "asked", Fold::Sum, "questions at the servers that are up"),
        MetricSpec::levels(BUSIEST, "busiest", Fold::Most, "questions at the one that has most"),
        MetricSpec::counter(ANSWERS, "answers", "questions answered"),
    ],
    reasons: &[],
    invariants: &[],
    safeguards: &[],
    panes: &[],
    charts: &[],
    refuses: no_conflicts,
    start: world::start::<Crowd>,
    benches: &[],
};

pub fn start(set: &[(&str, &str)]) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    set.iter().for_each(|(knob, value)| spec.set(knob, value).unwrap());
    spec.start().unwrap()
}
