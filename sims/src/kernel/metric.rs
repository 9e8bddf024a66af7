//! Metrics as a design declares them: names, units, what they say, what they stand on.

/// Where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Counted or timed in the run.
    Measured,
    /// Computed from what was measured by a stated formula.
    Modelled,
    /// Put in by hand, such as a service time.
    Assumed,
}

/// What is kept for a metric.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Only grows.
    Counter,
    /// A level; its last value.
    Gauge,
    /// A level that each node has, told as one. A node that is down has none.
    Levels(Fold),
    /// A distribution. Times are recorded in nanoseconds and read in `unit`.
    Histogram { unit: Unit },
    /// Computed when read, from the values of other metrics.
    Derived(fn(&super::metrics::Reading<'_>) -> Option<f64>),
}

/// How the levels of many nodes become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    Sum,
    Most,
    Least,
    Mean,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Nanos,
    Micros,
    Millis,
    Secs,
    Bytes,
    /// A plain count: no suffix.
    One,
}

impl Unit {
    /// Suffix of a metric's name: `ms`, or nothing for a count.
    pub fn suffix(self) -> &'static str {
        match self {
            Unit::Nanos => "ns",
            Unit::Micros => "us",
            Unit::Millis => "ms",
            Unit::Secs => "s",
            Unit::Bytes => "bytes",
            Unit::One => "",
        }
    }

    /// What a recorded number is divided by to be read in this unit.
    pub fn scale(self) -> f64 {
        match self {
            Unit::Nanos | Unit::Bytes | Unit::One => 1.0,
            Unit::Micros => 1e3,
            Unit::Millis => 1e6,
            Unit::Secs => 1e9,
        }
    }
}

/// The place of a metric in its design's list: what a handler counts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id(pub usize);

#[derive(Clone, Copy, Debug)]
pub struct MetricSpec {
    pub id: Id,
    /// A histogram's is its base: `decision` gives `decision_p99_ms`.
    pub name: &'static str,
    pub says: &'static str,
    pub basis: Basis,
    pub shape: Shape,
}

impl MetricSpec {
    pub const fn counter(id: Id, name: &'static str, says: &'static str) -> MetricSpec {
        MetricSpec { id, name, says, basis: Basis::Measured, shape: Shape::Counter }
    }

    pub const fn gauge(id: Id, name: &'static str, says: &'static str) -> MetricSpec {
        MetricSpec { id, name, says, basis: Basis::Measured, shape: Shape::Gauge }
    }

    /// A level of each node that gauges it, told as their sum, or the greatest of them.
    pub const fn levels(id: Id, name: &'static str, fold: Fold, says: &'static str) -> MetricSpec {
        MetricSpec { id, name, says, basis: Basis::Measured, shape: Shape::Levels(fold) }
    }

    pub const fn histogram(id: Id, name: &'static str, unit: Unit, says: &'static str) -> MetricSpec {
        MetricSpec { id, name, says, basis: Basis::Measured, shape: Shape::Histogram { unit } }
    }

    pub const fn derived(id: Id, name: &'static str, says: &'static str, of: fn(&super::metrics::Reading<'_>) -> Option<f64>) -> MetricSpec {
        MetricSpec { id, name, says, basis: Basis::Measured, shape: Shape::Derived(of) }
    }

    pub const fn basis(mut self, basis: Basis) -> MetricSpec {
        self.basis = basis;
        self
    }

    /// Every name under which this metric can be read.
    pub fn names(&self) -> Vec<String> {
        match self.shape {
            Shape::Histogram { unit } => STATISTICS.iter().map(|s| statistic_name(self.name, s, unit)).collect(),
            Shape::Counter | Shape::Gauge | Shape::Levels(_) | Shape::Derived(_) => vec![self.name.to_string()],
        }
    }
}

/// What a histogram gives.
pub const STATISTICS: &[&str] = &["p50", "p90", "p99", "p999", "max", "mean", "count"];

/// `decision` + `p99` + ms = `decision_p99_ms`; a count has no unit.
pub fn statistic_name(base: &str, statistic: &str, unit: Unit) -> String {
    if statistic == "count" || unit == Unit::One { format!("{base}_{statistic}") } else { format!("{base}_{statistic}_{}", unit.suffix()) }
}
