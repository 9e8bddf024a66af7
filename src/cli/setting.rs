//! The setting of a run as the command line gives it: knobs, steps, length, seed, over a run file or the defaults.

use super::Trouble;
use crate::catalog::{Catalog, RunFile};
use crate::lab::target;
use sims::kernel::design::{Design, Spec};
use sims::kernel::units;
use std::path::PathBuf;

#[derive(Debug, Default, clap::Args)]
pub struct Setting {
    /// Turn a knob, as often as you like.
    #[arg(long, value_name = "KNOB=VALUE")]
    pub set: Vec<String>,
    /// Do something at a time: 10s=burst:n=100,client=7.
    #[arg(long, value_name = "TIME=ACTION")]
    pub at: Vec<String>,
    /// Length in virtual time [default: 60s].
    #[arg(long = "for", value_name = "TIME")]
    pub length: Option<String>,
    /// Leave the metrics' beginning out [default: 0s].
    #[arg(long, value_name = "TIME")]
    pub warm_up: Option<String>,
    /// Chance's seed [default: 1].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Begin with a run file, or with a built-in challenge by its id.
    #[arg(long, value_name = "FILE")]
    pub run: Option<PathBuf>,
}

impl Setting {
    /// # Errors
    /// What is wrong, with what is allowed.
    pub fn spec(&self, design: &'static Design, catalog: &Catalog) -> Result<Spec, Trouble> {
        let mut spec = self.file(catalog)?.map_or_else(|| Ok(Spec::new(design)), |file| target::over_file(design, &file))?;
        for (knob, value) in self.pairs()? {
            spec.set(&knob, &value)?;
        }
        for step in &self.at {
            spec.script.push(design.read_step(step).map_err(|why| format!("--at {step}: {why}"))?);
        }
        if let Some(text) = &self.length {
            spec.length = units::duration(text).map_err(|why| format!("--for: {why}"))?;
        }
        if let Some(text) = &self.warm_up {
            spec.warm_up = units::duration(text).map_err(|why| format!("--warm-up: {why}"))?;
        }
        spec.seed = self.seed.unwrap_or(spec.seed);
        spec.check()?;
        Ok(spec)
    }

    /// The run file, if one is named.
    ///
    /// # Errors
    /// It is missing, or has faults.
    pub fn file(&self, catalog: &Catalog) -> Result<Option<RunFile>, Trouble> {
        self.run.as_ref().map(|path| Ok(target::run_file(catalog, path)?)).transpose()
    }

    /// `--set` split into knob and value.
    ///
    /// # Errors
    /// One has no `=`.
    pub fn pairs(&self) -> Result<Vec<(String, String)>, Trouble> {
        let split = |text: &String| {
            let (knob, value) = text.split_once('=').ok_or_else(|| Trouble::Use(format!("--set {text}: write KNOB=VALUE (limit=100/min)")))?;
            Ok((knob.trim().to_string(), value.trim().to_string()))
        };
        self.set.iter().map(split).collect()
    }
}
