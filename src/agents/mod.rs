//! Agents: what is said, to what end, and the rule that decides whether it worked. Versions are immutable.
//!
//! An author writes a [`definition`]; [`load`] reads it and reports everything that is wrong with it at once; [`validate`]
//! keeps the promises an agent makes to the people it calls; [`qualify`] decides, after a call, whether a lead qualifies.

pub mod definition;
mod fingerprint;
pub mod load;
pub mod qualify;
mod shape;
pub mod validate;

pub use fingerprint::fingerprint;
pub use load::{AgentErrors, Problem};
pub use qualify::{QualifyError, qualify};
