//! Which numbers of a source have been seen: everything below a mark, and some above it.

use std::collections::BTreeSet;

#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Everything below has been seen, or has been given up.
    low: u64,
    above: BTreeSet<u64>,
    highest: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    New,
    /// New, but one with a higher number was here before.
    Late,
    Again,
}

/// More numbers than this above a gap, and the gap counts as given up.
const ABOVE_MOST: usize = 20_000;

impl Seen {
    pub fn note(&mut self, number: u64) -> Sight {
        if number < self.low || !self.above.insert(number) {
            return Sight::Again;
        }
        while self.above.remove(&self.low) {
            self.low += 1;
        }
        if self.above.len() > ABOVE_MOST
            && let Some(first) = self.above.first().copied()
        {
            self.low = first;
            while self.above.remove(&self.low) {
                self.low += 1;
            }
        }
        if self.highest.is_some_and(|highest| number < highest) {
            return Sight::Late;
        }
        self.highest = Some(number);
        Sight::New
    }

    pub fn weight(&self) -> usize {
        self.above.len() * 16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_says_what_a_plain_list_says(numbers in proptest::collection::vec(0u64..40, 0..100)) {
            let (mut seen, mut list): (Seen, Vec<u64>) = (Seen::default(), Vec::new());
            for number in numbers {
                let expected = match list.iter().max() {
                    _ if list.contains(&number) => Sight::Again,
                    Some(max) if number < *max => Sight::Late,
                    _ => Sight::New,
                };
                prop_assert_eq!(seen.note(number), expected);
                list.push(number);
            }
        }
    }
}
