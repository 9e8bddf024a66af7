//! Building blocks that designs share: each one algorithm, tested against a naive model.

pub mod btree;
pub mod hash;
pub mod snowflake;
pub mod tickets;
pub mod ulid;
pub mod uuid;
