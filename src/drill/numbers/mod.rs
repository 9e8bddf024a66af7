//! Estimation drills: sums as interviews ask them, made from a seed, each worked out with the very numbers it was asked with.

mod answer;
mod data;
mod load;
mod maker;
mod money;
mod setting;
mod spell;
mod trend;
mod uptime;

#[cfg(test)]
mod tests;

pub use answer::{Grade, Verdict, parse};
pub use trend::{Taken, Trend, next_kind, next_level, trend};

use crate::session::estimate::{self, Amount};
use maker::Maker;
use serde::Serialize;
use std::collections::BTreeSet;

/// What is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Requests,
    Storage,
    Bandwidth,
    Cache,
    Servers,
    Shards,
    Series,
    Parallel,
    Cost,
}

impl Kind {
    pub const ALL: [Kind; 9] =
        [Kind::Requests, Kind::Storage, Kind::Bandwidth, Kind::Cache, Kind::Servers, Kind::Shards, Kind::Series, Kind::Parallel, Kind::Cost];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Requests => "requests",
            Kind::Storage => "storage",
            Kind::Bandwidth => "bandwidth",
            Kind::Cache => "cache",
            Kind::Servers => "servers",
            Kind::Shards => "shards",
            Kind::Series => "series",
            Kind::Parallel => "parallel",
            Kind::Cost => "cost",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Kind::Requests => "Requests a second",
            Kind::Storage => "Storage over years",
            Kind::Bandwidth => "Bandwidth",
            Kind::Cache => "Cache by the 80/20 rule",
            Kind::Servers => "Servers by Little's law",
            Kind::Shards => "Shards",
            Kind::Series => "Availability in series",
            Kind::Parallel => "Availability in parallel",
            Kind::Cost => "Cost a month",
        }
    }

    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == text)
    }
}

/// How much there is to work out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// One or two steps with round numbers.
    #[default]
    Easy,
    /// A factor more: the peak, copies, a limit.
    Medium,
    /// Several parts, numbers that need rounding.
    Hard,
}

impl Level {
    pub const ALL: [Level; 3] = [Level::Easy, Level::Medium, Level::Hard];

    pub fn name(self) -> &'static str {
        match self {
            Level::Easy => "easy",
            Level::Medium => "medium",
            Level::Hard => "hard",
        }
    }

    pub fn parse(text: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.name() == text)
    }
}

/// What an answer is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many of these.
    Count(&'static str),
    PerSecond,
    Bytes,
    BytesPerSecond,
    Time,
    /// A part of all time that something is up.
    Availability,
    DollarsAMonth,
}

impl Unit {
    /// Powers of bytes and seconds.
    pub fn dimension(self) -> (i8, i8) {
        match self {
            Unit::Count(_) | Unit::Availability | Unit::DollarsAMonth => (0, 0),
            Unit::PerSecond => (0, -1),
            Unit::Bytes => (1, 0),
            Unit::BytesPerSecond => (1, -1),
            Unit::Time => (0, 1),
        }
    }

    /// How an answer is typed.
    pub fn hint(self) -> &'static str {
        match self {
            Unit::Count(_) => "a number: 40, 3K, 2.5M",
            Unit::PerSecond => "a rate: 900/s, 12K/s, 3e6/s",
            Unit::Bytes => "a size: 300 GB, 1.2 TB",
            Unit::BytesPerSecond => "bytes or bits a second: 40 MB/s, 3 Gb/s",
            Unit::Time => "a time: 43 min, 9 h, 3.6 day",
            Unit::Availability => "a share with all its nines: 99.95%",
            Unit::DollarsAMonth => "dollars a month: $4000, 12K",
        }
    }

    /// A value in this unit, as an engineer says it.
    pub fn told(self, value: f64) -> String {
        let (bytes, seconds) = self.dimension();
        let amount = estimate::show(Amount { value, bytes, seconds });
        match self {
            Unit::Count(what) => format!("{amount} {what}"),
            Unit::PerSecond | Unit::Bytes | Unit::Time => amount,
            // Networks are sold in bits, files measured in bytes.
            Unit::BytesPerSecond => format!("{amount} ({})", spell::bits(value)),
            Unit::Availability => spell::share(value),
            Unit::DollarsAMonth => format!("${} a month", amount.replace(' ', "")),
        }
    }
}

/// One line of the way: a line of the estimation sheet, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub says: String,
    /// As the estimation sheet of an interview reads it: `a_day = 50M * 8`.
    pub line: String,
}

/// A shorter way, and how far off it lands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trick {
    pub says: String,
    /// The sum in the head, over the names of the steps.
    pub line: String,
    /// Its result against the answer: -0.136 is 13.6 % low. For availabilities: of the downtime.
    pub off: f64,
}

/// One sum to estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct Drill {
    pub kind: Kind,
    pub level: Level,
    pub seed: u64,
    pub ask: String,
    pub answer: f64,
    pub unit: Unit,
    pub steps: Vec<Step>,
    pub tricks: Vec<Trick>,
    /// What the number means for the design.
    pub so: String,
}

/// Seeds tried until a drill is believable; the tests show that far fewer are needed.
const TRIES: u64 = 200;

impl Drill {
    /// The drill of a seed: always the same one.
    pub fn new(kind: Kind, level: Level, seed: u64) -> Drill {
        let mut drill = make(kind, level, seed, 0);
        for again in 1..TRIES {
            if drill.is_believable() {
                break;
            }
            drill = make(kind, level, seed, again);
        }
        drill
    }

    /// One that was not asked before, beginning to look at `seed`.
    pub fn fresh(kind: Kind, level: Level, seed: u64, asked: &BTreeSet<String>) -> Drill {
        let mut drill = Drill::new(kind, level, seed);
        for more in 1..TRIES {
            if !asked.contains(&drill.ask) {
                break;
            }
            drill = Drill::new(kind, level, seed.wrapping_add(more));
        }
        drill
    }

    /// The steps with their results.
    pub fn worked(&self) -> Vec<(&Step, String)> {
        let lines: Vec<&str> = self.steps.iter().map(|step| step.line.as_str()).collect();
        let last = self.steps.len().saturating_sub(1);
        let told = |n: usize, amount: Amount| if n == last || self.unit == Unit::Availability { self.unit.told(amount.value) } else { estimate::show(amount) };
        let results = estimate::sheet(&lines).into_iter().enumerate();
        self.steps.iter().zip(results).map(|(step, (n, result))| (step, result.map_or_else(|slip| slip.says, |worked| told(n, worked.amount)))).collect()
    }

    /// What a trick's sum comes to.
    pub fn by_trick(&self, trick: &Trick) -> String {
        let lines: Vec<&str> = self.steps.iter().map(|step| step.line.as_str()).chain([trick.line.as_str()]).collect();
        estimate::sheet(&lines).pop().and_then(Result::ok).map_or_else(String::new, |worked| self.unit.told(worked.amount.value))
    }

    /// How far off a trick lands, in words.
    pub fn off(trick: &Trick) -> String {
        let percent = (trick.off.abs() * 100.0 + 0.5).floor();
        match trick {
            _ if percent < 1.0 => "right on".into(),
            Trick { off, .. } if *off < 0.0 => format!("{percent} % low"),
            _ => format!("{percent} % high"),
        }
    }

    /// No interviewer would ask for half a server, or for the storage of a star.
    fn is_believable(&self) -> bool {
        let range = match (self.kind, self.unit) {
            (Kind::Requests, _) => 1.0..=2e7,
            (Kind::Storage, _) => 1e9..=5e17,
            (Kind::Bandwidth, _) => 1e4..=2e13,
            (Kind::Cache, Unit::Bytes) => 1e8..=2e14,
            (Kind::Cache | Kind::Servers | Kind::Shards, _) => 2.0..=20_000.0,
            (Kind::Series | Kind::Parallel, Unit::Availability) => 0.9..=0.999_999_999_9,
            (Kind::Series | Kind::Parallel, _) => 0.5..=20.0 * 86_400.0,
            (Kind::Cost, _) => 20.0..=3e7,
        };
        range.contains(&self.answer)
    }
}

fn make(kind: Kind, level: Level, seed: u64, again: u64) -> Drill {
    let mut maker = Maker::new(kind, level, seed, again);
    let made = match kind {
        Kind::Requests => load::requests(&mut maker),
        Kind::Bandwidth => load::bandwidth(&mut maker),
        Kind::Servers => load::servers(&mut maker),
        Kind::Storage => data::storage(&mut maker),
        Kind::Cache => data::cache(&mut maker),
        Kind::Shards => data::shards(&mut maker),
        Kind::Series => uptime::series(&mut maker),
        Kind::Parallel => uptime::parallel(&mut maker),
        Kind::Cost => money::cost(&mut maker),
    };
    maker.drill(kind, seed, made)
}
