//! The laboratory: owns runs on threads of their own, runs experiments, objectives and benches.

pub mod bench;
pub mod checkpoints;
pub mod film;
pub mod frame;
pub mod headless;
pub mod owner;
pub mod pace;
#[cfg(test)]
pub(crate) mod toy;
pub mod wall;

pub use frame::{Frame, Wanted, Window};
pub use owner::{Command, Lab};
pub use pace::Pace;
