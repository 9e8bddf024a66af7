//! The laboratory: owns runs on threads of their own, runs experiments, objectives and benches.

pub mod bench;
pub mod branch;
pub mod breakpoint;
pub mod chaos;
pub mod checkpoints;
pub mod compare;
pub mod evaluate;
pub mod experiment;
pub mod files;
pub mod film;
pub mod floor;
pub mod frame;
pub mod headless;
pub mod ladder;
pub mod narrate;
pub mod objectives;
pub mod owner;
pub mod pace;
pub mod parting;
pub mod plan;
pub mod pool;
pub mod proofs;
pub mod range;
pub mod seek;
pub mod shrink;
pub mod simpler;
pub mod smallest;
pub mod smooth;
pub mod sweep;
pub mod target;
pub mod timeline;
#[cfg(test)]
pub(crate) mod toy;
pub mod turn;
pub mod verify;
pub mod wall;
pub mod words;

pub use frame::{Frame, Wanted, Window};
pub use owner::{Command, Lab};
pub use pace::Pace;
