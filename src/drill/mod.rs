//! Drills: what is learnt is asked again, just before it would be forgotten. Pure: time is handed in, nothing is read or written here.

pub mod cards;
pub mod flaws;
pub mod numbers;
pub mod plan;
pub mod practised;
pub mod today;
