//! Series on a grid of virtual time: at most 2,048 bins; when they are full, neighbours merge and the width doubles.

use super::time::{Span, Time};

const BINS_MAX: usize = 2_048;
const FIRST_WIDTH: Span = Span::millis(1);

/// One bin of one metric. For counters and gauges only `mean` means something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    pub weight: f64,
    pub mean: f64,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Bin {
    pub const EMPTY: Bin = Bin { weight: 0.0, mean: 0.0, p50: 0.0, p99: 0.0, max: 0.0 };

    pub fn level(value: f64) -> Bin {
        Bin { weight: 1.0, mean: value, p50: value, p99: value, max: value }
    }

    /// Two bins as one. Percentiles are averaged by weight: near enough to look at; the totals are exact elsewhere.
    fn merge(self, other: Bin) -> Bin {
        let weight = self.weight + other.weight;
        if weight == 0.0 {
            return Bin::EMPTY;
        }
        let mean = |a: f64, b: f64| (a * self.weight + b * other.weight) / weight;
        Bin { weight, mean: mean(self.mean, other.mean), p50: mean(self.p50, other.p50), p99: mean(self.p99, other.p99), max: self.max.max(other.max) }
    }

    fn read(&self, statistic: &str) -> f64 {
        match statistic {
            "p50" => self.p50,
            "p99" | "p90" | "p999" => self.p99,
            "max" => self.max,
            _ => self.mean,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Series {
    width: Span,
    /// One column of bins per metric, all of one length.
    columns: Vec<Vec<Bin>>,
    closed: usize,
}

impl Series {
    pub fn new(metrics: usize) -> Series {
        Series { width: FIRST_WIDTH, columns: vec![Vec::new(); metrics], closed: 0 }
    }

    pub fn width(&self) -> Span {
        self.width
    }

    pub fn weight(&self) -> usize {
        self.columns.iter().map(|column| column.capacity() * std::mem::size_of::<Bin>()).sum()
    }

    /// When the bin that is open now ends.
    #[inline]
    pub fn bin_end(&self) -> Time {
        Time((self.closed as u64 + 1) * self.width.0)
    }

    /// Closes the open bin with one value per metric.
    pub fn push(&mut self, bins: impl Iterator<Item = Bin>) {
        for (column, bin) in self.columns.iter_mut().zip(bins) {
            column.push(bin);
        }
        self.closed += 1;
        if self.closed == BINS_MAX {
            for column in &mut self.columns {
                *column = column.chunks(2).map(|pair| pair[0].merge(pair[1])).collect();
            }
            self.closed /= 2;
            self.width = self.width * 2;
        }
    }

    /// At most `points` points of one metric in a window: seconds and value, empty bins left out.
    pub fn points(&self, metric: usize, statistic: &str, from: Time, to: Time, points: usize) -> Vec<(f64, f64)> {
        let first = ((from.0 / self.width.0) as usize).min(self.closed);
        let last = (to.0.div_ceil(self.width.0) as usize).min(self.closed);
        if points == 0 || first >= last {
            return Vec::new();
        }
        let stride = (last - first).div_ceil(points);
        let mut found = Vec::with_capacity(points);
        for at in (first..last).step_by(stride) {
            let end = (at + stride).min(last);
            let bin = self.columns[metric][at..end].iter().fold(Bin::EMPTY, |sum, bin| sum.merge(*bin));
            if bin.weight > 0.0 {
                let middle = (at + end) as f64 / 2.0 * self.width.as_secs();
                found.push((middle, bin.read(statistic)));
            }
        }
        found
    }
}

/// A small histogram of the open bin: half an octave wide per bucket, so a percentile is right to within 19 %.
#[derive(Clone, Debug)]
pub struct Sketch {
    buckets: [u32; BUCKETS],
    count: u64,
    sum: u128,
    max: u64,
}

const BUCKETS: usize = 128;

impl Default for Sketch {
    fn default() -> Self {
        Sketch { buckets: [0; BUCKETS], count: 0, sum: 0, max: 0 }
    }
}

impl Sketch {
    #[inline]
    pub fn record(&mut self, raw: u64) {
        self.buckets[Self::bucket(raw)] += 1;
        self.count += 1;
        self.sum += u128::from(raw);
        self.max = self.max.max(raw);
    }

    /// Twice the exponent, plus the bit after the leading one.
    #[inline]
    fn bucket(raw: u64) -> usize {
        let raw = raw.max(1);
        let exponent = 63 - raw.leading_zeros() as usize;
        let half = if exponent == 0 { 0 } else { (raw >> (exponent - 1)) as usize & 1 };
        exponent * 2 + half
    }

    fn middle(bucket: usize) -> f64 {
        let base = (1u128 << (bucket / 2)) as f64;
        if bucket.is_multiple_of(2) { base * 1.25 } else { base * 1.75 }
    }

    fn quantile(&self, q: f64) -> f64 {
        let wanted = (self.count as f64 * q).max(1.0);
        let mut seen = 0.0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += f64::from(*count);
            if seen >= wanted {
                return Self::middle(bucket).min(self.max as f64);
            }
        }
        self.max as f64
    }

    /// The bin it stands for; empty afterwards.
    pub fn take(&mut self) -> Bin {
        if self.count == 0 {
            return Bin::EMPTY;
        }
        let bin = Bin {
            weight: self.count as f64,
            mean: self.sum as f64 / self.count as f64,
            p50: self.quantile(0.5),
            p99: self.quantile(0.99),
            max: self.max as f64,
        };
        *self = Sketch::default();
        bin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_does_not_grow_with_time() {
        let mut series = Series::new(1);
        for n in 0..1_000_000u64 {
            while Time(n * 1_000_000) >= series.bin_end() {
                series.push(std::iter::once(Bin::level(3.0)));
            }
        }
        assert!(series.columns[0].len() < BINS_MAX);
        let points = series.points(0, "", Time::ZERO, Time::from_secs(1_000), 100);
        assert!(points.len() <= 100 && points.iter().all(|(_, v)| *v == 3.0));
    }

    #[test]
    fn a_sketch_is_right_to_a_fifth() {
        let mut sketch = Sketch::default();
        for n in 1..=10_000u64 {
            sketch.record(n);
        }
        let bin = sketch.take();
        assert!((bin.p50 / 5_000.0 - 1.0).abs() < 0.25, "{}", bin.p50);
        assert!((bin.p99 / 9_900.0 - 1.0).abs() < 0.25, "{}", bin.p99);
        assert_eq!((bin.max, bin.mean), (10_000.0, 5_000.5));
        assert_eq!(sketch.take(), Bin::EMPTY);
        for raw in [0, 1, 2, 3, u64::MAX] {
            assert!(Sketch::bucket(raw) < BUCKETS);
        }
    }
}
