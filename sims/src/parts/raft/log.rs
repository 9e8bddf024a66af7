//! The log: entries behind a base that a snapshot covers.

use super::{Entry, Index, Pos, Term};

#[derive(Clone, Debug)]
pub struct Log<C> {
    /// The last entry that was dropped from the front.
    base: Pos,
    entries: Vec<Entry<C>>,
}

impl<C> Default for Log<C> {
    fn default() -> Self {
        Log { base: Pos::default(), entries: Vec::new() }
    }
}

impl<C: Clone> Log<C> {
    pub fn base(&self) -> Pos {
        self.base
    }

    pub fn last_index(&self) -> Index {
        self.base.index + self.entries.len() as u64
    }

    pub fn last(&self) -> Pos {
        Pos { term: self.entries.last().map_or(self.base.term, |entry| entry.term), index: self.last_index() }
    }

    /// Entries held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn slot(&self, index: Index) -> Option<usize> {
        index.checked_sub(self.base.index + 1).map(|at| at as usize)
    }

    pub fn get(&self, index: Index) -> Option<&Entry<C>> {
        self.slot(index).and_then(|at| self.entries.get(at))
    }

    /// The term of an entry that is held, or of the base.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base.index { Some(self.base.term) } else { self.get(index).map(|entry| entry.term) }
    }

    pub fn has(&self, at: Pos) -> bool {
        self.term_at(at.index) == Some(at.term)
    }

    /// At most `max` entries from `from` on, which must not be behind the base.
    pub fn slice(&self, from: Index, max: usize) -> &[Entry<C>] {
        let start = self.slot(from).unwrap_or(0).min(self.entries.len());
        let end = self.entries.len().min(start.saturating_add(max));
        &self.entries[start..end]
    }

    pub fn push(&mut self, entry: Entry<C>) {
        self.entries.push(entry);
    }

    /// Drops everything behind `index`.
    pub fn truncate(&mut self, index: Index) {
        self.entries.truncate(index.saturating_sub(self.base.index) as usize);
    }

    /// The latest place at or before `at` whose term is not above that of `at`: where two logs may agree at best (5.3, the
    /// end: one step back a term instead of one an entry).
    pub fn agree_before(&self, at: Pos) -> Pos {
        let mut index = at.index.min(self.last_index());
        while index > self.base.index {
            match self.term_at(index) {
                Some(term) if term > at.term => index -= 1,
                _ => break,
            }
        }
        let index = index.max(self.base.index);
        Pos { term: self.term_at(index).unwrap_or_default(), index }
    }

    /// A snapshot covers everything up to `at`: drops that but `keep` entries; all, if the log does not hold `at`.
    pub fn cover(&mut self, at: Pos, keep: u64) {
        if !self.has(at) {
            *self = Log { base: at, entries: Vec::new() };
            return;
        }
        let to = at.index.saturating_sub(keep);
        if let Some(count) = to.checked_sub(self.base.index).filter(|n| *n > 0) {
            let base = Pos { term: self.term_at(to).unwrap_or(at.term), index: to };
            self.entries.drain(..count as usize);
            self.base = base;
        }
    }

    pub fn bytes(&self) -> usize {
        self.entries.len() * size_of::<Entry<C>>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Load;
    use super::*;
    use proptest::prelude::*;

    fn of(terms: &[Term]) -> Log<u32> {
        let mut log = Log::default();
        for (n, term) in terms.iter().enumerate() {
            log.push(Entry { term: *term, load: Load::Command(n as u32) });
        }
        log
    }

    #[test]
    fn the_place_of_agreement_skips_whole_terms() {
        // Figure 7, leader 1 1 1 4 4 5 5 6 6 6 beside (f): 1 1 1 2 2 2 3 3 3 3 3.
        let f = of(&[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]);
        let leader = of(&[1, 1, 1, 4, 4, 5, 5, 6, 6, 6]);
        let hint = f.agree_before(Pos { term: 6, index: 10 });
        assert_eq!(hint, Pos { term: 3, index: 10 });
        assert_eq!(leader.agree_before(hint), Pos { term: 1, index: 3 }, "one refusal instead of seven");
    }

    proptest! {
        /// Against a plain vector that forgets nothing.
        #[test]
        fn a_log_is_a_vector_with_its_front_off(ops in proptest::collection::vec((0u8..4, 0u64..12), 0..80)) {
            let (mut log, mut naive, mut base) = (Log::<u32>::default(), Vec::<Term>::new(), 0u64);
            for (what, n) in ops {
                let last = naive.len() as u64;
                match what {
                    0 | 1 => {
                        let term = naive.last().copied().unwrap_or(1) + n / 8;
                        naive.push(term);
                        log.push(Entry { term, load: Load::Noop });
                    }
                    2 => { let to = last.saturating_sub(n).max(base); naive.truncate(to as usize); log.truncate(to); }
                    _ if last > base => {
                        let at = base + 1 + n % (last - base);
                        log.cover(Pos { term: naive[at as usize - 1], index: at }, n / 4);
                        base = base.max(at.saturating_sub(n / 4));
                    }
                    _ => {}
                }
                prop_assert_eq!(log.last_index(), naive.len() as u64);
                prop_assert_eq!(log.base().index, base);
                for index in base.max(1)..=naive.len() as u64 {
                    prop_assert_eq!(log.term_at(index), Some(naive[index as usize - 1]), "index {}", index);
                }
                prop_assert_eq!(log.get(base), None);
            }
        }
    }
}
