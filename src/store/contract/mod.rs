//! The store's promises, checked on both engines. PostgreSQL comes from `CALLFLEET_TEST_POSTGRES` (see `./test`).

mod schema;
pub(crate) mod support;
