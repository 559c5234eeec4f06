//! Trials: a fleet of real processes calls a list while it is killed, stopped, cut off and lied to; then the telephone
//! network's own log is held against the rows.
//!
//! A seed decides what goes wrong ([`plan`]); a lane has servers and plays one trial after another ([`lane`]); a trial is
//! one deployment from its first process to its verdict ([`trial`]); the [`checker`] knows nothing of how it came about.

mod answer;
#[path = "../support/bound.rs"]
pub mod bound;
pub mod builds;
pub mod cell;
#[path = "../support/chaos.rs"]
#[allow(dead_code, reason = "trials strand nobody; the tests of a fleet that share it do")]
pub mod chaos;
pub mod checker;
mod deployment;
mod fault;
mod lane;
pub mod mutant;
mod patience;
mod plan;
pub mod process;
#[path = "../support/proxy.rs"]
pub mod proxy;
pub mod run;
pub mod server;
mod settings;
pub mod times;
mod trial;
