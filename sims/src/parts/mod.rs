//! Building blocks that designs share: each one algorithm, tested against a naive model.

pub mod author_lists;
pub mod backoff;
pub mod btree;
pub mod cache;
pub mod graph;
pub mod hash;
pub mod idempotency;
pub mod keyed;
pub mod lease;
pub mod ledger;
pub mod limiter;
pub mod linear;
pub mod merge;
pub mod outbox;
pub mod raft;
pub mod ring;
pub mod single_flight;
pub mod snowflake;
pub mod tickets;
pub mod timeline;
pub mod ulid;
pub mod uuid;
pub mod version_vector;
pub mod zipf;
