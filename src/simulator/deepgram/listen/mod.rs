//! Ears: streaming Nova and Flux, and pre-recorded audio.

mod ear;
pub mod flux;
pub mod nova;
pub mod recorded;
mod socket;
mod turn;
mod utterance;
mod words;
