//! Errors of this process, reported to Sentry: what a person has to look at, in one place for a whole fleet.
//!
//! An event at ERROR is a report, and so is a panic. Both are put together here from [`allowed`](super::allowed) fields, and
//! what is sent passes that list once more.

use std::panic::PanicHookInfo;
use std::sync::Arc;
use std::time::Duration;

use sentry::integrations::backtrace::{ProcessStacktraceIntegration, current_stacktrace};
use sentry::protocol::{Event, Exception, Level, Mechanism};
use sentry::transports::ReqwestHttpTransportOptions;
use sentry::{Client, ClientOptions, Transport, TransportFactory, TransportOptions};
use tracing::span::{Attributes, Id, Record};
use tracing::{Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::allowed::{TAGS, only_allowed};
use super::span_fields::Fields;
use crate::config::{ConfigError, Sentry};
use crate::providers::wire::http;

const PROVIDER: &str = "sentry";
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How long the end of a process waits for its last reports.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// The way to Sentry; its last reports are waited for when it is dropped.
pub struct Reports(Arc<Client>);

impl Reports {
    /// `None` without a DSN.
    ///
    /// # Errors
    /// The DSN cannot be read; it is a secret and not quoted.
    pub fn open(settings: &Sentry, role: &'static str) -> Result<Option<Self>, ConfigError> {
        let refused = |why: String| ConfigError(format!("sentry.dsn cannot be used: {why}"));
        let Some(dsn) = settings.target().map_err(|error| refused(error.to_string()))? else { return Ok(None) };
        let way = http::client(PROVIDER, CONNECT_WITHIN, Some(SEND_WITHIN)).map_err(|error| refused(error.what))?;
        let mut options = ClientOptions::new()
            .release(concat!("callfleet@", env!("CARGO_PKG_VERSION")))
            .environment(settings.environment.clone())
            .default_integrations(false)
            .in_app_include(["callfleet"])
            .before_send(move |event| Some(only_allowed(event, role)))
            .transport(OurClient(way))
            .add_integration(ProcessStacktraceIntegration);
        options.dsn = Some(dsn);
        Ok(Some(Self(Arc::new(Client::with_options(options)))))
    }

    /// Makes a report of every event at ERROR.
    #[must_use]
    pub fn layer(&self) -> ErrorLayer {
        ErrorLayer(Arc::clone(&self.0))
    }

    /// Makes a report of every panic from now on. Nobody waits for it to be sent: a call may go on beside the one that broke.
    pub fn hear_panics(&self) {
        let (client, next) = (Arc::clone(&self.0), std::panic::take_hook());
        std::panic::set_hook(Box::new(move |info| {
            client.capture_event(of_panic(info), None);
            next(info);
        }));
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.0.close(Some(FLUSH_WITHIN));
    }
}

/// Reports go by the client every provider is asked with: its roots and its TLS, no proxy, no redirect.
struct OurClient(reqwest::Client);

impl TransportFactory for OurClient {
    fn create_transport_with_options(&self, options: TransportOptions) -> Arc<dyn Transport> {
        Arc::new(ReqwestHttpTransportOptions::from(options).with_client(self.0.clone()).build())
    }
}

/// Keeps what spans say about their subject, and reports events at ERROR with it.
pub struct ErrorLayer(Arc<Client>);

impl<S> Layer<S> for ErrorLayer
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        let about = event.metadata();
        if *about.level() != tracing::Level::ERROR {
            return;
        }
        let mut fields = Fields::around(context.event_span(event));
        event.record(&mut fields);
        let place = about.file().zip(about.line()).map(|(file, line)| format!("{file}:{line}"));
        let report = Event { logger: Some(about.target().to_owned()), culprit: place, ..of_fields(fields) };
        self.0.capture_event(report, None);
    }
}

fn of_fields(fields: Fields) -> Event<'static> {
    let mut report = Event { message: Some(fields.message), level: Level::Error, ..Event::default() };
    for (name, value) in fields.named {
        if TAGS.contains(&name) {
            report.tags.insert(name.to_owned(), value);
        } else {
            report.extra.insert(name.to_owned(), value.into());
        }
    }
    report
}

/// Where it broke; its words stay in the log, because a panic quotes what it could not use.
fn of_panic(info: &PanicHookInfo<'_>) -> Event<'static> {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}", at.file(), at.line()));
    let exception = Exception {
        ty: format!("panic at {place}"),
        mechanism: Some(Mechanism { ty: "panic".to_owned(), handled: Some(false), ..Mechanism::default() }),
        stacktrace: current_stacktrace(),
        ..Exception::default()
    };
    Event { level: Level::Fatal, culprit: Some(place), exception: vec![exception].into(), message: None, ..of_fields(fields_here()) }
}

/// Of the span this thread is in.
fn fields_here() -> Fields {
    let here = Span::current()
        .with_subscriber(|(id, dispatch)| dispatch.downcast_ref::<Registry>().map(|registry| Fields::around(registry.span(id))));
    here.flatten().unwrap_or_default()
}
