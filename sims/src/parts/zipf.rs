//! Popularity: ranks drawn with probability proportional to 1 / rank^s, one table look-up a draw.
//!
//! Walker's alias method (1977) with Vose's linear set-up (1991): exact for any exponent, and a draw costs one random
//! word whatever the number of keys, where inversion by search would cost twenty comparisons at a million.

use crate::kernel::math;
use std::sync::Arc;

/// A sampler of ranks 0 (the most popular) to n - 1. Cheap to clone: the table is shared.
#[derive(Clone, Debug)]
pub struct Zipf {
    cells: Arc<[Cell]>,
    exponent: f64,
    /// Sum of 1 / rank^s.
    total: f64,
}

/// Keep this rank if 32 random bits are at or below `keep`, else take the alias.
#[derive(Clone, Copy, Debug)]
struct Cell {
    keep: u32,
    alias: u32,
}

impl Zipf {
    /// Ranks 0 to `keys - 1`; an exponent of 0 is uniform.
    pub fn new(keys: usize, exponent: f64) -> Zipf {
        let keys = keys.max(1);
        let mut weights: Vec<f64> = (1..=keys).map(|rank| math::pow(rank as f64, -exponent)).collect();
        let total: f64 = weights.iter().rev().sum();
        let scale = keys as f64 / total;
        weights.iter_mut().for_each(|w| *w *= scale);
        Zipf { cells: aliases(weights).into(), exponent, total }
    }

    pub fn keys(&self) -> usize {
        self.cells.len()
    }

    /// A rank from one random word: its high half picks a cell, its low half decides.
    #[inline]
    pub fn rank(&self, word: u64) -> usize {
        let cell = ((u128::from(word >> 32) * self.cells.len() as u128) >> 32) as usize;
        let Cell { keep, alias } = self.cells[cell];
        if word as u32 <= keep { cell } else { alias as usize }
    }

    /// Probability of a rank.
    pub fn share(&self, rank: usize) -> f64 {
        math::pow(rank as f64 + 1.0, -self.exponent) / self.total
    }

    /// Probability of the `count` most popular ranks together: the hit ratio of the best possible static set.
    pub fn head(&self, count: usize) -> f64 {
        (0..count.min(self.keys())).rev().map(|rank| self.share(rank)).sum()
    }
}

/// `scaled` holds weights with mean 1. Poor cells (below 1) are topped up by rich ones.
fn aliases(mut scaled: Vec<f64>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = (0..scaled.len()).map(|i| Cell { keep: u32::MAX, alias: i as u32 }).collect();
    let (mut poor, mut rich): (Vec<u32>, Vec<u32>) = (0..scaled.len() as u32).partition(|i| scaled[*i as usize] < 1.0);
    while let (Some(p), Some(r)) = (poor.last().copied(), rich.last().copied()) {
        poor.pop();
        cells[p as usize] = Cell { keep: (scaled[p as usize] * 4_294_967_296.0) as u32, alias: r };
        scaled[r as usize] -= 1.0 - scaled[p as usize];
        if scaled[r as usize] < 1.0 {
            rich.pop();
            poor.push(r);
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::hash::mix;
    use proptest::prelude::*;

    proptest! {
        /// The table itself, not a sample of it: each rank's cell plus what others lend it is its probability.
        #[test]
        fn the_table_holds_exactly_the_law(keys in 1usize..300, exponent in 0.0f64..2.0) {
            let zipf = Zipf::new(keys, exponent);
            let mut held = vec![0.0; keys];
            for (rank, cell) in zipf.cells.iter().enumerate() {
                let kept = (f64::from(cell.keep) + 1.0) / 4_294_967_296.0;
                held[rank] += kept / keys as f64;
                held[cell.alias as usize] += (1.0 - kept) / keys as f64;
            }
            for (rank, p) in held.iter().enumerate() {
                prop_assert!((p - zipf.share(rank)).abs() < 1e-8, "rank {}: {} against {}", rank, p, zipf.share(rank));
            }
        }
    }

    #[test]
    fn draws_follow_the_law_over_a_million_keys() {
        let zipf = Zipf::new(1_000_000, 0.99);
        let draws = 1_000_000u64;
        let (mut first, mut head) = (0u32, 0u32);
        for i in 0..draws {
            let rank = zipf.rank(mix(i));
            first += u32::from(rank == 0);
            head += u32::from(rank < 100_000);
        }
        assert!((f64::from(first) / draws as f64 / zipf.share(0) - 1.0).abs() < 0.02);
        assert!((f64::from(head) / draws as f64 - zipf.head(100_000)).abs() < 0.002);
        assert!((zipf.head(100_000) - 0.830).abs() < 0.002, "the best static set of a tenth: {}", zipf.head(100_000));
    }
}
