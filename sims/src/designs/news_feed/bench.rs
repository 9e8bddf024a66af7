//! What `bench` times: deliveries into timelines, merges of authors' lists, with the memory a user costs.

use crate::kernel::bench::{Bench, Case};
use crate::kernel::rng::{Rng, splitmix};
use crate::parts::merge::newest;
use crate::parts::timeline::{PostId, Timeline};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub const BENCHES: &[Bench] = &[
    Bench {
        name: "delivery",
        says: "put a post into one of 10,000 full timelines of 800",
        threads: &[1, 2],
        ops: 2_000_000,
        prepare: || Box::new(Deliveries::new()),
    },
    Bench { name: "merge", says: "merge the newest 20 posts of 200 authors", threads: &[1, 2], ops: 10_000, prepare: || Box::new(Merges::new()) },
];

const TIMELINES: u64 = 10_000;
const KEEP: usize = 800;

/// Timelines by shard, each shard behind its own lock, as one process per shard would have them.
struct Deliveries {
    shards: Vec<Mutex<Vec<Timeline>>>,
    /// Posts only get newer, in every round: an old one would be refused and cost nothing.
    clock: AtomicU64,
}

const SHARDS: u64 = 16;

impl Deliveries {
    fn new() -> Deliveries {
        let line = || {
            let mut line = Timeline::new(KEEP);
            for n in 1..=KEEP as u64 {
                line.put(PostId::new(n, 1, 1));
            }
            line
        };
        let shard = |_| Mutex::new((0..TIMELINES / SHARDS).map(|_| line()).collect());
        Deliveries { shards: (0..SHARDS).map(shard).collect(), clock: AtomicU64::new(KEEP as u64 + 1) }
    }
}

impl Case for Deliveries {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut sum = 0;
        // A batch goes to one shard, as a worker's message does: the lock is taken once for it.
        const BATCH: u64 = 50;
        for batch in 0..ops.div_ceil(BATCH) {
            let seed = splitmix(batch ^ (thread as u64) << 40);
            let Ok(mut shard) = self.shards[(seed % SHARDS) as usize].lock() else { return sum };
            let (len, now) = (shard.len() as u64, self.clock.fetch_add(1, Ordering::Relaxed));
            for n in 0..BATCH.min(ops - batch * BATCH) {
                let line = &mut shard[(splitmix(seed ^ n) % len) as usize];
                let id = PostId::new(now, (seed >> 44) as u32, 1 + n);
                sum += line.put(id) as u64;
            }
        }
        sum
    }

    fn note(&self) -> Option<String> {
        let shard = self.shards.first()?.lock().ok()?;
        let line = shard.first()?;
        Some(format!("{} bytes a user for {} entries", line.bytes(), line.len()))
    }
}

struct Merges {
    lists: Vec<Vec<PostId>>,
}

impl Merges {
    fn new() -> Merges {
        let mut rng = Rng::stream(1, "bench");
        let list = |author| {
            let mut ids: Vec<PostId> = (0..20).map(|_| PostId::new(1 + rng.below(1 << 30), author, 1)).collect();
            ids.sort_unstable_by(|a, b| b.cmp(a));
            ids
        };
        Merges { lists: (0..200).map(list).collect() }
    }
}

impl Case for Merges {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut sum = thread as u64;
        for _ in 0..ops {
            let page = newest(self.lists.iter().map(Vec::as_slice).collect(), 20);
            sum = page.iter().fold(sum, |sum, id| sum.wrapping_add(id.0));
        }
        sum
    }
}
