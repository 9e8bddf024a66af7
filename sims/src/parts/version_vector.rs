//! Version vectors: which writes a replica has seen, and which of them stand side by side.
//!
//! Parker et al. (1983) for the vector; one *dot* per write beside its context as in Preguiça et al., "Dotted Version
//! Vectors" (2012): with the vector alone, two writes that know the same past and go through the same server look ordered.

/// One write: the `count`-th of that actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    pub actor: u32,
    pub count: u64,
}

/// For each actor, how many of its writes are seen. Sorted by actor; no zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionVector(Vec<Dot>);

impl VersionVector {
    pub fn new() -> VersionVector {
        VersionVector::default()
    }

    pub fn count(&self, actor: u32) -> u64 {
        self.0.binary_search_by_key(&actor, |d| d.actor).map_or(0, |at| self.0[at].count)
    }

    pub fn has(&self, dot: Dot) -> bool {
        self.count(dot.actor) >= dot.count
    }

    /// Sees this write and all before it of its actor.
    pub fn see(&mut self, dot: Dot) {
        match self.0.binary_search_by_key(&dot.actor, |d| d.actor) {
            Ok(at) => self.0[at].count = self.0[at].count.max(dot.count),
            Err(at) if dot.count > 0 => self.0.insert(at, dot),
            Err(_) => {}
        }
    }

    pub fn merge(&mut self, other: &VersionVector) {
        for dot in &other.0 {
            self.see(*dot);
        }
    }

    /// Whether everything `other` has seen is seen here too.
    pub fn covers(&self, other: &VersionVector) -> bool {
        other.0.iter().all(|d| self.has(*d))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn dots(&self) -> &[Dot] {
        &self.0
    }
}

/// What is known of one key: everything ever seen of it, and the writes among it that nothing seen has superseded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Siblings {
    pub seen: VersionVector,
    /// Sorted; more than one if they are concurrent.
    pub live: Vec<Dot>,
}

impl Siblings {
    /// One write and the past its writer knew.
    pub fn write(dot: Dot, context: &VersionVector) -> Siblings {
        let mut seen = context.clone();
        seen.see(dot);
        Siblings { seen, live: vec![dot] }
    }

    /// Takes a write in: what its context saw is superseded, the rest stays beside it.
    pub fn take(&mut self, dot: Dot, context: &VersionVector) {
        if self.seen.has(dot) {
            return;
        }
        self.live.retain(|d| !context.has(*d));
        self.live.push(dot);
        self.live.sort_unstable();
        self.seen.merge(context);
        self.seen.see(dot);
    }

    /// Joins two replicas' knowledge: a write lives on if both have it live, or one has it and the other never saw it.
    pub fn merge(&mut self, other: &Siblings) {
        let mut live: Vec<Dot> = self.live.iter().copied().filter(|d| other.live.contains(d) || !other.seen.has(*d)).collect();
        live.extend(other.live.iter().filter(|d| !self.seen.has(**d)));
        live.sort_unstable();
        live.dedup();
        self.live = live;
        self.seen.merge(&other.seen);
    }

    /// Whether all that `other` knows is known here.
    pub fn covers(&self, other: &Siblings) -> bool {
        self.seen.covers(&other.seen)
    }

    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    type Past = BTreeMap<Dot, BTreeSet<Dot>>;

    /// The definition: a replica is the set of writes it has seen; live are those in no other's past.
    fn naive_live(seen: &BTreeSet<Dot>, past: &Past) -> Vec<Dot> {
        seen.iter().copied().filter(|d| !seen.iter().any(|other| past[other].contains(d))).collect()
    }

    fn downward(set: &BTreeSet<Dot>, past: &Past) -> BTreeSet<Dot> {
        set.iter().flat_map(|d| past[d].iter().copied().chain([*d])).collect()
    }

    #[derive(Clone, Debug)]
    enum Op {
        /// A client that last read `read` writes through `at`, a server with an actor of its own.
        Write {
            at: usize,
            read: usize,
        },
        Sync {
            from: usize,
            to: usize,
        },
    }

    fn ops() -> impl Strategy<Value = Vec<Op>> {
        let one = prop_oneof![
            (0usize..3, 0usize..3).prop_map(|(at, read)| Op::Write { at, read }),
            (0usize..3, 0usize..3).prop_map(|(from, to)| Op::Sync { from, to }),
        ];
        proptest::collection::vec(one, 0..30)
    }

    proptest! {
        /// Against causal histories as plain sets of writes.
        #[test]
        fn siblings_are_exactly_the_writes_nobody_superseded(ops in ops()) {
            let mut real = vec![Siblings::default(); 3];
            let mut naive: Vec<BTreeSet<Dot>> = vec![BTreeSet::new(); 3];
            let mut past: Past = BTreeMap::new();
            let mut counts = [0u64; 3];
            for op in ops {
                match op {
                    Op::Write { at, read } => {
                        counts[at] += 1;
                        let dot = Dot { actor: at as u32, count: counts[at] };
                        // The client may have read a replica before this server's latest writes: they are concurrent with its own.
                        let context = real[read].seen.clone();
                        past.insert(dot, downward(&naive[read], &past));
                        real[at].take(dot, &context);
                        naive[at].insert(dot);
                        naive[at] = downward(&naive[at], &past);
                    }
                    Op::Sync { from, to } => {
                        let other = real[from].clone();
                        real[to].merge(&other);
                        let more = naive[from].clone();
                        naive[to].extend(more);
                    }
                }
                for r in 0..3 {
                    prop_assert_eq!(&real[r].live, &naive_live(&naive[r], &past));
                }
            }
        }

        #[test]
        fn merging_is_idempotent_commutative_and_associative(ops in ops()) {
            let mut r = vec![Siblings::default(); 3];
            let mut counts = [0u64; 3];
            for op in ops {
                match op {
                    Op::Write { at, read } => {
                        counts[at] += 1;
                        let context = r[read].seen.clone();
                        r[at].take(Dot { actor: at as u32, count: counts[at] }, &context);
                    }
                    Op::Sync { from, to } => { let other = r[from].clone(); r[to].merge(&other); }
                }
            }
            let join = |a: &Siblings, b: &Siblings| { let mut c = a.clone(); c.merge(b); c };
            prop_assert_eq!(join(&r[0], &r[0]), r[0].clone());
            prop_assert_eq!(join(&r[0], &r[1]), join(&r[1], &r[0]));
            prop_assert_eq!(join(&join(&r[0], &r[1]), &r[2]), join(&r[0], &join(&r[1], &r[2])));
        }
    }

    #[test]
    fn two_writes_from_one_past_through_one_server_are_siblings() {
        let mut at = Siblings::default();
        let empty = VersionVector::new();
        at.take(Dot { actor: 1, count: 1 }, &empty);
        at.take(Dot { actor: 1, count: 2 }, &empty);
        assert_eq!(at.live.len(), 2);
        let context = at.seen.clone();
        at.take(Dot { actor: 2, count: 1 }, &context);
        assert_eq!(at.live, [Dot { actor: 2, count: 1 }]);
    }
}
