//! `sim --chaos`, `--shrink`, `--save`: random faults, the smallest script that breaks the same, the run as a file.

use super::Trouble;
use crate::catalog::RunFile;
use crate::lab::chaos::Wish;
use crate::lab::headless::Outcome;
use crate::lab::plan;
use crate::lab::smallest::{self, Smallest};
use serde_json::{Value, json};
use sims::kernel::design::Spec;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, Default, clap::Args)]
pub struct Chaos {
    /// Add random faults from a seed of their own; INTENSITY is faults a minute, 20 if left out.
    #[arg(long, value_name = "SEED[:INTENSITY]")]
    pub chaos: Option<String>,
    /// If an invariant breaks, look for the smallest script that still breaks it.
    #[arg(long)]
    pub shrink: bool,
    /// Write the run (the shrunk one, if it was shrunk) as a run file.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
}

impl Chaos {
    /// Lays the chaos over a run.
    ///
    /// # Errors
    /// A wish that cannot be read.
    pub fn lay_over(&self, spec: &mut Spec) -> Result<Option<Wish>, Trouble> {
        let Some(text) = &self.chaos else { return Ok(None) };
        let wish = Wish::read(text).map_err(|why| format!("--chaos: {why}"))?;
        spec.script.extend(wish.over(spec)?);
        spec.script.sort_by_key(|step| step.at);
        Ok(Some(wish))
    }

    /// The smallest script, if it was asked for and something broke.
    ///
    /// # Errors
    /// The run cannot be started again.
    pub fn smallest(&self, spec: &Spec, outcome: &Outcome) -> Result<Option<Smallest>, Trouble> {
        let Some(lamp) = smallest::first_broken(&outcome.verdicts).filter(|_| self.shrink) else { return Ok(None) };
        // Only where somebody watches: a log needs no counter.
        let shown = std::io::stderr().is_terminal();
        let found = smallest::smallest(spec, lamp, &mut |progress| {
            if shown {
                let _ = write!(std::io::stderr(), "\rshrinking: {} runs, {} steps left ", progress.tried, progress.steps);
            }
            true
        })?;
        if shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
        Ok(Some(found))
    }

    /// Writes the run file, if one was asked for.
    ///
    /// # Errors
    /// A name without `.yaml`, a file that cannot be written.
    pub fn save(&self, spec: &Spec, found: Option<&Smallest>) -> Result<(), Trouble> {
        let Some(path) = &self.save else { return Ok(()) };
        let file = file(found.map_or(spec, |found| &found.spec), found, path)?;
        std::fs::write(path, file.to_yaml()?).map_err(|why| Trouble::Around(format!("--save {}: {why}", path.display())))
    }
}

fn file(spec: &Spec, found: Option<&Smallest>, path: &Path) -> Result<RunFile, Trouble> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| path.extension().is_some_and(|end| end == "yaml"));
    let stem = stem.ok_or_else(|| format!("--save {}: the name of a run file ends in .yaml", path.display()))?;
    let mut file = plan::to_file(spec, stem);
    file.story = found.map_or_else(String::new, |found| found.told().join("\n"));
    Ok(file)
}

/// The fields that `--json` grows by.
pub fn as_json(wish: Option<Wish>, spec: &Spec, found: Option<&Smallest>, told: &mut Value) {
    let script = |spec: &Spec| spec.script.iter().map(plan::step_text).collect::<Vec<_>>();
    if let Some(wish) = wish {
        told["chaos"] = json!({"seed": wish.seed, "intensity": wish.intensity});
        told["script"] = json!(script(spec));
    }
    if let Some(found) = found {
        told["shrunk"] = json!({
            "invariant": found.lamp.id,
            "script": script(&found.spec),
            "virtual_s": found.spec.length.as_secs(),
            "at_s": found.at.as_secs(),
            "told": found.told(),
            "tried": found.tried,
            "whole": found.whole,
            "digest": format!("{:016x}", found.digest),
        });
    }
}

/// What comes after the tables, or among the sentences.
pub fn in_words(wish: Option<Wish>, spec: &Spec, found: Option<&Smallest>) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(wish) = wish {
        lines.push(format!("Chaos of seed {} with {} faults a minute: {} steps.", wish.seed, wish.intensity, spec.script.len()));
    }
    if let Some(found) = found {
        lines.push(format!("{}:", found.found()));
        lines.extend(found.told());
        lines.push(format!("Again: {}", again(&found.spec)));
    }
    lines
}

/// The command that plays a spec once more.
fn again(spec: &Spec) -> String {
    let mut command = format!("greenroom sim {} --seed {} --for {}", spec.design.id, spec.seed, crate::catalog::exact(spec.length));
    for (knob, value) in plan::turned(&spec.knobs) {
        command.push_str(&format!(" --set {knob}={}", quoted(&value)));
    }
    for step in &spec.script {
        command.push_str(&format!(" --at {}", quoted(&plan::step_text(step))));
    }
    command
}

/// Between quotes where a shell would split or pipe.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "=:,._-/%+".contains(c);
    if text.chars().all(plain) { text.into() } else { format!("'{text}'") }
}
