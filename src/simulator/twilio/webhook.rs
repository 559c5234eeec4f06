//! Twilio calling its customer: one signed request, as form or as query.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use url::form_urlencoded;

use super::form::{Hook, Method};
use super::signature::sign;

/// In total, from connecting to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Parameters in the order they are sent.
pub(super) type Params = Vec<(String, String)>;

/// Makes a parameter.
pub(super) fn param(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// A request ready to be sent, any number of times.
#[derive(Debug, Clone)]
pub(super) struct Webhook {
    url: String,
    body: Option<String>,
    signature: String,
    /// Equal in every repetition of one delivery.
    token: String,
}

impl Webhook {
    /// Signs with the account's token; the fragment of the URL is connection settings and never sent.
    pub(super) fn new(auth_token: &str, hook: &Hook, params: &Params) -> Self {
        let url = hook.url.split('#').next().unwrap_or_default();
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let token = uuid::Uuid::now_v7().to_string();
        match hook.method {
            Method::Post => Self { url: url.to_owned(), signature: sign(auth_token, url, params), body: Some(encoded), token },
            Method::Get => {
                let joint = if url.contains('?') { '&' } else { '?' };
                let url = format!("{url}{joint}{encoded}");
                Self { signature: sign(auth_token, &url, &[]), url, body: None, token }
            }
        }
    }

    /// Sends it; gives the body of a 2xx.
    pub(super) async fn send(&self, http: &reqwest::Client) -> Result<String, WebhookError> {
        let request = match &self.body {
            Some(body) => http.post(&self.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8").body(body.clone()),
            None => http.get(&self.url),
        };
        let signed = request
            .header("X-Twilio-Signature", &self.signature)
            .header("I-Twilio-Idempotency-Token", &self.token)
            .header("User-Agent", "TwilioProxy/1.1")
            .header("Accept", "*/*")
            .timeout(PATIENCE);
        let answer = signed.send().await?;
        if !answer.status().is_success() {
            return Err(WebhookError::Status(answer.status().as_u16()));
        }
        Ok(answer.text().await?)
    }
}

/// The customer did not answer as a webhook should.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebhookError {
    #[error("the receiver answered {0}")]
    Status(u16),
    #[error("the receiver could not be reached or broke off")]
    Transport(#[from] reqwest::Error),
}
