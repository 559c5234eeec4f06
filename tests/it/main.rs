//! The real binary, as an operator meets it.

mod cli;
