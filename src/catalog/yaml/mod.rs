//! YAML: from bytes to values of the model, with every fault in its place. Nothing else knows the format.

mod read;
mod source;
mod tree;

#[cfg(test)]
mod tests;

pub use read::read;
pub use source::Source;
pub use tree::Tree;
