//! How the user stands with each mechanism, from points on rubric lines and from predictions; which one is weakest.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ledger::Record;
use crate::catalog::{Head, Problem, RubricLine};
use crate::store::{Attempt, Prediction};

/// Which mechanisms problems, their rubric lines and their experiments are about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Topics {
    problems: BTreeMap<String, Topic>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Topic {
    group: String,
    all: Vec<String>,
    lines: BTreeMap<String, Vec<String>>,
    experiments: BTreeMap<String, Vec<String>>,
}

impl Topics {
    /// From the heads alone: every line and experiment is about all of its card's mechanisms.
    pub fn of_heads(heads: &[Head]) -> Self {
        let topic = |head: &Head| Topic { group: head.group.clone(), all: head.mechanisms.clone(), ..Topic::default() };
        Self { problems: heads.iter().map(|head| (head.id.clone(), topic(head))).collect() }
    }

    /// Looks closer at a card: a line or an experiment that names some of its mechanisms is about those only.
    pub fn read(&mut self, card: &Problem) {
        let about = |texts: &[&str]| named(&card.mechanisms, texts);
        let of_line = |line: &RubricLine| (line.id.clone(), about(&[&line.id, &line.line, &line.full, &line.half]));
        let experiments = card.experiments.iter().map(|experiment| {
            let set = experiment.runs.iter().flat_map(|(_, run)| run.set.iter().flat_map(|(knob, value)| [knob, value.as_str()]));
            let texts: Vec<&str> = [experiment.id.as_str(), &experiment.title, &experiment.ask].into_iter().chain(set).collect();
            (experiment.id.clone(), about(&texts))
        });
        let topic = Topic {
            group: card.group.clone(),
            all: card.mechanisms.clone(),
            lines: card.rubric.iter().map(of_line).filter(|(_, found)| !found.is_empty()).collect(),
            experiments: experiments.filter(|(_, found)| !found.is_empty()).collect(),
        };
        self.problems.insert(card.id.clone(), topic);
    }

    /// Empty for a card that is gone.
    pub fn of_line(&self, problem: &str, line: &str) -> &[String] {
        self.problems.get(problem).map_or(&[], |topic| topic.lines.get(line).unwrap_or(&topic.all))
    }

    pub fn of_experiment(&self, problem: &str, experiment: &str) -> &[String] {
        self.problems.get(problem).map_or(&[], |topic| topic.experiments.get(experiment).unwrap_or(&topic.all))
    }

    pub fn group(&self, problem: &str) -> Option<&str> {
        self.problems.get(problem).map(|topic| topic.group.as_str())
    }
}

/// Those of the words that stand in one of the texts, hyphens or blanks between their parts.
fn named(words: &[String], texts: &[&str]) -> Vec<String> {
    let plain = |text: &str| text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), " ");
    let texts: Vec<String> = texts.iter().map(|text| format!(" {} ", plain(text).split_whitespace().collect::<Vec<_>>().join(" "))).collect();
    let holds = |word: &&String| {
        let word = plain(word);
        texts.iter().any(|text| text.contains(&format!(" {word} ")) || text.contains(&format!(" {word}s ")))
    };
    words.iter().filter(holds).cloned().collect()
}

/// One mechanism, as the user stands with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mechanism {
    /// As `rubrics/mechanisms.yaml` spells it.
    pub name: String,
    /// Points of the lines that are about it, shared where a line is about several.
    pub worth: f64,
    pub points: f64,
    /// Gradings of such lines.
    pub lines: usize,
    pub predictions: Record,
    /// When it was last met.
    pub last_at: DateTime<Utc>,
    /// 0 to 1, what is long ago counting less: see [`Mechanism::weakness`].
    missed: f64,
    met: f64,
}

impl Mechanism {
    fn new(name: &str) -> Self {
        let name = name.to_owned();
        Self { name, worth: 0.0, points: 0.0, lines: 0, predictions: Record::default(), last_at: DateTime::UNIX_EPOCH, missed: 0.0, met: 0.0 }
    }

    fn meet(&mut self, at: DateTime<Utc>, missed: f64, weight: f64) {
        self.missed += missed * weight;
        self.met += weight;
        self.last_at = self.last_at.max(at);
    }

    /// The share that was missed, as far as few meetings can tell: little evidence is drawn towards what is usual.
    pub fn weakness(&self) -> f64 {
        const USUAL: f64 = 0.3;
        const DOUBT: f64 = 2.0;
        (self.missed + USUAL * DOUBT) / (self.met + DOUBT)
    }

    pub fn share(&self) -> Option<f64> {
        (self.worth > 0.0).then(|| self.points / self.worth)
    }

    /// Why it stands where it stands: `4.5 of 12 points on its rubric lines; 1 of 3 predictions held`.
    pub fn says(&self) -> String {
        let mut parts = Vec::new();
        if self.worth > 0.0 {
            parts.push(format!("{:.1} of {:.1} points on its rubric lines", self.points, self.worth));
        }
        let made = self.predictions.all();
        if made.of > 0 {
            parts.push(format!("{} of {} predictions held", made.hit, made.of));
        }
        parts.join("; ")
    }
}

/// Every mechanism that was met, the weakest first.
///
/// A line or an experiment met again counts half as much for each newer time: what has been learned stops being weak.
pub fn mechanisms<A: Borrow<Attempt>>(attempts: &[A], predictions: &[Prediction], topics: &Topics) -> Vec<Mechanism> {
    let mut found: BTreeMap<&str, Mechanism> = BTreeMap::new();
    let mut newest_first: Vec<&Attempt> = attempts.iter().map(A::borrow).collect();
    newest_first.sort_by_key(|attempt| std::cmp::Reverse(attempt.started_at));
    let mut seen: BTreeMap<(&str, &str), i32> = BTreeMap::new();
    for attempt in newest_first {
        for line in attempt.result().iter().flat_map(|score| &score.lines).filter(|line| line.of > 0.0) {
            let weight = halved(seen.entry((&attempt.problem, &line.line)).or_default());
            let about = topics.of_line(&attempt.problem, &line.line);
            let part = 1.0 / about.len().max(1) as f64;
            for name in about {
                let entry = found.entry(name).or_insert_with(|| Mechanism::new(name));
                entry.worth += line.of * part;
                entry.points += line.points * part;
                entry.lines += 1;
                entry.meet(attempt.started_at, 1.0 - line.points / line.of, weight * part);
            }
        }
    }
    seen.clear();
    for made in predictions.iter().rev() {
        let weight = halved(seen.entry((&made.problem, &made.experiment)).or_default());
        let about = topics.of_experiment(&made.problem, &made.experiment);
        for name in about {
            let entry = found.entry(name).or_insert_with(|| Mechanism::new(name));
            entry.predictions.add(&made.guess);
            entry.meet(made.made_at, if made.guess.hit() { 0.0 } else { 1.0 }, weight / about.len() as f64);
        }
    }
    let mut all: Vec<_> = found.into_values().collect();
    all.sort_by(|a, b| b.weakness().total_cmp(&a.weakness()).then_with(|| a.name.cmp(&b.name)));
    all
}

fn halved(times: &mut i32) -> f64 {
    let weight = 0.5f64.powi(*times);
    *times += 1;
    weight
}

/// The mechanism to work on next: the weakest of those that lost anything; `None` before anything was lost.
pub fn weakest_mechanism<A: Borrow<Attempt>>(attempts: &[A], predictions: &[Prediction], topics: &Topics) -> Option<Mechanism> {
    mechanisms(attempts, predictions, topics).into_iter().find(|mechanism| mechanism.missed > 0.0)
}
