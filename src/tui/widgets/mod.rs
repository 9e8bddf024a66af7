//! Small things that several screens draw with.

pub mod entry;
pub mod meter;
pub mod popup;
pub mod prose;
pub mod scroll;
pub mod solution;
pub mod text;
