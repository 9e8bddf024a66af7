//! Drift: how far one sample has moved from another, by the population stability index and by Kolmogorov and Smirnov's distance.
//!
//! The index sums (a - e) ln(a / e) over the shares of bins; it knows nothing of how many values were seen. The distance is the widest gap
//! between two empirical distribution functions, and its chance under "nothing has moved" shrinks with the number of values.

use crate::kernel::math;

/// A bin in which nobody was seen counts as half a value, or the logarithm would have no end.
const EMPTY: f64 = 0.5;

/// What later samples are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    sorted: Vec<f64>,
    /// Upper edges of all bins but the last.
    edges: Vec<f64>,
    counts: Vec<u64>,
}

impl Reference {
    /// Bins hold equally many of the sample's values, as far as equal values let them.
    pub fn new(mut sample: Vec<f64>, bins: usize) -> Reference {
        sample.sort_unstable_by(f64::total_cmp);
        let mut edges: Vec<f64> = (1..bins).filter_map(|bin| sample.get((bin * sample.len() / bins).saturating_sub(1)).copied()).collect();
        edges.dedup_by(|a, b| a.total_cmp(b).is_eq());
        // What lies above the greatest value needs a bin of its own only if something can lie there and below it.
        edges.retain(|edge| sample.last().is_some_and(|last| edge < last));
        let counts = counted(&edges, &sample);
        Reference { sorted: sample, edges, counts }
    }

    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// The index of a sample against this one.
    pub fn psi(&self, sample: &[f64]) -> f64 {
        psi(&self.counts, &counted(&self.edges, sample))
    }

    /// The distance to a sample, which must be sorted.
    pub fn ks(&self, sorted: &[f64]) -> f64 {
        ks(&self.sorted, sorted)
    }
}

/// How many values lie in each bin: above the edge before it, up to its own.
fn counted(edges: &[f64], sample: &[f64]) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 1];
    for value in sample {
        counts[edges.partition_point(|edge| edge < value)] += 1;
    }
    counts
}

/// The population stability index of two histograms over the same bins. Nothing to compare is no difference.
pub fn psi(expected: &[u64], actual: &[u64]) -> f64 {
    let (all_expected, all_actual) = (expected.iter().sum::<u64>() as f64, actual.iter().sum::<u64>() as f64);
    if all_expected <= 0.0 || all_actual <= 0.0 {
        return 0.0;
    }
    let share = |count: u64, all: f64| (count as f64).max(EMPTY) / all;
    let bins = expected.iter().zip(actual).filter(|(e, a)| **e > 0 || **a > 0);
    bins.map(|(e, a)| (share(*a, all_actual), share(*e, all_expected))).map(|(a, e)| (a - e) * math::ln(a / e)).sum()
}

/// The widest gap between the distribution functions of two sorted samples.
pub fn ks(a: &[f64], b: &[f64]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut i, mut j, mut widest) = (0, 0, 0.0f64);
    while i < a.len() && j < b.len() {
        let value = a[i].min(b[j]);
        // Equal values are passed in both before the gap is looked at.
        while i < a.len() && a[i] <= value {
            i += 1;
        }
        while j < b.len() && b[j] <= value {
            j += 1;
        }
        widest = widest.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    widest
}

/// The chance of a distance at least that wide between samples of `n` and `m` values of one source: Kolmogorov's limit with Stephens's
/// correction (1970) for samples that are not large.
pub fn ks_chance(distance: f64, n: usize, m: usize) -> f64 {
    if n == 0 || m == 0 {
        return 1.0;
    }
    let root = math::sqrt(n as f64 * m as f64 / (n + m) as f64);
    kolmogorov((root + 0.12 + 0.11 / root) * distance)
}

/// Kolmogorov's distribution, from above: 2 Σ (-1)^(k-1) exp(-2 k² λ²).
pub fn kolmogorov(lambda: f64) -> f64 {
    // Below this the sum needs many terms for what is 1 to thirteen digits.
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: f64| math::exp(-2.0 * k * k * lambda * lambda);
    let sum: f64 = (1..=40).map(|k| if k % 2 == 1 { term(f64::from(k)) } else { -term(f64::from(k)) }).sum();
    (2.0 * sum).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::Rng;
    use proptest::prelude::*;

    fn near(a: f64, b: f64, by: f64) -> bool {
        (a - b).abs() <= by
    }

    #[test]
    fn the_index_is_that_of_the_worked_example() {
        // Half and half against six and four tenths: 0.1 ln 1.2 + 0.1 ln 1.25.
        assert!(near(psi(&[50, 50], &[60, 40]), 0.1 * math::ln(1.2) + 0.1 * math::ln(1.25), 1e-12));
        assert!(near(psi(&[10, 20, 30], &[100, 200, 300]), 0.0, 1e-12));
        assert_eq!(psi(&[], &[]), 0.0);
        assert_eq!(psi(&[5, 5], &[0, 0]), 0.0);
    }

    #[test]
    fn the_distance_is_that_of_small_samples_by_hand() {
        assert_eq!(ks(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 1.0);
        assert_eq!(ks(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0]), 0.0);
        assert!(near(ks(&[1.0, 3.0, 5.0, 7.0], &[2.0, 4.0, 6.0, 8.0]), 0.25, 1e-12));
        assert!(near(ks(&[0.0, 0.0, 0.0, 1.0], &[0.0, 1.0, 1.0, 1.0]), 0.5, 1e-12));
    }

    #[test]
    fn the_distribution_has_its_tabled_points() {
        for (lambda, chance) in [(1.2238, 0.10), (1.3581, 0.05), (1.6276, 0.01), (1.9495, 0.001)] {
            assert!(near(kolmogorov(lambda), chance, chance * 0.002), "{lambda}: {}", kolmogorov(lambda));
        }
        assert_eq!(kolmogorov(0.0), 1.0);
    }

    /// Under "nothing has moved" five tests in a hundred cry at 5 %, and the index is about (bins - 1)(1/n + 1/m).
    #[test]
    fn equal_sources_cry_as_often_as_was_said() {
        let mut rng = Rng::stream(1, "drift");
        let (tries, n, m) = (2_000, 300, 500);
        let (mut cries, mut index) = (0, 0.0);
        for _ in 0..tries {
            let reference = Reference::new((0..m).map(|_| rng.normal()).collect(), 10);
            let mut sample: Vec<f64> = (0..n).map(|_| rng.normal()).collect();
            index += reference.psi(&sample);
            sample.sort_unstable_by(f64::total_cmp);
            cries += u32::from(ks_chance(reference.ks(&sample), n, m) < 0.05);
        }
        let share = f64::from(cries) / f64::from(tries);
        assert!((0.035..0.065).contains(&share), "{share} cried");
        let expected = 9.0 * (1.0 / n as f64 + 1.0 / m as f64);
        assert!(near(index / f64::from(tries), expected, expected * 0.1), "{} against {expected}", index / f64::from(tries));
    }

    #[test]
    fn a_shift_of_one_deviation_is_as_wide_as_theory_says() {
        let mut rng = Rng::stream(2, "drift");
        let reference = Reference::new((0..20_000).map(|_| rng.normal()).collect(), 10);
        let mut moved: Vec<f64> = (0..20_000).map(|_| rng.normal() + 1.0).collect();
        // The index of two normals is the squared distance of their means, less what ten bins do not see.
        assert!((0.85..1.0).contains(&reference.psi(&moved)), "{}", reference.psi(&moved));
        moved.sort_unstable_by(f64::total_cmp);
        // 2 Φ(1/2) - 1.
        assert!(near(reference.ks(&moved), 0.3829, 0.015), "{}", reference.ks(&moved));
    }

    /// The definition, value by value.
    fn naive_ks(a: &[f64], b: &[f64]) -> f64 {
        let below = |sample: &[f64], x: f64| sample.iter().filter(|v| **v <= x).count() as f64 / sample.len() as f64;
        a.iter().chain(b).map(|x| (below(a, *x) - below(b, *x)).abs()).fold(0.0, f64::max)
    }

    fn naive_counts(edges: &[f64], sample: &[f64]) -> Vec<u64> {
        let lower = std::iter::once(f64::NEG_INFINITY).chain(edges.iter().copied());
        let upper = edges.iter().copied().chain([f64::INFINITY]);
        lower.zip(upper).map(|(lo, hi)| sample.iter().filter(|v| lo < **v && **v <= hi).count() as u64).collect()
    }

    fn sample() -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec((-20i32..20).prop_map(|n| f64::from(n) / 4.0), 1..60)
    }

    proptest! {
        #[test]
        fn the_distance_is_the_definition_ties_and_all(mut a in sample(), mut b in sample()) {
            a.sort_unstable_by(f64::total_cmp);
            b.sort_unstable_by(f64::total_cmp);
            prop_assert!(near(ks(&a, &b), naive_ks(&a, &b), 1e-12));
            prop_assert!(near(ks(&a, &b), ks(&b, &a), 1e-12));
        }

        #[test]
        fn every_value_falls_into_one_bin(a in sample(), b in sample(), bins in 1usize..12) {
            let reference = Reference::new(a.clone(), bins);
            prop_assert_eq!(&reference.counts, &naive_counts(&reference.edges, &a));
            prop_assert!(reference.counts.len() <= bins && reference.counts.iter().all(|n| *n > 0));
            prop_assert_eq!(counted(&reference.edges, &b), naive_counts(&reference.edges, &b));
            prop_assert!(reference.psi(&b) >= -1e-12, "the index is never negative");
            prop_assert!(near(reference.psi(&a), 0.0, 1e-12));
        }
    }
}
