//! Snowflake ids beside ferroid and snowflaked.

use crate::measure::{compare as measure, contender};
use ferroid::generator::BasicSnowflakeGenerator;
use ferroid::id::SnowflakeTwitterId;
use ferroid::time::TimeSource;
use sims::parts::snowflake::{Generator, HandClock, Layout, Policy};
use std::cell::Cell;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const START_MS: u64 = 1_700_000_000_000;
/// One tick's worth of ids: then the hand clock moves on, as time would.
const PER_TICK: u64 = 4_096;

struct Hand<'a>(&'a Cell<u64>);

impl TimeSource<u64> for Hand<'_> {
    fn current_millis(&self) -> u64 {
        self.0.get()
    }
}

pub fn compare() {
    let layout = Layout::split(41, 10, 1, 1_288_834_974_657);
    let ours = Generator::<Cell<u64>, _>::new(layout, 42, Policy::Wait, HandClock::at(START_MS));
    let hand = Cell::new(START_MS - 1_288_834_974_657);
    let theirs = BasicSnowflakeGenerator::<SnowflakeTwitterId, _>::new(42, Hand(&hand));
    let mut now = START_MS;
    measure(
        "one id, injected clock",
        409_600,
        vec![
            contender("greenroom", move |ops| {
                let mut sum = 0;
                for _ in 0..ops / PER_TICK {
                    now += 1;
                    ours.clock().set(now);
                    for _ in 0..PER_TICK {
                        sum ^= ours.generate().unwrap_or(0);
                    }
                }
                sum
            }),
            contender("ferroid, basic generator", |ops| {
                let mut sum = 0;
                for _ in 0..ops / PER_TICK {
                    hand.set(hand.get() + 1);
                    for _ in 0..PER_TICK {
                        sum ^= u64::from(theirs.next_id(|_| ()).to_raw());
                    }
                }
                sum
            }),
        ],
    );
    at_the_cap();
}

/// With the real clock nobody may exceed 4,096 ids a millisecond: who reaches it, and are they distinct?
fn at_the_cap() {
    const IDS: usize = 2_000_000;
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64);
    let ours = Generator::<Cell<u64>, _>::new(Layout::split(41, 10, 1, 1_288_834_974_657), 42, Policy::Wait, clock);
    let begin = Instant::now();
    let mut ids = Vec::with_capacity(IDS);
    while ids.len() < IDS {
        if let Ok(id) = ours.generate() {
            ids.push(id);
        }
    }
    let rate = IDS as f64 / begin.elapsed().as_secs_f64();
    ids.sort_unstable();
    ids.dedup();
    let mut theirs = snowflaked::Generator::new(42);
    let begin = Instant::now();
    let mut sum = 0u64;
    for _ in 0..IDS {
        sum ^= theirs.generate::<u64>();
    }
    let their_rate = IDS as f64 / begin.elapsed().as_secs_f64();
    std::hint::black_box(sum);
    println!(
        "\nat the cap of 4,096,000 ids/s with the real clock: greenroom {:.2} %, {} twice; snowflaked {:.2} %",
        rate / 40_960.0,
        IDS - ids.len(),
        their_rate / 40_960.0
    );
}
