//! What it came to, in words: total and band, line by line, the first gap, the run of the numbers, what was not asked.

use std::sync::atomic::AtomicBool;

use super::{Room, Step};
use crate::catalog::expect::significant;
use crate::lab::verify::{self, Progress};
use crate::prose::flat;
use crate::score::{Claim, Grade, PICKS, Reading, Score, Verification, estimates, first_gap, next_step};
use crate::session::Said;
use crate::{history, score};

impl Room {
    /// Tells the result and ends the sitting.
    pub(super) fn result(&mut self) -> Vec<String> {
        let (Some(informed), Some(blind)) = (self.score(Reading::Informed), self.score(Reading::Blind)) else { return Vec::new() };
        let late = if informed.penalty > 0 { format!(", {} taken for being late", informed.penalty) } else { String::new() };
        let assisted = if self.session.assisted() { ", assisted" } else { "" };
        let mut words =
            vec![format!("Result: {} of 50, {}{late}{assisted}. Blind you gave {}.", short(informed.total), informed.band.name(), short(blind.total))];
        words.extend(informed.band.next().map(|(from, band)| format!("{} begins at {}.", band.name(), short(from))));
        words.extend(self.line_words(&informed));
        words.extend(match first_gap(&self.problem, &informed) {
            Some(gap) => vec![format!("First gap: {} {} points. {}", flat(&gap.text), short(gap.lost), flat(&gap.action))],
            None => vec!["No gap: every line is full.".into()],
        });
        let mean = |what: &str, mean: Option<f64>| mean.map(|mean| format!("{what}: {mean:.1} of 5."));
        words.extend(mean("Dimensions", informed.dimensions_mean));
        words.extend(mean("Communication", informed.communication_mean));
        words.extend(self.lean_words(blind.total));
        let steps = estimates(&self.problem, self.session.estimates(), &self.found(PICKS).unwrap_or_default());
        words.extend(self.estimate_words(&steps));
        let run = self.run_numbers();
        words.extend(match &run {
            Ok(run) => run.as_ref().map_or(Vec::new(), told),
            Err(why) => vec![format!("Your numbers could not be run: {why}.")],
        });
        let next = next_step(&self.problem, &self.session, &informed, &steps, run.ok().flatten().as_ref());
        words.push(format!("Next: {}", next.says));
        words.extend(self.unasked_words());
        words.push("Time per phase:".into());
        words.extend(self.times());
        self.step = Step::Over;
        words
    }

    fn line_words(&self, score: &Score) -> Vec<String> {
        let text = |id: &str| self.problem.rubric.iter().find(|line| line.id == id).map_or(id.to_string(), |line| flat(&line.line));
        let say = |line: &score::LineScore| match (line.reached, line.grade) {
            (false, _) => format!("- not reached: {}", text(&line.line)),
            (true, grade) => format!("- {} of {}, {}: {}", short(line.points), short(line.of), grade.map_or("open", Grade::name), text(&line.line)),
        };
        score.lines.iter().map(say).collect()
    }

    fn lean_words(&self, blind: f64) -> Option<String> {
        let lean = self.store.attempts().ok().and_then(|all| history::lean(&all))?;
        let corrected = lean
            .corrected(blind)
            .map_or(String::new(), |(total, band)| format!(" Read with that in mind, your blind {} is {}, {}.", short(blind), short(total), band.name()));
        Some(format!("Your eye: {}.{corrected}", lean.say()))
    }

    fn estimate_words(&self, steps: &[score::Step]) -> Vec<String> {
        if self.session.estimates().is_empty() {
            return Vec::new();
        }
        let say = |step: &score::Step| match &step.yours {
            Some(yours) => format!("Estimate: {} The card says {}, you {}: {}.", flat(&step.ask), step.right, yours.shown, step.says()),
            None if step.unit_differs.is_some() => format!("Estimate: {} The card says {}; {}.", flat(&step.ask), step.right, step.says()),
            None => format!("Estimate: {} The card says {}; you have no line for it.", flat(&step.ask), step.right),
        };
        steps.iter().map(say).collect()
    }

    /// What the screens or an earlier reading found out about this attempt.
    fn found<T: serde::de::DeserializeOwned>(&self, kind: &str) -> Option<T> {
        self.store.finding(self.attempt.as_deref()?, kind).ok().flatten()
    }

    /// The sizing numbers run against the card's objectives, with what the interviewer changed; run once and kept.
    fn run_numbers(&self) -> Result<Option<Verification>, String> {
        if !verify::can(&self.problem) || self.session.sizing().is_empty() {
            return Ok(None);
        }
        if let Some(kept) = self.found(Verification::FINDING) {
            return Ok(Some(kept));
        }
        let said: Vec<usize> = self.session.said().iter().filter_map(|(_, said)| if let Said::Moment(place) = said { Some(*place) } else { None }).collect();
        let run = verify::verify(&self.problem, &said, self.session.sizing(), &Progress::default(), &AtomicBool::new(false))?;
        if let (Some(run), Some(attempt)) = (&run, &self.attempt) {
            // It can be run again: a store that takes nothing has told so itself.
            let _ = self.store.save_finding(attempt, Verification::FINDING, run);
        }
        Ok(run)
    }

    fn unasked_words(&self) -> Vec<String> {
        let open: Vec<String> = self.session.unasked().map(|fact| flat(&fact.ask)).collect();
        if open.is_empty() { Vec::new() } else { vec![format!("You did not ask: {}", open.join(" "))] }
    }
}

fn told(run: &Verification) -> Vec<String> {
    let changed = if run.changes.is_empty() { "" } else { ", with what the interviewer changed" };
    let mut words = vec![format!("Your numbers, run over {} seeds{changed}: {} of {} objectives met.", run.seeds.len(), run.met(), run.claims.len())];
    words.extend(run.trouble.as_ref().map(|why| format!("They cannot run together: {why}.")));
    for number in run.numbers.iter().filter(|number| number.refused.is_some()) {
        words.push(format!("{} was left out: {}.", number.knob, number.refused.as_deref().unwrap_or_default()));
    }
    words.extend(run.missed().map(missed));
    words.extend(run.knob_that_matters().map(|swing| format!("The number that matters most: {}; {} would do.", swing.knob, swing.good)));
    words
}

fn missed(claim: &Claim) -> String {
    let value = claim.yours.value.map_or(String::new(), |value| format!(", here {}", significant(value)));
    let by = claim.by().map_or(String::new(), |by| format!(", {by}"));
    let because = claim.because.as_ref().map_or(String::new(), |because| format!(". It matters: {}", flat(because)));
    format!("Missed: {}{value}{by}{because}.", claim.text)
}

/// Halves are told, whole numbers without a fraction.
fn short(points: f64) -> String {
    if points.fract() == 0.0 { format!("{points:.0}") } else { format!("{points:.1}") }
}
