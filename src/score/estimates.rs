//! The candidate's estimates beside the card's own: which line answers which question, and by how many powers of ten it is off.

use std::collections::{BTreeMap, BTreeSet};

use sims::kernel::math;

use crate::catalog::Problem;
use crate::session::{Amount, Worked, amount_of, sheet, split_tag};

/// Which line the candidate says answers a question, both from 0; `None`: no line does.
pub type Picks = BTreeMap<usize, Option<usize>>;

/// Under this name the store keeps the picks with their attempt.
pub const PICKS: &str = "picks";

/// One question of the card and what the candidate came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub ask: String,
    /// The card's number, as it is said.
    pub right: String,
    pub amount: Amount,
    /// The card's derivation, Markdown.
    pub steps: String,
    pub so: String,
    /// `None`: not estimated.
    pub yours: Option<Answered>,
    /// A line that answers nothing and comes to this number, but of another kind: only the unit differs.
    pub unit_differs: Option<Answered>,
}

/// The line that answers a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Its place on the sheet, from 0.
    pub line: usize,
    pub text: String,
    pub shown: String,
    pub amount: Amount,
    /// The candidate said so; else it is the nearest line of the same kind.
    pub said: bool,
}

/// How close an estimate came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Within a factor of two.
    Near,
    /// Within a factor of ten: the order of magnitude stands.
    Order,
    /// Further off.
    Off,
}

/// Within a factor of two.
const TWICE: f64 = std::f64::consts::LOG10_2;
/// Within a tenth: further off, a number of another kind is near by chance.
const SAME: f64 = 0.041_393;

impl Step {
    /// The decimal logarithm of yours over the card's: 1.0 is ten times too high. Infinite where one of them is not above zero,
    /// and where a line that was picked is of another kind.
    pub fn error(&self) -> Option<f64> {
        self.yours.as_ref().map(|yours| if yours.amount.same_dimension(self.amount) { distance(yours.amount.value, self.amount.value) } else { f64::INFINITY })
    }

    pub fn close(&self) -> Option<Close> {
        self.error().map(|error| match error.abs() {
            // A hair for rounding: exactly twice and exactly ten times are still within.
            far if far <= TWICE + 1e-9 => Close::Near,
            far if far <= 1.0 + 1e-9 => Close::Order,
            _ => Close::Off,
        })
    }

    /// The error in words: `3.1 times too high`, `right to 4 %`.
    pub fn says(&self) -> String {
        let Some(error) = self.error() else {
            return self.unit_differs.as_ref().map_or("not estimated".to_owned(), |near| {
                format!("not estimated: line {} comes to {}, about the card's number in another unit", near.line + 1, near.shown)
            });
        };
        if let Some(yours) = self.yours.as_ref().filter(|yours| !yours.amount.same_dimension(self.amount)) {
            let near = distance(yours.amount.value, self.amount.value).abs() <= SAME;
            return if near {
                format!("another kind of amount: only the unit differs, {} is no {}", yours.shown, self.right)
            } else {
                "another kind of amount".to_owned()
            };
        }
        if !error.is_finite() {
            return "not a number above zero".to_owned();
        }
        let times = math::pow(10.0, error.abs());
        let side = if error > 0.0 { "high" } else { "low" };
        match times {
            t if t < 1.005 => "right".to_owned(),
            t if t < 1.5 => format!("{:.0} % too {side}", if error > 0.0 { (t - 1.0) * 100.0 } else { (1.0 - 1.0 / t) * 100.0 }),
            t if t < 9.95 => format!("{t:.1} times too {side}"),
            t if t < 1e4 => format!("{t:.0} times too {side}"),
            _ => format!("{:.0} powers of ten too {side}", error.abs()),
        }
    }
}

/// Each question of the card with the line that answers it: the one the candidate picked or tagged, else the nearest of its kind.
/// A line answers at most one question.
pub fn estimates<S: AsRef<str>>(problem: &Problem, lines: &[S], picks: &Picks) -> Vec<Step> {
    let worked: Vec<Option<Worked>> = sheet(lines).into_iter().map(Result::ok).collect();
    let right: Vec<Worked> = problem.estimation.iter().map(|step| amount_of(step.answer, &step.unit)).collect();
    let chosen = said(&worked, picks, right.len());
    let mut used: BTreeSet<usize> = chosen.values().filter_map(|line| *line).collect();
    let mut found: BTreeMap<usize, (usize, bool)> = chosen.iter().filter_map(|(question, line)| Some((*question, ((*line)?, true)))).collect();
    for (_, question, line) in pairs(&right, &worked) {
        if !chosen.contains_key(&question) && !found.contains_key(&question) && used.insert(line) {
            found.insert(question, (line, false));
        }
    }
    let told = |line: usize, said: bool| {
        let worked = worked.get(line)?.as_ref()?;
        let text = lines.get(line).map_or(String::new(), |text| split_tag(text.as_ref()).0.trim().to_owned());
        Some(Answered { line, text, shown: worked.shown.clone(), amount: worked.amount, said })
    };
    let answered = |question: usize| found.get(&question).and_then(|(line, said)| told(*line, *said));
    let unit_differs = |question: usize| {
        // Who says that no line answers it is not told otherwise.
        let open = !found.contains_key(&question) && !chosen.contains_key(&question);
        let near = |line: &usize| {
            let worked = worked[*line].as_ref().filter(|worked| worked.answers.is_none() && !used.contains(line))?;
            let other = !worked.amount.same_dimension(right[question].amount);
            let far = distance(worked.amount.value, right[question].amount.value).abs();
            (other && far <= SAME).then_some(far)
        };
        let nearest = (0..worked.len()).filter(|_| open).filter_map(|line| Some((near(&line)?, line))).min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.and_then(|(_, line)| told(line, false))
    };
    let step = |(question, (card, right)): (usize, (&crate::catalog::Estimation, &Worked))| Step {
        ask: card.ask.clone(),
        right: right.shown.clone(),
        amount: right.amount,
        steps: card.steps.clone(),
        so: card.so.clone(),
        yours: answered(question),
        unit_differs: unit_differs(question),
    };
    problem.estimation.iter().zip(&right).enumerate().map(step).collect()
}

/// What the candidate said himself: picks afterwards count more than tags on the sheet.
fn said(worked: &[Option<Worked>], picks: &Picks, questions: usize) -> Picks {
    let mut said = Picks::new();
    for (line, worked) in worked.iter().enumerate() {
        if let Some(question) = worked.as_ref().and_then(|worked| worked.answers).filter(|question| *question < questions) {
            // Of two lines with one tag the later is the better thought.
            said.insert(question, Some(line));
        }
    }
    for (question, line) in picks.iter().filter(|(question, _)| **question < questions) {
        let line = line.filter(|line| worked.get(*line).is_some_and(Option::is_some));
        // A line that is picked for one question no longer answers another by its tag.
        said.retain(|_, other| line.is_none() || *other != line);
        said.insert(*question, line);
    }
    said
}

/// Questions and lines of one kind, the likeliest first. A plain number is common: without the same word it must be close.
fn pairs(right: &[Worked], worked: &[Option<Worked>]) -> Vec<(f64, usize, usize)> {
    const FAR: f64 = 4.0;
    const FAR_PLAIN: f64 = 1.0;
    let mut pairs = Vec::new();
    for (question, right) in right.iter().enumerate() {
        for (line, worked) in worked.iter().enumerate() {
            let Some(worked) = worked.as_ref().filter(|worked| worked.amount.same_dimension(right.amount) && worked.answers.is_none()) else { continue };
            let far = distance(worked.amount.value, right.amount.value).abs();
            let same = right.counts.as_ref().is_some_and(|counts| counts_same(counts, worked));
            let plain = (right.amount.bytes, right.amount.seconds) == (0, 0);
            if far <= if same || !plain { FAR } else { FAR_PLAIN } {
                // The same word outweighs a power of ten.
                pairs.push((far - if same { 1.0 } else { 0.0 }, question, line));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs
}

/// Whether a line counts these things, by its unit or by its name: `nodes = …`.
fn counts_same(counts: &str, worked: &Worked) -> bool {
    worked.counts.as_deref() == Some(counts) || worked.name.as_deref().is_some_and(|name| name.to_lowercase().contains(&counts.to_lowercase()))
}

fn distance(yours: f64, right: f64) -> f64 {
    if yours == right {
        return 0.0;
    }
    if yours <= 0.0 || right <= 0.0 { f64::INFINITY } else { math::log10(yours / right) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::sample;
    use proptest::prelude::*;

    fn card() -> Problem {
        let step = |ask: &str, answer: f64, unit: &str| {
            serde_json::from_value(serde_json::json!({"ask": ask, "formula": "1", "steps": "", "answer": answer.to_string(), "unit": unit})).unwrap()
        };
        let mut card = sample::problem();
        card.estimation =
            vec![step("Posts?", 602.0, "posts/s"), step("Pages?", 60_000.0, "pages/s"), step("Memory?", 1.92e12, "bytes"), step("Workers?", 225.0, "workers")];
        card
    }

    fn of(lines: &[&str], picks: &Picks) -> Vec<(Option<usize>, String)> {
        estimates(&card(), lines, picks).iter().map(|step| (step.yours.as_ref().map(|yours| yours.line), step.says())).collect()
    }

    #[test]
    fn each_question_takes_the_nearest_line_of_its_kind() {
        let found = of(&["posts = 52M/day", "posts * 100", "150M * 800 * 8B", "225 + 20"], &Picks::new());
        assert_eq!(found[0], (Some(0), "right".into()));
        assert_eq!(found[1], (Some(1), "right".into()));
        assert_eq!(found[2], (Some(2), "2.0 times too low".into()));
        assert_eq!(found[3], (Some(3), "9 % too high".into()));
    }

    #[test]
    fn a_stray_number_answers_nothing() {
        let found = of(&["users = 150M", "5 y"], &Picks::new());
        assert!(found.iter().all(|(line, says)| line.is_none() && says == "not estimated"), "{found:?}");
    }

    #[test]
    fn what_the_candidate_says_counts_more_than_what_is_near() {
        let lines = ["60K/s", "602/s #2", "500K"];
        let found = of(&lines, &Picks::new());
        assert_eq!((found[0].0, found[1].0), (Some(0), Some(1)), "the tag takes the line that is nearest to the other question");
        let picked = of(&lines, &Picks::from([(0, Some(1)), (3, Some(2)), (2, None)]));
        assert_eq!((picked[0].0, picked[1].0, picked[3].0), (Some(1), Some(0), Some(2)), "500 K workers, said so");
        assert_eq!(picked[3].1, "2222 times too high");
    }

    #[test]
    fn tens_are_told_from_the_exact_border() {
        let close = |line: &str| estimates(&card(), &[format!("{line} posts #1")], &Picks::new())[0].close();
        assert_eq!(close("1204/s -0/s +0 "), None, "a line that does not work out answers nothing");
        let close = |line: &str| estimates(&card(), &[format!("{line} #1")], &Picks::new())[0].close();
        for (line, wanted) in [
            ("602/s", Close::Near),
            ("1204/s", Close::Near),
            ("1205/s", Close::Order),
            ("6020/s", Close::Order),
            ("6021/s", Close::Off),
            ("60.2/s", Close::Order),
            ("60/s", Close::Off),
            ("0/s", Close::Off),
            ("-602/s", Close::Off),
        ] {
            assert_eq!(close(line), Some(wanted), "{line}");
        }
    }

    #[test]
    fn a_line_of_another_kind_is_no_multiple() {
        let step = estimates(&card(), &["10M * 98 bytes #1"], &Picks::new()).remove(0);
        assert_eq!((step.says().as_str(), step.close()), ("another kind of amount", Some(Close::Off)));
    }

    #[test]
    fn a_line_of_which_only_the_unit_differs_is_named() {
        let of = |lines: &[&str]| estimates(&card(), lines, &Picks::new()).remove(3);
        let open = of(&["posts = 600/s", "calls = 1100/s", "calls * 0.2"]);
        assert_eq!((open.says().as_str(), open.close()), ("not estimated: line 3 comes to 220/s, about the card's number in another unit", None));
        assert_eq!(of(&["600/s", "calls = 1100/s", "calls * 0.2 #4"]).says(), "another kind of amount: only the unit differs, 220/s is no 225 workers");
        assert_eq!(of(&["600/s", "300/s"]).says(), "not estimated", "not near enough to be meant");
        let declined = estimates(&card(), &["220/s"], &Picks::from([(3, None)])).remove(3);
        assert_eq!(declined.says(), "not estimated", "who says that no line answers it is believed");
    }

    #[test]
    fn a_pick_of_what_is_gone_is_not_estimated() {
        assert_eq!(of(&["600/s"], &Picks::from([(0, Some(7)), (99, Some(0))]))[0], (None, "not estimated".into()));
    }

    proptest! {
        #[test]
        fn a_line_answers_one_question_at_most(lines in prop::collection::vec("[0-9]{1,6}(/s|/day|KB|TB| workers| posts/s|)( #[1-5])?", 0..8),
            picks in prop::collection::btree_map(0usize..6, prop::option::of(0usize..9), 0..4)) {
            let steps = estimates(&card(), &lines, &picks);
            let mut used: Vec<usize> = steps.iter().filter(|step| step.yours.as_ref().is_some_and(|yours| !yours.said)).map(|step| step.yours.as_ref().unwrap().line).collect();
            let all = used.len();
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), all);
            for step in &steps {
                let Some(yours) = &step.yours else { continue };
                prop_assert!(yours.said || yours.amount.same_dimension(step.amount));
                prop_assert!(step.close().is_some() && !step.says().is_empty());
            }
        }
    }
}
