//! How the provider reaches this deployment: the URLs we hand out, and nothing a stranger's header could change.

use crate::domain::ids::AttemptId;
use crate::providers::twilio::path_mac::PathKey;

/// Where the media socket listens under the public URL.
pub const MEDIA_PATH: &str = "/media";

/// The deployment's public side.
#[derive(Debug, Clone)]
pub struct PublicSide {
    base: String,
    key: PathKey,
}

impl PublicSide {
    /// `base` is `https://host`, or `http://` on loopback.
    #[must_use]
    pub fn new(base: &str, key: PathKey) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), key }
    }

    /// `https://host/hooks/twilio/{attempt}/{send_no}/{mac}`.
    #[must_use]
    pub fn callback_url(&self, attempt: AttemptId, send_no: u32) -> String {
        format!("{}{}", self.base, self.key.path(attempt, send_no))
    }

    /// Where the provider tells what came of handing this attempt's call to a person.
    #[must_use]
    pub fn transfer_url(&self, attempt: AttemptId, send_no: u32) -> String {
        format!("{}/transfer", self.callback_url(attempt, send_no))
    }

    /// `wss://host/media`; the provider signs exactly this text.
    #[must_use]
    pub fn media_url(&self) -> String {
        let socket = self.base.replacen("http", "ws", 1);
        format!("{socket}{MEDIA_PATH}")
    }

    /// The URL a request to `path_and_query` was meant for.
    #[must_use]
    pub fn url(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.base)
    }

    /// What this deployment answers to the nonce of `callfleet doctor`, and no other one.
    #[must_use]
    pub fn answer_to(&self, nonce: &str) -> String {
        format!("callfleet {}", self.key.answer_to(nonce))
    }

    /// Checks the code in a callback's path.
    #[must_use]
    pub fn verify(&self, attempt: AttemptId, send_no: u32, mac: &str) -> bool {
        self.key.verify(attempt, send_no, mac)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_nonce_is_answered_by_the_deployments_key() {
        let side = |key| PublicSide::new("https://calls.example", PathKey::new(SecretString::from(key)));
        assert_eq!(side("k1").answer_to("n1"), side("k1").answer_to("n1"));
        assert_ne!(side("k1").answer_to("n1"), side("k1").answer_to("n2"));
        assert_ne!(side("k1").answer_to("n1"), side("k2").answer_to("n1"), "another deployment");
    }

    #[test]
    fn urls_follow_the_base() {
        let side = |base| PublicSide::new(base, PathKey::new(SecretString::from("a key of the deployment")));
        assert_eq!(side("https://calls.example/").media_url(), "wss://calls.example/media");
        assert_eq!(side("http://127.0.0.1:81").media_url(), "ws://127.0.0.1:81/media");
        let attempt = AttemptId::new();
        assert!(
            side("https://calls.example").callback_url(attempt, 2).starts_with(&format!("https://calls.example/hooks/twilio/{attempt}/2/"))
        );
    }
}
