//! Rehearsals whose result can be worked out by hand, and promises that hold for any.

mod bench;
mod by_hand;
mod limits;
mod promises;
