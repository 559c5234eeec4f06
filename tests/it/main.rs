//! The real binary, as an operator meets it.

mod cli;
mod corpus;
mod demo;
mod embedded;
mod findings_page;
mod fleet;
mod imports;
mod logs;
mod reliability;
mod sdk;
mod support;
#[expect(dead_code, reason = "cells take long: only the program of trials plays them")]
#[path = "../trials/mod.rs"]
mod trials;
