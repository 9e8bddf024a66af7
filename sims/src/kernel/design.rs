//! A design: plain data that says what it teaches, what can be turned and done, what is measured and what must hold.

use super::action::{self, Action, ActionSpec, Step};
use super::bench::Bench;
use super::faults;
use super::invariant::InvariantSpec;
use super::knob::{Knob, Knobs, unknown};
use super::metric::MetricSpec;
use super::run::Run;
use super::time::{Span, Time};
use super::view::PaneSpec;

pub struct Design {
    pub id: &'static str,
    pub title: &'static str,
    /// One sentence; a test turns one knob and watches one number to prove it.
    pub teaches: &'static str,
    pub leaves_out: &'static str,
    pub knobs: &'static [Knob],
    /// The design's own; `set` and the kernel's faults come on top.
    pub actions: &'static [ActionSpec],
    /// Which of the kernel's faults apply, by groups of names: usually `faults::NETWORK`.
    pub faults: faults::Groups,
    pub metrics: &'static [MetricSpec],
    /// Why a request can fail: each is a metric `failed.<reason>`.
    pub reasons: &'static [&'static str],
    pub invariants: &'static [InvariantSpec],
    pub safeguards: &'static [Safeguard],
    pub panes: &'static [PaneSpec],
    /// Charts the lab opens with: one group of metric names each.
    pub charts: &'static [&'static [&'static str]],
    /// Refuses knobs that make no sense together, with what is allowed.
    pub refuses: fn(&Knobs) -> Result<(), String>,
    /// Called only with a checked spec.
    pub start: fn(&Spec) -> Box<dyn Run>,
    pub benches: &'static [Bench],
}

/// Everything that determines a run. Same spec, same film.
#[derive(Clone, Debug)]
pub struct Spec {
    pub design: &'static Design,
    pub knobs: Knobs,
    pub seed: u64,
    /// In order of time; steps of one time in written order.
    pub script: Vec<Step>,
    pub length: Span,
    pub warm_up: Span,
}

/// A knob that protects an invariant, and the trial that proves it.
#[derive(Clone, Copy, Debug)]
pub struct Safeguard {
    pub knob: &'static str,
    /// Values at which it protects; the default is one of them.
    pub safe: &'static [&'static str],
    /// The value that switches it off.
    pub off: &'static str,
    pub harms: Harm,
    pub trial: Trial,
}

#[derive(Clone, Copy, Debug)]
pub enum Harm {
    /// Off, this invariant breaks; on, it holds.
    Breaks(&'static str),
    /// Off, this metric is at least `factor` times what it is on.
    Worsens { metric: &'static str, factor: f64 },
}

/// The setting, script and length in which a safeguard's harm shows.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    pub set: &'static [(&'static str, &'static str)],
    /// Steps as on the command line: `10s=burst:n=100`.
    pub script: &'static [&'static str],
    pub length: Span,
}

impl std::fmt::Debug for Design {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Design({})", self.id)
    }
}

/// A `refuses` for designs whose knobs never conflict.
pub fn no_conflicts(_: &Knobs) -> Result<(), String> {
    Ok(())
}

impl Design {
    /// Every action that a script may use, without `set`.
    pub fn all_actions(&self) -> Vec<&ActionSpec> {
        self.actions.iter().chain(faults::SPECS.iter().filter(|f| self.faults.iter().any(|group| group.contains(&f.name)))).collect()
    }

    /// Every name a metric can be read by.
    pub fn metric_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.metrics.iter().flat_map(MetricSpec::names).collect();
        names.push("failed".into());
        names.extend(self.reasons.iter().map(|r| format!("failed.{r}")));
        names
    }

    /// Reads one action by this design's lists.
    ///
    /// # Errors
    /// As [`action::read`].
    pub fn read_action(&self, name: &str, args: &[(String, String)]) -> Result<Action, String> {
        action::read(&self.all_actions(), self.knobs, name, args)
    }

    /// Reads a step as it is written on the command line: `10s=burst:n=100`.
    ///
    /// # Errors
    /// The form expected, or as [`action::read`].
    pub fn read_step(&self, text: &str) -> Result<Step, String> {
        let (at, name, args) = action::split_step(text)?;
        Ok(Step { at, action: self.read_action(&name, &args)? })
    }
}

impl Spec {
    /// Defaults: seed 1, no script, 60 s, no warm-up.
    pub fn new(design: &'static Design) -> Spec {
        Spec { design, knobs: Knobs::defaults(design.knobs), seed: 1, script: Vec::new(), length: Span::secs(60), warm_up: Span::ZERO }
    }

    /// Sets one knob from text.
    ///
    /// # Errors
    /// As [`Knobs::set`].
    pub fn set(&mut self, knob: &str, value: &str) -> Result<(), String> {
        self.knobs.set(knob, value)
    }

    /// Checks what only the whole shows, puts the script in order and starts the run.
    ///
    /// # Errors
    /// Knobs that conflict, a step after the end, a warm-up as long as the run.
    pub fn start(mut self) -> Result<Box<dyn Run>, String> {
        self.check()?;
        self.script.sort_by_key(|step| step.at);
        Ok((self.design.start)(&self))
    }

    /// # Errors
    /// As [`Spec::start`].
    pub fn check(&self) -> Result<(), String> {
        (self.design.refuses)(&self.knobs)?;
        if self.warm_up >= self.length {
            return Err(format!("warm-up is {}, but must be shorter than the run of {}", self.warm_up, self.length));
        }
        let end = Time::ZERO + self.length;
        if let Some(step) = self.script.iter().find(|step| step.at > end) {
            return Err(format!("step `{}` at {} comes after the end at {end}", step.action.told(), step.at));
        }
        let mut knobs = self.knobs.clone();
        for step in self.script.iter().filter(|s| s.action.name == "set") {
            for (name, value) in &step.action.args {
                knobs.put(name, value.clone());
            }
            (self.design.refuses)(&knobs).map_err(|why| format!("step at {}: {why}", step.at))?;
        }
        Ok(())
    }
}

/// The design of that id.
///
/// # Errors
/// The nearest id, or the list.
pub fn find(designs: &[&'static Design], id: &str) -> Result<&'static Design, String> {
    designs.iter().find(|d| d.id == id).copied().ok_or_else(|| unknown("design", id, designs.iter().map(|d| d.id)))
}
