//! Benches: times the cases that designs describe, on real threads, with the processor's clock.

use super::files;
use super::wall::{Stopwatch, thread_time, unix_nanos};
use sims::kernel::bench::{Bench, Case};
use sims::kernel::design::Design;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    pub design: &'static str,
    pub case: &'static str,
    pub says: &'static str,
    pub threads: usize,
    /// Operations of one round, all threads together.
    pub ops: u64,
    /// Processor time per operation: the median of the rounds.
    pub ns_per_op: f64,
    /// Operations per second of wall time, all threads together: the median of the rounds.
    pub ops_per_s: f64,
    /// What the case says of itself, such as a hit ratio.
    pub note: Option<String>,
    pub spread: Spread,
}

/// How evenly the operations went: means over small portions, in nanoseconds of wall time per operation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Operations of each portion, timed as one: a clock costs more than most operations do.
    pub portion: u64,
    pub portions: usize,
    pub p50: f64,
    pub p99: f64,
    pub worst: f64,
}

/// How thoroughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// A tenth of the operations, three rounds.
    Quick,
    /// Nine rounds.
    Full,
}

/// Rounds that fill caches and branch predictors before the first that counts.
pub const WARM_UP: usize = 1;

impl Care {
    fn rounds(self) -> usize {
        match self {
            Care::Quick => 3,
            Care::Full => 9,
        }
    }

    fn portions(self) -> usize {
        match self {
            Care::Quick => 100,
            Care::Full => 300,
        }
    }

    fn ops(self, ops: u64) -> u64 {
        match self {
            Care::Quick => (ops / 10).max(1),
            Care::Full => ops,
        }
    }
}

/// What a design declares, and what stands on files.
pub fn of(design: &'static Design) -> impl Iterator<Item = &'static Bench> {
    design.benches.iter().chain(files::of(design.id))
}

/// Every case of `design` with each of its numbers of threads.
pub fn cases(design: &'static Design) -> impl Iterator<Item = (&'static Design, &'static Bench, usize)> {
    of(design).flat_map(move |bench| bench.threads.iter().map(move |threads| (design, bench, *threads)))
}

/// Times one case after `warm_up` rounds that do not count; none if `cancel` was set meanwhile.
pub fn time(of: &'static str, bench: &'static Bench, threads: usize, care: Care, warm_up: usize, cancel: &AtomicBool) -> Option<Timing> {
    let mut case = (bench.prepare)();
    case.wind(unix_nanos);
    let per_thread = (care.ops(bench.ops) / threads.max(1) as u64).max(1);
    let mut rounds = Vec::new();
    for number in 0..warm_up + care.rounds() {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let round = round(case.as_ref(), threads, per_thread);
        if number >= warm_up {
            rounds.push(round);
        }
    }
    let ops = per_thread * threads as u64;
    let cpu = median(rounds.iter().map(|r| r.processor.as_secs_f64()).collect());
    let wall = median(rounds.iter().map(|r| r.wall.as_secs_f64()).collect());
    Some(Timing {
        design: of,
        case: bench.name,
        says: bench.says,
        threads,
        ops,
        ns_per_op: cpu * 1e9 / ops as f64,
        ops_per_s: ops as f64 / wall.max(1e-9),
        note: case.note(),
        spread: spread(case.as_ref(), (per_thread / 100).max(1), care, cancel)?,
    })
}

/// The same work in small portions on one thread, each timed by itself.
fn spread(case: &dyn Case, portion: u64, care: Care, cancel: &AtomicBool) -> Option<Spread> {
    let mut portions: Vec<f64> = Vec::with_capacity(care.portions());
    for _ in 0..care.portions() {
        if cancel.load(Ordering::Relaxed) {
            return None;
        }
        let watch = Stopwatch::start();
        std::hint::black_box(case.run(0, portion));
        portions.push(watch.elapsed().as_secs_f64() * 1e9 / portion as f64);
    }
    portions.sort_by(f64::total_cmp);
    let at = |share: f64| portions.get(((portions.len() as f64 * share) as usize).min(portions.len().saturating_sub(1))).copied().unwrap_or(f64::NAN);
    Some(Spread { portion, portions: portions.len(), p50: at(0.5), p99: at(0.99), worst: at(1.0) })
}

struct Round {
    /// Of all threads together.
    processor: Duration,
    wall: Duration,
}

fn round(case: &dyn Case, threads: usize, ops: u64) -> Round {
    let work = |thread: usize| {
        let before = thread_time();
        std::hint::black_box(case.run(thread, ops));
        thread_time().saturating_sub(before)
    };
    if threads == 1 {
        let watch = Stopwatch::start();
        let processor = work(0);
        return Round { processor, wall: watch.elapsed() };
    }
    // Nobody begins before all stand ready: the start of a thread is not what is timed.
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let (work, barrier) = (&work, &barrier);
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    barrier.wait();
                    let watch = Stopwatch::start();
                    (work(thread), watch.elapsed())
                })
            })
            .collect();
        let mut sum = Round { processor: Duration::ZERO, wall: Duration::ZERO };
        for handle in handles {
            match handle.join() {
                Ok((processor, wall)) => {
                    sum.processor += processor;
                    sum.wall = sum.wall.max(wall);
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sum
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;

    #[test]
    fn every_case_is_timed_with_each_number_of_threads() {
        let go = AtomicBool::new(false);
        let timings: Vec<Timing> = cases(&toy::DESIGN).filter_map(|(d, b, n)| time(d.id, b, n, Care::Quick, WARM_UP, &go)).collect();
        assert_eq!(timings.iter().map(|t| (t.case, t.threads)).collect::<Vec<_>>(), [("add", 1), ("add", 2)]);
        for timing in &timings {
            assert!(timing.ns_per_op > 0.0 && timing.ns_per_op < 1e4, "{timing:?}");
            assert!(timing.ops_per_s > 1e3, "{timing:?}");
            let Spread { portions, p50, p99, worst, .. } = timing.spread;
            assert!(portions == 100 && p50 > 0.0 && p50 <= p99 && p99 <= worst, "{timing:?}");
        }
    }

    #[test]
    fn a_cancelled_bench_gives_nothing() {
        let stop = AtomicBool::new(true);
        assert!(cases(&toy::DESIGN).all(|(d, b, n)| time(d.id, b, n, Care::Full, 0, &stop).is_none()));
    }
}
