//! Expectations: the little language of experiments, from text to a checked tree.

mod ast;

pub use ast::*;
