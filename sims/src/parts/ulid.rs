//! ULIDs: 48 bits of milliseconds and 80 of chance, which count up within a millisecond; 26 letters of text.

const RANDOM_BITS: u32 = 80;
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A monotonic generator, as the specification's section of that name wants it: within one millisecond, and while the
/// clock stands before the last id, the random part is raised by one.
#[derive(Clone, Debug, Default)]
pub struct Ulid {
    last: u128,
}

impl Ulid {
    /// The next id at this time with these random bits (80 are used).
    pub fn next(&mut self, ms: u64, random: u128) -> u128 {
        let chance = random & ((1 << RANDOM_BITS) - 1);
        self.last = if ms > self.last_ms() { (u128::from(ms) << RANDOM_BITS) | chance } else { self.last + 1 };
        self.last
    }

    pub fn last_ms(&self) -> u64 {
        at_ms(self.last)
    }

    /// What must survive a restart for the ids to go on rising.
    pub fn position(&self) -> u128 {
        self.last
    }

    pub fn resume(&mut self, position: u128) {
        self.last = self.last.max(position);
    }
}

pub fn at_ms(id: u128) -> u64 {
    (id >> RANDOM_BITS) as u64
}

/// Crockford's base 32: no I, L, O or U, and in the same order as the numbers.
pub fn text(id: u128) -> String {
    (0..26).rev().map(|place| LETTERS[(id >> (5 * place)) as usize & 31] as char).collect()
}

/// Reads what [`text`] writes; none if it is no ULID.
pub fn read(text: &str) -> Option<u128> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    text.bytes().try_fold(0u128, |id, letter| {
        let digit = LETTERS.iter().position(|l| *l == letter.to_ascii_uppercase())?;
        Some((id << 5) | digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_specifications_example_is_read() {
        // github.com/ulid/spec: this time and this text belong together.
        let id = read("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
        assert_eq!(at_ms(id), 1_469_922_850_259);
        assert_eq!(read("8ZZZZZZZZZZZZZZZZZZZZZZZZZ"), None, "larger than 128 bits");
        assert_eq!(read("01ARZ3NDEKTSV4RRFFQ69G5FAU"), None, "U is no letter of it");
    }

    proptest! {
        #[test]
        fn ids_rise_and_so_do_their_texts(calls in prop::collection::vec((0u64..1 << 47, any::<u128>()), 1..200)) {
            let (mut ulid, mut last) = (Ulid::default(), 0);
            for (ms, random) in calls {
                let id = ulid.next(ms, random);
                prop_assert!(id > last && text(id) > text(last) && at_ms(id) >= ms);
                prop_assert_eq!(read(&text(id)), Some(id));
                last = id;
            }
        }
    }
}
