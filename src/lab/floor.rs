//! The machine's floor, timed in the same run as the cases it is held against.

use super::bench::{self, Care, Timing};
use sims::kernel::floor::FLOOR;
use std::sync::atomic::AtomicBool;

/// Stands for the machine where a design's id would stand.
pub const MACHINE: &str = "machine";

/// Times the whole floor; none if `cancel` was set.
pub fn time(care: Care, cancel: &AtomicBool) -> Option<Vec<Timing>> {
    FLOOR.iter().map(|case| bench::time(MACHINE, case, 1, care, bench::WARM_UP, cancel)).collect()
}
