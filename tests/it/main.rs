//! The real binary, as an operator meets it.

mod cli;
mod demo;
mod fleet;
mod imports;
mod logs;
mod reliability;
mod sdk;
mod support;
#[path = "../trials/mod.rs"]
mod trials;
