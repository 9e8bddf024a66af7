//! Every design: one folder each.

pub mod consensus;
pub mod configuration_service;
pub mod distributed_cache;
pub mod message_queue;
pub mod distributed_lock;
pub mod distributed_transactions;
pub mod news_feed;
pub mod payment_system;
pub mod rate_limiter;
pub mod task_scheduler;
pub mod unique_id_generator;

use crate::kernel::design::Design;

/// Adding a design: its `mod` line above and its line here.
pub const ALL: &[&Design] = &[&news_feed::DESIGN, &rate_limiter::DESIGN, &unique_id_generator::DESIGN, &distributed_cache::DESIGN, &task_scheduler::DESIGN];
pub const ALL: &[&Design] = &[&news_feed::DESIGN, &rate_limiter::DESIGN, &unique_id_generator::DESIGN, &distributed_cache::DESIGN, &consensus::DESIGN];
pub const ALL: &[&Design] = &[&news_feed::DESIGN, &rate_limiter::DESIGN, &unique_id_generator::DESIGN, &distributed_cache::DESIGN, &message_queue::DESIGN];
pub const ALL: &[&Design] =
    &[&news_feed::DESIGN, &rate_limiter::DESIGN, &unique_id_generator::DESIGN, &distributed_cache::DESIGN, &task_scheduler::DESIGN, &distributed_lock::DESIGN];
pub const ALL: &[&Design] =
    &[&news_feed::DESIGN, &rate_limiter::DESIGN, &unique_id_generator::DESIGN, &distributed_cache::DESIGN, &distributed_transactions::DESIGN];
pub const ALL: &[&Design] = &[&news_feed::DESIGN, &payment_system::DESIGN, &rate_limiter::DESIGN, &unique_id_generator::DESIGN, &distributed_cache::DESIGN];
pub const ALL: &[&Design] = &[&news_feed::DESIGN, &rate_limiter::DESIGN, &unique_id_generator::DESIGN, &distributed_cache::DESIGN, &configuration_service::DESIGN];
