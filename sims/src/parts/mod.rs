//! Building blocks that designs share: each one algorithm, tested against a naive model.

pub mod author_lists;
pub mod btree;
pub mod graph;
pub mod hash;
pub mod merge;
pub mod snowflake;
pub mod tickets;
pub mod timeline;
pub mod ulid;
pub mod uuid;
