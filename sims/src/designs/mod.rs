//! Every design: one folder each.

pub mod rate_limiter;
pub mod unique_id_generator;

use crate::kernel::design::Design;

/// Adding a design: its `mod` line above and its line here.
pub const ALL: &[&Design] = &[&rate_limiter::DESIGN, &unique_id_generator::DESIGN];
