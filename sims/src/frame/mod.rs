//! A counter whose clients ask again: the frame that `greenroom new design` writes, whole, running and held to the house's rules.

use crate::kernel::action::{Action, ActionSpec, ArgDefault, ArgSpec};
use crate::kernel::bench::{Bench, Case};
use crate::kernel::design::{Design, Harm, Safeguard, Trial, no_conflicts};
use crate::kernel::faults;
use crate::kernel::knob::{Knob, Knobs};
use crate::kernel::metric::{Id, MetricSpec, Unit};
use crate::kernel::network::Delay;
use crate::kernel::node::{NodeId, System};
use crate::kernel::stage::Stage;
use crate::kernel::time::Span;
use crate::kernel::value::Kind;
use crate::kernel::view::{Ask, PaneSpec, Table, View};
use crate::kernel::world::{self, World};

mod nodes;
#[cfg(test)]
mod tests;
mod watch;

use nodes::{Client, Memory, Msg, Role, Server, Timer};
use watch::Shadow;

pub static DESIGN: Design = Design {
    id: "frame",
    title: "Frame",
    teaches: "A client that asks again after a lost answer is counted twice, unless the server knows the request by its number.",
    leaves_out: "More than one server; a disk that takes time; clients that give up.",
    knobs: KNOBS,
    actions: ACTIONS,
    faults: faults::NETWORK,
    metrics: METRICS,
    reasons: &["busy"],
    invariants: watch::LAMPS,
    safeguards: SAFEGUARDS,
    panes: &[PaneSpec { id: "clients", title: "Clients" }],
    charts: &[&["counted", "repeats"], &["answer"]],
    refuses: no_conflicts,
    start: world::start::<Counter>,
    benches: &[Bench { name: "count", says: "one request looked up and counted", threads: &[1], ops: 5_000_000, prepare: || Box::new(Count) }],
};

/// Places in the list of reasons.
mod reasons {
    pub const BUSY: usize = 0;
}

#[rustfmt::skip]
const KNOBS: &[Knob] = &[
    Knob::live("rate", Kind::Rate { min: 0.0, max: 500.0, per: Span::secs(1) }, "40/s", "requests of all clients together"),
    Knob::at_start("clients", Kind::Integer { min: 1, max: 20 }, "3", "how many ask, one request at a time each"),
    Knob::live("timeout", Kind::Duration { min: Span::millis(10), max: Span::secs(5) }, "100ms", "after so long without an answer a client asks again"),
    Knob::live("numbered", Kind::Switch, "on", "the server remembers the last request of each client"),
    Knob::live("durable", Kind::Switch, "on", "the server keeps its count through a crash"),
];

#[rustfmt::skip]
const ACTIONS: &[ActionSpec] = &[ActionSpec {
    name: "ask",
    says: "every client that is free asks now",
    args: &[ArgSpec { name: "times", says: "one after the other", kind: Kind::Integer { min: 1, max: 100 }, default: ArgDefault::Text("1") }],
}];

/// Places in the list of metrics.
mod metrics {
    use super::Id;

    pub const ASKED: Id = Id(0);
    pub const REPEATS: Id = Id(1);
    pub const COUNTED: Id = Id(2);
    pub const ANSWER: Id = Id(3);
    pub const SURPLUS: Id = Id(4);
}

const METRICS: &[MetricSpec] = &[
    MetricSpec::counter(metrics::ASKED, "asked", "requests, each counted once however often it is sent"),
    MetricSpec::counter(metrics::REPEATS, "repeats", "requests sent again"),
    MetricSpec::counter(metrics::COUNTED, "counted", "increments of the server"),
    MetricSpec::histogram(metrics::ANSWER, "answer", Unit::Millis, "time from the first sending of a request to its answer"),
    MetricSpec::derived(metrics::SURPLUS, "counted_per_ask", "increments over requests: above 1 something was counted twice", |r| {
        r.get("asked").filter(|asked| *asked > 0.0).and_then(|asked| r.get("counted").map(|counted| counted / asked))
    }),
];

const SAFEGUARDS: &[Safeguard] = &[
    Safeguard {
        knob: "numbered",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("counted-once"),
        trial: Trial { set: &[], script: &["2s=lose:from=server,to=client1,share=0.5"], length: Span::secs(10) },
    },
    Safeguard {
        knob: "durable",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("answered-is-kept"),
        trial: Trial { set: &[], script: &["5s=crash:node=server", "6s=restart:node=server"], length: Span::secs(10) },
    },
];

/// What the knobs mean.
#[derive(Debug)]
pub struct Counter {
    rate: f64,
    clients: usize,
    timeout: Span,
    numbered: bool,
    durable: bool,
}

impl System for Counter {
    type Node = Role;
    type Msg = Msg;
    type Timer = Timer;
    type Watch = Shadow;

    fn configure(knobs: &Knobs) -> Counter {
        Counter {
            rate: knobs.rate("rate").per_second(),
            clients: knobs.count("clients"),
            timeout: knobs.span("timeout"),
            numbered: knobs.on("numbered"),
            durable: knobs.on("durable"),
        }
    }

    fn build(&self, stage: &mut Stage<'_, Counter>) {
        let server = stage.add_one("server", Role::Server(Server::new(self.durable)));
        for client in 0..self.clients {
            let rng = stage.rng(&format!("load {client}"));
            stage.add("client", Role::Client(Client::new(server, rng)));
        }
    }

    fn delay(&self, _from: &'static str, _to: &'static str) -> Delay {
        Delay::with_jitter(Span::millis(1), Span::micros(200))
    }

    fn act(stage: &mut Stage<'_, Counter>, action: &Action) -> Result<(), String> {
        let times = action.int("times").unwrap_or(1);
        for id in stage.role("client").into_iter().flat_map(|id| (0..times).map(move |_| id)) {
            if stage.is_up(id) {
                stage.with(id, Role::ask);
            }
        }
        Ok(())
    }

    fn finally(world: &World<Counter>, lamps: &mut crate::kernel::invariant::Lamps) {
        watch::judge_at_last(world, lamps);
    }

    fn pane(world: &World<Counter>, _pane: &str, ask: &Ask) -> View {
        let row = |id: NodeId| match world.node(id) {
            Role::Client(client) => Some(client.row(world.name(id))),
            Role::Server(_) => None,
        };
        let head = ["client", "request", "answered", "sent again"].map(String::from).to_vec();
        View::Table(Table { head, rows: world.role("client").into_iter().filter_map(row).take(usize::from(ask.rows)).collect() })
    }
}

/// What is timed: the server's own look-up, without network.
struct Count;

impl Case for Count {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut memory = Memory::default();
        for n in 0..ops {
            memory.count(NodeId((n % 16) as u32), n / 32, true);
        }
        memory.value()
    }
}
