//! The kernel: an M/M/1 queue beside nexosim, a million pending events beside std's heap.

use crate::measure::{compare as measure, contender};
use nexosim::model::{Context, Model, schedulable};
use nexosim::simulation::{Mailbox, SimInit, Simulation};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use sims::kernel::queue::Queue;
use sims::kernel::rng::Rng;
use sims::kernel::time::{Span, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

const PENDING: u64 = 1_000_000;
const SPREAD: u64 = 1_000_000_000;

pub fn compare() {
    let (served, sojourn, _) = sims::kernel::mm1::bare(1, 20_000_000);
    println!("\nM/M/1 at load 0.8: mean sojourn {sojourn:.3} service times over {served} customers; theory says 5");
    let mut nexo = nexosim_line();
    let mut heap = HeapLine::new();
    measure(
        "one event of an M/M/1 queue",
        400_000,
        vec![
            contender("greenroom, digest on", |ops| sims::kernel::mm1::bare(2, ops).2),
            contender("bare std::BinaryHeap of an enum", |ops| heap.run(ops)),
            contender("nexosim", |ops| {
                for _ in 0..ops {
                    nexo.step().expect("the line never ends");
                }
                0
            }),
        ],
    );

    let mut rng = Rng::stream(1, "hold");
    let mut ours = Queue::default();
    let mut theirs = BinaryHeap::new();
    for n in 0..PENDING {
        let at = rng.below(SPREAD);
        ours.put(Time(at), n);
        theirs.push(Reverse((at, n, n)));
    }
    let (mut rng_ours, mut rng_theirs, mut next) = (Rng::stream(2, "hold"), Rng::stream(2, "hold"), PENDING);
    measure(
        "take the earliest of a million pending events, put a later one",
        200_000,
        vec![
            contender("greenroom's queue", move |ops| {
                for _ in 0..ops {
                    let (at, _, event) = ours.take().expect("a million are pending");
                    ours.put(at + Span(rng_ours.below(SPREAD)), event);
                }
                0
            }),
            contender("std::BinaryHeap", move |ops| {
                for _ in 0..ops {
                    let Reverse((at, _, event)) = theirs.pop().expect("a million are pending");
                    theirs.push(Reverse((at + rng_theirs.below(SPREAD), next, event)));
                    next += 1;
                }
                0
            }),
        ],
    );
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrive,
    Depart,
}

/// The least there can be: a binary heap, an enum, no digest.
struct HeapLine {
    heap: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sequence: u64,
    waiting: VecDeque<u64>,
    rng: Rng,
    sojourn: u64,
}

impl HeapLine {
    fn new() -> HeapLine {
        let mut line = HeapLine { heap: BinaryHeap::new(), sequence: 0, waiting: VecDeque::new(), rng: Rng::stream(1, "heap"), sojourn: 0 };
        line.put(0, Event::Arrive);
        line
    }

    fn put(&mut self, at: u64, event: Event) {
        self.heap.push(Reverse((at, self.sequence, event)));
        self.sequence += 1;
    }

    fn run(&mut self, events: u64) -> u64 {
        for _ in 0..events {
            let Some(Reverse((now, _, event))) = self.heap.pop() else { break };
            match event {
                Event::Arrive => {
                    self.waiting.push_back(now);
                    if self.waiting.len() == 1 {
                        let service = self.rng.span(Span::millis(1)).0;
                        self.put(now + service, Event::Depart);
                    }
                    let gap = self.rng.span(Span::micros(1_250)).0;
                    self.put(now + gap, Event::Arrive);
                }
                Event::Depart => {
                    self.sojourn += self.waiting.pop_front().map_or(0, |came| now - came);
                    if !self.waiting.is_empty() {
                        let service = self.rng.span(Span::millis(1)).0;
                        self.put(now + service, Event::Depart);
                    }
                }
            }
        }
        self.sojourn
    }
}

/// The same line in nexosim: one model that schedules its own arrivals and departures.
#[derive(Serialize, Deserialize)]
struct NexoLine {
    waiting: VecDeque<u64>,
    state: u64,
    served: u64,
}

impl NexoLine {
    /// A span with that mean in nanoseconds, never zero: nexosim schedules into the future only.
    fn span(&mut self, mean: u64) -> Duration {
        self.state += 1;
        let unit = Rng::numbered(1, "nexosim", self.state >> 8).exponential().max(1e-9);
        Duration::from_nanos(((unit * mean as f64) as u64).max(1))
    }
}

#[Model]
impl NexoLine {
    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        cx.schedule_event(Duration::from_nanos(1), schedulable!(Self::arrive), ()).expect("the future");
    }

    #[nexosim(schedulable)]
    fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.waiting.push_back(self.served);
        if self.waiting.len() == 1 {
            let service = self.span(1_000_000);
            cx.schedule_event(service, schedulable!(Self::depart), ()).expect("the future");
        }
        let gap = self.span(1_250_000);
        cx.schedule_event(gap, schedulable!(Self::arrive), ()).expect("the future");
    }

    #[nexosim(schedulable)]
    fn depart(&mut self, _: (), cx: &Context<Self>) {
        self.waiting.pop_front();
        self.served += 1;
        if !self.waiting.is_empty() {
            let service = self.span(1_000_000);
            cx.schedule_event(service, schedulable!(Self::depart), ()).expect("the future");
        }
    }
}

fn nexosim_line() -> Simulation {
    let mailbox = Mailbox::new();
    let line = NexoLine { waiting: VecDeque::new(), state: 0, served: 0 };
    SimInit::with_num_threads(1).add_model(line, mailbox, "line").init(MonotonicTime::EPOCH).expect("a bench of one model")
}
