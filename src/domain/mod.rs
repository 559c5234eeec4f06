//! The rules of calling people, as plain functions of (state, event, now).
//!
//! Nothing here awaits, opens a socket, reads a clock or knows SQL. Everything a rule needs is handed in, so every rule
//! can be tested by a table and replayed by a model.

pub mod attempt;
pub mod background;
pub mod callback;
pub mod campaign;
pub mod count;
pub mod dialing;
pub mod ids;
pub mod lead;
pub mod money;
pub mod outcome;
pub mod permit;
pub mod phone;
pub mod redial;
#[cfg(test)]
mod states_page;
pub mod time;
pub mod window;
pub mod words;
pub mod zone;
