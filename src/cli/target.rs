//! What an id on the command line means: a problem, one of its variants, or a design.

use super::Trouble;
use crate::catalog::{Catalog, Missing, Problem};
use sims::designs::ALL;
use sims::kernel::design::Design;
use sims::kernel::knob::unknown;
use std::sync::Arc;

/// # Errors
/// An unknown id with the nearest one, or the faults of its file.
pub fn problem(catalog: &Catalog, id: &str) -> Result<Arc<Problem>, Trouble> {
    catalog.problem(id).map_err(|missing| match missing {
        Missing::Unknown(why) => Trouble::Use(why),
        Missing::Bad(faults) => {
            let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Trouble::Use(format!("problem `{id}` has faults\n{}", lines.join("\n")))
        }
    })
}

/// # Errors
/// As [`problem`], and an unknown variant.
pub fn problem_or_variant(catalog: &Catalog, id: &str) -> Result<Arc<Problem>, Trouble> {
    let (id, variant) = id.split_once('/').map_or((id, None), |(id, variant)| (id, Some(variant)));
    let problem = problem(catalog, id)?;
    match variant {
        Some(name) if problem.variant(name).is_none() => {
            if problem.variants.is_empty() {
                return Err(Trouble::Use(format!("problem `{id}` has no variants")));
            }
            Err(Trouble::Use(unknown("variant", name, problem.variants.iter().map(|v| v.id.as_str()))))
        }
        _ => Ok(problem),
    }
}

/// # Errors
/// The problem has none, or one that is not built in.
pub fn design_of(problem: &Problem) -> Result<&'static Design, Trouble> {
    let id = problem.design.as_deref().ok_or_else(|| Trouble::Use(format!("problem `{}` has no design to run", problem.id)))?;
    sims::kernel::design::find(ALL, id).map_err(Trouble::Use)
}

/// A problem's design, or a design by its own id; the problem wins.
///
/// # Errors
/// The nearest id of both kinds.
pub fn design(catalog: &Catalog, id: &str) -> Result<&'static Design, Trouble> {
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
        return Err(problem(catalog, id).err().unwrap_or(Trouble::Use(format!("problem `{id}` has faults"))));
    }
    let mut known: Vec<&str> = catalog.heads().iter().map(|h| h.id.as_str()).chain(ALL.iter().map(|d| d.id)).collect();
    known.sort_unstable();
    known.dedup();
    Err(Trouble::Use(unknown("problem or design", id, known.into_iter())))
}
