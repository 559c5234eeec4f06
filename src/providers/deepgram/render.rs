//! Renders whole texts over REST: greetings and other lines that are prepared before anybody is called.

use bytes::{Bytes, BytesMut};
use reqwest::Client;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::providers::wire::words::pieces;
use crate::providers::wire::{http, retry};
use crate::providers::{Again, ProviderError};

use super::replies::LONGEST_TEXT;
use super::{DeepgramSettings, PROVIDER, error, with_query};

/// Headerless μ-law: the default container is WAV, whose header would be a click in the callee's ear.
fn path(voice: &str) -> String {
    let fixed = [("encoding", "mulaw".into()), ("sample_rate", "8000".into()), ("container", "none".into())];
    with_query("/v1/speak", [("model", voice.to_owned())].into_iter().chain(fixed))
}

/// A text of any length as 8 kHz μ-law.
///
/// # Errors
/// When the service refuses, cannot be reached, or answers with something else than bare audio.
pub async fn render(settings: &DeepgramSettings, http: &Client, voice: &str, text: &str) -> Result<Bytes, ProviderError> {
    let url = format!("{}{}", settings.base_url.trim_end_matches('/'), path(voice));
    let mut audio = BytesMut::new();
    for piece in pieces(text, LONGEST_TEXT) {
        audio.extend_from_slice(&retry::persist(settings.backoff, || one(settings, http, &url, piece)).await?);
    }
    Ok(audio.freeze())
}

async fn one(settings: &DeepgramSettings, http: &Client, url: &str, text: &str) -> Result<Bytes, ProviderError> {
    let request = http.post(url).header("authorization", format!("Token {}", settings.key.expose_secret())).json(&json!({ "text": text }));
    let response = request.send().await.map_err(|e| http::failure(PROVIDER, &e))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await.map_err(|e| http::failure(PROVIDER, &e))?;
    if !status.is_success() {
        return Err(error::refusal(status, &headers, &body));
    }
    if body.is_empty() || body.starts_with(b"RIFF") {
        let what = "rendered audio is empty or has a WAV header".to_owned();
        return Err(ProviderError { provider: PROVIDER, what, status: Some(status.as_u16()), again: Again::No });
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::SecretString;
    use tokio_util::task::TaskTracker;

    use super::super::Deepgram;
    use super::*;
    use crate::providers::wire::retry::Backoff;
    use crate::providers::wire::testing::{Scripted, http, json as json_reply};
    use crate::providers::{Mouth as _, Voice};

    fn deepgram(server: &Scripted) -> Deepgram {
        let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
        Deepgram::new(DeepgramSettings { backoff, ..DeepgramSettings::new(&server.url, SecretString::from("k")) }, TaskTracker::new())
            .unwrap()
    }

    #[tokio::test]
    async fn asks_for_bare_telephone_audio() {
        let server = Scripted::start([http("200 OK", "Content-Type: audio/mulaw;rate=8000\r\n", "~~~~")]).await;
        assert_eq!(deepgram(&server).render(&Voice::deepgram("aura-2-thalia-en"), "Hello.").await.unwrap(), "~~~~");
        let seen = server.requests().remove(0);
        assert!(seen.starts_with("POST /v1/speak?model=aura-2-thalia-en&encoding=mulaw&sample_rate=8000&container=none "), "{seen}");
        assert!(seen.contains("authorization: Token k") && seen.ends_with(r#"{"text":"Hello."}"#), "{seen}");
    }

    #[tokio::test]
    async fn joins_long_texts() {
        let server = Scripted::start([http("200 OK", "", "one"), http("200 OK", "", "two")]).await;
        assert_eq!(deepgram(&server).render(&Voice::deepgram("v"), &"word ".repeat(500)).await.unwrap(), "onetwo");
        assert_eq!(deepgram(&server).render(&Voice::deepgram("v"), " ").await.unwrap(), "");
    }

    #[tokio::test]
    async fn repeats_what_may_pass_and_nothing_else() {
        let server = Scripted::start([json_reply("429 Too Many Requests", "{}"), http("200 OK", "", "ok")]).await;
        assert_eq!(deepgram(&server).render(&Voice::deepgram("v"), "Hi.").await.unwrap(), "ok");
        let refused = Scripted::start([json_reply("400 Bad Request", r#"{"err_code":"Bad Request","err_msg":"no such model"}"#)]).await;
        let error = deepgram(&refused).render(&Voice::deepgram("v"), "Hi.").await.unwrap_err();
        assert_eq!((error.again, refused.requests().len()), (Again::No, 1));
    }

    #[tokio::test]
    async fn a_header_in_the_audio_is_refused() {
        let server = Scripted::start([http("200 OK", "", "RIFF....WAVE")]).await;
        assert!(deepgram(&server).render(&Voice::deepgram("v"), "Hi.").await.is_err());
    }
}
