//! What a stranger can reach, over real sockets: signed callbacks and the media socket.

mod backup;
mod deployment;
mod media;
mod webhook;
mod wire;
