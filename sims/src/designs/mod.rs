//! Every design: one folder each.

pub mod chat;
pub mod configuration_service;
pub mod consensus;
pub mod distributed_cache;
pub mod distributed_lock;
pub mod distributed_transactions;
pub mod message_queue;
pub mod ml_platform;
pub mod news_feed;
pub mod pastebin;
pub mod payment_system;
pub mod rate_limiter;
pub mod serverless_platform;
pub mod task_scheduler;
pub mod unique_id_generator;
pub mod url_shortener;

use crate::kernel::design::Design;

/// Adding a design: its `mod` line above and its line here.
pub const ALL: &[&Design] = &[
    &news_feed::DESIGN,
    &rate_limiter::DESIGN,
    &unique_id_generator::DESIGN,
    &distributed_cache::DESIGN,
    &task_scheduler::DESIGN,
    &configuration_service::DESIGN,
    &consensus::DESIGN,
    &distributed_lock::DESIGN,
    &distributed_transactions::DESIGN,
    &message_queue::DESIGN,
    &payment_system::DESIGN,
    &url_shortener::DESIGN,
    &pastebin::DESIGN,
    &serverless_platform::DESIGN,
    &ml_platform::DESIGN,
    &chat::DESIGN,
];
