//! At the start every provider that is used is asked whether it answers and takes our key. One that cannot be used is named, with
//! why and what to do, and asked again until it can: calls wait meanwhile, nothing has to be restarted.

use std::time::Duration;

use super::App;
use crate::providers::{Again, ProviderError};

/// Before a provider is asked again the first time; doubles each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// And at most.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl App {
    /// Asks whoever calls are placed, heard, spoken and thought with, until each of them answered.
    pub async fn ask_providers(&self) {
        let senses = &self.senses;
        tokio::join!(
            self.ask_telephone(),
            until_well("deepgram", "deepgram.api_key", || senses.ears.check()),
            until_well("openai", "openai.api_key", || async { senses.mind.models().await.map(drop) }),
        );
    }

    /// Asks the telephone company alone, for a role that has to do with no other.
    pub async fn ask_telephone(&self) {
        let key = if self.config.twilio.api_key_sid.is_empty() { "twilio.auth_token" } else { "twilio.api_key_secret" };
        until_well("twilio", key, || self.senses.telephony.check()).await;
    }
}

async fn until_well<F: Future<Output = Result<(), ProviderError>>>(provider: &'static str, key: &str, ask: impl Fn() -> F) {
    let mut wait = FIRST_WAIT;
    while let Err(error) = ask().await {
        let again_in_s = wait.as_secs();
        let (why, fix) = (why(&error), fix(&error, provider, key));
        tracing::warn!(provider, again_in_s, "{provider} {why}: {}; {fix}; asking again until it can be used", error.what);
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    tracing::info!(provider, "{provider} answers");
}

/// A bad key is another matter than a server that is away.
fn why(error: &ProviderError) -> &'static str {
    match (error.status, error.again) {
        (Some(401 | 403), _) => "refuses our key",
        (Some(_), _) | (None, Again::No) => "cannot be used",
        (None, _) => "does not answer",
    }
}

fn fix(error: &ProviderError, provider: &str, key: &str) -> String {
    match error.status {
        Some(401 | 403) => format!("correct {key} and start again"),
        Some(_) => "`callfleet doctor` looks closer".to_owned(),
        None => format!("check {provider}.base_url, the network and the account"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_key_reads_unlike_a_server_that_is_away() {
        let error = |status, again| ProviderError { provider: "twilio", what: "x".into(), status, again };
        let (refused, away) = (error(Some(401), Again::No), error(None, Again::Yes));
        assert_eq!(why(&refused), "refuses our key");
        assert_eq!(fix(&refused, "twilio", "twilio.auth_token"), "correct twilio.auth_token and start again");
        assert_eq!((why(&away), why(&error(Some(503), Again::Yes))), ("does not answer", "cannot be used"));
        assert_eq!(why(&error(None, Again::No)), "cannot be used", "a suspended account");
        assert!(fix(&away, "twilio", "").contains("twilio.base_url"));
    }
}
