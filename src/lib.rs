//! Callfleet calls people from a list, talks with them through an AI voice agent, and writes down what came of it.

// The optimiser looks deeper into futures within futures than a development build does, and no test builds with it.
#![recursion_limit = "256"]

mod allocator;

pub mod agents;
pub mod boot;
pub mod boottime;
pub mod call;
pub mod cli;
pub mod clock;
pub mod clock_watch;
pub mod config;
pub mod crash_point;
pub mod deferred;
pub mod domain;
pub mod follow_up;
pub mod intake;
pub mod live;
pub mod lookout;
pub mod mind;
pub mod providers;
pub mod public;
pub mod rehearsal;
pub mod scheduler;
pub mod shutdown;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod web;
pub mod work;
