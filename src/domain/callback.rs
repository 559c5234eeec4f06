//! "Call me later": the words a callee said, resolved into a moment on their own clock.
mod figure;
mod intent;
mod phrase;
mod words;
pub use intent::*;
