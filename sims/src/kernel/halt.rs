//! Halts: what a run is told to stop at, exactly at the event where it happens, whatever the step.

use super::faults;
use super::invariant::{Lamps, Verdict};
use super::metrics::{Metrics, Probe};

/// One thing to stop at, right after the event in which it happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// This invariant breaks, or any.
    Break(Option<&'static str>),
    /// A metric comes to stand on that side of a level.
    Crossing { metric: String, is: Side, than: f64 },
    /// A message of this kind is delivered, or any.
    Message(Option<String>),
    /// A timer fires.
    Timer,
    /// This action is taken, by the script or when a film is played again.
    Act(String),
    /// Any of the kernel's faults.
    Fault,
}

/// Which side of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Side {
    pub fn holds(self, value: f64, than: f64) -> bool {
        match self {
            Side::Above => value > than,
            Side::AtLeast => value >= than,
            Side::Below => value < than,
            Side::AtMost => value <= than,
        }
    }

    pub fn sign(self) -> &'static str {
        match self {
            Side::Above => ">",
            Side::AtLeast => ">=",
            Side::Below => "<",
            Side::AtMost => "<=",
        }
    }
}

/// What has just happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Seen<'a> {
    Message { label: &'static str, from: u32, to: u32 },
    Timer { node: u32 },
    Act(&'a str),
    Other,
}

/// A list of halts with what each was when the run was looked at last. It is kept between calls, so that a level crossed by an
/// action between two of them is noticed as well.
#[derive(Clone, Debug, Default)]
pub struct Halts {
    watched: Vec<Watched>,
    /// Breaks of all lamps together, when they were looked at last.
    breaks: Option<u64>,
    hit: Option<usize>,
}

#[derive(Clone, Debug)]
struct Watched {
    halt: Halt,
    /// None until a run is there to ask.
    was: Option<Was>,
}

#[derive(Clone, Copy, Debug)]
enum Was {
    Broken(u64),
    Crossed {
        probe: Probe,
        holds: bool,
        /// Values recorded when it was looked at, and up to how many of them nothing can have changed.
        from: u64,
        until: u64,
    },
    Nothing,
}

impl Halts {
    pub fn new(halts: Vec<Halt>) -> Halts {
        Halts { watched: halts.into_iter().map(|halt| Watched { halt, was: None }).collect(), breaks: None, hit: None }
    }

    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// Place of the halt that was hit last.
    pub fn hit(&self) -> Option<usize> {
        self.hit
    }

    /// The run was wound back, or is another one: what was true before means nothing.
    pub fn forget(&mut self) {
        self.breaks = None;
        self.hit = None;
        self.watched.iter_mut().for_each(|watched| watched.was = None);
    }

    /// An action was taken by hand, or by a film that is played again; true if that is one to stop at.
    pub fn acted(&mut self, name: &str) -> bool {
        let acts = |halt: &Halt| match halt {
            Halt::Act(wanted) => wanted == name,
            Halt::Fault => is_fault(name),
            Halt::Break(_) | Halt::Crossing { .. } | Halt::Message(_) | Halt::Timer => false,
        };
        let found = self.watched.iter().position(|watched| acts(&watched.halt));
        self.hit = found.or(self.hit);
        found.is_some()
    }

    /// True if something of it has just happened.
    #[inline]
    pub(crate) fn after(&mut self, seen: Seen<'_>, metrics: &Metrics, lamps: &Lamps) -> bool {
        let broke = self.breaks.replace(lamps.breaks) != Some(lamps.breaks);
        for (place, watched) in self.watched.iter_mut().enumerate() {
            if watched.happens(seen, broke, metrics, lamps) {
                self.hit = Some(place);
                return true;
            }
        }
        false
    }
}

impl Watched {
    fn happens(&mut self, seen: Seen<'_>, broke: bool, metrics: &Metrics, lamps: &Lamps) -> bool {
        match (&self.halt, seen) {
            (Halt::Break(id), _) => {
                if !broke && self.was.is_some() {
                    return false;
                }
                let now = breaks(lamps, *id);
                matches!(self.was.replace(Was::Broken(now)), Some(Was::Broken(before)) if now > before)
            }
            (Halt::Crossing { metric, is, than }, _) => {
                let was = self.was.get_or_insert_with(|| look(metrics.probe(metric), *is, *than, metrics));
                crossed(was, *is, *than, metrics)
            }
            (Halt::Message(wanted), Seen::Message { label, .. }) => wanted.as_ref().is_none_or(|wanted| wanted == label),
            (Halt::Timer, Seen::Timer { .. }) => true,
            (Halt::Act(wanted), Seen::Act(name)) => wanted == name,
            (Halt::Fault, Seen::Act(name)) => is_fault(name),
            _ => false,
        }
    }
}

fn is_fault(name: &str) -> bool {
    faults::SPECS.iter().any(|spec| spec.name == name)
}

/// How often that lamp broke, or all of them.
fn breaks(lamps: &Lamps, id: Option<&str>) -> u64 {
    match id.map(|id| lamps.verdict(id)) {
        None => lamps.breaks,
        Some(Some(Verdict::Broken { times, .. })) => *times,
        Some(_) => 0,
    }
}

fn look(probe: Option<Probe>, is: Side, than: f64, metrics: &Metrics) -> Was {
    let Some(probe) = probe else { return Was::Nothing };
    let holds = metrics.read(probe).is_some_and(|value| is.holds(value, than));
    let from = metrics.recorded(probe).unwrap_or(0);
    Was::Crossed { probe, holds, from, until: from + metrics.patience(probe, than) }
}

/// Looks again if anything can have changed; true if the level was crossed since.
fn crossed(was: &mut Was, is: Side, than: f64, metrics: &Metrics) -> bool {
    let Was::Crossed { probe, holds: before, from, until } = *was else { return false };
    if let Some(now) = metrics.recorded(probe)
        && now >= from
        && (now == from || now <= until)
    {
        return false;
    }
    *was = look(Some(probe), is, than, metrics);
    matches!(was, Was::Crossed { holds: true, .. }) && !before
}
