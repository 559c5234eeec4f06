//! The `[twilio]` section of a scenario: the account and how its network is run.

use serde::Deserialize;

/// The account.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TwilioScenario {
    /// `AC…`; the user name of the REST API.
    pub account_sid: String,
    /// Its password; also signs callbacks and media handshakes.
    pub auth_token: String,
    /// Further credentials of the REST API.
    pub api_keys: Vec<ApiKey>,
    /// Numbers that may be shown to callees; any valid number when empty.
    pub from_numbers: Vec<String>,
    /// Calls started a second; faster creates wait in the queue. A real account begins with 1.
    pub cps: f64,
    /// Calls that may be queued or live at once; 0 for no limit.
    pub concurrency: usize,
    /// How a create beyond the limit is refused.
    pub concurrency_refusal: ConcurrencyRefusal,
    /// How often a callback is repeated when its receiver fails.
    pub callback_retries: u32,
    /// Price of a started minute in millionths of a dollar.
    pub price_per_minute_micros: u64,
}

impl Default for TwilioScenario {
    fn default() -> Self {
        Self {
            account_sid: "AC00000000000000000000000000000001".to_owned(),
            auth_token: "simulated-auth-token".to_owned(),
            api_keys: Vec::new(),
            from_numbers: Vec::new(),
            cps: 50.0,
            concurrency: 0,
            concurrency_refusal: ConcurrencyRefusal::Http,
            callback_retries: 0,
            price_per_minute_micros: 14_000,
        }
    }
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// `SK…`.
    pub sid: String,
    /// Its password.
    pub secret: String,
}

/// Twilio does not say which of the two error 10004 is, so both can be played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcurrencyRefusal {
    /// The create answers 429 with code 10004.
    #[default]
    Http,
    /// The create answers 201 and the call fails.
    FailedCall,
}

impl TwilioScenario {
    /// The first key whose value cannot be played, with what is wrong about it.
    pub(in crate::simulator) fn invalid(&self) -> Option<(&'static str, String)> {
        if !self.account_sid.starts_with("AC") || self.account_sid.len() != 34 {
            return Some(("twilio.account_sid", "an account sid is AC and 32 hexadecimal digits".to_owned()));
        }
        if self.auth_token.is_empty() {
            return Some(("twilio.auth_token", "a token is needed: it signs the callbacks".to_owned()));
        }
        (!self.cps.is_finite() || self.cps <= 0.0).then(|| ("twilio.cps", format!("{} calls a second would start no call", self.cps)))
    }
}
