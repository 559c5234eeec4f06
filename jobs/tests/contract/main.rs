//! The promises of the crate, against every backend. Redis is a real one: `./test` starts it and names it in
//! `CALLFLEET_TEST_REDIS`.

mod delivery;
mod draining;
mod in_redis;
mod pacing;
mod support;
