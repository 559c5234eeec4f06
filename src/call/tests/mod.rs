//! Whole calls with senses that live in memory, on a paused clock.

mod calls;
mod failures;
mod handing_over;
mod held;
mod notes;
mod senses;
