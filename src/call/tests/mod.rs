//! Whole calls with senses that live in memory, on a paused clock.

mod calls;
mod senses;
