//! A seasonal forecast: what was seen at this place of earlier seasons is expected at the same place of the next one.
//!
//! Each place of the season is smoothed by itself (exponential smoothing of the seasonal term alone, without level and trend): enough to
//! have sandboxes ready for the rush that comes every day at nine, and useless for one that never came before.

use crate::kernel::weight::Flat;

/// What is expected at each place of a season.
#[derive(Clone, Debug)]
pub struct Seasonal {
    /// Negative where nothing was seen yet.
    places: Vec<f64>,
    /// Weight of what was seen last, 0 to 1.
    newest: f64,
}

impl Seasonal {
    /// A season of so many places.
    pub fn new(places: usize, newest: f64) -> Seasonal {
        Seasonal { places: vec![-1.0; places.max(1)], newest: newest.clamp(0.0, 1.0) }
    }

    fn place(&self, number: u64) -> usize {
        (number % self.places.len() as u64) as usize
    }

    /// At this place, counted from the very first season on, so much was seen.
    pub fn observe(&mut self, number: u64, seen: f64) {
        let place = self.place(number);
        let before = self.places[place];
        self.places[place] = if before < 0.0 { seen } else { before + self.newest * (seen - before) };
    }

    /// What to expect there; none if no season has reached it yet.
    pub fn expect(&self, number: u64) -> Option<f64> {
        Some(self.places[self.place(number)]).filter(|seen| *seen >= 0.0)
    }

    /// The most that is expected within these places.
    pub fn most(&self, from: u64, to: u64) -> Option<f64> {
        (from..=to.min(from + self.places.len() as u64)).filter_map(|number| self.expect(number)).reduce(f64::max)
    }

    /// Bytes it holds beyond its own size.
    pub fn weight(&self) -> usize {
        self.places.bytes()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_comes_every_season_is_expected_before_it_comes() {
        let mut forecast = Seasonal::new(10, 0.5);
        assert_eq!(forecast.expect(3), None);
        for second in 0..20 {
            forecast.observe(second, if second % 10 == 7 { 50.0 } else { 1.0 });
        }
        assert_eq!((forecast.expect(27), forecast.expect(26), forecast.most(24, 27)), (Some(50.0), Some(1.0), Some(50.0)));
    }

    proptest! {
        /// Against a model that smooths each place anew from all that was ever seen.
        #[test]
        fn smooths_each_place_by_itself(places in 1usize..12, newest in 0.0f64..=1.0, seen in prop::collection::vec(0.0f64..100.0, 0..80)) {
            let mut forecast = Seasonal::new(places, newest);
            for (number, value) in seen.iter().enumerate() {
                forecast.observe(number as u64, *value);
            }
            for place in 0..places {
                let at: Vec<f64> = seen.iter().skip(place).step_by(places).copied().collect();
                let naive = at.split_first().map(|(first, rest)| rest.iter().fold(*first, |old, new| old + newest * (new - old)));
                prop_assert_eq!(forecast.expect(place as u64), naive);
                // It stays within what was seen.
                if let Some(value) = naive {
                    prop_assert!(at.iter().any(|v| *v <= value + 1e-9) && at.iter().any(|v| *v >= value - 1e-9));
                }
            }
        }
    }
}
