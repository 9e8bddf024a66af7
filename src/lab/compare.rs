//! Compared runs: in which numbers and invariants they differ, the largest difference first.

use super::frame::Compared;
use sims::kernel::invariant::{InvariantSpec, Verdict};

/// One metric in every run.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub metric: String,
    pub values: Vec<Option<f64>>,
}

impl Difference {
    /// 0 where all are alike, 1 where one is nothing beside another.
    fn spread(&self) -> f64 {
        let known = || self.values.iter().flatten().copied();
        let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
        let scale = least.abs().max(most.abs());
        if known().count() < self.values.len() && known().next().is_some() {
            return 1.0;
        }
        if scale > 0.0 && scale.is_finite() { (most - least) / scale } else { 0.0 }
    }
}

/// The metrics that differ, the most different first; of equal ones the declared order holds.
pub fn differences(runs: &[Compared]) -> Vec<Difference> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in runs.iter().flat_map(|run| &run.metrics) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let value = |run: &Compared, name: &str| run.metrics.iter().find(|(n, _)| n == name).map(|(_, v)| *v);
    let all = names.into_iter().map(|name| Difference { metric: name.into(), values: runs.iter().map(|run| value(run, name)).collect() });
    let mut found: Vec<(f64, Difference)> = all.map(|row| (row.spread(), row)).filter(|(spread, _)| *spread > 0.0).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, row)| row).collect()
}

/// The invariants whose verdicts differ.
pub fn lamps(runs: &[Compared]) -> Vec<(&'static InvariantSpec, Vec<Verdict>)> {
    let Some(first) = runs.first() else { return Vec::new() };
    let rows = first.verdicts.iter().enumerate().map(|(at, (spec, _))| {
        let verdicts: Vec<Verdict> = runs.iter().filter_map(|run| run.verdicts.get(at).map(|(_, verdict)| verdict.clone())).collect();
        (*spec, verdicts)
    });
    let kind = std::mem::discriminant::<Verdict>;
    rows.filter(|(_, verdicts)| verdicts.iter().any(|verdict| kind(verdict) != kind(&verdicts[0]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sims::kernel::time::Time;

    fn run(metrics: &[(&str, f64)]) -> Compared {
        Compared {
            name: String::new(),
            now: Time::ZERO,
            ended: false,
            events: 0,
            digest: 0,
            metrics: metrics.iter().map(|(n, v)| ((*n).to_string(), *v)).collect(),
            verdicts: Vec::new(),
            series: Vec::new(),
            parting: None,
        }
    }

    #[test]
    fn the_largest_difference_comes_first_and_equal_numbers_not_at_all() {
        let runs = [run(&[("a", 10.0), ("b", 1.0), ("c", 5.0), ("d", 0.0)]), run(&[("a", 11.0), ("b", 4.0), ("c", 5.0), ("d", 0.0), ("e", 1.0)])];
        let names: Vec<String> = differences(&runs).into_iter().map(|row| row.metric).collect();
        assert_eq!(names, ["e", "b", "a"]);
        assert!(differences(&[]).is_empty() && lamps(&[]).is_empty());
    }
}
