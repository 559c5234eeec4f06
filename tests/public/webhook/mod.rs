//! Callbacks, true and forged: no forgery is taken, no repeat has an effect.

mod accepted;
pub mod case;
mod flood;
mod forged;
mod replayed;
mod transfer;
