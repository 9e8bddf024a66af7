//! The one concrete thing to do next: an experiment, a section of the solution, a ladder of hints, or the numbers.

use std::collections::BTreeSet;

use super::{Close, Gap, Grade, Score, Step, Verification, first_gap};
use crate::catalog::{Experiment, Problem};
use crate::session::Session;

/// Where the next step leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goes {
    /// An experiment of the card, by its id.
    Experiment(String),
    /// The solution of a phase.
    Solution(String),
    /// The hints of a phase that were not taken.
    Hints(String),
    /// The card's own estimates beside yours.
    Estimates,
    /// Nothing is left to mend on this card.
    Lab,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStep {
    pub says: String,
    pub goes: Goes,
}

/// Derived, in this order: a number that breaks an objective is best seen breaking it; a phase that was never begun is begun by its
/// hints; estimates that went wrong by tens are redone; the dearest line is closed by its experiment, else by its section.
pub fn next_step(problem: &Problem, session: &Session, score: &Score, steps: &[Step], verification: Option<&Verification>) -> NextStep {
    let say = |says: String, goes: Goes| NextStep { says, goes };
    if let Some((knob, experiment)) = verification.and_then(Verification::knob_that_matters).and_then(|swing| Some((&swing.knob, turns(problem, &swing.knob)?)))
    {
        return say(
            format!("Open the experiment “{}”: it turns {knob}, on which your missed objective hangs.", experiment.title),
            Goes::Experiment(experiment.id.clone()),
        );
    }
    let gap = first_gap(problem, score);
    let line = gap.as_ref().and_then(|gap| score.lines.iter().find(|line| line.line == gap.line));
    if let Some(line) = line.filter(|line| !line.reached) {
        let name = problem.phase(&line.phase).map_or(line.phase.as_str(), |phase| phase.name.as_str());
        if problem.hint(&line.phase).is_some() {
            return say(
                format!("You did not reach “{name}”. Go through its hints, nudge first, and write five lines for it."),
                Goes::Hints(line.phase.clone()),
            );
        }
        return say(format!("You did not reach “{name}”. Read its solution."), Goes::Solution(line.phase.clone()));
    }
    let off = steps.iter().filter(|step| step.close() == Some(Close::Off)).count();
    let open = steps.iter().filter(|step| step.yours.is_none()).count();
    if off >= 2 || (off + open) * 2 > steps.len().max(1) {
        let says = format!("{} of the card's {} estimates are missing or off by more than ten times: go through its derivations.", off + open, steps.len());
        return say(says, Goes::Estimates);
    }
    let (Some(gap), Some(line)) = (gap, line) else {
        return say("Nothing is left to mend on this card: break its design in the lab, or take a harder variant.".to_owned(), Goes::Lab);
    };
    if let Some(experiment) = shows(problem, &gap) {
        return say(format!("Open the experiment “{}”: it shows what this line is about.", experiment.title), Goes::Experiment(experiment.id.clone()));
    }
    let name = problem.phase(&line.phase).map_or(line.phase.as_str(), |phase| phase.name.as_str());
    let ladder = session.plan().phases.iter().position(|phase| phase.id == line.phase).is_some_and(|place| session.hints_of(place) == 0);
    if line.grade == Some(Grade::Half) && ladder && problem.hint(&line.phase).is_some() {
        return say(
            format!("You have half of it and took no hint in “{name}”: go through its hints until the other half stands."),
            Goes::Hints(line.phase.clone()),
        );
    }
    say(format!("Reread the solution's “{name}”, then say it in your own words."), Goes::Solution(line.phase.clone()))
}

/// The first experiment whose runs differ in a knob; else one that sets it at all.
fn turns<'a>(problem: &'a Problem, knob: &str) -> Option<&'a Experiment> {
    let values = |experiment: &Experiment| -> BTreeSet<String> {
        experiment.plans().iter().filter_map(|(_, plan)| plan.set.iter().find(|(name, _)| *name == knob).map(|(_, value)| value.to_string())).collect()
    };
    let differs = problem.experiments.iter().find(|experiment| values(experiment).len() > 1);
    differs.or_else(|| problem.experiments.iter().find(|experiment| !values(experiment).is_empty()))
}

/// The experiment that shares most of a line's own words, if it shares at least two.
fn shows<'a>(problem: &'a Problem, gap: &Gap) -> Option<&'a Experiment> {
    let card = problem.rubric.iter().find(|card| card.id == gap.line)?;
    let line = words(&format!("{} {}", card.line, card.full));
    let shared = |experiment: &Experiment| words(&format!("{} {}", experiment.title, experiment.ask)).intersection(&line).count();
    // Of equals the first.
    problem.experiments.iter().rev().max_by_key(|experiment| shared(experiment)).filter(|experiment| shared(experiment) >= 2)
}

/// Words that carry meaning, cut to their stem: `replicas` and `replica` are one.
fn words(text: &str) -> BTreeSet<String> {
    const COMMON: [&str; 14] =
        ["which", "their", "there", "would", "about", "after", "every", "other", "because", "where", "before", "second", "seconds", "without"];
    let split = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    split.filter(|word| word.chars().count() >= 5 && !COMMON.contains(&word.as_str())).map(|word| word.chars().take(6).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::{claim, reached, swing};
    use super::super::{Judged, Judgement, Taken, score};
    use super::*;
    use crate::session::{Mode, Plan, sample};
    use serde_json::json;

    fn card() -> Problem {
        let mut card = sample::problem();
        let experiment = |id: &str, ask: &str, knob: &str, values: [&str; 2]| {
            let runs = json!({"a": {"set": {knob: values[0]}}, "b": {"set": {knob: values[1]}}});
            serde_json::from_value(
                json!({"id": id, "title": id, "ask": ask, "predict": {"number": "a.served"}, "runs": runs, "expect": ["a holds"], "explain": ""}),
            )
            .unwrap()
        };
        card.experiments = vec![
            experiment("one-store", "What if the store is alone?", "stores", ["1", "1"]),
            experiment("more-stores", "Do shards help?", "stores", ["1", "4"]),
            experiment("limits", "Which names, costs and limits break the alarms?", "cap", ["on", "off"]),
        ];
        card
    }

    fn next(grades: &[(&str, Grade)], begun: &[&str], steps: &[Step], verification: Option<&Verification>) -> Goes {
        let card = card();
        let lines = grades.iter().map(|(id, grade)| ((*id).to_owned(), Judged { grade: *grade, evidence: String::new() })).collect();
        let taken = Taken { begun: begun.iter().map(|id| (*id).to_owned()).collect(), ..Taken::default() };
        let score = score(&card, &sample::rubric(), &taken, &Judgement { lines, ..Judgement::default() });
        let session = Session::start(Plan::of(&card, None), Mode::Real);
        next_step(&card, &session, &score, steps, verification).goes
    }

    const BEGUN: [&str; 3] = ["scope", "design", "operate"];

    #[test]
    fn each_kind_of_gap_leads_somewhere_else() {
        let full = [("numbers", Grade::Full), ("path", Grade::Full), ("ranks", Grade::Full), ("alarms", Grade::Full)];
        assert_eq!(next(&full, &BEGUN, &[], None), Goes::Lab);
        let missed = Verification { claims: vec![claim(41.0, vec![swing("stores", reached(true, 4.0), None)])], ..Verification::default() };
        assert_eq!(next(&full, &BEGUN, &[], Some(&missed)), Goes::Experiment("more-stores".into()), "the one whose runs differ in the knob");
        assert_eq!(next(&full[..3], &BEGUN[..2], &[], None), Goes::Hints("operate".into()));
        let none = [("numbers", Grade::Full), ("path", Grade::Full), ("ranks", Grade::None), ("alarms", Grade::Full)];
        assert_eq!(next(&none, &BEGUN, &[], None), Goes::Experiment("limits".into()), "limits and costs stand in both");
        let mut plain = card();
        plain.experiments.clear();
        let gap = Gap { line: "ranks".into(), text: String::new(), lost: 1.0, action: String::new() };
        assert_eq!(shows(&plain, &gap), None);
    }

    #[test]
    fn wrong_numbers_are_gone_through_again() {
        let mut card = card();
        let step = json!({"ask": "Reads?", "formula": "1", "steps": "", "answer": "2300", "unit": "reads/s"});
        card.estimation = vec![serde_json::from_value(step).unwrap()];
        let steps = super::super::estimates(&card, &Vec::<String>::new(), &super::super::Picks::new());
        assert_eq!(next(&[("numbers", Grade::Full)], &BEGUN, &steps, None), Goes::Estimates);
    }
}
