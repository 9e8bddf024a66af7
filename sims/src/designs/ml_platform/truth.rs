//! The truth: people whose habits change, and what they do, by a law that no model is told.

use super::FEATURES;
use crate::kernel::math;
use crate::kernel::rng::Rng;
use crate::kernel::weight::Flat;
use crate::parts::learn::sigmoid;

/// What is known of a person: spending, visits, complaints.
pub type Values = [f64; FEATURES];

pub const SPENDING: usize = 0;
pub const VISITS: usize = 1;
pub const COMPLAINTS: usize = 2;

/// How much of earlier complaints is left after each event; so little is none. Without an end the smallest values would shrink for ever,
/// and a monitor that compares shapes would see a drift where there is none.
const FADES: f64 = 0.7;
const NONE_LEFT: f64 = 0.05;
/// The law: log odds of sending the order back.
const BIAS: f64 = -1.0;
const LAW: Values = [1.1, -0.8, 0.25];

#[derive(Clone, Debug)]
pub struct Truth {
    people: Vec<Person>,
    rng: Rng,
    /// How far spending has moved from what it was, in its own deviations.
    shift: f64,
    /// What the pipeline multiplies spending by: 1, unless it has a fault.
    factor: f64,
    law: Values,
}

#[derive(Clone, Copy, Debug)]
struct Person {
    /// Spending and visits, each normal with deviation 1, as of the last event.
    habits: [f64; 2],
    /// What the law sees: habits with the shift they had then, and complaints.
    now: Values,
}

impl Truth {
    pub fn new(people: usize, mut rng: Rng) -> Truth {
        let person = |rng: &mut Rng| {
            let habits = [rng.normal(), rng.normal()];
            Person { habits, now: [habits[0], habits[1], 0.0] }
        };
        Truth { people: (0..people.max(1)).map(|_| person(&mut rng)).collect(), rng, shift: 0.0, factor: 1.0, law: LAW }
    }

    pub fn people(&self) -> usize {
        self.people.len()
    }

    /// One event of a random person: habits go on as an autoregression with that much persistence, and what the pipeline writes down.
    pub fn event(&mut self, persistence: f64) -> (u32, Values) {
        let who = self.rng.below(self.people.len() as u64) as usize;
        let fresh = math::sqrt(1.0 - persistence * persistence);
        let noise = [self.rng.normal(), self.rng.normal()];
        let person = &mut self.people[who];
        (0..2).for_each(|i| person.habits[i] = persistence * person.habits[i] + fresh * noise[i]);
        let left = person.now[COMPLAINTS] * FADES;
        person.now = [person.habits[0] + self.shift, person.habits[1], if left < NONE_LEFT { 0.0 } else { left }];
        (who as u32, self.written(who))
    }

    /// Somebody asks: who, and whether the order comes back, which shows later.
    pub fn request(&mut self) -> (u32, bool) {
        let who = self.rng.below(self.people.len() as u64) as usize;
        let now = &self.people[who].now;
        let odds = (0..FEATURES).fold(BIAS, |sum, i| sum + self.law[i] * now[i]);
        (who as u32, self.rng.chance(sigmoid(odds)))
    }

    /// An order has come back: a complaint is on record.
    pub fn complain(&mut self, who: u32) -> Values {
        self.people[who as usize].now[COMPLAINTS] += 1.0;
        self.written(who as usize)
    }

    pub fn of(&self, who: u32) -> Values {
        self.written(who as usize)
    }

    fn written(&self, who: usize) -> Values {
        let now = self.people[who].now;
        [now[SPENDING] * self.factor, now[VISITS], now[COMPLAINTS]]
    }

    /// Everybody spends more, or less, from their next event on.
    pub fn shift(&mut self, by: f64) {
        self.shift += by;
    }

    /// The same habits lead to something else: at 1 spending and visits mean nothing, at 2 the opposite.
    pub fn turn(&mut self, by: f64) {
        self.law[SPENDING] *= 1.0 - by;
        self.law[VISITS] *= 1.0 - by;
    }

    /// The pipeline writes spending in another unit.
    pub fn unit(&mut self, factor: f64) {
        self.factor *= factor;
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.rng.chance(p)
    }

    pub fn part(&mut self) -> f64 {
        self.rng.unit()
    }

    pub fn weight(&self) -> usize {
        self.people.bytes()
    }
}
