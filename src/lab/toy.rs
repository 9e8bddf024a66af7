//! A small queue with one server, hand-written, so that this room is tested without a real design.

use sims::kernel::action::{Action, ActionSpec, ArgDefault, ArgSpec, Step};
use sims::kernel::bench::{Bench, Case};
use sims::kernel::design::{Design, Harm, Safeguard, Spec, Trial, no_conflicts};
use sims::kernel::faults::Inflicted;
use sims::kernel::halt::Halts;
use sims::kernel::invariant::{InvariantKind, InvariantSpec, Lamps, Verdict};
use sims::kernel::knob::{Knob, Knobs};
use sims::kernel::log::{Entry, Level, Log};
use sims::kernel::metric::{Id, MetricSpec};
use sims::kernel::run::{Happened, Occasion, Run, Stop};
use sims::kernel::time::{Span, Time};
use sims::kernel::value::Kind;
use sims::kernel::view::{Ask, Box_, Diagram, Line, PaneSpec, State, View, What};

pub static DESIGN: Design = Design {
    id: "toy",
    title: "A queue at a counter",
    teaches: "A slower server lets the queue grow.",
    leaves_out: "Everything else.",
    knobs: &[
        Knob::live("service", Kind::Duration { min: Span::ZERO, max: Span::secs(1) }, "5ms", "time to serve one"),
        Knob::live("cap", Kind::Switch, "on", "refuse when the queue is full"),
        Knob::at_start("rate", Kind::Rate { min: 0.0, max: 1e4, per: Span::secs(1) }, "100/s", "arrivals"),
    ],
    actions: &[ActionSpec {
        name: "burst",
        says: "many arrive at once",
        args: &[ArgSpec { name: "n", says: "how many", kind: Kind::Integer { min: 1, max: 10_000 }, default: ArgDefault::Required }],
    }],
    faults: &[],
    metrics: &[
        MetricSpec::counter(Id(0), "served", "customers served"),
        MetricSpec::counter(Id(1), "refused", "customers refused"),
        MetricSpec::gauge(Id(2), "queue", "customers waiting"),
    ],
    reasons: &[],
    invariants: &[
        InvariantSpec { id: "queue-below-fifty", kind: InvariantKind::Always, says: "Never more than fifty wait." },
        InvariantSpec { id: "all-served", kind: InvariantKind::Finally, says: "Nobody waits in the end." },
        InvariantSpec { id: "queue-was-empty", kind: InvariantKind::Sometimes, says: "The server rests at least once." },
    ],
    safeguards: &[Safeguard {
        knob: "cap",
        safe: &["on"],
        off: "off",
        harms: Harm::Breaks("queue-below-fifty"),
        trial: Trial { set: &[], script: &["1s=burst:n=100"], length: Span::secs(5) },
    }],
    panes: &[PaneSpec { id: "words", title: "In words" }],
    charts: &[&["served", "refused"], &["queue"]],
    refuses: no_conflicts,
    start: |spec| Box::new(Toy::new(spec)),
    benches: &[Bench { name: "add", says: "one addition", threads: &[1, 2], ops: 10_000, prepare: || Box::new(Adding) }],
};

struct Adding;

impl Case for Adding {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        (0..ops).fold(thread as u64, |sum, n| sum.wrapping_mul(31).wrapping_add(n))
    }
}

pub fn spec() -> Spec {
    Spec::new(&DESIGN)
}

#[derive(Clone)]
struct Toy {
    spec: Spec,
    knobs: Knobs,
    now: Time,
    events: u64,
    chance: u64,
    next_arrival: Time,
    busy_until: Option<Time>,
    waiting: u64,
    served: u64,
    refused: u64,
    frozen: Option<[f64; 3]>,
    /// Place of the next step of the script.
    place: usize,
    digest: u64,
    lamps: Lamps,
    log: Log,
    broke: bool,
}

impl Toy {
    fn new(spec: &Spec) -> Toy {
        let mut toy = Toy {
            spec: spec.clone(),
            knobs: spec.knobs.clone(),
            now: Time::ZERO,
            events: 0,
            chance: spec.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            next_arrival: Time::MAX,
            busy_until: None,
            waiting: 0,
            served: 0,
            refused: 0,
            frozen: None,
            place: 0,
            digest: 0,
            lamps: Lamps::new(DESIGN.invariants),
            log: Log::default(),
            broke: false,
        };
        toy.next_arrival = toy.gap();
        toy
    }

    fn gap(&mut self) -> Time {
        let rate = self.knobs.rate("rate").per_second();
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if rate == 0.0 {
            return Time::MAX;
        }
        let share = (self.chance >> 33) as f64 / (1u64 << 31) as f64;
        self.now + Span::from_secs_f64(2.0 * share / rate)
    }

    fn arrive(&mut self, n: u64) {
        let cap = if self.knobs.on("cap") { 50 } else { u64::MAX };
        let taken = n.min(cap.saturating_sub(self.waiting));
        self.waiting += taken;
        self.refused += n - taken;
        let waiting = self.waiting;
        self.broke |= waiting > 50;
        self.lamps.judge(0, self.now, waiting <= 50, || format!("{waiting} wait"));
        if self.busy_until.is_none() && self.waiting > 0 {
            self.busy_until = Some(self.now + self.knobs.span("service"));
        }
    }

    fn next(&self) -> Option<Time> {
        [Some(self.next_arrival), self.busy_until].into_iter().flatten().filter(|t| *t < Time::MAX).min()
    }

    fn handle(&mut self, at: Time) {
        self.now = at;
        self.events += 1;
        self.digest = (self.digest ^ at.0).wrapping_mul(0x0100_0000_01B3).wrapping_add(self.waiting);
        if self.busy_until == Some(at) {
            self.waiting -= 1;
            self.served += 1;
            self.busy_until = (self.waiting > 0).then(|| at + self.knobs.span("service"));
            if self.waiting == 0 {
                self.lamps.reach(2);
            }
        } else {
            self.arrive(1);
            self.next_arrival = self.gap();
        }
    }

    fn run_to(&mut self, until: Time, stop: bool) -> Stop {
        loop {
            let script = self.spec.script.get(self.place).map(|step| step.at);
            let next = self.next();
            match (script, next) {
                (Some(at), next) if at <= until && next.is_none_or(|n| n > at) => {
                    self.now = at;
                    let action = self.spec.script[self.place].action.clone();
                    self.place += 1;
                    let _ = self.take(&action);
                }
                (_, Some(at)) if at <= until => self.handle(at),
                _ => break,
            }
            if std::mem::take(&mut self.broke) && stop {
                return Stop::Halted;
            }
        }
        self.now = self.now.max(until);
        Stop::Reached
    }

    fn take(&mut self, action: &Action) -> Result<(), String> {
        self.log.push(self.now, Level::Act, action.told());
        match action.name.as_str() {
            "set" => action.args.iter().for_each(|(name, value)| self.knobs.put(name, value.clone())),
            _ => self.arrive(u64::try_from(action.int("n").unwrap_or(0)).unwrap_or(0)),
        }
        Ok(())
    }

    fn values(&self) -> [f64; 3] {
        self.frozen.unwrap_or([self.served as f64, self.refused as f64, self.waiting as f64])
    }
}

impl Run for Toy {
    fn spec(&self) -> &Spec {
        &self.spec
    }
    fn now(&self) -> Time {
        self.now
    }
    fn events(&self) -> u64 {
        self.events
    }
    fn step(&mut self) -> bool {
        let due = self.spec.script.get(self.place).map(|Step { at, .. }| *at);
        match (due, self.next()) {
            (Some(at), next) if next.is_none_or(|n| n > at) => {
                self.run_to(at, false);
                true
            }
            (_, Some(at)) => {
                self.handle(at);
                true
            }
            (_, None) => false,
        }
    }
    fn advance(&mut self, until: Time) -> Stop {
        self.run_to(until, false)
    }
    fn advance_halting(&mut self, until: Time, _halts: &mut Halts) -> Stop {
        self.run_to(until, true)
    }
    fn step_told(&mut self) -> Option<Happened> {
        self.step().then_some(Happened { at: self.now, mark: self.waiting, what: Occasion::Other })
    }
    fn tell(&self, _what: Occasion) -> String {
        "a customer".into()
    }
    fn next_at(&mut self) -> Option<Time> {
        let due = self.spec.script.get(self.place).map(|Step { at, .. }| *at);
        [due, self.next()].into_iter().flatten().min()
    }
    fn weight(&self) -> usize {
        std::mem::size_of::<Toy>() + 1_000
    }
    fn act(&mut self, action: &Action) -> Result<(), String> {
        self.run_to(self.now, false);
        self.take(action)
    }
    fn drain(&mut self) {
        self.frozen = Some(self.values());
        self.next_arrival = Time::MAX;
        self.run_to(self.now + Span::secs(60), false);
        let waiting = self.waiting;
        self.lamps.judge(1, self.now, waiting == 0, || format!("{waiting} still wait"));
    }
    fn fork(&self) -> Box<dyn Run> {
        Box::new(self.clone())
    }
    fn digest(&self) -> u64 {
        self.digest
    }
    fn view(&self, ask: &Ask) -> View {
        match &ask.what {
            What::Diagram => View::Diagram(Diagram {
                nodes: vec![Box_ { name: "server".into(), label: format!("{} wait", self.waiting), state: State::Busy, fill: None, count: 1 }],
                edges: Vec::new(),
            }),
            What::Series(names) => View::Series(
                names
                    .iter()
                    .map(|n| Line {
                        name: n.to_string(),
                        unit: String::new(),
                        points: (0..u32::from(ask.cols)).map(|x| (f64::from(x), f64::from(x % 7))).collect(),
                    })
                    .collect(),
            ),
            _ => View::Prose(vec![format!("{} wait", self.waiting)]),
        }
    }
    fn verdicts(&self) -> Vec<(&'static InvariantSpec, Verdict)> {
        self.lamps.iter().map(|(spec, verdict)| (spec, verdict.clone())).collect()
    }
    fn metrics(&self) -> Vec<(String, f64)> {
        ["served", "refused", "queue"].into_iter().map(str::to_string).zip(self.values()).collect()
    }
    fn metric(&self, name: &str) -> Option<f64> {
        self.metrics().into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }
    fn log(&self, most: usize) -> Vec<Entry> {
        self.log.tail(most)
    }
    fn nodes(&self) -> Vec<String> {
        vec!["server".into()]
    }
    fn faults(&self) -> Vec<Inflicted> {
        Vec::new()
    }
    fn knobs(&self) -> Knobs {
        self.knobs.clone()
    }
}
