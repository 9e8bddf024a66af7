//! A permutation of the numbers below a bound, by a key: a small balanced Feistel network, walked until it lands inside.
//!
//! Luby and Rackoff, "How to construct pseudorandom permutations from pseudorandom functions" (1988): a few rounds of a Feistel network
//! make a permutation out of any function. Cycle walking for bounds that are no power of four: Black and Rogaway, "Ciphers with
//! arbitrary finite domains" (2002). The round function mixes; it is no cipher, and hides order, not secrets.

use super::hash::mix;

/// Four rounds are the least that Luby and Rackoff call strong.
const ROUNDS: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feistel {
    keys: [u64; ROUNDS],
    /// Bits of one half.
    half: u32,
    bound: u64,
}

impl Feistel {
    /// A permutation of `0..bound`, at least of `0..1`.
    pub fn new(bound: u64, key: u64) -> Feistel {
        let bound = bound.max(1);
        let bits = u64::BITS - (bound - 1).leading_zeros();
        let mut keys = [0; ROUNDS];
        let mut last = key;
        for slot in &mut keys {
            last = mix(last);
            *slot = last;
        }
        Feistel { keys, half: bits.div_ceil(2).max(1), bound }
    }

    pub fn bound(&self) -> u64 {
        self.bound
    }

    /// Where `n` goes. Numbers at or above the bound come back as they are.
    pub fn permute(&self, n: u64) -> u64 {
        self.walk(n, |network, n| network.rounds(n, network.keys.iter()))
    }

    /// Where `n` came from.
    pub fn invert(&self, n: u64) -> u64 {
        self.walk(n, |network, n| network.swapped(network.rounds(network.swapped(n), network.keys.iter().rev())))
    }

    /// The domain is less than four times the bound, so this takes fewer than four steps in the mean.
    fn walk(&self, n: u64, step: impl Fn(&Feistel, u64) -> u64) -> u64 {
        if n >= self.bound {
            return n;
        }
        let mut at = step(self, n);
        while at >= self.bound {
            at = step(self, at);
        }
        at
    }

    fn mask(&self) -> u64 {
        (1 << self.half) - 1
    }

    fn rounds<'a>(&self, n: u64, keys: impl Iterator<Item = &'a u64>) -> u64 {
        let (mut left, mut right) = (n >> self.half, n & self.mask());
        for key in keys {
            (left, right) = (right, left ^ (mix(right ^ key) & self.mask()));
        }
        left << self.half | right
    }

    /// The halves exchanged: what turns the rounds, run backwards, into the inverse.
    fn swapped(&self, n: u64) -> u64 {
        (n & self.mask()) << self.half | n >> self.half
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_number_below_a_small_bound_is_met_once() {
        for bound in [1, 2, 3, 10, 61, 62, 64, 65, 1000, 4096] {
            let network = Feistel::new(bound, 7);
            let mut seen = vec![false; bound as usize];
            (0..bound).for_each(|n| seen[network.permute(n) as usize] = true);
            assert!(seen.iter().all(|met| *met), "{bound}");
        }
    }

    /// Who adds one to a number that was permuted finds a used one as often as by guessing: with a tenth in use, one in ten.
    #[test]
    fn the_next_code_tells_nothing() {
        let (bound, used) = (62u64.pow(3), 23_832);
        let network = Feistel::new(bound, 99);
        let hits = (0..used).filter(|n| network.invert((network.permute(*n) + 1) % bound) < used).count();
        let share = hits as f64 / used as f64;
        assert!((share - 0.1).abs() < 0.01, "{share}");
    }

    proptest! {
        #[test]
        fn invert_undoes_permute(bound in 1u64..u64::MAX / 2, key: u64, part in 0f64..1.0) {
            let network = Feistel::new(bound, key);
            let n = ((bound as f64 * part) as u64).min(bound - 1);
            let there = network.permute(n);
            prop_assert!(there < bound);
            prop_assert_eq!(network.invert(there), n);
        }
    }
}
