//! Expectations and sums as trees: what `lab` evaluates.

use super::super::model::Is;
use sims::kernel::math;
use sims::kernel::time::Span;
use std::fmt;

/// One line of `expect`, or one choice's `when`: its text and what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    pub text: String,
    pub law: Law,
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    Compare {
        left: Sum,
        is: Is,
        right: Sum,
    },
    /// `left within share of right`; a share of 0.05 is 5 %.
    Within {
        left: Sum,
        share: f64,
        right: Sum,
    },
    /// No *always* or *finally* of the run is broken and at least one is held; with an invariant: that one is held.
    Holds {
        run: String,
        invariant: Option<String>,
    },
    Breaks {
        run: String,
        invariant: String,
    },
    /// A *sometimes* is held.
    Reaches {
        run: String,
        invariant: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Sum {
    Number(f64),
    Leaf(Leaf),
    Negative(Box<Sum>),
    Binary { left: Box<Sum>, by: By, right: Box<Sum> },
    Call { function: Function, of: Vec<Sum> },
}

/// What only the caller knows the value of.
#[derive(Clone, Debug, PartialEq)]
pub enum Leaf {
    /// A name of `given`, in the formula of an estimation.
    Given(String),
    Metric {
        run: String,
        metric: String,
    },
    /// `RUN.set.KNOB`: the knob's value in that run; a duration counts in `unit`.
    Knob {
        run: String,
        knob: String,
        unit: TimeUnit,
    },
    /// Over the seeds.
    Aggregate {
        by: Aggregate,
        of: Box<Sum>,
    },
    /// The share of the seeds for which it is true.
    Share(Box<Law>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Plus,
    Minus,
    Times,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Abs,
    Min,
    Max,
    Sqrt,
    Ln,
    Log2,
    Pow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    Mean,
    Least,
    Most,
}

/// The unit that a comparison's times are counted in: the suffix of its metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    Nanos,
    Micros,
    #[default]
    Millis,
    Secs,
}

impl TimeUnit {
    /// The unit in which a metric of this name is read, if it is a time. `_per_s` is a rate.
    pub fn of_metric(name: &str) -> Option<TimeUnit> {
        let (stem, suffix) = name.rsplit_once('_')?;
        if stem.ends_with("_per") {
            return None;
        }
        Some(match suffix {
            "ns" => TimeUnit::Nanos,
            "us" => TimeUnit::Micros,
            "ms" => TimeUnit::Millis,
            "s" => TimeUnit::Secs,
            _ => return None,
        })
    }

    /// A length of time counted in this unit.
    pub fn count(self, span: Span) -> f64 {
        span.0 as f64 / self.nanos()
    }

    pub fn nanos(self) -> f64 {
        match self {
            TimeUnit::Nanos => 1.0,
            TimeUnit::Micros => 1e3,
            TimeUnit::Millis => 1e6,
            TimeUnit::Secs => 1e9,
        }
    }

    pub fn suffix(self) -> &'static str {
        match self {
            TimeUnit::Nanos => "ns",
            TimeUnit::Micros => "us",
            TimeUnit::Millis => "ms",
            TimeUnit::Secs => "s",
        }
    }
}

impl Law {
    /// Whether the line speaks of the seeds together (it has an aggregate or a share), and so is judged once.
    pub fn is_over_seeds(&self) -> bool {
        match self {
            Law::Compare { left, right, .. } | Law::Within { left, right, .. } => left.is_over_seeds() || right.is_over_seeds(),
            Law::Holds { .. } | Law::Breaks { .. } | Law::Reaches { .. } => false,
        }
    }

    /// Whether left and right of a comparison satisfy it; none for a verdict, which has no sides.
    pub fn holds(&self, left: f64, right: f64) -> Option<bool> {
        match self {
            Law::Compare { is, .. } => Some(is.holds(left, right)),
            Law::Within { share, .. } => Some((left - right).abs() <= share * right.abs()),
            Law::Holds { .. } | Law::Breaks { .. } | Law::Reaches { .. } => None,
        }
    }

    /// Both sides, if it is a comparison.
    pub fn sides(&self) -> Option<(&Sum, &Sum)> {
        match self {
            Law::Compare { left, right, .. } | Law::Within { left, right, .. } => Some((left, right)),
            Law::Holds { .. } | Law::Breaks { .. } | Law::Reaches { .. } => None,
        }
    }
}

impl Sum {
    pub fn is_over_seeds(&self) -> bool {
        match self {
            Sum::Number(_) => false,
            Sum::Leaf(leaf) => matches!(leaf, Leaf::Aggregate { .. } | Leaf::Share(_)),
            Sum::Negative(of) => of.is_over_seeds(),
            Sum::Binary { left, right, .. } => left.is_over_seeds() || right.is_over_seeds(),
            Sum::Call { of, .. } => of.iter().any(Sum::is_over_seeds),
        }
    }

    /// The value, with `look` giving each leaf's. None where a leaf has no value.
    pub fn value(&self, look: &dyn Fn(&Leaf) -> Option<f64>) -> Option<f64> {
        Some(match self {
            Sum::Number(n) => *n,
            Sum::Leaf(leaf) => look(leaf)?,
            Sum::Negative(of) => -of.value(look)?,
            Sum::Binary { left, by, right } => by.apply(left.value(look)?, right.value(look)?),
            Sum::Call { function, of } => {
                let of = of.iter().map(|sum| sum.value(look)).collect::<Option<Vec<f64>>>()?;
                function.apply(&of)?
            }
        })
    }
}

impl By {
    pub fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            By::Plus => left + right,
            By::Minus => left - right,
            By::Times => left * right,
            By::Over => left / right,
        }
    }
}

impl Function {
    pub const ALL: &[(&str, Function)] = &[
        ("abs", Function::Abs),
        ("min", Function::Min),
        ("max", Function::Max),
        ("sqrt", Function::Sqrt),
        ("ln", Function::Ln),
        ("log2", Function::Log2),
        ("pow", Function::Pow),
    ];

    pub fn arguments(self) -> usize {
        match self {
            Function::Min | Function::Max | Function::Pow => 2,
            Function::Abs | Function::Sqrt | Function::Ln | Function::Log2 => 1,
        }
    }

    pub fn apply(self, of: &[f64]) -> Option<f64> {
        Some(match (self, of) {
            (Function::Abs, [x]) => x.abs(),
            (Function::Min, [x, y]) => x.min(*y),
            (Function::Max, [x, y]) => x.max(*y),
            (Function::Sqrt, [x]) => math::sqrt(*x),
            (Function::Ln, [x]) => math::ln(*x),
            (Function::Log2, [x]) => math::log2(*x),
            (Function::Pow, [x, y]) => math::pow(*x, *y),
            _ => return None,
        })
    }
}

impl Aggregate {
    pub const ALL: &[(&str, Aggregate)] = &[("mean", Aggregate::Mean), ("least", Aggregate::Least), ("most", Aggregate::Most)];

    /// Of the values of all seeds; none without a value.
    pub fn apply(self, values: &[f64]) -> Option<f64> {
        match self {
            Aggregate::Mean if values.is_empty() => None,
            Aggregate::Mean => Some(values.iter().sum::<f64>() / values.len() as f64),
            Aggregate::Least => values.iter().copied().reduce(f64::min),
            Aggregate::Most => values.iter().copied().reduce(f64::max),
        }
    }
}
