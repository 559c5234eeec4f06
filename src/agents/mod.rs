//! Agents: what is said, to what end, and the rule that decides whether it worked. Versions are immutable.

pub mod definition;
