//! A follower graph: who follows whom, both ways, with as heavy a tail of followers as asked for.

use crate::kernel::math;

/// Users are numbered from 0; the lower the number, the more followers it is likely to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowGraph {
    following: Rows,
    followers: Rows,
}

/// Rows of sorted numbers in one piece of memory: 4 bytes an edge, 4 a row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rows {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Rows {
    fn row(&self, of: u32) -> &[u32] {
        let of = of as usize;
        &self.items[self.starts[of] as usize..self.starts[of + 1] as usize]
    }
}

impl FollowGraph {
    /// Draws a graph: user i is followed with a weight of (i + 1)^-skew, so that the followers of the r-th account fall as r^-skew
    /// (Zipf's law, the rank form of Pareto's) until the largest accounts saturate: nobody follows twice. How many a user follows is
    /// itself uneven: exponential around `mean`, at least one. `unit` gives numbers in [0, 1).
    pub fn draw(users: u32, mean: f64, skew: f64, mut unit: impl FnMut() -> f64) -> FollowGraph {
        let sums = cumulated(users, skew);
        let total = sums.last().copied().unwrap_or(1.0);
        let mut edges = Vec::with_capacity((f64::from(users) * mean) as usize);
        let mut row: Vec<u32> = Vec::new();
        for user in 0..users {
            // Half of the others at most: beyond it, drawing without repetition would take for ever in a skewed world.
            let wanted = 1 + (-math::ln(1.0 - unit()) * (mean - 1.0).max(0.0) + 0.5) as usize;
            let wanted = wanted.min(users as usize / 2);
            row.clear();
            let mut tries = 0;
            while row.len() < wanted && tries < 20 * wanted {
                tries += 1;
                let x = unit() * total;
                let author = (sums.partition_point(|sum| *sum <= x) as u32).min(users - 1);
                if author != user && !row.contains(&author) {
                    row.push(author);
                }
            }
            edges.extend(row.iter().map(|author| (user, *author)));
        }
        FollowGraph::of(users, &edges)
    }

    /// The graph of these edges, each a follower and the author followed, none twice.
    pub fn of(users: u32, edges: &[(u32, u32)]) -> FollowGraph {
        FollowGraph { following: rows(users, edges.iter().copied()), followers: rows(users, edges.iter().map(|(user, author)| (*author, *user))) }
    }

    pub fn users(&self) -> u32 {
        self.following.starts.len() as u32 - 1
    }

    /// Whom a user follows, in order of number.
    pub fn following(&self, user: u32) -> &[u32] {
        self.following.row(user)
    }

    /// Who follows an author, in order of number.
    pub fn followers(&self, author: u32) -> &[u32] {
        self.followers.row(author)
    }

    pub fn edges(&self) -> usize {
        self.following.items.len()
    }

    pub fn bytes(&self) -> usize {
        4 * (self.following.items.len() + self.followers.items.len() + self.following.starts.len() + self.followers.starts.len())
    }
}

fn cumulated(users: u32, skew: f64) -> Vec<f64> {
    let mut sum = 0.0;
    (0..users)
        .map(|i| {
            sum += math::pow(f64::from(i + 1), -skew);
            sum
        })
        .collect()
}

/// Counting sort by row, then each row sorted.
fn rows(users: u32, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Rows {
    let mut starts = vec![0u32; users as usize + 1];
    for (row, _) in edges.clone() {
        starts[row as usize + 1] += 1;
    }
    for i in 0..users as usize {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let mut items = vec![0u32; starts[users as usize] as usize];
    for (row, item) in edges {
        items[next[row as usize] as usize] = item;
        next[row as usize] += 1;
    }
    for i in 0..users as usize {
        items[starts[i] as usize..starts[i + 1] as usize].sort_unstable();
    }
    Rows { starts, items }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A small generator of its own, so that the test says what it needs: uniform numbers.
    fn chance(mut seed: u64) -> impl FnMut() -> f64 {
        move || {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = seed;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    proptest! {
        #[test]
        fn both_ways_tell_the_same_edges(users in 2u32..60, mean in 1.0f64..20.0, skew in 0.0f64..1.5, seed: u64) {
            let graph = FollowGraph::draw(users, mean, skew, chance(seed));
            let mut out: Vec<(u32, u32)> = (0..users).flat_map(|u| graph.following(u).iter().map(move |a| (u, *a))).collect();
            let mut back: Vec<(u32, u32)> = (0..users).flat_map(|a| graph.followers(a).iter().map(move |u| (*u, a))).collect();
            back.sort_unstable();
            let drawn = out.len();
            out.dedup();
            prop_assert_eq!(out.len(), drawn, "nobody follows twice");
            prop_assert_eq!(&out, &back);
            prop_assert!(out.iter().all(|(user, author)| user != author));
            prop_assert_eq!(graph.edges(), drawn);
            prop_assert_eq!(graph, FollowGraph::draw(users, mean, skew, chance(seed)));
        }
    }

    #[test]
    fn followers_fall_as_a_power_of_the_rank() {
        let graph = FollowGraph::draw(20_000, 30.0, 0.9, chance(7));
        // Past the saturated head, the count of followers falls by 2^0.9 when the rank doubles. Sums over octaves tame the noise:
        // ranks 2r..4r hold 2^(1 - 0.9) times the followers of ranks r..2r.
        let octave = |from: u32| (from..2 * from).map(|a| graph.followers(a).len()).sum::<usize>() as f64;
        for from in [256, 512, 1024, 2048] {
            let ratio = octave(2 * from) / octave(from);
            assert!((ratio - math::pow(2.0, 0.1)).abs() < 0.06, "octave from {from}: {ratio}");
        }
        let mean = graph.edges() as f64 / 20_000.0;
        assert!((mean - 30.0).abs() < 1.0, "{mean} followees in the mean");
        assert!(graph.followers(0).len() > 20 * 30);
    }

    #[test]
    fn without_skew_nobody_stands_out() {
        let graph = FollowGraph::draw(5_000, 30.0, 0.0, chance(3));
        let most = (0..5_000).map(|a| graph.followers(a).len()).max().unwrap_or(0);
        assert!(most < 75, "{most} followers: more than Poisson's tail around 30 allows");
    }
}
