//! The rules of calling people, as plain functions of (state, event, now).
//!
//! Nothing here awaits, opens a socket, reads a clock or knows SQL. Everything a rule needs is handed in, so every rule
//! can be tested by a table and replayed by a model.

pub mod abroad;
pub mod attempt;
pub mod background;
pub mod callback;
pub mod caller;
pub mod campaign;
#[cfg(test)]
mod campaigns_page;
pub mod consent;
pub mod count;
pub mod day_part;
pub mod dialing;
pub mod dnc;
pub mod doubts;
pub mod hours_class;
pub mod ids;
pub mod law;
pub mod lead;
pub mod line;
pub mod money;
pub mod not_permitted;
pub mod obstacle;
pub mod outcome;
pub mod permit;
pub mod phone;
pub mod place;
pub mod priority;
pub mod reach;
pub mod redial;
pub mod reserve;
pub mod spelling;
#[cfg(test)]
mod states_page;
pub mod suppression;
pub mod time;
pub mod transfer;
pub mod window;
pub mod words;
pub mod zone;
