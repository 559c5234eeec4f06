//! One test at a time of those that hold calls in real time with whole processes: another one's load must not look like a
//! finding. nextest keeps them apart by itself (`.config/nextest.toml`); `cargo test` runs them as threads of one process.

use std::fs::File;

/// Its turn, until it is dropped or the process ends.
pub struct Alone {
    _lock: File,
}

/// Waits for its turn.
pub fn alone() -> Alone {
    let lock = File::create(concat!(env!("CARGO_TARGET_TMPDIR"), "/alone.lock")).unwrap();
    lock.lock().unwrap();
    Alone { _lock: lock }
}
