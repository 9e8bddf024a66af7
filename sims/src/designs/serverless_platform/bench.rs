//! What is timed natively: an invocation through the whole simulated platform, and the platform's own steps.

use super::DESIGN;
use super::messages::Version;
use super::pool::{Pool, Room};
use crate::kernel::bench::{Bench, Case};
use crate::kernel::design::Spec;
use crate::kernel::run::Run;
use crate::kernel::time::{Span, Time};
use crate::parts::autoscale::{Demand, Policy, Scaler};
use crate::parts::hash::mix;
use crate::parts::meter::{Account, PUBLISHED, Usage};
use std::sync::Mutex;

pub const BENCHES: &[Bench] = &[
    Bench {
        name: "invocation",
        says: "one invocation of a day's load through the simulated platform, all its events: ten million are a day",
        threads: &[1],
        ops: 100_000,
        prepare: day,
    },
    Bench { name: "meter", says: "one call added to an account in whole numbers", threads: &[1], ops: 5_000_000, prepare: meter },
    Bench { name: "sandbox", says: "take the last idle sandbox of a function and put it back, 2,000 idle", threads: &[1], ops: 2_000_000, prepare: sandbox },
    Bench { name: "placement", says: "choose among 32 workers, create a sandbox and remove one", threads: &[1], ops: 1_000_000, prepare: placement },
    Bench {
        name: "autoscaler",
        says: "one decision, ten seconds of stabilisation at ten decisions a second",
        threads: &[1],
        ops: 1_000_000,
        prepare: autoscaler,
    },
];

/// Ten million invocations a day.
const DAY_RATE: f64 = 10_000_000.0 / 86_400.0;

struct Day(Mutex<Box<dyn Run>>);

fn day() -> Box<dyn Case> {
    let mut spec = Spec { length: Span::secs(10 * 86_400), ..Spec::new(&DESIGN) };
    // Within the knobs' limits, so nothing can be refused here. There is room enough that calls are mostly warm.
    for (knob, value) in [("base_rate", "10M/day"), ("workers", "12"), ("limit", "200")] {
        let _ = spec.set(knob, value);
    }
    match spec.start() {
        Ok(run) => Box::new(Day(Mutex::new(run))),
        Err(why) => panic!("the day's load: {why}"),
    }
}

impl Case for Day {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut run) = self.0.lock() else { return 0 };
        let until = run.now() + Span::from_secs_f64(ops as f64 / DAY_RATE);
        run.advance(until);
        run.digest()
    }

    fn note(&self) -> Option<String> {
        let run = self.0.lock().ok()?;
        Some(format!("{:.1} events an invocation", run.events() as f64 / run.metric("invocations")?.max(1.0)))
    }
}

struct Metering;

fn meter() -> Box<dyn Case> {
    Box::new(Metering)
}

impl Case for Metering {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut account = Account::default();
        for n in 0..ops {
            account.add(Usage::call(128 + (n % 4_096) as u32, 1 + mix(n) % 1_000), &PUBLISHED);
        }
        account.usage().mb_ms as u64
    }
}

const VERSION: Version = Version { number: 1, bad: false };

struct Places(Mutex<Pool>);

fn filled(functions: usize, workers: usize, sandboxes: u32) -> Box<Places> {
    let mut pool = Pool::new(functions, workers);
    pool.rooms.fill(Room { up: true, free_mb: 256 * 1024, sandboxes: 0 });
    for n in 0..sandboxes {
        let at = pool.create(n % workers as u32, n % functions as u32, VERSION, 512, Time::ZERO);
        pool.rest(at, Time(u64::from(n)));
    }
    Box::new(Places(Mutex::new(pool)))
}

fn sandbox() -> Box<dyn Case> {
    filled(20, 32, 2_000)
}

impl Case for Places {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut pool) = self.0.lock() else { return 0 };
        let mut sum = 0;
        for n in 0..ops {
            if let Some(at) = pool.idle((mix(n) % 20) as u32, Some(VERSION)) {
                sum += pool.occupy(at, n, 0, Time(n)).0;
                pool.rest(at, Time(n + 1));
            }
        }
        sum
    }
}

struct Placing(Mutex<Pool>);

fn placement() -> Box<dyn Case> {
    let Places(pool) = *filled(20, 32, 2_000);
    Box::new(Placing(pool))
}

impl Case for Placing {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let Ok(mut pool) = self.0.lock() else { return 0 };
        let mut sum = 0;
        for n in 0..ops {
            if let Some(worker) = pool.place(512, n % 2 == 0) {
                let at = pool.create(worker, (n % 20) as u32, VERSION, 512, Time(n));
                sum += u64::from(worker);
                pool.remove(at, Time(n));
            }
        }
        sum
    }
}

struct Deciding;

fn autoscaler() -> Box<dyn Case> {
    Box::new(Deciding)
}

impl Case for Deciding {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let policy = Policy { headroom: 0.2, band: 0.7, stabilise: Span::secs(10), cooldown: Span::secs(5), round_up: true };
        let mut scaler = Scaler::default();
        for n in 0..ops {
            let demand = Demand { per_second: (mix(n) % 1_000) as f64, seconds_each: 0.2, waiting: (n % 7) as f64 };
            scaler.decide(Time(n * 100_000_000), policy.wanted(demand), &policy);
        }
        u64::from(scaler.target())
    }
}
