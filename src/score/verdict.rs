//! What the run of the candidate's numbers said: which claims hold, by how much others fail, and which knob matters.

use serde::{Deserialize, Serialize};

/// The design run with the sizing numbers against the card's objectives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    pub seeds: Vec<u64>,
    /// What the interviewer changed, in the interviewer's words: the run has it too.
    pub changes: Vec<String>,
    pub numbers: Vec<Number>,
    /// In the card's order; empty if the numbers cannot run together.
    pub claims: Vec<Claim>,
    /// Why these numbers cannot run together.
    pub trouble: Option<String>,
    pub runs: usize,
}

/// One question of the sizing form and what went into the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Number {
    pub knob: String,
    pub ask: String,
    pub unit: String,
    pub answer: Option<String>,
    /// What stood in the knob.
    pub value: String,
    /// Why the answer could not be taken.
    pub refused: Option<String>,
    /// What the card calls good.
    pub good: String,
    pub fits: bool,
}

impl Number {
    /// The candidate's own number ran; else the design's default did.
    pub fn is_sized(&self) -> bool {
        self.answer.is_some() && self.refused.is_none()
    }
}

/// What one run, on its worst seed, came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    pub passed: bool,
    /// None for an invariant, or where a metric has no value.
    pub value: Option<f64>,
    /// How far the card's seeds lie apart: a change that is no larger may be chance. None where it was not kept.
    #[serde(default)]
    pub spread: Option<f64>,
}

impl Reached {
    /// Whether two runs are further apart than the seeds of either.
    pub fn clearly_differs(self, other: Reached) -> bool {
        let chance = self.spread.unwrap_or(0.0).max(other.spread.unwrap_or(0.0));
        match (self.value, other.value) {
            (Some(one), Some(two)) => (one - two).abs() > chance,
            _ => self.passed != other.passed,
        }
    }
}

/// One objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    pub text: String,
    pub because: Option<String>,
    pub yours: Reached,
    pub limit: Option<f64>,
    /// The seed that came nearest to failing, or failed most.
    pub seed: Option<u64>,
    pub detail: Option<String>,
    /// With the card's own numbers, the change included.
    pub with_good: Option<Reached>,
    pub swings: Vec<Swing>,
}

/// What one knob alone does to a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    pub knob: String,
    /// The good value that was tried.
    pub good: String,
    /// Your numbers, this one alone made good.
    pub mended: Option<Reached>,
    /// The card's numbers, this one alone made yours.
    pub spoiled: Option<Reached>,
}

impl Verification {
    /// Under this name the store keeps it with its attempt.
    pub const FINDING: &str = "verification";

    pub fn met(&self) -> usize {
        self.claims.iter().filter(|claim| claim.yours.passed).count()
    }

    pub fn missed(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|claim| !claim.yours.passed)
    }

    pub fn number(&self, knob: &str) -> Option<&Number> {
        self.numbers.iter().find(|number| number.knob == knob)
    }

    /// Questions of the form without an answer that could run.
    pub fn unsized_numbers(&self) -> impl Iterator<Item = &Number> {
        self.numbers.iter().filter(|number| !number.is_sized())
    }

    /// The knob that matters to most of the claims that failed; the first of equals.
    pub fn knob_that_matters(&self) -> Option<&Swing> {
        let swings: Vec<&Swing> = self.missed().filter_map(Claim::matters).collect();
        let votes = |knob: &str| swings.iter().filter(|swing| swing.knob == knob).count();
        // `max_by_key` takes the last of equals.
        swings.iter().rev().max_by_key(|swing| votes(&swing.knob)).copied()
    }
}

/// Less than this part of the limit is no move worth naming.
const MOVE_MIN: f64 = 0.02;

impl Claim {
    /// The knob that alone turns the claim, or else moves it most towards its limit.
    pub fn matters(&self) -> Option<&Swing> {
        if self.yours.passed {
            return None;
        }
        let best = self.swings.iter().map(|swing| (self.weight(swing), swing)).filter(|(weight, _)| *weight > MOVE_MIN);
        best.fold(None, |best: Option<(f64, &Swing)>, next| if best.is_none_or(|best| next.0 > best.0) { Some(next) } else { best }).map(|(_, swing)| swing)
    }

    /// How much a knob matters: that it alone mends the claim counts most, then that it alone spoils it, then how far it moves it.
    fn weight(&self, swing: &Swing) -> f64 {
        const FLIP: f64 = 1e6;
        let mends = swing.mended.is_some_and(|mended| mended.passed && !self.yours.passed);
        let spoils = swing.spoiled.is_some_and(|spoiled| !spoiled.passed) && self.with_good.is_some_and(|good| good.passed);
        // A claim that is turned is turned; how far it is moved counts only beyond what another seed does as well.
        let moved = if self.is_clear(swing) { self.mended_by(swing).unwrap_or(0.0).clamp(0.0, FLIP / 2.0) } else { 0.0 };
        f64::from(u8::from(mends)) * 2.0 * FLIP + f64::from(u8::from(spoils)) * FLIP + moved
    }

    /// Whether this knob alone moves the claim by more than its seeds lie apart.
    pub fn is_clear(&self, swing: &Swing) -> bool {
        swing.mended.is_some_and(|mended| self.yours.clearly_differs(mended))
    }

    /// How far towards the limit this knob alone moves the claim, as a part of the limit; below zero: away from it.
    pub fn mended_by(&self, swing: &Swing) -> Option<f64> {
        let (yours, mended, limit) = (self.yours.value?, swing.mended?.value?, self.limit?);
        Some(((yours - limit).abs() - (mended - limit).abs()) / limit.abs().max(1e-9))
    }

    /// By how much the limit is passed or kept: `8.2 times the limit`, `12 % over`, `40 % to spare`.
    pub fn by(&self) -> Option<String> {
        let (value, limit) = (self.yours.value?, self.limit?);
        let share = (value - limit).abs() / limit.abs();
        let held = self.yours.passed;
        let side = match (held, value > limit) {
            (true, _) => "to spare",
            (false, true) => "over",
            (false, false) => "short",
        };
        Some(match () {
            () if limit == 0.0 && held => "just met".to_owned(),
            () if limit == 0.0 => format!("{} more than none", crate::catalog::expect::significant(value)),
            () if share < 0.0005 && held => "just met".to_owned(),
            () if !held && value > limit && limit > 0.0 && value / limit >= 2.0 => format!("{:.1} times the limit", value / limit),
            () => format!("{} % {side}", crate::catalog::expect::significant(share * 100.0)),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn reached(passed: bool, value: f64) -> Option<Reached> {
        Some(Reached { passed, value: Some(value), spread: None })
    }

    pub(crate) fn swing(knob: &str, mended: Option<Reached>, spoiled: Option<Reached>) -> Swing {
        Swing { knob: knob.into(), good: "3".into(), mended, spoiled }
    }

    pub(crate) fn claim(value: f64, swings: Vec<Swing>) -> Claim {
        let yours = Reached { passed: value <= 5.0, value: Some(value), spread: None };
        Claim { text: "p99_ms <= 5".into(), because: None, yours, limit: Some(5.0), seed: Some(2), detail: None, with_good: reached(true, 4.0), swings }
    }

    #[test]
    fn the_knob_that_turns_a_claim_alone_matters_most() {
        let moves = swing("burst", reached(false, 6.0), reached(true, 4.5));
        let spoils = swing("timeout", reached(false, 40.0), reached(false, 30.0));
        let turns = swing("stores", reached(true, 4.9), reached(true, 4.0));
        let of = |swings: &[&Swing]| claim(41.0, swings.iter().map(|swing| (*swing).clone()).collect()).matters().map(|swing| swing.knob.clone());
        assert_eq!(of(&[&moves, &spoils, &turns]).as_deref(), Some("stores"));
        assert_eq!(of(&[&moves, &spoils]).as_deref(), Some("timeout"));
        assert_eq!(of(&[&moves]).as_deref(), Some("burst"));
        assert_eq!(of(&[&swing("idle", reached(false, 41.0), reached(true, 4.0))]), None, "nothing moves it");
        assert_eq!(claim(4.0, vec![turns]).matters(), None, "it holds");
    }

    #[test]
    fn what_another_seed_does_as_well_is_no_influence() {
        let moves = swing("cache", reached(false, 39.0), reached(true, 4.0));
        let mut missed = claim(40.0, vec![moves]);
        missed.yours.spread = Some(3.0);
        assert!(!missed.is_clear(&missed.swings[0]));
        assert_eq!(missed.matters(), None, "a step within the seeds' spread");
        missed.swings[0].mended = reached(false, 30.0);
        assert_eq!(missed.matters().map(|swing| swing.knob.as_str()), Some("cache"));
        missed.swings[0].mended = Some(Reached { passed: false, value: Some(30.0), spread: Some(12.0) });
        assert_eq!(missed.matters(), None, "the other run's seeds count as well");
        let old: Reached = serde_json::from_str("{\"passed\":false,\"value\":40.0}").unwrap();
        assert_eq!(old.spread, None, "what was kept before is read");
    }

    #[test]
    fn how_much_is_measured_against_the_limit() {
        let by = |value: f64| claim(value, vec![]).by().unwrap();
        assert_eq!(by(41.0), "8.2 times the limit");
        assert_eq!(by(5.6), "12 % over");
        assert_eq!(by(3.0), "40 % to spare");
        assert_eq!(by(5.0), "just met");
        let none = Claim { limit: Some(0.0), yours: Reached { passed: false, value: Some(17.0), spread: None }, ..claim(17.0, vec![]) };
        assert_eq!(none.by().unwrap(), "17 more than none");
        assert_eq!(Claim { limit: None, ..claim(1.0, vec![]) }.by(), None);
    }

    #[test]
    fn it_is_kept_as_it_is() {
        let kept = Verification { seeds: vec![1, 2], claims: vec![claim(41.0, vec![swing("stores", None, reached(true, 1.0))])], ..Verification::default() };
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Verification>(&text).unwrap(), kept);
        assert_eq!(kept.met(), 0);
    }
}
