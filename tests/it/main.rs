//! The real binary, as an operator meets it.

mod cli;
mod corpus;
mod demo;
mod embedded;
mod findings_page;
mod fleet;
mod imports;
mod logs;
mod openai_voice;
#[cfg(target_os = "linux")]
mod orphans;
mod packaging;
mod reliability;
mod sdk;
mod start;
mod support;
#[allow(dead_code, reason = "some of it is for the program of trials alone")]
#[path = "../trials/mod.rs"]
mod trials;
