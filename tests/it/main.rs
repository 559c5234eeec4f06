//! The real binary, as an operator meets it.

mod cli;
mod demo;
mod fleet;
mod imports;
mod sdk;
mod support;
