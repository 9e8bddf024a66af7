//! What was asked for and is not answered yet: each thing under a number of its own, and since when.

use crate::kernel::time::Time;
use crate::kernel::weight::Flat;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Outstanding<T> {
    open: BTreeMap<u64, (Time, T)>,
    last: u64,
}

impl<T> Default for Outstanding<T> {
    fn default() -> Self {
        Outstanding { open: BTreeMap::new(), last: 0 }
    }
}

impl<T> Outstanding<T> {
    /// The number of a new question; none has had it before.
    pub fn open(&mut self, now: Time, what: T) -> u64 {
        self.last += 1;
        self.open.insert(self.last, (now, what));
        self.last
    }

    /// It was answered, or is given up: when it was asked, and what. None if it had been before.
    pub fn close(&mut self, ticket: u64) -> Option<(Time, T)> {
        self.open.remove(&ticket)
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whoever asked has forgotten all of it: answers to it close nothing.
    pub fn forget(&mut self) {
        self.open.clear();
    }

    pub fn weight(&self) -> usize {
        self.open.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_once_and_a_forgotten_one_never() {
        let mut asked = Outstanding::default();
        let (one, two) = (asked.open(Time(1), 'a'), asked.open(Time(2), 'b'));
        assert_eq!((asked.close(two), asked.close(two)), (Some((Time(2), 'b')), None));
        asked.forget();
        assert_eq!(asked.close(one), None);
        assert!(asked.open(Time(3), 'c') > two, "numbers are not used again");
    }
}
