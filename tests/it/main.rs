//! The real binary, as an operator meets it.

mod cli;
mod corpus;
mod demo;
mod findings_page;
mod fleet;
mod imports;
mod logs;
mod openai_voice;
mod reliability;
mod sdk;
mod start;
mod support;
#[expect(dead_code, reason = "cells take long: only the program of trials plays them")]
#[path = "../trials/mod.rs"]
mod trials;
