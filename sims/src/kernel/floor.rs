//! The machine's floor as cases: what no algorithm here can be faster than.

use super::bench::{Bench, Case, WallClock};
use std::sync::atomic::{AtomicU64, Ordering};

pub const FLOOR: &[Bench] = &[
    Bench { name: "atomic-add", says: "one atomic add to a counter", threads: &[1], ops: 20_000_000, prepare: || Box::new(Add(AtomicU64::new(0))) },
    Bench {
        name: "memory-access",
        says: "one read from memory at an address the last read gave",
        threads: &[1],
        ops: 2_000_000,
        prepare: || Box::new(Chase::new()),
    },
    Bench { name: "clock-read", says: "one reading of the wall clock", threads: &[1], ops: 2_000_000, prepare: || Box::new(Read(None)) },
];

struct Add(AtomicU64);

impl Case for Add {
    fn run(&self, _thread: usize, ops: u64) -> u64 {
        (0..ops).fold(0, |_, n| self.0.fetch_add(n, Ordering::Relaxed))
    }
}

/// One cycle through 64 MiB, in an order that no prefetcher guesses.
struct Chase(Vec<u32>);

/// Cells of four bytes, more than any cache here holds.
const CELLS: u32 = 1 << 24;

impl Chase {
    fn new() -> Chase {
        // Sattolo's algorithm (1986) gives one cycle through all cells; the generator is splitmix64.
        let mut next: Vec<u32> = (0..CELLS).collect();
        let mut state = 1u64;
        for last in (1..CELLS as usize).rev() {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            next.swap(last, ((z ^ (z >> 31)) % last as u64) as usize);
        }
        Chase(next)
    }
}

impl Case for Chase {
    fn run(&self, thread: usize, ops: u64) -> u64 {
        let mut at = thread as u32;
        for _ in 0..ops {
            at = self.0[at as usize];
        }
        u64::from(at)
    }
}

struct Read(Option<WallClock>);

impl Case for Read {
    fn wind(&mut self, wall: WallClock) {
        self.0 = Some(wall);
    }

    fn run(&self, _thread: usize, ops: u64) -> u64 {
        self.0.map_or(0, |wall| (0..ops).fold(0, |sum, _| sum ^ wall()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chase_goes_through_every_cell_before_it_comes_back() {
        let chase = Chase::new();
        let mut at = 0u32;
        let mut steps = 0u32;
        loop {
            at = chase.0[at as usize];
            steps += 1;
            if at == 0 {
                break;
            }
        }
        assert_eq!(steps, CELLS);
    }
}
