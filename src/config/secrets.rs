//! Secrets: from files of their own, and which of them this deployment cannot do without.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::refusal::{Refusal, variable};
use super::{Config, ConfigError};

impl Config {
    pub(super) fn read_secret_files(&mut self) -> Result<(), Refusal> {
        let (twilio, deepgram, openai) = (&mut self.twilio, &mut self.deepgram, &mut self.openai);
        let files = [
            ("postgres.url_file", &mut self.postgres.url, &self.postgres.url_file),
            ("redis.url_file", &mut self.redis.url, &self.redis.url_file),
            ("twilio.auth_token_file", &mut twilio.auth_token, &twilio.auth_token_file),
            ("twilio.previous_auth_token_file", &mut twilio.previous_auth_token, &twilio.previous_auth_token_file),
            ("twilio.webhook_shared_key_file", &mut twilio.webhook_shared_key, &twilio.webhook_shared_key_file),
            ("twilio.previous_webhook_shared_key_file", &mut twilio.previous_webhook_shared_key, &twilio.previous_webhook_shared_key_file),
            ("twilio.api_key_secret_file", &mut twilio.api_key_secret, &twilio.api_key_secret_file),
            ("deepgram.api_key_file", &mut deepgram.api_key, &deepgram.api_key_file),
            ("openai.api_key_file", &mut openai.api_key, &openai.api_key_file),
            ("sentry.dsn_file", &mut self.sentry.dsn, &self.sentry.dsn_file),
        ];
        for (key, secret, file) in files {
            if let Some(file) = file {
                *secret = read(key, file)?;
            }
        }
        Ok(())
    }

    /// What `callfleet up` and the worker cannot do without; asked before anything is dialed.
    ///
    /// # Errors
    /// [`ConfigError`] that names the first missing secret and how to give it.
    pub fn require_providers(&self) -> Result<(), ConfigError> {
        self.provider_keys().into_iter().try_for_each(|(key, value)| self.required(key, value))
    }

    /// The provider keys that are not set, by name.
    #[must_use]
    pub fn missing_keys(&self) -> Vec<&'static str> {
        self.provider_keys().into_iter().filter(|(_, value)| value.trim().is_empty()).map(|(key, _)| key).collect()
    }

    fn provider_keys(&self) -> [(&'static str, &str); 4] {
        [
            ("twilio.account_sid", &self.twilio.account_sid),
            ("twilio.auth_token", self.twilio.auth_token.expose_secret()),
            ("deepgram.api_key", self.deepgram.api_key.expose_secret()),
            ("openai.api_key", self.openai.api_key.expose_secret()),
        ]
    }

    /// What fleet mode cannot do without.
    ///
    /// # Errors
    /// [`ConfigError`] that names the missing URL.
    pub fn require_fleet(&self) -> Result<(), ConfigError> {
        self.required("postgres.url", self.postgres.url.expose_secret())?;
        self.required("redis.url", self.redis.url.expose_secret())
    }

    fn required(&self, key: &str, value: &str) -> Result<(), ConfigError> {
        if !value.trim().is_empty() {
            return Ok(());
        }
        let file = self.file.as_ref().map_or_else(|| "a file given by --config".to_owned(), |file| file.display().to_string());
        Err(ConfigError(format!("{key} is missing; set it in {file}, or in the environment as {}", variable(key))))
    }
}

fn read(key: &'static str, file: &Path) -> Result<SecretString, Refusal> {
    const FIX: &str = "give a readable file with the secret alone";
    let text = std::fs::read_to_string(file)
        .map_err(|error| Refusal::new(key, format!("cannot be used: {} cannot be read: {error}", file.display()), FIX))?;
    if text.trim().is_empty() {
        return Err(Refusal::new(key, format!("cannot be used: {} is empty", file.display()), FIX));
    }
    Ok(SecretString::from(text.trim().to_owned()))
}
