//! What the end-to-end tests stand on: processes that end with their test, the truth log, and deployments in
//! one process or as a fleet.

pub mod alone;
pub mod database;
pub mod embedded;
pub mod fleet;
pub mod http;
pub mod lateness;
#[allow(dead_code, reason = "shared with the campaign benchmark, which uses the rest")]
pub mod port;
pub mod process;
#[allow(dead_code, reason = "shared with the campaign benchmark, which uses the rest")]
pub mod servers;
pub mod simulator;
pub mod test_call;
pub mod truth;

pub use crate::trials::bound;
