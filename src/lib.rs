//! The room where an engineer gets ready before a system-design interview: the app, without its thin main.

pub mod config;
pub mod home;
pub mod lab;
pub mod session;
