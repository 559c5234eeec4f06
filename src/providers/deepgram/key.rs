//! Whether the service takes our key: asked for nothing else, so it costs nothing.

use reqwest::{Client, StatusCode};

use crate::providers::ProviderError;
use crate::providers::wire::{http, retry};

use super::{DeepgramSettings, PROVIDER, error};

/// Tells about the key it is asked with.
const PATH: &str = "/v1/auth/token";

/// Asks once, and again while that may help.
///
/// # Errors
/// The service cannot be reached, or refuses the key. A compatible server that does not know the question has answered it.
pub async fn check(settings: &DeepgramSettings, http: &Client) -> Result<(), ProviderError> {
    retry::persist(settings.backoff, || one(settings, http)).await
}

async fn one(settings: &DeepgramSettings, http: &Client) -> Result<(), ProviderError> {
    let url = format!("{}{PATH}", settings.base_url.trim_end_matches('/'));
    let answer = http.get(url).header("authorization", settings.authorization()).send().await.map_err(|e| http::failure(PROVIDER, &e))?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    if status.is_success() || status == StatusCode::NOT_FOUND {
        return Ok(());
    }
    let body = answer.bytes().await.unwrap_or_default();
    Err(error::refusal(status, &headers, &body))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::SecretString;
    use tokio_util::task::TaskTracker;

    use super::super::Deepgram;
    use super::*;
    use crate::providers::wire::retry::Backoff;
    use crate::providers::wire::testing::{Scripted, json};
    use crate::providers::{Again, Ears as _};

    async fn asked(server: &Scripted) -> Result<(), ProviderError> {
        let backoff = Backoff { first: Duration::from_millis(1), ..Backoff::default() };
        let settings = DeepgramSettings { backoff, ..DeepgramSettings::new(&server.url, SecretString::from("k")) };
        Deepgram::new(settings, TaskTracker::new()).unwrap().check().await
    }

    #[tokio::test]
    async fn a_key_is_taken_or_refused() {
        let server = Scripted::start([json("200 OK", "{}")]).await;
        asked(&server).await.unwrap();
        let seen = server.requests().remove(0);
        assert!(seen.starts_with("GET /v1/auth/token ") && seen.contains("authorization: Token k"), "{seen}");

        let body = r#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials."}"#;
        let refused = asked(&Scripted::start([json("401 Unauthorized", body)]).await).await.unwrap_err();
        assert_eq!((refused.status, refused.again), (Some(401), Again::No));
    }

    #[tokio::test]
    async fn a_server_that_does_not_know_the_question_answers() {
        asked(&Scripted::start([json("503 Service Unavailable", "{}"), json("404 Not Found", "{}")]).await).await.unwrap();
    }
}
