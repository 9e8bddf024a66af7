//! Hashing that is the same in every run: a fixed-seed hasher for maps that are looked up but never iterated.

use std::hash::{BuildHasherDefault, Hasher};

/// A hash map with a fixed, fast hasher. Its order is arbitrary: look up only, use `BTreeMap` wherever anything iterates.
#[allow(clippy::disallowed_types, reason = "the one place that fixes the hasher")]
pub type FixedMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FixedHasher>>;

/// As [`FixedMap`], a set.
#[allow(clippy::disallowed_types, reason = "the one place that fixes the hasher")]
pub type FixedSet<K> = std::collections::HashSet<K, BuildHasherDefault<FixedHasher>>;

/// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every bit of the input moves every bit of the output.
#[inline]
pub const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Hashes a text, byte by byte by FNV-1a and then mixed: short and good enough for names and keys.
pub fn text(text: &str) -> u64 {
    mix(text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)))
}

/// Multiplies each word in and folds the 128-bit product, so that both the high and the low bits are good.
#[derive(Clone, Copy, Debug, Default)]
pub struct FixedHasher(u64);

impl FixedHasher {
    #[inline]
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xa076_1d64_78bd_642f);
        self.0 = (product as u64) ^ ((product >> 64) as u64);
    }
}

impl Hasher for FixedHasher {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word));
        }
        self.fold(bytes.len() as u64);
    }

    #[inline]
    fn write_u8(&mut self, n: u8) {
        self.fold(u64::from(n));
    }

    #[inline]
    fn write_u16(&mut self, n: u16) {
        self.fold(u64::from(n));
    }

    #[inline]
    fn write_u32(&mut self, n: u32) {
        self.fold(u64::from(n));
    }

    #[inline]
    fn write_u64(&mut self, n: u64) {
        self.fold(n);
    }

    #[inline]
    fn write_usize(&mut self, n: usize) {
        self.fold(n as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasher;

    #[test]
    fn the_same_key_hashes_alike_in_every_run() {
        let hasher = BuildHasherDefault::<FixedHasher>::default();
        assert_eq!(hasher.hash_one(42u64), hasher.hash_one(42u64));
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf, "the first number of SplitMix64 seeded with 0");
    }

    #[test]
    fn neighbouring_keys_spread_over_both_ends_of_the_hash() {
        let hasher = BuildHasherDefault::<FixedHasher>::default();
        for shift in [0, 57] {
            let mut buckets = [0u32; 128];
            for key in 0..128_000u64 {
                buckets[(hasher.hash_one(key) >> shift) as usize & 127] += 1;
            }
            assert!(buckets.iter().all(|n| (800..1200).contains(n)), "shift {shift}: {buckets:?}");
        }
    }

    #[test]
    fn a_text_hashes_by_its_bytes() {
        assert_ne!(text("s1"), text("s2"));
        assert_eq!(text("user:1"), text("user:1"));
    }
}
