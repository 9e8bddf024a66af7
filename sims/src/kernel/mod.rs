//! The kernel: everything a simulation needs that is not its own algorithm. One noun a file.

pub mod action;
pub mod bench;
pub mod design;
pub mod faults;
pub mod invariant;
pub mod knob;
pub mod log;
pub mod metric;
pub mod metrics;
pub mod run;
pub mod time;
pub mod units;
pub mod value;
pub mod view;
