//! What an attempt got wrong, as plain data: flashcards are made of it.

use serde::Serialize;

use super::{Close, Grade, Score, Step, Verification};
use crate::catalog::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissKind {
    /// A line of the rubric of which the notes show nothing.
    Line,
    /// An objective that the sizing numbers do not meet.
    Objective,
    /// An estimate off by more than ten times.
    Estimate,
}

/// One thing to learn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Miss {
    pub problem: String,
    pub kind: MissKind,
    /// The same for the same thing in another attempt: the line's id, the objective's text, the question's place from 1.
    pub id: String,
    /// What is asked, in the card's words.
    pub text: String,
    pub yours: String,
    pub right: String,
    pub why: String,
}

/// Everything an attempt missed, in the card's order: lines, then objectives, then estimates.
pub fn misses(problem: &Problem, score: Option<&Score>, steps: &[Step], verification: Option<&Verification>) -> Vec<Miss> {
    let miss = |kind, id: String, text: &str, yours: String, right: String, why: &str| Miss {
        problem: problem.id.clone(),
        kind,
        id,
        text: text.trim().to_owned(),
        yours,
        right,
        why: why.trim().to_owned(),
    };
    let mut all = Vec::new();
    // What was not reached was not asked: it is no miss of knowledge.
    let lines = score.map_or(&[][..], |score| &score.lines).iter().filter(|line| line.reached && line.grade == Some(Grade::None));
    for line in lines {
        let Some(card) = problem.rubric.iter().find(|card| card.id == line.line) else { continue };
        let yours = if line.evidence.is_empty() { "nothing".to_owned() } else { line.evidence.clone() };
        all.push(miss(MissKind::Line, line.line.clone(), &card.line, yours, card.full.trim().to_owned(), ""));
    }
    for claim in verification.into_iter().flat_map(Verification::missed) {
        let matters = claim.matters();
        let number = matters.and_then(|swing| verification?.number(&swing.knob));
        let value = claim.yours.value.map_or_else(|| claim.detail.clone().unwrap_or_default(), crate::catalog::expect::significant);
        let yours = number.map_or(value.clone(), |number| format!("{value} with {} = {}", number.knob, number.answer.as_deref().unwrap_or(&number.value)));
        let right = number.map_or_else(|| claim.text.clone(), |number| format!("{} = {} {}", number.knob, number.good, number.unit).trim().to_owned());
        all.push(miss(MissKind::Objective, claim.text.clone(), &claim.text, yours, right, claim.because.as_deref().unwrap_or_default()));
    }
    for (n, step) in steps.iter().enumerate().filter(|(_, step)| step.close() == Some(Close::Off)) {
        let yours = step.yours.as_ref().map_or(String::new(), |yours| format!("{} = {}", yours.text, yours.shown));
        all.push(miss(MissKind::Estimate, (n + 1).to_string(), &step.ask, yours, step.right.clone(), &step.steps));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::{claim, reached, swing};
    use super::super::{Judged, Judgement, Picks, Taken, estimates, score};
    use super::*;
    use crate::score::Number;
    use crate::session::sample;

    #[test]
    fn misses_are_lines_objectives_and_estimates() {
        let mut card = sample::problem();
        card.estimation = vec![
            serde_json::from_value(serde_json::json!({"ask": "Reads?", "formula": "1", "steps": "20 M × 10 ÷ 86,400", "answer": "2300", "unit": "reads/s"}))
                .unwrap(),
        ];
        let lines = [("numbers", Grade::Full), ("path", Grade::None), ("alarms", Grade::None)];
        let lines = lines.map(|(id, grade)| (id.to_owned(), Judged { grade, evidence: String::new() })).into();
        let taken = Taken { begun: ["scope".to_owned(), "design".to_owned()].into(), ..Taken::default() };
        let score = score(&card, &sample::rubric(), &taken, &Judgement { lines, ..Judgement::default() });
        let number = Number {
            knob: "stores".into(),
            ask: "How many?".into(),
            unit: "nodes".into(),
            answer: Some("1".into()),
            value: "1".into(),
            refused: None,
            good: "3..6".into(),
            fits: false,
        };
        let claims = vec![claim(41.0, vec![swing("stores", reached(true, 4.0), None)]), claim(2.0, vec![])];
        let verification = Verification { numbers: vec![number], claims, ..Verification::default() };
        let found = misses(&card, Some(&score), &estimates(&card, &["100K/s"], &Picks::new()), Some(&verification));
        let told: Vec<_> = found.iter().map(|miss| (miss.kind, miss.id.as_str(), miss.yours.as_str(), miss.right.as_str())).collect();
        assert_eq!(
            told,
            [
                (MissKind::Line, "path", "nothing", "path: names, costs and limits"),
                (MissKind::Objective, "p99_ms <= 5", "41 with stores = 1", "stores = 3..6 nodes"),
                (MissKind::Estimate, "1", "100K/s = 100 K/s", "2.3 K reads/s"),
            ],
            "a line that was not reached is no miss"
        );
    }
}
