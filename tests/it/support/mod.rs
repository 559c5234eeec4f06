//! What the end-to-end tests stand on: processes that end with their test, the truth log, and a deployment of a fleet.

pub mod database;
pub mod embedded;
pub mod fleet;
pub mod http;
pub mod process;
#[allow(dead_code, reason = "shared with the campaign benchmark, which uses the rest")]
pub mod servers;
pub mod truth;
