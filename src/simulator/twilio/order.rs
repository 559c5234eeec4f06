//! What a create request asks for, checked as Twilio checks it.

use std::time::Duration;

use super::errors::ApiError;
use super::form::{Form, Hook};
use super::scenario::TwilioScenario;

/// Longest call when the request sets no limit.
const LONGEST_CALL_S: u64 = 14_400;
/// The one caller of the test credentials.
const MAGIC_FROM: &str = "+15005550006";

/// A valid create request.
#[derive(Debug, Clone)]
pub(super) struct CallOrder {
    pub to: String,
    pub from: String,
    pub twiml: Source,
    pub fallback: Option<Hook>,
    pub progress: Option<Hook>,
    pub events: Events,
    pub ring_timeout: Duration,
    pub time_limit: Duration,
    pub send_digits: Option<String>,
    pub detection: Option<Detection>,
}

/// Where the TwiML comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Inline(String),
    Url(Hook),
}

/// Which progress events are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Events {
    pub initiated: bool,
    pub ringing: bool,
    pub answered: bool,
    pub completed: bool,
}

/// Answering machine detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Detection {
    pub wait_for_end: bool,
    /// The verdict is posted here while the TwiML already runs; `None` lets the TwiML wait for the verdict.
    pub background: Option<Option<Hook>>,
    pub timeout_ms: u64,
    pub speech_ms: u64,
    pub speech_end_ms: u64,
    pub silence_ms: u64,
}

impl CallOrder {
    pub(super) fn read(form: &Form, account: &TwilioScenario) -> Result<Self, ApiError> {
        let to = callee(form)?;
        let from = caller(form, account)?;
        let send_digits = form.owned("SendDigits");
        if send_digits.as_deref().is_some_and(|digits| !are_digits(digits)) {
            return Err(ApiError::bad(20_001, "Invalid SendDigits: up to 32 of 0-9, A-D, #, *, w and W"));
        }
        Ok(Self {
            to,
            from,
            twiml: Source::read(form)?.ok_or_else(|| ApiError::bad(21_205, "Url parameter is required."))?,
            fallback: hook(form, "FallbackUrl", "FallbackMethod", 21_205)?,
            progress: hook(form, "StatusCallback", "StatusCallbackMethod", 21_609)?,
            events: Events::read(form)?,
            ring_timeout: Duration::from_secs(form.number("Timeout", 1, 600)?.unwrap_or(60)),
            time_limit: Duration::from_secs(form.number("TimeLimit", 1, 86_400)?.unwrap_or(LONGEST_CALL_S)),
            detection: if send_digits.is_some() { None } else { Detection::read(form)? },
            send_digits,
        })
    }
}

fn callee(form: &Form) -> Result<String, ApiError> {
    let to = form.get("To").ok_or_else(|| ApiError::bad(21_201, "No 'To' number is specified"))?;
    let magic = match to {
        "+15005550001" => Some(21_211),
        "+15005550002" => Some(21_214),
        "+15005550003" => Some(21_215),
        "+15005550004" => Some(21_216),
        _ => None,
    };
    match magic.or((!is_address(to)).then_some(21_211)) {
        Some(code) => Err(ApiError::of_code(code, to, "")),
        None => Ok(to.to_owned()),
    }
}

fn caller(form: &Form, account: &TwilioScenario) -> Result<String, ApiError> {
    let from = form.get("From").ok_or_else(|| ApiError::bad(21_213, "The 'From' phone number is required"))?;
    if from == "+15005550001" || !is_address(from) {
        return Err(ApiError::of_code(21_212, "", from));
    }
    let owned = account.from_numbers.is_empty() || account.from_numbers.iter().any(|number| number == from) || from == MAGIC_FROM;
    if owned { Ok(from.to_owned()) } else { Err(ApiError::of_code(21_210, "", from)) }
}

/// E.164, or an address of another network.
fn is_address(text: &str) -> bool {
    if let Some(name) = text.strip_prefix("sip:").or(text.strip_prefix("client:")) {
        return !name.is_empty();
    }
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0')
    })
}

fn are_digits(text: &str) -> bool {
    text.len() <= 32 && text.chars().all(|c| c.is_ascii_digit() || ('A'..='D').contains(&c) || "#*wW".contains(c))
}

fn hook(form: &Form, url: &str, method: &str, code: u32) -> Result<Option<Hook>, ApiError> {
    let method = form.method(method)?;
    Ok(form.url(url, code)?.map(|url| Hook { url, method }))
}

impl Source {
    /// A URL wins over inline TwiML.
    pub(super) fn read(form: &Form) -> Result<Option<Self>, ApiError> {
        if let Some(hook) = hook(form, "Url", "Method", 21_205)? {
            return Ok(Some(Self::Url(hook)));
        }
        match form.get("Twiml") {
            Some(twiml) if twiml.chars().count() > 4_000 => Err(ApiError::bad(21_205, "Twiml is longer than 4000 characters")),
            Some(twiml) => Ok(Some(Self::Inline(twiml.to_owned()))),
            None => Ok(None),
        }
    }
}

impl Events {
    fn read(form: &Form) -> Result<Self, ApiError> {
        let mut events = Self { initiated: false, ringing: false, answered: false, completed: false };
        let mut any = false;
        for name in form.all("StatusCallbackEvent").flat_map(str::split_whitespace) {
            any = true;
            match name {
                "initiated" => events.initiated = true,
                "ringing" => events.ringing = true,
                "answered" => events.answered = true,
                "completed" => events.completed = true,
                _ => return Err(ApiError::bad(21_626, format!("Invalid StatusCallbackEvent: {name}"))),
            }
        }
        events.completed |= !any;
        Ok(events)
    }

    /// From a space-separated TwiML attribute.
    pub(super) fn named(names: Option<&str>) -> Self {
        let has = |name| names.unwrap_or("completed").split_whitespace().any(|given| given == name);
        Self { initiated: has("initiated"), ringing: has("ringing"), answered: has("answered"), completed: has("completed") }
    }
}

impl Detection {
    fn read(form: &Form) -> Result<Option<Self>, ApiError> {
        let wait_for_end = match form.get("MachineDetection") {
            None | Some("None" | "none") => return Ok(None),
            Some("Enable") => false,
            Some("DetectMessageEnd") => true,
            Some(other) => return Err(ApiError::bad(20_001, format!("Invalid MachineDetection: {other}"))),
        };
        let background = form.get("AsyncAmd") == Some("true");
        let verdict_hook = hook(form, "AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", 21_609)?;
        Ok(Some(Self {
            wait_for_end,
            background: background.then_some(verdict_hook),
            timeout_ms: form.number("MachineDetectionTimeout", 3, 59)?.unwrap_or(30) * 1_000,
            speech_ms: form.number("MachineDetectionSpeechThreshold", 1_000, 6_000)?.unwrap_or(2_400),
            speech_end_ms: form.number("MachineDetectionSpeechEndThreshold", 500, 5_000)?.unwrap_or(1_200),
            silence_ms: form.number("MachineDetectionSilenceTimeout", 2_000, 10_000)?.unwrap_or(5_000),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<CallOrder, ApiError> {
        CallOrder::read(&Form::parse(form.as_bytes()), &TwilioScenario::default())
    }

    const GOOD: &str = "To=%2B14155550123&From=%2B14155550100&Twiml=%3CResponse%2F%3E";

    #[test]
    fn defaults_are_the_documented_ones() {
        let order = read(GOOD).unwrap();
        assert_eq!((order.ring_timeout.as_secs(), order.time_limit.as_secs()), (60, 14_400));
        assert_eq!(order.events, Events { initiated: false, ringing: false, answered: false, completed: true });
        assert!(order.detection.is_none());
    }

    #[test]
    fn events_are_repeated_keys_and_a_url_wins_over_twiml() {
        let order =
            read(&format!("{GOOD}&StatusCallbackEvent=initiated&StatusCallbackEvent=answered&Url=https%3A%2F%2Fa.example%2Ft")).unwrap();
        assert_eq!(order.events, Events { initiated: true, ringing: false, answered: true, completed: false });
        assert!(matches!(order.twiml, Source::Url(_)));
    }

    #[test]
    fn digits_turn_detection_off() {
        assert!(read(&format!("{GOOD}&MachineDetection=Enable")).unwrap().detection.is_some());
        assert!(read(&format!("{GOOD}&MachineDetection=Enable&SendDigits=1w2")).unwrap().detection.is_none());
    }

    #[test]
    fn each_refusal_has_its_code() {
        for (form, code) in [
            ("From=%2B14155550100&Twiml=x", 21_201),
            ("To=%2B14155550123&Twiml=x", 21_213),
            ("To=%2B14155550123&From=%2B14155550100", 21_205),
            ("To=12&From=%2B14155550100&Twiml=x", 21_211),
            ("To=%2B14155550123&From=12&Twiml=x", 21_212),
            ("To=%2B15005550001&From=%2B14155550100&Twiml=x", 21_211),
            ("To=%2B15005550002&From=%2B14155550100&Twiml=x", 21_214),
            ("To=%2B15005550003&From=%2B14155550100&Twiml=x", 21_215),
            ("To=%2B15005550004&From=%2B14155550100&Twiml=x", 21_216),
            ("To=%2B14155550123&From=%2B15005550001&Twiml=x", 21_212),
            ("To=%2B14155550123&From=%2B14155550100&Url=nowhere", 21_205),
            ("To=%2B14155550123&From=%2B14155550100&Twiml=x&Timeout=601", 20_001),
            ("To=%2B14155550123&From=%2B14155550100&Twiml=x&StatusCallbackEvent=done", 21_626),
            ("To=%2B14155550123&From=%2B14155550100&Twiml=x&StatusCallback=http%3A%2F%2Fa_b.example", 21_609),
        ] {
            assert_eq!(read(form).unwrap_err().code, code, "{form}");
        }
    }

    #[test]
    fn a_number_that_is_not_ours_cannot_be_shown() {
        let account = TwilioScenario { from_numbers: vec!["+14155550199".into()], ..TwilioScenario::default() };
        let code = CallOrder::read(&Form::parse(GOOD.as_bytes()), &account).unwrap_err().code;
        assert_eq!(code, 21_210);
    }
}
