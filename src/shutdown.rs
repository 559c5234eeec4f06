//! Shutdown: the first signal asks politely, the second one exits at once.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The code a shell expects after an interrupt.
pub const INTERRUPTED: u8 = 130;

/// A token that fires on the first SIGINT or SIGTERM; `then` says what the role does now. A second signal ends the process;
/// the rows say what was going on.
///
/// # Errors
/// When the process may not listen for signals.
pub fn on_signal(then: &'static str) -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let fired = token.clone();
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            if first {
                tracing::info!("stopping: {then}; a second signal exits at once");
                fired.cancel();
            }
        }
        std::process::exit(i32::from(INTERRUPTED));
    });
    Ok(token)
}

/// What `main` returns after an interrupt.
#[must_use]
pub fn interrupted() -> ExitCode {
    ExitCode::from(INTERRUPTED)
}
