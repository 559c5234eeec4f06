//! The real binary, as an operator meets it.

mod cli;
mod corpus;
mod demo;
mod findings_page;
mod fleet;
mod imports;
mod sdk;
mod support;
