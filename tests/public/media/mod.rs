//! The media socket: frames no provider would send, sockets that never speak, and a real stream beside them.

mod foreign;
mod frames;
mod fuzz;
mod idle;
mod real;
mod socket;
