//! UUIDs of version 4 (chance alone) and version 7 (time first), after RFC 9562. Time and chance are handed in.

const VERSION_BITS: u128 = 0xf << 76;
const VARIANT_BITS: u128 = 0b11 << 62;

/// 122 bits of chance between the version and the variant.
pub fn v4(random: u128) -> u128 {
    stamped(random, 4)
}

fn stamped(bits: u128, version: u128) -> u128 {
    (bits & !VERSION_BITS & !VARIANT_BITS) | (version << 76) | (0b10 << 62)
}

/// A generator of version 7: 48 bits of milliseconds, a counter of 12 bits, 62 bits of chance.
///
/// The counter is RFC 9562's method 1: it starts at a random number below half its range in each millisecond, counts up
/// within it and carries into the time when it is full. A clock that steps back is not followed (section 6.2).
#[derive(Clone, Debug, Default)]
pub struct V7 {
    /// Milliseconds above the counter, of the last id.
    last: u64,
}

const COUNTER_BITS: u32 = 12;

/// A version 7 id taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedV7 {
    pub at_ms: u64,
    pub counter: u64,
}

impl V7 {
    /// The next id at this time with these random bits.
    pub fn next(&mut self, ms: u64, random: u128) -> u128 {
        let seed = (random >> 64) as u64 & ((1 << (COUNTER_BITS - 1)) - 1);
        let fresh = (ms << COUNTER_BITS) | seed;
        self.last = if ms > self.last >> COUNTER_BITS { fresh } else { self.last + 1 };
        let (ms, counter) = (self.last >> COUNTER_BITS, self.last & ((1 << COUNTER_BITS) - 1));
        let low = random & ((1 << 62) - 1);
        stamped((u128::from(ms) << 80) | (u128::from(counter) << 64) | low, 7)
    }

    /// What must survive a restart for the ids to go on rising.
    pub fn position(&self) -> u64 {
        self.last
    }

    pub fn resume(&mut self, position: u64) {
        self.last = self.last.max(position);
    }

    pub fn last_ms(&self) -> u64 {
        self.last >> COUNTER_BITS
    }
}

pub fn parse_v7(id: u128) -> ParsedV7 {
    ParsedV7 { at_ms: (id >> 80) as u64, counter: (id >> 64) as u64 & ((1 << COUNTER_BITS) - 1) }
}

/// The version's number: bits 48 to 51.
pub fn version(id: u128) -> u8 {
    (id >> 76) as u8 & 0xf
}

/// 32 hex digits in five groups.
pub fn text(id: u128) -> String {
    let hex = format!("{id:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_examples_of_the_standard_are_read() {
        // RFC 9562, appendix A.6: 22 February 2022, 19:22:22 UTC.
        let id = 0x017F_22E2_79B0_7CC3_98C4_DC0C_0C07_398F;
        assert_eq!((version(id), parse_v7(id).at_ms), (7, 0x017F_22E2_79B0));
        assert_eq!(text(id), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        assert_eq!(version(v4(0)), 4);
        assert_eq!(text(v4(u128::MAX)), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn a_full_counter_carries_into_the_time() {
        let mut v7 = V7::default();
        let first = parse_v7(v7.next(1000, 0));
        let last = (0..4096).map(|_| v7.next(1000, 0)).last().map(parse_v7);
        assert_eq!(first, ParsedV7 { at_ms: 1000, counter: 0 });
        assert_eq!(last, Some(ParsedV7 { at_ms: 1001, counter: 0 }));
    }

    proptest! {
        #[test]
        fn version_7_rises_whatever_the_clock_does(calls in prop::collection::vec((0u64..1 << 48, any::<u128>()), 1..200)) {
            let (mut v7, mut last) = (V7::default(), 0);
            for (ms, random) in calls {
                let id = v7.next(ms, random);
                prop_assert!(id > last);
                prop_assert!(parse_v7(id).at_ms >= ms && version(id) == 7 && (id >> 62) & 0b11 == 0b10);
                prop_assert_eq!(parse_v7(id).at_ms, v7.last_ms());
                last = id;
            }
        }
    }
}
