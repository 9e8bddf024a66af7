//! Whether the names of an expectation are declared: runs by the experiment, the rest by the design.

use super::{Law, Leaf, Sum, Wrong};
use sims::kernel::design::Design;
use sims::kernel::invariant::InvariantKind;
use sims::kernel::knob::unknown;
use sims::kernel::value::Kind;

/// What an expectation may speak of.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub design: &'a Design,
    pub runs: &'a [&'a str],
}

impl Scope<'_> {
    /// Every name of the law that is not declared.
    pub fn check(&self, text: &str, law: &Law) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        self.law(text, law, false, &mut wrong);
        wrong
    }

    /// As `check`, for a sum that stands alone: a prediction, a place in an explanation.
    pub fn check_sum(&self, text: &str, sum: &Sum) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        self.sum(text, sum, false, &mut wrong);
        wrong
    }

    fn law(&self, text: &str, law: &Law, inside: bool, wrong: &mut Vec<Wrong>) {
        match law {
            Law::Compare { left, right, .. } | Law::Within { left, right, .. } => {
                self.sum(text, left, inside, wrong);
                self.sum(text, right, inside, wrong);
            }
            Law::Holds { run, invariant } => {
                self.run(text, run, run, wrong);
                if let Some(invariant) = invariant {
                    self.invariant(text, invariant, &[InvariantKind::Always, InvariantKind::Finally, InvariantKind::Sometimes], wrong);
                }
            }
            Law::Breaks { run, invariant } => {
                self.run(text, run, run, wrong);
                self.invariant(text, invariant, &[InvariantKind::Always, InvariantKind::Finally], wrong);
            }
            Law::Reaches { run, invariant } => {
                self.run(text, run, run, wrong);
                self.invariant(text, invariant, &[InvariantKind::Sometimes], wrong);
            }
        }
    }

    fn sum(&self, text: &str, sum: &Sum, inside: bool, wrong: &mut Vec<Wrong>) {
        match sum {
            Sum::Number(_) => {}
            Sum::Negative(of) => self.sum(text, of, inside, wrong),
            Sum::Binary { left, right, .. } => {
                self.sum(text, left, inside, wrong);
                self.sum(text, right, inside, wrong);
            }
            Sum::Call { of, .. } => of.iter().for_each(|sum| self.sum(text, sum, inside, wrong)),
            Sum::Leaf(leaf) => self.leaf(text, leaf, inside, wrong),
        }
    }

    fn leaf(&self, text: &str, leaf: &Leaf, inside: bool, wrong: &mut Vec<Wrong>) {
        match leaf {
            Leaf::Given(name) => {
                wrong.push(Wrong::naming(text, name, format!("`{name}` is no number of a run: write RUN.METRIC, with RUN one of {}", self.runs.join(", "))));
            }
            Leaf::Metric { run, metric } => {
                let whole = format!("{run}.{metric}");
                if self.run(text, run, &whole, wrong) {
                    let names = self.design.metric_names();
                    if !names.iter().any(|n| n == metric) {
                        wrong.push(Wrong::naming(text, &whole, self.minus(metric, unknown("metric", metric, names.iter().map(String::as_str)))));
                    }
                }
            }
            Leaf::Knob { run, knob, .. } => {
                let whole = format!("{run}.set.{knob}");
                if self.run(text, run, &whole, wrong) {
                    match self.design.knobs.iter().find(|k| k.name == knob) {
                        None => wrong.push(Wrong::naming(text, &whole, self.minus(knob, unknown("knob", knob, self.design.knobs.iter().map(|k| k.name))))),
                        Some(found) if matches!(found.kind, Kind::Choice(_) | Kind::Node | Kind::Groups) => {
                            wrong.push(Wrong::naming(text, &whole, format!("the knob `{knob}` holds words: it has no number")));
                        }
                        Some(_) => {}
                    }
                }
            }
            Leaf::Aggregate { .. } | Leaf::Share(_) if inside => {
                wrong.push(Wrong::new(0, text.len(), "mean, least, most and share cannot stand inside each other".into()));
            }
            Leaf::Aggregate { of, .. } => self.sum(text, of, true, wrong),
            Leaf::Share(law) => self.law(text, law, true, wrong),
        }
    }

    /// A difference written without spaces reads as a name.
    fn minus(&self, name: &str, message: String) -> String {
        if name.contains('-') { format!("{message} (a difference needs spaces around its `-`)") } else { message }
    }

    fn run(&self, text: &str, run: &str, whole: &str, wrong: &mut Vec<Wrong>) -> bool {
        let known = self.runs.contains(&run);
        if !known {
            wrong.push(Wrong::naming(text, whole, unknown("run", run, self.runs.iter().copied())));
        }
        known
    }

    fn invariant(&self, text: &str, id: &str, kinds: &[InvariantKind], wrong: &mut Vec<Wrong>) {
        match self.design.invariants.iter().find(|i| i.id == id) {
            None => wrong.push(Wrong::naming(text, id, unknown("invariant", id, self.design.invariants.iter().map(|i| i.id)))),
            Some(found) if !kinds.contains(&found.kind) => {
                let why = match found.kind {
                    InvariantKind::Sometimes => format!("`{id}` is a *sometimes*: it is reached, never broken"),
                    InvariantKind::Always => format!("`{id}` is an *always*: it holds or breaks, it is not reached"),
                    InvariantKind::Finally => format!("`{id}` is a *finally*: it holds or breaks, it is not reached"),
                };
                wrong.push(Wrong::naming(text, id, why));
            }
            Some(_) => {}
        }
    }
}
