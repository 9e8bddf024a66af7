//! Metrics of one run: counters, gauges, histograms, failures by reason, and the series of each.

mod levels;
mod probe;

use levels::Levels;
pub use probe::Probe;

use super::metric::{Id, MetricSpec, Shape, Unit, statistic_name};
use super::series::{Bin, Series, Sketch};
use super::time::{Span, Time};
use super::view::{HistogramView, Line};
use hdrhistogram::Histogram;

/// The numbers of one run. Memory does not grow with the run's length.
#[derive(Clone, Debug)]
pub struct Metrics {
    declared: &'static [MetricSpec],
    reasons: &'static [&'static str],
    cells: Vec<Cell>,
    failed: Vec<u64>,
    series: Series,
    frozen: bool,
}

/// What is kept for one metric. A derived one keeps nothing.
#[derive(Clone, Debug)]
enum Cell {
    Counter { total: u64, in_bin: u64 },
    Gauge(Option<f64>),
    Levels(Levels),
    Histogram(Box<Distribution>),
    Derived,
}

#[derive(Clone, Debug)]
struct Distribution {
    all: Histogram<u64>,
    sum: u128,
    /// What was recorded in the current bin of the series.
    lately: Sketch,
}

/// Values of a run's metrics, read by name: what a derived metric is computed from.
pub struct Reading<'a>(&'a Metrics);

impl Reading<'_> {
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.value(name)
    }

    /// `part` over `whole`; none while the whole is 0.
    pub fn share(&self, part: &str, whole: &str) -> Option<f64> {
        let whole = self.get(whole)?;
        if whole > 0.0 { Some(self.get(part)? / whole) } else { None }
    }
}

/// Three significant digits: the histogram's error is at most 0.1 %.
fn distribution() -> Distribution {
    // Three digits with automatic resizing is always a valid choice, so the default below is never taken.
    let mut all = Histogram::new(3).unwrap_or_else(|_| unreachable!("3 digits are valid"));
    all.auto(true);
    Distribution { all, sum: 0, lately: Sketch::default() }
}

impl Metrics {
    /// # Panics
    /// If an id is not the metric's place in the list: a bug of the design.
    pub fn new(declared: &'static [MetricSpec], reasons: &'static [&'static str]) -> Metrics {
        let cells = declared
            .iter()
            .enumerate()
            .map(|(place, spec)| {
                assert!(spec.id.0 == place, "metric `{}` has id {}, but stands at place {place}", spec.name, spec.id.0);
                match spec.shape {
                    Shape::Counter => Cell::Counter { total: 0, in_bin: 0 },
                    Shape::Gauge => Cell::Gauge(None),
                    Shape::Levels(fold) => Cell::Levels(Levels::new(fold)),
                    Shape::Histogram { .. } => Cell::Histogram(Box::new(distribution())),
                    Shape::Derived(_) => Cell::Derived,
                }
            })
            .collect();
        Metrics { declared, reasons, cells, failed: vec![0; reasons.len()], series: Series::new(declared.len()), frozen: false }
    }

    #[inline]
    pub fn count(&mut self, id: Id, by: u64) {
        if self.frozen {
            return;
        }
        match &mut self.cells[id.0] {
            Cell::Counter { total, in_bin } => {
                *total += by;
                *in_bin += by;
            }
            _ => self.wrong_shape(id, "counter"),
        }
    }

    #[inline]
    pub fn gauge(&mut self, id: Id, value: f64) {
        self.gauge_of(u32::MAX, id, value);
    }

    /// The level of one node; a metric that has only one takes it from any.
    #[inline]
    pub fn gauge_of(&mut self, node: u32, id: Id, value: f64) {
        if self.frozen {
            return;
        }
        match &mut self.cells[id.0] {
            Cell::Gauge(level) => *level = Some(value),
            Cell::Levels(levels) => levels.set(node, value),
            _ => self.wrong_shape(id, "gauge"),
        }
    }

    /// Times in nanoseconds, other things as plain numbers.
    #[inline]
    pub fn record(&mut self, id: Id, raw: u64) {
        if self.frozen {
            return;
        }
        match &mut self.cells[id.0] {
            Cell::Histogram(d) => {
                // Resizing grows to the whole of u64, so recording cannot fail.
                let _ = d.all.record(raw);
                d.sum += u128::from(raw);
                d.lately.record(raw);
            }
            _ => self.wrong_shape(id, "histogram"),
        }
    }

    /// A node is down: it has no level any more.
    pub fn forget(&mut self, node: u32) {
        for cell in &mut self.cells {
            if let (Cell::Levels(levels), false) = (cell, self.frozen) {
                levels.drop(node);
            }
        }
    }

    pub fn fail(&mut self, reason: usize) {
        if !self.frozen {
            self.failed[reason] += 1;
        }
    }

    #[cold]
    fn wrong_shape(&self, id: Id, asked: &str) -> ! {
        panic!("metric `{}` is used as a {asked}, but is declared {:?}", self.declared[id.0].name, self.declared[id.0].shape)
    }

    /// Closes the series' bins that end at or before `now`.
    #[inline]
    pub fn pass(&mut self, now: Time) {
        if now >= self.series.bin_end() && !self.frozen {
            self.roll(now);
        }
    }

    #[cold]
    fn roll(&mut self, now: Time) {
        while now >= self.series.bin_end() {
            let width = self.series.width().as_secs();
            let derived = self.derived();
            let bins = self.cells.iter_mut().zip(derived).map(|(cell, derived)| match cell {
                Cell::Counter { in_bin, .. } => Bin::level(std::mem::take(in_bin) as f64 / width),
                Cell::Gauge(level) => level.map_or(Bin::EMPTY, Bin::level),
                Cell::Levels(levels) => levels.value().map_or(Bin::EMPTY, Bin::level),
                Cell::Histogram(d) => d.lately.take(),
                Cell::Derived => derived.map_or(Bin::EMPTY, Bin::level),
            });
            self.series.push(bins);
        }
    }

    /// The value of each derived metric as it stands: computed from totals, so its series shows the run so far.
    fn derived(&self) -> Vec<Option<f64>> {
        let value = |spec: &MetricSpec| match spec.shape {
            Shape::Derived(of) => of(&Reading(self)).filter(|x| x.is_finite()),
            Shape::Counter | Shape::Gauge | Shape::Levels(_) | Shape::Histogram { .. } => None,
        };
        self.declared.iter().map(value).collect()
    }

    /// Forgets the totals at the end of the warm-up; the series stay.
    pub fn begin(&mut self) {
        for cell in &mut self.cells {
            match cell {
                Cell::Counter { total, .. } => *total = 0,
                Cell::Histogram(d) => {
                    d.all.reset();
                    d.sum = 0;
                }
                Cell::Gauge(_) | Cell::Levels(_) | Cell::Derived => {}
            }
        }
        self.failed.fill(0);
    }

    /// From here on nothing is counted.
    pub fn freeze(&mut self, now: Time) {
        self.pass(now);
        self.frozen = true;
    }

    /// A metric's value by any of its names; none if it has none yet or nobody declared it.
    pub fn value(&self, name: &str) -> Option<f64> {
        if name == "failed" {
            return Some(self.failed.iter().sum::<u64>() as f64);
        }
        if let Some(reason) = name.strip_prefix("failed.") {
            return self.reasons.iter().position(|r| *r == reason).map(|at| self.failed[at] as f64);
        }
        for (spec, cell) in self.declared.iter().zip(&self.cells) {
            match (cell, spec.shape) {
                (Cell::Counter { total, .. }, _) if spec.name == name => return Some(*total as f64),
                (Cell::Gauge(level), _) if spec.name == name => return *level,
                (Cell::Levels(levels), _) if spec.name == name => return levels.value(),
                (Cell::Derived, Shape::Derived(of)) if spec.name == name => return of(&Reading(self)).filter(|x| x.is_finite()),
                (Cell::Histogram(d), Shape::Histogram { unit }) => {
                    if let Some(statistic) = statistic_of(name, spec.name, unit) {
                        return d.statistic(statistic, unit);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// Every value there is, by name, in the order declared.
    pub fn values(&self) -> Vec<(String, f64)> {
        let names = self.declared.iter().flat_map(MetricSpec::names).chain(["failed".to_string()]).chain(self.reasons.iter().map(|r| format!("failed.{r}")));
        names.filter_map(|name| self.value(&name).map(|value| (name, value))).collect()
    }

    /// The series of one metric: counters per second, gauges as they are, histograms by `statistic` (p99 if not named) in their unit.
    pub fn line(&self, name: &str, from: Time, to: Time, points: usize) -> Option<Line> {
        let (at, statistic) = self.declared.iter().enumerate().find_map(|(at, spec)| match spec.shape {
            Shape::Histogram { unit } => (spec.name == name).then_some((at, "p99")).or_else(|| statistic_of(name, spec.name, unit).map(|s| (at, s))),
            Shape::Counter | Shape::Gauge | Shape::Levels(_) | Shape::Derived(_) => (spec.name == name).then_some((at, "")),
        })?;
        let (unit, scale) = match self.declared[at].shape {
            Shape::Counter => ("/s".to_string(), 1.0),
            Shape::Histogram { unit } => (unit.suffix().to_string(), unit.scale()),
            Shape::Gauge | Shape::Levels(_) | Shape::Derived(_) => (String::new(), 1.0),
        };
        let points = self.series.points(at, statistic, from, to, points).into_iter().map(|(t, v)| (t, v / scale)).collect();
        Some(Line { name: name.to_string(), unit, points })
    }

    /// The whole histogram in at most `bins` bars, logarithmic.
    pub fn histogram(&self, name: &str, bins: usize) -> Option<HistogramView> {
        let (at, unit) = self.declared.iter().enumerate().find_map(|(at, spec)| match spec.shape {
            Shape::Histogram { unit } if spec.name == name || statistic_of(name, spec.name, unit).is_some() => Some((at, unit)),
            _ => None,
        })?;
        let Cell::Histogram(d) = &self.cells[at] else { return None };
        if d.all.is_empty() {
            return None;
        }
        let quantile = |q: f64| d.all.value_at_quantile(q) as f64 / unit.scale();
        Some(HistogramView {
            unit: unit.suffix().to_string(),
            bins: d.bars(bins.max(1), unit),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            max: quantile(1.0),
            count: d.all.len(),
        })
    }

    /// Bytes, near enough.
    pub fn weight(&self) -> usize {
        let held = |cell: &Cell| match cell {
            Cell::Histogram(d) => std::mem::size_of::<Distribution>() + d.all.distinct_values() * std::mem::size_of::<u64>(),
            Cell::Levels(levels) => levels.weight(),
            Cell::Counter { .. } | Cell::Gauge(_) | Cell::Derived => 0,
        };
        self.series.weight() + self.cells.iter().map(|cell| std::mem::size_of::<Cell>() + held(cell)).sum::<usize>()
    }

    /// Where the series' grid stands: its bins' width.
    pub fn bin_width(&self) -> Span {
        self.series.width()
    }
}

impl Distribution {
    fn statistic(&self, statistic: &str, unit: Unit) -> Option<f64> {
        if statistic == "count" {
            return Some(self.all.len() as f64);
        }
        if self.all.is_empty() {
            return None;
        }
        let raw = match statistic {
            "p50" => self.all.value_at_quantile(0.5) as f64,
            "p90" => self.all.value_at_quantile(0.9) as f64,
            "p99" => self.all.value_at_quantile(0.99) as f64,
            "p999" => self.all.value_at_quantile(0.999) as f64,
            "max" => self.all.max() as f64,
            _ => self.sum as f64 / self.all.len() as f64,
        };
        Some(raw / unit.scale())
    }

    fn bars(&self, bins: usize, unit: Unit) -> Vec<(f64, f64, u64)> {
        let low = self.all.min().max(1) as f64;
        let high = (self.all.max().max(1) as f64).max(low * 1.001);
        let ratio = super::math::ln(high / low);
        let mut counts = vec![0u64; bins];
        for step in self.all.iter_recorded() {
            let place = super::math::ln(step.value_iterated_to().max(1) as f64 / low) / ratio * bins as f64;
            counts[(place.max(0.0) as usize).min(bins - 1)] += step.count_at_value();
        }
        let edge = |i: usize| low * super::math::exp(ratio * i as f64 / bins as f64) / unit.scale();
        counts.into_iter().enumerate().map(|(i, count)| (edge(i), edge(i + 1), count)).collect()
    }
}

/// Which statistic of the histogram `base` a full name stands for: `p99` for `decision_p99_ms`.
fn statistic_of(name: &str, base: &str, unit: Unit) -> Option<&'static str> {
    name.strip_prefix(base)?;
    super::metric::STATISTICS.iter().find(|s| statistic_name(base, s, unit) == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMITTED: Id = Id(0);
    const DEPTH: Id = Id(1);
    const DECISION: Id = Id(2);
    const ASKED: Id = Id(3);
    const SPECS: &[MetricSpec] = &[
        MetricSpec::counter(ADMITTED, "admitted", ""),
        MetricSpec::gauge(DEPTH, "depth", ""),
        MetricSpec::histogram(DECISION, "decision", Unit::Millis, ""),
        MetricSpec::counter(ASKED, "asked", ""),
        MetricSpec::derived(Id(4), "admitted_share", "", |m| m.share("admitted", "asked")),
    ];

    #[test]
    fn values_are_read_by_their_names() {
        let mut m = Metrics::new(SPECS, &["timeout"]);
        assert_eq!((m.value("depth"), m.value("decision_p99_ms"), m.value("admitted_share")), (None, None, None));
        m.count(ADMITTED, 3);
        m.count(ASKED, 4);
        m.gauge(DEPTH, 7.0);
        for ms in 1..=100 {
            m.record(DECISION, ms * 1_000_000);
        }
        m.fail(0);
        let near = |name: &str, expected: f64| {
            let got = m.value(name).unwrap();
            assert!((got - expected).abs() <= expected * 0.001, "{name}: {got}, expected {expected}");
        };
        near("admitted", 3.0);
        near("admitted_share", 0.75);
        near("depth", 7.0);
        near("decision_p50_ms", 50.0);
        near("decision_p99_ms", 99.0);
        near("decision_max_ms", 100.0);
        near("decision_mean_ms", 50.5);
        near("decision_count", 100.0);
        near("failed", 1.0);
        near("failed.timeout", 1.0);
        assert_eq!(m.value("failed.other"), None);
        assert_eq!(m.value("decision"), None);
        assert_eq!(m.values().len(), 13);
    }

    #[test]
    fn warm_up_is_left_out_and_the_end_freezes() {
        let mut m = Metrics::new(SPECS, &[]);
        m.count(ADMITTED, 5);
        m.begin();
        m.count(ADMITTED, 2);
        m.freeze(Time(1));
        m.count(ADMITTED, 1);
        assert_eq!(m.value("admitted"), Some(2.0));
    }

    #[test]
    fn series_show_rates_and_percentiles() {
        let mut m = Metrics::new(SPECS, &[]);
        for ms in 0..10_000u64 {
            m.pass(Time(ms * 1_000_000));
            m.count(ADMITTED, 2);
            m.record(DECISION, if ms < 5_000 { 1_000_000 } else { 8_000_000 });
        }
        let rate = m.line("admitted", Time::ZERO, Time::from_secs(10), 50).unwrap();
        assert!(rate.points.len() <= 50 && rate.points.len() > 20, "{}", rate.points.len());
        assert!(rate.points.iter().skip(1).all(|(_, v)| (v - 2000.0).abs() < 60.0), "{:?}", rate.points);
        let p99 = m.line("decision", Time::ZERO, Time::from_secs(10), 50).unwrap();
        let (early, late) = (p99.points[5].1, p99.points[p99.points.len() - 2].1);
        assert!((0.7..1.5).contains(&early) && (5.6..11.5).contains(&late), "{early} {late}");
    }
}
