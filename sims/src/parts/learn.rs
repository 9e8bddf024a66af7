//! A small model that really learns: logistic regression by stochastic gradient descent, and the measures it is judged by.

use crate::kernel::math;
use crate::kernel::rng::Rng;

/// Odds as a weighted sum of features, each in units of its own spread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logistic<const N: usize> {
    pub bias: f64,
    pub weights: [f64; N],
    pub mean: [f64; N],
    pub spread: [f64; N],
}

/// How long and how fast to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lessons {
    pub epochs: u32,
    /// The first step; later ones shrink as 1 / sqrt(n), which Robbins and Monro's conditions allow together with averaging.
    pub rate: f64,
}

pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + math::exp(-x))
}

impl<const N: usize> Logistic<N> {
    /// Learns from rows, each epoch in another order; the weights are averaged over the second half (Polyak and Juditsky, 1992),
    /// so that the noise of single steps cancels. Without rows it says a half to everything.
    pub fn learn(rows: &[([f64; N], bool)], lessons: Lessons, rng: &mut Rng) -> Logistic<N> {
        let (mean, spread) = moments(rows);
        let mut model = Logistic { bias: 0.0, weights: [0.0; N], mean, spread };
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        let steps = u64::from(lessons.epochs) * rows.len() as u64;
        let (mut step, mut kept, mut sum) = (0u64, 0.0, [0.0; N]);
        let mut sum_bias = 0.0;
        for _ in 0..lessons.epochs {
            rng.shuffle(&mut order);
            for place in &order {
                let (x, label) = &rows[*place as usize];
                step += 1;
                model.step(x, *label, lessons.rate / math::sqrt(1.0 + step as f64 / 100.0));
                if step * 2 > steps {
                    kept += 1.0;
                    sum_bias += model.bias;
                    (0..N).for_each(|i| sum[i] += model.weights[i]);
                }
            }
        }
        if kept > 0.0 {
            model.bias = sum_bias / kept;
            model.weights = sum.map(|w| w / kept);
        }
        model
    }

    /// One step against the gradient of the loss, which is the error times the feature.
    fn step(&mut self, x: &[f64; N], label: bool, rate: f64) {
        let error = self.says(x) - f64::from(u8::from(label));
        self.bias -= rate * error;
        for i in 0..N {
            self.weights[i] -= rate * error * self.scaled(x, i);
        }
    }

    fn scaled(&self, x: &[f64; N], i: usize) -> f64 {
        (x[i] - self.mean[i]) / self.spread[i]
    }

    /// The probability that it gives to "yes".
    pub fn says(&self, x: &[f64; N]) -> f64 {
        sigmoid((0..N).fold(self.bias, |sum, i| sum + self.weights[i] * self.scaled(x, i)))
    }

    /// The weight of a feature in its own unit.
    pub fn slope(&self, i: usize) -> f64 {
        self.weights[i] / self.spread[i]
    }

    /// A model that says the opposite: a slip of a sign, as training code has them.
    pub fn upside_down(mut self) -> Logistic<N> {
        self.bias = -self.bias;
        self.weights = self.weights.map(|w| -w);
        self
    }
}

/// Mean and deviation of each feature; a feature that never varies has spread 1.
fn moments<const N: usize>(rows: &[([f64; N], bool)]) -> ([f64; N], [f64; N]) {
    let n = rows.len().max(1) as f64;
    let mean: [f64; N] = std::array::from_fn(|i| rows.iter().map(|(x, _)| x[i]).sum::<f64>() / n);
    let spread = std::array::from_fn(|i| {
        let variance = rows.iter().map(|(x, _)| (x[i] - mean[i]) * (x[i] - mean[i])).sum::<f64>() / n;
        if variance > 1e-12 { math::sqrt(variance) } else { 1.0 }
    });
    (mean, spread)
}

/// What one prediction cost: the surprise at the truth, in nats.
pub fn loss(said: f64, label: bool) -> f64 {
    let sure = if label { said } else { 1.0 - said };
    -math::ln(sure.max(1e-9))
}

/// What a prediction is expected to cost if its probability is right: so loss less this is nothing on average, however sure it is.
pub fn entropy(said: f64) -> f64 {
    said * loss(said, true) + (1.0 - said) * loss(said, false)
}

/// The chance that a random "yes" scores above a random "no", ties counting half (Hanley and McNeil, 1982); none without both kinds.
pub fn auc(scored: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = scored.to_vec();
    sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let yes = sorted.iter().filter(|(_, label)| *label).count() as f64;
    let no = sorted.len() as f64 - yes;
    if yes < 1.0 || no < 1.0 {
        return None;
    }
    let (mut at, mut ranks) = (0, 0.0);
    while at < sorted.len() {
        let ties = sorted[at..].iter().take_while(|(score, _)| score.total_cmp(&sorted[at].0).is_eq()).count();
        // All of a tie have the mean of their places, which count from 1.
        let rank = at as f64 + (ties as f64 + 1.0) / 2.0;
        ranks += rank * sorted[at..at + ties].iter().filter(|(_, label)| *label).count() as f64;
        at += ties;
    }
    Some((ranks - yes * (yes + 1.0) / 2.0) / (yes * no))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::Rng;
    use proptest::prelude::*;

    const LESSONS: Lessons = Lessons { epochs: 8, rate: 0.1 };

    fn rows(n: usize, rng: &mut Rng) -> Vec<([f64; 2], bool)> {
        let row = |rng: &mut Rng| {
            let x = [rng.normal(), 10.0 + 5.0 * rng.normal()];
            let odds = -0.5 + 1.5 * x[0] - 0.2 * (x[1] - 10.0);
            (x, rng.chance(sigmoid(odds)))
        };
        (0..n).map(|_| row(rng)).collect()
    }

    #[test]
    fn it_finds_the_weights_that_made_the_labels() {
        let mut rng = Rng::stream(1, "learn");
        let rows = rows(20_000, &mut rng);
        let model = Logistic::learn(&rows, LESSONS, &mut rng);
        assert!((model.slope(0) - 1.5).abs() < 0.08, "{model:?}");
        assert!((model.slope(1) + 0.2).abs() < 0.015, "{model:?}");
        let at_mean = model.says(&[0.0, 10.0]);
        assert!((at_mean - sigmoid(-0.5)).abs() < 0.02, "{at_mean}");
    }

    /// At the optimum the gradient is nothing: the mean error, and the mean error times each feature.
    #[test]
    fn it_ends_where_the_loss_is_flat() {
        let mut rng = Rng::stream(2, "learn");
        let rows = rows(4_000, &mut rng);
        let model = Logistic::learn(&rows, LESSONS, &mut rng);
        let errors = rows.iter().map(|(x, label)| (x, model.says(x) - f64::from(u8::from(*label))));
        let n = rows.len() as f64;
        let (flat, slope) = errors.fold((0.0, 0.0), |(a, b), (x, error)| (a + error / n, b + error * x[0] / n));
        assert!(flat.abs() < 0.005 && slope.abs() < 0.005, "{flat} {slope}");
    }

    #[test]
    fn without_rows_it_says_a_half() {
        let model: Logistic<2> = Logistic::learn(&[], LESSONS, &mut Rng::stream(1, "none"));
        assert_eq!(model.says(&[3.0, -4.0]), 0.5);
        assert!((loss(0.5, true) - math::ln(2.0)).abs() < 1e-12);
    }

    #[test]
    fn upside_down_it_is_as_wrong_as_it_was_right() {
        let mut rng = Rng::stream(3, "learn");
        let rows = rows(2_000, &mut rng);
        let model = Logistic::learn(&rows, LESSONS, &mut rng);
        let score = |model: Logistic<2>| auc(&rows.iter().map(|(x, label)| (model.says(x), *label)).collect::<Vec<_>>()).unwrap();
        assert!((score(model) + score(model.upside_down()) - 1.0).abs() < 1e-9);
        assert!(score(model) > 0.8);
    }

    #[test]
    fn a_true_probability_costs_its_entropy() {
        let mut rng = Rng::stream(4, "entropy");
        let (mut excess, mut turned) = (0.0, 0.0);
        for _ in 0..40_000 {
            let said = rng.unit();
            let label = rng.chance(said);
            excess += loss(said, label) - entropy(said);
            turned += loss(said, !label) - entropy(said);
        }
        assert!((excess / 40_000.0).abs() < 0.02 && turned / 40_000.0 > 0.5, "{excess} {turned}");
        assert!((entropy(0.5) - math::ln(2.0)).abs() < 1e-12);
    }

    #[test]
    fn the_area_is_that_of_small_cases() {
        assert_eq!(auc(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]), Some(0.75));
        assert_eq!(auc(&[(0.5, true), (0.5, false)]), Some(0.5));
        assert_eq!(auc(&[(0.5, true)]), None);
    }

    proptest! {
        /// Pair by pair.
        #[test]
        fn the_area_is_the_share_of_pairs_in_order(scored in proptest::collection::vec((0u8..6, any::<bool>()), 0..40)) {
            let scored: Vec<(f64, bool)> = scored.into_iter().map(|(s, l)| (f64::from(s), l)).collect();
            let (mut won, mut pairs) = (0.0, 0.0);
            for (yes, _) in scored.iter().filter(|(_, l)| *l) {
                for (no, _) in scored.iter().filter(|(_, l)| !*l) {
                    pairs += 1.0;
                    won += if yes > no { 1.0 } else if yes < no { 0.0 } else { 0.5 };
                }
            }
            match auc(&scored) {
                Some(area) => prop_assert!((area - won / pairs).abs() < 1e-9),
                None => prop_assert!(pairs < 0.5),
            }
        }
    }
}
