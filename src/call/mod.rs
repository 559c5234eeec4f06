//! A held call, from the media socket to the outcome: a story ([`hold`]), one loop ([`converse`]), a pure core ([`turn`]).
//!
//! Three stages work for the loop ([`listen`], [`think`], [`speak`]), each with a socket of its own. What code understands
//! of words is in [`understand`] and [`answerer`]; what came of it all is decided in [`outcome`]. Nothing here sees a
//! database, a queue or a web framework: what a call must remember goes through [`journal::Journal`].

pub mod answerer;
pub mod brief;
mod converse;
pub mod desk;
pub mod hold;
pub mod journal;
pub mod ledger;
mod listen;
mod outbox;
pub mod outcome;
pub mod phone;
mod report;
mod speak;
mod think;
pub mod transcript;
mod transfer;
pub mod turn;
pub mod understand;

#[cfg(test)]
mod tests;
