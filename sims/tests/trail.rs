//! What led to a broken law: the chain of a known break, on a design of three nodes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use sims::kernel::action::Action;
use sims::kernel::cx::Cx;
use sims::kernel::design::{Design, Spec, no_conflicts};
use sims::kernel::faults;
use sims::kernel::invariant::{InvariantKind, InvariantSpec, Lamps};
use sims::kernel::knob::Knobs;
use sims::kernel::network::Delay;
use sims::kernel::node::{Look, Message, Node, NodeId, System, Watch};
use sims::kernel::run::{Occasion, Run};
use sims::kernel::stage::Stage;
use sims::kernel::time::{Span, Time};
use sims::kernel::trail::Linked;
use sims::kernel::view::{Ask, State, View, What};
use sims::kernel::world;

/// A client asks a server every second; the server writes to a store; the store must not be written to twice.
struct Toy;

#[derive(Clone)]
enum Role {
    Client { server: NodeId },
    Server { store: NodeId },
    Store { writes: u64 },
}

#[derive(Clone)]
enum Msg {
    Put,
    Write,
}

impl Message for Msg {
    fn label(&self) -> &'static str {
        match self {
            Msg::Put => "put",
            Msg::Write => "write",
        }
    }
}

#[derive(Clone, Default)]
struct Once;

impl Watch<Toy> for Once {
    type Fact = u64;
    fn see(&mut self, now: Time, writes: u64, _: &Toy, lamps: &mut Lamps) {
        lamps.judge(0, now, writes < 2, || format!("{writes} writes"));
    }
}

impl System for Toy {
    type Node = Role;
    type Msg = Msg;
    type Timer = ();
    type Watch = Once;
    fn configure(_: &Knobs) -> Toy {
        Toy
    }
    fn build(&self, stage: &mut Stage<'_, Toy>) {
        let store = stage.add_one("store", Role::Store { writes: 0 });
        let server = stage.add_one("server", Role::Server { store });
        stage.add_one("client", Role::Client { server });
    }
    fn delay(&self, _: &'static str, _: &'static str) -> Delay {
        Delay::fixed(Span::millis(10))
    }
    fn act(_: &mut Stage<'_, Toy>, action: &Action) -> Result<(), String> {
        Err(action.told())
    }
}

impl Node<Toy> for Role {
    fn on_start(&mut self, cx: &mut Cx<'_, Toy>) {
        if let Role::Client { .. } = self {
            cx.background(Span::secs(1), ());
        }
    }
    fn on_msg(&mut self, _: NodeId, _: Msg, cx: &mut Cx<'_, Toy>) {
        match self {
            Role::Server { store } => {
                let store = *store;
                cx.send_after(Span::millis(5), store, Msg::Write);
            }
            Role::Store { writes } => {
                *writes += 1;
                cx.fact(*writes);
            }
            Role::Client { .. } => {}
        }
    }
    fn on_timer(&mut self, (): (), cx: &mut Cx<'_, Toy>) {
        if let Role::Client { server } = self {
            cx.send(*server, Msg::Put);
            cx.background(Span::secs(1), ());
        }
    }
    fn look(&self, _: &Toy) -> Look {
        Look { label: String::new(), state: State::Idle, fill: None }
    }
}

static DESIGN: Design = Design {
    id: "trail-toy",
    title: "",
    teaches: "",
    leaves_out: "",
    knobs: &[],
    actions: &[],
    faults: faults::NETWORK,
    metrics: &[],
    reasons: &[],
    invariants: &[InvariantSpec { id: "once", kind: InvariantKind::Always, says: "the store is written to once" }],
    safeguards: &[],
    panes: &[],
    charts: &[],
    refuses: no_conflicts,
    start: world::start::<Toy>,
    benches: &[],
};

const STORE: u32 = 0;
const SERVER: u32 = 1;
const CLIENT: u32 = 2;

fn start(script: &[&str]) -> Box<dyn Run> {
    let mut spec = Spec::new(&DESIGN);
    spec.script = script.iter().map(|step| DESIGN.read_step(step).unwrap()).collect();
    spec.start().unwrap()
}

fn links(run: &dyn Run) -> Vec<(u64, Linked)> {
    run.chains()[0].links.iter().map(|link| (link.at.0 / 1_000_000, link.what.clone())).collect()
}

/// The second request: the client's timer, what it sent, what the server sent.
fn expected() -> Vec<(u64, Linked)> {
    vec![
        (2_000, Linked::Event(Occasion::Timer { node: CLIENT })),
        (2_010, Linked::Event(Occasion::Message { label: "put", from: CLIENT, to: SERVER })),
        (2_025, Linked::Event(Occasion::Message { label: "write", from: SERVER, to: STORE })),
    ]
}

#[test]
fn the_chain_of_a_break_is_what_led_to_it_and_nothing_else() {
    let mut run = start(&[]);
    run.follow();
    run.advance(Time::from_secs(5));
    assert_eq!(run.chains().len(), 1, "the first break alone is told");
    assert_eq!((run.chains()[0].lamp, run.chains()[0].cut, links(&*run)), ("once", false, expected()));
    assert_eq!(run.node_name(SERVER), "server");
}

#[test]
fn a_replay_finds_the_chain_again_and_following_changes_nothing() {
    let (mut run, mut unfollowed) = (start(&[]), start(&[]));
    run.follow();
    run.advance(Time(2_012_000_000));
    let mut replay = run.fork();
    replay.advance(Time::from_secs(3));
    unfollowed.advance(Time::from_secs(3));
    assert_eq!(links(&*replay), expected());
    assert_eq!(replay.digest(), unfollowed.digest());
    assert!(unfollowed.chains().is_empty() && run.chains().is_empty());
}

#[test]
fn what_was_done_from_outside_is_the_root_of_what_it_caused() {
    let mut run = start(&["2.005s=pause:node=server", "3.5s=resume:node=server"]);
    run.follow();
    run.advance(Time::from_secs(4));
    let chain = links(&*run);
    assert_eq!(chain[0], (3_500, Linked::Act("resume node=server".into())), "{chain:?}");
    assert_eq!(chain.last().unwrap(), &(3_515, Linked::Event(Occasion::Message { label: "write", from: SERVER, to: STORE })));
}

#[test]
fn space_and_time_mark_the_chain_and_the_break() {
    let mut run = start(&[]);
    run.follow();
    run.advance(Time(2_100_000_000));
    let ask = Ask { what: What::SpaceTime, cols: 80, rows: 20, from: Time(1_990_000_000), to: Time(2_100_000_000) };
    let View::SpaceTime(view) = run.view(&ask) else { panic!("no space-time") };
    let labels = |passages: &[sims::kernel::view::Passage]| passages.iter().map(|p| p.label).collect::<Vec<_>>();
    assert_eq!((labels(&view.messages), labels(&view.chain)), (vec!["put", "write"], vec!["put", "write"]));
    assert_eq!(view.breaks, [(Time(2_025_000_000), Some(STORE as usize), "once")]);
}
