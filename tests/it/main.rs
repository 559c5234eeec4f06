//! The real binary, as an operator meets it.

mod cli;
mod demo;
mod fleet;
mod imports;
mod logs;
mod reliability;
mod sdk;
mod support;
#[expect(dead_code, reason = "cells take long: only the program of trials plays them")]
#[path = "../trials/mod.rs"]
mod trials;
