//! How often a server is asked: what a look or a dial cycle takes is paid for by every campaign and every call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Counts what the driver logs: each statement and each commit. It does not log where a transaction begins.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut greets = Greets(false);
        event.record(&mut greets);
        self.0.fetch_add(usize::from(event.metadata().target() == "sqlx::query" && !greets.0), Ordering::Relaxed);
    }
}

/// Whether a statement is what each new connection asks first; the pool opens one after a pause.
struct Greets(bool);

impl Visit for Greets {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0 |= format!("{value:?}").contains("database_life");
    }
}

impl Statements {
    /// Since the last time.
    pub(crate) fn taken(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}
