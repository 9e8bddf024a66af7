//! greenroom: the room where an engineer gets ready before a system-design interview.

pub mod agenda;
pub mod aside;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod drill;
pub mod graph;
pub mod history;
pub mod home;
pub mod lab;
pub mod plain;
pub mod prose;
pub mod score;
pub mod session;
pub mod store;
pub mod tui;
pub mod watch;
