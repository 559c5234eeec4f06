//! What listens: the API on loopback, and in public the signed callbacks and the media socket.

pub mod hooks;
pub mod line;
