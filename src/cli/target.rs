//! What an id on the command line means; unknown ones are wrong use.

use super::Trouble;
use crate::catalog::{Catalog, Problem};
use crate::lab::target;
use sims::kernel::design::Design;
use sims::kernel::knob::unknown;
use std::sync::Arc;

/// # Errors
/// As [`target::problem`].
pub fn problem(catalog: &Catalog, id: &str) -> Result<Arc<Problem>, Trouble> {
    Ok(target::problem(catalog, id)?)
}

/// # Errors
/// As [`problem`], and an unknown variant.
pub fn problem_or_variant(catalog: &Catalog, id: &str) -> Result<Arc<Problem>, Trouble> {
    let (id, variant) = id.split_once('/').map_or((id, None), |(id, variant)| (id, Some(variant)));
    let problem = problem(catalog, id)?;
    match variant {
        Some(_) if problem.variants.is_empty() => Err(Trouble::Use(format!("problem `{id}` has no variants"))),
        Some(name) if problem.variant(name).is_none() => Err(Trouble::Use(unknown("variant", name, problem.variants.iter().map(|v| v.id.as_str())))),
        _ => Ok(problem),
    }
}

/// # Errors
/// As [`target::design_of`].
pub fn design_of(problem: &Problem) -> Result<&'static Design, Trouble> {
    Ok(target::design_of(problem)?)
}

/// # Errors
/// As [`target::design`].
pub fn design(catalog: &Catalog, id: &str) -> Result<&'static Design, Trouble> {
    Ok(target::design(catalog, id)?)
}
