//! One process and the operator: interrupted, killed, examined, asked by scripts, and reporting what went wrong.

mod doctor;
mod error_reports;
mod interrupted;
mod json;
mod killed;
