//! The form of the POST that places a call.

use form_urlencoded::Serializer;

use crate::providers::DialRequest;

use super::twiml;

/// Twilio's limit for inline TwiML, in characters.
pub const LONGEST_TWIML: usize = 4000;
/// Every change of a call is reported; fewer events would leave the order numbers undocumented.
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// Why a call is not even offered to Twilio.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Shorten the apology or the parameters.
    #[error("the TwiML has {0} characters, Twilio takes at most {LONGEST_TWIML}")]
    TwimlTooLong(usize),
}

/// Encodes the request. Answering machine detection, where asked for, always runs beside the call: waiting for the verdict
/// would mean silence for a person.
///
/// # Errors
/// When Twilio would refuse the form anyway.
pub fn form(request: &DialRequest) -> Result<String, FormError> {
    let program = twiml::connect_stream(&request.media_url, &request.stream_parameters, &request.apology);
    let length = program.chars().count();
    if length > LONGEST_TWIML {
        return Err(FormError::TwimlTooLong(length));
    }
    let mut form = Serializer::new(String::with_capacity(2 * program.len() + 512));
    form.append_pair("To", request.to.e164()).append_pair("From", request.from.e164()).append_pair("Twiml", &program);
    form.append_pair("Timeout", &request.ring_timeout.as_secs().clamp(1, 600).to_string());
    form.append_pair("TimeLimit", &request.time_limit.as_secs().max(1).to_string());
    form.append_pair("StatusCallback", &request.status_callback).append_pair("StatusCallbackMethod", "POST");
    for event in EVENTS {
        form.append_pair("StatusCallbackEvent", event);
    }
    if let Some(url) = &request.amd_callback {
        detection(&mut form, url, request.detect_message_end);
    }
    Ok(form.finish())
}

fn detection(form: &mut Serializer<'_, String>, url: &str, wait_for_beep: bool) {
    form.append_pair("MachineDetection", if wait_for_beep { "DetectMessageEnd" } else { "Enable" })
        .append_pair("AsyncAmd", "true")
        .append_pair("AsyncAmdStatusCallback", url)
        .append_pair("AsyncAmdStatusCallbackMethod", "POST");
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::phone::PhoneNumber;

    pub fn request() -> DialRequest {
        DialRequest {
            to: PhoneNumber::from_e164("+14155550123").unwrap(),
            from: PhoneNumber::from_e164("+14155550100").unwrap(),
            media_url: "wss://app.example/media".into(),
            stream_parameters: vec![("token".into(), "t&1".into())],
            apology: "Sorry, something went wrong. Goodbye.".into(),
            status_callback: "https://app.example/hooks/twilio/a/0/mac".into(),
            amd_callback: Some("https://app.example/hooks/twilio/a/0/mac".into()),
            detect_message_end: true,
            ring_timeout: Duration::from_secs(25),
            time_limit: Duration::from_secs(600),
        }
    }

    fn values(encoded: &str, key: &str) -> Vec<String> {
        form_urlencoded::parse(encoded.as_bytes()).filter(|(k, _)| k == key).map(|(_, v)| v.into_owned()).collect()
    }

    #[test]
    fn names_every_field_twilio_needs() {
        let form = form(&request()).unwrap();
        let one = |key| values(&form, key).join("|");
        assert_eq!((one("To"), one("From")), ("+14155550123".into(), "+14155550100".into()));
        assert_eq!(one("StatusCallbackEvent"), "initiated|ringing|answered|completed");
        assert_eq!((one("Timeout"), one("TimeLimit")), ("25".into(), "600".into()));
        assert_eq!((one("MachineDetection"), one("AsyncAmd")), ("DetectMessageEnd".into(), "true".into()));
        assert_eq!(one("AsyncAmdStatusCallback"), "https://app.example/hooks/twilio/a/0/mac");
        assert!(one("Twiml").contains(r#"value="t&amp;1""#));
        assert!(form.contains("To=%2B14155550123"), "a bare + would be read as a space");
    }

    #[test]
    fn leaves_detection_out_when_it_is_off() {
        let form = form(&DialRequest { amd_callback: None, ..request() }).unwrap();
        assert!(!form.contains("MachineDetection") && !form.contains("AsyncAmd"));
    }

    #[test]
    fn refuses_twiml_that_twilio_would_refuse() {
        let long = DialRequest { apology: "é".repeat(4001), ..request() };
        assert!(matches!(form(&long), Err(FormError::TwimlTooLong(n)) if n > 4001));
    }
}
