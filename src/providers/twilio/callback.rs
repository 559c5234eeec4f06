//! Twilio's callbacks as plain data: how a call goes on, and who answered it.
//!
//! They arrive late, twice and out of order; `sequence` puts them in order.

use std::borrow::Cow;

use super::rest::moment;
use crate::domain::transfer::TransferResult;

/// A decoded form field.
pub type Field<'a> = (Cow<'a, str>, Cow<'a, str>);

/// One callback of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callback {
    /// A step of the call's life.
    Progress(Progress),
    /// The verdict of answering machine detection.
    Answerer(Answerer),
}

/// A status callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// `CA…`.
    pub call_sid: String,
    /// `initiated ringing in-progress completed busy no-answer failed canceled` (and `queued` from compatible servers).
    pub status: String,
    /// Order within the call, from 0.
    pub sequence: Option<u32>,
    /// Seconds of the whole call, on the last one.
    pub duration_s: Option<u32>,
    /// What the network said, for example 486 with `busy`.
    pub sip_code: Option<u16>,
    /// Twilio's code, when the call failed for a reason of its own.
    pub error_code: Option<u32>,
    /// Who answered, when that was known in time.
    pub answered_by: Option<String>,
    /// When it happened, milliseconds since the epoch.
    pub at_ms: Option<i64>,
}

/// A detection callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerer {
    /// `CA…`.
    pub call_sid: String,
    /// `human machine_start machine_end_beep machine_end_silence machine_end_other fax unknown`.
    pub answered_by: String,
    /// How long the verdict took.
    pub detection_ms: Option<u32>,
}

/// Decodes a form body. Keeps every field, known or not: the signature covers them all.
#[must_use]
pub fn fields(body: &[u8]) -> Vec<Field<'_>> {
    form_urlencoded::parse(body).collect()
}

impl Callback {
    /// Reads a callback; `None` for a form that names no call or neither a status nor a verdict.
    #[must_use]
    pub fn read(fields: &[Field<'_>]) -> Option<Self> {
        let text = |name: &str| fields.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_ref());
        // letters and digits, as every sid: what else it may be no database would take
        let call_sid = text("CallSid").filter(|sid| sid.bytes().all(|byte| byte.is_ascii_alphanumeric()))?.to_owned();
        let answered_by = text("AnsweredBy").map(str::to_owned);
        // Detection callbacks have no status; progress callbacks may carry a verdict.
        match (text("CallStatus"), answered_by) {
            (Some(status), answered_by) => Some(Self::Progress(Progress {
                call_sid,
                status: status.to_ascii_lowercase(),
                sequence: number(text("SequenceNumber")),
                duration_s: number(text("CallDuration")),
                sip_code: number(text("SipResponseCode")),
                error_code: number(text("ErrorCode")),
                answered_by,
                at_ms: text("Timestamp").and_then(moment),
            })),
            (None, Some(answered_by)) => {
                Some(Self::Answerer(Answerer { call_sid, answered_by, detection_ms: number(text("MachineDetectionDuration")) }))
            }
            (None, None) => None,
        }
    }

    /// The call it is about.
    #[must_use]
    pub fn call_sid(&self) -> &str {
        match self {
            Self::Progress(progress) => &progress.call_sid,
            Self::Answerer(answerer) => &answerer.call_sid,
        }
    }
}

/// What came of ringing the person a call is handed to: told by their own leg when they answer, and in the end by the call that
/// rang them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    /// `CA…` of the call that is handed over.
    pub call_sid: String,
    /// How it went.
    pub result: TransferResult,
    /// The provider wants to know what the call goes on with; otherwise it only reports, and reports again when it is told to.
    pub is_question: bool,
}

impl Transferred {
    /// Reads it; `None` for a form that tells nothing of a transfer.
    #[must_use]
    pub fn read(fields: &[Field<'_>]) -> Option<Self> {
        let text = |name: &str| fields.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_ref());
        let (call_sid, status, is_question) = match text("DialCallStatus") {
            Some(status) => (text("CallSid")?, status, true),
            None => (text("ParentCallSid")?, text("CallStatus")?, false),
        };
        let result = match status {
            "completed" | "in-progress" => TransferResult::Answered,
            other => other.parse().ok()?,
        };
        Some(Self { call_sid: call_sid.to_owned(), result, is_question })
    }
}

fn number<N: std::str::FromStr>(text: Option<&str>) -> Option<N> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUSY: &[u8] = b"CallSid=CA0f&AccountSid=AC0&From=%2B14155550100&To=%2B14155550123&CallStatus=busy&CallDuration=0&Duration=0\
        &SipResponseCode=486&Direction=outbound-api&Timestamp=Mon%2C+23+Nov+2026+12%3A00%3A09+%2B0000\
        &CallbackSource=call-progress-events&SequenceNumber=2";

    #[test]
    fn reads_what_came_of_a_transfer() {
        let told = |body: &[u8]| Transferred::read(&fields(body)).map(|told| (told.call_sid, told.result, told.is_question));
        for (status, result) in [
            ("completed", TransferResult::Answered),
            ("answered", TransferResult::Answered),
            ("busy", TransferResult::Busy),
            ("no-answer", TransferResult::NoAnswer),
            ("failed", TransferResult::Failed),
            ("canceled", TransferResult::Canceled),
        ] {
            let body = format!("CallSid=CA1&CallStatus=in-progress&DialCallStatus={status}&DialCallSid=CA2");
            assert_eq!(told(body.as_bytes()), Some(("CA1".to_owned(), result, true)));
        }
        for status in ["in-progress", "completed"] {
            let leg = told(format!("CallSid=CA2&ParentCallSid=CA1&CallStatus={status}").as_bytes());
            assert_eq!(leg, Some(("CA1".to_owned(), TransferResult::Answered, false)));
        }
        assert_eq!(told(BUSY), None, "a callback of the call itself");
        assert_eq!(told(b"CallSid=CA1&DialCallStatus=strange"), None);
    }

    #[test]
    fn reads_a_status_callback() {
        let told = Callback::read(&fields(BUSY)).unwrap();
        let expected = Progress {
            call_sid: "CA0f".into(),
            status: "busy".into(),
            sequence: Some(2),
            duration_s: Some(0),
            sip_code: Some(486),
            error_code: None,
            answered_by: None,
            at_ms: Some(1_795_435_209_000),
        };
        assert_eq!(told, Callback::Progress(expected));
    }

    #[test]
    fn reads_a_verdict() {
        let told = Callback::read(&fields(b"CallSid=CA0f&AccountSid=AC0&AnsweredBy=machine_end_beep&MachineDetectionDuration=5230"));
        let expected = Answerer { call_sid: "CA0f".into(), answered_by: "machine_end_beep".into(), detection_ms: Some(5230) };
        assert_eq!(told, Some(Callback::Answerer(expected)));
    }

    #[test]
    fn a_verdict_inside_a_status_stays_a_status() {
        let told = Callback::read(&fields(b"CallSid=CA0f&CallStatus=completed&AnsweredBy=human&SequenceNumber=3")).unwrap();
        assert!(matches!(told, Callback::Progress(Progress { answered_by: Some(who), .. }) if who == "human"));
    }

    #[test]
    fn ignores_what_is_no_callback() {
        for body in [&b""[..], b"CallSid=CA0f", b"CallStatus=busy", b"CallSid=&CallStatus=busy", b"{\"a\":1}"] {
            assert_eq!(Callback::read(&fields(body)), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Callback::read(&fields(&body));
        }
    }
}
