//! Metrics of one run: counters, gauges, histograms, and their series on a grid of virtual time.

/// Values of a run's metrics, read by name: what a derived metric is computed from.
pub struct Reading<'a> {
    lookup: &'a dyn Fn(&str) -> Option<f64>,
}

impl Reading<'_> {
    pub fn get(&self, name: &str) -> Option<f64> {
        (self.lookup)(name)
    }
}
