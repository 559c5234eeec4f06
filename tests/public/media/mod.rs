//! The media socket: frames no provider would send, sockets that never speak, and a real stream beside them.

mod frames;
mod idle;
mod real;
mod socket;
mod fuzz;
