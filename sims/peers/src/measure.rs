//! Measuring: processor time of this thread, several rounds in turn, medians, ratios.

use std::time::Duration;

const ROUNDS: usize = 9;

/// Processor time of this thread: a neighbour on a busy machine changes it little.
fn thread_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// One contender: a name, and something that does so many operations.
pub struct Contender<'a> {
    pub name: &'a str,
    pub run: Box<dyn FnMut(u64) -> u64 + 'a>,
}

pub fn contender<'a>(name: &'a str, run: impl FnMut(u64) -> u64 + 'a) -> Contender<'a> {
    Contender { name, run: Box::new(run) }
}

/// Runs all in turn, round by round, so that a slow minute slows them alike; prints ns per operation and the ratio to the first.
pub fn compare(title: &str, ops: u64, mut contenders: Vec<Contender<'_>>) {
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); contenders.len()];
    for round in 0..=ROUNDS {
        for (at, contender) in contenders.iter_mut().enumerate() {
            let begin = thread_time();
            std::hint::black_box((contender.run)(ops));
            let spent = thread_time() - begin;
            // The first round warms caches and branch predictors.
            if round > 0 {
                times[at].push(spent.as_nanos() as f64 / ops as f64);
            }
        }
    }
    println!("\n{title}");
    let ours = median(&mut times[0]);
    for (at, contender) in contenders.iter().enumerate() {
        let time = median(&mut times[at]);
        println!("  {:<44} {:>9.2} ns   {:>6.2} x", contender.name, time, time / ours);
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
