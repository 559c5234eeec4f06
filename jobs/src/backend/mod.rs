//! The transports behind [`crate::JobQueue`].

pub mod memory;
pub mod redis;
