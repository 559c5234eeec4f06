//! A held call, from the media socket to the outcome: a story ([`hold`]), one loop ([`converse`]), a pure core ([`turn`]).
//!
//! Nothing here sees a database, a queue or a web framework. What a call must remember goes through [`journal::Journal`].

pub mod desk;
pub mod journal;
pub mod phone;
