//! Where keys live: a hash ring with virtual nodes, and two placements that are worse on purpose.
//!
//! The ring is Karger et al., "Consistent Hashing and Random Trees" (STOC 1997), with many points a node as in Dynamo
//! (`DeCandia` et al., SOSP 2007). A look-up costs one step into a prefix index over the sorted points and, nearly always, one comparison.

use super::hash::mix;
use crate::kernel::math;

/// Sorted points on a circle of 2^64 places. A key belongs to the owner of the first point at or after its hash.
#[derive(Clone, Debug)]
pub struct Ring {
    members: Vec<u32>,
    virtual_nodes: usize,
    /// Decorrelates rings of different runs.
    salt: u64,
    points: Vec<Point>,
    /// For each prefix of the circle, the place of the first point at or after its start.
    first: Vec<u32>,
    shift: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    at: u64,
    owner: u32,
}

/// Prefixes per point: the more, the fewer look-ups have to compare twice.
const PREFIXES_PER_POINT: usize = 4;

impl Ring {
    pub fn new(members: &[u32], virtual_nodes: usize, salt: u64) -> Ring {
        let mut members = members.to_vec();
        members.sort_unstable();
        members.dedup();
        let mut points: Vec<Point> =
            members.iter().flat_map(|owner| (0..virtual_nodes).map(|number| Point { at: point(*owner, number, salt), owner: *owner })).collect();
        points.sort_unstable();
        let (first, shift) = index(&points);
        Ring { members, virtual_nodes, salt, points, first, shift }
    }

    pub fn with(&self, member: u32) -> Ring {
        let mut members = self.members.clone();
        members.push(member);
        Ring::new(&members, self.virtual_nodes, self.salt)
    }

    pub fn without(&self, member: u32) -> Ring {
        let members: Vec<u32> = self.members.iter().copied().filter(|m| *m != member).collect();
        Ring::new(&members, self.virtual_nodes, self.salt)
    }

    pub fn members(&self) -> &[u32] {
        &self.members
    }

    /// The owner of a key, by the key's hash; none on an empty ring.
    #[inline]
    pub fn owner(&self, hash: u64) -> Option<u32> {
        Some(self.points.get(self.place(hash))?.owner)
    }

    /// The next `n` *distinct* members clockwise from the key; all of them if there are fewer.
    pub fn replicas(&self, hash: u64, n: usize, into: &mut Vec<u32>) {
        into.clear();
        let n = n.min(self.members.len());
        let start = self.place(hash);
        for step in 0..self.points.len() {
            if into.len() == n {
                return;
            }
            let owner = self.points[(start + step) % self.points.len()].owner;
            if !into.contains(&owner) {
                into.push(owner);
            }
        }
    }

    /// An error that is often met: the copies go to the owners of the `n - 1` points after the *primary's first point*, and a point of a
    /// member that is already chosen is passed over without another in its place.
    pub fn replicas_by_points(&self, hash: u64, n: usize, into: &mut Vec<u32>) {
        into.clear();
        let Some(primary) = self.owner(hash) else { return };
        into.push(primary);
        let start = self.place(point(primary, 0, self.salt));
        for step in 1..n {
            let owner = self.points[(start + step) % self.points.len()].owner;
            if !into.contains(&owner) {
                into.push(owner);
            }
        }
    }

    /// Share of the circle per member, in the order of `members`.
    pub fn shares(&self) -> Vec<f64> {
        // The whole circle does not fit into 64 bits.
        if self.members.len() == 1 {
            return vec![1.0];
        }
        let mut arcs = vec![0u64; self.members.len()];
        let mut before = self.points.last().map_or(0, |p| p.at);
        for p in &self.points {
            if let Ok(at) = self.members.binary_search(&p.owner) {
                arcs[at] = arcs[at].wrapping_add(p.at.wrapping_sub(before));
            }
            before = p.at;
        }
        arcs.iter().map(|arc| *arc as f64 / 18_446_744_073_709_551_616.0).collect()
    }

    /// Standard deviation of the members' shares over their mean.
    pub fn imbalance(&self) -> f64 {
        let shares = self.shares();
        let n = shares.len() as f64;
        if shares.len() < 2 {
            return 0.0;
        }
        math::sqrt(shares.iter().map(|s| (s - 1.0 / n) * (s - 1.0 / n)).sum::<f64>() / n) * n
    }

    /// Points as turns of the circle, 0 to 1, with their owner.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (f64, u32)> + '_ {
        self.points.iter().map(|p| (p.at as f64 / 18_446_744_073_709_551_616.0, p.owner))
    }

    /// The place of the first point at or after `hash`, around the end.
    #[inline]
    fn place(&self, hash: u64) -> usize {
        let Some(first) = self.first.get((hash >> self.shift) as usize) else { return 0 };
        let mut place = *first as usize;
        while let Some(p) = self.points.get(place) {
            if p.at >= hash {
                return place;
            }
            place += 1;
        }
        0
    }
}

fn point(owner: u32, number: usize, salt: u64) -> u64 {
    mix(salt ^ mix(u64::from(owner) << 32 | number as u64))
}

fn index(points: &[Point]) -> (Vec<u32>, u32) {
    let prefixes = (points.len() * PREFIXES_PER_POINT).next_power_of_two().max(2);
    let shift = 64 - prefixes.trailing_zeros();
    let mut first = Vec::with_capacity(prefixes);
    let mut place = 0;
    for prefix in 0..prefixes as u64 {
        while points.get(place).is_some_and(|p| p.at < prefix << shift) {
            place += 1;
        }
        first.push(place as u32);
    }
    (first, shift)
}

/// How keys are placed on members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The next distinct members on the ring.
    Ring,
    /// The members of the next points (wrong).
    NextPoints,
    /// Hash modulo the number of members, and the members after it: nearly every key moves when that number changes.
    Modulo,
}

impl Placement {
    pub fn owner(self, ring: &Ring, hash: u64) -> Option<u32> {
        match self {
            Placement::Ring | Placement::NextPoints => ring.owner(hash),
            Placement::Modulo => modulo(ring, hash, 0),
        }
    }

    pub fn replicas(self, ring: &Ring, hash: u64, n: usize, into: &mut Vec<u32>) {
        match self {
            Placement::Ring => ring.replicas(hash, n, into),
            Placement::NextPoints => ring.replicas_by_points(hash, n, into),
            Placement::Modulo => {
                into.clear();
                into.extend((0..n.min(ring.members.len())).filter_map(|step| modulo(ring, hash, step)));
            }
        }
    }
}

fn modulo(ring: &Ring, hash: u64, step: usize) -> Option<u32> {
    let n = ring.members.len();
    if n == 0 {
        return None;
    }
    Some(ring.members[((hash % n as u64) as usize + step) % n])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word by word: scan every point for the nearest at or after the hash.
    fn naive_walk(ring: &Ring, hash: u64) -> Vec<u32> {
        let mut all: Vec<Point> = ring.points.clone();
        all.sort_by_key(|p| p.at.wrapping_sub(hash));
        let mut owners = Vec::new();
        for p in all {
            if !owners.contains(&p.owner) {
                owners.push(p.owner);
            }
        }
        owners
    }

    proptest! {
        #[test]
        fn a_look_up_agrees_with_a_scan(members in proptest::collection::vec(0u32..50, 0..12), v in 1usize..20, salt: u64, hashes in proptest::collection::vec(any::<u64>(), 1..50)) {
            let ring = Ring::new(&members, v, salt);
            let edges = ring.points.iter().flat_map(|p| [p.at, p.at.wrapping_add(1), p.at.wrapping_sub(1)]);
            let mut got = Vec::new();
            for hash in hashes.into_iter().chain(edges).chain([0, u64::MAX]) {
                let walk = naive_walk(&ring, hash);
                prop_assert_eq!(ring.owner(hash), walk.first().copied());
                for n in [1, 3, 20] {
                    ring.replicas(hash, n, &mut got);
                    prop_assert_eq!(&got[..], &walk[..n.min(walk.len())]);
                }
            }
        }

        #[test]
        fn a_join_moves_keys_to_the_newcomer_only_and_a_leave_only_the_leavers(n in 1u32..20, v in 1usize..40, salt: u64, hash: u64) {
            let members: Vec<u32> = (0..n).collect();
            let before = Ring::new(&members, v, salt);
            let after = before.with(n);
            let (old, new) = (before.owner(hash), after.owner(hash));
            prop_assert!(old == new || new == Some(n));
            prop_assert_eq!(after.without(n).owner(hash), old);
        }

        #[test]
        fn shares_sum_to_one(n in 1u32..30, v in 1usize..40, salt: u64) {
            let members: Vec<u32> = (0..n).collect();
            let sum: f64 = Ring::new(&members, v, salt).shares().iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn balance_follows_the_law_of_virtual_nodes() {
        let members: Vec<u32> = (0..100).collect();
        for v in [1usize, 10, 100, 1000] {
            let rings = 40;
            let square = (0..rings).map(|salt| Ring::new(&members, v, salt).imbalance()).map(|x| x * x).sum::<f64>() / rings as f64;
            let law = math::sqrt(99.0 / (100.0 * v as f64 + 1.0));
            let got = math::sqrt(square);
            assert!((got / law - 1.0).abs() < 0.08, "v = {v}: {got} against {law}");
        }
    }

    #[test]
    fn next_points_give_all_keys_of_a_primary_one_set_and_often_too_small_a_one() {
        let members: Vec<u32> = (0..5).collect();
        let ring = Ring::new(&members, 50, 7);
        let mut sets = std::collections::BTreeMap::new();
        let mut set = Vec::new();
        for key in 0..5000 {
            ring.replicas_by_points(mix(key), 3, &mut set);
            assert_eq!(sets.entry(set[0]).or_insert_with(|| set.clone()), &set);
            ring.replicas(mix(key), 3, &mut set);
            assert_eq!(set.len(), 3);
        }
        let few = (0..40).filter(|salt| {
            Ring::new(&members, 50, *salt).replicas_by_points(1, 3, &mut set);
            set.len() < 3
        });
        assert!(few.count() > 5);
    }

    #[test]
    fn modulo_moves_nearly_everything() {
        let ring = Ring::new(&(0..10).collect::<Vec<_>>(), 150, 1);
        let after = ring.with(10);
        let moved = |placement: Placement| (0..20_000u64).filter(|k| placement.owner(&ring, mix(*k)) != placement.owner(&after, mix(*k))).count() as f64 / 2e4;
        assert!((moved(Placement::Modulo) - 10.0 / 11.0).abs() < 0.02);
        assert!((moved(Placement::Ring) - 1.0 / 11.0).abs() < 0.03);
    }
}
