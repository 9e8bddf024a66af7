//! The smallest design, an M/M/1 queue: the kernel's own example, its benchmark, and a second subject for the house's rules.

use super::action::Action;
use super::bench::{Bench, Case};
use super::design::{Design, Harm, Safeguard, Spec, Trial, no_conflicts};
use super::faults;
use super::invariant::{always, finally, sometimes};
use super::knob::{Knob, Knobs};
use super::metric::{Id, MetricSpec, Unit};
use super::queue::Queue;
use super::rng::Rng;
use super::run::Run;
use super::sim::{Core, Model, Sim};
use super::time::{Span, Time};
use super::value::Kind;
use std::collections::VecDeque;

const SERVED: Id = Id(0);
const SOJOURN: Id = Id(1);
const WAITING: Id = Id(2);

const IN_ORDER: usize = 0;
const EMPTY_AT_LAST: usize = 1;
const IDLE_ONCE: usize = 2;

pub static DESIGN: Design = Design {
    id: "mm1",
    title: "One queue, one server",
    teaches: "The mean time in the system is the service time over one minus the load.",
    leaves_out: "Everything but arrivals, a line and one server.",
    knobs: &[
        Knob::live("load", Kind::Number { min: 0.0, max: 0.99 }, "0.8", "arrivals per service time"),
        Knob::at_start("service", Kind::Duration { min: Span::micros(100), max: Span::secs(1) }, "1ms", "mean service time"),
        Knob::live("order", Kind::Choice(&["first-come", "last-come"]), "first-come", "who is served next"),
    ],
    actions: &[],
    faults: &[faults::LOAD],
    metrics: &[
        MetricSpec::counter(SERVED, "served", "customers that left"),
        MetricSpec::histogram(SOJOURN, "sojourn", Unit::Millis, "time from arrival to departure"),
        MetricSpec::gauge(WAITING, "waiting", "customers in the system"),
    ],
    reasons: &[],
    invariants: &[
        always("first-come-first-served", "customers leave in the order they came"),
        finally("empty-at-last", "nobody is left waiting"),
        sometimes("idle-once", "the server falls idle"),
    ],
    safeguards: &[Safeguard {
        knob: "order",
        safe: &["first-come"],
        off: "last-come",
        harms: Harm::Breaks("first-come-first-served"),
        trial: Trial { set: &[], script: &[], length: Span::secs(5) },
    }],
    panes: &[],
    charts: &[&["served"], &["waiting"]],
    refuses: no_conflicts,
    start,
    benches: &[
        Bench { name: "event", says: "one event of the queue at load 0.8, digest on", threads: &[1], ops: 2_000_000, prepare: bench_event },
        Bench {
            name: "hold-million",
            says: "take the earliest of a million pending events, put a later one",
            threads: &[1],
            ops: 200_000,
            prepare: bench_hold,
        },
    ],
};

fn start(spec: &Spec) -> Box<dyn Run> {
    Box::new(Sim::new(spec, Line::new(spec)))
}

#[derive(Clone)]
struct Line {
    arrivals: Rng,
    services: Rng,
    load: f64,
    factor: f64,
    service: Span,
    last_come: bool,
    /// Arrival times of those in the system; the one being served stands apart.
    line: VecDeque<Time>,
    serving: Option<Time>,
    /// Arrival time of whoever left last.
    left: Time,
}

#[derive(Clone, Copy)]
enum Event {
    Arrive,
    Depart,
}

impl Line {
    fn new(spec: &Spec) -> Line {
        Line {
            arrivals: Rng::stream(spec.seed, "arrivals"),
            services: Rng::stream(spec.seed, "services"),
            load: spec.knobs.num("load"),
            factor: 1.0,
            service: spec.knobs.span("service"),
            last_come: spec.knobs.choice("order") == "last-come",
            line: VecDeque::new(),
            serving: None,
            left: Time::ZERO,
        }
    }

    fn expect_arrival(&mut self, core: &mut Core<Event>) {
        let unit = self.arrivals.exponential();
        let load = self.load * self.factor;
        if load > 0.0 {
            core.background(self.service.times(unit / load), Event::Arrive);
        } else {
            core.background(Span::millis(100), Event::Arrive);
        }
    }

    fn serve_next(&mut self, core: &mut Core<Event>) {
        self.serving = if self.last_come { self.line.pop_back() } else { self.line.pop_front() };
        if self.serving.is_some() {
            core.after(self.services.span(self.service), Event::Depart);
        } else {
            core.lamps.reach(IDLE_ONCE);
        }
    }
}

impl Model for Line {
    type Event = Event;

    fn start(&mut self, core: &mut Core<Event>) {
        self.expect_arrival(core);
    }

    fn handle(&mut self, event: Event, core: &mut Core<Event>) {
        match event {
            Event::Arrive => {
                if core.draining() {
                    return;
                }
                if self.load * self.factor > 0.0 {
                    self.line.push_back(core.now());
                    if self.serving.is_none() {
                        self.serve_next(core);
                    }
                }
                self.expect_arrival(core);
            }
            Event::Depart => {
                let Some(came) = self.serving.take() else { return };
                core.metrics.count(SERVED, 1);
                core.metrics.record(SOJOURN, core.now().since(came).0);
                let before = self.left;
                core.lamps.judge(IN_ORDER, core.now(), came >= before, || format!("who came at {came} left after who came at {before}"));
                self.left = came;
                self.serve_next(core);
            }
        }
        core.metrics.gauge(WAITING, self.line.len() as f64 + f64::from(u8::from(self.serving.is_some())));
    }

    fn mark(event: &Event) -> u64 {
        *event as u64
    }

    fn act(&mut self, action: &Action, _core: &mut Core<Event>) -> Result<(), String> {
        self.factor = action.num("times").unwrap_or(1.0);
        Ok(())
    }

    fn turn(&mut self, knobs: &Knobs, _core: &mut Core<Event>) {
        self.load = knobs.num("load");
        self.last_come = knobs.choice("order") == "last-come";
    }

    fn finally(&mut self, core: &mut Core<Event>) {
        let left = self.line.len();
        core.lamps.judge(EMPTY_AT_LAST, core.now(), left == 0, || format!("{left} customers still wait"));
    }
}

/// The bare queue of customers, without metrics and lamps: what the kernel costs per event.
#[derive(Clone)]
struct Bare {
    arrivals: Rng,
    services: Rng,
    waiting: VecDeque<Time>,
    sojourn: u128,
    served: u64,
}

impl Model for Bare {
    type Event = Event;

    fn start(&mut self, core: &mut Core<Event>) {
        core.after(Span::ZERO, Event::Arrive);
    }

    #[inline]
    fn handle(&mut self, event: Event, core: &mut Core<Event>) {
        const SERVICE: Span = Span::millis(1);
        match event {
            Event::Arrive => {
                self.waiting.push_back(core.now());
                if self.waiting.len() == 1 {
                    core.after(self.services.span(SERVICE), Event::Depart);
                }
                core.after(self.arrivals.span(Span::micros(1_250)), Event::Arrive);
            }
            Event::Depart => {
                if let Some(came) = self.waiting.pop_front() {
                    self.sojourn += u128::from(core.now().since(came).0);
                    self.served += 1;
                }
                if !self.waiting.is_empty() {
                    core.after(self.services.span(SERVICE), Event::Depart);
                }
            }
        }
    }

    fn mark(event: &Event) -> u64 {
        *event as u64
    }

    fn act(&mut self, _: &Action, _: &mut Core<Event>) -> Result<(), String> {
        Ok(())
    }
}

/// Runs `events` events at load 0.8 and gives customers served, their mean sojourn in service times, and the digest.
pub fn bare(seed: u64, events: u64) -> (u64, f64, u64) {
    let mut spec = Spec::new(&BARE);
    spec.seed = seed;
    let model = Bare { arrivals: Rng::stream(seed, "arrivals"), services: Rng::stream(seed, "services"), waiting: VecDeque::new(), sojourn: 0, served: 0 };
    let mut sim = Sim::new(&spec, model);
    sim.run_events(events);
    let model = sim.model();
    (model.served, model.sojourn as f64 / model.served.max(1) as f64 / 1e6, sim.digest())
}

/// A design with nothing to measure and nothing to hold.
static BARE: Design = Design { id: "mm1-bare", metrics: &[], invariants: &[], safeguards: &[], benches: &[], charts: &[], knobs: &[], ..DESIGN_FRAME };
const DESIGN_FRAME: Design = Design {
    id: "",
    title: "",
    teaches: "",
    leaves_out: "",
    knobs: &[],
    actions: &[],
    faults: faults::NETWORK,
    metrics: &[],
    reasons: &[],
    invariants: &[],
    safeguards: &[],
    panes: &[],
    charts: &[],
    refuses: no_conflicts,
    start,
    benches: &[],
};

struct EventCase;

fn bench_event() -> Box<dyn Case> {
    Box::new(EventCase)
}

impl Case for EventCase {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        bare(thread as u64 + 1, ops).2
    }
}

/// The classic *hold* model (Jones, 1986) with a million events pending.
struct HoldCase(std::sync::Mutex<(Queue<u64>, Rng)>);

fn bench_hold() -> Box<dyn Case> {
    let mut rng = Rng::stream(1, "hold");
    let mut queue = Queue::default();
    for n in 0..1_000_000 {
        queue.put(Time(rng.below(1_000_000_000)), n);
    }
    Box::new(HoldCase(std::sync::Mutex::new((queue, rng))))
}

impl Case for HoldCase {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut state) = self.0.lock() else { return 0 };
        let (queue, rng) = &mut *state;
        let mut sum = 0;
        for _ in 0..ops {
            let Some((at, _, event)) = queue.take() else { break };
            sum ^= event;
            queue.put(Time(at.0 + rng.below(1_000_000_000)), event);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_sojourn_is_that_of_theory() {
        // 1 / (1 - 0.8) = 5 service times. 10 M customers: the sample mean of so correlated a series is good to about half a percent.
        let (served, mean, _) = bare(1, 20_000_000);
        assert!(served > 9_900_000, "{served}");
        assert!((mean / 5.0 - 1.0).abs() < 0.02, "mean sojourn is {mean} service times, expected 5");
    }

    #[test]
    fn load_lengthens_the_line() {
        let mean = |load: &str| {
            let mut spec = Spec::new(&DESIGN);
            spec.set("load", load).unwrap();
            let mut run = spec.start().unwrap();
            run.drain();
            run.metric("sojourn_mean_ms").unwrap()
        };
        let (half, most) = (mean("0.5"), mean("0.9"));
        assert!((half / 2.0 - 1.0).abs() < 0.1, "{half}");
        assert!(most > 3.0 * half, "{most} against {half}");
    }
}
