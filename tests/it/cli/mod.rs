//! The command line: help, empty states, bad input, round trips, and two processes on one folder.

mod bad_input;
mod bench;
mod callback;
mod campaign;
mod dnc;
mod killed_import;
mod killed_list;
mod leads;
mod processes;
mod rehearse;
mod voice;
