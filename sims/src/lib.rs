//! The reference designs of greenroom, running.
//!
//! `kernel` gives virtual time, chance, nodes, links, faults, metrics, invariants and views; `parts` holds what designs
//! share; `designs` has one folder per design. Nothing here knows the app, YAML, files, threads or the wall clock.

pub mod designs;
pub mod frame;
pub mod kernel;
pub mod parts;
