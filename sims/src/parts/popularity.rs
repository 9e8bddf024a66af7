//! What people ask for: things by rank, few of them often, and now and then one that everybody wants.

use super::zipf::Zipf;
use crate::kernel::rng::Rng;
use crate::kernel::time::Time;

#[derive(Clone, Debug)]
pub struct Popularity<T> {
    law: Zipf,
    ranks: usize,
    skew: f64,
    craze: Option<Craze<T>>,
}

/// A share of all who ask want this, for a time.
#[derive(Clone, Copy, Debug)]
struct Craze<T> {
    what: T,
    share: f64,
    until: Time,
}

impl<T: Copy> Popularity<T> {
    pub fn new(ranks: usize, skew: f64) -> Popularity<T> {
        Popularity { law: Zipf::new(ranks, skew), ranks, skew, craze: None }
    }

    pub fn turn(&mut self, skew: f64) {
        if (self.skew - skew).abs() > f64::EPSILON {
            self.skew = skew;
            self.law = Zipf::new(self.ranks, skew);
        }
    }

    pub fn go_viral(&mut self, what: T, share: f64, until: Time) {
        self.craze = Some(Craze { what, share, until });
    }

    /// What everybody wants, if whoever asks now is one of them. Draws only while there is such a thing.
    pub fn craze(&self, now: Time, rng: &mut Rng) -> Option<T> {
        self.craze.as_ref().filter(|craze| now < craze.until && rng.chance(craze.share)).map(|craze| craze.what)
    }

    /// The rank of what somebody asks for otherwise, from 0.
    pub fn rank(&self, rng: &mut Rng) -> usize {
        self.law.rank(rng.u64())
    }

    pub fn weight(&self) -> usize {
        self.law.keys() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;

    #[test]
    fn a_craze_takes_its_share_and_ends() {
        let (mut popularity, mut rng) = (Popularity::new(100, 1.0), Rng::stream(1, "popularity"));
        assert_eq!(popularity.craze(Time::ZERO, &mut rng), None);
        popularity.go_viral('x', 0.25, Time::ZERO + Span::secs(1));
        let caught = (0..10_000).filter(|_| popularity.craze(Time::ZERO, &mut rng) == Some('x')).count();
        assert!((2_300..2_700).contains(&caught), "{caught}");
        assert_eq!(popularity.craze(Time::ZERO + Span::secs(1), &mut rng), None);
    }

    #[test]
    fn the_skew_can_be_turned() {
        let (mut popularity, mut rng) = (Popularity::<u8>::new(100, 0.0), Rng::stream(1, "popularity"));
        let firsts = |popularity: &Popularity<u8>, rng: &mut Rng| (0..10_000).filter(|_| popularity.rank(rng) == 0).count();
        let even = firsts(&popularity, &mut rng);
        popularity.turn(1.0);
        let skewed = firsts(&popularity, &mut rng);
        // A hundredth, and one over the hundredth harmonic number.
        assert!((50..160).contains(&even) && (1_750..2_100).contains(&skewed), "{even} {skewed}");
    }
}
