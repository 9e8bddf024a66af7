//! What the content files say, field by field: the types have the names of the YAML keys.

mod deck;
mod problem;
mod rest;
mod run;
mod schema;
mod words;

pub use deck::*;
pub use problem::*;
pub use rest::*;
pub use run::*;
pub use words::*;
