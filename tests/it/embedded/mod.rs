//! One process and the operator: interrupted, killed, examined, asked by scripts, and reporting what went wrong; and whole
//! calls through it.

mod clips;
mod doctor;
mod error_reports;
mod interrupted;
mod json;
mod killed;
mod nova;
mod promises;
mod transfer;
