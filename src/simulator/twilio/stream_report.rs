//! Tells the customer how a media stream goes, when its TwiML asks for it.

use jiff::Timestamp;

use super::calls::new_sid;
use super::form::Hook;
use super::session::Session;
use super::webhook::param;

/// The reporter of one stream.
pub(super) struct StreamReport {
    pub stream_sid: String,
    hook: Option<Hook>,
    account_sid: String,
}

impl StreamReport {
    pub(super) fn new(session: &Session, hook: Option<Hook>) -> Self {
        Self { stream_sid: new_sid("MZ"), hook, account_sid: session.twilio.account().account_sid.clone() }
    }

    pub(super) fn started(&self, session: &Session) {
        self.report(session, "stream-started", None);
    }

    pub(super) fn stopped(&self, session: &Session) {
        self.report(session, "stream-stopped", None);
    }

    pub(super) fn error(&self, session: &Session, error: &str) {
        self.report(session, "stream-error", Some(error));
    }

    fn report(&self, session: &Session, event: &str, error: Option<&str>) {
        let Some(hook) = &self.hook else { return };
        let mut params = vec![
            param("AccountSid", &self.account_sid),
            param("CallSid", &session.call.sid),
            param("StreamSid", &self.stream_sid),
            param("StreamName", &self.stream_sid),
            param("StreamEvent", event),
            param("Timestamp", Timestamp::now().to_string()),
        ];
        params.extend(error.map(|error| param("StreamError", error)));
        session.progress.deliveries().post(hook, format!("{} {event}", session.call.to), params);
    }
}
