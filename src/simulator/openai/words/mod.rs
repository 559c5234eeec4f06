//! What the simulated model says, decided purely from the seed, the scenario's rules and the request.

pub mod answer;
pub mod fields;
pub mod prefix;
pub mod prompt;
pub mod rules;
pub mod summary;
pub mod tokens;
