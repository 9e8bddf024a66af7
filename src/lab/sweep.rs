//! A sweep: one knob over a range, several seeds, on all cores or on many machines; shards merge exactly.

use super::headless::Outcome;
use super::{experiment, plan, pool, range};
use serde::{Deserialize, Serialize};
use sims::kernel::design::Spec;
use sims::kernel::invariant::{InvariantKind, Verdict};
use sims::kernel::knob::unknown;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize};

/// More runs than this in one sweep are a slip of the pen.
pub const RUNS_MAX: usize = 100_000;

/// What is to be run, checked: every value is a spec that starts.
#[derive(Clone, Debug)]
pub struct Sweep {
    base: Spec,
    knob: String,
    values: Vec<String>,
    metrics: Vec<String>,
    seeds: Vec<u64>,
}

/// Part `number` of `of`, both from 1: every `of`-th run belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    number: usize,
    of: usize,
}

/// What a sweep has come to. A shard's sheet holds its own rows and the head of the whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    pub format: u32,
    pub kind: Kind,
    pub design: String,
    pub knob: String,
    pub values: Vec<String>,
    pub metrics: Vec<String>,
    pub seeds: Vec<u64>,
    /// Everything that is the same in all runs, as a run file.
    pub base: serde_json::Value,
    pub shard: Shard,
    pub rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Sweep,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub value: String,
    pub seed: u64,
    pub events: u64,
    pub digest: String,
    /// Ids of the invariants that broke.
    pub broken: Vec<String>,
    /// A metric that had nothing to measure has no value.
    pub metrics: BTreeMap<String, Option<f64>>,
}

/// One metric at one value, over the seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    pub value: String,
    /// Runs in which the metric had a value.
    pub runs: usize,
    pub mean: f64,
    pub least: f64,
    pub most: f64,
    /// Runs in which some invariant broke.
    pub broken: usize,
}

impl Sweep {
    /// # Errors
    /// An unknown knob or metric, a range that is none, a value that conflicts with the other knobs.
    pub fn new(base: Spec, knob: &str, range: &str, metrics: Vec<String>, seeds: Vec<u64>) -> Result<Sweep, String> {
        let design = base.design;
        let declared = design.knobs.iter().find(|k| k.name == knob).ok_or_else(|| unknown("knob", knob, design.knobs.iter().map(|k| k.name)))?;
        let names = design.metric_names();
        if let Some(wrong) = metrics.iter().find(|metric| !names.contains(metric)) {
            return Err(unknown("metric", wrong, names.iter().map(String::as_str)));
        }
        let sweep = Sweep { values: range::values(declared, range)?, base, knob: knob.to_string(), metrics, seeds };
        let runs = sweep.values.len() * sweep.seeds.len();
        if runs > RUNS_MAX {
            return Err(format!("{runs} runs, but at most {RUNS_MAX} in one sweep"));
        }
        for value in &sweep.values {
            sweep.spec(value, 1)?.check().map_err(|why| format!("{knob}={value}: {why}"))?;
        }
        Ok(sweep)
    }

    fn spec(&self, value: &str, seed: u64) -> Result<Spec, String> {
        let mut spec = self.base.clone();
        spec.set(&self.knob, value)?;
        spec.seed = seed;
        Ok(spec)
    }

    /// Runs of one shard.
    pub fn runs(&self, shard: Shard) -> usize {
        self.jobs(shard).count()
    }

    fn jobs(&self, shard: Shard) -> impl Iterator<Item = (&String, u64)> {
        let all = self.values.iter().flat_map(|value| self.seeds.iter().map(move |seed| (value, *seed)));
        all.skip(shard.number - 1).step_by(shard.of)
    }

    /// Runs one shard; none if `cancel` was set.
    ///
    /// # Errors
    /// A design that panics, with the value and the seed.
    pub fn run(&self, shard: Shard, done: &AtomicUsize, cancel: &AtomicBool) -> Result<Option<Sheet>, String> {
        let jobs: Vec<(&String, u64)> = self.jobs(shard).collect();
        let rows = pool::each(&jobs, done, cancel, |(value, seed)| self.row(value, *seed));
        let Some(rows) = rows else { return Ok(None) };
        let rows = rows.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut base = plan::to_file(&self.base, "sweep");
        // Neither belongs to the whole: the seed changes from run to run, and so does the knob.
        base.seed = 1;
        base.set.0.retain(|(knob, _)| *knob != self.knob);
        let base = serde_json::to_value(base).map_err(|why| why.to_string())?;
        let (knob, values, metrics, seeds) = (self.knob.clone(), self.values.clone(), self.metrics.clone(), self.seeds.clone());
        Ok(Some(Sheet { format: 1, kind: Kind::Sweep, design: self.base.design.id.into(), knob, values, metrics, seeds, base, shard, rows }))
    }

    fn row(&self, value: &str, seed: u64) -> Result<Row, String> {
        let outcome = experiment::play_one(&self.spec(value, seed)?).map_err(|why| format!("{}={value}, seed {seed}: {why}", self.knob))?;
        Ok(Row {
            value: value.to_string(),
            seed,
            events: outcome.events,
            digest: format!("{:016x}", outcome.digest),
            broken: broken(&outcome),
            metrics: self.metrics.iter().map(|name| (name.clone(), outcome.metric(name))).collect(),
        })
    }
}

fn broken(outcome: &Outcome) -> Vec<String> {
    let laws = outcome.verdicts.iter().filter(|(spec, verdict)| spec.kind != InvariantKind::Sometimes && matches!(verdict, Verdict::Broken { .. }));
    laws.map(|(spec, _)| spec.id.to_string()).collect()
}

/// Shards of one sweep as the whole: the very sheet one machine would have made alone.
///
/// # Errors
/// Sheets of different sweeps, two that disagree on a run, and which runs are missing.
pub fn merge(sheets: Vec<Sheet>) -> Result<Sheet, String> {
    let mut sheets = sheets.into_iter();
    let mut whole = sheets.next().ok_or("no sheets to merge")?;
    let mut rows: BTreeMap<(usize, u64), Row> = BTreeMap::new();
    let of = whole.shard.of;
    let (mut first, mut numbers) = (std::mem::take(&mut whole.rows), BTreeSet::from([whole.shard.number]));
    whole.shard = Shard::WHOLE;
    take(&mut rows, &whole, std::mem::take(&mut first))?;
    for mut sheet in sheets {
        let (theirs, shard) = (std::mem::take(&mut sheet.rows), sheet.shard);
        sheet.shard = Shard::WHOLE;
        if let Some(what) = differ(&whole, &sheet) {
            return Err(format!("these are sheets of different sweeps: {what} differs (shard {shard})"));
        }
        numbers.insert(shard.number);
        take(&mut rows, &whole, theirs)?;
    }
    let wanted = whole.values.len() * whole.seeds.len();
    if rows.len() < wanted {
        let missing: Vec<String> = (1..=of).filter(|n| !numbers.contains(n)).map(|n| format!("{n}/{of}")).collect();
        return Err(format!("{} of {wanted} runs are missing: shard {}", wanted - rows.len(), missing.join(", ")));
    }
    whole.rows = rows.into_values().collect();
    Ok(whole)
}

fn take(rows: &mut BTreeMap<(usize, u64), Row>, whole: &Sheet, theirs: Vec<Row>) -> Result<(), String> {
    for row in theirs {
        let place = whole.values.iter().position(|value| *value == row.value).filter(|_| whole.seeds.contains(&row.seed));
        let place = place.ok_or_else(|| format!("a row for {}={}, seed {}, which this sweep does not have", whole.knob, row.value, row.seed))?;
        let (value, seed) = (row.value.clone(), row.seed);
        if let Some(before) = rows.insert((place, seed), row.clone())
            && before != row
        {
            return Err(format!("two sheets disagree on {}={value}, seed {seed}: they were made by different versions", whole.knob));
        }
    }
    Ok(())
}

/// The first field in which two heads differ.
fn differ(one: &Sheet, two: &Sheet) -> Option<&'static str> {
    [
        ("the design", one.design == two.design),
        ("the knob", one.knob == two.knob),
        ("the range", one.values == two.values),
        ("the metrics", one.metrics == two.metrics),
        ("the seeds", one.seeds == two.seeds),
        ("a setting", one.base == two.base),
    ]
    .into_iter()
    .find_map(|(what, same)| (!same).then_some(what))
}

impl Sheet {
    /// One line per value, in the order of the range; values of other shards are left out.
    pub fn spread(&self, metric: &str) -> Vec<Spread> {
        let of = |value: &String| {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.value == *value).collect();
            let found: Vec<f64> = rows.iter().filter_map(|row| row.metrics.get(metric).copied().flatten()).collect();
            (!rows.is_empty()).then(|| Spread {
                value: value.clone(),
                runs: found.len(),
                mean: found.iter().sum::<f64>() / found.len() as f64,
                least: found.iter().copied().fold(f64::NAN, f64::min),
                most: found.iter().copied().fold(f64::NAN, f64::max),
                broken: rows.iter().filter(|row| !row.broken.is_empty()).count(),
            })
        };
        self.values.iter().filter_map(of).collect()
    }
}

impl Sheet {
    /// A line for each run, for a spreadsheet.
    pub fn csv(&self) -> String {
        let mut to = csv::Writer::from_writer(Vec::new());
        let head = [self.knob.as_str(), "seed", "events", "digest", "broken"].into_iter().chain(self.metrics.iter().map(String::as_str));
        // Writing into memory refuses nothing.
        let _ = to.write_record(head);
        for row in &self.rows {
            let metrics = self.metrics.iter().map(|name| row.metrics.get(name).copied().flatten().map_or_else(String::new, |x| x.to_string()));
            let first = [row.value.clone(), row.seed.to_string(), row.events.to_string(), row.digest.clone(), row.broken.join(" ")];
            let _ = to.write_record(first.into_iter().chain(metrics));
        }
        to.into_inner().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Shard {
    /// All there is.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let split = text.split_once('/').and_then(|(number, of)| Some((number.trim().parse().ok()?, of.trim().parse().ok()?)));
        match split {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            _ => Err(format!("`{text}` is no shard: write I/N with I from 1 to N (2/8)")),
        }
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Shard, String> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> String {
        shard.to_string()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::toy;
    use proptest::prelude::*;
    use sims::kernel::time::Span;

    fn sweep() -> Sweep {
        let mut base = toy::spec();
        base.length = Span::secs(5);
        Sweep::new(base, "service", "1ms..50ms:x7", vec!["served".into(), "refused".into()], vec![1, 2, 3]).unwrap()
    }

    fn sheet(shard: &str) -> Sheet {
        sweep().run(shard.parse().unwrap(), &AtomicUsize::new(0), &AtomicBool::new(false)).unwrap().unwrap()
    }

    #[test]
    fn a_slower_server_serves_less() {
        let spread = sheet("1/1").spread("served");
        assert_eq!(spread.iter().map(|s| s.value.as_str()).collect::<Vec<_>>(), ["1ms", "7ms", "49ms"]);
        assert!(spread[2].most < spread[0].least / 2.0 && spread.iter().all(|s| s.runs == 3 && s.least <= s.mean && s.mean <= s.most), "{spread:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn shards_merge_into_the_very_sheet_of_one_machine(of in 1usize..7, turn in 0usize..7, twice in any::<bool>()) {
            let mut parts: Vec<Sheet> = (1..=of).map(|n| sheet(&format!("{n}/{of}"))).collect();
            parts.rotate_left(turn % of);
            if twice {
                parts.push(parts[0].clone());
            }
            // Through text and back, as files go.
            let parts: Vec<Sheet> = parts.iter().map(|part| serde_json::from_str(&serde_json::to_string(part).unwrap()).unwrap()).collect();
            let whole = merge(parts).unwrap();
            prop_assert_eq!(serde_json::to_string(&whole).unwrap(), serde_json::to_string(&sheet("1/1")).unwrap());
        }
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let (one, three) = (sheet("1/3"), sheet("3/3"));
        assert_eq!(merge(vec![one.clone(), three.clone()]).unwrap_err(), "3 of 9 runs are missing: shard 2/3");
        let other = Sheet { knob: "rate".into(), ..three.clone() };
        assert!(merge(vec![one.clone(), other]).unwrap_err().contains("the knob differs (shard 3/3)"));
        let mut changed = one.clone();
        changed.rows[0].events += 1;
        assert!(merge(vec![one, changed]).unwrap_err().contains("disagree on service=1ms, seed 1"));
        assert!(merge(Vec::new()).is_err());
    }

    #[test]
    fn wrong_names_and_shards_are_told() {
        let new = |knob: &str, range: &str, metric: &str| Sweep::new(toy::spec(), knob, range, vec![metric.into()], vec![1]).map(drop).unwrap_err();
        assert!(new("servce", "1ms..2ms", "served").contains("did you mean `service`"));
        assert!(new("service", "1ms..2ms", "servd").contains("did you mean `served`"));
        assert!(new("service", "1ms..9h", "served").contains("must be"));
        for bad in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(bad.parse::<Shard>().unwrap_err().contains("I/N"), "{bad}");
        }
    }
}
