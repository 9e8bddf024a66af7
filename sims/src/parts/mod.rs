//! Building blocks that designs share: each one algorithm, tested against a naive model.

pub mod hash;
pub mod snowflake;
