//! What may be queued in Callfleet, and what is promised about it.
//!
//! The database row is the truth; a ticket is a doorbell. Six promises, kept by every backend and proven by one suite
//! (`tests/contract`):
//!
//! 1. A ticket is delivered at least once while its process lives; it may arrive twice and it may be lost. Whoever rings
//!    sweeps for tickets that were never taken.
//! 2. A handler runs in a span, under a timeout and a panic guard; whatever happens becomes a [`Verdict`]. The transport
//!    never sees an error, because its own retries are not ours.
//! 3. Concurrency is a permit. A ticket is fetched only once there is a permit to handle it.
//! 4. Pausing stops new work within a second and never touches running work.
//! 5. Draining stops fetching, then waits for what runs.
//! 6. Tickets carry ids and a version, never a person's data.
//!
//! This is the only place that knows apalis.

pub mod backend;
pub mod kinds;
pub mod pace;
pub mod queue;
pub mod runner;
pub mod table;

pub mod envelope;
mod verdict;

pub use envelope::{Envelope, Undeliverable};
pub use queue::{JobQueue, QueueError};
pub use runner::{Handler, Runner};
pub use verdict::Verdict;
