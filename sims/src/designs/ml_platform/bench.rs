//! What is timed natively: as-of look-ups, drift statistics, a scheduling decision, a step of learning.

use super::FEATURES;
use crate::kernel::bench::{Bench, Case};
use crate::kernel::rng::Rng;
use crate::parts::asof::History;
use crate::parts::drift::Reference;
use crate::parts::gang::{Floor, Policy, Running, Waiting, choose};
use crate::parts::hash::mix;
use crate::parts::learn::{Lessons, Logistic};

pub const BENCHES: &[Bench] = &[
    Bench { name: "as-of", says: "find what was known of one of 10,000 things at a moment, 100 records each", threads: &[1], ops: 500_000, prepare: as_of },
    Bench { name: "psi", says: "compare 1,000 values with a reference of 10,000, ten bins", threads: &[1], ops: 2_000, prepare: psi },
    Bench { name: "ks", says: "the same by Kolmogorov and Smirnov, sorting included", threads: &[1], ops: 1_000, prepare: ks },
    Bench { name: "fair-share", says: "one decision over 1,000 waiting and 500 running jobs of 20 tenants", threads: &[1], ops: 500, prepare: fair_share },
    Bench { name: "backfill", says: "the same in order of arrival with a reservation", threads: &[1], ops: 500, prepare: backfill },
    Bench { name: "learn", says: "one gradient step of a model of three features", threads: &[1], ops: 500_000, prepare: learn },
];

struct AsOf(Vec<History<[f64; FEATURES]>>);

impl Case for AsOf {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let find = |n: u64| {
            let word = mix(n);
            let history = &self.0[(word % self.0.len() as u64) as usize];
            history.as_of(word >> 32 & 0xffff).map_or(0, |record| record.event)
        };
        (0..ops).map(find).fold(0, u64::wrapping_add)
    }
}

fn as_of() -> Box<dyn Case> {
    let mut rng = Rng::stream(1, "bench");
    let mut history = || {
        let (mut history, mut known) = (History::default(), 0);
        for _ in 0..100 {
            known += rng.below(1_300);
            history.learn(known.saturating_sub(rng.below(400)), known, [0.0; FEATURES]);
        }
        history
    };
    Box::new(AsOf((0..10_000).map(|_| history()).collect()))
}

struct Drift {
    reference: Reference,
    sample: Vec<f64>,
    sorts: bool,
}

impl Case for Drift {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let mut sum = 0.0;
        for _ in 0..ops {
            if self.sorts {
                let mut sample = self.sample.clone();
                sample.sort_unstable_by(f64::total_cmp);
                sum += self.reference.ks(&sample);
            } else {
                sum += self.reference.psi(&self.sample);
            }
        }
        sum.to_bits()
    }
}

fn drift(sorts: bool) -> Box<dyn Case> {
    let mut rng = Rng::stream(1, "bench");
    let reference = Reference::new((0..10_000).map(|_| rng.normal()).collect(), 10);
    Box::new(Drift { reference, sample: (0..1_000).map(|_| rng.normal() + 0.1).collect(), sorts })
}

fn psi() -> Box<dyn Case> {
    drift(false)
}

fn ks() -> Box<dyn Case> {
    drift(true)
}

struct Decision {
    policy: Policy,
    queue: Vec<Waiting>,
    running: Vec<Running>,
    held: Vec<u32>,
    ceilings: Vec<u32>,
}

impl Case for Decision {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let decide = |n: u64| {
            let free = 16 + (n % 16) as u32;
            let floor = Floor { now: n, free, running: self.running.clone(), held: self.held.clone(), ceilings: &self.ceilings };
            choose(self.policy, &self.queue, floor).len() as u64
        };
        (0..ops).map(decide).sum()
    }
}

fn decision(policy: Policy) -> Box<dyn Case> {
    let mut rng = Rng::stream(1, "bench");
    let queue = (0..1_000).map(|_| Waiting { tenant: rng.below(20) as usize, gpus: 1 << rng.below(6), lasts: 1 + rng.below(10_000) }).collect();
    let running = (0..500).map(|_| Running { gpus: 1 << rng.below(4), ends: rng.below(10_000) }).collect();
    Box::new(Decision { policy, queue, running, held: (0..20).map(|_| rng.below(100) as u32).collect(), ceilings: vec![200; 20] })
}

fn fair_share() -> Box<dyn Case> {
    decision(Policy::FairShare)
}

fn backfill() -> Box<dyn Case> {
    decision(Policy::Backfill)
}

struct Learn(Vec<([f64; FEATURES], bool)>);

impl Case for Learn {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        let epochs = (ops / self.0.len() as u64).max(1) as u32;
        Logistic::learn(&self.0, Lessons { epochs, rate: 0.1 }, &mut Rng::stream(1, "bench")).bias.to_bits()
    }
}

fn learn() -> Box<dyn Case> {
    let mut rng = Rng::stream(2, "bench");
    Box::new(Learn((0..5_000).map(|_| ([rng.normal(), rng.normal(), rng.unit()], rng.chance(0.3))).collect()))
}
