//! Every design: one folder each.

use crate::kernel::design::Design;

/// Adding a design: its `mod` line above and its line here.
pub const ALL: &[&Design] = &[];
