//! A clock that nobody can set and that goes on while the machine sleeps: what the send window is measured on.

use std::time::Duration;

/// Time since boot, suspension included. Linux has such a clock (`CLOCK_BOOTTIME`); elsewhere the monotonic clock is the
/// nearest one, which may stand still while the machine sleeps.
#[must_use]
pub fn now() -> Duration {
    #[cfg(target_os = "linux")]
    let id = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let id = rustix::time::ClockId::Monotonic;
    let time = rustix::time::clock_gettime(id);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}
