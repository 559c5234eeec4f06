//! The store's promises, checked on both engines. PostgreSQL comes from `CALLFLEET_TEST_POSTGRES` (see `./test`).

mod added;
mod agent;
pub(in crate::store) mod call_record;
mod campaign;
mod deferred;
pub(crate) mod fixtures;
mod fleet;
mod import;
mod intake;
mod intake_plans;
mod job;
mod lead;
mod lend;
mod listing;
mod look_again;
mod obstacle;
mod operator;
mod process;
mod schema;
mod spend;
pub(crate) mod statements;
pub(crate) mod support;
