//! Where memory comes from.
//!
//! An import's rows are made by several threads and dropped by the one that writes them; the system's allocator makes these
//! wait for each other (`docs/decisions/016-memory-is-given-by-jemalloc.md`). How it is set stands in `.cargo/config.toml`.

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
