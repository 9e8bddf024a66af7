//! A candidate's sizing numbers run against the card's objectives, and which of them matters: one knob at a time.

use super::experiment::play_all;
use super::objectives::{self, Met};
use super::plan;
use crate::catalog::expect::significant;
use crate::catalog::{Good, Pairs, Problem, RunPlan, Scalar, Sizing, Then, sized};
use crate::score::{Claim, Number, Reached, Swing, Verification};
use sims::kernel::design::{Design, find};
use sims::kernel::knob::Knobs;
use sims::kernel::units::duration;
use sims::kernel::value::Kind;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// How far the runs are, for whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    pub done: AtomicUsize,
    pub total: AtomicUsize,
}

impl Progress {
    /// From 0 to 1.
    pub fn part(&self) -> f64 {
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        if total == 0 { 0.0 } else { done as f64 / total as f64 }
    }
}

/// Whether a card has something to run numbers against.
pub fn can(problem: &Problem) -> bool {
    problem.design.is_some() && !problem.objectives.is_empty()
}

/// Runs the proof with the candidate's numbers and with what the interviewer changed (places of its moments), then each number
/// alone; none if `cancel` was set. An answer that no knob can take is told and left out, as one that was not given.
///
/// # Errors
/// The card has no design; a claim or a change of the card cannot be read; a design panics.
pub fn verify(
    problem: &Problem,
    said: &[usize],
    answers: &BTreeMap<String, String>,
    progress: &Progress,
    cancel: &AtomicBool,
) -> Result<Option<Verification>, String> {
    let design = find(sims::designs::ALL, problem.design.as_deref().ok_or("this problem has no design to run")?)?;
    verify_on(design, problem, said, answers, progress, cancel)
}

fn verify_on(
    design: &'static Design,
    problem: &Problem,
    said: &[usize],
    answers: &BTreeMap<String, String>,
    progress: &Progress,
    cancel: &AtomicBool,
) -> Result<Option<Verification>, String> {
    let moments: Vec<_> = said.iter().filter_map(|place| problem.interviewer.get(*place)).filter(|moment| moment.then.is_some()).collect();
    let changes: Vec<&Then> = moments.iter().filter_map(|moment| moment.then.as_ref()).collect();
    let base = objectives::proof_plan(design, problem, &changes, &[])?;
    let bench = Bench { design, problem, base, seeds: problem.proof.as_ref().map_or_else(|| vec![1], |proof| proof.seeds.clone()), progress, cancel };
    let numbers: Vec<Number> = problem.sizing.iter().map(|sizing| bench.number(sizing, answers.get(&sizing.knob))).collect();
    let told = Verification {
        seeds: bench.seeds.clone(),
        changes: moments.iter().map(|moment| moment.say.trim().to_owned()).collect(),
        numbers,
        ..Verification::default()
    };
    bench.run(told)
}

/// The text that an answer puts into its knob.
///
/// # Errors
/// What is allowed there, in the candidate's own unit: `a whole number from 1 to 16 nodes`.
pub fn put(design: &Design, sizing: &Sizing, answer: &str) -> Result<String, String> {
    let Some(knob) = design.knobs.iter().find(|knob| knob.name == sizing.knob) else { return Err(format!("the design has no knob `{}`", sizing.knob)) };
    let answer = answer.trim();
    let text = sized(answer, sizing.scale, &sizing.unit, &knob.kind).ok().filter(|text| knob.kind.read(text).is_ok());
    text.ok_or_else(|| allowed(sizing, &knob.kind))
}

/// The limits of a knob, in the unit and at the scale in which its number is asked for.
fn allowed(sizing: &Sizing, kind: &Kind) -> String {
    let unit = |n: f64| n / sizing.scale;
    let (min, max, word) = match kind {
        Kind::Integer { min, max } => (unit(*min as f64), unit(*max as f64), "a whole number from"),
        Kind::Number { min, max } => (unit(*min), unit(*max), "a number from"),
        Kind::Duration { min, max } if duration(&format!("1{}", sizing.unit)).is_ok() => {
            let one = duration(&format!("1{}", sizing.unit)).map_or(1.0, |one| one.0 as f64);
            (unit(min.0 as f64 / one), unit(max.0 as f64 / one), "a time from")
        }
        _ => return kind.to_string(),
    };
    // Asked at a scale, every number is rounded to the nearest that the knob can take.
    let word = if sizing.scale == 1.0 { word } else { "a number from" };
    format!("{word} {} to {} {}", significant(min), significant(max), sizing.unit).trim_end().to_string()
}

/// The settings that one run is made of: knob and its text.
type Set = BTreeMap<String, String>;

struct Bench<'a> {
    design: &'static Design,
    problem: &'a Problem,
    /// The proof and what was changed, without any number of the form.
    base: RunPlan,
    seeds: Vec<u64>,
    progress: &'a Progress,
    cancel: &'a AtomicBool,
}

impl Bench<'_> {
    /// What goes into the run for one question.
    fn number(&self, sizing: &Sizing, answer: Option<&String>) -> Number {
        let (value, refused) = match answer.map(|answer| put(self.design, sizing, answer)) {
            Some(Ok(value)) => (value, None),
            Some(Err(why)) => (self.standing(&sizing.knob), Some(why)),
            None => (self.standing(&sizing.knob), None),
        };
        let fits = answer.is_some_and(|answer| sizing.good.holds(answer));
        Number {
            knob: sizing.knob.clone(),
            ask: sizing.ask.clone(),
            unit: sizing.unit.clone(),
            answer: answer.cloned(),
            value,
            refused,
            good: sizing.good.to_string(),
            fits,
        }
    }

    /// What stands in a knob if nobody turns it: the proof's value, else the design's default.
    fn standing(&self, knob: &str) -> String {
        if let Some((_, value)) = self.base.set.iter().find(|(name, _)| *name == knob) {
            return value.to_string();
        }
        Knobs::defaults(self.design.knobs).get(knob).map_or(String::new(), ToString::to_string)
    }

    /// The good value that is tried, which the card's tests prove: the lower end, or the first word.
    fn good(&self, sizing: &Sizing) -> Option<(String, String)> {
        let knob = self.design.knobs.iter().find(|knob| knob.name == sizing.knob)?;
        let good = match &sizing.good {
            Good::Range(low, _) => low.to_string(),
            Good::Words(words) => words.first()?.clone(),
        };
        Some((sized(&good, sizing.scale, &sizing.unit, &knob.kind).ok()?, good))
    }

    /// Whether two texts put the same into a knob: `4ms` and `4 ms` do.
    fn same(&self, knob: &str, one: Option<&String>, other: &str) -> bool {
        let Some((knob, one)) = self.design.knobs.iter().find(|declared| declared.name == knob).zip(one) else { return false };
        knob.kind.read(one).is_ok_and(|one| knob.kind.read(other) == Ok(one))
    }

    fn run(&self, mut told: Verification) -> Result<Option<Verification>, String> {
        let yours: Set = told.numbers.iter().filter(|number| number.is_sized()).map(|number| (number.knob.clone(), number.value.clone())).collect();
        let good: BTreeMap<String, (String, String)> =
            self.problem.sizing.iter().filter_map(|sizing| Some((sizing.knob.clone(), self.good(sizing)?))).collect();
        let all_good: Set = good.iter().map(|(knob, (value, _))| (knob.clone(), value.clone())).collect();
        // A knob that already stands where the good one would cannot matter.
        let differ: Vec<String> = told
            .numbers
            .iter()
            .filter(|number| !self.same(&number.knob, all_good.get(&number.knob), &number.value))
            .map(|number| number.knob.clone())
            .collect();
        self.progress.total.store((2 + 2 * differ.len()) * self.seeds.len(), Ordering::Relaxed);
        if let Err(why) = plan::spec(self.design, &self.plan(&yours), 1) {
            told.trouble = Some(why);
            return Ok(Some(told));
        }
        let Some(met) = self.play(std::slice::from_ref(&yours))? else { return Ok(None) };
        told.claims = met.into_iter().flatten().flatten().map(claim).collect();
        told.runs = self.seeds.len();
        if told.met() == told.claims.len() && told.numbers.iter().all(|number| number.fits) {
            self.progress.total.store(told.runs, Ordering::Relaxed);
            return Ok(Some(told));
        }
        self.sway(told, &yours, &all_good, &good, &differ)
    }

    /// Each knob alone: yours made good, and the card's made yours.
    fn sway(
        &self,
        mut told: Verification,
        yours: &Set,
        all_good: &Set,
        good: &BTreeMap<String, (String, String)>,
        differ: &[String],
    ) -> Result<Option<Verification>, String> {
        let mut sets = vec![all_good.clone()];
        for knob in differ {
            let (mut mended, mut spoiled) = (yours.clone(), all_good.clone());
            mended.insert(knob.clone(), all_good.get(knob).cloned().unwrap_or_default());
            match yours.get(knob) {
                Some(value) => drop(spoiled.insert(knob.clone(), value.clone())),
                None => drop(spoiled.remove(knob)),
            }
            sets.extend([mended, spoiled]);
        }
        let Some(met) = self.play(&sets)? else { return Ok(None) };
        told.runs += met.iter().filter(|met| met.is_some()).count() * self.seeds.len();
        for (n, claim) in told.claims.iter_mut().enumerate() {
            let of = |place: usize| Some(reached(met.get(place)?.as_ref()?.get(n)?));
            claim.with_good = of(0);
            claim.swings = differ
                .iter()
                .enumerate()
                .map(|(at, knob)| Swing {
                    knob: knob.clone(),
                    good: good.get(knob).map_or(String::new(), |(_, answer)| answer.clone()),
                    mended: of(1 + 2 * at),
                    spoiled: of(2 + 2 * at),
                })
                .collect();
        }
        Ok(Some(told))
    }

    fn plan(&self, set: &Set) -> RunPlan {
        let set = Pairs(set.iter().map(|(knob, value)| (knob.clone(), Scalar(value.clone()))).collect());
        RunPlan { set: self.base.set.with(&set), ..self.base.clone() }
    }

    /// Plays every set under every seed; `None` at the place of one whose knobs exclude each other, none at all if cancelled.
    fn play(&self, sets: &[Set]) -> Result<Option<Vec<Option<Vec<Met>>>>, String> {
        let (mut jobs, mut runs) = (Vec::new(), Vec::new());
        for set in sets {
            let plan = self.plan(set);
            let specs: Result<Vec<_>, String> =
                self.seeds.iter().map(|seed| Ok((objectives::RUN.to_string(), *seed, plan::spec(self.design, &plan, *seed)?))).collect();
            match specs {
                Ok(specs) => {
                    runs.push(true);
                    jobs.extend(specs);
                }
                Err(_) => {
                    runs.push(false);
                    self.progress.done.fetch_add(self.seeds.len(), Ordering::Relaxed);
                }
            }
        }
        let Some(outcomes) = play_all(&jobs, &self.progress.done, self.cancel) else { return Ok(None) };
        let mut outcomes = outcomes.into_iter();
        let mut all = Vec::new();
        for ran in runs {
            if !ran {
                all.push(None);
                continue;
            }
            let of_set: Vec<_> = self.seeds.iter().zip(outcomes.by_ref()).map(|(seed, outcome)| Ok((*seed, outcome?))).collect::<Result<_, String>>()?;
            all.push(Some(objectives::judged(self.design, of_set, &self.problem.objectives)?));
        }
        Ok(Some(all))
    }
}

fn reached(met: &Met) -> Reached {
    Reached { passed: met.judged.passed, value: met.judged.left, spread: met.spread }
}

fn claim(met: Met) -> Claim {
    Claim {
        yours: reached(&met),
        text: met.judged.text,
        because: met.because,
        limit: met.judged.right,
        seed: met.judged.seed,
        detail: met.judged.detail,
        with_good: None,
        swings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;
    use serde_json::json;

    /// Two numbers: the server's time decides, the cap does nothing.
    fn card() -> Problem {
        let mut card = crate::session::sample::problem();
        card.design = Some("toy".into());
        card.sizing = vec![
            serde_json::from_value(json!({"knob": "service", "ask": "How long does one take?", "unit": "ms", "good": "5..6"})).unwrap(),
            serde_json::from_value(json!({"knob": "cap", "ask": "Is the queue bounded?", "good": "on"})).unwrap(),
        ];
        card.proof = Some(serde_json::from_value(json!({"seeds": [1, 2, 3]})).unwrap());
        card.objectives = vec![
            serde_json::from_value(json!({"value": "refused", "is": "<=", "than": "0", "because": "nobody waits in vain"})).unwrap(),
            serde_json::from_value(json!({"holds": "all-served"})).unwrap(),
        ];
        card.interviewer = vec![
            serde_json::from_value(json!({"at": "1m", "kind": "probe", "say": "Why?", "looks_for": "A reason."})).unwrap(),
            serde_json::from_value(json!({"at": "2m", "kind": "change", "say": "Ten times as many.", "looks_for": "x", "then": {"set": {"rate": "1000/s"}}}))
                .unwrap(),
        ];
        card
    }

    fn run(said: &[usize], answers: &[(&str, &str)]) -> Verification {
        let answers = answers.iter().map(|(knob, answer)| (knob.to_string(), answer.to_string())).collect();
        let progress = Progress::default();
        let told = verify_on(&toy::DESIGN, &card(), said, &answers, &progress, &AtomicBool::new(false)).unwrap().unwrap();
        assert!((progress.part() - 1.0).abs() < 1e-9, "{progress:?}");
        told
    }

    #[test]
    fn good_numbers_hold_and_need_no_second_look() {
        let told = run(&[], &[("service", "5"), ("cap", "on")]);
        assert_eq!((told.met(), told.claims.len(), told.runs), (2, 2, 3));
        assert!(told.numbers.iter().all(|number| number.fits && number.is_sized()));
        assert!(told.knob_that_matters().is_none());
    }

    #[test]
    fn the_knob_that_breaks_a_claim_is_named() {
        let told = run(&[], &[("service", "50"), ("cap", "on")]);
        let missed = told.missed().next().unwrap();
        assert_eq!((told.met(), missed.text.as_str()), (1, "refused <= 0"));
        assert!(missed.by().unwrap().ends_with("more than none"), "{:?}", missed.by());
        assert_eq!(told.knob_that_matters().unwrap().knob, "service");
        assert_eq!(missed.swings.len(), 1, "the other stands where the good one would");
        assert!(missed.swings[0].mended.unwrap().passed && !missed.swings[0].spoiled.unwrap().passed);
        assert!(missed.with_good.unwrap().passed);
    }

    #[test]
    fn what_was_not_sized_runs_at_the_default_and_says_so() {
        let told = run(&[], &[("service", "many")]);
        let (service, cap) = (&told.numbers[0], &told.numbers[1]);
        assert!(!service.is_sized() && service.refused.is_some() && service.value == "5ms", "{service:?}");
        assert!(!cap.is_sized() && cap.answer.is_none() && !cap.value.is_empty());
        assert_eq!(told.unsized_numbers().count(), 2);
    }

    #[test]
    fn what_the_interviewer_changed_is_in_the_run() {
        let told = run(&[0, 1], &[("service", "5"), ("cap", "on")]);
        assert_eq!(told.changes, ["Ten times as many."]);
        assert_eq!(told.met(), 1, "{:?}", told.claims);
        let again = run(&[0], &[("service", "5"), ("cap", "on")]);
        assert!(again.changes.is_empty() && again.met() == 2);
    }

    #[test]
    fn impossible_values_are_refused_with_what_is_allowed() {
        let service = &card().sizing[0];
        for answer in ["many", "-1", "NaN", "inf", "1e300", "1e999", "5 KB", "5/s", "", "2000", "∞", "0x10"] {
            let why = put(&toy::DESIGN, service, answer).unwrap_err();
            assert_eq!(why, "a time from 0 to 1,000 ms", "{answer}");
        }
        for (answer, value) in [("5", "5ms"), ("0", "0ms"), ("0.5", "0.5ms"), ("5ms", "5ms"), ("1s", "1s"), (" 7 ", "7ms")] {
            assert_eq!(put(&toy::DESIGN, service, answer).as_deref(), Ok(value), "{answer}");
        }
        assert_eq!(put(&toy::DESIGN, &card().sizing[1], "maybe").unwrap_err(), "on or off");
        let scaled = Sizing { scale: 0.01, knob: "rate".into(), unit: String::new(), ..service.clone() };
        assert_eq!(put(&toy::DESIGN, &scaled, "5K").as_deref(), Ok("50"));
        let gone = Sizing { knob: "gone".into(), ..service.clone() };
        assert!(put(&toy::DESIGN, &gone, "5").unwrap_err().contains("no knob `gone`"));
    }

    #[test]
    fn a_cancelled_run_says_nothing() {
        let told = verify_on(&toy::DESIGN, &card(), &[], &BTreeMap::new(), &Progress::default(), &AtomicBool::new(true));
        assert_eq!(told, Ok(None));
    }
}
