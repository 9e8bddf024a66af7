//! What is to be run: a problem's design or a design by its own id, with a run file and knobs laid over.

use super::plan;
use crate::catalog::{Catalog, Missing, Paint, Problem, RunFile, check};
use sims::designs::ALL;
use sims::kernel::design::{Design, Spec};
use sims::kernel::knob::unknown;
use std::path::Path;
use std::sync::Arc;

/// # Errors
/// An unknown id with the nearest one, or the faults of its file.
pub fn problem(catalog: &Catalog, id: &str) -> Result<Arc<Problem>, String> {
    catalog.problem(id).map_err(|missing| match missing {
        Missing::Unknown(why) => why,
        Missing::Bad(faults) => {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            format!("problem `{id}` has faults\n{}", lines.join("\n"))
        }
    })
}

/// # Errors
/// The problem has none, or one that is not built in.
pub fn design_of(problem: &Problem) -> Result<&'static Design, String> {
    let id = problem.design.as_deref().ok_or_else(|| format!("problem `{}` has no design to run", problem.id))?;
    sims::kernel::design::find(ALL, id)
}

/// A problem's design, or a design by its own id; the problem wins.
///
/// # Errors
/// The nearest id of both kinds.
pub fn design(catalog: &Catalog, id: &str) -> Result<&'static Design, String> {
    let own = ALL.iter().find(|d| d.id == id).copied();
    if let Some(head) = catalog.head(id) {
        return match own {
            // A user's card without a design does not hide the design of that name.
            Some(design) if head.design.is_none() => Ok(design),
            _ => design_of(&*problem(catalog, id)?),
        };
    }
    if let Some(design) = own {
        return Ok(design);
    }
    // A file with faults has no head, but its id is no slip of the pen.
    if let Err(Missing::Bad(_)) = catalog.problem(id) {
        return problem(catalog, id).and_then(|problem| design_of(&problem));
    }
    let mut known: Vec<&str> = catalog.heads().iter().map(|h| h.id.as_str()).chain(ALL.iter().map(|d| d.id)).collect();
    known.sort_unstable();
    known.dedup();
    Err(unknown("problem or design", id, known.into_iter()))
}

/// A run file by its path, or a built-in challenge by its id.
///
/// # Errors
/// It is missing, or has faults.
pub fn run_file(catalog: &Catalog, path: &Path) -> Result<RunFile, String> {
    if !path.exists()
        && let Some(built_in) = catalog.runs().iter().find(|run| path.as_os_str() == run.id.as_str())
    {
        return Ok(built_in.as_ref().clone());
    }
    if !path.exists() {
        return Err(format!("no run file `{}`", path.display()));
    }
    check::run_file(path).map_err(|report| report.render(Paint::Plain).trim_end().to_string())
}

/// The spec that a lab opens with: a run file's, or a lively one; seed and knobs laid over.
///
/// # Errors
/// A run file of another design, an unknown knob, a value out of range.
pub fn lab_spec(design: &'static Design, file: Option<&RunFile>, seed: Option<u64>, set: &[(String, String)]) -> Result<Spec, String> {
    let mut spec = match file {
        Some(file) => over_file(design, file)?,
        None => plan::open_lab(design, 1),
    };
    for (knob, value) in set {
        spec.set(knob, value)?;
    }
    spec.seed = seed.unwrap_or(spec.seed);
    spec.check()?;
    Ok(spec)
}

/// # Errors
/// As [`plan::spec_of_file`], and a file for another design.
pub fn over_file(design: &'static Design, file: &RunFile) -> Result<Spec, String> {
    if file.design != design.id {
        return Err(format!("the run file is for design `{}`, not `{}`", file.design, design.id));
    }
    plan::spec_of_file(file)
}
